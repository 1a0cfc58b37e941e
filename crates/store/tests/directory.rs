//! A ledger directory: ownership, refusals, reopening.

use claimledger_facts::{
    ids::*,
    record::{BodyKind, Digest32, Entry, Removal, SealedBody},
    time::Time,
    vocabulary::RemovalReason,
};
use claimledger_ledger::{
    conformance::Records,
    keys::{KeyStore, PersonRow, StoredPerson, TenantKeysRow},
    log::{AppendFailure, Log, LogError},
};
use claimledger_store::sqlite::{OpenError, SqliteOptions, SqliteStore};
use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection, sqlite::SqliteConnectOptions};
use std::{os::unix::fs::FileExt, path::Path};

async fn open(dir: &Path) -> Result<SqliteStore, OpenError> {
    SqliteStore::open(dir, SqliteOptions::default()).await
}

async fn raw(dir: &Path, file: &str) -> SqliteConnection {
    SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(dir.join(file)))
        .await
        .unwrap()
}

async fn run(connection: &mut SqliteConnection, sql: &str) -> Result<(), String> {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(connection)
        .await
        .map(|_| ())
        .map_err(|error| error.to_string())
}

/// Runs a statement that the triggers forbid, and restores the triggers.
async fn run_without_triggers(connection: &mut SqliteConnection, sql: &str) {
    let rows = sqlx::query("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
        .fetch_all(&mut *connection)
        .await
        .unwrap();
    let triggers: Vec<(String, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    for (name, _) in &triggers {
        run(connection, &format!("DROP TRIGGER {name}")).await.unwrap();
    }
    run(connection, sql).await.unwrap();
    for (_, text) in &triggers {
        run(connection, text).await.unwrap();
    }
}

/// A closed ledger of one tenant with `count` records.
async fn ledger(count: u64) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await.unwrap();
    let records = Records::new(&TenantId::from("acme"));
    let entries: Vec<_> =
        (0..count).map(|n| records.entry(&format!("e{n}"), Some("S"), "", n)).collect();
    store.log().append(records.tenant(), LogSize(0), &entries).await.unwrap();
    store
        .keys()
        .add_tenant(&TenantKeysRow { tenant: records.tenant().clone(), wrapped: vec![1] })
        .await
        .unwrap();
    drop(store);
    // Opening stores the anchors.
    drop(open(dir.path()).await.unwrap());
    dir
}

/// Reads every record, and verifies it against its commitments.
async fn read_all(store: &SqliteStore) -> Result<Vec<Entry>, LogError> {
    let entries = store.log().read(&TenantId::from("acme"), LogPosition(0), 100).await?;
    for (position, entry) in (0..).map(LogPosition).zip(&entries) {
        entry.decode().map_err(|error| LogError::Corrupt { position, what: error.what })?;
    }
    Ok(entries)
}

#[tokio::test]
async fn one_process_owns_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await.unwrap();
    let second = open(dir.path()).await;
    assert!(matches!(&second, Err(OpenError::Owned { .. })), "{:?}", second.err());
    let (log, _) = (store.log(), drop(store));
    assert!(
        matches!(open(dir.path()).await, Err(OpenError::Owned { .. })),
        "an engine that is still open owns the directory"
    );
    drop(log);
    open(dir.path()).await.unwrap();
}

#[tokio::test]
async fn it_is_created_once_and_reopens() {
    let dir = ledger(9).await;
    let again = SqliteStore::create(dir.path(), SqliteOptions::default()).await;
    assert!(matches!(again, Err(OpenError::Exists { .. })));
    let store = open(dir.path()).await.unwrap();
    let acme = TenantId::from("acme");
    assert_eq!(store.log().head(&acme).await.unwrap(), LogSize(9));
    assert_eq!(store.log().read(&acme, LogPosition(0), 100).await.unwrap().len(), 9);
    assert_eq!(store.keys().tenants().await.unwrap(), [acme]);
}

