//! One tenant, opened: its keys, its sequencer, what is known of its configuration, and how far its read models are.

use crate::{
    app::Parts,
    changes::Occurrences,
    cursor::CursorKey,
    cut::PassedTimes,
    gather,
    keyring::Keyring,
    moved::Moved,
    own_records::OwnRecords,
    reader::{Reader, RecentTerms, RecordCache, decode},
    scope::ConfigIndex,
    terms::{CONFIG, term},
};
use claimledger_domain::{
    history::{History, is_config},
    model::Known,
};
use claimledger_facts::{
    fact::FactData,
    ids::{LogPosition, TenantId},
    seal::TenantKeys,
    time::Time,
};
use claimledger_ledger::{
    log::{Log, LogError},
    sequencer::{LedgerKind, Sequencer, SequencerConfig},
    views::{TermKind, Views},
};
use std::sync::{
    Arc, Mutex, PoisonError, RwLock,
    atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering},
};
use tokio::sync::watch;

/// A tenant that has been opened.
pub(crate) struct Tenant {
    pub(crate) id: TenantId,
    pub(crate) keys: TenantKeys,
    /// Whether recorded times are asserted by the input.
    pub(crate) rehearsal: bool,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) sequencer: Sequencer,
    pub(crate) own: Arc<OwnRecords>,
    pub(crate) cursor_key: CursorKey,
    /// Decoded records.
    pub(crate) records: RecordCache,
    recent: RecentTerms,
    pub(crate) times: PassedTimes,
    /// Records below this size are in the read models.
    pub(crate) assessed: watch::Sender<u64>,
    /// Appends that are on their way: the view runner gives way to them.
    appending: AtomicUsize,
    /// How many appends have ever begun.
    begun: AtomicU64,
    /// Held by whoever moves the read models: the runner, or a rebuild.
    pub(crate) moving: tokio::sync::Mutex<()>,
    /// Sessions whose place in lists moved forward, and when: a page that was pinned before looks at them too.
    pub(crate) moved: Moved,
    /// Where facts of sessions lie in time, as far as a feed of changes asked.
    pub(crate) occurrences: Occurrences,
    /// How often the read models were thrown away.
    rebuilds: AtomicU64,
    /// When the last record that we know of was recorded, in microseconds.
    last_recorded: Arc<AtomicI64>,
    /// What is known of the configuration, at least up to [`Self::assessed_to`]; to be cut at K.
    config: RwLock<(Arc<History>, Arc<ConfigIndex>)>,
    /// When the last fact of any session occurred, in microseconds: configuration that occurred later changes no session. `i64::MAX`: not known.
    latest_session_fact: AtomicI64,
    stopped: Mutex<Option<(LogPosition, String)>>,
}

impl Tenant {
    /// Opens a tenant whose log has its first record; none: there is no such tenant.
    pub(crate) async fn open(parts: &Parts, id: &TenantId) -> Result<Option<Self>, LogError> {
        let Some(row) = parts.keys.tenant(id).await? else { return Ok(None) };
        let Some(genesis) = parts.log.read(id, LogPosition(0), 1).await?.into_iter().next() else { return Ok(None) };
        let genesis = decode(id, LogPosition(0), &genesis)?;
        let Some(FactData::LedgerOpened(opened)) = genesis.statement.facts.first().map(|fact| &fact.data) else {
            return Err(LogError::Corrupt { position: LogPosition(0), what: "the first record does not open a ledger".to_owned() });
        };
        let keys = TenantKeys::unwrap(&parts.master, id, &row.wrapped).map_err(|error| LogError::Unavailable {
            reason: format!("the keys of tenant {id} do not open with this master key"),
            source: Some(Box::new(error)),
        })?;
        let head = parts.log.head(id).await?.0;
        let last = parts.log.read_at(id, &[LogPosition(head.saturating_sub(1))]).await?;
        let last = last.first().and_then(|entry| entry.decode_header().ok()).map_or(genesis.header.recorded_at, |header| header.recorded_at);
        let last_recorded = Arc::new(AtomicI64::new(last.micros()));
        let own = Arc::new(OwnRecords {
            tenant: id.clone(),
            keys: keys.clone(),
            random: Arc::clone(&parts.random),
            clock: Arc::clone(&parts.clock),
            last_recorded: opened.rehearsal.then(|| Arc::clone(&last_recorded)),
        });
        let keyring = Arc::new(Keyring::new(id.clone(), keys.clone(), Arc::clone(&parts.keys), Arc::clone(&parts.random)));
        let sequencer = Sequencer::open(SequencerConfig {
            tenant: id.clone(),
            log: Arc::clone(&parts.log),
            index: Arc::clone(&parts.views) as Arc<_>,
            keys: Arc::clone(&keyring) as Arc<_>,
            facts: Arc::clone(&own) as Arc<_>,
            clock: Arc::clone(&parts.clock),
            kind: if opened.rehearsal { LedgerKind::Rehearsal } else { LedgerKind::Live },
        })
        .await?;
        let covered = parts.views.covered(id).await?.0;
        let records = RecordCache::default();
        let (history, index) = load_config(id, &*parts.log, &*parts.views, &records, covered).await?;
        Ok(Some(Self {
            id: id.clone(),
            rehearsal: opened.rehearsal,
            // A digest of a name under the tenant's key: nobody else can make it, and it is made of nothing that is ever shown.
            cursor_key: CursorKey::new(&keys.byte_digest(b"claimledger cursors v1").0),
            keys,
            keyring,
            sequencer,
            own,
            records,
            recent: RecentTerms::default(),
            times: PassedTimes::default(),
            assessed: watch::Sender::new(covered),
            appending: AtomicUsize::new(0),
            begun: AtomicU64::new(0),
            moving: tokio::sync::Mutex::default(),
            moved: Moved::starting_at(covered),
            occurrences: Occurrences::default(),
            rebuilds: AtomicU64::new(0),
            last_recorded,
            config: RwLock::new((Arc::new(history), Arc::new(index))),
            latest_session_fact: AtomicI64::new(if covered == 0 { i64::MIN } else { i64::MAX }),
            stopped: Mutex::default(),
        }))
    }

