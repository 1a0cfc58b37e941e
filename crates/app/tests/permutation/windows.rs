//! Answers about a window, which an index of last facts narrows: they are those parts of the answer
//! about all time that are in the window, at every T and K.

use super::{
    BATCH,
    days::{Day, arriving, days, minute},
    empty_ledger, lines, record, run,
};
use crate::common::*;
use claimledger_app::{
    app::App,
    model::{
        answer::Rehearsed,
        question::{AskError, Asking, DecisionFilter},
    },
};
use claimledger_domain::{
    model::Decision,
    rehearse::{IdpSetting, TrustChange},
    window::within,
};
use claimledger_facts::{
    ids::{IdpId, KeyId, LogPosition},
    time::Time,
    types::trust::TrustRetracted,
};
use proptest::{prelude::*, test_runner::TestCaseError};
use serde_json::json;

fn retracted(key: Option<&str>, from: Time) -> TrustChange {
    TrustChange::Retraction(TrustRetracted {
        idp: IdpId::new("idp-a"),
        from,
        reason: "leaked".to_owned(),
        key: key.map(KeyId::new),
        actor: None,
        ticket: None,
    })
}

fn changes(from: Time, to: Time) -> Vec<TrustChange> {
    let idp = |setting| TrustChange::Idp { idp: IdpId::new("idp-a"), setting, from, to };
    vec![
        idp(IdpSetting::TrustOff),
        idp(IdpSetting::Inactive),
        retracted(None, from),
        retracted(Some("K1"), from),
    ]
}

/// A decision by its record.
fn of(decision: &Decision) -> LogPosition {
    decision.recorded.record.position
}

/// The decisions of a rehearsal that are in a window, and what is not bound to it.
fn in_window(found: &Rehearsed, (from, to): (Time, Time), at: Time) -> String {
    let there = |decision: &Decision| within(decision.recorded.at, Some(from), Some(to), at);
    let falls = found.falls.iter().filter_map(|fall| {
        let certainty = fall.certainty.max(there(&fall.decision)?);
        Some((of(&fall.decision), certainty, &fall.words))
    });
    let flips = found.flips.iter().filter(|flip| there(&flip.decision).is_some());
    let unchanged = found.unchanged.iter().filter(|flip| there(&flip.decision).is_some());
    let words = |decision, words| (of(decision), words);
    format!(
        "{:#?}\n{:#?}\n{:#?}\n{:#?}",
        falls.collect::<Vec<_>>(),
        flips.map(|flip| words(&flip.decision, &flip.words)).collect::<Vec<_>>(),
        unchanged.map(|flip| words(&flip.decision, &flip.words)).collect::<Vec<_>>(),
        found.live
    )
}

async fn rehearsals(app: &App, from: Time, asking: &Asking) -> Result<(), TestCaseError> {
    let (begin, at) = (time("2000-01-01T00:00:00Z"), asking.at.unwrap_or(Time::MAX));
    let to = time("2026-03-11T00:00:00Z");
    for change in changes(from, to) {
        let ask = async |since: Time| {
            app.rehearse(&owner("acme"), change.clone(), since, to, asking).await
        };
        let (all, found) = match (ask(begin).await, ask(from).await) {
            (Ok(all), Ok(found)) => (all.value, found.value),
            // As where the IdP was not known at K.
            (Err(AskError::BadInput { .. }), Err(AskError::BadInput { .. })) => continue,
            other => panic!("{other:?}"),
        };
        let (expected, is) = (in_window(&all, (from, to), at), in_window(&found, (from, to), at));
        super::same(&format!("{change:?} {asking:?}"), &expected, &is)?;
        prop_assert!(found.sessions <= all.sessions);
    }
    Ok(())
}

async fn decisions(app: &App, from: Time, asking: &Asking) -> Result<(), TestCaseError> {
    let ask = async |from: Option<Time>| {
        let (mut found, mut after) = (Vec::new(), None::<String>);
        loop {
            let filter = DecisionFilter { from, ..DecisionFilter::default() };
            let page = app.decisions(&owner("acme"), &filter, asking, 3, after.as_deref()).await;
            let page = page.unwrap().value;
            found.extend(page.items.into_iter().map(|hit| hit.decision));
            after = page.cursors.last().filter(|_| page.has_next).cloned();
            if after.is_none() {
                return found;
            }
        }
    };
    let at = asking.at.unwrap_or(Time::MAX);
    let all = ask(None).await;
    let there = |decision: &&Decision| within(decision.recorded.at, Some(from), None, at).is_some();
    let expected: Vec<_> = all.iter().filter(there).map(of).collect();
    let found: Vec<_> = ask(Some(from)).await.iter().map(of).collect();
    prop_assert_eq!(found, expected, "decisions from {} {:?}", from, asking);
    Ok(())
}

async fn windows_have_their_part(day: &Day, order: u64, at: usize) -> Result<(), TestCaseError> {
    let app = empty_ledger(1 + order as usize % 60).await;
    let all = arriving(&day.lines(), order);
    let mut heads = Vec::new();
    for part in all.chunks(all.len().div_ceil(3)) {
        for lines in part.chunks(BATCH) {
            record(&app, lines).await;
        }
        heads.push(head(&app).await);
    }
    for known_at in heads {
        for t in [None, Some(minute(at))] {
            let asking = Asking {
                at: t.as_deref().map(time),
                known_at_position: Some(LogPosition(known_at)),
                ..Asking::default()
            };
            for from in [240, at - 60, at] {
                rehearsals(&app, time(&minute(from)), &asking).await?;
                decisions(&app, time(&minute(from)), &asking).await?;
            }
        }
    }
    app.close().await;
    Ok(())
}