#[tokio::test]
async fn a_missing_file_is_not_replaced_by_an_empty_one() {
    for (file, fine) in [("log", false), ("keys", false), ("state", true), ("views", true)] {
        let dir = ledger(3).await;
        for end in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(dir.path().join(format!("{file}{end}")));
        }
        let opened = open(dir.path()).await;
        assert_eq!(opened.is_ok(), fine, "{file}: {:?}", opened.err());
        if !fine {
            assert!(matches!(opened, Err(OpenError::Incomplete { .. })));
            assert!(!dir.path().join(file).exists(), "and it is not made");
        }
    }
    // A crash during creation: a log without records, and no keys yet.
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path()).await.unwrap());
    for name in ["keys", "keys-wal", "keys-shm"] {
        let _ = std::fs::remove_file(dir.path().join(name));
    }
    open(dir.path()).await.unwrap();
}

#[tokio::test]
async fn no_statement_alters_or_deletes_a_record() {
    let dir = ledger(3).await;
    let mut log = raw(dir.path(), "log").await;
    let remove = "UPDATE log_entry SET original = NULL, original_removed = x'01' \
                  WHERE key & 1099511627775 = 2";
    run(&mut log, remove).await.unwrap();
    let refused = run(&mut log, "UPDATE log_entry SET original = NULL").await.unwrap_err();
    assert!(refused.contains("CHECK constraint"), "a body goes with a reason: {refused}");
    for sql in [
        "UPDATE log_entry SET facts = x'00'",
        "UPDATE log_entry SET header = x'00'",
        "UPDATE log_entry SET original = x'00'",
        "UPDATE log_entry SET personal = x'00', personal_removed = NULL",
        "UPDATE log_entry SET original_removed = x'02' WHERE original IS NULL",
        "DELETE FROM log_entry",
        "UPDATE log_tenant SET size = 1",
        "DELETE FROM log_tenant",
    ] {
        let refused = run(&mut log, sql).await.unwrap_err();
        assert!(refused.contains("never") || refused.contains("only grows"), "{sql}: {refused}");
    }
}

#[tokio::test]
async fn damage_is_refused_with_its_place() {
    let mut said = Vec::new();
    for damage in [
        "UPDATE log_tenant SET size = 6",
        "DELETE FROM log_entry WHERE key & 1099511627775 = 4",
        "DELETE FROM log_entry WHERE key & 1099511627775 = 0",
        "DELETE FROM log_tenant",
    ] {
        let dir = ledger(5).await;
        let mut log = raw(dir.path(), "log").await;
        run_without_triggers(&mut log, damage).await;
        log.close().await.unwrap();
        let refused = open(dir.path()).await.map(|_| ());
        assert!(matches!(refused, Err(OpenError::Corrupt { .. })), "{damage}: {refused:?}");
        said.push(refused.unwrap_err().to_string());
    }
    assert!(
        said[1].contains("the log of tenant acme had 5 records, and the last one is the 4th now"),
        "{said:?}"
    );

    for (damage, position) in [
        ("DELETE FROM log_entry WHERE key & 1099511627775 = 2", 2),
        ("UPDATE log_entry SET header = x'00' WHERE key & 1099511627775 = 3", 3),
        ("UPDATE log_entry SET leaf = zeroblob(32) WHERE key & 1099511627775 = 1", 1),
        (
            "PRAGMA ignore_check_constraints = 1; \
             UPDATE log_entry SET original = NULL WHERE key & 1099511627775 = 2",
            2,
        ),
        (
            "PRAGMA ignore_check_constraints = 1; \
             UPDATE log_entry SET personal_removed = x'00' WHERE key & 1099511627775 = 4",
            4,
        ),
        (
            "UPDATE log_entry SET personal = NULL, personal_removed = x'00' \
             WHERE key & 1099511627775 = 1",
            1,
        ),
    ] {
        let dir = ledger(5).await;
        // Opening a small file checks it in full, so the damage is done after that.
        let store = open(dir.path()).await.unwrap();
        let mut log = raw(dir.path(), "log").await;
        run_without_triggers(&mut log, damage).await;
        log.close().await.unwrap();
        let refused = read_all(&store).await;
        assert!(
            matches!(refused, Err(LogError::Corrupt { position: LogPosition(found),
                .. }) if found == position),
            "{damage}: {refused:?}"
        );
    }
}

