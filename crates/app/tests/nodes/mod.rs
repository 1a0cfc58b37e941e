//! Several nodes of one ledger: shared engines in memory, and own read models, tiles and indexes.

mod access;
mod duties;
mod reads;
mod shared;

use crate::common::{World, demo, drafts, ingest, owner, tenant};
use claimledger_app::app::{App, Nodes, Options};
use std::time::Duration;
use tokio::time::Instant;

pub(crate) fn many() -> Options {
    Options { nodes: Nodes::Many, ..Options::default() }
}

/// Two nodes with the day of acme, which the first one ingested.
async fn two_nodes() -> ((World, App), (World, App)) {
    let one = World::new();
    let two = one.node();
    let app = one.open_with(many()).await;
    app.init_tenant(&tenant("acme"), true, None).await.unwrap();
    ingest(&app, "acme", drafts(&demo("acme"))).await.unwrap();
    let other = two.open_with(many()).await;
    for app in [&app, &other] {
        app.settled_status(&owner("acme")).await.unwrap();
    }
    ((one, app), (two, other))
}

/// Waits until something is so, and returns how long that took.
async fn until(what: &str, most: Duration, is_so: impl AsyncFn() -> bool) -> Duration {
    let began = Instant::now();
    while !is_so().await {
        assert!(began.elapsed() <= most, "{what}: not within {most:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    began.elapsed()
}
