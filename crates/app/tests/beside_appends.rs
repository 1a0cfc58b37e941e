//! What a read that names no K waits for while others append.

mod common;

use claimledger_app::{
    app::{App, Options},
    ask::Asking,
};
use claimledger_facts::ids::SessionId;
use common::*;
use serde_json::json;
use std::time::Duration;
use tokio::time::Instant;

/// Read models that stay where they are, and 300 records behind them that came in so many requests.
async fn behind(requests: usize) -> App {
    let (world, app) = acme().await;
    app.settled_status(&owner("acme")).await.unwrap();
    app.close().await;
    let app = world.open_with(Options { follow: false, ..Options::default() }).await;
    let facts: Vec<String> = (0..300)
        .map(|n| {
            let fact = json!({"id": format!("more-{n}"), "type": "app.accessed", "occurred_at": "2026-03-10T22:00:00Z", "session": format!("M{n}"),
                "subject": {"id": "u-more"}, "data": {"app": "wiki"}});
            fact.to_string()
        })
        .collect();
    for some in facts.chunks(300 / requests) {
        ingest(&app, "acme", drafts(some)).await.unwrap();
    }
    app
}

/// How long a read waited, and where it stands.
async fn asked(app: &App) -> (Duration, u64) {
    let began = Instant::now();
    let answer = app.session(&owner("acme"), &SessionId::new("M1"), &Asking::default()).await.unwrap();
    assert!(answer.value.is_none(), "the read models do not have it");
    (began.elapsed(), answer.answered.position.0)
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_the_read_models_do_not_keep_up_with_is_not_waited_for() {
    let app = behind(30).await;
    let (waited, position) = asked(&app).await;
    assert!(waited <= Duration::from_millis(10), "{waited:?}");
    assert_eq!(position, 82, "it says where it stands");
    // Half a second after the last one it is no stream any more.
    tokio::time::advance(Duration::from_millis(500)).await;
    assert!(asked(&app).await.0 >= Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn after_a_single_request_the_read_models_are_waited_for() {
    let app = behind(1).await;
    let (waited, position) = asked(&app).await;
    assert!(waited >= Duration::from_secs(5), "{waited:?}");
    assert_eq!(position, 82);
}
