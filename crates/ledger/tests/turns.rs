//! Sequencers of several nodes over one log.

use crate::support::World;
use claimledger_ledger::{
    append::{AppendOutcome, AppendRequest},
    log::Log,
    nodes::Nodes,
    sequencer::{LedgerKind, Sequencer},
};
use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant as RealInstant},
};
use tokio::{task::JoinSet, time::Instant};

/// Clients of a node, each of which waits for one append before the next.
const CLIENTS: usize = 40;

/// Acknowledged appends: id, position, duration.
type Acknowledged = Vec<(String, u64, Duration)>;

/// Keeps a sequencer saturated with appends of one record each.
async fn saturate(
    world: &Arc<World>,
    node: Sequencer,
    name: &'static str,
    each: usize,
) -> Acknowledged {
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let (world, node) = (Arc::clone(world), node.clone());
        clients.spawn(async move {
            let mut acknowledged = Vec::with_capacity(each);
            for n in 0..each {
                let id = format!("{name}-{client}-{n}");
                let (began, records) = (Instant::now(), vec![world.record(&id, "")]);
                let request = AppendRequest { records, expected_revision: None };
                let receipt = node.append(request).await.unwrap().remove(0);
                assert_eq!(receipt.outcome, AppendOutcome::Stored, "{id}");
                acknowledged.push((id, receipt.position.0, began.elapsed()));
            }
            acknowledged
        });
    }
    clients.join_all().await.into_iter().flatten().collect()
}

async fn world_of_many() -> Arc<World> {
    Arc::new(World { nodes: Nodes::Many, ..World::new(LedgerKind::Live) })
}

/// Every acknowledged record is in the log once, where its receipt says, and nothing else is.
async fn is_what_was_acknowledged(world: &World, acknowledged: &[Acknowledged]) {
    let by_position: BTreeMap<u64, &str> =
        acknowledged.iter().flatten().map(|(id, at, _)| (*at, id.as_str())).collect();
    let records = world.records().await;
    assert_eq!(records.len(), acknowledged.iter().map(Vec::len).sum::<usize>());
    assert_eq!(records.len(), by_position.len());
    for (n, record) in records.iter().enumerate() {
        assert_eq!(record.header.position.0, n as u64);
        assert_eq!(by_position.get(&(n as u64)), Some(&record.header.source_id.as_str()));
    }
}

fn slowest(acknowledged: &Acknowledged) -> Duration {
    acknowledged.iter().map(|(.., took)| *took).max().unwrap()
}

#[tokio::test(start_paused = true)]
async fn of_two_saturated_nodes_neither_waits_long() {
    let world = world_of_many().await;
    let (one, two) = (world.open_on(world.slow_log()).await, world.open_on(world.slow_log()).await);
    let (one, two) = tokio::join!(saturate(&world, one, "one", 100), async {
        // A moment later, so that each of its appends comes too late.
        tokio::time::sleep(Duration::from_millis(1)).await;
        saturate(&world, two, "two", 100).await
    });
    for (name, node) in [("one", &one), ("two", &two)] {
        let slowest = slowest(node);
        // An append takes 5 ms, and a sequencer alone yields after 200 ms.
        assert!(slowest < Duration::from_millis(400), "{name} waited {slowest:?}");
    }
    is_what_was_acknowledged(&world, &[one, two]).await;
}

#[tokio::test(start_paused = true)]
async fn a_node_that_seldom_writes_gets_its_turn_beside_a_saturated_one() {
    let world = world_of_many().await;
    let (busy, seldom) =
        (world.open_on(world.slow_log()).await, world.open_on(world.slow_log()).await);
    let busy = saturate(&world, busy, "busy", 300);
    let seldom = async {
        let mut acknowledged = Vec::new();
        for n in 0..10 {
            tokio::time::sleep(Duration::from_millis(n * 13)).await;
            let (id, began) = (format!("seldom-{n}"), Instant::now());
            let records = vec![world.record(&id, "")];
            let request = AppendRequest { records, expected_revision: None };
            let receipt = seldom.append(request).await.unwrap().remove(0);
            acknowledged.push((id, receipt.position.0, began.elapsed()));
        }
        acknowledged
    };
    let (busy, seldom) = tokio::join!(busy, seldom);
    assert!(slowest(&seldom) < Duration::from_millis(300), "{seldom:?}");
    is_what_was_acknowledged(&world, &[busy, seldom]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_appends_of_two_nodes_are_each_acknowledged_once() {
    let world = world_of_many().await;
    let (one, two) = (world.open().await, world.open().await);
    let began = RealInstant::now();
    let nodes = [(one, "one"), (two, "two")].map(|(node, name)| {
        let world = Arc::clone(&world);
        tokio::spawn(async move { saturate(&world, node, name, 75).await })
    });
    let mut acknowledged = Vec::new();
    for node in nodes {
        acknowledged.push(node.await.unwrap());
    }
    let all = began.elapsed();
    for node in &acknowledged {
        assert!(slowest(node) < all / 2, "{:?} of {all:?}", slowest(node));
    }
    is_what_was_acknowledged(&world, &acknowledged).await;
    assert_eq!(world.log.head(&world.tenant).await.unwrap().0, 6_000);
}
