//! Connections that end before and after a commit, and a server that stops: nothing that was
//! acknowledged is lost, nothing is there twice, and no request waits past its deadline.

use super::{
    common::{NODE, acme, database, node, options, prepare},
    server::{self, ADMIN, Server},
};
use claimledger_facts::{
    ids::{LogPosition, LogSize, RecordId},
    time::Time,
};
use claimledger_ledger::{
    append::{AppendRequest, SequencerError},
    clock::{ClockGuard, ClockSettings, FixedClock},
    conformance::Records,
    log::{AppendFailure, Log, LogError},
    memory::MemoryIndex,
    nodes::Nodes,
    sequencer::{LedgerKind, Sequencer, SequencerConfig},
};
use claimledger_store::postgres::PostgresStore;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// Appends that are acknowledged, each by its own request.
const APPENDS: usize = 200;

async fn sequencer(store: &PostgresStore, records: &Arc<Records>) -> Sequencer {
    let clock = Arc::new(FixedClock::new(Time::EPOCH.plus_secs(1000)));
    let config = SequencerConfig {
        tenant: acme(),
        log: store.log(),
        index: Arc::new(MemoryIndex::default()),
        facts: records.clone(),
        clock: Arc::new(ClockGuard::new(clock, ClockSettings::default())),
        kind: LedgerKind::Live,
        nodes: Nodes::Many,
    };
    Sequencer::open(config).await.unwrap()
}

/// Appends records through the sequencer from two clients, which send a request again until it is
/// acknowledged. Returns the acknowledged positions, by id.
async fn append_all(
    sequencer: &Sequencer,
    records: &Arc<Records>,
    name: &str,
) -> BTreeMap<String, LogPosition> {
    let clients: Vec<_> = (0..2)
        .map(|client| {
            let (sequencer, records) = (sequencer.clone(), Arc::clone(records));
            let name = format!("{name} {client}");
            tokio::spawn(async move {
                let mut acknowledged = Vec::new();
                for n in 0..APPENDS / 2 {
                    let id = format!("{name} {n}");
                    loop {
                        let records = vec![records.record(&id, Some("S"), &id, 5)];
                        let request = AppendRequest { records, expected_revision: None };
                        match sequencer.append(request).await {
                            Ok(receipts) => break acknowledged.push((id, receipts[0].position)),
                            Err(SequencerError::Log(LogError::Unavailable { .. })) => {}
                            Err(other) => panic!("{other:?}"),
                        }
                    }
                }
                acknowledged
            })
        })
        .collect();
    let mut acknowledged = BTreeMap::new();
    for client in clients {
        acknowledged.extend(client.await.unwrap());
    }
    acknowledged
}

/// Checks that the log has these records at these positions, and no other.
async fn check(store: &PostgresStore, acknowledged: &BTreeMap<String, LogPosition>) {
    let read = store.log().read(&acme(), LogPosition(0), 10_000).await.unwrap();
    let ids: BTreeSet<RecordId> = read.iter().map(|entry| entry.header.id).collect();
    assert_eq!((read.len(), ids.len()), (acknowledged.len(), acknowledged.len()), "none twice");
    for (id, position) in acknowledged {
        let header = read[position.0 as usize].decode().unwrap().header;
        assert_eq!((header.source_id.as_str(), header.position), (id.as_str(), *position));
    }
}

