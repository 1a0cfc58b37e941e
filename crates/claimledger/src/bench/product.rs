//! The product, in process, through the use case that every way in calls: translation, sealing,
//! commitments, deduplication, views running.

use super::corpus;
use crate::engine::{self, Location};
use anyhow::Result;
use claimledger_app::{
    app::{App, Options},
    intake::Batch,
    model::question::Caller,
};
use claimledger_facts::{
    ids::{SourceId, TenantId},
    vocabulary::Channel,
};
use claimledger_sources::{Dialect, translate};
use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

/// Maximum time until a closed ledger can be opened by another process.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(10);

/// What one run gave.
pub(crate) struct Run {
    /// Acknowledged events a second.
    pub(crate) rate: f64,
    /// Records that the read models were behind when the last append was acknowledged.
    pub(crate) lag: u64,
    /// Seconds until they had caught up.
    pub(crate) catch_up_secs: f64,
}

/// `clients` tasks, requests of `size` events, into a new ledger. It is closed at the end.
pub(crate) async fn append(
    location: &Location,
    events: usize,
    clients: usize,
    size: usize,
) -> Result<Run> {
    let app = engine::create_or_open(location, Options::default()).await?;
    let tenant = TenantId::new("bench");
    app.init_tenant(&tenant, false, None).await?;
    let caller = Arc::new(Caller::owner(tenant));
    let mut requests: Vec<Vec<Vec<Vec<u8>>>> = vec![Vec::new(); clients];
    for (n, first) in (0..events).step_by(size).enumerate() {
        requests[n % clients].push((first..events.min(first + size)).map(corpus::line).collect());
    }
    let began = Instant::now();
    let tasks: Vec<_> = requests
        .into_iter()
        .map(|requests| {
            let (app, caller) = (app.clone(), Arc::clone(&caller));
            tokio::spawn(async move {
                for lines in requests {
                    send(&app, &caller, Dialect::OktaSystemLog, &lines).await?;
                }
                anyhow::Ok(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    let rate = events as f64 / began.elapsed().as_secs_f64();
    let status = app.status(&caller).await?;
    let caught_up = Instant::now();
    app.settled_status(&caller).await?;
    let catch_up_secs = caught_up.elapsed().as_secs_f64();
    close(app, &location.dir).await?;
    Ok(Run { rate, lag: status.head - status.assessed_to, catch_up_secs })
}

/// Closes a ledger, and waits until another process can have it: background tasks end a moment
/// later.
pub(crate) async fn close(app: App, dir: &Path) -> Result<()> {
    app.close().await;
    let lock = std::fs::File::open(dir.join("owner.lock"))?;
    let began = Instant::now();
    while lock.try_lock().is_err() {
        anyhow::ensure!(began.elapsed() < CLOSE_TIMEOUT, "{} is still in use", dir.display());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

/// One request of many lines.
pub(crate) async fn send(
    app: &App,
    caller: &Caller,
    dialect: Dialect,
    lines: &[Vec<u8>],
) -> Result<()> {
    let mut drafts = Vec::with_capacity(lines.len());
    for (n, line) in lines.iter().enumerate() {
        drafts.extend(
            translate(&dialect.into(), None, line)?
                .drafts
                .into_iter()
                .map(|draft| (n as u64 + 1, draft)),
        );
    }
    let batch = Batch {
        drafts,
        channel: Channel::File,
        source: Some(SourceId::new("okta")),
        expected_revision: None,
        rehearsal_now: None,
    };
    app.ingest(caller, batch).await?;
    Ok(())
}
