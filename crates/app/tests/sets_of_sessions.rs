//! Outlived sessions, access under replaced versions, and dependants: the answer through the read
//! models equals a computation over every session, for two generated data sets, at any K.

use crate::common::*;
use claimledger_app::{
    app::{App, Options},
    model::question::{AskError, Asking},
};
use claimledger_domain::{dependants::Changed, model::SessionState, outlived::outlived};
use claimledger_facts::ids::{ActorId, LogPosition, SessionId};
use serde_json::{Value, json};

fn fact(id: &str, kind: &str, minute: u64, session: Option<&str>, data: Value) -> Value {
    let at = format!("2026-03-10T{:02}:{:02}:00Z", minute / 60, minute % 60);
    let mut line = json!({"id": id, "type": kind, "occurred_at": at,
        "recorded_at": "2026-03-11T00:00:00Z", "data": data});
    if let Some(session) = session {
        line["session"] = json!(session);
        line["subject"] = json!({"id": format!("u-{}", session.len())});
    }
    line
}

fn version(minute: u64, label: &str, types: &str) -> Value {
    let rule = json!({"rule": "any", "priority": 1, "access": "allow", "factor_mode": types});
    let data = json!({"policy": "door", "version": label, "kind": "app_sign_in", "rules": [rule],
        "actor": "ada"});
    fact(&format!("door-{minute}"), "policy.configured", minute, None, data)
}

fn trust(minute: u64, idp: &str, label: &str) -> Value {
    let data = json!({"idp": idp, "version": label, "kind": "third_party", "status": "active",
        "trust_claims": true, "actor": "ada"});
    fact(&format!("trust-{idp}-{minute}"), "idp.configured", minute, None, data)
}

/// Some decisions name the policy by its rule only.
const fn named(n: u64) -> &'static str {
    if n % 3 == 2 { "rule:any" } else { "door" }
}

/// A data set: sessions of two IdPs, allowed and decided again, ended or not, with IdP sessions
/// that end before or after. Facts are recorded in a scrambled order, `step` lines apart.
fn world(sessions: u64, step: usize) -> Vec<Value> {
    let mut lines = vec![
        fact(
            "org",
            "org.configured",
            0,
            None,
            json!({"engine": "identity_engine", "claims_sharing": true,
                "third_party_claims_sharing": true}),
        ),
        version(1, "spring", "1fa"),
        version(600, "summer", "2fa"),
        version(900, "spring", "2fa"),
        version(1000, "autumn", "1fa"),
        trust(1, "north", "n1"),
        trust(500, "north", "n2"),
        trust(2, "south", "s1"),
        fact(
            "north-k",
            "idp.key_added",
            3,
            None,
            json!({"idp": "north", "key": "k", "actor": "bea"}),
        ),
        fact(
            "north-k-gone",
            "trust.retracted",
            1100,
            None,
            json!({"idp": "north", "key": "k", "from": "2026-03-10T10:00:00Z", "reason": "leaked",
                "actor": "bea"}),
        ),
    ];
    for n in 0..sessions {
        let session = format!("W{n}");
        let (id, start) = (|what: &str| format!("{session}-{what}"), 5 + n * 37 % 1_000);
        let (idp, idp_session) =
            (["north", "south"][(n % 2) as usize], format!("i{}", n % (sessions / 2)));
        let of = |what: &str, kind: &str, minute: u64, data: Value| {
            fact(&id(what), kind, minute, Some(&session), data)
        };
        lines.push(of(
            "start",
            "session.started",
            start,
            json!({"idp": idp, "idp_session": idp_session}),
        ));
        let amr = if n % 3 == 0 { json!(["pwd", "otp"]) } else { json!(["pwd"]) };
        let mut claims = json!({"idp": idp, "assertion": id("a"), "amr": amr});
        if n % 5 != 0 {
            claims["key"] = json!("k");
        }
        lines.push(of("claims", "claims.received", start, claims));
        lines.push(of(
            "in",
            "policy.decided",
            start + 1,
            json!({"app": "door", "policy": named(n), "outcome": "allow", "rule": "any"}),
        ));
        if n % 4 == 0 {
            lines.push(of(
                "again",
                "policy.decided",
                start + 97,
                json!({"app": "door", "policy": named(n + 1), "outcome": "deny", "rule": "any"}),
            ));
        }
        if n % 3 != 1 {
            lines.push(of(
                "end",
                "session.ended",
                start + 60 + n % 200,
                json!({"reason": "logout"}),
            ));
        }
        if n % 2 == 0 {
            let mut end = of(
                "idp-end",
                "idp_session.ended",
                start + 80,
                json!({"idp": idp, "idp_session": idp_session}),
            );
            end.as_object_mut().unwrap().remove("session");
            lines.push(end);
        }
    }
    lines.push(fact(
        "link",
        "session.linked",
        1_300,
        Some("W1"),
        json!({"to": "W3", "by": "test"}),
    ));
    let count = lines.len();
    let mut scrambled: Vec<Value> = (0..count).map(|n| lines[n * step % count].clone()).collect();
    scrambled.dedup();
    assert_eq!(
        scrambled
            .iter()
            .map(|line| line["id"].to_string())
            .collect::<std::collections::BTreeSet<_>>()
            .len(),
        count,
        "the step scrambles"
    );
    scrambled
}