    /// Records below this size are in the read models.
    pub(crate) fn assessed_to(&self) -> u64 {
        *self.assessed.borrow()
    }

    /// What is known of the configuration, at least up to [`Self::assessed_to`]; to be cut at K.
    pub(crate) fn history(&self) -> Arc<History> {
        self.config().0
    }

    pub(crate) fn config(&self) -> (Arc<History>, Arc<ConfigIndex>) {
        self.config.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes in configuration facts. Answers that are being made keep the history that they began with.
    pub(crate) fn learn(&self, facts: impl Iterator<Item = Known>) {
        let mut config = self.config.write().unwrap_or_else(PoisonError::into_inner);
        let (history, index) = &mut *config;
        let (history, index) = (Arc::make_mut(history), Arc::make_mut(index));
        for known in facts {
            index.insert(&known);
            history.insert(known);
        }
    }

    /// When the last fact of any session occurred, where that is known.
    pub(crate) fn latest_session_fact(&self) -> Option<Time> {
        match self.latest_session_fact.load(Ordering::Relaxed) {
            i64::MAX => None,
            micros => Some(Time::from_micros(micros)),
        }
    }

    pub(crate) fn seen_session_fact(&self, latest: Option<Time>) {
        if let Some(latest) = latest {
            self.latest_session_fact.fetch_max(latest.micros(), Ordering::Relaxed);
        }
    }

    /// How often the read models were thrown away: whoever read them before and after, and finds another number, read of two.
    pub(crate) fn rebuilds(&self) -> u64 {
        self.rebuilds.load(Ordering::SeqCst)
    }

    /// The read models are thrown away. To be called once [`Self::assessed`] says so, and before it is done.
    pub(crate) fn forget_session_facts(&self) {
        self.rebuilds.fetch_add(1, Ordering::SeqCst);
        self.latest_session_fact.store(i64::MIN, Ordering::Relaxed);
    }

    /// A record was recorded at this time.
    pub(crate) fn recorded(&self, time: Time) {
        self.last_recorded.fetch_max(time.micros(), Ordering::Relaxed);
    }

    /// Why the read models do not move any more, if they stopped at a corrupt record.
    pub(crate) fn stopped(&self) -> Option<LogError> {
        let stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        stopped.as_ref().map(|(position, what)| LogError::Corrupt { position: *position, what: what.clone() })
    }

    pub(crate) fn stop(&self, position: LogPosition, what: &str) {
        *self.stopped.lock().unwrap_or_else(PoisonError::into_inner) = Some((position, what.to_owned()));
    }

    /// Counts an append while it is on its way.
    pub(crate) fn begin_append(&self) -> Appending<'_> {
        self.appending.fetch_add(1, Ordering::Relaxed);
        self.begun.fetch_add(1, Ordering::Relaxed);
        Appending(&self.appending)
    }

    /// Whether an append is on its way.
    pub(crate) fn is_appending(&self) -> bool {
        self.appending.load(Ordering::Relaxed) > 0
    }

    /// How many appends have ever begun.
    pub(crate) fn appends_begun(&self) -> u64 {
        self.begun.load(Ordering::Relaxed)
    }

    /// Reads this tenant's records.
    pub(crate) fn reader<'a>(&'a self, log: &'a dyn Log, views: &'a dyn Views) -> Reader<'a> {
        Reader { tenant: &self.id, log, views, cache: &self.records, recent: &self.recent, ahead: None }
    }
}

/// An append on its way.
pub(crate) struct Appending<'a>(&'a AtomicUsize);

impl Drop for Appending<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn load_config(
    tenant: &TenantId,
    log: &dyn Log,
    views: &dyn Views,
    cache: &RecordCache,
    covered: u64,
) -> Result<(History, ConfigIndex), LogError> {
    let (mut history, mut index) = (History::default(), ConfigIndex::default());
    let Some(last) = covered.checked_sub(1) else { return Ok((history, index)) };
    let recent = RecentTerms::default();
    let reader = Reader { tenant, log, views, cache, recent: &recent, ahead: None };
    let positions = reader.positions(&term(TermKind::Config, CONFIG), LogPosition(last)).await?;
    for some in positions.chunks(1000) {
        for record in reader.records(some).await? {
            for known in gather::known(&record, record.header.variant, |fact| is_config(&fact.data)) {
                index.insert(&known);
                history.insert(known);
            }
        }
    }
    Ok((history, index))
}
