//! Nothing acknowledged is lost: kill -9 while four writers append.

use crate::support::{Scratch, Server};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    process::Command,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

const KILLS: u64 = 50;
const WRITERS: u64 = 4;

fn fact(writer: u64, n: u64) -> String {
    json!({"id": format!("w{writer}-{n}"), "type": "app.accessed",
        "occurred_at": "2026-03-10T10:00:00Z", "session": format!("S{writer}-{}", n / 10),
           "subject": {"id": format!("u{writer}"), "login": format!("u{writer}@acme.example")},
               "data": {"app": "wiki", "app_session": format!("a{n}")}})
    .to_string()
}

fn send(server: &Server, token: &str, body: &str) -> Option<Value> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(10)))
        .build()
        .into();
    let mut answer = agent
        .post(format!("{}/v1/facts", server.url))
        .header("authorization", format!("Bearer {token}"))
        .send(body)
        .ok()?;
    let text = answer.body_mut().read_to_string().ok()?;
    (answer.status() == 200)
        .then(|| serde_json::from_str::<Value>(&text).ok())?
        .map(|body| body["results"][0].clone())
}

/// A small linear congruential generator: the moments of the kills, the same in every run.
fn moment(kill: u64) -> Duration {
    let x =
        kill.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407) >> 33;
    Duration::from_millis(20 + x % 230)
}

#[test]
fn fifty_kills_with_four_writers_lose_double_and_alter_nothing() {
    let scratch = Scratch::new();
    scratch.ok(&["init", "--tenant", "acme"]);
    let token = scratch.token("acme", "ingest,read");
    let next: Vec<AtomicU64> = (0..WRITERS).map(|_| AtomicU64::new(0)).collect();
    let acknowledged: Mutex<BTreeMap<String, u64>> = Mutex::new(BTreeMap::new());

    for kill in 0..KILLS {
        let server = scratch.serve();
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for writer in 0..WRITERS {
                let (server, token, next, acknowledged, stop) =
                    (&server, &token, &next, &acknowledged, &stop);
                scope.spawn(move || {
                    while !stop.load(Ordering::Relaxed) {
                        let n =
                            next[usize::try_from(writer).expect("small")].load(Ordering::Relaxed);
                        // Without an answer the same fact is sent again after the restart: the
                        // outcome was unknown.
                        let Some(receipt) = send(server, token, &fact(writer, n)) else { break };
                        let position = receipt["position"].as_u64().expect("a position");
                        let before = acknowledged
                            .lock()
                            .expect("no panic")
                            .insert(format!("w{writer}-{n}"), position);
                        assert!(before.is_none(), "acknowledged twice");
                        next[usize::try_from(writer).expect("small")]
                            .store(n + 1, Ordering::Relaxed);
                    }
                });
            }
            std::thread::sleep(moment(kill));
            let _ = Command::new("kill").args(["-9", &server.pid().to_string()]).status();
            stop.store(true, Ordering::Relaxed);
        });
        drop(server);
    }

    let acknowledged = acknowledged.into_inner().expect("no panic");
    assert!(
        acknowledged.len() > 100,
        "only {} appends were acknowledged: the test is too tame",
        acknowledged.len()
    );
    let server = scratch.serve();
    let log = read_log(&server, &token);
    let (mut lost, mut altered) = (0, 0);
    for (id, position) in &acknowledged {
        let found: Vec<u64> = log
            .iter()
            .filter(|(_, record)| record["sourceId"] == **id)
            .map(|(position, _)| *position)
            .collect();
        lost += u64::from(!found.contains(position));
        assert!(found.len() <= 1, "{id} is at {found:?}");
        // Sent again, it must be the same content at the same place; other content would be a
        // conflict.
        let (writer, n) = id[1..].split_once('-').expect("w-n");
        let again = send(
            &server,
            &token,
            &fact(writer.parse().expect("a number"), n.parse().expect("a number")),
        );
        altered += u64::from(again.is_none_or(|receipt| {
            receipt["outcome"] != "repeated" || receipt["position"] != *position
        }));
    }
    let sent_at_most = next.iter().map(|n| n.load(Ordering::Relaxed) + 1).sum::<u64>();
    let stored = log.iter().filter(|(_, record)| record["kind"] == "app.accessed").count() as u64;
    println!(
        "{KILLS} kills, {} acknowledged, {stored} stored: {lost} lost, {altered} altered",
        acknowledged.len()
    );
    assert_eq!((lost, altered), (0, 0));
    assert!(stored <= sent_at_most, "{stored} stored, {sent_at_most} sent");
}

fn read_log(server: &Server, token: &str) -> BTreeMap<u64, Value> {
    let head =
        server.graphql(token, "{ sessions(first: 1) { status { head } } }", json!({}))["sessions"]
            ["status"]["head"]
            .as_u64()
            .expect("a size");
    let mut log = BTreeMap::new();
    for from in (0..head).step_by(50) {
        let fields: String = (from..head.min(from + 50))
            .map(|n| format!("r{n}: record(position: {n}) {{ position sourceId kind leafHash }} "))
            .collect();
        let data = server.graphql(token, &format!("{{ {fields} }}"), json!({}));
        for answer in data.as_object().expect("an object").values() {
            let record = &answer["record"];
            log.insert(record["position"].as_u64().expect("dense"), record.clone());
        }
    }
    assert_eq!(log.len() as u64, head, "positions are dense");
    log
}
