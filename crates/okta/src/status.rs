//! What is wrong with a source, in words.

use crate::{
    progress::{Access, Progress},
    source::Source,
};
use claimledger_facts::time::Time;
use std::time::Duration;

/// A poller that has not asked for this long is not running.
const STALLED: Duration = Duration::from_secs(600);

/// What is wrong; empty: nothing.
#[must_use]
pub fn troubles(source: &Source, progress: &Progress, now: Time) -> Vec<String> {
    let mut troubles = Vec::new();
    match (&progress.failure, progress.last_answer) {
        (Some(failure), _) => {
            let times = match failure.times {
                1 => String::new(),
                times => format!(", {times} times in a row"),
            };
            troubles.push(format!("{} ({}{times})", failure.why, failure.at));
        }
        (None, None) => {
            troubles.push("it was not polled yet: `claimledger serve` polls".to_owned());
        }
        (None, Some(last)) => {
            let silent = now.micros().saturating_sub(last.micros());
            let allowed = STALLED.max(source.interval.duration().saturating_mul(3));
            if u128::from(silent.max(0).unsigned_abs()) > allowed.as_micros() {
                troubles.push(format!("nothing has polled since {last}: is `serve` running?"));
            }
        }
    }
    let unread = |access| matches!(access, Access::Forbidden | Access::Failed);
    for (address, report) in &progress.endpoints {
        if unread(report.state) {
            troubles.push(format!("{address}: {}", report.why));
        }
    }
    if progress.counts.refused > 0 {
        let why = progress.counts.refusal.as_deref().unwrap_or("without a reason");
        let refused = progress.counts.refused;
        troubles.push(format!("{refused} values could not be taken, the last: {why}"));
    }
    if let Some(silence) = progress.start.as_ref().and_then(|start| start.silent.as_ref())
        && silence.fills_from.is_some()
        && !silence.filled
    {
        let (from, until) = (silence.from, silence.until);
        troubles.push(format!("{}: {from} to {until} is being read again", silence.why));
    }
    troubles
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        org::Org,
        progress::{Counts, Failure, Report, Silence, Start},
        token::TokenPlace,
    };

    fn time(text: &str) -> Time {
        Time::parse(text).unwrap()
    }

    #[test]
    fn each_trouble_is_named_and_nothing_else_is_one() {
        let org = Org::parse("https://acme.okta.example").unwrap();
        let source = Source::okta(org, TokenPlace::Env("T".to_owned()));
        let now = time("2026-03-10T10:00:00Z");
        let of = |progress: &Progress| troubles(&source, progress, now).join("\n");

        assert!(of(&Progress::default()).contains("not polled yet"));
        let good = Progress {
            last_answer: Some(time("2026-03-10T09:55:00Z")),
            endpoints: [("/api/v1/features".to_owned(), Access::Absent)]
                .map(|(path, state)| (path, report(state)))
                .into(),
            ..Progress::default()
        };
        assert_eq!(of(&good), "");
        let with = |change: fn(&mut Progress)| {
            let mut progress = good.clone();
            change(&mut progress);
            of(&progress)
        };
        let stalled = with(|p| p.last_answer = Some(time("2026-03-10T09:49:00Z")));
        assert!(stalled.contains("since 2026-03-10T09:49:00Z"), "{stalled}");
        let failed = with(|p| {
            p.failure = Some(Failure {
                at: time("2026-03-10T09:59:00Z"),
                why: "no answer within 35 s".to_owned(),
                times: 4,
                next_attempt: None,
            });
        });
        assert_eq!(failed, "no answer within 35 s (2026-03-10T09:59:00Z, 4 times in a row)");
        let forbidden = with(|p| {
            p.endpoints.insert("/api/v1/idps".to_owned(), report(Access::Forbidden));
        });
        assert_eq!(forbidden, "/api/v1/idps: why");
        let refused = with(|p| {
            p.counts = Counts { refused: 2, refusal: Some("no uuid".into()), ..Counts::default() };
        });
        assert!(refused.contains("2 values") && refused.contains("no uuid"), "{refused}");
        let silent = |fills_from, filled| {
            let mut progress = good.clone();
            let silent = Silence {
                from: time("2026-03-10T08:00:00Z"),
                until: now,
                why: "expired".to_owned(),
                fills_from,
                filled,
            };
            progress.start = Some(Start { since: now, silent: Some(silent) });
            of(&progress)
        };
        assert!(silent(Some(now), false).contains("is being read again"));
        assert_eq!(silent(Some(now), true), "");
        assert_eq!(silent(None, false), "", "the first request goes back as far as was asked");
    }

    fn report(state: Access) -> Report {
        Report { at: time("2026-03-10T09:55:00Z"), state, objects: 0, why: "why".to_owned() }
    }
}
