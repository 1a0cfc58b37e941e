//! The access log and its index: conformance, what outlives the process, and damage of the files.

use async_trait::async_trait;
use claimledger_facts::{
    ids::{LogPosition, LogSize, TenantId},
    time::Time,
};
use claimledger_ledger::{
    access::{AccessIndex, AccessQuery, AccessRow},
    conformance::{self, Records},
    log::{Log, LogError},
};
use claimledger_store::sqlite::{OpenError, SqliteAccessIndex, SqliteOptions, SqliteStore};
use std::{path::Path, sync::Arc};
use tempfile::TempDir;

async fn open(dir: &Path) -> Result<SqliteStore, OpenError> {
    SqliteStore::open(dir, SqliteOptions::default()).await
}

/// An index, and its directory for as long as it lives.
struct Fresh(Arc<SqliteAccessIndex>, #[allow(dead_code, reason = "deleted when dropped")] TempDir);

#[async_trait]
impl AccessIndex for Fresh {
    async fn covered(&self, tenant: &TenantId) -> Result<LogSize, LogError> {
        self.0.covered(tenant).await
    }
    async fn extend(
        &self,
        tenant: &TenantId,
        expected: LogSize,
        rows: &[AccessRow],
    ) -> Result<bool, LogError> {
        self.0.extend(tenant, expected, rows).await
    }
    async fn find(
        &self,
        tenant: &TenantId,
        query: &AccessQuery,
    ) -> Result<Vec<LogPosition>, LogError> {
        self.0.find(tenant, query).await
    }
    async fn clear(&self, tenant: &TenantId) -> Result<(), LogError> {
        self.0.clear(tenant).await
    }
    async fn check(&self) -> Result<(), LogError> {
        self.0.check().await
    }
}

#[tokio::test]
async fn the_index_conforms() {
    conformance::access_index(|| async {
        let dir = tempfile::tempdir().unwrap();
        Fresh(open(dir.path()).await.unwrap().access_index(), dir)
    })
    .await;
}

#[tokio::test]
async fn the_access_log_is_a_log_of_its_own_and_outlives_the_process() {
    let dir = tempfile::tempdir().unwrap();
    let acme = TenantId::from("acme");
    let records = Records::new(&acme);
    let store = open(dir.path()).await.unwrap();
    let entries: Vec<_> =
        (0..3).map(|n| records.entry(&format!("e{n}"), None, "content", n)).collect();
    let access = store.access().unwrap();
    access.append(&acme, LogSize(0), &entries).await.unwrap();
    assert_eq!(store.log().head(&acme).await.unwrap(), LogSize(0), "the records are another log");
    drop((access, store));
    let store = loop {
        match open(dir.path()).await {
            Err(OpenError::Owned { .. }) => tokio::task::yield_now().await,
            opened => break opened.unwrap(),
        }
    };
    assert_eq!(store.log().head(&acme).await.unwrap(), LogSize(0), "another file");
    let access = store.access().unwrap();
    assert_eq!(access.read(&acme, LogPosition(0), 10).await.unwrap(), entries);
}

#[tokio::test]
async fn a_damaged_index_is_filled_again_and_a_damaged_access_log_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let acme = TenantId::from("acme");
    let row = AccessRow { recorded_at: Time::EPOCH, credential: "c".to_owned(), keys: Vec::new() };
    let index = open(dir.path()).await.unwrap().access_index();
    assert!(index.extend(&acme, LogSize(0), &[row]).await.unwrap());
    drop(index);
    let garbage = [7; 8192];
    std::fs::write(dir.path().join("access_index"), garbage).unwrap();
    for name in ["access_index-wal", "access_index-shm"] {
        let _ = std::fs::remove_file(dir.path().join(name));
    }
    let store = loop {
        match open(dir.path()).await {
            Err(OpenError::Owned { .. }) => tokio::task::yield_now().await,
            opened => break opened.unwrap(),
        }
    };
    assert_eq!(store.access_index().covered(&acme).await.unwrap(), LogSize(0));
    drop(store);
    std::fs::write(dir.path().join("access"), garbage).unwrap();
    for name in ["access-wal", "access-shm"] {
        let _ = std::fs::remove_file(dir.path().join(name));
    }
    let refused = loop {
        match open(dir.path()).await {
            Err(OpenError::Owned { .. }) => tokio::task::yield_now().await,
            opened => break opened.err().map(|error| error.to_string()).unwrap_or_default(),
        }
    };
    assert!(refused.contains("access is damaged"), "{refused}");
}
