//! Two nodes on one database: races, and what one learns of the other.

use super::{
    common::{acme, database, node, options},
    server,
};
use claimledger_facts::{
    ids::{LogPosition, LogSize, Pseudonym, TenantId},
    record::Digest32,
    time::Time,
};
use claimledger_ledger::{
    conformance::Records,
    keys::{CredentialRow, KeyStore, PersonRow, StoredPerson},
    log::{AppendFailure, Log},
};
use claimledger_store::postgres::{PostgresLog, PostgresStore};
use std::{collections::BTreeSet, sync::Arc, time::Duration};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn appends_of_two_nodes_are_in_one_order() {
    let server = server::shared();
    let database = database(server).await;
    let nodes = [node(server, &database).await, node(server, &database).await];
    let records = Arc::new(Records::new(&acme()));
    let writers: Vec<_> = (0..6)
        .map(|writer| {
            let (log, records) = (nodes[writer % 2].log(), Arc::clone(&records));
            tokio::spawn(async move {
                let (mut size, mut won) = (0, Vec::new());
                while won.len() < 30 {
                    let id = format!("w{writer} {}", won.len());
                    let entry = records.entry(&id, None, "", size);
                    let id = entry.header.id;
                    match log.append(&acme(), LogSize(size), &[entry]).await {
                        Ok(after) => {
                            won.push((size, id));
                            size = after.0;
                        }
                        Err(AppendFailure::Conflict { size: other }) => size = other.0,
                        Err(other) => panic!("{other:?}"),
                    }
                }
                won
            })
        })
        .collect();
    let mut won = BTreeSet::new();
    for writer in writers {
        won.extend(writer.await.unwrap());
    }
    for node in &nodes {
        let read = node.log().headers(&acme(), LogPosition(0), 1000).await.unwrap();
        let read: BTreeSet<_> = (0..).zip(read.iter().map(|header| header.id)).collect();
        assert!(read == won, "each acknowledged record is at its position, and no other is there");
    }
}

fn person(name: String, id: u32) -> PersonRow {
    let mut index = [0; 32];
    // Not in the order of the ids.
    index[..4].copy_from_slice(&id.wrapping_mul(2_654_435_761).to_be_bytes());
    PersonRow {
        wrapped: name.as_bytes().to_vec(),
        pseudonym: Pseudonym::new(name),
        id_index: Digest32(index),
        alias_index: vec![Digest32([7; 32]), Digest32(index)],
    }
}

/// Batches with the same persons in opposite orders: no deadlock, and one key for each person.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_that_add_a_person_use_one_key() {
    let server = server::shared();
    let database = database(server).await;
    let nodes = [node(server, &database).await, node(server, &database).await];
    for round in 0..10_u32 {
        let ids: Vec<_> = (round * 100..round * 100 + 100).collect();
        let add = |node: &PostgresStore, name: &'static str, ids: Vec<u32>| {
            let keys = node.keys();
            let rows: Vec<_> = ids.iter().map(|id| person(format!("{name}{id}"), *id)).collect();
            tokio::spawn(async move { keys.add_persons(&acme(), &rows).await })
        };
        let one = add(&nodes[0], "one", ids.clone());
        let two = add(&nodes[1], "two", ids.into_iter().rev().collect());
        let one = one.await.unwrap().unwrap();
        let mut two = two.await.unwrap().unwrap();
        two.reverse();
        assert_eq!(one.len(), 100);
        for (one, two) in one.iter().zip(&two) {
            let (StoredPerson::Live(one), StoredPerson::Live(two)) = (one, two) else {
                panic!("{one:?} {two:?}");
            };
            assert_eq!((&one.pseudonym, &one.wrapped), (&two.pseudonym, &two.wrapped));
        }
    }
    // The transactions of a deadlock run again, but only after a second.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    assert_eq!(server.psql(&database, deadlocks), "0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn destroyed_keys_stay_destroyed_on_every_node() {
    let server = server::shared();
    let database = database(server).await;
    let nodes = [node(server, &database).await, node(server, &database).await];
    let (one, two) = (nodes[0].keys(), nodes[1].keys());
    let before = two.destructions(&acme()).await.unwrap();
    let (row, other) = (person("p".to_owned(), 1), TenantId::from("other"));
    two.add_persons(&acme(), std::slice::from_ref(&row)).await.unwrap();
    one.destroy(&acme(), &row.pseudonym).await.unwrap();
    assert!(two.destructions(&acme()).await.unwrap() > before, "the other node drops its cache");
    assert_eq!(two.destructions(&other).await.unwrap(), 0, "only of this tenant");
    let again = two.add_persons(&acme(), std::slice::from_ref(&row)).await.unwrap();
    assert_eq!(again, [StoredPerson::Destroyed]);
}

