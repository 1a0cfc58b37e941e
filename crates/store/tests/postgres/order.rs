//! The order of records under concurrency: 8 writers on two nodes, of whose transactions some are
//! slow and some are rolled back, and a reader that follows on a third.
//!
//! `CLAIMLEDGER_ORDER_RECORDS` sets the number of records; without it, fewer are written.

use super::{
    common::{NODE, acme, database, node},
    server,
};
use claimledger_facts::{
    ids::{LogPosition, LogSize, RecordId},
    record::Entry,
};
use claimledger_ledger::{
    conformance::Records,
    log::{AppendFailure, Log, LogError},
};
use sqlx::{Connection, PgConnection, Row};
use std::{sync::Arc, time::Instant};

const WRITERS: usize = 8;
/// Records of one append.
const BATCH: usize = 20;
const DEFAULT_RECORDS: usize = 20_000;
/// Rows of the control, which appends one by one.
const CONTROL_ROWS: usize = 3_000;

/// In 5 % of the transactions a pause, and in 5 % a failure, of which the client may try again.
const UNRELIABLE: &str = "CREATE FUNCTION unreliable() RETURNS trigger LANGUAGE plpgsql AS $$ \
    DECLARE chance float = random(); BEGIN IF chance < 0.05 THEN PERFORM pg_sleep(0.02); ELSIF \
    chance < 0.1 THEN RAISE EXCEPTION USING ERRCODE = '40001', MESSAGE = 'rolled back'; END IF; \
    RETURN NULL; END $$";

fn records() -> usize {
    let set = std::env::var("CLAIMLEDGER_ORDER_RECORDS").ok();
    set.map_or(DEFAULT_RECORDS, |set| set.parse().expect("a number"))
}

/// What a writer did: the acknowledged ids with their positions, rollbacks and conflicts.
type Written = (Vec<(u64, RecordId)>, usize, usize);

async fn write(log: Arc<impl Log>, entries: Vec<Entry>) -> Written {
    let (mut won, mut rolled_back, mut lost, mut size) = (Vec::new(), 0, 0, LogSize(0));
    for batch in entries.chunks(BATCH) {
        loop {
            match log.append(&acme(), size, batch).await {
                Ok(after) => {
                    won.extend((size.0..).zip(batch.iter().map(|entry| entry.header.id)));
                    break size = after;
                }
                Err(AppendFailure::Conflict { size: other }) => {
                    lost += 1;
                    size = other;
                }
                // This failure is certainly a rollback, because it is the test's own.
                Err(AppendFailure::Log(LogError::Unavailable { .. })) => rolled_back += 1,
                Err(other) => panic!("{other:?}"),
            }
        }
    }
    (won, rolled_back, lost)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_misses_no_record_and_positions_are_the_order_of_commits() {
    let server = server::shared();
    let database = database(server).await;
    let unreliable = format!(
        "{UNRELIABLE}; CREATE TRIGGER unreliable AFTER INSERT ON claimledger.log_entry FOR EACH \
         STATEMENT EXECUTE FUNCTION unreliable()"
    );
    server.psql(&database, &unreliable);
    let nodes = [node(server, &database).await, node(server, &database).await];
    let reader = node(server, &database).await;
    let (suite, total) = (Records::new(&acme()), records());
    let each = total / WRITERS;
    let entries = |writer: usize| -> Vec<_> {
        let mut entries: Vec<_> = Vec::with_capacity(each);
        for n in 0..each {
            entries.push(suite.entry(&format!("w{writer} {n}"), None, "", n as u64));
        }
        entries
    };
    let entries: Vec<_> = (0..WRITERS).map(entries).collect();
    let (total, began) = (each * WRITERS, Instant::now());
    let following = tokio::spawn(async move {
        let (log, mut read) = (reader.log(), Vec::with_capacity(total));
        let mut changes = log.changes();
        while read.len() < total {
            changes.mark_unchanged();
            let from = LogPosition(read.len() as u64);
            let some = log.headers(&acme(), from, 500).await.unwrap();
            if some.is_empty() {
                changes.changed().await.unwrap();
            }
            read.extend(some.into_iter().map(|header| header.id));
        }
        read
    });
    let writers: Vec<_> = entries
        .into_iter()
        .enumerate()
        .map(|(writer, entries)| tokio::spawn(write(nodes[writer % 2].log(), entries)))
        .collect();
    let (mut won, mut rolled_back, mut lost) = (Vec::new(), 0, 0);
    for writer in writers {
        let (some, back, conflicts) = writer.await.unwrap();
        won.extend(some);
        (rolled_back, lost) = (rolled_back + back, lost + conflicts);
    }
    let read = following.await.unwrap();
    let took = began.elapsed();
    won.sort_unstable();
    let read: Vec<_> = (0..).zip(read).collect();
    assert!(read == won, "0 missed, 0 gaps: each position has the record acknowledged for it");
    assert!(rolled_back > 0 && lost > 0, "{rolled_back} rolled back, {lost} conflicts");
    // Each append is a transaction, so positions may only share a commit or follow one.
    let late = "SELECT count(*) FROM (SELECT pg_xact_commit_timestamp(xmin) AS at, \
                lag(pg_xact_commit_timestamp(xmin)) OVER (ORDER BY position) AS before FROM \
                claimledger.log_entry) e WHERE at < before OR at IS NULL";
    assert_eq!(server.psql(&database, late), "0", "positions are the order of commits");
    eprintln!("{total} records in {took:?}: {rolled_back} rolled back, {lost} conflicts");
}

/// Control: positions from a sequence, read by a poller. It must miss rows, or the test is blind.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn positions_from_a_sequence_would_be_missed() {
    let server = server::shared();
    let database = database(server).await;
    server.psql(
        &database,
        &format!(
            "{UNRELIABLE}; CREATE TABLE naive (position bigserial PRIMARY KEY, id text); CREATE \
             TRIGGER unreliable AFTER INSERT ON naive FOR EACH STATEMENT EXECUTE FUNCTION \
             unreliable(); GRANT SELECT, INSERT ON naive TO {NODE}; GRANT USAGE ON SEQUENCE \
             naive_position_seq TO {NODE}"
        ),
    );
    let url = server.socket_url(NODE, &database);
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let url = url.clone();
            tokio::spawn(async move {
                let mut connection = PgConnection::connect(&url).await.unwrap();
                for n in 0..CONTROL_ROWS / WRITERS {
                    let insert = "INSERT INTO naive (id) VALUES ($1)";
                    let id = format!("w{writer} {n}");
                    while sqlx::query(insert).bind(&id).execute(&mut connection).await.is_err() {}
                }
            })
        })
        .collect();
    let (mut connection, mut last, mut seen) =
        (PgConnection::connect(&url).await.unwrap(), 0_i64, 0);
    loop {
        let over = writers.iter().all(tokio::task::JoinHandle::is_finished);
        let sql = "SELECT position FROM naive WHERE position > $1 ORDER BY position";
        let some = sqlx::query(sql).bind(last).fetch_all(&mut connection).await.unwrap();
        seen += some.len();
        last = some.last().map_or(last, |row| row.get(0));
        if over {
            break;
        }
    }
    let missed = CONTROL_ROWS / WRITERS * WRITERS - seen;
    eprintln!("the control missed {missed} of {CONTROL_ROWS}");
    assert!(missed > 0, "the control missed none, so this test shows nothing");
}
