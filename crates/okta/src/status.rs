//! What is wrong with a source, in words.

use crate::{
    progress::{Access, Progress, Unread},
    source::Source,
};
use claimledger_facts::time::Time;
use std::time::Duration;

/// A poller that has not asked for this long is not running.
const STALLED: Duration = Duration::from_secs(600);
/// Clocks that differ by more are named: less is the way there and back.
const CLOCKS_APART: Duration = Duration::from_secs(60);
/// How long a `lastUpdated` that contradicts the looks is named after it was found.
const CONTRADICTION_NAMED: Duration = Duration::from_secs(24 * 3_600);

/// What is wrong; empty: nothing.
#[must_use]
pub fn troubles(source: &Source, progress: &Progress, now: Time) -> Vec<String> {
    let allowed = STALLED.max(source.interval.duration().saturating_mul(3));
    let is_within = |at: Time, span| apart(now.max(at), at) <= span;
    let is_recent = |at: Time| is_within(at, allowed);
    let mut troubles = Vec::new();
    if let Some(waiting) = progress.waiting.as_ref().filter(|waiting| waiting.until > now) {
        troubles.push(format!("{}: next request at {}", waiting.why, waiting.until));
    }
    match (&progress.failure, progress.last_answer) {
        (Some(failure), _) => {
            let times = match failure.times {
                1 => String::new(),
                times => format!(", {times} times in a row"),
            };
            troubles.push(format!("{} ({}{times})", failure.why, failure.at));
        }
        (None, None) => troubles.push(match progress.round_began.filter(|at| is_recent(*at)) {
            Some(began) => format!("no answer of the log yet, polled since {began}"),
            None => "it was not polled yet: `claimledger serve` polls".to_owned(),
        }),
        (None, Some(last)) => {
            let waits = progress.waiting.as_ref().is_some_and(|waiting| waiting.until > now);
            if !is_recent(last) && !waits {
                troubles.push(format!("nothing has polled since {last}: is `serve` running?"));
            }
        }
    }
    let mut is_named = false;
    if let (Some(ours), Some(org)) = (progress.last_answer, progress.org_time)
        && apart(ours, org) > CLOCKS_APART
    {
        is_named = true;
        troubles.push(format!(
            "the clocks differ: the org answered at {org} by its own clock, at {ours} by the \
             ledger's; what is heard goes by the earlier one"
        ));
    }
    if let Some(apart) = progress.clocks_apart.as_ref().filter(|_| !is_named) {
        troubles.push(format!(
            "the clocks differ: the org answered the last look at {} by its own clock, at {} by \
             the ledger's; a change between two looks is open by both",
            apart.org, apart.ours
        ));
    }
    if let Some(at) = progress.contradicted.filter(|at| is_within(*at, CONTRADICTION_NAMED)) {
        troubles.push(format!(
            "the look of {at} found a lastUpdated that does not fit to the looks that saw it: the \
             clocks contradict each other, and what turns on that change is undetermined around it"
        ));
    }
    let unread = |access| matches!(access, Access::Forbidden | Access::Failed);
    for (address, report) in &progress.endpoints {
        if unread(report.state) {
            troubles.push(format!("{address}: {}", report.why));
        }
    }
    let lost: Vec<&Unread> = progress.unread.iter().filter(|event| !event.stored).collect();
    if let Some(last) = lost.last() {
        troubles.push(format!("{} not stored, the last: {}", events(lost.len()), named(last)));
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

/// The events that are stored and could not be read, and were not read since; none: there are none.
#[must_use]
pub fn unread(progress: &Progress) -> Option<String> {
    let stored: Vec<&Unread> = progress.unread.iter().filter(|event| event.stored).collect();
    let last = stored.last()?;
    Some(format!("{} stored, not understood; the last: {}", events(stored.len()), named(last)))
}

fn events(count: usize) -> String {
    if count == 1 { "1 event".to_owned() } else { format!("{count} events") }
}

fn named(event: &Unread) -> String {
    let uuid = event.uuid.as_deref().unwrap_or("without uuid");
    let at = event.published.map_or_else(|| "at no known time".to_owned(), |at| format!("of {at}"));
    let Unread { place, of, asked, why, .. } = event;
    format!("{uuid} {at}, {place} of {of} on the page asked for at {asked}: {why}")
}

/// How far two times lie from each other.
fn apart(one: Time, other: Time) -> Duration {
    Duration::from_micros(one.micros().abs_diff(other.micros()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        org::Org,
        progress::{Failure, Report, Silence, Start, Waiting},
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
        let with = |change: &dyn Fn(&mut Progress)| {
            let mut progress = good.clone();
            change(&mut progress);
            of(&progress)
        };
        let stalled = with(&|p: &mut Progress| p.last_answer = Some(time("2026-03-10T09:49:00Z")));
        assert!(stalled.contains("since 2026-03-10T09:49:00Z"), "{stalled}");
        let failed = with(&|p: &mut Progress| {
            p.failure = Some(Failure {
                at: time("2026-03-10T09:59:00Z"),
                why: "no answer within 35 s".to_owned(),
                times: 4,
                next_attempt: None,
            });
        });
        assert_eq!(failed, "no answer within 35 s (2026-03-10T09:59:00Z, 4 times in a row)");
        for access in [Access::Forbidden, Access::Failed] {
            let unread = with(&|p: &mut Progress| {
                p.endpoints.insert("/api/v1/idps".to_owned(), report(access));
            });
            assert_eq!(unread, "/api/v1/idps: why", "{access:?}");
        }
        let unread = |stored| Unread {
            uuid: Some("ev-2".to_owned()),
            published: Some(time("2026-03-10T09:00:00Z")),
            place: 2,
            of: 3,
            asked: time("2026-03-10T09:55:00Z"),
            why: "too large".to_owned(),
            stored,
        };
        let lost = with(&|p: &mut Progress| p.unread = vec![unread(false)]);
        assert_eq!(
            lost,
            "1 event not stored, the last: ev-2 of 2026-03-10T09:00:00Z, 2 of 3 on the page asked \
             for at 2026-03-10T09:55:00Z: too large"
        );
        let kept = Progress { unread: vec![unread(true), unread(true)], ..good.clone() };
        assert_eq!(of(&kept), "", "it is stored");
        let words = super::unread(&kept).unwrap();
        assert!(words.starts_with("2 events stored, not understood; the last: ev-2"), "{words}");
        // A poller that waits is running, however long ago the last answer was.
        for last in ["2026-03-10T09:55:00Z", "2026-03-10T09:40:00Z"] {
            let waits = |until: &str| {
                let (until, why) = (time(until), "the rate limit is used up".to_owned());
                with(&|p: &mut Progress| {
                    p.last_answer = Some(time(last));
                    p.waiting = Some(Waiting { until, why: why.clone() });
                })
            };
            assert_eq!(
                waits("2026-03-10T10:01:30Z"),
                "the rate limit is used up: next request at 2026-03-10T10:01:30Z"
            );
            let waited = waits("2026-03-10T09:59:00Z");
            assert!(!waited.contains("rate limit"), "{waited}");
            assert_eq!(waited.is_empty(), last.ends_with("09:55:00Z"), "{waited}");
        }
        let behind = with(&|p: &mut Progress| p.org_time = Some(time("2026-03-09T09:55:00Z")));
        assert!(behind.contains("the clocks differ: the org answered at 2026-03-09"), "{behind}");
        let began = |at| of(&Progress { round_began: Some(time(at)), ..Progress::default() });
        assert!(began("2026-03-10T09:59:30Z").contains("no answer of the log yet, polled since"));
        assert!(began("2026-03-10T08:00:00Z").contains("not polled yet"));
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
