//! Conformance of the stores of trees and checkpoints.

use super::{Check, run_all};
use crate::{
    log::LogError,
    tree::{CheckpointRow, CheckpointStore, PublishError, TileRow, TileStore, TreeRow},
};
use claimledger_facts::{
    ids::{LogSize, TenantId},
    record::Digest32,
};
use std::{future::Future, sync::Arc};

/// Runs the suite of trees. `make` gives an empty store each time it is called.
///
/// # Panics
/// If the engine violates the contract of the trait.
pub async fn tiles<S: TileStore, F: Future<Output = S>>(make: impl Fn() -> F) {
    stores_what_it_is_given(&make().await).await;
    separates_trees(&make().await).await;
}

/// Runs the suite of checkpoints. `make` gives an empty store each time it is called.
///
/// # Panics
/// If the engine violates the contract of the trait.
pub async fn checkpoints<S: CheckpointStore, F: Future<Output = S>>(make: impl Fn() -> F) {
    run_all(checkpoints_checks(&make)).await;
}

/// The checks of the suite of checkpoints, to run one by one.
pub fn checkpoints_checks<'a, S, F>(make: &'a impl Fn() -> F) -> Vec<Check<'a>>
where
    S: CheckpointStore,
    F: Future<Output = S> + 'a,
{
    vec![
        Check::new("a checkpoint only grows", async { only_grows(&make().await).await }),
        Check::new("one of two signers wins", async {
            one_signer_wins(Arc::new(make().await)).await
        }),
    ]
}

fn acme() -> TenantId {
    TenantId::from("acme")
}

fn tree(size: u64) -> TreeRow {
    TreeRow { size: LogSize(size), root: Digest32([size as u8; 32]) }
}

fn tile(level: u8, number: u64, hashes: &[u8]) -> TileRow {
    TileRow { level, number, hashes: hashes.to_vec() }
}

async fn stores_what_it_is_given(store: &impl TileStore) {
    let tenant = acme();
    assert_eq!(store.tree(&tenant).await.unwrap(), None);
    assert_eq!(store.tile(&tenant, 0, 0).await.unwrap(), None);
    assert!(!store.extend(&tenant, LogSize(1), &[], tree(2)).await.unwrap(), "none is stored");
    let tiles = [tile(0, 0, &[1; 64]), tile(1, 0, &[2; 32]), tile(0, 1 << 40, &[3; 32])];
    assert!(store.extend(&tenant, LogSize(0), &tiles, tree(2)).await.unwrap());
    assert!(!store.extend(&tenant, LogSize(0), &[tile(0, 0, &[9; 32])], tree(9)).await.unwrap());
    assert_eq!(store.tree(&tenant).await.unwrap(), Some(tree(2)));
    for TileRow { level, number, hashes } in tiles {
        assert_eq!(store.tile(&tenant, level, number).await.unwrap(), Some(hashes));
    }
    assert!(store.extend(&tenant, LogSize(2), &[tile(0, 0, &[4; 96])], tree(3)).await.unwrap());
    assert_eq!(store.tile(&tenant, 0, 0).await.unwrap(), Some(vec![4; 96]), "replaced");
    assert_eq!(store.tile(&tenant, 1, 0).await.unwrap(), Some(vec![2; 32]), "kept");
    assert_eq!(store.tree(&tenant).await.unwrap(), Some(tree(3)));
    store.check().await.unwrap();
}

async fn separates_trees(store: &impl TileStore) {
    let (acme, other) = (acme(), TenantId::from("other"));
    for (tenant, byte) in [(&acme, 1), (&other, 2)] {
        assert!(
            store
                .extend(tenant, LogSize(0), &[tile(0, 0, &[byte; 32])], tree(u64::from(byte)))
                .await
                .unwrap()
        );
    }
    store.clear(&acme).await.unwrap();
    assert_eq!(store.tree(&acme).await.unwrap(), None);
    assert_eq!(store.tile(&acme, 0, 0).await.unwrap(), None);
    assert_eq!(store.tree(&other).await.unwrap(), Some(tree(2)));
    assert_eq!(store.tile(&other, 0, 0).await.unwrap(), Some(vec![2; 32]));
    assert!(store.extend(&acme, LogSize(0), &[], tree(1)).await.unwrap(), "built again");
}

fn checkpoint(size: u64, note: &str) -> CheckpointRow {
    CheckpointRow { size: LogSize(size), note: note.to_owned() }
}

async fn only_grows(store: &impl CheckpointStore) {
    let (tenant, other) = (acme(), TenantId::from("other"));
    assert_eq!(store.checkpoint(&tenant).await.unwrap(), None);
    let refused = store.publish(&tenant, Some(LogSize(0)), &checkpoint(1, "a\n")).await;
    assert!(matches!(refused, Err(PublishError::Conflict { current: None })), "{refused:?}");
    store.publish(&tenant, None, &checkpoint(0, "empty\n")).await.unwrap();
    store.publish(&tenant, Some(LogSize(0)), &checkpoint(7, "sieben é\n")).await.unwrap();
    assert_eq!(store.checkpoint(&tenant).await.unwrap(), Some(checkpoint(7, "sieben é\n")));
    for (expected, next) in [(None, 8), (Some(0), 8), (Some(8), 9)] {
        let refused = store.publish(&tenant, expected.map(LogSize), &checkpoint(next, "b\n")).await;
        let current = Some(LogSize(7));
        assert!(
            matches!(&refused, Err(PublishError::Conflict { current: c }) if *c == current),
            "expected {expected:?}: {refused:?}"
        );
    }
    for next in [0, 6, 7] {
        let refused = store.publish(&tenant, Some(LogSize(7)), &checkpoint(next, "b\n")).await;
        assert!(matches!(refused, Err(PublishError::NotLarger { .. })), "{next}: {refused:?}");
    }
    assert_eq!(store.checkpoint(&tenant).await.unwrap(), Some(checkpoint(7, "sieben é\n")));
    assert_eq!(store.checkpoint(&other).await.unwrap(), None);
    store.publish(&other, None, &checkpoint(3, "other\n")).await.unwrap();
    assert_eq!(store.checkpoint(&tenant).await.unwrap(), Some(checkpoint(7, "sieben é\n")));
    store.check().await.unwrap();
}

/// Of two that sign after the same checkpoint exactly one is published.
async fn one_signer_wins(store: Arc<impl CheckpointStore>) {
    const ROUNDS: u64 = 50;
    for round in 1..=ROUNDS {
        let expected = store.checkpoint(&acme()).await.unwrap().map(|row| row.size);
        let start = Arc::new(tokio::sync::Barrier::new(2));
        let publish = |name: &'static str| {
            let (store, start) = (Arc::clone(&store), Arc::clone(&start));
            tokio::spawn(async move {
                start.wait().await;
                let next = checkpoint(round, name);
                store.publish(&acme(), expected, &next).await.map(|()| next)
            })
        };
        let (one, two) = (publish("one\n"), publish("two\n"));
        let won = match (one.await.unwrap(), two.await.unwrap()) {
            (Ok(won), Err(PublishError::Conflict { .. }))
            | (Err(PublishError::Conflict { .. }), Ok(won)) => won,
            other => panic!("round {round}: {other:?}"),
        };
        let stored: Result<_, LogError> = store.checkpoint(&acme()).await;
        assert_eq!(stored.unwrap(), Some(won), "round {round}");
    }
}
