//! How fast a ledger is copied, as a ratio to the batch append of the slower of both engines.
//!
//! `cargo test --release -p claimledger --test copy_speed -- --nocapture`: run by its name only.
//! The double of KurrentDB and its client share the process, so its figures say little.

#[path = "../crates/store/tests/postgres/common.rs"]
#[allow(dead_code, reason = "the tests of the store use the rest")]
mod database;
#[path = "engines/ledger.rs"]
#[allow(dead_code, reason = "the tests of the engines use the rest")]
mod ledger;
#[path = "model/rng.rs"]
#[allow(dead_code, reason = "the model uses the rest")]
mod rng;
#[path = "support/postgres.rs"]
#[allow(dead_code, reason = "the tests of the store use the rest")]
mod server;

use claimledger_app::copy::copy;
use claimledger_facts::{
    ids::{LogPosition, LogSize, TenantId},
    record::Entry,
};
use claimledger_ledger::{conformance::Records, keys::TenantKeysRow, log::MAX_APPEND_ENTRIES};
use ledger::{Engines, Stored};
use std::{collections::HashMap, time::Instant};

/// Events of a run, unless `COPY_EVENTS` says otherwise.
const EVENTS: usize = 20_000;

fn events() -> usize {
    std::env::var("COPY_EVENTS").ok().and_then(|text| text.parse().ok()).unwrap_or(EVENTS)
}

/// Records of about 900 bytes.
fn entries() -> Vec<Entry> {
    let records = Records::new(&TenantId::from("acme"));
    let content: String = (0..60).map(|n| format!("{:x}", n * n * 7919)).collect();
    let entry = |n: usize| {
        let session = format!("S{}", n % 1000);
        records.entry(&format!("event-{n}"), Some(&session), &format!("{n} {content}"), n as u64)
    };
    (0..events()).map(entry).collect()
}

/// Appends them in the largest batches, and returns the events a second.
async fn appended(stored: &Stored, entries: &[Entry]) -> f64 {
    let (acme, began) = (TenantId::from("acme"), Instant::now());
    let mut size = LogSize(0);
    for batch in entries.chunks(MAX_APPEND_ENTRIES) {
        size = stored.parts.log.append(&acme, size, batch).await.unwrap();
    }
    entries.len() as f64 / began.elapsed().as_secs_f64()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn copies_beside_appends() {
    let entries = entries();
    let bytes = entries.iter().map(Entry::size).sum::<usize>() / entries.len();
    println!("{} events of {bytes} bytes", entries.len());
    let mut sources = Vec::new();
    let mut rates = HashMap::new();
    for engines in Engines::ALL {
        let stored = Stored::new(engines).await;
        let rate = appended(&stored, &entries).await;
        let row = TenantKeysRow { tenant: TenantId::from("acme"), wrapped: vec![1] };
        stored.parts.keys.add_tenant(&row).await.unwrap();
        println!("{engines:?}: {rate:.0} events/s appended");
        rates.insert(format!("{engines:?}"), rate);
        sources.push((engines, stored));
    }
    for (from, source) in &sources {
        for to in Engines::ALL.into_iter().filter(|to| to != from) {
            let target = Stored::new(to).await;
            let began = Instant::now();
            let report = copy(&source.parts, &target.parts, &mut |_, _, _| {}).await.unwrap();
            let rate = entries.len() as f64 / began.elapsed().as_secs_f64();
            assert_eq!(report.tenants[0].records.size.0, entries.len() as u64);
            let slower = rates[&format!("{from:?}")].min(rates[&format!("{to:?}")]);
            println!("{from:?} to {to:?}: {rate:.0} events/s, ratio {:.2}", rate / slower);
        }
    }
    let last = sources[0].1.parts.log.read(&TenantId::from("acme"), LogPosition(0), 1).await;
    assert_eq!(last.unwrap()[0], entries[0]);
}