async fn filled(options: Options, lines: &[Value]) -> (World, App) {
    let world = World::new();
    let app = world.open_with(options).await;
    app.init_tenant(&tenant("acme"), true, None).await.unwrap();
    for some in lines.chunks(150) {
        ingest(&app, "acme", drafts(&some.iter().map(Value::to_string).collect::<Vec<_>>()))
            .await
            .unwrap();
    }
    (world, app)
}

/// Every session at a cut, read one by one.
async fn one_by_one(app: &App, sessions: u64, asking: &Asking) -> Vec<SessionState> {
    let mut all: Vec<SessionState> = Vec::new();
    for n in 0..sessions {
        let state = app
            .session(&owner("acme"), &SessionId::new(format!("W{n}")), asking)
            .await
            .unwrap()
            .value;
        let state = state.map(|explained| explained.state);
        all.extend(state.filter(|state| !all.iter().any(|known| known.id == state.id)));
    }
    all
}

fn askings(count: usize) -> Vec<Asking> {
    let mut askings = vec![
        Asking { at: Some(time("2026-03-11T00:00:00Z")), ..Asking::default() },
        Asking { at: Some(at("15:30:00")), ..Asking::default() },
    ];
    askings.push(Asking { known_at_position: Some(LogPosition(count as u64 / 2)), ..askings[0] });
    askings
}

const WORLDS: [(u64, usize); 2] = [(60, 101), (140, 7)];

#[tokio::test]
async fn outlived_sessions_equal_those_found_one_by_one() {
    for (sessions, step) in WORLDS {
        let lines = world(sessions, step);
        let (_world, app) = filled(Options::default(), &lines).await;
        for asking in askings(lines.len()) {
            let each = one_by_one(&app, sessions, &asking).await;
            let mut expected: Vec<_> = each
                .iter()
                .filter_map(|state| Some((state.id.to_string(), outlived(state)?)))
                .collect();
            expected.sort_by(|(a, _), (b, _)| a.cmp(b));
            let answer = app.outlived(&owner("acme"), &asking).await.unwrap().value;
            let mut found: Vec<_> =
                answer.into_iter().map(|hit| (hit.session.id.to_string(), hit.outlived)).collect();
            found.sort_by(|(a, _), (b, _)| a.cmp(b));
            assert_eq!(found, expected, "{sessions} sessions, {asking:?}");
            assert!(
                asking.known_at_position.is_some() || expected.len() > 9,
                "{} outlived",
                expected.len()
            );
        }
    }
}

