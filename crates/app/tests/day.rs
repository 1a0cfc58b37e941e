//! Questions about the day of the demo.

use crate::common::*;
use claimledger_app::model::{
    answer::{Page, SessionHit},
    question::{Asking, Caller, DecisionFilter, SessionFilter, WhyFilter},
};
use claimledger_domain::model::{Implied, Phase};
use claimledger_facts::{
    ids::{AppId, IdpId, KeyId, LogPosition, SessionId},
    vocabulary::{Outcome, Role},
};

fn names(page: &Page<SessionHit>) -> Vec<&str> {
    page.items.iter().map(|hit| hit.session.state.id.as_str()).collect()
}

#[tokio::test]
async fn a_session_has_its_factors() {
    let (_world, app) = acme().await;
    let answer =
        app.session(&owner("acme"), &SessionId::new("S3"), &Asking::default()).await.unwrap();
    let state = answer.value.unwrap();
    assert_eq!(
        state.state.factors.iter().map(|f| f.name.as_str()).collect::<Vec<_>>(),
        ["pwd", "hwk", "phr"]
    );
    assert_eq!(state.state.life.phase, Phase::Ended);
    assert!(state.state.origin.subject.unwrap().as_str().starts_with("p-"));
    assert_eq!(
        (answer.answered.position, answer.answered.recorded_at),
        (LogPosition(82), at("23:00:00"))
    );
    assert_eq!(answer.answered.at, at("23:00:00"), "in a rehearsal, now is when K was recorded");
    assert!(answer.answered.rehearsal && !answer.answered.provisional);
    assert_eq!(answer.completeness.len(), 4);
    assert!(answer.completeness.iter().all(|source| source.heard_until == Some(at("23:00:00"))));
}

#[tokio::test]
async fn eight_sessions_in_list_order() {
    let (_world, app) = acme().await;
    let filter = SessionFilter { active_at: Some(at("14:05:00")), ..SessionFilter::default() };
    let answer =
        app.sessions(&owner("acme"), &filter, &Asking::default(), 100, None).await.unwrap();
    assert_eq!(names(&answer.value), ["S7", "S1", "S2", "S6", "S3", "S5", "S4", "S8"]);
    assert!(!answer.value.has_next);
    let early = Asking { at: Some(at("12:00:00")), ..Asking::default() };
    let answer =
        app.sessions(&owner("acme"), &SessionFilter::default(), &early, 100, None).await.unwrap();
    assert_eq!(names(&answer.value), ["S7", "S1", "S2"], "the others begin later");
}