/// Ends connections of the nodes while `append` runs, of those backends that the condition selects.
/// Returns how many.
async fn killing<T>(
    server: &Server,
    database: &str,
    condition: &str,
    append: impl Future<Output = T>,
) -> (T, i64) {
    let kill = format!(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = \
         '{database}' AND usename = '{NODE}' AND {condition}"
    );
    let mut connection =
        PgConnection::connect(&server.socket_url(ADMIN, "postgres")).await.unwrap();
    let mut killed = 0;
    tokio::pin!(append);
    loop {
        let query = sqlx::query_scalar::<_, i64>(AssertSqlSafe(kill.as_str()));
        killed += query.fetch_one(&mut connection).await.unwrap();
        if let Ok(done) = tokio::time::timeout(Duration::from_millis(3), &mut append).await {
            return (done, killed);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn connections_that_end_before_the_commit_lose_and_double_nothing() {
    let server = server::shared();
    let database = database(server).await;
    // Slow, so that most connections end inside of the append.
    server.psql(
        &database,
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM \
         pg_sleep(0.02); RETURN NULL; END $$; CREATE TRIGGER slow AFTER INSERT ON \
         claimledger.log_entry FOR EACH STATEMENT EXECUTE FUNCTION slow()",
    );
    let store = node(server, &database).await;
    let records = Arc::new(Records::new(&acme()));
    let sequencer = sequencer(&store, &records).await;
    let active = "state = 'active' AND query LIKE 'WITH head%' AND random() < 0.04";
    let append = append_all(&sequencer, &records, "before");
    let (acknowledged, killed) = killing(server, &database, active, append).await;
    eprintln!("{killed} connections ended before their commit");
    assert!(killed >= 10, "{killed}");
    check(&store, &acknowledged).await;
}

/// A commit that waits for a standby is on the disk already: a connection that ends then has
/// written, and its client never learns it from the answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn connections_that_end_after_the_commit_lose_and_double_nothing() {
    let server = Server::start(&[]);
    prepare(&server, "ledger").await;
    server.psql("postgres", "ALTER SYSTEM SET synchronous_standby_names = 'missing'");
    server.psql("postgres", "SELECT pg_reload_conf()");
    tokio::time::sleep(Duration::from_millis(300)).await;
    let store = node(&server, "ledger").await;
    let records = Arc::new(Records::new(&acme()));
    let sequencer = sequencer(&store, &records).await;
    let append = append_all(&sequencer, &records, "after");
    let (acknowledged, killed) = killing(&server, "ledger", "wait_event = 'SyncRep'", append).await;
    eprintln!("{killed} connections ended after their commit");
    assert!(killed >= APPENDS as i64 / 2, "no append was acknowledged by the server: {killed}");
    check(&store, &acknowledged).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_server_that_stops_and_starts_is_used_again() {
    const RECOVERY: Duration = Duration::from_secs(10);
    let mut server = Server::start(&[]);
    prepare(&server, "ledger").await;
    let mut options = options(&server, NODE, "ledger");
    options.connect_timeout = Duration::from_secs(2);
    options.statement_timeout = Duration::from_secs(2);
    let deadline = Duration::from_secs(5);
    let store = PostgresStore::connect(&options).await.unwrap();
    let records = Arc::new(Records::new(&acme()));
    let over = Arc::new(AtomicBool::new(false));
    // Two clients, each with appends and reads of its own tenant's log.
    let clients: Vec<_> = (0..2)
        .map(|client| {
            let (log, records, over) = (store.log(), Arc::clone(&records), Arc::clone(&over));
            let tenant = claimledger_facts::ids::TenantId::new(format!("t{client}"));
            tokio::spawn(async move {
                let (mut slowest, mut last, mut failed) = (Duration::ZERO, Instant::now(), 0);
                let mut size = 0;
                while !over.load(Ordering::SeqCst) {
                    let began = Instant::now();
                    let head = log.head(&tenant).await;
                    slowest = slowest.max(began.elapsed());
                    let Ok(head) = head else {
                        failed += 1;
                        tokio::time::sleep(Duration::from_millis(50)).await;
                        continue;
                    };
                    assert!(head.0 >= size, "an acknowledged record is lost");
                    let id = format!("{client} {}", head.0);
                    let (entry, began) = (records.entry(&id, None, "", head.0), Instant::now());
                    let appended = log.append(&tenant, head, &[entry]).await;
                    slowest = slowest.max(began.elapsed());
                    match appended {
                        Ok(LogSize(after)) => (size, last) = (after, Instant::now()),
                        Err(_) => failed += 1,
                    }
                }
                (slowest, last, failed, size)
            })
        })
        .collect();
    let pause = |millis| tokio::time::sleep(Duration::from_millis(millis));
    pause(500).await;
    let mut recovered = Vec::new();
    for _ in 0..2 {
        server = tokio::task::spawn_blocking(move || {
            server.stop();
            server
        })
        .await
        .unwrap();
        pause(2500).await;
        server = tokio::task::spawn_blocking(move || {
            server.resume();
            server
        })
        .await
        .unwrap();
        let began = Instant::now();
        while store.log().head(&acme()).await.is_err() {
            assert!(began.elapsed() < RECOVERY, "it is not used again");
        }
        recovered.push(began.elapsed());
        pause(1000).await;
    }
    over.store(true, Ordering::SeqCst);
    for client in clients {
        let (slowest, last, failed, size) = client.await.unwrap();
        eprintln!("slowest request {slowest:?}, {failed} failed, {size} appended, {recovered:?}");
        assert!(slowest <= deadline + Duration::from_millis(500), "past its deadline: {slowest:?}");
        assert!(failed > 0 && last.elapsed() < Duration::from_secs(1), "it appends again");
    }
}

/// A server process that is frozen stands for a network that delivers nothing: no error arrives.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_ends_at_its_deadline() {
    let server = server::shared();
    let database = database(server).await;
    let mut options = options(server, NODE, &database);
    options.connect_timeout = Duration::from_secs(1);
    options.statement_timeout = Duration::from_secs(1);
    let deadline = Duration::from_secs(3);
    let store = PostgresStore::connect(&options).await.unwrap();
    let records = Records::new(&acme());
    let entry = |n: u64| records.entry(&format!("e{n}"), None, "", n);
    store.log().append(&acme(), LogSize(0), &[entry(0)]).await.unwrap();

    // The head is locked by a transaction that does not end.
    let mut other = PgConnection::connect(&server.socket_url(NODE, &database)).await.unwrap();
    let mut transaction = other.begin().await.unwrap();
    let lock = "SELECT size FROM claimledger.log_head FOR UPDATE";
    sqlx::query(lock).execute(&mut *transaction).await.unwrap();
    let began = Instant::now();
    let refused = store.log().append(&acme(), LogSize(1), &[entry(1)]).await.unwrap_err();
    assert!(refused.to_string().contains("unavailable"), "{refused}");
    assert!(began.elapsed() < deadline, "the server's limit comes first: {:?}", began.elapsed());
    transaction.rollback().await.unwrap();

    let processes = server.psql(
        "postgres",
        &format!(
            "SELECT string_agg(pid::text, ' ') FROM pg_stat_activity WHERE datname = '{database}' \
             AND application_name = 'claimledger' AND query NOT LIKE 'LISTEN%'"
        ),
    );
    let signal = |signal: &str| {
        let mut kill = std::process::Command::new("kill");
        assert!(kill.arg(signal).args(processes.split(' ')).status().unwrap().success());
    };
    // Used just now, so that it is not tested before it is used again.
    store.log().head(&acme()).await.unwrap();
    signal("-STOP");
    let began = Instant::now();
    let appended = store.log().append(&acme(), LogSize(1), &[entry(1)]).await;
    let took = began.elapsed();
    signal("-CONT");
    eprintln!("{took:?}: {appended:?}");
    assert!(appended.is_err(), "its answer cannot have come");
    assert!(took < deadline + Duration::from_millis(500), "{took:?}");
    // On a new connection. The statement that was frozen may still go in, and then it is first.
    loop {
        let head = store.log().head(&acme()).await.unwrap();
        match store.log().append(&acme(), head, &[entry(head.0)]).await {
            Ok(_) => break,
            Err(AppendFailure::Conflict { size }) => assert_eq!((head.0, size.0), (1, 2)),
            Err(other) => panic!("{other:?}"),
        }
    }
}
