//! The state store: conformance, what outlives the process, and damage of its file.

use async_trait::async_trait;
use claimledger_facts::ids::{LogSize, TenantId};
use claimledger_ledger::{
    conformance::{self, Records},
    log::{Log, LogError},
    state::{StateError, StateStore, Versioned},
};
use claimledger_store::sqlite::{OpenError, SqliteOptions, SqliteState, SqliteStore};
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use std::{path::Path, sync::Arc};
use tempfile::TempDir;

async fn open(dir: &Path) -> Result<SqliteStore, OpenError> {
    SqliteStore::open(dir, SqliteOptions::default()).await
}

/// A state store, and its directory for as long as it lives.
struct Fresh {
    state: Arc<SqliteState>,
    _dir: TempDir,
}

impl Fresh {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { state: open(dir.path()).await.unwrap().state(), _dir: dir }
    }
}

#[async_trait]
impl StateStore for Fresh {
    async fn load(&self, tenant: &TenantId, key: &str) -> Result<Option<Versioned>, StateError> {
        self.state.load(tenant, key).await
    }
    async fn store(
        &self,
        tenant: &TenantId,
        key: &str,
        expected: u64,
        value: &[u8],
    ) -> Result<u64, StateError> {
        self.state.store(tenant, key, expected, value).await
    }
    async fn remove(&self, tenant: &TenantId, key: &str, expected: u64) -> Result<(), StateError> {
        self.state.remove(tenant, key, expected).await
    }
    async fn keys(&self, tenant: &TenantId, prefix: &str) -> Result<Vec<String>, StateError> {
        self.state.keys(tenant, prefix).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conformance() {
    conformance::state(Fresh::new).await;
}

fn acme() -> TenantId {
    TenantId::from("acme")
}

/// A closed ledger with one record and two states, of which one is removed.
async fn ledger() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await.unwrap();
    let records = Records::new(&acme());
    let entry = records.entry("e0", Some("S"), "", 0);
    store.log().append(records.tenant(), LogSize(0), &[entry]).await.unwrap();
    let state = store.state();
    state.store(&acme(), "cursor/okta", 0, b"next link").await.unwrap();
    let removed = state.store(&acme(), "cursor/other", 0, b"x").await.unwrap();
    state.remove(&acme(), "cursor/other", removed).await.unwrap();
    drop((store, state));
    // Opening moves the write-ahead logs into the files.
    drop(open(dir.path()).await.unwrap());
    dir
}

#[tokio::test]
async fn values_and_versions_outlive_the_process() {
    let dir = ledger().await;
    let state = open(dir.path()).await.unwrap().state();
    let loaded = state.load(&acme(), "cursor/okta").await.unwrap();
    assert_eq!(loaded, Some(Versioned { version: 1, value: b"next link".to_vec() }));
    assert_eq!(state.keys(&acme(), "cursor/").await.unwrap(), ["cursor/okta"]);
    let again = state.store(&acme(), "cursor/other", 0, b"y").await.unwrap();
    assert_eq!(again, 2, "a version from before the removal does not come back");
    state.check().await.unwrap();
}

#[tokio::test]
async fn an_altered_row_is_named_and_not_returned() {
    for sql in [
        "UPDATE state SET value = x'6e657874206c696e6c' WHERE key = 'cursor/okta'",
        "UPDATE state SET version = 7 WHERE key = 'cursor/okta'",
        "UPDATE state SET value = NULL WHERE key = 'cursor/okta'",
        "UPDATE state SET key = 'cursor/okta', tenant = 'acme' WHERE key = 'cursor/other'",
    ] {
        let dir = ledger().await;
        let options = SqliteConnectOptions::new().filename(dir.path().join("state"));
        let mut raw = SqliteConnection::connect_with(&options).await.unwrap();
        if sql.contains("cursor/other") {
            let delete = "DELETE FROM state WHERE key = 'cursor/okta'";
            sqlx::query(delete).execute(&mut raw).await.unwrap();
        }
        sqlx::query(sql).execute(&mut raw).await.unwrap();
        raw.close().await.unwrap();

        let state = open(dir.path()).await.unwrap().state();
        let loaded = state.load(&acme(), "cursor/okta").await;
        let Err(StateError::Log(LogError::Damaged { file, place, .. })) = &loaded else {
            panic!("{sql}: {loaded:?}");
        };
        assert_eq!((file.as_str(), place.as_str()), ("state", "state, acme, cursor/okta"));
        let written = state.store(&acme(), "cursor/okta", 1, b"z").await;
        assert!(
            matches!(&written, Err(StateError::Log(error)) if error.is_damage()),
            "no write is based on it: {written:?}"
        );
        assert!(state.check().await.is_err_and(|error| error.is_damage()), "{sql}");
    }
}

#[tokio::test]
async fn a_truncated_file_is_named_and_deleting_it_loses_no_record() {
    let dir = ledger().await;
    let path = dir.path().join("state");
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    let message = open(dir.path()).await.err().expect("it is refused").to_string();
    assert!(message.contains("state is damaged"), "{message}");
    assert!(message.contains("or delete it and add the sources again"), "{message}");

    std::fs::remove_file(&path).unwrap();
    let store = open(dir.path()).await.unwrap();
    assert_eq!(store.log().head(&acme()).await.unwrap(), LogSize(1));
    assert_eq!(store.state().keys(&acme(), "").await.unwrap(), [""; 0]);
}

/// The log is created first, so a state without a log is what is left of a ledger.
#[tokio::test]
async fn a_state_without_its_log_is_no_new_ledger() {
    let dir = ledger().await;
    for name in ["log", "log-wal", "log-shm", "keys", "keys-wal", "keys-shm", "views"] {
        let _ = std::fs::remove_file(dir.path().join(name));
    }
    let opened = open(dir.path()).await;
    assert!(matches!(opened, Err(OpenError::Incomplete { .. })), "{:?}", opened.err());
}
