//! Differences between two positions, and hypothetical changes of trust.

use crate::common::{World, acme, at, drafts, ingest, known_at, owner, tenant, time};
use claimledger_app::{
    app::App,
    model::question::{AskError, Asking},
};
use claimledger_domain::{
    guard::{Condition, GuardedChange, Verdict},
    model::{Decision, Phase},
    rehearse::{IdpSetting, TrustChange},
};
use claimledger_facts::{
    ids::{IdpId, KeyId, SessionId},
    time::Time,
    types::trust::TrustRetracted,
};
use serde_json::json;

fn by(time: &str) -> Asking {
    Asking { known_at: Some(at(time)), ..Asking::default() }
}

async fn head(app: &App) -> u64 {
    app.session(&owner("acme"), &SessionId::new("S1"), &Asking::default())
        .await
        .unwrap()
        .status
        .head
}

#[tokio::test]
async fn a_late_end_is_listed_with_both_its_times() {
    let (_world, app) = acme().await;
    let t: Option<Time> = Some(at("14:45:00"));
    let answer = app
        .belief_diff(&owner("acme"), &SessionId::new("S5"), t, &by("14:45:00"), &by("15:00:00"))
        .await
        .unwrap();
    let diff = &answer.value.diff;
    assert_eq!(diff.before.as_ref().unwrap().state.life.phase, Phase::Active);
    assert_eq!(diff.after.as_ref().unwrap().state.life.end.at, Some(at("14:30:00")));
    let [cause] = diff.causes.as_slice() else { panic!("{:?}", diff.causes) };
    assert_eq!(
        (cause.record.occurred.from, cause.record.recorded_at),
        (at("14:30:00"), at("14:52:00"))
    );
    assert_eq!(
        (answer.answered.at, answer.value.from.at),
        (at("14:45:00"), at("14:45:00")),
        "one T for both"
    );
    assert!(answer.value.from.position < answer.answered.position);
    let before = head(&app).await;
    app.belief_diff(&owner("acme"), &SessionId::new("S5"), t, &known_at(10), &Asking::default())
        .await
        .unwrap();
    assert_eq!(head(&app).await, before, "questions append nothing");
}

#[tokio::test]
async fn each_state_is_that_of_the_session_itself() {
    let (_world, app) = acme().await;
    for (session, t) in [("S2", "14:00:00"), ("S5", "14:45:00"), ("S7", "15:00:00")] {
        let session = SessionId::new(session);
        let (from, to) = (by("14:00:00"), Asking::default());
        let diff = app
            .belief_diff(&owner("acme"), &session, Some(at(t)), &from, &to)
            .await
            .unwrap()
            .value
            .diff;
        let at_t = |asking: Asking| Asking { at: Some(at(t)), ..asking };
        let before = app.session(&owner("acme"), &session, &at_t(from)).await.unwrap().value;
        let after = app.session(&owner("acme"), &session, &at_t(to)).await.unwrap().value;
        assert_eq!((diff.before, diff.after), (before, after));
    }
}

#[tokio::test]
async fn contradicting_cuts_are_refused() {
    let (_world, app) = acme().await;
    let ask = |from: Asking, to: Asking| {
        let app = app.clone();
        let session = SessionId::new("S5");
        async move { app.belief_diff(&owner("acme"), &session, None, &from, &to).await }
    };
    let round = ask(by("15:00:00"), by("14:00:00")).await;
    assert!(matches!(round, Err(AskError::BadInput { .. })), "{round:?}");
    let two = ask(
        Asking { at: Some(at("14:00:00")), ..by("14:00:00") },
        Asking { at: Some(at("15:00:00")), ..Asking::default() },
    )
    .await;
    assert!(matches!(two, Err(AskError::BadInput { .. })), "{two:?}");
    let nobody = app
        .belief_diff(
            &owner("globex"),
            &SessionId::new("S5"),
            None,
            &by("14:00:00"),
            &Asking::default(),
        )
        .await;
    assert!(nobody.is_err(), "globex is no tenant of this ledger");
    let unknown = app
        .belief_diff(
            &owner("acme"),
            &SessionId::new("S99"),
            None,
            &by("14:00:00"),
            &Asking::default(),
        )
        .await
        .unwrap()
        .value
        .diff;
    assert_eq!((unknown.before, unknown.after, unknown.causes), (None, None, vec![]));
}

fn whole_day() -> (Time, Time) {
    (at("00:00:00"), time("2026-03-11T00:00:00Z"))
}

/// `S1 payroll 10:00:03`, in list order.
fn rows<'a>(decisions: impl Iterator<Item = &'a Decision>) -> Vec<String> {
    let of = |decision: &Decision| {
        format!(
            "{} {} {}",
            decision.recorded.session,
            decision.recorded.app,
            &decision.recorded.at.from.to_string()[11..19]
        )
    };
    let mut rows: Vec<String> = decisions.map(of).collect();
    rows.sort();
    rows
}

fn retraction(idp: &str, key: &str, from: &str) -> TrustChange {
    TrustChange::Retraction(TrustRetracted {
        idp: IdpId::new(idp),
        from: at(from),
        reason: "leaked".to_owned(),
        key: Some(KeyId::new(key)),
        actor: None,
        ticket: None,
    })
}

fn off(from: Time, to: Time) -> TrustChange {
    TrustChange::Idp { idp: IdpId::new("idp-x"), setting: IdpSetting::TrustOff, from, to }
}

