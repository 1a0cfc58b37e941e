//! Questions about all sessions: the answer through the read models equals a computation over every
//! line, at any K, within a limit.

use crate::common::*;
use claimledger_app::{
    app::{App, Options},
    model::question::{AskError, Asking, Caller},
};
use claimledger_domain::first_seen::{FirstSeenKind, Shown, Window};
use claimledger_facts::{ids::LogPosition, vocabulary::Role};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A claim of a session, received at a minute of the day.
fn claim(id: usize, session: &str, minute: usize, data: Value) -> Value {
    let at = format!("2026-03-10T{:02}:{:02}:00Z", minute / 60, minute % 60);
    json!({"id": format!("c{id}"), "type": "claims.received", "session": session,
        "subject": {"id": format!("u-{session}")}, "occurred_at": at,
        "recorded_at": "2026-03-11T00:00:00Z", "data": data})
}

async fn filled(options: Options, lines: &[Value]) -> (World, App) {
    let world = World::new();
    let app = world.open_with(options).await;
    app.init_tenant(&tenant("acme"), true, None).await.unwrap();
    for some in lines.chunks(100) {
        ingest(&app, "acme", drafts(&some.iter().map(Value::to_string).collect::<Vec<_>>()))
            .await
            .unwrap();
    }
    (world, app)
}

/// Two hundred claims of three issuers, four keys and six sets, recorded in another order than they
/// occurred. The names of issuers contain slashes, and some claims name no key.
fn lines() -> Vec<Value> {
    (0..200)
        .map(|n| {
            let minute = (n * 271 + 131) % 1_400;
            let mut data = json!({"idp": format!("https://i{}.example/saml", n % 3),
                "assertion": format!("a{}", n % 190),
                "amr": [format!("m{}", n % 2), format!("m{}", n % 3)]});
            if n % 7 != 0 {
                data["key"] = json!(format!("k/{}", n % 4));
            }
            claim(n, &format!("T{}", n % 120), minute, data)
        })
        .collect()
}

/// Semantics 42: a claim that names no key may have been signed by one that only its retraction
/// states.
#[tokio::test]
async fn a_retracted_key_may_have_appeared_with_a_claim_that_names_none() {
    let claims = [
        claim(1, "A", 540, json!({"idp": "x", "assertion": "a1", "amr": ["pwd"]})),
        claim(2, "B", 550, json!({"idp": "x", "assertion": "a2", "amr": ["pwd"], "key": "K"})),
    ];
    let retraction = json!({"id": "r", "type": "trust.retracted", "source": "sp",
        "occurred_at": "2026-03-10T10:00:00Z", "recorded_at": "2026-03-11T00:00:00Z",
        "data": {"idp": "x", "key": "K", "from": "2026-03-10T08:00:00Z", "reason": "leaked"}});
    let asking = Asking { at: Some(at("23:59:59")), ..Asking::default() };
    for (more, from) in [(None, "09:10:00"), (Some(retraction), "09:00:00")] {
        let lines: Vec<_> = claims.iter().cloned().chain(more).collect();
        let (_world, app) = filled(Options::default(), &lines).await;
        let caller = owner("acme");
        let answer =
            app.first_seen(&caller, FirstSeenKind::Key, Window::default(), &asking).await.unwrap();
        let [first] = answer.value.items.as_slice() else { panic!("one key") };
        assert_eq!((first.bounds.from, first.bounds.to), (at(from), Some(at("09:10:00"))));
    }
}

