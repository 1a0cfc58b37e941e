//! What a verification says of credentials and of removed bodies.

use crate::common::{World, acme, drafts, ingest, owner, tenant};
use claimledger_app::{
    Finding, FindingKind,
    app::{App, Options},
    model::health::Part,
};
use claimledger_facts::{
    ids::{LogPosition, SourceId},
    record::{BodyKind, Digest32, Removal},
    time::Time,
    vocabulary::{RemovalReason, Role},
};
use claimledger_ledger::{
    keys::{CredentialRow, KeyStore},
    log::{Log, LogError},
    memory::MemoryKeys,
};
use std::sync::Arc;

async fn findings(app: &App) -> Vec<Finding> {
    app.verify(&owner("acme"), |_, _| {}).await.unwrap().findings
}

async fn rows(world: &World) -> Vec<CredentialRow> {
    world.keys.credentials(&tenant("acme")).await.unwrap()
}

/// The world with other rows of credentials, as an owner of the file could write them.
async fn with_rows(world: &World, rows: &[CredentialRow]) -> World {
    let keys = MemoryKeys::default();
    keys.add_tenant(&world.keys.tenant(&tenant("acme")).await.unwrap().unwrap()).await.unwrap();
    let persons = world.keys.persons(&tenant("acme"), None, 500).await.unwrap();
    keys.add_persons(&tenant("acme"), &persons).await.unwrap();
    for row in rows {
        keys.add_credential(row).await.unwrap();
    }
    World {
        log: world.log.clone(),
        keys: Arc::new(keys),
        proofs: world.proofs.clone(),
        access: world.access.clone(),
        ..World::new()
    }
}

