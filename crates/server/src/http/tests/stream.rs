//! Subscriptions: their form on the wire, their limits, and what ends them.

use super::support::World;
use crate::options::{Rate, ServerOptions};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
    response::Response,
};
use claimledger_app::model::question::Caller;
use claimledger_facts::{ids::TenantId, vocabulary::Role};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::time::Duration;
use tower::ServiceExt;

const CHANGES: &str =
    "subscription ($after: String) { sessionChanged(after: $after) { cursor sessionId } }";

pub(super) async fn open(world: &World, token: &str, query: &str, after: Option<&str>) -> Response {
    let body = json!({"query": query, "variables": {"after": after}}).to_string();
    let request = Request::post("/graphql/stream")
        .header("host", "ledger.example")
        .header("authorization", format!("Bearer {token}"));
    let request = request.header("content-type", "application/json");
    world.router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap()
}

/// The next piece of the body; none: it has ended.
pub(super) async fn piece(response: &mut Response) -> Option<String> {
    let frame = response.body_mut().frame().await?.unwrap();
    Some(String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap())
}

/// The answer that a piece holds, and what stands behind it.
fn answer(piece: &str) -> (Value, &str) {
    let (data, rest) = piece
        .strip_prefix("event: next\ndata: ")
        .unwrap_or_else(|| panic!("{piece}"))
        .split_once("\n\n")
        .unwrap();
    (serde_json::from_str(data).unwrap(), rest)
}

