//! What is known, and has not begun at T, or that nobody stated: a page says which of the two, and
//! never that nothing is known.

use super::{
    radius::{cut, heads, page, text},
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

/// Before S3 starts.
const BEFORE_S3: &str = "2026-03-10T10:00:00Z";

/// Text of `<main>`.
fn main(html: &str) -> String {
    let main = html.split_once("<main").map_or(html, |(_, rest)| rest);
    let main = main.split_once("</main>").map_or(main, |(main, _)| main);
    text(main.split_once('>').map_or(main, |(_, inner)| inner))
}

async fn ingest(world: &World, lines: &[Value]) {
    let owner = Caller::owner(TenantId::new("acme"));
    let drafts = (1..).zip(lines).flat_map(|(n, line)| {
        let line = line.to_string();
        let read = translate(&Dialect::Native.into(), None, line.as_bytes()).unwrap();
        read.drafts.into_iter().map(move |draft| (n, draft))
    });
    let batch = Batch {
        drafts: drafts.collect(),
        channel: Channel::File,
        source: None,
        expected_revision: None,
        rehearsal_now: None,
    };
    world.app.ingest(&owner, batch).await.unwrap();
    world.app.settled_status(&owner).await.unwrap();
}

#[tokio::test]
async fn a_session_that_begins_after_t_has_not_begun() {
    let world = World::new().await;
    let shown = main(&page(&world, "/session?id=S3", BEFORE_S3, 82).await.body);
    assert!(shown.contains("NOT BEGUN AT T"), "{shown}");
    assert!(shown.contains("has not begun at T. It starts 2026-03-10 13:20:00Z"), "{shown}");
    assert!(!shown.contains("signed in"), "{shown}");
}

#[tokio::test]
async fn a_chain_of_what_begins_after_t_is_known() {
    let world = World::new().await;
    for (id, kind) in [
        ("S3", "a session at the service provider"),
        ("is-S3", "a session at an IdP"),
        ("app-S3-payroll-1", "an application's session"),
    ] {
        let shown = main(&page(&world, &format!("/chain?id={id}"), BEFORE_S3, 82).await.body);
        let expected = format!(
            "{id} is {kind}. It is known at #82, and nothing of it had begun at T. It begins \
             2026-03-10 13:"
        );
        assert!(shown.contains(&expected), "{id}: {shown}");
    }
    // At a T at which it has begun nothing is said of that, and what no record names stays unknown.
    let shown = main(&page(&world, "/chain?id=S3", AT, 82).await.body);
    assert!(!shown.contains("begun"), "{shown}");
    let cookie = world.cookie("acme", &[Role::Read]);
    for (id, known_at) in [("nothing", 82), ("S3", 10)] {
        let path = format!("/chain?id={id}&{}", cut(BEFORE_S3, known_at));
        assert_eq!(world.get(&path, &cookie).await.status, StatusCode::NOT_FOUND, "{id}");
    }
}

#[tokio::test]
async fn what_is_known_later_says_from_where_on_at_every_t() {
    let world = World::new().await;
    let cookie = world.cookie("acme", &[Role::Read]);
    for at in [BEFORE_S3, AT] {
        let answer = world.get(&format!("/session?id=S3&{}", cut(at, 10)), &cookie).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        let shown = main(&answer.body);
        assert!(shown.contains("known at #10 in your tenant. It is known from #"), "{at}: {shown}");
    }
}

#[tokio::test]
async fn keys_and_idps_that_only_claims_or_retractions_name_are_listed() {
    let world = World::new().await;
    let fact = |id: &str, kind: &str, data: Value| {
        json!({
            "id": id, "type": kind, "occurred_at": "2026-03-10T22:00:00Z", "source": "acme-sp",
            "recorded_at": "2026-03-10T23:00:00Z", "data": data,
        })
    };
    let mut claim = fact(
        "n-1",
        "claims.received",
        json!({"idp": "idp-q", "assertion": "as-Q", "amr": ["pwd"], "key": "K9"}),
    );
    (claim["session"], claim["subject"]) = (json!("Q"), json!({"id": "u-q"}));
    let retracted = fact(
        "n-2",
        "trust.retracted",
        json!({
            "idp": "idp-y", "key": "Y7", "from": "2026-03-10T21:00:00Z", "reason": "leaked",
            "actor": "admin-2",
        }),
    );
    ingest(&world, &[claim, retracted]).await;
    let shown = main(&page(&world, "/blast", AT, 84).await.body);
    for words in ["K9 of idp-q", "Y7 of idp-y", "X1 of idp-x", "idp-q"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    // As known before, there are none.
    let before = main(&page(&world, "/blast", AT, 82).await.body);
    assert!(!before.contains("idp-q") && !before.contains("Y7"), "{before}");
    let trust = page(&world, "/trust", AT, 84).await.body;
    let keys = trust.split("id=\"keys-h\"").nth(1).unwrap().split("</section>").next().unwrap();
    assert_eq!(heads(keys), ["X1", "X2", "Y1", "Z1", "K9", "Y7"]);
    let words = text(keys);
    assert!(words.contains("Y7idp-ynot stated by T–not statedfrom"), "{words}");
    assert!(words.contains("K9idp-qnot stated by T–not stated"), "{words}");
    let one = page(&world, "/trust?idp=idp-y", AT, 84).await.body;
    let keys = one.split("id=\"keys-h\"").nth(1).unwrap().split("</section>").next().unwrap();
    assert_eq!(heads(keys), ["Y1", "Y7"]);
}

#[tokio::test]
async fn a_text_in_the_address_of_find_is_said_not_to_be_searched() {
    let world = World::new().await;
    let cookie = world.cookie("acme", &[Role::Read]);
    let shown = main(&world.get("/find?q=alice%40acme.example", &cookie).await.body);
    assert!(shown.contains("The text in the address is not searched"), "{shown}");
    assert!(!shown.contains("alice"), "{shown}");
    for path in ["/find".to_owned(), format!("/find?{}", cut(AT, 82))] {
        let shown = main(&world.get(&path, &cookie).await.body);
        assert!(!shown.contains("not searched"), "{path}: {shown}");
    }
}

#[tokio::test]
async fn all_late_facts_of_a_source_are_a_list_of_pages() {
    let world = World::new().await;
    let late: Vec<Value> = (0..230)
        .map(|n| {
            json!({
                "id": format!("late-{n}"), "type": "app.accessed", "source": "acme-sp",
                "occurred_at": "2026-03-10T14:00:00Z", "recorded_at": "2026-03-10T23:00:00Z",
                "session": "LATE", "subject": {"id": "u-late"}, "data": {"app": "payroll"},
            })
        })
        .collect();
    ingest(&world, &late).await;
    let answer = page(&world, "/sources?source=acme-sp", AT, 312).await;
    let shown = main(&answer.body);
    assert!(shown.contains("shown are 20: those that came latest."), "{shown}");
    let link = answer.body.split("<a href=\"").find(|rest| rest.contains(">All of them<"));
    let mut next = link.map(|rest| rest.split('"').next().unwrap().replace("&amp;", "&"));
    let cookie = world.cookie("acme", &[Role::Read]);
    let mut counts = Vec::new();
    while let Some(path) = next {
        let body = world.get(&path, &cookie).await.body;
        let table = body.split("aria-label=\"All of them\"").nth(1).unwrap();
        counts.push(table.split("</table>").next().unwrap().matches("<tr>").count() - 1);
        let link = body.split("rel=\"next\" href=\"").nth(1);
        next = link.map(|rest| rest.split('"').next().unwrap().replace("&amp;", "&"));
    }
    // Two of the fixture's day are late too.
    assert_eq!(counts, [200, 32]);
    for bad in ["list=late", "source=acme-sp&list=other"] {
        let path = format!("/sources?{bad}&{}", cut(AT, 312));
        assert_eq!(world.get(&path, &cookie).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
}

#[tokio::test]
async fn trust_that_was_found_between_two_looks_is_hatched_on_its_strip() {
    let world = World::new().await;
    let version = |id: &str, occurred: Value, trusted: bool| {
        json!({
            "id": id, "type": "idp.configured", "occurred_at": occurred, "source": "acme-sp",
            "recorded_at": "2026-03-10T23:00:00Z",
            "data": {"idp": "idp-q", "version": id, "kind": "third_party", "status": "active",
                "trust_claims": trusted},
        })
    };
    let between = json!({"from": "2026-03-10T08:10:00Z", "to": "2026-03-10T09:10:00Z"});
    let first = version("q0", json!("2026-03-10T08:00:00Z"), false);
    ingest(&world, &[first, version("q1", between, true)]).await;
    let body = page(&world, "/trust?idp=idp-q", AT, 84).await.body;
    assert_eq!(body.matches("class=\"bounded\"").count(), 2, "{body}");
    for words in [
        "q0: not trusted, 2026-03-10 08:00:00Z until between 08:10:00Z and 09:10:00Z",
        "q1: trusted, between 2026-03-10 08:10:00Z and 09:10:00Z",
    ] {
        assert!(body.contains(words), "{words}: {body}");
    }
}