/// At most 500 sessions are evaluated for a list of changes: those of the latest change first.
#[tokio::test]
async fn what_rested_on_the_latest_changes_is_counted_first() {
    let trust = |idp: &str, at: &str| {
        json!({"id": format!("trust-{idp}"), "type": "idp.configured", "source": "sp",
            "occurred_at": format!("2026-03-10T{at}Z"), "recorded_at": "2026-03-11T00:00:00Z",
            "data": {"idp": idp, "version": "v1", "kind": "third_party", "status": "active",
                "trust_claims": true}})
    };
    let mut lines = vec![trust("early", "00:00:01"), trust("late", "00:00:02")];
    for n in 0..601 {
        let idp = if n < 300 { "early" } else { "late" };
        let data = json!({"idp": idp, "assertion": format!("a{n}"), "amr": ["pwd"]});
        lines.push(claim(n, &format!("T{n}"), 10 + n, data));
    }
    let (_world, app) = filled(Options::default(), &lines).await;
    let asking = Asking { at: Some(at("23:59:59")), ..Asking::default() };
    let all = (0..3).map(LogPosition).collect();
    let counts = app.rested_on(&owner("acme"), &all, &asking).await.unwrap().value;
    let counts: Vec<_> = counts
        .iter()
        .map(|count| (count.change.record.source_id.as_str(), count.rested.is_some()))
        .collect();
    assert_eq!(counts, [("trust-early", false), ("trust-late", true)]);
}

/// The first minute of each value, computed from every line that is known.
fn expected_firsts(
    lines: &[Value],
    value: impl Fn(&Value) -> Option<String>,
) -> BTreeMap<String, String> {
    let mut firsts = BTreeMap::new();
    for line in lines {
        let Some(value) = value(&line["data"]) else { continue };
        let at = line["occurred_at"].as_str().unwrap().to_owned();
        let first = firsts.entry(value).or_insert_with(|| at.clone());
        *first = at.min(first.clone());
    }
    firsts
}

async fn found(app: &App, kind: FirstSeenKind, asking: &Asking) -> BTreeMap<String, String> {
    let answer = app.first_seen(&owner("acme"), kind, Window::default(), asking).await.unwrap();
    let of = |shown: &Shown| match shown {
        Shown::Issuer(idp) => idp.to_string(),
        Shown::Key(idp, key) => format!("{idp} {key}"),
        Shown::AmrSet(set) => set.iter().cloned().collect::<Vec<_>>().join("+"),
    };
    answer
        .value
        .items
        .iter()
        .map(|first| (of(&first.shown), first.claim.occurred.from.to_string()))
        .collect()
}

#[tokio::test]
async fn first_appearances_equal_a_computation_over_every_line_at_any_k() {
    let lines = lines();
    let (_world, app) = filled(Options::default(), &lines).await;
    for known in [200, 150, 90, 20, 1] {
        let asking = Asking {
            at: Some(time("2026-03-11T00:00:00Z")),
            known_at_position: Some(LogPosition(known)),
            ..Asking::default()
        };
        let lines = &lines[..known as usize];
        let text = |data: &Value, name: &str| data[name].as_str().map(str::to_owned);
        assert_eq!(
            found(&app, FirstSeenKind::Issuer, &asking).await,
            expected_firsts(lines, |data| text(data, "idp")),
            "issuers at #{known}"
        );
        let key = |data: &Value| Some(format!("{} {}", text(data, "idp")?, text(data, "key")?));
        assert_eq!(
            found(&app, FirstSeenKind::Key, &asking).await,
            expected_firsts(lines, key),
            "keys at #{known}"
        );
        let set = |data: &Value| {
            let mut amr: Vec<String> = data["amr"]
                .as_array()?
                .iter()
                .filter_map(|value| value.as_str().map(str::to_owned))
                .collect();
            amr.sort_unstable();
            amr.dedup();
            Some(amr.join("+"))
        };
        assert_eq!(
            found(&app, FirstSeenKind::AmrSet, &asking).await,
            expected_firsts(lines, set),
            "sets at #{known}"
        );
    }
    let noon = Asking { at: Some(at("12:00:00")), ..Asking::default() };
    let by_noon: Vec<Value> = lines
        .iter()
        .filter(|line| line["occurred_at"].as_str() <= Some("2026-03-10T12:00:00Z"))
        .cloned()
        .collect();
    let issuers = expected_firsts(&by_noon, |data| data["idp"].as_str().map(str::to_owned));
    assert_eq!(found(&app, FirstSeenKind::Issuer, &noon).await, issuers, "true at noon");
}

