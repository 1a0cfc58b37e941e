//! What the login of a node cannot do, and which databases and settings are refused.

use super::{
    common::{NODE, acme, database, node, options, prepare},
    server::{self, ADMIN, PASSWORD, Server},
};
use claimledger_facts::ids::{LogSize, Pseudonym};
use claimledger_ledger::{
    conformance::Records,
    keys::KeyStore,
    log::Log,
    state::StateStore,
    tree::{CheckpointRow, CheckpointStore},
};
use claimledger_store::postgres::{
    PostgresError, PostgresOptions, PostgresStore, Tls, inspect, migrate,
};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::error::Error;

/// The error of a connection, with its causes.
async fn refusal(options: &PostgresOptions) -> String {
    let error = PostgresStore::connect(options).await.err().expect("refused");
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// Runs a statement with the rights of a login, and returns the refusal.
async fn run(server: &Server, login: &str, database: &str, sql: &str) -> Result<(), String> {
    let mut connection = PgConnection::connect(&server.socket_url(login, database)).await.unwrap();
    sqlx::raw_sql("SET search_path = claimledger").execute(&mut connection).await.unwrap();
    let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await;
    done.map(drop).map_err(|error| error.to_string())
}

const FORBIDDEN: [(&str, &str); 18] = [
    ("UPDATE log_entry SET header = 'x'", "permission denied"),
    ("UPDATE access_entry SET leaf = leaf", "permission denied"),
    ("DELETE FROM log_entry", "permission denied"),
    ("TRUNCATE log_entry", "permission denied"),
    ("DELETE FROM log_head", "permission denied"),
    ("UPDATE log_head SET name = 'other'", "permission denied"),
    ("DROP TRIGGER log_entry_is_never_altered ON log_entry", "must be owner"),
    ("ALTER TABLE log_entry DISABLE TRIGGER ALL", "must be owner"),
    ("SET session_replication_role = replica", "permission denied"),
    ("DELETE FROM person_destroyed", "permission denied"),
    ("UPDATE person SET wrapped = 'x'", "permission denied"),
    ("UPDATE credential SET roles = 'admin'", "permission denied"),
    ("DELETE FROM checkpoint", "permission denied"),
    ("INSERT INTO _sqlx_migrations SELECT * FROM _sqlx_migrations", "permission denied"),
    ("SET ROLE claimledger_owner", "permission denied"),
    // What a grant allows, and a trigger refuses.
    ("UPDATE log_head SET size = size + 1", "a log has a record at its end"),
    ("UPDATE log_entry SET personal = 'x'", "a record of the log is never altered"),
    ("DELETE FROM person", "only after it is marked as destroyed"),
];

#[tokio::test]
async fn the_login_of_a_node_cannot_alter_what_is_recorded() {
    let server = server::shared();
    let database = database(server).await;
    let store = node(server, &database).await;
    let records = Records::new(&acme());
    let entry = records.entry("e0", None, "", 0);
    for log in [store.log(), store.access()] {
        log.append(&acme(), LogSize(0), std::slice::from_ref(&entry)).await.unwrap();
    }
    let person = claimledger_ledger::keys::PersonRow {
        pseudonym: Pseudonym::from("p"),
        wrapped: vec![1],
        id_index: claimledger_facts::record::Digest32([1; 32]),
        alias_index: Vec::new(),
    };
    store.keys().add_persons(&acme(), &[person]).await.unwrap();
    for (sql, why) in FORBIDDEN {
        let refused = run(server, NODE, &database, sql).await.expect_err(sql);
        assert!(refused.contains(why), "{sql}: {refused}");
    }
    // Not even the owner, who would have to drop a trigger first.
    for sql in [
        "UPDATE log_entry SET header = 'x'",
        "DELETE FROM log_entry",
        "TRUNCATE log_entry",
        "UPDATE log_head SET size = 0",
        "INSERT INTO log_entry SELECT tenant, 5, decode(repeat('00', 16), 'hex'), header, leaf, \
         personal_removed, original_removed, facts, personal, original FROM log_entry",
        "DELETE FROM person_destroyed; TRUNCATE person_destroyed",
    ] {
        run(server, ADMIN, &database, sql).await.expect_err(sql);
    }
    let read = store.log().read(&acme(), claimledger_facts::ids::LogPosition(0), 9).await.unwrap();
    assert!(read == [entry], "the record is as it was appended");

    server.psql("postgres", "CREATE ROLE auditor LOGIN IN ROLE claimledger_reader");
    run(server, "auditor", &database, "SELECT * FROM log_entry").await.unwrap();
    for sql in ["SELECT * FROM person", "SELECT * FROM credential", "SELECT * FROM state"] {
        run(server, "auditor", &database, sql).await.expect_err(sql);
    }
    let refused = refusal(&options(server, "auditor", &database)).await;
    assert!(refused.contains("GRANT claimledger_writer TO auditor"), "{refused}");
}

#[tokio::test]
async fn tables_of_another_version_are_refused_with_both_versions() {
    let server = server::shared();
    server.psql("postgres", "CREATE DATABASE empty");
    let refused = refusal(&options(server, ADMIN, "empty")).await;
    assert!(refused.contains("version 0") && refused.contains("version 4"), "{refused}");
    assert!(refused.contains("claimledger database migrate"), "{refused}");

    let database = database(server).await;
    let as_admin = options(server, ADMIN, &database);
    migrate(&as_admin).await.unwrap();
    let add = "INSERT INTO claimledger._sqlx_migrations SELECT 5, description, installed_on, \
               success, checksum, execution_time FROM claimledger._sqlx_migrations LIMIT 1";
    server.psql(&database, add);
    let refused = refusal(&options(server, NODE, &database)).await;
    assert!(refused.contains("version 5, and this program needs version 4"), "{refused}");
    assert!(refused.contains("newer version of this program"), "{refused}");
    let refused = migrate(&as_admin).await.unwrap_err();
    assert!(matches!(refused, PostgresError::SchemaVersion { found: 5, .. }), "{refused}");
}

#[tokio::test]
async fn settings_that_lose_acknowledged_records_are_refused_by_name() {
    let server = Server::start(&[]);
    prepare(&server, "ledger").await;
    let options = options(&server, NODE, "ledger");
    let store = PostgresStore::connect(&options).await.unwrap();
    for (settings, name, needed) in [
        (&["fsync = off"][..], "fsync = off", "on is needed"),
        (&["full_page_writes = off"], "full_page_writes = off", "on is needed"),
        (&["synchronous_commit = off"], "synchronous_commit = off", "on is needed"),
        (
            &["synchronous_commit = local", "synchronous_standby_names = 'other'"],
            "synchronous_commit = local",
            "on or remote_apply is needed",
        ),
        (
            &["synchronous_commit = remote_write", "synchronous_standby_names = 'other'"],
            "synchronous_commit = remote_write",
            "on or remote_apply is needed",
        ),
    ] {
        for setting in settings {
            server.psql("postgres", &format!("ALTER SYSTEM SET {setting}"));
        }
        server.psql("postgres", "SELECT pg_reload_conf()");
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        let refused = refusal(&options).await;
        assert!(refused.contains(name) && refused.contains(needed), "{refused}");
        server.psql("postgres", "ALTER SYSTEM RESET ALL");
        server.psql("postgres", "SELECT pg_reload_conf()");
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        PostgresStore::connect(&options).await.unwrap();
    }
    // A connection that the pool makes later is checked too.
    server.psql("postgres", &format!("ALTER ROLE {NODE} SET synchronous_commit = off"));
    let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = \
                'claimledger'";
    server.psql("postgres", kill);
    let records = Records::new(&acme());
    let entry = records.entry("e0", None, "", 0);
    let refused = loop {
        match store.log().append(&acme(), LogSize(0), std::slice::from_ref(&entry)).await {
            // The first ones meet the ended connections.
            Err(error) if error.to_string().contains("synchronous_commit = off") => break error,
            Err(_) => {}
            Ok(_) => panic!("it was appended without durability"),
        }
    };
    assert!(refused.to_string().contains("an acknowledged record could be lost"), "{refused}");
}

#[tokio::test]
async fn no_error_has_the_password() {
    let server = server::shared();
    let database = database(server).await;
    let url = server.tcp_url(NODE, PASSWORD, &database);
    let options = PostgresOptions::new(&url, None, &Tls::Disabled).unwrap();
    PostgresStore::connect(&options).await.unwrap();
    for (login, database) in [(NODE, "nowhere"), ("stranger", database.as_str())] {
        let url = server.tcp_url(login, PASSWORD, database);
        let refused = refusal(&PostgresOptions::new(&url, None, &Tls::Disabled).unwrap()).await;
        assert!(!refused.contains(PASSWORD), "{refused}");
    }
    let wrong = PostgresOptions::new(&url, Some("wr0ng-horse"), &Tls::Disabled).unwrap();
    let refused = refusal(&wrong).await;
    assert!(refused.contains("password authentication failed"), "{refused}");
    assert!(!refused.contains(PASSWORD) && !refused.contains("wr0ng-horse"), "{refused}");
}

/// With certificates that the test makes: only one for this host, by a trusted authority, is
/// accepted.
#[tokio::test]
async fn tls_verifies_the_host_and_the_authority() {
    let mut server = Server::start(&[]);
    prepare(&server, "ledger").await;
    server.use_tls("localhost");
    let verified = |host: &str, ca: bool| {
        let url = server.tcp_url(NODE, PASSWORD, "ledger").replace("127.0.0.1", host);
        let ca_file = ca.then(|| server.authority());
        PostgresOptions::new(&url, None, &Tls::Verified { ca_file }).unwrap()
    };
    let store = PostgresStore::connect(&verified("localhost", true)).await.unwrap();
    store.log().head(&acme()).await.unwrap();
    let encrypted = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE \
                     application_name = 'claimledger'";
    assert_eq!(server.psql("postgres", encrypted), "t");
    let refused = refusal(&verified("127.0.0.1", true)).await;
    assert!(refused.contains("certificate"), "another host: {refused}");
    let refused = refusal(&verified("localhost", false)).await;
    assert!(refused.contains("certificate"), "an unknown authority: {refused}");
    server.psql("postgres", "ALTER SYSTEM SET ssl = off");
    server.psql("postgres", "SELECT pg_reload_conf()");
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let refused = refusal(&verified("localhost", true)).await;
    assert!(refused.contains("TLS"), "no fallback to plain text: {refused}");
}

/// Rows that are altered behind the triggers: a read names the place, and no write is based on it.
#[tokio::test]
async fn altered_rows_are_named_and_not_returned() {
    let server = server::shared();
    let database = database(server).await;
    let store = node(server, &database).await;
    let records = Records::new(&acme());
    let entries: Vec<_> = (0..5).map(|n| records.entry(&format!("e{n}"), None, "", n)).collect();
    store.log().append(&acme(), LogSize(0), &entries).await.unwrap();
    store.state().store(&acme(), "cursor", 0, b"next").await.unwrap();
    let checkpoint = CheckpointRow { size: LogSize(3), note: "note\n".to_owned() };
    store.checkpoints().publish(&acme(), None, &checkpoint).await.unwrap();
    let behind = |sql: &str| {
        let sql =
            format!("SET search_path = claimledger; SET session_replication_role = replica; {sql}");
        server.psql(&database, &sql)
    };
    behind("UPDATE state SET value = 'other'");
    behind("UPDATE checkpoint SET size = 4");
    behind("ALTER TABLE log_entry DROP CONSTRAINT log_entry_check");
    behind("UPDATE log_entry SET personal = NULL WHERE position = 1");
    behind("DELETE FROM log_entry WHERE position = 3");
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let state = store.state().load(&acme(), "cursor").await.unwrap_err();
    assert!(text(&state).starts_with("`state` is damaged: state, acme, cursor"), "{state}");
    let written = store.state().store(&acme(), "cursor", 1, b"x").await.unwrap_err();
    assert!(text(&written).contains("is damaged"), "{written}");
    assert!(store.state().check().await.is_err_and(|error| error.is_damage()));
    let read = store.checkpoints().checkpoint(&acme()).await.unwrap_err();
    assert!(text(&read).starts_with("`checkpoints` is damaged: checkpoint, acme"), "{read}");
    let next = CheckpointRow { size: LogSize(9), note: "note\n".to_owned() };
    store.checkpoints().publish(&acme(), Some(LogSize(4)), &next).await.unwrap_err();
    assert!(store.checkpoints().check().await.is_err_and(|error| error.is_damage()));
    let log = store.log();
    let position = claimledger_facts::ids::LogPosition;
    let read = log.read(&acme(), position(0), 9).await.unwrap_err();
    assert!(text(&read).contains("damaged at record #1: the personal body is missing"), "{read}");
    for read in [
        log.headers(&acme(), position(0), 9).await.map(drop),
        log.headers_at(&acme(), &[position(2), position(3)]).await.map(drop),
    ] {
        let read = read.unwrap_err();
        assert!(text(&read).contains("damaged at record #3: no record is there"), "{read}");
    }

    // A database that lost its last records, as a standby that lagged behind.
    behind("DELETE FROM log_entry WHERE position >= 2; UPDATE log_head SET size = 2");
    let lost = "the database has 2 records where 5 were acknowledged";
    let head = log.head(&acme()).await.unwrap_err();
    assert!(text(&head).contains(lost), "{head}");
    let next = [records.entry("e9", None, "", 2)];
    for expected in [2, 5] {
        let refused = log.append(&acme(), LogSize(expected), &next).await.unwrap_err();
        assert!(text(&refused).contains(lost), "expected {expected}: {refused}");
    }
    let read = log.read(&acme(), position(0), 1).await.unwrap_err();
    assert!(text(&read).contains(lost), "{read}");
}

/// Everything at once, of a database that a node would refuse, too.
#[tokio::test]
async fn an_inspection_says_what_is_there() {
    let server = server::shared();
    let database = database(server).await;
    let clock = claimledger_ledger::clock::SystemClock::default();
    let found = inspect(&options(server, NODE, &database), &clock).await.unwrap();
    assert!(found.is_supported && found.settings.iter().all(|setting| setting.needed.is_none()));
    assert_eq!(found.tables, Some(found.tables_needed));
    assert_eq!((found.login.name.as_str(), found.login.may_write), (NODE, true));
    assert!(!found.login.may_alter && !found.is_encrypted && found.size_bytes > 1_000_000);
    let off = found.skew.micros.abs() - found.skew.uncertainty_micros;
    assert!(off < 1_000_000, "one machine has one clock: {:?}", found.skew);

    for (login, group) in [
        ("owner_login", "IN ROLE claimledger_owner"),
        ("looker", "IN ROLE claimledger_reader"),
        ("guest", ""),
        ("usurper", "IN ROLE claimledger_writer"),
    ] {
        server.psql("postgres", &format!("CREATE ROLE {login} LOGIN {group}"));
    }
    server.psql(&database, "ALTER TABLE claimledger.state OWNER TO usurper");
    server.psql(&database, "GRANT INSERT ON claimledger.log_entry TO guest");
    for (login, may_read, may_write, may_alter) in [
        (ADMIN, true, true, true),
        ("owner_login", true, true, true),
        ("usurper", true, true, true),
        ("looker", true, false, false),
        ("guest", false, false, false),
    ] {
        let found = inspect(&options(server, login, &database), &clock).await.unwrap();
        assert_eq!(found.tables.is_some(), may_read, "{login}");
        let found = found.login;
        assert_eq!((found.may_write, found.may_alter), (may_write, may_alter), "{login}");
    }

    // A database without tables, and settings that only this login has.
    server.psql("postgres", "CREATE DATABASE bare");
    server.psql("postgres", "CREATE ROLE hasty LOGIN; ALTER ROLE hasty SET synchronous_commit=off");
    let found = inspect(&options(server, "hasty", "bare"), &clock).await.unwrap();
    assert_eq!((found.tables, found.login.may_write), (Some(0), false));
    let owner = inspect(&options(server, "owner_login", "bare"), &clock).await.unwrap().login;
    assert!(owner.may_alter, "it may make the tables");
    let wrong: Vec<_> = found.settings.iter().filter(|setting| setting.needed.is_some()).collect();
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    assert_eq!((wrong[0].name, wrong[0].found.as_str()), ("synchronous_commit", "off"));
    // This machine's clock is an hour ahead.
    let now = claimledger_ledger::clock::Clock::now(&clock);
    let late = claimledger_ledger::clock::FixedClock::new(now.plus_secs(3600));
    let found = inspect(&options(server, NODE, &database), &late).await.unwrap();
    assert!((-3_610_000_000..-3_590_000_000).contains(&found.skew.micros), "{:?}", found.skew);
}
