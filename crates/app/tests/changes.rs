//! What was believed and what is, asked of a ledger.

mod common;

use claimledger_app::{
    app::App,
    ask::{AskError, Asking},
};
use claimledger_domain::model::Phase;
use claimledger_facts::{ids::SessionId, time::Time};
use common::{acme, at, known_at, owner};

fn by(time: &str) -> Asking {
    Asking { known_at: Some(at(time)), ..Asking::default() }
}

async fn head(app: &App) -> u64 {
    app.session(&owner("acme"), &SessionId::new("S1"), &Asking::default()).await.unwrap().status.head
}

#[tokio::test]
async fn a_late_end_is_named_with_both_its_times() {
    let (_world, app) = acme().await;
    let t: Option<Time> = Some(at("14:45:00"));
    let answer = app.belief_diff(&owner("acme"), &SessionId::new("S5"), t, &by("14:45:00"), &by("15:00:00")).await.unwrap();
    let diff = &answer.value.diff;
    assert_eq!(diff.before.as_ref().unwrap().phase, Phase::Active);
    assert_eq!(diff.after.as_ref().unwrap().ended_at, Some(at("14:30:00")));
    let [cause] = diff.causes.as_slice() else { panic!("{:?}", diff.causes) };
    assert_eq!((cause.record.occurred.from, cause.record.recorded_at), (at("14:30:00"), at("14:52:00")));
    assert_eq!((answer.answered.at, answer.value.from.at), (at("14:45:00"), at("14:45:00")), "one T for both");
    assert!(answer.value.from.position < answer.answered.position);
    let before = head(&app).await;
    app.belief_diff(&owner("acme"), &SessionId::new("S5"), t, &known_at(10), &Asking::default()).await.unwrap();
    assert_eq!(head(&app).await, before, "asking writes nothing");
}

#[tokio::test]
async fn each_state_is_that_of_the_session_itself() {
    let (_world, app) = acme().await;
    for (session, t) in [("S2", "14:00:00"), ("S5", "14:45:00"), ("S7", "15:00:00")] {
        let session = SessionId::new(session);
        let (from, to) = (by("14:00:00"), Asking::default());
        let diff = app.belief_diff(&owner("acme"), &session, Some(at(t)), &from, &to).await.unwrap().value.diff;
        let at_t = |asking: Asking| Asking { at: Some(at(t)), ..asking };
        let before = app.session(&owner("acme"), &session, &at_t(from)).await.unwrap().value;
        let after = app.session(&owner("acme"), &session, &at_t(to)).await.unwrap().value;
        assert_eq!((diff.before, diff.after), (before, after));
    }
}

#[tokio::test]
async fn what_does_not_fit_together_is_refused() {
    let (_world, app) = acme().await;
    let ask = |from: Asking, to: Asking| {
        let app = app.clone();
        async move { app.belief_diff(&owner("acme"), &SessionId::new("S5"), None, &from, &to).await }
    };
    let round = ask(by("15:00:00"), by("14:00:00")).await;
    assert!(matches!(round, Err(AskError::BadInput { .. })), "{round:?}");
    let two = ask(Asking { at: Some(at("14:00:00")), ..by("14:00:00") }, Asking { at: Some(at("15:00:00")), ..Asking::default() }).await;
    assert!(matches!(two, Err(AskError::BadInput { .. })), "{two:?}");
    let nobody = app.belief_diff(&owner("globex"), &SessionId::new("S5"), None, &by("14:00:00"), &Asking::default()).await;
    assert!(nobody.is_err(), "globex is no tenant of this ledger");
    let unknown = app.belief_diff(&owner("acme"), &SessionId::new("S99"), None, &by("14:00:00"), &Asking::default()).await.unwrap().value.diff;
    assert_eq!((unknown.before, unknown.after, unknown.causes), (None, None, vec![]));
}
