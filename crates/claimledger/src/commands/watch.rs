//! `watch`: changes of sessions as they are recorded, a line each.

use crate::{
    cli::{Format, WatchArgs},
    ledger_client::{LedgerClient, asking, refusal},
    output::{field, joined, lowercase},
    settings::Settings,
    terminal::{print_note, try_print_line},
};
use anyhow::{Result, anyhow};
use serde_json::{Value, json};
use std::time::Duration;

const CHANGES: &str = include_str!("../queries/changes.graphql");
const CURSOR: &str = include_str!("../queries/changes_cursor.graphql");

/// Over HTTP: how long to wait before a feed that was cut off is taken up again.
const RECONNECT_DELAY: Duration = Duration::from_secs(1);

/// Prints changes until it is stopped, or has printed as many as were asked.
pub(crate) async fn watch(settings: &Settings, args: &WatchArgs) -> Result<()> {
    let ledger = LedgerClient::open(settings).await?;
    let outcome = print_changes(&ledger, settings, args).await;
    ledger.close().await;
    outcome
}

async fn print_changes(ledger: &LedgerClient, settings: &Settings, args: &WatchArgs) -> Result<()> {
    let cursor = match &args.after {
        Some(cursor) => cursor.clone(),
        // From the beginning, and not from the first change on: then nothing is lost if the line is
        // cut before one comes.
        None => field(
            &ledger
                .ask(CURSOR, "changesCursor", json!({"asking": asking(&settings.asking)}))
                .await?,
            "cursor",
        ),
    };
    if settings.format == Format::Text {
        print_note(&format!("changes after {cursor}"));
    }
    let mut printed = Printed { format: settings.format, left: args.first, cursor };
    match ledger {
        LedgerClient::Embedded(owner) => {
            let mut told = owner.subscribe(CHANGES, json!({"after": printed.cursor}));
            while let Some(answer) = told.next().await {
                if !printed.take(&answer)? {
                    return Ok(());
                }
            }
            Err(anyhow!("the changes ended"))
        }
        LedgerClient::Remote(remote) => {
            let mut connected = false;
            loop {
                let request = json!({"query": CHANGES, "variables": {"after": printed.cursor}});
                let cut = remote.listen(
                    "/graphql/stream",
                    &request,
                    || connected = true,
                    &mut |answer| printed.take(answer),
                );
                match cut {
                    Ok(true) => {}
                    Ok(false) => return Ok(()),
                    // A server that was there once may come back; a refusal is a refusal.
                    Err(error) if connected && error.downcast_ref::<std::io::Error>().is_some() => {
                    }
                    Err(error) => return Err(error),
                }
                if settings.format == Format::Text {
                    print_note(&format!("cut off; going on after {}", printed.cursor));
                }
                tokio::time::sleep(RECONNECT_DELAY).await;
            }
        }
    }
}

/// What has been printed, and what comes after it.
struct Printed {
    format: Format,
    left: Option<u64>,
    cursor: String,
}

impl Printed {
    /// Prints the change of a response; false: it was the last.
    fn take(&mut self, answer: &Value) -> Result<bool> {
        if let Some(error) = answer["errors"].get(0) {
            return Err(refusal(error));
        }
        if self.left == Some(0) {
            return Ok(false);
        }
        let change = &answer["data"]["sessionChanged"];
        let wanted = match self.format {
            Format::Json => try_print_line(&change.to_string()),
            Format::Text => try_print_line(&line(change)),
        };
        self.cursor = change["cursor"].as_str().unwrap_or_default().to_owned();
        self.left = self.left.map(|left| left - 1);
        Ok(wanted && self.left != Some(0))
    }
}

fn line(change: &Value) -> String {
    let record = &change["record"];
    let session = &change["session"];
    let state = match (session, session["endedAt"].as_str()) {
        (Value::Null, _) => "not understood".to_owned(),
        (_, Some(at)) => {
            format!("{} {at} {}", lowercase(session, "state"), field(session, "endReason"))
        }
        (_, None) => lowercase(session, "state"),
    };
    format!(
        "{} #{} {} {} · {} of {}, occurred {} · {state}{}",
        field(change, "recordedAt"),
        field(record, "position"),
        field(change, "sessionId"),
        joined(&change["changed"]),
        field(record, "type"),
        field(record, "source"),
        field(change, "occurredAt"),
        if change["replayed"] == true { " · history" } else { "" },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_both_times_and_what_changed() {
        let change = json!({"cursor": "c", "sessionId": "S5", "changed": ["state", "end"],
            "replayed": true, "occurredAt": "2026-03-10T14:30:00Z",
            "recordedAt": "2026-03-10T14:52:00Z", "record": {"position": 65,
                "type": "session.ended", "source": "acme-sp"},
            "session": {"state": "ENDED", "endedAt": "2026-03-10T14:30:00Z",
                "endReason": "upstream_revoked"}});
        let expected = "2026-03-10T14:52:00Z #65 S5 state end · session.ended of acme-sp, occurred \
                        2026-03-10T14:30:00Z · \
                        ended 2026-03-10T14:30:00Z upstream_revoked · history";
        assert_eq!(line(&change), expected);
    }
}
