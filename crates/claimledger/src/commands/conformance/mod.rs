//! `conformance`: the suites that decide which engines are supported, run against servers of an
//! installation.

mod report;

use crate::{exit_status::refused, settings::Settings};
use anyhow::Result;
use claimledger_facts::{ids::TenantId, random::SystemRandom};
use claimledger_ledger::{
    conformance::{
        Scratch, ScratchCheckpoints, ScratchKeys, ScratchLog, ScratchState, checkpoints_checks,
        keys_checks, log_checks, races_checks, state_checks,
    },
    keys::KeyStore as _,
    log::Log,
};
use claimledger_store::postgres::{PostgresOptions, PostgresStore};
use report::Report;
use std::sync::Arc;

/// Races of a destroyed key.
const RACES: usize = 300;

/// Runs the suites of each engine that the settings name. Status 1 if a check fails.
pub(crate) async fn conformance(settings: &Settings) -> Result<()> {
    let (database, log) = settings.conformance_engines()?;
    let scratch = Scratch::new(&SystemRandom);
    let mut report = Report::new(settings.format);
    if let Some(options) = database {
        of_database(&options, &scratch, &mut report).await?;
    }
    #[cfg(feature = "kurrentdb")]
    if let Some(logs) = log {
        of_kurrentdb(&logs.records, &scratch, &mut report).await?;
    }
    #[cfg(not(feature = "kurrentdb"))]
    match log {
        Some(never) => match never {},
        None => {}
    }
    report.finish()
}

async fn of_database(
    options: &PostgresOptions,
    scratch: &Scratch,
    report: &mut Report,
) -> Result<()> {
    // Two nodes: what one destroys, the other one knows.
    let (one, two) =
        (PostgresStore::connect(options).await?, PostgresStore::connect(options).await?);
    let server = options.server();
    refuse_ledger(&one, &server).await?;
    let left = format!(
        "Tenants whose names begin with {} stay in the database {server}, which can hold no ledger \
         any more: drop it when it is no longer needed.",
        scratch.prefix()
    );
    report.engine("PostgreSQL", &server, &left);
    for (suite, log) in [("log", one.log()), ("access log", one.access())] {
        let make = || async { ScratchLog(scratch.part(), Arc::clone(&log) as Arc<dyn Log>) };
        report.run(suite, log_checks(&make)).await;
    }
    let keys = || async { ScratchKeys(scratch.part(), one.keys(), two.keys()) };
    report.run("keys", keys_checks(&keys)).await;
    report.run("races", races_checks(&keys, RACES)).await;
    let state = || async { ScratchState(scratch.part(), one.state()) };
    report.run("state", state_checks(&state)).await;
    let checkpoints = || async { ScratchCheckpoints(scratch.part(), one.checkpoints()) };
    report.run("checkpoints", checkpoints_checks(&checkpoints)).await;
    Ok(())
}

/// A log is never deleted, and the nodes of a ledger open every tenant of it.
async fn refuse_ledger(store: &PostgresStore, server: &str) -> Result<()> {
    let all = [
        store.log().tenants().await?,
        store.access().tenants().await?,
        store.keys().tenants().await?,
    ];
    let is_ledger = all.iter().flatten().any(|tenant: &TenantId| !Scratch::is_scratch(tenant));
    if !is_ledger {
        return Ok(());
    }
    Err(refused(format!(
        "the database {server} holds a ledger, and what the suites write cannot be deleted from \
         it: make another database on the same server, run `claimledger database migrate` on it, \
         and name that one"
    )))
}

#[cfg(feature = "kurrentdb")]
async fn of_kurrentdb(
    options: &claimledger_kurrentdb::KurrentOptions,
    scratch: &Scratch,
    report: &mut Report,
) -> Result<()> {
    use claimledger_kurrentdb::{KurrentLog, KurrentOptions};
    let connect =
        |prefix: String| KurrentLog::connect(KurrentOptions { prefix, ..options.clone() });
    // Before the first check: one that cannot be reached at all fails no check.
    connect(scratch.prefix().to_owned()).await?;
    let left = format!(
        "Streams whose names begin with {} stay on the server: an administrator may delete them.",
        scratch.prefix()
    );
    report.engine("KurrentDB", &options.server(), &left);
    let make = || async {
        match connect(scratch.part().prefix().to_owned()).await {
            Ok(log) => log,
            // Caught as the failure of the check.
            Err(error) => panic!("{error}"),
        }
    };
    report.run("log", log_checks(&make)).await;
    Ok(())
}
