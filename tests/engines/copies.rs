//! A ledger that is copied from engine to engine, and copies that were killed on the way.

use super::{
    commands::{self, TENANTS, Told},
    ledger::{Engines, Stored},
    ledger_dump::{differs, dump},
    mortal::{Life, mortal},
};
use claimledger_app::{
    FindingKind, VerifyReport,
    copy::{CopyError, CopyReport, copy},
    model::question::Caller,
};
use claimledger_facts::{
    ids::{LogPosition, TenantId},
    random::SystemRandom,
    record::{BodyKind, Removal},
    time::Time,
    vocabulary::RemovalReason,
};
use std::sync::Arc;

const CHAIN: [Engines; 5] =
    [Engines::Memory, Engines::Sqlite, Engines::Postgres, Engines::Kurrent, Engines::Sqlite];

/// The fixture's days, with removed bodies and states.
async fn lived(stored: &Stored) {
    let (app, mut told) = (stored.open(Arc::new(SystemRandom)).await, Told::default());
    commands::live_the_fixture(stored, &app, &mut told).await;
    commands::sign(stored, &app, &TENANTS.map(|(tenant, _)| tenant)).await;
    app.close().await;
    let (acme, parts) = (TenantId::from("acme"), &stored.parts);
    let at = Time::parse("2026-06-01T00:00:00Z").unwrap();
    for (position, bodies, reason) in [
        (10, &BodyKind::ALL[..], RemovalReason::Erasure),
        (11, &BodyKind::ALL[1..], RemovalReason::Retention),
    ] {
        let (position, removal) = ([LogPosition(position)], Removal { reason, at });
        parts.log.remove_bodies(&acme, &position, bodies, &removal).await.unwrap();
    }
    for key in ["cursor/okta", "source/okta"] {
        parts.state.store(&acme, key, 0, key.as_bytes()).await.unwrap();
    }
}

async fn stored_by(stored: &Stored) -> Vec<String> {
    dump(&stored.parts, &TENANTS.map(|(tenant, _)| tenant)).await
}

/// What a verification reads and finds: nothing but the removed bodies.
async fn verified(stored: &Stored) -> Vec<VerifyReport> {
    let (app, mut reports) = (stored.open(Arc::new(SystemRandom)).await, Vec::new());
    for (tenant, _) in TENANTS {
        let report = app.verify(&Caller::owner(TenantId::from(tenant)), |_, _| {}).await.unwrap();
        let removed = report.findings.iter().filter(|it| it.kind == FindingKind::Removal).count();
        let expected = if tenant == "acme" { 3 } else { 0 };
        assert_eq!((removed, report.findings.len()), (expected, expected), "{report:#?}");
        reports.push(report);
    }
    app.close().await;
    reports
}

/// Kills a copy after this number of writes, and continues it.
async fn continued(source: &Stored, target: &Stored, writes: u64) -> CopyReport {
    let (dying, is_dead) = mortal(&target.parts, Life { writes, last_is_done: true });
    let killed = copy(&source.parts, &dying, &mut |_, _, _| {}).await;
    assert!(is_dead() && matches!(killed, Err(CopyError::Engine { .. })), "{killed:?}");
    assert!(target.try_open(Arc::new(SystemRandom)).await.is_err(), "it is no ledger");
    copy(&source.parts, &target.parts, &mut |_, _, _| {}).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_is_copied_from_engine_to_engine_to_the_byte() {
    let mut source = Stored::new(CHAIN[0]).await;
    lived(&source).await;
    let (found, first) = (verified(&source).await, stored_by(&source).await);
    let mut reports = Vec::new();
    for (n, engines) in CHAIN[1..].iter().enumerate() {
        let target = Stored::new(*engines).await;
        // Killed in a log, among persons, and among credentials and states.
        let report = continued(&source, &target, [0, 5, 8, 14][n]).await;
        assert_eq!(differs(&first, &stored_by(&target).await), None, "{engines:?}");
        reports.push(report);
        source = target;
    }
    assert!(reports.iter().all(|report| *report == reports[0]), "{reports:#?}");
    let acme = &reports[0].tenants[0];
    assert_eq!((acme.destroyed, acme.states, acme.checkpoints), (1, 3, 2), "{acme:?}");

    // Credentials have MACs, and checkpoints signatures, under keys of the tenant.
    assert_eq!(verified(&source).await, found);
    assert_eq!(found[0].log.root, Some(acme.records.root));
}
