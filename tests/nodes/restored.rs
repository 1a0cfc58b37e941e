//! A database that was restored from an older copy, behind what a node derived from it.

use crate::support::{Scratch, postgres, shared_ledger::SharedLedger, text};
use serde_json::json;

/// The same node, on another database.
fn command(node: &Scratch, database: &str, args: &[&str]) -> String {
    let mut command = node.command(args);
    command.env_remove("CLAIMLEDGER_DATABASE_URL_FILE").env(
        "CLAIMLEDGER_DATABASE_URL",
        postgres::shared().socket_url(crate::support::shared_ledger::LOGIN, database),
    );
    let out = command.output().expect("the binary runs");
    assert!(out.status.success(), "{args:?}: {}", text(&out.stderr));
    text(&out.stdout) + &text(&out.stderr)
}

fn session(node: &Scratch, number: u32) -> String {
    let fact = json!({"id": format!("s{number}"), "type": "session.started",
        "occurred_at": "2026-03-02T08:00:00Z", "recorded_at": "2026-03-02T08:00:01Z",
        "session": format!("S{number}"), "subject": {"id": "alice"}, "data": {}});
    node.file(&format!("s{number}.jsonl"), fact.to_string())
}

/// What `status` says of read models that have read every record.
fn at_the_head(records: u32) -> String {
    let shape = claimledger_ledger::generations::VIEWS_VERSION;
    format!("{records} records; read models (sessions {shape}) are at {records}")
}

#[test]
fn read_models_that_are_ahead_of_a_restored_log_are_folded_again() {
    let server = postgres::shared();
    let ledger = SharedLedger::new(server);
    let (node, older) = (ledger.node(), format!("{}_older", ledger.database));
    node.ok(&["init", "--tenant", "acme", "--rehearsal"]);
    node.ok(&["ingest", &session(&node, 1)]);
    // The copy, with its keys and checkpoints.
    server.psql("postgres", &format!("CREATE DATABASE {older} TEMPLATE {}", ledger.database));
    for number in 2..5 {
        node.ok(&["ingest", &session(&node, number)]);
    }
    let said = node.ok(&["status"]);
    assert!(said.contains(&at_the_head(5)), "{said}");
    // The node is started on the copy, as after a restore under the same name.
    let said = command(&node, &older, &["status"]);
    assert!(said.contains(&at_the_head(2)), "{said}");
    assert!(said.contains("the log has 2 records, and 5 were derived from it"), "{said}");
    assert!(command(&node, &older, &["sessions"]).contains("S1"));
    assert!(command(&node, &older, &["verify"]).contains("everything holds"));
    // Back on the first one, which has more: what it has that the copy had not is found by leaf.
    for number in 6..10 {
        command(&node, &older, &["ingest", &session(&node, number)]);
    }
    let said = text(&node.run(&["status"]).stderr);
    assert!(said.contains("the log has 5 records, and 6 were derived from it"), "{said}");
    command(&node, &older, &["status"]);
    for number in 10..13 {
        node.ok(&["ingest", &session(&node, number)]);
    }
    let said = command(&node, &older, &["status"]);
    assert!(said.contains(&at_the_head(6)), "{said}");
    // Now the log is longer than what was derived of the other one.
    let out = node.run(&["sessions"]);
    let said = text(&out.stderr);
    assert!(said.contains("record #5 is another one"), "{said}");
    let listed = text(&out.stdout);
    for number in [1, 2, 3, 4, 10, 11, 12] {
        assert!(listed.contains(&format!("S{number} ")), "S{number}: {listed}");
    }
    for number in [6, 7, 8, 9] {
        assert!(!listed.contains(&format!("S{number} ")), "S{number}: {listed}");
    }
    assert!(node.ok(&["verify"]).contains("everything holds"));
}

#[test]
fn the_same_with_the_log_on_the_double_of_kurrentdb() {
    let (server, runtime) = (postgres::shared(), tokio::runtime::Runtime::new().unwrap());
    let double = runtime.block_on(claimledger_kurrentdb_double::Double::start());
    let ledger = SharedLedger::new(server).with_log_on_double(&double.url());
    let (node, older) = (ledger.node(), format!("{}_older", ledger.database));
    node.ok(&["init", "--tenant", "acme", "--rehearsal"]);
    let copy = double.snapshot();
    server.psql("postgres", &format!("CREATE DATABASE {older} TEMPLATE {}", ledger.database));
    node.ok(&["ingest", &session(&node, 1)]);
    double.restore(&copy);
    // The log alone was restored: it ends before a checkpoint that was signed.
    let out = node.run(&["status"]);
    assert_eq!(out.status.code(), Some(5), "{}", text(&out.stderr));
    assert!(text(&out.stderr).contains("its end was cut off, or an older copy was restored"));
    // All of it was.
    let said = command(&node, &older, &["status"]);
    assert!(said.contains(&at_the_head(1)), "{said}");
    command(&node, &older, &["ingest", &session(&node, 2)]);
    assert!(command(&node, &older, &["verify"]).contains("everything holds"));
}

