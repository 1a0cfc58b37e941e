//! What is known, and has not begun at T: a page says so, and never that nothing is known.

use super::{
    reading::{cut, main, page},
    support::{AT, World},
};
use axum::http::StatusCode;
use claimledger_facts::vocabulary::Role;

/// Before S3 starts.
const BEFORE_S3: &str = "2026-03-10T10:00:00Z";

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
