//! The scrub: slowly reads all stored data in the background, so that damage is found before a
//! question needs the data.
//!
//! Every byte of a record is compared with the commitments in its header, and every header with its
//! leaf hash. Read models, keys and states have checks of their own (`Views::check`,
//! `KeyStore::check`, `StateStore::check`). Damage is shown by `status` and `/readyz`; damaged read
//! models are rebuilt. See `docs/decisions/0020-damaged-files.md`.

use crate::{app::Inner, projection::rebuild, read::reader::decode_record, tenant::Tenant};
use claimledger_facts::ids::LogPosition;
use claimledger_ledger::log::{Log, LogError};
use std::{
    sync::{Arc, Weak},
    time::Duration,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Maximum records per read.
const BATCH_RECORDS: usize = 128;
/// The pause after each read, as a multiple of the duration of the read.
const PAUSE_FACTOR: u32 = 4;
/// Minimum interval between rounds.
const MIN_ROUND_INTERVAL: Duration = Duration::from_secs(600);
/// Minimum interval between rounds, as a multiple of the duration of a round: the read models are
/// checked without pauses, which takes about a minute per ten million records.
const ROUND_INTERVAL_FACTOR: u32 = 60;
/// Delay of the first round, so that it does not slow down the start.
const FIRST_ROUND_DELAY: Duration = Duration::from_secs(1);
/// Interval of checks whether a question found damaged read models.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// Runs until cancelled or the ledger is dropped.
pub(crate) async fn run(app: Weak<Inner>, stop: CancellationToken) {
    let (mut next, mut rebuild_failed) = (Instant::now() + FIRST_ROUND_DELAY, false);
    loop {
        tokio::select! {
            () = tokio::time::sleep(POLL_INTERVAL) => {}
            () = stop.cancelled() => return,
        }
        let Some(inner) = app.upgrade() else { return };
        let tenants = inner.opened();
        let began = Instant::now();
        let due = began >= next;
        let round = async {
            if due {
                check_durable_files(&inner, &tenants).await;
            }
            // Damage found by a question is handled before the next round.
            if due || (!rebuild_failed && tenants.iter().any(|tenant| is_damaged(tenant))) {
                check_views(&inner, &tenants).await
            } else {
                !rebuild_failed
            }
        };
        tokio::select! {
            well = round => rebuild_failed = !well,
            () = stop.cancelled() => return,
        }
        if due {
            next = Instant::now() + MIN_ROUND_INTERVAL.max(began.elapsed() * ROUND_INTERVAL_FACTOR);
        }
    }
}

fn is_damaged(tenant: &Tenant) -> bool {
    tenant.health.health().damage.is_some_and(|damage| damage.place.file() == "views")
}

async fn check_durable_files(app: &Inner, tenants: &[Arc<Tenant>]) {
    for tenant in tenants {
        if let Err(error) = check_records(&*app.log, tenant, LogPosition(0), PAUSE_FACTOR).await {
            report(app, tenant, &error);
        }
    }
    // All tenants share these files.
    for checked in [app.keys.check().await, app.state.check().await] {
        if let Err(error) = checked {
            tenants.iter().for_each(|tenant| report(app, tenant, &error));
        }
    }
}

/// Checks the read models, and rebuilds them if they are damaged. Returns whether they are intact
/// afterwards.
async fn check_views(app: &Inner, tenants: &[Arc<Tenant>]) -> bool {
    match app.views.check().await {
        Ok(()) if !tenants.iter().any(|tenant| is_damaged(tenant)) => return true,
        Ok(()) => {}
        Err(error) => {
            tenants.iter().for_each(|tenant| report(app, tenant, &error));
            if !error.is_damage() {
                return true;
            }
        }
    }
    for tenant in tenants {
        match rebuild::heal(&app.log, &app.views, tenant).await {
            Ok(report) => {
                tracing::warn!(tenant = %tenant.id, healed = report.healed, "the read models were \
                    rebuilt")
            }
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(tenant = %tenant.id, error, "damaged read models could not be \
                    rebuilt: stop the server and run `claimledger rebuild`");
                return false;
            }
        }
    }
    let well = app.views.check().await.is_ok();
    if well {
        app.views.condemn(None);
        for tenant in tenants {
            tenant.health.mended("views");
            tenant.progress.stop(None);
        }
    }
    well
}

fn report(app: &Inner, tenant: &Tenant, error: &LogError) {
    if error.is_damage() {
        tracing::error!(tenant = %tenant.id, %error, "damage was found in the background");
        tenant.report_damage(&*app.views, error);
    } else {
        tracing::warn!(tenant = %tenant.id, %error, "the check could not complete");
    }
}

/// Decodes every record from a position to the head, and checks it against its commitments. Returns
/// the number of records.
pub(crate) async fn check_records(
    log: &dyn Log,
    tenant: &Tenant,
    from: LogPosition,
    pause: u32,
) -> Result<u64, LogError> {
    let mut next = from.0;
    loop {
        let began = Instant::now();
        let entries = log.read(&tenant.id, LogPosition(next), BATCH_RECORDS).await?;
        if entries.is_empty() {
            return Ok(next - from.0);
        }
        let tenant_id = tenant.id.clone();
        let first = next;
        next += entries.len() as u64;
        // On a blocking thread: decoding is CPU-bound.
        let decoded = tokio::task::spawn_blocking(move || {
            entries.iter().zip(first..).try_for_each(|(entry, position)| {
                decode_record(&tenant_id, LogPosition(position), entry).map(drop)
            })
        });
        decoded.await.map_err(|error| LogError::Unavailable {
            reason: "a check was cancelled".to_owned(),
            source: Some(Box::new(error)),
        })??;
        tokio::time::sleep(began.elapsed() * pause).await;
    }
}
