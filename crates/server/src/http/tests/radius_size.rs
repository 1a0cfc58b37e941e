//! Pages of a ledger with one session of many records: their counts are whole, their lists are not.

use super::{
    radius::{cut, heads, page, section, tile, total},
    support::{AT, World},
};
use axum::http::StatusCode;
use claimledger_app::{intake::Batch, model::question::Caller};
use claimledger_facts::{
    ids::TenantId,
    vocabulary::{Channel, Role},
};
use claimledger_sources::{Dialect, translate};
use serde_json::{Value, json};

/// Decisions of the session.
const DECISIONS: usize = 600;
/// Maximum bytes of a page.
const MAX_BYTES: usize = 250 * 1024;

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
    let owner = Caller::owner(TenantId::new("acme"));
    // As many at once as a log takes.
    for some in facts.chunks(300) {
        let drafts = (1..)
            .zip(some)
            .flat_map(|(n, fact)| {
                let line = fact.to_string();
                let translated = translate(&Dialect::Native.into(), None, line.as_bytes()).unwrap();
                translated.drafts.into_iter().map(move |draft| (n, draft))
            })
            .collect();
        let batch = Batch {
            drafts,
            channel: Channel::File,
            source: None,
            expected_revision: None,
            rehearsal_now: None,
        };
        world.app.ingest(&owner, batch).await.unwrap();
    }
    world.app.settled_status(&owner).await.unwrap();
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
