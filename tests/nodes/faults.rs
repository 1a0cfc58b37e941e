//! Nodes and the database end at any moment while others write: nothing that was acknowledged is
//! missing or doubled, and writing goes on within ten seconds.

use crate::support::{Scratch, Server, postgres, shared_ledger::SharedLedger};
use claimledger_facts::ids::{RecordId, SourceEventId, SourceId, TenantId};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

const WRITERS: usize = 8;
/// How often a node is killed, and how often the database.
const KILLS: usize = 5;
/// How long it takes at most until appends are acknowledged again.
const RECOVERY: Duration = Duration::from_secs(10);

/// Appends one fact; its position, or none: the outcome is unknown.
fn append(url: &str, token: &str, id: &str) -> Option<u64> {
    let fact = json!({"id": id, "type": "session.started", "occurred_at": "2026-03-02T08:00:00Z",
        "session": id, "subject": {"id": id}, "data": {}});
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        // Requests have deadlines of their own; this is longer than all of them.
        .timeout_global(Some(Duration::from_secs(40)))
        .build()
        .into();
    let mut answer = agent
        .post(format!("{url}/v1/facts"))
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .send(fact.to_string().as_bytes())
        .map_err(|error| assert!(!matches!(error, ureq::Error::Timeout(_)), "{id} hangs"))
        .ok()?;
    let status = answer.status().as_u16();
    let body = answer.body_mut().read_to_string().ok()?;
    match status {
        200 => serde_json::from_str::<Value>(&body).unwrap()["results"][0]["position"].as_u64(),
        503 => None,
        other => panic!("{id}: {other} {body}"),
    }
}

struct Load {
    urls: [RwLock<String>; 2],
    token: String,
    stop: AtomicBool,
    acknowledged: AtomicU64,
}

impl Load {
    /// Appends one session after the other, each until it is acknowledged, by the nodes in turn.
    fn write(&self, writer: usize) -> BTreeMap<String, u64> {
        let mut positions = BTreeMap::new();
        for n in 0.. {
            if self.stop.load(Ordering::Relaxed) {
                break;
            }
            let id = format!("w{writer}-{n}");
            for attempt in 0.. {
                let url = self.urls[(writer + n + attempt) % 2].read().unwrap().clone();
                if let Some(position) = append(&url, &self.token, &id) {
                    positions.insert(id, position);
                    self.acknowledged.fetch_add(1, Ordering::Relaxed);
                    break;
                }
                thread::sleep(Duration::from_millis(50));
            }
        }
        positions
    }

    /// Waits until another append is acknowledged, and returns how long it took.
    fn recovered(&self) -> Duration {
        let (began, before) = (Instant::now(), self.acknowledged.load(Ordering::Relaxed));
        while self.acknowledged.load(Ordering::Relaxed) == before {
            assert!(began.elapsed() < RECOVERY, "nothing was acknowledged for {RECOVERY:?}");
            thread::sleep(Duration::from_millis(10));
        }
        began.elapsed()
    }
}

/// Positions are dense, and each acknowledged id is at the position that was acknowledged.
fn check(ledger: &SharedLedger, node: &Scratch, positions: &BTreeMap<String, u64>) {
    let mut taken: Vec<_> = positions.values().copied().collect();
    taken.sort_unstable();
    taken.dedup();
    assert_eq!(taken.len(), positions.len(), "two ids have one position");
    let verified = node.json(&["verify"]);
    let findings = &verified["tenants"][0]["findings"];
    assert!(findings.as_array().is_none_or(Vec::is_empty), "{verified}");
    let rows = node.ok(&["status", "--rows"]);
    let rows: BTreeSet<&str> = rows.lines().filter(|line| line.starts_with("record ")).collect();
    let records = verified["tenants"][0]["records"].as_u64().unwrap();
    assert_eq!(rows.len() as u64, records, "an id is twice in the log");
    let (tenant, source) = (TenantId::from("acme"), SourceId::from("acme"));
    for (name, position) in positions {
        let id = RecordId::derive(&tenant, &source, &SourceEventId::from(name.as_str()));
        let row = format!("record {id} #{position}");
        assert!(rows.contains(row.as_str()), "{name}: {row} is not in {}", ledger.database);
    }
}

#[test]
fn nodes_and_the_database_are_killed_while_eight_writers_append() {
    let mut server = postgres::Server::start(&[]);
    let ledger = SharedLedger::new(&server);
    let nodes = [ledger.node(), ledger.node()];
    nodes[0].ok(&["init", "--tenant", "acme"]);
    let token = nodes[0].token("acme", "ingest,govern,read");
    let mut servers: Vec<Server> = nodes.iter().map(Scratch::serve).collect();
    let load = Load {
        urls: [RwLock::new(servers[0].url.clone()), RwLock::new(servers[1].url.clone())],
        token,
        stop: AtomicBool::new(false),
        acknowledged: AtomicU64::new(0),
    };
    let (positions, longest) = thread::scope(|scope| {
        let load = &load;
        let writers: Vec<_> =
            (0..WRITERS).map(|writer| scope.spawn(move || load.write(writer))).collect();
        let mut longest = Duration::ZERO;
        load.recovered();
        for kill in 0..KILLS {
            let node = kill % 2;
            servers.remove(node).kill();
            longest = longest.max(load.recovered());
            servers.insert(node, nodes[node].serve());
            *load.urls[node].write().unwrap() = servers[node].url.clone();
            thread::sleep(Duration::from_millis(200));
            server.stop();
            thread::sleep(Duration::from_millis(100));
            server.resume();
            longest = longest.max(load.recovered());
            thread::sleep(Duration::from_millis(200));
        }
        load.stop.store(true, Ordering::Relaxed);
        let all = writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect();
        (all, longest)
    });
    let positions: BTreeMap<String, u64> = positions;
    println!("{} acknowledged, recovered within {longest:?}", positions.len());
    assert!(positions.len() > 100, "{}", positions.len());
    drop(servers);
    check(&ledger, &nodes[0], &positions);
}
