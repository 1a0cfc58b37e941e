//! `bench size`: bytes on disk an event, and the tables of `docs/sizing.md`.

use super::{
    append::{BATCH, IN_FLIGHT},
    report::{Measure, print},
};
use crate::{
    bench::{
        product,
        profiles::{self, BytesPerEvent, grouped},
        scratch_databases::ScratchDatabases,
        scratch_dir::ScratchDir,
        storage::{self, Part, Storage},
    },
    cli::BenchSizeArgs,
    engine::{Location, SharedEngines},
    settings::Settings,
    terminal::print_text,
};
use anyhow::Result;
use std::path::Path;

const ABOUT: &str = "Bytes on disk an event: Okta System Log lines of 891 bytes, 10 a session, one \
                     new person in 10 sessions, in requests of 500; every engine is closed, and \
                     read models have followed. Lengths of files; pg_total_relation_size of \
                     tables, without the server's write-ahead log.";

/// One ledger of some number of events.
struct Filled {
    events: usize,
    sqlite: Storage,
    postgres: Option<Shared>,
}

/// The same events on PostgreSQL.
struct Shared {
    database: Storage,
    node: Storage,
}

/// Fills a ledger of each size on each engine.
pub(crate) async fn size(settings: &Settings, args: &BenchSizeArgs) -> Result<()> {
    let root = ScratchDir::new(args.dir.as_deref())?;
    let mut databases = match settings.shared_if_named()? {
        Some(shared) => Some(ScratchDatabases::connect(&shared.database).await?),
        None => None,
    };
    let mut filled = Vec::new();
    for events in &args.events {
        let made = fill(*events, root.path(), databases.as_mut()).await;
        if let Some(databases) = &mut databases {
            databases.drop_all().await?;
        }
        filled.push(made?);
    }
    if args.markdown {
        print_text(&markdown(&filled));
    } else {
        print(settings.format, ABOUT, &columns(&filled));
    }
    Ok(())
}

async fn fill(
    events: usize,
    root: &Path,
    databases: Option<&mut ScratchDatabases>,
) -> Result<Filled> {
    let dir = root.join(format!("ledger-{events}"));
    product::append(&Location::directory(&dir), events, IN_FLIGHT, BATCH).await?;
    let sqlite = storage::of_closed(&dir).await?;
    std::fs::remove_dir_all(&dir)?;
    let Some(databases) = databases else {
        return Ok(Filled { events, sqlite, postgres: None });
    };
    let database = databases.migrated().await?;
    let dir = root.join(format!("node-{events}"));
    let location = Location::node(&dir, SharedEngines::postgres(database.clone()));
    product::append(&location, events, IN_FLIGHT, BATCH).await?;
    let postgres = Shared {
        database: storage::of_database(&database).await?,
        node: storage::of_closed(&dir).await?,
    };
    std::fs::remove_dir_all(&dir)?;
    Ok(Filled { events, sqlite, postgres: Some(postgres) })
}

impl Filled {
    /// What was filled, and what is on its disk.
    fn places(&self) -> Vec<(&'static str, &Storage)> {
        let shared = self.postgres.iter().flat_map(|postgres| {
            [("PostgreSQL: database", &postgres.database), ("each node", &postgres.node)]
        });
        [("SQLite", &self.sqlite)].into_iter().chain(shared).collect()
    }

    fn per_event(&self, bytes: u64) -> f64 {
        bytes as f64 / self.events.max(1) as f64
    }

    fn bytes_per_event(&self) -> BytesPerEvent {
        let of = |storage| self.per_event(storage::total(storage));
        let postgres = self.postgres.as_ref();
        BytesPerEvent {
            sqlite: of(&self.sqlite),
            postgres: postgres.map(|postgres| (of(&postgres.database), of(&postgres.node))),
        }
    }
}

fn columns(filled: &[Filled]) -> Vec<(String, Vec<Measure>)> {
    let measure = |filled: &Filled, what: &str, bytes: u64| {
        Measure::new("", what, filled.per_event(bytes), "bytes/event")
    };
    let column = |filled: &Filled, storage: &Storage| {
        let parts = Part::ALL.into_iter().map(|part| {
            measure(filled, part.name(), storage.get(&part).copied().unwrap_or_default())
        });
        parts.chain([measure(filled, "all of it", storage::total(storage))]).collect()
    };
    filled
        .iter()
        .flat_map(|filled| {
            filled.places().into_iter().map(move |(place, storage)| {
                (format!("{place}, {} events", filled.events), column(filled, storage))
            })
        })
        .collect()
}

/// Both tables of `docs/sizing.md`: the second from the largest ledger.
fn markdown(filled: &[Filled]) -> String {
    let mut lines = Vec::new();
    for filled in filled {
        for (place, storage) in filled.places() {
            let parts = Part::ALL.iter().map(|part| {
                let bytes = storage.get(part).copied().unwrap_or_default();
                format!("{:.0}", filled.per_event(bytes))
            });
            let all = format!("{:.0}", filled.per_event(storage::total(storage)));
            let cells: Vec<_> = parts.chain([all]).collect();
            lines.push(format!(
                "| {place} | {} | {} |",
                grouped(filled.events as u64),
                cells.join(" | ")
            ));
        }
    }
    lines.push(String::new());
    if let Some(largest) = filled.iter().max_by_key(|filled| filled.events) {
        lines.extend(profiles::rows(largest.bytes_per_event()));
    }
    lines.join("\n")
}
