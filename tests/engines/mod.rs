//! Engines are equal: the same commands, clock and randomness give the same bytes, positions, ids,
//! leaves, roots and answers on each of them; and a ledger is copied from each to each.

mod commands;
mod copies;
#[path = "../../crates/store/tests/postgres/common.rs"]
#[allow(dead_code, reason = "the tests of the store use the rest")]
mod database;
mod ledger;
#[path = "../support/ledger_dump.rs"]
mod ledger_dump;
#[path = "../support/mortal.rs"]
mod mortal;
mod renamed;

use crate::model::{
    ask::{self, Asked},
    rng,
};
use crate::support::postgres as server;
use claimledger_facts::random::{Random, SystemRandom};
use commands::Told;
use ledger::{Engines, Seeded, Stored};
use std::{ops::Range, sync::Arc};

/// Questions that are skipped after each one about a generated day.
const STEP: usize = 4;

/// Everything that a ledger answered and stored.
struct Lived {
    told: Told,
    stored: Vec<String>,
}

/// The fixture's days and these generated ones.
async fn lived(engines: Engines, random: Arc<dyn Random>, seeds: Range<u64>) -> Lived {
    let (stored, mut told) = (Stored::new(engines).await, Told::default());
    let app = stored.open(random).await;
    commands::live_the_fixture(&stored, &app, &mut told).await;
    let days: Vec<Asked> = seeds.map(ask::generated).collect();
    for day in &days {
        commands::live_a_day(&app, day, &mut told).await;
    }
    commands::ask_of_the_fixture(&app, &mut told).await;
    for day in &days {
        commands::ask_of_a_day(&app, day, STEP, &mut told).await;
    }
    let mut tenants = commands::TENANTS.map(|(tenant, _)| tenant).to_vec();
    tenants.extend(days.iter().map(|day| day.tenant.as_str()));
    commands::sign(&stored, &app, &tenants).await;
    app.close().await;
    let dump = ledger_dump::dump(&stored.parts, &tenants).await;
    Lived { told, stored: dump }
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
    let [sqlite, others @ ..] = lived_on_all(|_| Seeded::new(1), 1..21);
    let (answers, rows) = (sqlite.told.answers.len(), sqlite.stored.len());
    assert!(answers > 1800 && rows > 2200, "{answers} answers, {rows} rows");
    for other in others {
        assert_eq!(ledger_dump::differs(&sqlite.told.answers, &other.told.answers), None);
        assert_eq!(ledger_dump::differs(&sqlite.told.random, &other.told.random), None);
        assert_eq!(ledger_dump::differs(&sqlite.stored, &other.stored), None);
    }
}

#[test]
fn with_other_randomness_the_answers_are_the_same_but_for_pseudonyms() {
    let renamed = lived_on_all(|_| Arc::new(SystemRandom), 1..3);
    let [sqlite, others @ ..] = renamed.map(|lived| renamed::answers(&lived.told.answers));
    for other in others {
        assert_eq!(ledger_dump::differs(&sqlite, &other), None);
    }
}
