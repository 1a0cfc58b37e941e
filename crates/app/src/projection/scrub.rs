//! The scrub: a server reads everything that is stored again, slowly, so that damage is found
//! before somebody asks for it.
//!
//! Records are decoded with their commitments, so that every byte of a record is compared with what
//! its header commits to, and every header with its leaf. The read models and the keys check
//! themselves (`Views::check`, `KeyStore::check`). What is found goes to `status` and `/readyz`;
//! damaged read models are made anew beside the old ones. See
//! `docs/decisions/0020-damaged-files.md`.

use crate::{app::Inner, projection::rebuild, read::reader::decode_record, tenant::Tenant};
use claimledger_facts::ids::LogPosition;
use claimledger_ledger::log::{Log, LogError};
use std::{
    sync::{Arc, Weak},
    time::Duration,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Records that are read at once.
const RECORDS: usize = 128;
/// The pause after each such read is this many times as long as the read took.
const PAUSE: u32 = 4;
/// The shortest pause between two rounds.
const BETWEEN: Duration = Duration::from_secs(600);
/// A round is at most this part of the time: the read models are checked in one go, which takes a
/// minute for some ten million records.
const SHARE: u32 = 60;
/// The first round leaves the start to others.
const AT_START: Duration = Duration::from_secs(1);
/// How often it is looked whether an answer met damaged read models.
const LOOK: Duration = Duration::from_secs(1);

/// Goes round until told to stop, or the ledger is gone.
pub(crate) async fn run(app: Weak<Inner>, stop: CancellationToken) {
    let (mut next, mut gave_up) = (Instant::now() + AT_START, false);
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = stop.cancelled() => return,
        }
        let Some(inner) = app.upgrade() else { return };
        let tenants = inner.opened();
        let began = Instant::now();
        let due = began >= next;
        let round = async {
            if due {
                everything_but_views(&inner, &tenants).await;
            }
            // What an answer met is not left to the next round.
            if due || (!gave_up && tenants.iter().any(|tenant| is_damaged(tenant))) {
                views(&inner, &tenants).await
            } else {
                !gave_up
            }
        };
        tokio::select! {
            well = round => gave_up = !well,
            () = stop.cancelled() => return,
        }
        if due {
            next = Instant::now() + BETWEEN.max(began.elapsed() * SHARE);
        }
    }
}

fn is_damaged(tenant: &Tenant) -> bool {
    tenant.health.health().damage.is_some_and(|damage| damage.place.file() == "views")
}

async fn everything_but_views(app: &Inner, tenants: &[Arc<Tenant>]) {
    for tenant in tenants {
        if let Err(error) = records(&*app.log, tenant, LogPosition(0), PAUSE).await {
            report(app, tenant, &error);
        }
    }
    if let Err(error) = app.keys.check().await {
        // The file is that of every tenant.
        tenants.iter().for_each(|tenant| report(app, tenant, &error));
    }
}

/// Checks the read models, and makes them anew if they are damaged; whether they are well after it.
async fn views(app: &Inner, tenants: &[Arc<Tenant>]) -> bool {
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
                    made anew")
            }
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(tenant = %tenant.id, error, "damaged read models could not be made \
                    anew: stop the server and run `claimledger rebuild`");
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
        tenant.noticed(&*app.views, error);
    } else {
        tracing::warn!(tenant = %tenant.id, %error, "not everything could be checked");
    }
}

/// Decodes every record from a position to the head, and compares it with what it commits to.
/// Returns how many.
pub(crate) async fn records(
    log: &dyn Log,
    tenant: &Tenant,
    from: LogPosition,
    pause: u32,
) -> Result<u64, LogError> {
    let mut next = from.0;
    loop {
        let began = Instant::now();
        let entries = log.read(&tenant.id, LogPosition(next), RECORDS).await?;
        if entries.is_empty() {
            return Ok(next - from.0);
        }
        let tenant_id = tenant.id.clone();
        let first = next;
        next += entries.len() as u64;
        // Decoding must not keep a thread of the runtime from everybody else.
        let decoded = tokio::task::spawn_blocking(move || {
            entries.iter().zip(first..).try_for_each(|(entry, position)| {
                decode_record(&tenant_id, LogPosition(position), entry).map(drop)
            })
        });
        decoded.await.map_err(|error| LogError::Unavailable {
            reason: "a check was cut off".to_owned(),
            source: Some(Box::new(error)),
        })??;
        tokio::time::sleep(began.elapsed() * pause).await;
    }
}