/// A credential that may read and append as `okta`, with its token and its row.
async fn granted(world: &World, app: &App) -> (String, CredentialRow) {
    let roles = [Role::Read, Role::Ingest];
    let (id, token) =
        app.grant(&owner("acme"), &roles, Some(&SourceId::new("okta"))).await.unwrap();
    let row = rows(world).await.into_iter().find(|row| row.credential == id).unwrap();
    (token, row)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_credential_whose_row_was_altered_is_refused_and_found() {
    let (world, app) = acme().await;
    let (token, row) = granted(&world, &app).await;
    let operator = rows(&world).await.into_iter().find(|it| it.credential != row.credential);
    app.close().await;
    let words = |roles: &[&str]| roles.iter().map(|role| (*role).to_owned()).collect();
    let altered = [
        CredentialRow { roles: words(&["govern", "ingest", "read"]), ..row.clone() },
        CredentialRow { roles: words(&["ingest read"]), ..row.clone() },
        CredentialRow { source: None, ..row.clone() },
        CredentialRow { source: Some("acme-sp".to_owned()), ..row.clone() },
        CredentialRow { created_at: row.created_at.plus_secs(1), ..row.clone() },
        CredentialRow { revoked_at: Some(Time::EPOCH), ..row.clone() },
        CredentialRow { mac: Digest32([0; 32]), ..row.clone() },
    ];
    for row in altered {
        let world = with_rows(&world, &[operator.clone().unwrap(), row.clone()]).await;
        let app = world.open().await;
        let refused = app.authenticate(&token).await;
        assert!(
            matches!(&refused, Err(LogError::Damaged { file, place, .. })
                if file == "keys" && place.contains(&row.credential)),
            "{row:?}: {refused:?}"
        );
        let problems = app.status(&owner("acme")).await.unwrap().problems;
        assert!(problems.iter().any(|it| it.part == Part::Damage), "{problems:?}");
        let found = findings(&app).await;
        assert!(
            found.iter().any(|it| it.kind == FindingKind::Credential
                && it.what.contains(&row.credential)
                && it.what.contains("altered")),
            "{row:?}: {found:?}"
        );
        // Revoking it does not make it pass.
        assert!(app.revoke(&owner("acme"), &row.credential).await.unwrap());
        assert!(app.authenticate(&token).await.is_err(), "{row:?}");
        app.close().await;
    }
    // The hash of another token.
    let own = rows(&world).await;
    let of_operator = operator.unwrap().token_hash;
    let swapped: Vec<_> = own
        .into_iter()
        .map(|it| match it.credential == row.credential {
            true => CredentialRow { token_hash: of_operator, ..it },
            false => CredentialRow { token_hash: Digest32([9; 32]), ..it },
        })
        .collect();
    let app = with_rows(&world, &swapped).await.open().await;
    let found = findings(&app).await;
    let altered = found.iter().filter(|it| it.what.contains("altered")).count();
    assert_eq!(altered, 2, "{found:?}");
    app.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credentials_are_compared_with_what_the_log_says_of_them() {
    let (world, app) = acme().await;
    let (token, before) = granted(&world, &app).await;
    let (_, kept) = granted(&world, &app).await;
    assert!(app.revoke(&owner("acme"), &before.credential).await.unwrap());
    assert_eq!(app.authenticate(&token).await.unwrap(), None);
    assert_eq!(findings(&app).await, [], "nothing was altered");
    app.close().await;
    let now = rows(&world).await;
    let revoked = now.iter().find(|row| row.credential == before.credential).unwrap();
    assert!(revoked.mac != before.mac, "the time of the revocation is authenticated too");

    // The older row fits its MAC: the log says that it was revoked.
    let older: Vec<_> = now
        .iter()
        .map(|row| if row.credential == before.credential { &before } else { row }.clone())
        .collect();
    let app = with_rows(&world, &older).await.open().await;
    let found = findings(&app).await;
    assert!(
        matches!(&found[..], [Finding { kind, position: Some(LogPosition(85)), what, .. }]
            if *kind == FindingKind::Credential
                && what.contains(&before.credential)
                && what.contains("revoked here")),
        "{found:?}"
    );
    app.close().await;

    // A row that is gone; that of a revoked credential does not matter.
    let fewer: Vec<_> =
        now.into_iter().filter(|row| row.credential.starts_with("operator-")).collect();
    let app = with_rows(&world, &fewer).await.open().await;
    let found = findings(&app).await;
    assert!(
        matches!(&found[..], [Finding { position: Some(LogPosition(84)), what, .. }]
            if what.contains(&kept.credential) && what.contains("removed")),
        "{found:?}"
    );
    app.close().await;

    // A log that does not grant it.
    let other = World::new();
    let app = other.open().await;
    app.init_tenant(&tenant("acme"), true, None).await.unwrap();
    let (_, row) = granted(&other, &app).await;
    app.close().await;
    let without = World { log: Arc::default(), keys: other.keys.clone(), ..World::new() };
    let app = without.open().await;
    app.init_tenant(&tenant("acme"), true, None).await.unwrap();
    let found = findings(&app).await;
    assert!(
        matches!(&found[..], [Finding { position: None, what, .. }]
            if what.contains("no record of the log grants") && what.contains(&row.credential)),
        "{found:?}"
    );
    app.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_was_removed_without_a_record_is_found() {
    let (world, app) = acme().await;
    let removal =
        Removal { reason: RemovalReason::parse("retention"), at: Time::EPOCH.plus_secs(5) };
    let positions: Vec<_> = (10..40).map(LogPosition).collect();
    let bodies = [BodyKind::Original];
    world.log.remove_bodies(&tenant("acme"), &positions, &bodies, &removal).await.unwrap();
    let both = BodyKind::ALL;
    world.log.remove_bodies(&tenant("acme"), &[LogPosition(50)], &both, &removal).await.unwrap();
    let report = app.verify(&owner("acme"), |_, _| {}).await.unwrap();
    assert_eq!((report.log.removed, report.access.removed), (32, 0), "{report:?}");
    assert_eq!((report.findings.len(), report.unlisted), (20, 12), "{report:?}");
    let first = &report.findings[0];
    assert_eq!((first.kind, first.position), (FindingKind::Removal, Some(LogPosition(10))));
    for word in ["original", "retention", "1970-01-01T00:00:05Z", "no record"] {
        assert!(first.what.contains(word), "{word}: {first:?}");
    }
    app.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_head_that_a_log_had_is_computed_again() {
    // More than one tile of leaves, so that upper tiles are needed.
    let world = World::new();
    let anchor = Arc::new(crate::anchors::MemoryAnchor::default());
    let app = world.open_with(crate::anchors::anchored_by(&anchor)).await;
    app.init_tenant(&tenant("acme"), true, None).await.unwrap();
    let mut sizes = Vec::new();
    for n in 0..4 {
        let lines: Vec<String> = (0..200)
            .map(|m| {
                serde_json::json!({"id": format!("{n}-{m}"), "type": "source.heard",
                    "source": "okta", "occurred_at": "2026-03-10T23:00:00Z",
                    "data": {"until": "2026-03-10T22:00:00Z", "basis": "stated"}})
                .to_string()
            })
            .collect();
        ingest(&app, "acme", drafts(&lines)).await.unwrap();
        sizes.push(crate::tree::signed(&app, &world).await.size);
    }
    assert!(sizes.last().is_some_and(|size| *size > 800), "{sizes:?}");
    app.close().await;
    let options = Options { keep_tree: false, ..crate::anchors::anchored_by(&anchor) };
    let app = world.open_with(options).await;
    let report = app.verify(&owner("acme"), |_, _| {}).await.unwrap();
    assert!(report.holds() && report.log.compared >= 4, "{report:?}");
    app.close().await;
}
