//! Lists of odd sessions, which an index of flags narrows: they are those sessions of the whole
//! list that are odd, at every T and K.

use super::{
    BATCH,
    days::{Day, arriving, days, minute},
    empty_ledger, record, run,
};
use crate::common::*;
use claimledger_app::{
    app::App,
    model::question::{Asking, SessionFilter},
};
use claimledger_domain::{
    first_seen::{FirstSeenKind, Window},
    model::{Falsifier, SessionState},
    outlived::outlived,
};
use claimledger_facts::ids::LogPosition;
use proptest::{prelude::*, test_runner::TestCaseError};

/// A kind of odd sessions: its name, its filter, and whether a session is one.
type Odd = (&'static str, SessionFilter, fn(&SessionState) -> bool);

fn kinds() -> [Odd; 5] {
    let of = SessionFilter::default;
    let differs = |state: &SessionState| state.decisions.iter().any(|of| of.differs.is_some());
    [
        ("differs", SessionFilter { differs: Some(true), ..of() }, differs),
        ("falsified", SessionFilter { falsified_later: Some(true), ..of() }, |state| {
            state.decisions.iter().any(|of| of.falsified_later.is_some())
        }),
        ("outlived", SessionFilter { outlived: Some(true), ..of() }, |state| {
            outlived(state).is_some()
        }),
        ("retracted", SessionFilter { retracted: Some(true), ..of() }, |state| {
            state.falsifiers.iter().any(Falsifier::is_retraction)
        }),
        (
            "both",
            SessionFilter { retracted: Some(true), falsified_later: Some(true), ..of() },
            |state| {
                state.falsifiers.iter().any(Falsifier::is_retraction)
                    && state.decisions.iter().any(|of| of.falsified_later.is_some())
            },
        ),
    ]
}

/// The sessions of a list, in pages of a size.
async fn list(app: &App, filter: &SessionFilter, asking: &Asking, size: u32) -> Vec<SessionState> {
    let (mut found, mut after) = (Vec::new(), None::<String>);
    loop {
        let page = app
            .sessions_state_only(&owner("acme"), filter, asking, size, after.as_deref())
            .await
            .unwrap()
            .value;
        found.extend(page.items.into_iter().map(|hit| hit.session));
        after = page.cursors.last().filter(|_| page.has_next).cloned();
        if after.is_none() {
            return found;
        }
    }
}

async fn odd_sessions_are_listed(day: &Day, order: u64, at: usize) -> Result<(), TestCaseError> {
    let app = empty_ledger(1 + order as usize % 60).await;
    let lines = arriving(&day.lines(), order);
    let mut heads = vec![lines.len() as u64 / 2];
    for part in lines.chunks(lines.len().div_ceil(2)) {
        for lines in part.chunks(BATCH) {
            record(&app, lines).await;
        }
        heads.push(app.settled_status(&owner("acme")).await.unwrap().head - 1);
    }
    // At the instants of facts, where a later one may settle what was odd.
    let mut instants: Vec<String> = lines
        .iter()
        .filter_map(|line| line.json["occurred_at"].as_str().map(str::to_owned))
        .collect();
    instants.sort_unstable();
    instants.dedup();
    let some = instants.len().div_ceil(4).max(1);
    let instants = instants.into_iter().skip(at % some).step_by(some).map(Some);
    let times: Vec<Option<String>> =
        [None, Some(minute(at)), Some(minute(at / 2 + 90))].into_iter().chain(instants).collect();
    for known_at in heads {
        for at in &times {
            let asking = Asking {
                at: at.as_deref().map(time),
                known_at_position: Some(LogPosition(known_at)),
                ..Asking::default()
            };
            let all = list(&app, &SessionFilter::default(), &asking, 500).await;
            for (name, filter, is_odd) in kinds() {
                let expected: Vec<_> =
                    all.iter().filter(|state| is_odd(state)).map(|state| &state.id).collect();
                let found = list(&app, &filter, &asking, 3).await;
                let found: Vec<_> = found.iter().map(|state| &state.id).collect();
                prop_assert_eq!(found, expected, "{} at {:?}, #{}", name, asking.at, known_at);
            }
            counts_are_those_of_lists(&app, &asking).await?;
        }
    }
    app.close().await;
    Ok(())
}

/// What appeared in a window is counted without dating what appeared before it.
async fn counts_are_those_of_lists(app: &App, asking: &Asking) -> Result<(), TestCaseError> {
    for from in [None, Some(300), Some(420), Some(540), Some(660)] {
        let window = Window { from: from.map(|from| time(&minute(from))), to: None };
        let counts = app.first_seen_counts(&owner("acme"), window, asking).await.unwrap().value.0;
        for (kind, count) in FirstSeenKind::ALL.into_iter().zip(counts) {
            let found = app.first_seen(&owner("acme"), kind, window, asking).await.unwrap().value;
            prop_assert_eq!(count, Some(found.items.len()), "{:?} from {:?}", kind, from);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(super::cases(8))]

    #[test]
    fn lists_of_odd_sessions_have_every_one(day in days(5usize..=20), order in any::<u64>(),
        at in 300usize..=720) {
        run(odd_sessions_are_listed(&day, order, at))?;
    }
}
