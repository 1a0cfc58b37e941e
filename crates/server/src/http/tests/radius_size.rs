//! Pages of a ledger with one session of many records: their counts are whole, their lists are not.

use super::{
    reading::{cut, heads, page, section, tile, total},
    support::{AT, World},
};
use axum::http::StatusCode;
use claimledger_facts::vocabulary::Role;
use serde_json::{Value, json};

/// Decisions of the session.
const DECISIONS: usize = 600;
/// Sessions of the other ledger: more than a page lists.
const WIDE: usize = 120;
/// Maximum bytes of a page.
const MAX_BYTES: usize = 250_000;

/// As many sessions, by ids of the usual length, as a page lists, each with a decision that falls.
async fn add_wide(world: &World) -> u64 {
    let fact = |n: usize, id: &str, kind: &str, data: Value| {
        let at = format!("2026-03-10T14:{:02}:{:02}Z", n / 60, n % 60);
        json!({
            "id": format!("9b2f6c1e-77aa-4d0b-8c35-{n:08x}{id}"), "type": kind, "occurred_at": at,
            "recorded_at": "2026-03-10T23:00:00Z", "source": "acme-sp",
            "subject": {"id": format!("4c1d9e70-0b6a-4a53-9d2f-{n:012x}"),
                "login": format!("alice.with.a.long.name.{n}@subsidiary.acme.example"),
                "name": format!("Alice With A Long Name {n}")},
            "session": format!("1f0e8a52-3c4d-4b7e-a961-{n:012x}"), "data": data,
        })
    };
    let mut facts = Vec::new();
    for n in 0..WIDE {
        let at = format!("2026-03-10T14:{:02}:{:02}Z", n / 60, n % 60);
        let claims = json!({
            "idp": "idp-x", "assertion": format!("as-{n}"), "amr": ["pwd", "otp"], "key": "X1",
            "protocol": "oidc", "auth_time": at,
        });
        let decided = json!({
            "app": "payroll", "policy": "payroll", "outcome": "allow", "version": "v1",
            "rule": "payroll-1",
        });
        facts.push(fact(n, "c", "claims.received", claims));
        facts.push(fact(n, "s", "session.started", json!({"idp": "idp-x"})));
        facts.push(fact(n, "d", "policy.decided", decided));
    }
    add(world, &facts).await
}

/// A session with as many decisions, each with a session of the application.
async fn add_big(world: &World) -> u64 {
    let fact = |id: &str, kind: &str, at: &str, data: Value| {
        json!({
            "id": format!("BIG-{id}"), "type": kind, "occurred_at": at,
            "recorded_at": "2026-03-10T23:00:00Z", "source": "acme-sp",
            "subject": {"id": "u-big"}, "session": "BIG", "data": data,
        })
    };
    let begun = "2026-03-10T14:00:00Z";
    let claims = json!({
        "idp": "idp-x", "assertion": "as-BIG", "amr": ["pwd", "otp"], "key": "X1",
        "protocol": "oidc", "auth_time": begun,
    });
    let mut facts = vec![
        fact("claims", "claims.received", begun, claims),
        fact("start", "session.started", begun, json!({"idp": "idp-x", "idp_session": "is-BIG"})),
    ];
    for n in 0..DECISIONS {
        let at = format!("2026-03-10T14:{:02}:{:02}Z", 1 + n / 60, n % 60);
        let decided = json!({
            "app": "payroll", "policy": "payroll", "outcome": "allow", "version": "v1",
            "rule": "payroll-1",
        });
        facts.push(fact(&format!("d{n}"), "policy.decided", &at, decided));
        let accessed = json!({"app": "payroll", "app_session": format!("app-BIG-{n}")});
        facts.push(fact(&format!("a{n}"), "app.accessed", &at, accessed));
    }
    add(world, &facts).await
}

/// Adds facts to those of the fixture. Returns the last position.
async fn add(world: &World, facts: &[Value]) -> u64 {
    world.ingest(facts).await;
    82 + facts.len() as u64
}

#[tokio::test]
async fn no_list_of_one_long_session_is_without_end_and_its_counts_are_whole() {
    let world = World::new().await;
    let known_at = add_big(&world).await;
    let mut counted = 0;
    for kind in [
        "kind=key&idp=idp-x&key=X1",
        "kind=idp&idp=idp-x",
        "kind=actor&actor=admin-1",
        "kind=change&pos=67",
        "kind=change&pos=29",
    ] {
        let answer = page(&world, &format!("/blast?{kind}"), AT, known_at).await;
        assert!(answer.body.len() < MAX_BYTES, "{kind}: {}", answer.body.len());
        let number = tile(&answer, "decisions").unwrap();
        let listed = section(&answer.body, "decisions");
        if total(&number) > DECISIONS {
            counted += 1;
            let more = format!("{} more, which this page does not list", total(&number) - 100);
            assert!(listed.contains(&more), "{kind}: {number}: {listed}");
            assert_eq!(heads(&listed).len(), 100, "{kind}");
        }
        // What falls is a part of it: neither is "at least" while the other is not.
        if let Some(falls) = tile(&answer, "falls") {
            let fallen = falls.split(" decisions").next().unwrap();
            assert!(total(fallen) <= total(&number), "{kind}: {falls} of {number}");
            assert!(!falls.contains("at least") && !number.contains("at least"), "{falls}");
        }
    }
    assert!(counted >= 3, "{counted}");
    let cookie = world.cookie("acme", &[Role::Read]);
    let chain = world.get(&format!("/chain?id=BIG&{}", cut(AT, known_at)), &cookie).await;
    assert_eq!(chain.status, StatusCode::OK, "{}", chain.body);
    assert!(chain.body.len() < MAX_BYTES, "{}", chain.body.len());
    let more = format!("{} more, which this page does not list", DECISIONS - 100);
    assert!(chain.body.contains(&more), "{}", chain.body);
}

#[tokio::test]
async fn a_page_of_as_many_sessions_decisions_and_falls_as_it_lists_is_small() {
    let world = World::new().await;
    let known_at = add_wide(&world).await;
    let cookie = world.cookie("acme", &[Role::Read, Role::Investigate]);
    for kind in [
        "kind=key&idp=idp-x&key=X1&from=2026-03-10T13:40:00Z",
        "kind=idp&idp=idp-x",
        "kind=actor&actor=admin-1",
        "kind=change&pos=67",
    ] {
        let address = format!("/blast?{kind}&names=1&{}", cut(AT, known_at));
        let answer = world.get(&address, &cookie).await;
        assert_eq!(answer.status, StatusCode::OK, "{kind}: {}", answer.body);
        println!("{kind}: {} bytes", answer.body.len());
        assert!(answer.body.len() < MAX_BYTES, "{kind}: {}", answer.body.len());
        let sessions = total(&tile(&answer, "live").unwrap());
        assert!(sessions >= 90, "{kind}: {sessions}");
        let listed = heads(&section(&answer.body, "live-h")).len();
        assert!(listed > 20, "{kind}: {listed} of {sessions}");
    }
}