#[tokio::test]
async fn filters_select_sessions() {
    let (_world, app) = acme().await;
    let list = |filter: SessionFilter| {
        let app = app.clone();
        async move {
            let answer =
                app.sessions(&owner("acme"), &filter, &Asking::default(), 100, None).await.unwrap();
            names(&answer.value).join(" ")
        }
    };
    let x1 = SessionFilter { key: Some(KeyId::new("X1")), ..SessionFilter::default() };
    assert_eq!(list(x1.clone()).await, "S7 S1 S2 S5");
    assert_eq!(list(SessionFilter { relied_from: Some(at("13:40:00")), ..x1.clone() }).await, "S5");
    assert_eq!(list(SessionFilter { relied_to: Some(at("10:00:00")), ..x1 }).await, "S7");
    let of = |idp: &str| SessionFilter { idp: Some(IdpId::new(idp)), ..SessionFilter::default() };
    assert_eq!(list(of("idp-y")).await, "S4");
    assert_eq!(
        list(SessionFilter { amr: Some("phr".into()), ..SessionFilter::default() }).await,
        "S2 S3 S5"
    );
    assert_eq!(
        list(SessionFilter { app: Some(AppId::new("wiki")), ..SessionFilter::default() }).await,
        "S7 S6 S4"
    );
    assert_eq!(
        list(SessionFilter { differs: Some(true), ..SessionFilter::default() }).await,
        "S5 S8"
    );
    assert_eq!(
        list(SessionFilter { differs: Some(false), ..SessionFilter::default() }).await,
        "S7 S1 S2 S6 S3 S4"
    );
    assert_eq!(list(SessionFilter { ended: Some(false), ..SessionFilter::default() }).await, "");
    assert_eq!(
        list(SessionFilter { ended: Some(true), ..SessionFilter::default() }).await,
        "S7 S1 S2 S6 S3 S5 S4 S8"
    );
    let at_three = Asking { at: Some(at("15:00:00")), ..Asking::default() };
    let ended = SessionFilter { ended: Some(true), ..SessionFilter::default() };
    let page = app.sessions(&owner("acme"), &ended, &at_three, 100, None).await.unwrap().value;
    assert_eq!(names(&page), ["S1", "S5"], "a session is not active at the instant of its end");
    assert_eq!(
        list(SessionFilter { subject: Some("u-erin".into()), ..SessionFilter::default() }).await,
        "S5"
    );
    assert_eq!(
        list(SessionFilter {
            subject: Some("ERIN@acme.example".into()),
            ..SessionFilter::default()
        })
        .await,
        "S5"
    );
    assert_eq!(
        list(SessionFilter { subject: Some("nobody".into()), ..SessionFilter::default() }).await,
        ""
    );
    let active =
        |time: &str| SessionFilter { active_at: Some(at(time)), ..SessionFilter::default() };
    assert_eq!(list(active("15:00:00")).await, "S7 S2 S6 S3 S4 S8");
    assert_eq!(list(active("21:29:59")).await, "S7");
    assert_eq!(list(active("21:30:00")).await, "", "S7 states no end, but its limit has passed");
    // Only investigators can look up people by name or login.
    let reader = Caller { roles: vec![Role::Read], ..owner("acme") };
    let erin = SessionFilter { subject: Some("u-erin".into()), ..SessionFilter::default() };
    let page = app.sessions(&reader, &erin, &Asking::default(), 100, None).await.unwrap().value;
    assert_eq!(names(&page).len(), 0);
    let pseudonym = app
        .session(&reader, &SessionId::new("S5"), &Asking::default())
        .await
        .unwrap()
        .value
        .unwrap()
        .state
        .origin
        .subject
        .unwrap();
    let erin =
        SessionFilter { subject: Some(pseudonym.as_str().into()), ..SessionFilter::default() };
    let page = app.sessions(&reader, &erin, &Asking::default(), 100, None).await.unwrap().value;
    assert_eq!(names(&page), ["S5"]);
}

#[tokio::test]
async fn decisions_differ_for_two() {
    let (_world, app) = acme().await;
    let filter = DecisionFilter { app: Some(AppId::new("payroll")), ..DecisionFilter::default() };
    let page =
        app.decisions(&owner("acme"), &filter, &Asking::default(), 100, None).await.unwrap().value;
    let all: Vec<_> = page
        .items
        .iter()
        .map(|d| &d.decision)
        .map(|d| (d.recorded.session.as_str(), d.recorded.outcome, d.made.implied))
        .collect();
    assert_eq!(
        all,
        [
            ("S1", Outcome::Allow, Implied::Allow),
            ("S2", Outcome::Allow, Implied::Allow),
            ("S2", Outcome::Allow, Implied::Allow),
            ("S3", Outcome::Allow, Implied::Allow),
            ("S5", Outcome::Allow, Implied::Deny),
            ("S4", Outcome::Deny, Implied::Deny),
            ("S8", Outcome::Allow, Implied::Deny),
        ]
    );
    let filter = DecisionFilter { differs: Some(true), ..DecisionFilter::default() };
    let page =
        app.decisions(&owner("acme"), &filter, &Asking::default(), 100, None).await.unwrap().value;
    assert_eq!(
        page.items.iter().map(|d| d.decision.recorded.session.as_str()).collect::<Vec<_>>(),
        ["S5", "S8"]
    );
    let filter = DecisionFilter {
        idp: Some(IdpId::new("idp-x")),
        app: Some(AppId::new("payroll")),
        ..DecisionFilter::default()
    };
    let page =
        app.decisions(&owner("acme"), &filter, &Asking::default(), 100, None).await.unwrap().value;
    assert_eq!(
        page.items.iter().map(|d| d.decision.recorded.session.as_str()).collect::<Vec<_>>(),
        ["S1", "S2", "S2", "S3", "S5", "S8"]
    );
}