proptest! {
    #![proptest_config(super::cases(8))]

    #[test]
    fn a_window_shows_its_part_of_all_time(day in days(5usize..=20), order in any::<u64>(),
        at in 300usize..=720) {
        run(windows_have_their_part(&day, order, at))?;
    }
}

/// An IdP that is trusted from midnight on.
fn trusted_idp() -> serde_json::Value {
    json!({"id": "a", "type": "idp.configured", "source": "sp", "occurred_at": minute(0),
        "data": {"idp": "idp-a", "version": "a0", "kind": "third_party", "status": "active",
            "trust_claims": true, "map_amr_claims": true}})
}

/// How many sessions a rehearsal from an hour on evaluates, and how many decisions it judges.
async fn counted(app: &App, hour: usize, known_at: u64) -> (u64, usize) {
    let (from, to) = (time(&minute(hour * 60)), time("2026-03-11T00:00:00Z"));
    let asking = Asking {
        at: Some(to),
        known_at_position: Some(LogPosition(known_at)),
        ..Asking::default()
    };
    let setting = IdpSetting::TrustOff;
    let change = TrustChange::Idp { idp: IdpId::new("idp-a"), setting, from, to };
    let found = app.rehearse(&owner("acme"), change, from, to, &asking).await.unwrap().value;
    (found.sessions, found.flips.len() + found.unchanged.len())
}

async fn head(app: &App) -> u64 {
    app.settled_status(&owner("acme")).await.unwrap().head - 1
}

/// A claim and a decision of a session, an hour apart.
fn session(id: &str, hour: usize) -> [serde_json::Value; 2] {
    let line = |kind: &str, minutes, data| {
        json!({"id": format!("{id}-{kind}"), "type": kind, "source": "sp", "session": id,
            "subject": {"id": "u"}, "occurred_at": minute(hour * 60 + minutes), "data": data})
    };
    [
        line(
            "claims.received",
            0,
            json!({"idp": "idp-a", "assertion": id, "key": "K1",
            "amr": ["pwd", "otp"]}),
        ),
        line("policy.decided", 60, json!({"app": "wiki", "policy": "two", "outcome": "allow"})),
    ]
}

/// Sessions without a fact since the window are neither read nor counted, also as known long
/// before.
#[tokio::test]
async fn a_rehearsal_counts_sessions_with_a_fact_since_its_window() {
    let app = empty_ledger(BATCH).await;
    record(&app, &lines(&[trusted_idp()])).await;
    for hour in 1..=9 {
        record(&app, &lines(&session(&format!("S{hour}"), hour))).await;
    }
    let known = head(&app).await;
    assert_eq!(counted(&app, 0, known).await, (9, 9));
    assert_eq!(counted(&app, 8, known).await, (3, 3), "S7 decided at 8:00, at the beginning");
    assert_eq!(counted(&app, 11, known).await, (0, 0));
    assert_eq!(counted(&app, 4, known - 8).await, (3, 3), "S3 to S5 as known then");
    // A later record of each, which changes no answer as known before it.
    for hour in 1..=9 {
        let again = json!({"id": format!("S{hour}-again"), "type": "app.accessed", "source": "sp",
            "session": format!("S{hour}"), "subject": {"id": "u"},
            "occurred_at": minute(hour * 60 + 10), "data": {"app": "wiki"}});
        record(&app, &lines(&[again])).await;
    }
    head(&app).await;
    assert_eq!(
        counted(&app, 8, known).await,
        (3, 3),
        "not more are read where rows are of later records"
    );
    // A late fact of the first session, after all of the others.
    let late = json!({"id": "late", "type": "app.accessed", "source": "sp", "session": "S1",
        "subject": {"id": "u"}, "occurred_at": minute(700), "data": {"app": "wiki"}});
    record(&app, &lines(&[late])).await;
    let last = head(&app).await;
    assert_eq!(counted(&app, 11, last).await, (1, 0));
    assert_eq!(counted(&app, 8, last).await, (4, 3));
    app.close().await;
}

/// A link joined two sessions by a record of one; a later record parts them. As known before it,
/// the one that has had no fact since the window is part of one that has.
#[tokio::test]
async fn a_rehearsal_finds_what_was_joined_as_known_before_it_was_parted() {
    let app = empty_ledger(BATCH).await;
    record(&app, &lines(&[trusted_idp()])).await;
    let fact = |id: &str, session: &str, at, kind: &str, data| {
        json!({"id": id, "type": kind, "source": "sp", "session": session,
            "subject": {"id": "u"}, "occurred_at": minute(at), "data": data})
    };
    let link = json!({"to": "x", "by": "root"});
    let allow = json!({"app": "wiki", "policy": "two", "outcome": "allow"});
    let early =
        [fact("l", "A", 480, "session.linked", link), fact("x", "B", 600, "policy.decided", allow)];
    record(&app, &lines(&early)).await;
    let known = head(&app).await;
    assert_eq!(counted(&app, 9, known).await, (1, 1));
    let opened = fact("y", "x", 500, "app.accessed", json!({"app": "wiki"}));
    record(&app, &lines(&[opened])).await;
    let parted = head(&app).await;
    assert_eq!(counted(&app, 9, known).await, (1, 1), "they were one session");
    assert_eq!(counted(&app, 9, parted).await, (1, 1), "the other alone");
    assert_eq!(counted(&app, 8, parted).await, (2, 1));
    app.close().await;
}
