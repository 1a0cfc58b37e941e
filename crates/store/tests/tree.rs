//! Trees and checkpoints: conformance, what outlives the process, and damage of their files.

use async_trait::async_trait;
use claimledger_facts::{
    ids::{LogSize, TenantId},
    record::Digest32,
};
use claimledger_ledger::{
    conformance::{self, Records},
    log::{Log, LogError},
    tree::{CheckpointRow, CheckpointStore, PublishError, TileRow, TileStore, TreeRow},
};
use claimledger_store::sqlite::{
    OpenError, SqliteCheckpoints, SqliteOptions, SqliteStore, SqliteTiles,
};
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use std::{path::Path, sync::Arc};
use tempfile::TempDir;

async fn open(dir: &Path) -> Result<SqliteStore, OpenError> {
    SqliteStore::open(dir, SqliteOptions::default()).await
}

/// A store, and its directory for as long as it lives.
struct Fresh<S>(Arc<S>, #[allow(dead_code, reason = "deleted when it is dropped")] TempDir);

async fn fresh() -> (SqliteStore, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    (open(dir.path()).await.unwrap(), dir)
}

#[async_trait]
impl TileStore for Fresh<SqliteTiles> {
    async fn tree(&self, tenant: &TenantId) -> Result<Option<TreeRow>, LogError> {
        self.0.tree(tenant).await
    }
    async fn tile(
        &self,
        tenant: &TenantId,
        level: u8,
        number: u64,
    ) -> Result<Option<Vec<u8>>, LogError> {
        self.0.tile(tenant, level, number).await
    }
    async fn extend(
        &self,
        tenant: &TenantId,
        expected: LogSize,
        tiles: &[TileRow],
        tree: TreeRow,
    ) -> Result<bool, LogError> {
        self.0.extend(tenant, expected, tiles, tree).await
    }
    async fn clear(&self, tenant: &TenantId) -> Result<(), LogError> {
        self.0.clear(tenant).await
    }
    async fn check(&self) -> Result<(), LogError> {
        self.0.check().await
    }
}

#[async_trait]
impl CheckpointStore for Fresh<SqliteCheckpoints> {
    async fn checkpoint(&self, tenant: &TenantId) -> Result<Option<CheckpointRow>, LogError> {
        self.0.checkpoint(tenant).await
    }
    async fn publish(
        &self,
        tenant: &TenantId,
        expected: Option<LogSize>,
        next: &CheckpointRow,
    ) -> Result<(), PublishError> {
        self.0.publish(tenant, expected, next).await
    }
    async fn check(&self) -> Result<(), LogError> {
        self.0.check().await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conformance() {
    conformance::tiles(|| async {
        let (store, dir) = fresh().await;
        Fresh(store.tiles(), dir)
    })
    .await;
    conformance::checkpoints(|| async {
        let (store, dir) = fresh().await;
        Fresh(store.checkpoints(), dir)
    })
    .await;
}

fn acme() -> TenantId {
    TenantId::from("acme")
}

fn tree(size: u64) -> TreeRow {
    TreeRow { size: LogSize(size), root: Digest32([7; 32]) }
}

fn checkpoint(size: u64) -> CheckpointRow {
    CheckpointRow { size: LogSize(size), note: format!("origin\n{size}\n") }
}

/// A closed ledger with one record, a tree of two tiles and a checkpoint.
async fn ledger() -> TempDir {
    let (store, dir) = fresh().await;
    let records = Records::new(&acme());
    let entry = records.entry("e0", Some("S"), "", 0);
    store.log().append(records.tenant(), LogSize(0), &[entry]).await.unwrap();
    let tiles = [0, 1].map(|number| TileRow { level: 0, number, hashes: vec![number as u8; 64] });
    assert!(store.tiles().extend(&acme(), LogSize(0), &tiles, tree(2)).await.unwrap());
    store.checkpoints().publish(&acme(), None, &checkpoint(1)).await.unwrap();
    drop(store);
    // Opening moves the write-ahead logs into the files.
    drop(open(dir.path()).await.unwrap());
    dir
}

#[tokio::test]
async fn trees_and_checkpoints_outlive_the_process() {
    let dir = ledger().await;
    let store = open(dir.path()).await.unwrap();
    assert_eq!(store.tiles().tree(&acme()).await.unwrap(), Some(tree(2)));
    assert_eq!(store.tiles().tile(&acme(), 0, 1).await.unwrap(), Some(vec![1; 64]));
    assert_eq!(store.checkpoints().checkpoint(&acme()).await.unwrap(), Some(checkpoint(1)));
}

async fn alter(dir: &Path, file: &str, statement: &'static str) {
    let options = SqliteConnectOptions::new().filename(dir.join(file));
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

fn is_damaged<T: std::fmt::Debug>(result: Result<T, LogError>, file: &str, place: &str) {
    match result {
        Err(LogError::Damaged { file: f, place: p, .. }) if f == file && p.starts_with(place) => {}
        other => panic!("{file}, {place}: {other:?}"),
    }
}

#[tokio::test]
async fn an_altered_row_is_named_and_not_returned() {
    let dir = ledger().await;
    alter(dir.path(), "tree", "UPDATE tile SET hashes = zeroblob(64) WHERE number = 1").await;
    alter(dir.path(), "tree", "UPDATE tree SET size = 3").await;
    let store = open(dir.path()).await.unwrap();
    let place = "tile, acme, level 0, number 1";
    is_damaged(store.tiles().tile(&acme(), 0, 1).await, "tree", place);
    assert_eq!(store.tiles().tile(&acme(), 0, 0).await.unwrap(), Some(vec![0; 64]));
    is_damaged(store.tiles().tree(&acme()).await, "tree", "tree, acme");
    is_damaged(store.tiles().check().await, "tree", "tree, acme");
    let refused = store.tiles().extend(&acme(), LogSize(2), &[], tree(4)).await;
    is_damaged(refused, "tree", "tree, acme");

    let dir = ledger().await;
    alter(dir.path(), "tree", "UPDATE tile SET level = 1 WHERE number = 1").await;
    let store = open(dir.path()).await.unwrap();
    is_damaged(store.tiles().check().await, "tree", "tile, acme, level 1");

    let dir = ledger().await;
    alter(dir.path(), "checkpoints", "UPDATE checkpoint SET size = 2").await;
    let store = open(dir.path()).await.unwrap();
    is_damaged(store.checkpoints().checkpoint(&acme()).await, "checkpoints", "checkpoint, acme");
    is_damaged(store.checkpoints().check().await, "checkpoints", "checkpoint, acme");
}

#[tokio::test]
async fn sql_can_neither_shrink_nor_delete_a_checkpoint() {
    let dir = ledger().await;
    for statement in ["DELETE FROM checkpoint", "UPDATE checkpoint SET size = 1, note = 'other'"] {
        let options = SqliteConnectOptions::new().filename(dir.path().join("checkpoints"));
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        let refused = sqlx::raw_sql(statement).execute(&mut connection).await.unwrap_err();
        assert!(refused.to_string().contains("checkpoint is"), "{statement}: {refused}");
    }
}

#[tokio::test]
async fn a_damaged_tree_is_thrown_away_and_a_damaged_checkpoint_is_not() {
    let dir = ledger().await;
    let damage = |name: &str| {
        let path = dir.path().join(name);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[40..100].fill(0xff);
        std::fs::write(&path, bytes).unwrap();
    };
    damage("tree");
    let store = open(dir.path()).await.unwrap();
    assert_eq!(store.tiles().tree(&acme()).await.unwrap(), None, "built again");
    assert_eq!(store.checkpoints().checkpoint(&acme()).await.unwrap(), Some(checkpoint(1)));
    drop(store);
    damage("checkpoints");
    let refused = open(dir.path()).await.err().expect("refused");
    assert!(
        matches!(&refused, OpenError::Corrupt { file, .. } if file.ends_with("checkpoints")),
        "{refused}"
    );
}