#[tokio::test]
async fn decisions_page_within_a_session() {
    let (_world, app) = acme().await;
    let mut all = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = app
            .decisions(
                &owner("acme"),
                &DecisionFilter::default(),
                &Asking::default(),
                2,
                after.as_deref(),
            )
            .await
            .unwrap()
            .value;
        all.extend(
            page.items.iter().map(|d| d.decision.recorded.record.source_id.as_str().to_owned()),
        );
        after = page.cursors.last().cloned();
        assert!(all.len() <= 10, "{all:?}");
        if !page.has_next {
            break;
        }
    }
    let whole = app
        .decisions(&owner("acme"), &DecisionFilter::default(), &Asking::default(), 100, None)
        .await
        .unwrap()
        .value;
    assert_eq!(
        all,
        whole
            .items
            .iter()
            .map(|d| d.decision.recorded.record.source_id.as_str().to_owned())
            .collect::<Vec<_>>()
    );
    assert_eq!(all.len(), 10);
}

#[tokio::test]
async fn why_answers_for_a_decision_a_factor_or_the_session() {
    let (_world, app) = acme().await;
    let why = |session: &'static str, filter: WhyFilter| {
        let app = app.clone();
        async move {
            app.why(&owner("acme"), &SessionId::new(session), &filter, &Asking::default())
                .await
                .unwrap()
                .value
        }
    };
    let payroll = WhyFilter { app: Some(AppId::new("payroll")), ..WhyFilter::default() };
    assert_eq!(why("S2", payroll.clone()).await.because.len(), 2);
    let s3 = why("S3", payroll.clone()).await;
    assert_eq!(s3.session, Some(SessionId::new("S3")));
    let position = s3.because[0].facts[0].position;
    let one =
        why("S3", WhyFilter { decision: Some(position.to_string()), ..WhyFilter::default() }).await;
    assert_eq!(one.because, s3.because);
    let bare =
        why("S3", WhyFilter { decision: Some(position.0.to_string()), ..WhyFilter::default() })
            .await;
    assert_eq!(bare.because, s3.because, "a position is one with or without #");
    assert!(
        !why("S3", WhyFilter { factor: Some("hwk".into()), ..WhyFilter::default() })
            .await
            .because
            .is_empty()
    );
    assert!(
        why("S3", WhyFilter { factor: Some("sms".into()), ..WhyFilter::default() })
            .await
            .because
            .is_empty()
    );
    let nothing = why("nothing", payroll).await;
    assert_eq!((nothing.session, nothing.because.len()), (None, 0));
}

#[tokio::test]
async fn the_same_session_at_two_positions() {
    let (_world, app) = acme().await;
    let asked = |known: &str| Asking {
        at: Some(at("14:40:00")),
        known_at: Some(at(known)),
        ..Asking::default()
    };
    let s5 = SessionId::new("S5");
    let before = app.session(&owner("acme"), &s5, &asked("14:45:00")).await.unwrap();
    let after = app.session(&owner("acme"), &s5, &asked("15:00:00")).await.unwrap();
    assert_eq!(before.value.unwrap().state.life.phase, Phase::Active);
    let after_state = after.value.unwrap();
    assert_eq!(
        (
            after_state.state.life.phase,
            after_state.state.life.end.at,
            after_state.state.life.end.reason
        ),
        (Phase::Ended, Some(at("14:30:00")), Some("upstream_revoked"))
    );
    assert!(before.answered.position < after.answered.position);
    let at_once = app.session(&owner("acme"), &s5, &asked("14:52:00")).await.unwrap();
    assert_eq!(
        at_once.value.unwrap().state.life.phase,
        Phase::Ended,
        "a record counts from the instant at which it was recorded"
    );
    assert_eq!(at_once.answered.recorded_at, at("14:52:00"));
    let opened = Asking { known_at: Some(time("1960-01-01T00:00:00Z")), ..Asking::default() };
    let nothing = app.session(&owner("acme"), &s5, &opened).await.unwrap();
    assert_eq!((nothing.value, nothing.answered.position), (None, LogPosition(0)));
    assert!(!before.answered.provisional && !after.answered.provisional);
    let future = app.session(&owner("acme"), &s5, &asked("23:30:00")).await.unwrap();
    assert!(
        future.answered.provisional,
        "a later record of the rehearsal could still be recorded by then"
    );
    let now = app.session(&owner("acme"), &s5, &asked("23:00:00")).await.unwrap();
    assert!(now.answered.provisional, "another record may be recorded at the same instant");
}
