//! What an open page hears of newer records: how many touch its answer, and no record of another.

use super::{stream::piece, support::World};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
    response::Response,
};
use claimledger_app::model::{
    access::{AccessEntry, AccessFilter},
    question::Caller,
};
use claimledger_facts::{
    ids::TenantId,
    vocabulary::{Role, Surface},
};
use std::time::Duration;
use tower::ServiceExt;

async fn open(world: &World, cookie: &str, path: &str, last: Option<&str>) -> Response {
    let mut request = Request::get(path).header("host", "ledger.example").header("cookie", cookie);
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    world.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

/// The next event; none: nothing comes for a while.
async fn event(response: &mut Response) -> Option<String> {
    tokio::time::timeout(Duration::from_millis(700), piece(response)).await.ok().flatten()
}

async fn entries(world: &World) -> Vec<AccessEntry> {
    let owner = Caller::owner(TenantId::new("acme"));
    let page = world.app.accesses(&owner, &AccessFilter::default(), 50, None).await.unwrap();
    page.entries.into_iter().filter(|entry| entry.disclosed.credential != "owner").collect()
}

async fn records(world: &World) -> u64 {
    let owner = Caller::owner(TenantId::new("acme"));
    world.app.status(&owner).await.unwrap().head
}

#[tokio::test]
async fn a_page_is_told_how_many_records_touch_its_answer() {
    let world = World::new().await;
    let cookie = world.cookie("acme", &[Role::Read]);
    // After #63: the loss of bob's key, the retraction of the key whose lane is drawn, and the end
    // of S2. Other sessions' records are not counted.
    let mut told = open(&world, &cookie, "/live?id=S2&known=63", None).await;
    assert_eq!(told.headers()[header::CONTENT_TYPE], "text/event-stream; charset=utf-8");
    let first = event(&mut told).await.unwrap();
    assert_eq!(first, "id: 64:1\ndata: 1 newer record touches this answer\n\n");
    let second = event(&mut told).await.unwrap();
    assert_eq!(second, "id: 67:2\ndata: 2 newer records touch this answer\n\n");
    let third = event(&mut told).await.unwrap();
    assert_eq!(third, "id: 77:3\ndata: 3 newer records touch this answer\n\n");
    assert_eq!(event(&mut told).await, None);
    // Each is an entry of its own, of this session alone.
    let shown = entries(&world).await;
    assert_eq!(shown.len(), 3, "{shown:?}");
    for entry in &shown {
        let names: Vec<&str> = entry.disclosed.sessions.iter().map(|id| id.as_str()).collect();
        assert_eq!((entry.disclosed.surface, names), (Surface::Subscription, vec!["S2"]));
    }
    // A page that stays at its T: what ended later does not touch it.
    let at = "/live?id=S2&known=63&at=2026-03-10T14:05:00Z";
    let mut fixed = open(&world, &cookie, at, None).await;
    assert_eq!(event(&mut fixed).await.unwrap(), first);
    assert_eq!(event(&mut fixed).await.unwrap(), second);
    assert_eq!(event(&mut fixed).await, None);
    drop(fixed);
    // It goes on after the last one; a decision's page hears of its session.
    let mut rest = open(&world, &cookie, "/live?pos=30&known=63", Some("67:2")).await;
    let words = "id: 77:3\ndata: 3 newer records touch its session\n\n";
    assert_eq!(event(&mut rest).await.unwrap(), words);
}

#[tokio::test]
async fn other_pages_are_told_how_many_records_there_are() {
    let world = World::new().await;
    let cookie = world.cookie("acme", &[Role::Read]);
    let size = records(&world).await;
    let known = size - 3;
    let mut told = open(&world, &cookie, &format!("/live?known={known}"), None).await;
    let words = format!("id: {}:2\ndata: 2 newer records\n\n", size - 1);
    assert_eq!(event(&mut told).await.unwrap(), words);
    assert_eq!(event(&mut told).await, None, "nothing is newer");
    let token = world.token("acme", &[Role::Ingest], Some("acme-sp")).await;
    let more = records(&world).await - size;
    assert!(more > 0, "that there is a credential is a record");
    let told = tokio::time::timeout(Duration::from_secs(3), piece(&mut told)).await.unwrap();
    let words = format!("data: {} newer records\n\n", 2 + more);
    assert!(told.as_ref().unwrap().ends_with(&words), "{told:?}");
    assert_eq!(entries(&world).await.len(), 0, "a number of records shows none");
    drop(token);
}

#[tokio::test]
async fn it_ends_with_the_session_is_limited_and_needs_the_role() {
    let world = World::new().await;
    let cookie = world.cookie("acme", &[Role::Read]);
    let (path, mut open_pages) = ("/live?id=S2&known=82", Vec::new());
    for _ in 0..3 {
        open_pages.push(open(&world, &cookie, path, None).await);
    }
    assert_eq!(open(&world, &cookie, path, None).await.status(), StatusCode::NO_CONTENT);
    let another = world.cookie("acme", &[Role::Read]);
    assert_eq!(open(&world, &another, path, None).await.status(), StatusCode::OK);
    world.app.end_page_session(cookie.split_once('=').unwrap().1);
    for page in &mut open_pages {
        assert_eq!(event(page).await.as_deref(), Some("event: end\ndata:\n\n"));
        assert_eq!(piece(page).await, None);
    }
    let refused = open(&world, &cookie, path, None).await;
    assert_ne!(refused.status(), StatusCode::OK);
    let operator = world.cookie("acme", &[Role::Operate]);
    for path in [path, "/live?known=82"] {
        let refused = open(&world, &operator, path, None).await;
        assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{path}");
    }
    let bad = open(&world, &another, "/live?id=S2", None).await;
    assert_eq!(bad.status(), StatusCode::UNPROCESSABLE_ENTITY);
    // Another tenant's session is nothing.
    let mut other = open(&world, &another, "/live?id=GX1&known=1", None).await;
    assert_eq!(event(&mut other).await, None);
}
