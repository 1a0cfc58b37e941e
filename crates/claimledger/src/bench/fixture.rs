//! A ledger of a given size, and bare SQLite with the same lines: made once, and kept where that is
//! wanted.

use super::{bare_sqlite, corpus, product, sessions::Sessions};
use crate::{
    engine,
    terminal::{print_note, progress},
};
use anyhow::{Context, Result, bail};
use claimledger_app::{
    app::{App, Options},
    model::question::Caller,
};
use claimledger_facts::{ids::TenantId, vocabulary::Role};
use claimledger_sources::Dialect;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

/// The tenant.
pub(crate) const TENANT: &str = "bench";
/// Facts a request.
const BATCH: usize = 500;
/// Facts after which the read models are waited for: far behind the log, they refuse appends.
const SETTLE_EVERY: usize = 200 * BATCH;
const TOKEN: &str = "token";
const READER: &str = "reader";
const READY: &str = "ready";

/// What it is filled with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Corpus {
    /// This number of System Log lines.
    Okta(usize),
    /// Sessions as native facts.
    Sessions(Sessions),
    /// The same, of which few are odd.
    OddSessions(Sessions),
}

/// A directory with both.
pub(crate) struct Fixture {
    pub(crate) dir: PathBuf,
}

impl Corpus {
    /// How many records it makes.
    pub(crate) fn events(self) -> usize {
        match self {
            Self::Okta(events) => events,
            Self::Sessions(sessions) | Self::OddSessions(sessions) => sessions.facts(),
        }
    }

    fn name(self) -> String {
        match self {
            Self::Okta(events) => format!("okta-{events}"),
            Self::Sessions(Sessions { count, each }) => format!("sessions-{count}x{each}"),
            Self::OddSessions(Sessions { count, each }) => format!("odd-sessions-{count}x{each}"),
        }
    }

    fn dialect(self) -> Dialect {
        match self {
            Self::Okta(_) => Dialect::OktaSystemLog,
            Self::Sessions(_) | Self::OddSessions(_) => Dialect::Native,
        }
    }

    /// The session of an event, and its line.
    fn line(self, n: usize) -> (String, Vec<u8>) {
        match self {
            Self::Okta(_) => (corpus::session(n), corpus::line(n)),
            Self::Sessions(sessions) | Self::OddSessions(sessions) => {
                let (id, fact) = sessions.fact(n);
                (id, fact.to_string().into_bytes())
            }
        }
    }

    /// What is recorded after an event, beside the number of events: no yardstick has it.
    fn beside(self, n: usize) -> Option<Vec<u8>> {
        let Self::OddSessions(sessions) = self else { return None };
        sessions.odd(n).map(|fact| fact.to_string().into_bytes())
    }

    fn last(self) -> Option<Vec<u8>> {
        let Self::OddSessions(sessions) = self else { return None };
        Some(sessions.retraction().to_string().into_bytes())
    }

    fn first(self) -> Vec<Vec<u8>> {
        match self {
            Self::Okta(_) => Vec::new(),
            Self::Sessions(_) | Self::OddSessions(_) => {
                Sessions::configuration().iter().map(|fact| fact.to_string().into_bytes()).collect()
            }
        }
    }
}

impl Fixture {
    /// The one that is there, or a new one.
    pub(crate) async fn make(root: &Path, corpus: Corpus) -> Result<Self> {
        let fixture = Self { dir: root.join(corpus.name()) };
        if fixture.dir.join(READY).exists() {
            print_note(&format!("{}: as it was made before", fixture.dir.display()));
            return Ok(fixture);
        }
        if fixture.dir.exists() {
            bail!("{} was not finished: remove it", fixture.dir.display());
        }
        std::fs::create_dir_all(&fixture.dir)
            .with_context(|| format!("{}", fixture.dir.display()))?;
        let app = engine::create_or_open(
            &engine::Location::directory(&fixture.ledger()),
            Options::default(),
        )
        .await?;
        let token = app.init_tenant(&TenantId::new(TENANT), false, None).await?;
        std::fs::write(fixture.dir.join(TOKEN), token)?;
        let caller = Arc::new(caller());
        let began = Instant::now();
        let bar = progress("events appended");
        bar.set_length(corpus.events() as u64);
        if !corpus.first().is_empty() {
            product::send(&app, &caller, corpus.dialect(), &corpus.first()).await?;
        }
        let mut bare = bare_sqlite::Store::create(&fixture.yardstick()).await?;
        for first in (0..corpus.events()).step_by(BATCH) {
            let batch = first..corpus.events().min(first + BATCH);
            let rows: Vec<_> = batch.clone().map(|n| corpus.line(n)).collect();
            let lines: Vec<_> = rows.iter().map(|(_, line)| line.clone()).collect();
            let rows = rows
                .into_iter()
                .map(|(session, line)| Ok((session, String::from_utf8(line)?)))
                .collect::<Result<Vec<_>>>()?;
            let (ours, theirs) = tokio::join!(
                product::send(&app, &caller, corpus.dialect(), &lines),
                bare.write(&rows)
            );
            ours?;
            theirs?;
            let beside: Vec<_> = batch.clone().filter_map(|n| corpus.beside(n)).collect();
            if !beside.is_empty() {
                product::send(&app, &caller, corpus.dialect(), &beside).await?;
            }
            bar.inc(batch.len() as u64);
            if (first + BATCH).is_multiple_of(SETTLE_EVERY) {
                app.settled_status(&caller).await?;
            }
        }
        if let Some(last) = corpus.last() {
            product::send(&app, &caller, corpus.dialect(), &[last]).await?;
        }
        bar.finish_and_clear();
        print_note(&format!(
            "{} events appended in {:.0} s; read models follow",
            corpus.events(),
            began.elapsed().as_secs_f64()
        ));
        std::fs::write(fixture.dir.join(READER), app.grant(&caller, &[Role::Read], None).await?.1)?;
        app.settled_status(&caller).await?;
        print_note(&format!("read models are there after {:.0} s", began.elapsed().as_secs_f64()));
        bare.close().await?;
        fixture.close(app).await?;
        std::fs::write(fixture.dir.join(READY), "")?;
        Ok(fixture)
    }