/// An add in one open transaction and a destruction in another: the destruction waits, and wins.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_destruction_waits_for_those_who_add() {
    let server = server::shared();
    let database = database(server).await;
    let node = node(server, &database).await;
    let keys = node.keys();
    // The row that both lock is there already, as after the first person of a tenant.
    keys.add_persons(&acme(), &[person("first".to_owned(), 9)]).await.unwrap();
    let sleeper = "BEGIN; INSERT INTO claimledger.person (tenant, pseudonym, wrapped, id_index) \
                   VALUES ('acme', 'late', 'key', decode(repeat('01', 32), 'hex')); SELECT \
                   pg_sleep(1); COMMIT";
    let (socket, name) = (server, database.clone());
    let adding = tokio::task::spawn_blocking(move || socket.psql(&name, sleeper));
    tokio::time::sleep(Duration::from_millis(400)).await;
    keys.destroy(&acme(), &Pseudonym::from("late")).await.unwrap();
    adding.await.unwrap();
    let found = keys.person(&acme(), &Pseudonym::from("late")).await.unwrap();
    assert_eq!(found, Some(StoredPerson::Destroyed));
    assert_eq!(keys.person_by_id(&acme(), &Digest32([1; 32])).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_credential_is_revoked_on_every_node() {
    let server = server::shared();
    let database = database(server).await;
    let nodes = [node(server, &database).await, node(server, &database).await];
    let row = CredentialRow {
        tenant: acme(),
        credential: "c1".to_owned(),
        token_hash: Digest32([1; 32]),
        roles: vec!["read".to_owned()],
        source: None,
        created_at: Time::EPOCH,
        revoked_at: None,
        mac: Digest32([2; 32]),
    };
    nodes[0].keys().add_credential(&row).await.unwrap();
    assert_eq!(nodes[1].keys().credential(&row.token_hash).await.unwrap(), Some(row.clone()));
    let at = Time::EPOCH.plus_secs(9);
    assert!(
        nodes[0].keys().revoke_credential(&acme(), "c1", at, &Digest32([3; 32])).await.unwrap()
    );
    let found = nodes[1].keys().credential(&row.token_hash).await.unwrap().unwrap();
    assert_eq!((found.revoked_at, found.mac), (Some(at), Digest32([3; 32])));
}

/// The log and the access log of a node.
type Logs = (Arc<PostgresLog>, Arc<PostgresLog>);

/// Appends through the first node, and waits until the second is woken up.
async fn wakes_up(one: &Logs, two: &Logs, within: Duration) {
    let records = Records::new(&acme());
    let mut changes = two.0.changes();
    let other = two.1.changes();
    // Of the start of listening.
    tokio::time::sleep(Duration::from_millis(500)).await;
    changes.mark_unchanged();
    let mut other_seen = other.clone();
    other_seen.mark_unchanged();
    let size = one.0.head(&acme()).await.unwrap();
    let entry = records.entry(&format!("e{}", size.0), None, "", size.0);
    one.0.append(&acme(), size, &[entry]).await.unwrap();
    tokio::time::timeout(within, changes.changed()).await.expect("a wake-up").unwrap();
    assert!(!other_seen.has_changed().unwrap(), "the other log did not change");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_wakes_up_other_nodes() {
    let server = server::shared();
    let database = database(server).await;
    let mut options = options(server, super::common::NODE, &database);
    options.poll_interval = Duration::from_secs(3600);
    let [one, two] = [0, 1].map(|_| PostgresStore::connect(&options));
    // Of each store only the logs are left.
    let (one, two) = (one.await.unwrap(), two.await.unwrap());
    let (one, two) = ((one.log(), one.access()), (two.log(), two.access()));
    wakes_up(&one, &two, Duration::from_secs(1)).await;
    // Listening begins again by itself.
    let kill = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = \
                current_database() AND pid <> pg_backend_pid() AND query LIKE 'LISTEN%'";
    assert_eq!(server.psql(&database, kill), "2");
    tokio::time::sleep(Duration::from_millis(1500)).await;
    wakes_up(&one, &two, Duration::from_secs(1)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_notification_is_replaced_by_a_poll() {
    let server = server::shared();
    let database = database(server).await;
    let mut options = options(server, super::common::NODE, &database);
    options.poll_interval = Duration::from_millis(300);
    let node = PostgresStore::connect(&options).await.unwrap();
    let mut changes = node.log().changes();
    tokio::time::sleep(Duration::from_secs(1)).await;
    changes.mark_unchanged();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!changes.has_changed().unwrap(), "polls alone wake nobody up");
    // Appended by SQL, so without a notification.
    server.psql(
        &database,
        "SET search_path = claimledger; INSERT INTO log_head (name) VALUES ('acme'); WITH head AS \
         (UPDATE log_head SET size = 1 RETURNING number) INSERT INTO log_entry SELECT number, 0, \
         decode(repeat('00', 16), 'hex'), '', decode(repeat('00', 32), 'hex'), NULL, NULL, '', \
         '', '' FROM head",
    );
    tokio::time::timeout(Duration::from_secs(2), changes.changed())
        .await
        .expect("it polls")
        .unwrap();
}
