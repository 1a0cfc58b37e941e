//! Engines are equal: the same commands, clock and randomness give the same bytes, positions, ids,
//! leaves, roots and answers on each of them; and a ledger is copied from each to each.

mod commands;
#[path = "../../crates/store/tests/postgres/common.rs"]
#[allow(dead_code, reason = "the tests of the store use the rest")]
mod database;
mod ledger;
#[path = "../support/ledger_dump.rs"]
mod ledger_dump;
#[path = "../support/postgres.rs"]
#[allow(dead_code, reason = "the tests of the store use the rest")]
mod server;

use crate::model::ask::{self, Asked};
use claimledger_facts::random::{Random, SystemRandom};
use ledger::{Engines, Seeded, Stored};
use std::{ops::Range, sync::Arc};

/// Everything that a ledger said and stored.
struct Lived {
    told: Vec<String>,
    stored: Vec<String>,
}

/// The fixture's days and these generated ones.
async fn lived(engines: Engines, random: Arc<dyn Random>, seeds: Range<u64>) -> Lived {
    let began = std::time::Instant::now();
    let stored = Stored::new(engines).await;
    let app = stored.open(random).await;
    let mut told = commands::live_the_fixture(&stored, &app).await;
    eprintln!("{engines:?} {:?}", began.elapsed());
    let days: Vec<Asked> = seeds.map(ask::generated).collect();
    for day in &days {
        told.extend(commands::live_a_day(&app, day).await);
    }
    eprintln!("{engines:?} {:?}", began.elapsed());
    told.extend(commands::ask_of_the_fixture(&app).await);
    eprintln!("{engines:?} {:?}", began.elapsed());
    for day in &days {
        told.extend(commands::ask_of_a_day(&app, day, 3).await);
    }
    eprintln!("{engines:?} {:?}", began.elapsed());
    let mut tenants = vec!["acme", "globex", "live"];
    tenants.extend(days.iter().map(|day| day.tenant.as_str()));
    commands::sign(&stored, &app, &tenants).await;
    app.close().await;
    Lived { told, stored: ledger_dump::dump(&stored.parts, &tenants).await }
}

/// The same on all engines at once, each with a runtime of its own.
fn lived_on_all(random: fn(Engines) -> Arc<dyn Random>, seeds: Range<u64>) -> [Lived; 3] {
    let run = |engines| {
        let seeds = seeds.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(lived(engines, random(engines), seeds))
        })
    };
    Engines::ALL.map(run).map(|thread| thread.join().unwrap())
}

#[test]
fn every_engine_gives_the_same_bytes_and_answers() {
    let began = std::time::Instant::now();
    let [sqlite, others @ ..] = lived_on_all(|_| Seeded::new(1), 1..3);
    eprintln!(
        "{} answers and receipts, {} rows, {:?}",
        sqlite.told.len(),
        sqlite.stored.len(),
        began.elapsed()
    );
    for other in others {
        assert_eq!(ledger_dump::differs(&sqlite.told, &other.told), None);
        assert_eq!(ledger_dump::differs(&sqlite.stored, &other.stored), None);
    }
    let _ = SystemRandom;
    let _ = commands::now();
}