    pub(crate) fn ledger(&self) -> PathBuf {
        self.dir.join("ledger")
    }

    /// The file of bare SQLite.
    pub(crate) fn yardstick(&self) -> PathBuf {
        self.dir.join("yardstick")
    }

    /// A credential with every role.
    pub(crate) fn token(&self) -> Result<String> {
        Ok(std::fs::read_to_string(self.dir.join(TOKEN))?)
    }

    /// A credential that may only ask. Reads wait for what their own credential appended.
    pub(crate) fn reader(&self) -> Result<String> {
        Ok(std::fs::read_to_string(self.dir.join(READER))?)
    }

    /// Opens the ledger, with read models up to its head.
    pub(crate) async fn open(&self) -> Result<App> {
        self.open_with(Options::default()).await
    }

    /// The same with these options.
    pub(crate) async fn open_with(&self, options: Options) -> Result<App> {
        let app = engine::open(&engine::Location::directory(&self.ledger()), options).await?;
        app.settled_status(&caller()).await?;
        Ok(app)
    }

    /// Closes it, and waits until another process can have it.
    pub(crate) async fn close(&self, app: App) -> Result<()> {
        product::close(app, &self.ledger()).await
    }

    /// Throws away the read models.
    pub(crate) fn without_views(&self) -> Result<()> {
        for name in ["views", "views-wal", "views-shm"] {
            match std::fs::remove_file(self.ledger().join(name)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(error.into());
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Bytes of some files of the ledger.
    pub(crate) fn bytes(&self, names: &[&str]) -> u64 {
        names
            .iter()
            .filter_map(|name| std::fs::metadata(self.ledger().join(name)).ok())
            .map(|file| file.len())
            .sum()
    }
}

/// The owner of the tenant.
pub(crate) fn caller() -> Caller {
    Caller::owner(TenantId::new(TENANT))
}

#[cfg(test)]
mod tests {
    use super::{Corpus, Fixture, Sessions, caller};
    use claimledger_app::model::question::{Asking, SessionFilter};

    #[tokio::test(flavor = "multi_thread")]
    async fn few_sessions_are_odd_in_each_way() {
        let root = tempfile::tempdir().unwrap();
        let corpus = Corpus::OddSessions(Sessions { count: 1_000, each: 4 });
        let fixture = Fixture::make(root.path(), corpus).await.unwrap();
        let app = fixture.open().await.unwrap();
        let count = async |filter: SessionFilter| {
            let list =
                app.sessions_state_only(&caller(), &filter, &Asking::default(), 500, None).await;
            list.unwrap().value.items.len()
        };
        let all = SessionFilter::default;
        let outlived = count(SessionFilter { outlived: Some(true), ..all() }).await;
        let differs = count(SessionFilter { differs: Some(true), ..all() }).await;
        assert_eq!((outlived, differs), (1, 1));
        // One in twenty of the last thousand: the corpus has no more.
        let retracted = count(SessionFilter { retracted: Some(true), ..all() }).await;
        assert_eq!(retracted, 50);
        let falsified = count(SessionFilter { falsified_later: Some(true), ..all() }).await;
        assert!((51..=60).contains(&falsified), "{falsified}: these, and those of one person");
        fixture.close(app).await.unwrap();
    }
}