/// One large original, and where its pages are: SQLite keeps what does not fit into a page of rows
/// in a chain of pages of its own.
async fn with_a_large_original() -> (tempfile::TempDir, Records, Vec<u8>) {
    let dir = ledger(3).await;
    let store = open(dir.path()).await.unwrap();
    let records = Records::new(&TenantId::from("acme"));
    let mut entry = records.entry("large", None, "", 3);
    let original: Vec<u8> = (0..20_000_u32).flat_map(|n| (n ^ 0x5a5a_0000).to_be_bytes()).collect();
    entry.original = SealedBody::Present(original.clone());
    store.log().append(records.tenant(), LogSize(3), &[entry]).await.unwrap();
    drop(store);
    drop(open(dir.path()).await.unwrap());
    (dir, records, original)
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

#[tokio::test]
async fn headers_are_read_without_the_bodies() {
    let (dir, records, original) = with_a_large_original().await;
    let tenant = records.tenant();
    let path = dir.path().join("log");
    // Opening a small file checks it in full, so the damage is done after that.
    let store = open(dir.path()).await.unwrap();
    let bytes = std::fs::read(&path).unwrap();
    // The first four bytes of each page of the chain are the number of the next one.
    let size = usize::from(u16::from_be_bytes(bytes[16..18].try_into().unwrap()));
    let page = find(&bytes, &original[40_000..40_064]).unwrap() / size * size;
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.write_all_at(&u32::MAX.to_be_bytes(), page as u64).unwrap();
    let headers = store.log().headers(tenant, LogPosition(0), 10).await.unwrap();
    assert_eq!(headers[3].decode().unwrap().source_id.as_str(), "large");
    let at = store.log().headers_at(tenant, &[LogPosition(3)]).await.unwrap();
    assert_eq!(at, headers[3..]);
    let refused = store.log().read(tenant, LogPosition(3), 1).await;
    assert!(matches!(refused, Err(LogError::Corrupt { .. })), "{refused:?}");
}

#[tokio::test]
async fn a_removed_body_is_in_no_file_any_more() {
    let (dir, records, original) = with_a_large_original().await;
    let parts: Vec<_> = original.chunks_exact(64).collect();
    let left = || {
        let files = std::fs::read_dir(dir.path()).unwrap().map(|file| file.unwrap().path());
        // Closing the store deletes the write-ahead logs.
        let bytes: Vec<u8> =
            files.flat_map(|file| std::fs::read(file).unwrap_or_default()).collect();
        parts.iter().step_by(40).filter(|part| find(&bytes, part).is_some()).count()
    };
    assert!(left() > 20, "it is there before");
    let store = open(dir.path()).await.unwrap();
    let removal = Removal { reason: RemovalReason::Retention, at: Time::EPOCH };
    let position = [LogPosition(3)];
    store
        .log()
        .remove_bodies(records.tenant(), &position, &[BodyKind::Original], &removal)
        .await
        .unwrap();
    drop(store);
    let store = open(dir.path()).await.unwrap();
    assert_eq!(left(), 0);
    let entry = store.log().read(records.tenant(), LogPosition(3), 1).await.unwrap().remove(0);
    assert_eq!(entry.original.removal(), Some(&removal));
    entry.decode().unwrap();
}

#[tokio::test]
async fn a_file_of_a_newer_version_is_refused() {
    let dir = ledger(1).await;
    let mut log = raw(dir.path(), "log").await;
    run(
        &mut log,
        "INSERT INTO _sqlx_migrations VALUES (999, 'later', CURRENT_TIMESTAMP, 1, x'00', 0)",
    )
    .await
    .unwrap();
    log.close().await.unwrap();
    assert!(matches!(open(dir.path()).await, Err(OpenError::Newer { .. })));
}

#[tokio::test]
async fn the_bytes_of_a_destroyed_key_are_in_no_file() {
    let dir = tempfile::tempdir().unwrap();
    let (acme, pseudonym) = (TenantId::from("acme"), Pseudonym::from("p1"));
    let row = PersonRow {
        pseudonym: pseudonym.clone(),
        wrapped: b"the wrapped key of a person who is to be forgotten".to_vec(),
        id_index: Digest32([0xA5; 32]),
        alias_index: vec![Digest32([0x5A; 32])],
    };
    let secrets = [row.wrapped.clone(), vec![0xA5; 32], vec![0x5A; 32]];
    let found = || {
        let files = ["keys", "keys-wal"].map(|name| std::fs::read(dir.path().join(name)).unwrap());
        let is_in = |secret: &Vec<u8>| {
            files.iter().any(|file| file.windows(secret.len()).any(|bytes| bytes == secret))
        };
        secrets.iter().filter(|secret| is_in(secret)).count()
    };
    let store = open(dir.path()).await.unwrap();
    store.keys().add_persons(&acme, std::slice::from_ref(&row)).await.unwrap();
    assert_eq!(found(), 3);
    store.keys().destroy(&acme, &pseudonym).await.unwrap();
    assert_eq!(found(), 0);
    drop(store);
    let store = open(dir.path()).await.unwrap();
    assert_eq!(store.keys().add_persons(&acme, &[row]).await.unwrap(), [StoredPerson::Destroyed]);
    assert_eq!(found(), 0);
    let mut keys = raw(dir.path(), "keys").await;
    for undone in ["DELETE FROM person_destroyed", "UPDATE person_destroyed SET pseudonym = 'p2'"] {
        assert!(run(&mut keys, undone).await.is_err(), "{undone}");
    }
}

#[tokio::test]
async fn no_file_but_a_database_is_opened() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("log"), [b'x'; 8192]).unwrap();
    assert!(open(dir.path()).await.is_err());
}

