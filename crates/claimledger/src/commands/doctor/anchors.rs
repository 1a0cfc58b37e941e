//! The places that signed checkpoints are written to.

use super::Finding;
use claimledger_facts::time::Time;
use claimledger_ledger::tree::{Anchor, AnchorCursor, Anchored, CheckpointRow};
use std::time::Duration;

const PART: &str = "anchor";
/// A server writes each minute.
const MAX_AGE: Duration = Duration::from_secs(3600);

/// One anchor, for the log of a checkpoint.
pub(super) async fn look(anchor: &dyn Anchor, last: &CheckpointRow, now: Time) -> Finding {
    let name = anchor.name();
    // The first line of a checkpoint names its log (C2SP tlog-checkpoint).
    let origin = last.note.lines().next().unwrap_or_default();
    match newest(anchor, origin).await {
        Ok(Some(newest)) => of(name, &newest, last, now),
        Ok(None) => Finding::warning(
            PART,
            format!("{name} has no checkpoint of {origin} that can be read back"),
            "a server that runs with this anchor writes one each minute; one that cannot be read, \
             such as syslog, is to be looked at where it goes",
        ),
        Err(error) => {
            Finding::problem(PART, error.to_string(), "make it readable, or name another")
        }
    }
}

async fn newest(
    anchor: &dyn Anchor,
    origin: &str,
) -> Result<Option<Anchored>, claimledger_ledger::tree::AnchorError> {
    let (mut from, mut newest) = (AnchorCursor::default(), None::<Anchored>);
    loop {
        let page = anchor.read(origin, from).await?;
        for (_, anchored) in page.checkpoints {
            if newest.as_ref().is_none_or(|newest| newest.at <= anchored.at) {
                newest = Some(anchored);
            }
        }
        if page.is_end || page.next == from {
            return Ok(newest);
        }
        from = page.next;
    }
}

fn of(name: &str, newest: &Anchored, last: &CheckpointRow, now: Time) -> Finding {
    let (there, here) = (newest.checkpoint.size.0, last.size.0);
    let secs = now.micros().saturating_sub(newest.at.micros()) / 1_000_000;
    let what = format!("{name} has a checkpoint of {there} records, written {secs} s ago");
    if there > here {
        return Finding::problem(
            PART,
            format!("{what}, and the last one here is of {here}: records are missing"),
            "do not append: restore a later backup, and run `claimledger verify` with this anchor",
        );
    }
    if u64::try_from(secs).is_ok_and(|secs| secs > MAX_AGE.as_secs()) {
        return Finding::warning(
            PART,
            what,
            "start the server with this anchor, and see its log for why nothing was written",
        );
    }
    Finding::ok(PART, what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::Level;
    use claimledger_facts::ids::LogSize;

    #[test]
    fn an_anchor_is_compared_and_ages() {
        let row = |size| CheckpointRow { size: LogSize(size), note: "o\n".to_owned() };
        let anchored = |size| Anchored {
            at: Time::EPOCH.plus_secs(10),
            origin: "o".to_owned(),
            checkpoint: row(size),
        };
        for (there, now, level) in [
            (7, 20, Level::Ok),
            (5, 3610, Level::Ok),
            (5, 3611, Level::Warning),
            (8, 20, Level::Problem),
        ] {
            let found = of("a", &anchored(there), &row(7), Time::EPOCH.plus_secs(now));
            assert_eq!(found.level, level, "{there} at {now}: {found:?}");
        }
    }
}