#[tokio::test]
async fn a_hypothetical_retraction_lists_decisions_that_rely_on_the_key() {
    let (_world, app) = acme().await;
    let (from, to) = whole_day();
    let asking = Asking { at: Some(at("15:05:00")), ..by("15:05:00") };
    let before = head(&app).await;
    for (since, falls, live) in [
        ("13:40:00", vec!["S5 payroll 13:45:04"], vec![]),
        (
            "09:00:00",
            vec![
                "S1 payroll 10:00:03",
                "S2 payroll 11:30:05",
                "S2 payroll 12:30:00",
                "S5 payroll 13:45:04",
                "S7 wiki 09:30:02",
            ],
            vec!["S7", "S2"],
        ),
    ] {
        let found = app
            .rehearse(&owner("acme"), retraction("idp-x", "X1", since), from, to, &asking)
            .await
            .unwrap()
            .value;
        assert_eq!(rows(found.falls.iter().map(|fall| &fall.decision)), falls);
        assert_eq!(found.live.iter().map(|live| live.session.as_str()).collect::<Vec<_>>(), live);
        let flips = rows(found.flips.iter().map(|flip| &flip.decision));
        assert!(!flips.contains(&"S5 payroll 13:45:04".to_owned()), "it was implied deny already");
        assert_eq!(flips.len(), falls.len() - 1);
    }
    assert_eq!(head(&app).await, before, "a rehearsal appends nothing");
}

#[tokio::test]
async fn only_decisions_of_the_window_and_by_t_are_judged() {
    let (_world, app) = acme().await;
    let (from, to) = (at("11:00:00"), at("12:30:00"));
    let found = app
        .rehearse(&owner("acme"), off(from, to), from, to, &Asking::default())
        .await
        .unwrap()
        .value;
    assert_eq!(
        rows(found.flips.iter().map(|flip| &flip.decision)),
        ["S2 payroll 11:30:05"],
        "the end of the window is exclusive"
    );
    assert_eq!(found.unchanged, vec![]);
    let early = Asking { at: Some(at("12:00:00")), ..Asking::default() };
    let (from, to) = whole_day();
    let found = app.rehearse(&owner("acme"), off(from, to), from, to, &early).await.unwrap().value;
    assert_eq!(
        rows(found.flips.iter().map(|flip| &flip.decision)),
        ["S1 payroll 10:00:03", "S2 payroll 11:30:05"],
        "the others fell after T"
    );
    assert_eq!(found.sessions, 3);
    let none = app.rehearse(&owner("acme"), off(to, from), to, from, &Asking::default()).await;
    assert!(matches!(none, Err(AskError::BadInput { .. })), "{none:?}");
}

#[tokio::test]
async fn a_window_with_too_many_decisions_is_refused_with_the_number() {
    let world = World::new();
    let app = world.open().await;
    app.init_tenant(&tenant("acme"), true, None).await.unwrap();
    let decided = |session: u32, n: u32| {
        let at = format!("2026-03-10T10:{:02}:{:02}Z", n / 60, n % 60);
        let data = json!({"app": "a", "policy": "p", "outcome": "allow"});
        let subject = json!({"id": format!("u{session}")});
        let (id, session) = (format!("{session}-{n}"), format!("s{session}"));
        json!({"id": id, "type": "policy.decided", "occurred_at": at, "session": session,
            "subject": subject, "data": data})
        .to_string()
    };
    for session in 0..50 {
        ingest(&app, "acme", drafts(&(0..100).map(|n| decided(session, n)).collect::<Vec<_>>()))
            .await
            .unwrap();
    }
    let (from, to) = whole_day();
    let all = Asking { at: Some(to), ..Asking::default() };
    let found = app.rehearse(&owner("acme"), off(from, to), from, to, &all).await.unwrap().value;
    assert_eq!(found.unchanged.len(), 5_000);
    ingest(&app, "acme", drafts(&[decided(51, 0)])).await.unwrap();
    let refused = app.rehearse(&owner("acme"), off(from, to), from, to, &all).await;
    assert!(
        matches!(refused, Err(AskError::TooMany { found: 5_001, limit: 5_000, .. })),
        "{refused:?}"
    );
    let until = at("10:01:00");
    let narrow =
        app.rehearse(&owner("acme"), off(from, until), from, until, &all).await.unwrap().value;
    assert_eq!(narrow.unchanged.len(), 50 * 60 + 1, "a narrower window is answered");
}

#[tokio::test]
async fn the_guard_gives_its_verdict_beside_what_the_window_shows() {
    let (_world, app) = acme().await;
    let asking = Asking { at: Some(at("15:05:00")), ..by("15:05:00") };
    let guarded = |change: GuardedChange, window| {
        let (app, asking) = (app.clone(), asking);
        async move { app.guard(&owner("acme"), &change, window, &asking).await.unwrap().value }
    };
    let of_x = GuardedChange::Deactivate(IdpId::new("idp-x"));
    let by_default = guarded(of_x.clone(), (None, None)).await;
    assert_eq!(by_default.window, (Time::parse("2026-03-03T15:05:00Z").unwrap(), at("15:05:00")));
    let found = by_default.rehearsed.unwrap();
    assert!(!found.locked_out.is_empty(), "it carries the sign-ins of the day");
    assert_eq!(by_default.guard.verdict, Verdict::Allowed);
    assert_eq!(by_default.guard.condition, Some(Condition::AnotherTrustedIdp));
    let empty = (Some(at("08:00:00")), Some(at("08:00:01")));
    let narrow = guarded(of_x, empty).await;
    assert_eq!(narrow.rehearsed.unwrap().locked_out, []);
    assert_eq!(narrow.guard, by_default.guard, "whatever the window");
}