#[tokio::test]
async fn first_appearances_are_compared_with_the_whole_log_up_to_k() {
    let lines = lines();
    let (_world, app) = filled(Options::default(), &lines).await;
    let window = Window { from: Some(at("23:59:00")), to: None };
    let answer = app
        .first_seen(&owner("acme"), FirstSeenKind::Issuer, window, &known_at(150))
        .await
        .unwrap();
    assert_eq!(answer.value.items, []);
    let compared = answer.value.compared;
    let first = lines[..150].iter().filter_map(|line| line["occurred_at"].as_str()).min().unwrap();
    assert_eq!(
        (compared.from, compared.to, compared.values),
        (LogPosition(0), LogPosition(150), 3)
    );
    assert_eq!(compared.since, Some(time(first)));
}

#[tokio::test]
async fn a_repeated_assertion_is_found_from_the_k_of_its_repetition() {
    let (_world, app) = filled(Options::default(), &lines()).await;
    // Line n is assertion n % 190 of issuer n % 3. Line 191 would be the first to repeat both if
    // 190 were a multiple of 3, which it is not.
    let none = app.reused(&owner("acme"), &Asking::default()).await.unwrap().value;
    assert_eq!(none, []);
    let again = [
        claim(900, "T1", 1, json!({"idp": "https://i1.example/saml", "assertion": "a4"})),
        claim(901, "Z", 2, json!({"idp": "q", "assertion": "q"})),
    ];
    ingest(&app, "acme", drafts(&again.map(|line| line.to_string()))).await.unwrap();
    let twice = app.reused(&owner("acme"), &Asking::default()).await.unwrap().value;
    let uses: Vec<_> = twice
        .iter()
        .flat_map(|reuse| &reuse.uses)
        .map(|one| (one.session.as_str(), one.record.source_id.as_str()))
        .collect();
    assert_eq!((twice.len(), uses), (1, vec![("T1", "c900"), ("T4", "c4")]));
    assert_eq!(app.reused(&owner("acme"), &known_at(200)).await.unwrap().value, []);
    let before = Asking { at: Some(at("00:00:59")), ..Asking::default() };
    assert_eq!(
        app.reused(&owner("acme"), &before).await.unwrap().value,
        [],
        "one of the two had not been received"
    );
}

#[tokio::test]
async fn linked_ids_are_one_session_and_one_use_of_its_idp_session() {
    let start = |session: &str, minute: usize| {
        let mut line = claim(minute, session, minute, json!({"idp": "x", "idp_session": "i"}));
        line["type"] = json!("session.started");
        line
    };
    let mut link = claim(99, "A", 30, json!({"to": "B", "by": "test"}));
    link["type"] = json!("session.linked");
    let (_world, app) = filled(Options::default(), &[start("A", 10), start("B", 20), link]).await;
    assert_eq!(
        app.reused(&owner("acme"), &known_at(2)).await.unwrap().value.len(),
        1,
        "two sessions, as known then"
    );
    assert_eq!(app.reused(&owner("acme"), &Asking::default()).await.unwrap().value, []);
}

#[tokio::test]
async fn beyond_the_limit_the_question_is_refused_with_the_number() {
    for (limit, what) in [(2, "values"), (20, "sessions")] {
        let (_world, app) =
            filled(Options { most_candidates: limit, ..Options::default() }, &lines()).await;
        let refused = app
            .first_seen(
                &owner("acme"),
                FirstSeenKind::AmrSet,
                Window::default(),
                &Asking::default(),
            )
            .await;
        let words = refused.expect_err("more than the limit").to_string();
        assert!(
            words.contains(&format!("{limit} is the limit")) && words.contains(what),
            "{words}"
        );
    }
    let (_world, app) = filled(Options::default(), &[]).await;
    let nobody = Caller { roles: vec![Role::Ingest], ..owner("acme") };
    assert!(matches!(
        app.reused(&nobody, &Asking::default()).await,
        Err(AskError::Forbidden { needs: Role::Read })
    ));
}