#[test]
fn a_restored_log_without_its_checkpoints_is_refused() {
    let server = postgres::shared();
    let ledger = SharedLedger::new(server);
    let (node, older) = (ledger.node(), format!("{}_older", ledger.database));
    node.ok(&["init", "--tenant", "acme", "--rehearsal"]);
    server.psql("postgres", &format!("CREATE DATABASE {older} TEMPLATE {}", ledger.database));
    node.ok(&["ingest", &session(&node, 1)]);
    // The checkpoint of the longer log, beside the shorter one: as where the log is restored and
    // the rest of the database is not.
    let note = server.psql(
        &ledger.database,
        "SELECT encode(tenant, 'hex') || ' ' || size || ' ' || encode(convert_to(note, 'UTF8'), \
         'hex') || ' ' || sum FROM claimledger.checkpoint WHERE tenant = 'acme'",
    );
    let parts: Vec<_> = note.split(' ').collect();
    let [tenant, size, note, sum] = parts[..] else { panic!("{note}") };
    server.psql(
        &older,
        &format!(
            "UPDATE claimledger.checkpoint SET size = {size}, sum = {sum}, note = \
             convert_from(decode('{note}', 'hex'), 'UTF8') WHERE tenant = decode('{tenant}', 'hex')"
        ),
    );
    let mut command = node.command(&["status"]);
    command.env_remove("CLAIMLEDGER_DATABASE_URL_FILE").env(
        "CLAIMLEDGER_DATABASE_URL",
        server.socket_url(crate::support::shared_ledger::LOGIN, &older),
    );
    let out = command.output().unwrap();
    assert_eq!(out.status.code(), Some(5), "{}", text(&out.stderr));
    assert!(
        text(&out.stderr).contains("its end was cut off, or an older copy was restored"),
        "{}",
        text(&out.stderr)
    );
}

#[test]
fn a_running_node_stops_when_its_log_is_replaced_by_an_older_one_that_grows() {
    let server = postgres::shared();
    let ledger = SharedLedger::new(server);
    let (node, other, name) = (ledger.node(), ledger.node(), ledger.database.clone());
    node.ok(&["init", "--tenant", "acme", "--rehearsal"]);
    node.ok(&["ingest", &session(&node, 1)]);
    let token = node.token("acme", "ingest,govern,read,operate");
    server.psql("postgres", &format!("CREATE DATABASE {name}_older TEMPLATE {name}"));
    let running = node.serve();
    let append = |number: u32| {
        let fact = std::fs::read(session(&node, number)).unwrap();
        running.post("/v1/facts", Some(&token), "application/json", &fact)
    };
    for number in 2..5 {
        let (status, body) = append(number);
        assert_eq!(status, 200, "{body}");
    }
    let ask = |id: &str| {
        let query = format!("{{ session(id: \"{id}\") {{ session {{ id }} }} }}");
        running.graphql_raw(&token, &query, json!({})).1
    };
    assert!(ask("S4").contains("\"id\":\"S4\""));
    // The database is replaced by the copy, under the same name.
    server.psql("postgres", &format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"));
    let cut =
        format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
    server.psql("postgres", &cut);
    server.psql("postgres", &format!("ALTER DATABASE {name} RENAME TO {name}_gone"));
    server.psql("postgres", &format!("ALTER DATABASE {name}_older RENAME TO {name}"));
    for number in 10..16 {
        other.ok(&["ingest", &session(&other, number)]);
    }
    // Now it is longer than what the running node knew, and another one.
    let began = std::time::Instant::now();
    let refused = loop {
        let answer = ask("S4");
        if !answer.contains("\"id\":\"S4\"") {
            break answer;
        }
        assert!(began.elapsed().as_secs() < 10, "it goes on: {answer}");
        std::thread::sleep(std::time::Duration::from_millis(100));
    };
    assert!(refused.contains("CORRUPT") && refused.contains("the log is damaged"), "{refused}");
    let (status, body) = append(20);
    assert!(status >= 500, "{status} {body}");
    std::thread::sleep(std::time::Duration::from_secs(3));
    for id in ["S4", "S12"] {
        assert!(ask(id).contains("CORRUPT"), "it took that back: {}", ask(id));
    }
    let (status, _, body) = running.get("/readyz", &[]);
    assert_eq!(status, 503, "{body}");
    running.kill();
    // Started again, it derives everything from the log that is there.
    let listed = node.ok(&["sessions"]);
    assert!(listed.contains("S12 ") && !listed.contains("S4 "), "{listed}");
}