pub(super) async fn start(world: &World, token: &str) -> String {
    let answer = world
        .graphql(token, "{ changesCursor(asking: {knownAtPosition: 0}) { cursor } }")
        .await
        .json();
    answer["data"]["changesCursor"]["cursor"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn events_come_one_by_one_and_by_address_too() {
    let world = World::new().await;
    let token = world.token("acme", &[Role::Read], None).await;
    let after = start(&world, &token).await;
    let mut posted = open(&world, &token, CHANGES, Some(&after)).await;
    assert_eq!(posted.headers()[header::CONTENT_TYPE], "text/event-stream; charset=utf-8");
    assert_eq!(posted.headers()[header::CACHE_CONTROL], "no-store");
    let first = piece(&mut posted).await.unwrap();
    let (first, rest) = answer(&first);
    assert_eq!((first["data"]["sessionChanged"]["sessionId"].as_str(), rest), (Some("S7"), ""));
    let encoded: String = CHANGES.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let address =
        format!("/graphql/stream?query={encoded}&variables=%7B%22after%22%3A%22{after}%22%7D");
    let request = Request::get(address)
        .header("host", "ledger.example")
        .header("authorization", format!("Bearer {token}"))
        .body(Body::empty())
        .unwrap();
    let mut got = world.router.clone().oneshot(request).await.unwrap();
    assert_eq!(answer(&piece(&mut got).await.unwrap()).0, first);
}

#[tokio::test]
async fn what_is_refused_says_why_and_ends() {
    let world = World::new().await;
    let token = world.token("acme", &[Role::Read], None).await;
    let operator = world.token("acme", &[Role::Operate], None).await;
    let deep = "subscription \
                { sessionChanged { session { factors { because { because { because { because { \
                 because { because { because { because { because \
                { because { conclusion } } } } } } } } } } } } } }";
    let two = "subscription { a: sessionChanged { cursor } b: sessionChanged { cursor } }";
    for (token, query, after, code) in [
        (&token, CHANGES, Some("AAAA"), "RESTART"),
        (&token, "{ sessions { edges { cursor } } }", None, "NOT_A_SUBSCRIPTION"),
        (&token, two, None, "ONE_FIELD"),
        (
            &token,
            "subscription { ...f } fragment f on Subscription { sessionChanged { cursor } }",
            None,
            "ONE_FIELD",
        ),
        (&token, deep, None, "TOO_DEEP"),
        (&operator, CHANGES, None, "FORBIDDEN"),
    ] {
        let mut response = open(&world, token, query, after).await;
        assert_eq!(response.status(), StatusCode::OK);
        let refused = piece(&mut response).await.unwrap();
        assert_eq!(answer(&refused).0["errors"][0]["extensions"]["code"], code, "{query}");
        assert_eq!(piece(&mut response).await.as_deref(), Some("event: complete\ndata:\n\n"));
        assert_eq!(piece(&mut response).await, None);
    }
    assert_eq!(open(&world, "nobody", CHANGES, None).await.status(), StatusCode::UNAUTHORIZED);
    let elsewhere =
        world.graphql(&token, "subscription { sessionChanged { cursor } }").await.json();
    assert!(elsewhere["errors"][0].is_object(), "{elsewhere}");
}

#[tokio::test]
async fn a_credential_that_is_taken_back_hears_nothing_more() {
    let world = World::new().await;
    let owner = Caller::owner(TenantId::new("acme"));
    let (credential, token) = world.app.grant(&owner, &[Role::Read], None).await.unwrap();
    world.app.settled_status(&owner).await.unwrap();
    let after = start(&world, &token).await;
    let mut telling = open(&world, &token, CHANGES, Some(&after)).await;
    let mut waiting = open(&world, &token, CHANGES, None).await;
    assert!(piece(&mut telling).await.is_some());
    let revoke = async { world.app.revoke(&owner, &credential).await.unwrap() };
    let (told, _) = tokio::join!(piece(&mut waiting), revoke);
    for told in [told, piece(&mut telling).await] {
        let told = told.unwrap();
        let (refused, rest) = answer(&told);
        assert_eq!(refused["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
        assert_eq!(rest, "event: complete\ndata:\n\n");
    }
    assert_eq!((piece(&mut telling).await, piece(&mut waiting).await), (None, None));
}

#[tokio::test]
async fn a_credential_that_another_node_revoked_hears_nothing_after_five_seconds() {
    let (world, other) = World::of_two_nodes().await;
    let owner = Caller::owner(TenantId::new("acme"));
    let (credential, token) = other.grant(&owner, &[Role::Read], None).await.unwrap();
    world.app.settled_status(&owner).await.unwrap();
    let mut waiting = open(&world, &token, CHANGES, None).await;
    let silent = tokio::time::timeout(Duration::from_secs(3), piece(&mut waiting)).await;
    assert!(silent.is_err(), "nothing is said while it is valid: {silent:?}");
    assert!(other.revoke(&owner, &credential).await.unwrap());
    // Sooner than the heartbeat, which checks the credential too.
    let told = tokio::time::timeout(Duration::from_secs(5), piece(&mut waiting)).await.unwrap();
    let told = told.unwrap();
    assert_eq!(answer(&told).0["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    assert_eq!(piece(&mut waiting).await, None);
}

#[tokio::test]
async fn silence_is_said_now_and_then() {
    let world = World::with(ServerOptions {
        heartbeat: Duration::from_millis(5),
        ..ServerOptions::default()
    })
    .await;
    let token = world.token("acme", &[Role::Read], None).await;
    let mut response = open(&world, &token, CHANGES, None).await;
    for _ in 0..3 {
        assert_eq!(piece(&mut response).await.as_deref(), Some(":\n\n"));
    }
}

#[tokio::test]
async fn slots_are_limited_and_come_back() {
    let world = World::with(ServerOptions {
        subscriptions_of_one: 2,
        subscriptions: 3,
        ..ServerOptions::default()
    })
    .await;
    let (one, other) = (
        world.token("acme", &[Role::Read], None).await,
        world.token("globex", &[Role::Read], None).await,
    );
    let first = open(&world, &one, CHANGES, None).await;
    let _second = open(&world, &one, CHANGES, None).await;
    let refused = open(&world, &one, CHANGES, None).await;
    assert_eq!(
        (refused.status(), refused.headers().contains_key(header::RETRY_AFTER)),
        (StatusCode::TOO_MANY_REQUESTS, true)
    );
    let body: Value =
        serde_json::from_slice(&refused.into_body().collect().await.unwrap().to_bytes()).unwrap();
    assert_eq!(body["errors"][0]["extensions"]["code"], "TOO_MANY_SUBSCRIPTIONS");
    assert_eq!(body["errors"][0]["extensions"]["limit"], 2);
    let _third = open(&world, &other, CHANGES, None).await;
    assert_eq!(open(&world, &other, CHANGES, None).await.status(), StatusCode::TOO_MANY_REQUESTS);
    drop(first);
    assert_eq!(open(&world, &other, CHANGES, None).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn beginning_one_counts_as_a_question() {
    let world = World::with(ServerOptions {
        rate: Rate { per_second: 1, burst: 1 },
        ..ServerOptions::default()
    })
    .await;
    let token = world.token("acme", &[Role::Read], None).await;
    assert_eq!(open(&world, &token, CHANGES, None).await.status(), StatusCode::OK);
    assert_eq!(open(&world, &token, CHANGES, None).await.status(), StatusCode::TOO_MANY_REQUESTS);
}
