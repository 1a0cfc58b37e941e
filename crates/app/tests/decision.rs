//! Lookup of a decision by position: the decision, or the reason why there is none.

use crate::common::*;
use claimledger_app::{
    app::App,
    model::{
        answer::DecisionAt,
        question::{AskError, Asking},
    },
};
use claimledger_facts::{ids::LogPosition, vocabulary::Outcome};
use serde_json::{Value, json};

async fn ask(app: &App, name: &str, position: u64, asking: Asking) -> DecisionAt {
    app.decision(&owner(name), LogPosition(position), &asking).await.unwrap().value
}

fn decided(id: &str, occurred_at: &str, outcome: &str) -> Value {
    json!({"id": id, "type": "policy.decided", "source": "acme-sp", "session": "S2",
        "subject": {"id": "u-bob"},
        "occurred_at": format!("2026-03-10T{occurred_at}Z"), "recorded_at": "2026-03-10T23:20:00Z",
        "data": {"app": "payroll", "policy": "payroll", "outcome": outcome}})
}

#[tokio::test]
async fn a_decision_and_its_session_have_one_cut() {
    let (_world, app) = acme().await;
    let answer = app.decision(&owner("acme"), LogPosition(30), &known_at(64)).await.unwrap();
    assert_eq!(answer.answered.position, LogPosition(64));
    let DecisionAt::Found(found) = answer.value else { panic!("{:?}", answer.value) };
    assert_eq!(
        (found.decision().recorded.record.position, found.recorded.outcome),
        (LogPosition(30), Outcome::Allow)
    );
    assert_eq!(
        found.decision().falsified_later.as_ref().map(|difference| difference.code),
        Some("authenticator_lost")
    );
    let DecisionAt::Found(found) = ask(&app, "acme", 30, known_at(63)).await else {
        panic!("not found at #63")
    };
    assert_eq!(found.decision().falsified_later, None);
}

#[tokio::test]
async fn a_position_without_decision_has_a_reason() {
    let (_world, app) = acme().await;
    assert!(matches!(ask(&app, "acme", 29, known_at(82)).await, DecisionAt::NoDecision {
            record } if &*record.kind == "policy.configured"));
    assert!(matches!(ask(&app, "acme", 0, known_at(82)).await, DecisionAt::NoDecision { .. }));
    let expected = DecisionAt::NotYetKnown { from: LogPosition(30), recorded_at: at("12:30:00") };
    assert_eq!(ask(&app, "acme", 30, known_at(29)).await, expected);
    let before = Asking { at: Some(at("12:29:59")), ..known_at(82) };
    assert!(matches!(ask(&app, "acme", 30, before).await, DecisionAt::NotYet { at: when,
            .. } if when.from == at("12:30:00")));
    let then = Asking { at: Some(at("12:30:00")), ..known_at(82) };
    assert!(matches!(ask(&app, "acme", 30, then).await, DecisionAt::Found(_)));
    assert!(matches!(
        app.decision(&owner("acme"), LogPosition(30), &known_at(999)).await,
        Err(AskError::PastHead { .. })
    ));
}

#[tokio::test]
async fn the_position_of_another_tenant_is_unknown() {
    let (_world, app) = acme().await;
    app.init_tenant(&tenant("globex"), true, None).await.unwrap();
    assert_eq!(ask(&app, "globex", 30, known_at(0)).await, DecisionAt::Unknown);
    assert_eq!(ask(&app, "globex", 99_999, known_at(0)).await, DecisionAt::Unknown);
}

#[tokio::test]
async fn a_variant_refers_to_the_one_that_counts_32() {
    let (_world, app) = acme().await;
    let mut both = Vec::new();
    for line in [
        decided("twofold", "15:00:00", "allow"),
        decided("twofold", "15:00:00", "deny"),
        decided("apart", "22:00:00", "allow"),
        decided("apart", "15:00:00", "deny"),
    ] {
        let mut drafts = drafts(&[line.to_string()]);
        drafts.iter_mut().for_each(|(_, draft)| draft.variants_allowed = true);
        both.push(ingest(&app, "acme", drafts).await.unwrap()[0].position);
    }
    let asked = known_at(both[3].0);
    let DecisionAt::Found(found) = ask(&app, "acme", both[0].0, asked).await else {
        panic!("the first bytewise does not count")
    };
    assert!(found.decision().recorded.variant);
    assert!(matches!(ask(&app, "acme", both[1].0, asked).await, DecisionAt::Variant {
            counts: Some(counts), .. } if counts == both[0]));
    // The variant that counts is after T, but the other one still does not count.
    let before = Asking { at: Some(at("16:00:00")), ..asked };
    assert!(matches!(
        ask(&app, "acme", both[3].0, before).await,
        DecisionAt::Variant { counts: None, .. }
    ));
    assert!(matches!(ask(&app, "acme", both[2].0, before).await, DecisionAt::NotYet { .. }));
}