#[tokio::test]
async fn the_write_ahead_log_is_whole_in_the_file_after_opening() {
    let dir = ledger(5).await;
    // As after a crash: a copy of the files, with the write-ahead log.
    let crashed = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await.unwrap();
    let records = Records::new(&TenantId::from("acme"));
    store
        .log()
        .append(records.tenant(), LogSize(5), &[records.entry("late", None, "", 5)])
        .await
        .unwrap();
    for file in ["log", "log-wal", "keys"] {
        std::fs::copy(dir.path().join(file), crashed.path().join(file)).unwrap();
    }
    assert!(std::fs::metadata(crashed.path().join("log-wal")).unwrap().len() > 0);
    let reopened = open(crashed.path()).await.unwrap();
    assert_eq!(
        std::fs::metadata(crashed.path().join("log-wal")).unwrap().len(),
        0,
        "before the first acknowledgement"
    );
    assert_eq!(reopened.log().head(records.tenant()).await.unwrap(), LogSize(6));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn checkpoints_keep_the_write_ahead_log_bounded() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await.unwrap();
    let records = Records::new(&TenantId::from("acme"));
    let mut entry = records.entry("large", None, "", 0);
    entry.original = SealedBody::Present(vec![7; 200 * 1024]);
    // 146 MiB at full speed: appends wait when checkpoints are slower.
    for n in 0..250 {
        let batch: Vec<_> = (0..3).map(|_| entry.clone()).collect();
        store.log().append(records.tenant(), LogSize(n * 3), &batch).await.unwrap();
    }
    let (wal, file) = (dir.path().join("log-wal"), dir.path().join("log"));
    let size = |path: &Path| std::fs::metadata(path).unwrap().len() >> 20;
    assert!(size(&wal) < 80, "{} MiB of 146 written", size(&wal));
    assert!(size(&file) > 60, "{} MiB", size(&file));
}

#[tokio::test]
async fn an_append_that_the_tables_refuse_stops_the_log() {
    let dir = ledger(2).await;
    let store = open(dir.path()).await.unwrap();
    let records = Records::new(&TenantId::from("acme"));
    // Another program writes: the owner's lock is advisory and does not prevent it.
    let mut log = raw(dir.path(), "log").await;
    let copy = "SELECT (key & ~1099511627775) | 2, id, header, leaf, personal_removed, \
                original_removed, facts, personal, original FROM log_entry \
                WHERE key & 1099511627775 = 1";
    run(&mut log, &format!("INSERT INTO log_entry {copy}")).await.unwrap();
    let log = store.log();
    let refused =
        log.append(records.tenant(), LogSize(2), &[records.entry("x", None, "", 2)]).await;
    assert!(
        matches!(
            refused,
            Err(AppendFailure::Log(LogError::Corrupt { position: LogPosition(2), .. }))
        ),
        "{refused:?}"
    );
    let refused =
        log.append(records.tenant(), LogSize(2), &[records.entry("x", None, "", 2)]).await;
    assert!(matches!(refused, Err(AppendFailure::Log(LogError::Stopped { .. }))), "{refused:?}");
    assert!(
        log.stopped().is_some_and(|stopped| !stopped.recovers),
        "it is not reopened automatically"
    );
    assert_eq!(
        log.read(records.tenant(), LogPosition(0), 9).await.unwrap().len(),
        2,
        "what was acknowledged is still read"
    );
}