#[tokio::test]
async fn dependants_equal_those_found_one_by_one() {
    for (sessions, step) in WORLDS {
        let lines = world(sessions, step);
        let (_world, app) = filled(Options::default(), &lines).await;
        for asking in askings(lines.len()) {
            let each = one_by_one(&app, sessions, &asking).await;
            let answer = app
                .dependants(&owner("acme"), Some(&ActorId::new("ada")), None, &asking)
                .await
                .unwrap()
                .value;
            for hit in &answer {
                let mut found: Vec<String> = hit
                    .dependants
                    .iter()
                    .flat_map(|of| {
                        if of.decisions.is_empty() {
                            vec![of.session.to_string()]
                        } else {
                            of.decisions.iter().map(|d| d.record.source_id.to_string()).collect()
                        }
                    })
                    .collect();
                found.sort();
                let mut expected: Vec<String> = match &hit.change.what {
                    Changed::Trust(..) => each
                        .iter()
                        .filter(|state| {
                            state
                                .factors
                                .iter()
                                .any(|f| f.by_record && f.evidence.contains(&hit.change.record))
                        })
                        .map(|state| state.id.to_string())
                        .collect(),
                    Changed::Policy(..) => {
                        let (from, until) =
                            (hit.change.occurred.from, hit.change.replaced.map(|next| next.from));
                        let decisions = each.iter().flat_map(|state| &state.decisions);
                        decisions
                            .filter(|d| {
                                d.recorded.at.from >= from
                                    && until.is_none_or(|until| d.recorded.at.from < until)
                            })
                            .map(|d| d.recorded.record.source_id.to_string())
                            .collect()
                    }
                    other => panic!("{other:?} is not a change of ada"),
                };
                expected.sort();
                assert_eq!(
                    found, expected,
                    "{sessions} sessions, {:?}, {asking:?}",
                    hit.change.what
                );
            }
            assert_eq!(
                answer.len(),
                answer.iter().filter(|hit| hit.change.actor == Some(ActorId::new("ada"))).count()
            );
        }
        let of_record = |name: &'static str| {
            let app = app.clone();
            async move {
                app.dependants(&owner("acme"), None, Some(name), &Asking::default())
                    .await
                    .unwrap()
                    .value
                    .remove(0)
                    .dependants
            }
        };
        let (added, gone) = (of_record("north-k").await, of_record("north-k-gone").await);
        assert!(added.len() > gone.len() && !gone.is_empty());
        assert!(
            gone.iter().any(|of| of.certainty == claimledger_domain::model::Certainty::Possible),
            "claims that name no key are possibly retracted"
        );
    }
}

#[tokio::test]
async fn held_access_equals_that_found_one_by_one() {
    for (sessions, step) in WORLDS {
        let lines = world(sessions, step);
        let (_world, app) = filled(Options::default(), &lines).await;
        let asking = Asking { at: Some(time("2026-03-11T00:00:00Z")), ..Asking::default() };
        let answer = app
            .held_under(&owner("acme"), &"door".into(), &"spring".into(), &asking)
            .await
            .unwrap()
            .value;
        assert_eq!(answer.replaced.len(), 2, "two versions of this label were replaced");
        let mut found: Vec<_> = answer
            .items
            .iter()
            .map(|held| {
                (
                    held.allow.source_id.to_string(),
                    held.replaced.at.from,
                    format!("{:?}", held.implied),
                )
            })
            .collect();
        let mut expected = Vec::new();
        for state in one_by_one(&app, sessions, &asking).await {
            for (from, moment) in
                [(at("00:01:00"), at("10:00:00")), (at("15:00:00"), at("16:40:00"))]
            {
                let Some(last) = state.decisions.iter().rfind(|d| d.recorded.at.from < moment)
                else {
                    continue;
                };
                let runs = state.life.end.at.is_none_or(|ended| ended > moment);
                if last.recorded.at.from >= from
                    && last.recorded.outcome == claimledger_facts::vocabulary::Outcome::Allow
                    && runs
                {
                    // The requirement that was met at the time of the decision, and the requirement
                    // of the next version.
                    let asked = if moment == at("10:00:00") { 2 } else { 1 };
                    let implied =
                        if last.made.met.factor_types.len() >= asked { "Allow" } else { "Deny" };
                    expected.push((
                        last.recorded.record.source_id.to_string(),
                        moment,
                        implied.to_owned(),
                    ));
                }
            }
        }
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{sessions} sessions");
        assert!(expected.len() > 5);
    }
}

#[tokio::test]
async fn beyond_the_limit_each_is_refused_with_the_number() {
    let lines = world(60, 101);
    let (_world, app) = filled(Options { most_candidates: 5, ..Options::default() }, &lines).await;
    let asking = Asking { at: Some(time("2026-03-11T00:00:00Z")), ..Asking::default() };
    let refusals = [
        app.outlived(&owner("acme"), &asking).await.err(),
        app.held_under(&owner("acme"), &"door".into(), &"spring".into(), &asking).await.err(),
        app.dependants(&owner("acme"), Some(&ActorId::new("ada")), None, &asking).await.err(),
    ];
    for refusal in refusals {
        let words = refusal.expect("more than the limit").to_string();
        assert!(words.contains("is the limit"), "{words}");
    }
    let nothing = app.dependants(&owner("acme"), None, None, &asking).await;
    assert!(matches!(nothing, Err(AskError::BadInput { .. })), "{nothing:?}");
}
