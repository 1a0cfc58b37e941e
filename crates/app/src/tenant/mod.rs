//! One tenant, opened: its keys, its sequencer, what is known of its configuration, and how far its
//! read models are.

pub(crate) mod appends;
pub(crate) mod keyring;
pub(crate) mod known_sources;
pub(crate) mod occurrences;
pub(crate) mod own_records;
pub(crate) mod parts;
pub(crate) mod passed_times;

use crate::{
    model::{
        cursor::CursorKey,
        health::{DamagedPlace, HealthMonitor},
        rebuild::RebuildState,
        scope::ConfigIndex,
        terms::{CONFIG, term},
    },
    read::{
        load_session::{self, FirstOfKind},
        reader::{Reader, decode},
        record_cache::{RecentTerms, RecordCache},
        reordered::Moved,
    },
    tenant::{
        appends::Appends,
        keyring::Keyring,
        known_sources::KnownSources,
        occurrences::Occurrences,
        own_records::OwnRecords,
        parts::{Parts, keys_do_not_open},
        passed_times::PassedTimes,
    },
};
use claimledger_domain::{
    RULES,
    completeness::{Completeness, completeness_of},
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
    clock::ClockGuard,
    generations::{ANSWERING_VERSIONS, MadeBy, Place, VIEWS_NAME},
    log::{Log, LogError},
    sequencer::{LedgerKind, Sequencer, SequencerConfig},
    views::{TermKind, Views},
};
use std::sync::{
    Arc, Mutex, PoisonError, RwLock,
    atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
};
use std::time::Duration;
use tokio::{sync::watch, time::Instant};

/// A tenant that has been opened.
pub(crate) struct Tenant {
    pub(crate) id: TenantId,
    pub(crate) keys: TenantKeys,
    /// Whether recorded times are asserted by the input.
    pub(crate) rehearsal: bool,
    /// The rules that the first record names.
    pub(crate) opened_rules: String,
    /// Whether the log is known to say that the rules of this program are in force.
    pub(crate) rules_said: AtomicBool,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) sequencer: Sequencer,
    pub(crate) own: Arc<OwnRecords>,
    pub(crate) cursor_key: CursorKey,
    /// Decoded records.
    pub(crate) records: RecordCache,
    /// What sessions need not be gathered with.
    pub(crate) first_of_kind: FirstOfKind,
    /// What is known of the live generation's rows.
    pub(crate) folded: Folded,
    /// By what code the rows were made that are asked.
    in_use: RwLock<InUse>,
    /// Held by whoever builds a generation beside the live one.
    pub(crate) rebuilding: Arc<tokio::sync::Mutex<()>>,
    /// How the rebuild goes that was started last.
    rebuild_state: Mutex<RebuildState>,
    pub(crate) times: PassedTimes,
    /// Whoever has said anything.
    pub(crate) sources: KnownSources,
    /// Records below this size are in the read models.
    pub(crate) assessed: watch::Sender<u64>,
    /// So many records go into the read models in one transaction when those are far behind.
    pub(crate) batch_records: usize,
    /// What is known of appends beside the log.
    pub(crate) appends: Appends,
    /// Held by whoever moves the live generation, or puts another in its place.
    pub(crate) moving: tokio::sync::Mutex<()>,
    /// Sessions whose place in lists moved forward, and when: a page that was pinned before looks
    /// at them too.
    pub(crate) moved: Moved,
    /// Where facts of sessions lie in time, as far as a feed of changes asked.
    pub(crate) occurrences: Occurrences,
    /// How often the read models were thrown away.
    rebuilds: AtomicU64,
    last_asked: Mutex<Option<Instant>>,
    /// When the last record that we know of was recorded, in microseconds.
    last_recorded: Arc<AtomicI64>,
    /// What is known of the configuration, at least up to [`Self::assessed_to`]; to be cut at K.
    config: RwLock<(Arc<History>, Arc<ConfigIndex>)>,
    /// What keeps the read models from moving: damage, which no repetition mends.
    stopped: Mutex<Option<LogError>>,
    /// What does not work.
    pub(crate) health: HealthMonitor,
}

/// What whoever moves a generation knows of its rows.
pub(crate) struct Folded {
    pub(crate) recent: RecentTerms,
    /// When the last fact of any session occurred, in microseconds: configuration that occurred
    /// later changes no session. `i64::MAX`: not known.
    latest_session_fact: AtomicI64,
}

/// By what code the rows were made that are asked.
#[derive(Clone, Debug)]
pub(crate) struct InUse {
    pub(crate) made_by: MadeBy,
    /// Whether what a head row says of its session is what this code would say. If not, rows only
    /// find candidates, and each is assessed.
    pub(crate) current: bool,
}

impl Default for Folded {
    /// Of a generation without rows.
    fn default() -> Self {
        Self { recent: RecentTerms::default(), latest_session_fact: AtomicI64::new(i64::MIN) }
    }
}

impl Folded {
    /// Of a generation that has rows already, if `covered` is not 0.
    pub(crate) fn at(covered: u64) -> Self {
        let folded = Self::default();
        if covered > 0 {
            folded.latest_session_fact.store(i64::MAX, Ordering::Relaxed);
        }
        folded
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

    /// From here on it is about another generation.
    fn become_that_of(&self, other: &Self) {
        self.recent.clear();
        self.latest_session_fact
            .store(other.latest_session_fact.load(Ordering::Relaxed), Ordering::Relaxed);
    }
}

impl InUse {
    fn of(made_by: MadeBy) -> Self {
        Self { current: made_by == MadeBy::now(RULES), made_by }
    }

    /// As an answer's status says it.
    pub(crate) fn name(&self) -> String {
        match self.current {
            true => format!("{VIEWS_NAME} {}", self.made_by.views),
            false => self.made_by.to_string(),
        }
    }
}

impl Tenant {
    /// Opens a tenant whose log has its first record; none: there is no such tenant.
    pub(crate) async fn open(
        parts: &Parts,
        guard: &Arc<ClockGuard>,
        id: &TenantId,
        batch_records: usize,
    ) -> Result<Option<Self>, LogError> {
        let Some(row) = parts.keys.tenant(id).await? else { return Ok(None) };
        let Some(genesis) = parts.log.read(id, LogPosition(0), 1).await?.into_iter().next() else {
            return Ok(None);
        };
        let genesis = decode(id, LogPosition(0), &genesis)?;
        let Some(FactData::LedgerOpened(opened)) =
            genesis.statement.facts.first().map(|fact| &fact.data)
        else {
            return Err(LogError::Corrupt {
                position: LogPosition(0),
                what: "the first record does not open a ledger".to_owned(),
            });
        };
        let keys = TenantKeys::unwrap(&parts.master, id, &row.wrapped)
            .map_err(|_| keys_do_not_open(id))?;
        let head = parts.log.head(id).await?.0;
        let last = parts.log.read_at(id, &[LogPosition(head.saturating_sub(1))]).await?;
        let last = last
            .first()
            .and_then(|entry| entry.decode_header().ok())
            .map_or(genesis.reference.recorded_at, |header| header.recorded_at);
        let last_recorded = Arc::new(AtomicI64::new(last.micros()));
        let own = Arc::new(OwnRecords {
            tenant: id.clone(),
            keys: keys.clone(),
            random: Arc::clone(&parts.random),
            clock: Arc::clone(&parts.clock),
            last_recorded: opened.rehearsal.then(|| Arc::clone(&last_recorded)),
        });
        let in_use = InUse::of(live_generation(&*parts.views, id).await?);
        let (sources, covered) = KnownSources::load(id, &*parts.log, &*parts.views).await?;
        let keyring = Arc::new(Keyring::new(
            id.clone(),
            keys.clone(),
            Arc::clone(&parts.keys),
            Arc::clone(&parts.random),
        ));
        let sequencer = Sequencer::open(SequencerConfig {
            tenant: id.clone(),
            log: Arc::clone(&parts.log),
            index: Arc::clone(&parts.views) as Arc<_>,
            keys: Arc::clone(&keyring) as Arc<_>,
            facts: Arc::clone(&own) as Arc<_>,
            clock: Arc::clone(guard),
            kind: if opened.rehearsal { LedgerKind::Rehearsal } else { LedgerKind::Live },
        })
        .await?;
        let first_of_kind = FirstOfKind::load(id, &*parts.views).await?;
        let records = RecordCache::default();
        let (history, index) =
            load_config(id, &*parts.log, &*parts.views, &records, covered).await?;
        Ok(Some(Self {
            id: id.clone(),
            rehearsal: opened.rehearsal,
            opened_rules: opened.rules.clone(),
            rules_said: AtomicBool::new(false),
            // A digest of a name under the tenant's key: nobody else can make it, and it is made of
            // nothing that is ever shown.
            cursor_key: CursorKey::new(&keys.byte_digest(b"claimledger cursors v1").0),
            keys,
            keyring,
            sequencer,
            own,
            records,
            first_of_kind,
            folded: Folded::at(covered),
            in_use: RwLock::new(in_use),
            rebuilding: Arc::default(),
            rebuild_state: Mutex::default(),
            times: PassedTimes::default(),
            sources,
            assessed: watch::Sender::new(covered),
            batch_records,
            last_asked: Mutex::default(),
            appends: Appends::default(),
            moving: tokio::sync::Mutex::default(),
            // Where configuration came late, rows of the next batch may have been written before
            // the program stopped, and have moved already.
            moved: Moved::starting_at(head.min(covered.saturating_add(batch_records as u64))),
            occurrences: Occurrences::default(),
            rebuilds: AtomicU64::new(0),
            last_recorded,
            config: RwLock::new((Arc::new(history), Arc::new(index))),
            stopped: Mutex::default(),
            health: HealthMonitor::default(),
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

    /// Takes in configuration facts. Answers that are being made keep the history that they began
    /// with.
    pub(crate) fn learn(&self, facts: impl Iterator<Item = Known>) {
        let mut config = self.config.write().unwrap_or_else(PoisonError::into_inner);
        let (history, index) = &mut *config;
        let (history, index) = (Arc::make_mut(history), Arc::make_mut(index));
        for known in facts {
            index.insert(&known);
            history.insert(known);
        }
    }

    /// By what code the rows were made that are asked.
    pub(crate) fn in_use(&self) -> InUse {
        self.in_use.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How complete each source is known to be at a position: every source of which anything is
    /// known then.
    pub(crate) fn completeness(&self, known_at: LogPosition) -> Vec<Completeness> {
        completeness_of(self.history().at(known_at), &self.sources.known_at(known_at))
    }

    /// Another generation was put in place, at the size at which the live one was. Whoever says so
    /// holds `moving`.
    pub(crate) fn switched(&self, made_by: MadeBy, folded: &Folded) {
        self.folded.become_that_of(folded);
        *self.in_use.write().unwrap_or_else(PoisonError::into_inner) = InUse::of(made_by);
        self.rebuilds.fetch_add(1, Ordering::SeqCst);
    }

    /// How often another generation was put in place: whoever read before and after, and finds
    /// another number, may have read of two.
    pub(crate) fn rebuilds(&self) -> u64 {
        self.rebuilds.load(Ordering::SeqCst)
    }

    /// How the rebuild goes that was started last.
    pub(crate) fn rebuild_state(&self) -> RebuildState {
        self.rebuild_state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_rebuild_state(&self, state: RebuildState) {
        *self.rebuild_state.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    /// A record was recorded at this time.
    pub(crate) fn recorded(&self, time: Time) {
        self.last_recorded.fetch_max(time.micros(), Ordering::Relaxed);
    }

    /// When the last record that we know of was recorded.
    pub(crate) fn last_recorded(&self) -> Time {
        Time::from_micros(self.last_recorded.load(Ordering::Relaxed))
    }

    /// Somebody asks something.
    pub(crate) fn asked(&self) {
        *self.last_asked.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Whether somebody asked something within this time.
    pub(crate) fn was_asked_within(&self, lately: Duration) -> bool {
        self.last_asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some_and(|asked| asked.elapsed() <= lately)
    }

    /// Why the read models do not move any more, if something that is stored is damaged.
    pub(crate) fn stopped(&self) -> Option<LogError> {
        self.stopped.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(LogError::again)
    }

    /// The read models do not move because of damage; none: they move.
    pub(crate) fn stop(&self, damage: Option<&LogError>) {
        *self.stopped.lock().unwrap_or_else(PoisonError::into_inner) = damage.map(LogError::again);
    }

    /// Takes note of damage that was met, for `status`, `/readyz` and the next process; of any
    /// other error nothing.
    pub(crate) fn noticed(&self, views: &dyn Views, error: &LogError) {
        match error {
            LogError::Corrupt { position, what } => {
                self.damaged(DamagedPlace::Record(*position), what.clone())
            }
            LogError::Damaged { file, place, what } if file == "views" => {
                views.condemn(Some(&format!("{place}: {what}")));
                self.damaged(DamagedPlace::View(place.clone()), what.clone());
            }
            LogError::Damaged { place, what, .. } => {
                self.damaged(DamagedPlace::Key(place.clone()), what.clone())
            }
            LogError::Unavailable { .. } | LogError::Stopped { .. } | LogError::TooLarge => {}
        }
    }

    /// The log reads again where the read models had stopped.
    pub(crate) fn goes_on(&self) {
        let stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(error) = stopped {
            let file =
                if let LogError::Damaged { file, .. } = &error { file.as_str() } else { "log" };
            self.health.mended(file);
            tracing::warn!(tenant = %self.id, file, "what had stopped the read models reads again");
        }
        if self.health.projection_moves() {
            tracing::warn!(tenant = %self.id, "the read models move again");
        }
    }

    /// An attempt to move the read models failed; it is made again.
    pub(crate) fn projection_failed(&self, error: &LogError) {
        let why = match error {
            LogError::Stopped { why, .. } => why.clone(),
            LogError::Unavailable { .. }
            | LogError::Corrupt { .. }
            | LogError::Damaged { .. }
            | LogError::TooLarge => {
                "the read models could not be moved, and are tried again; the log of the process \
                 says why"
                    .to_owned()
            }
        };
        self.health.projection_failed(why, self.own.clock.now());
    }

    /// Whether the read models stand still, and not for long enough to be waited for.
    pub(crate) fn stands_still(&self) -> bool {
        self.health.health().projection.is_some()
    }

    /// Takes note of something stored that does not hold together, for `status` and `/readyz`.
    pub(crate) fn damaged(&self, place: DamagedPlace, what: String) {
        self.health.damaged(place, what, self.own.clock.now());
    }

    /// Reads this tenant's records.
    pub(crate) fn reader<'a>(&'a self, log: &'a dyn Log, views: &'a dyn Views) -> Reader<'a> {
        Reader {
            tenant: &self.id,
            log,
            views,
            cache: &self.records,
            recent: &self.folded.recent,
            ahead: &[],
            fetched: None,
            briefs: false,
        }
    }
}

/// Sees to it that there is a live generation which this code may be asked from, and says by what
/// code it was made. Of what another program left, see
/// `docs/decisions/0013-generations-of-read-models.md`.
async fn live_generation(views: &dyn Views, tenant: &TenantId) -> Result<MadeBy, LogError> {
    let now = MadeBy::now(RULES);
    let found = views.generations(tenant).await?;
    let made_by = match found.live {
        Some(live) if ANSWERING_VERSIONS.contains(&live.made_by.views.as_str()) => live.made_by,
        other => {
            if other.is_some() {
                tracing::warn!(%tenant, "the read models are of a version that answers nothing \
                    here: they are made anew");
                views.reset(tenant).await?;
            }
            views.begin(tenant, Place::Live, &now).await?;
            return Ok(now);
        }
    };
    if made_by == now {
        // Whoever asked for a rebuild that was cut off asks again.
        if found.shadow.is_some() {
            views.abandon_shadow(tenant).await?;
        }
        return Ok(made_by);
    }
    // From here on rows of two programs stand side by side. That must be said before the first of
    // ours is written, or the other one would believe it.
    let rules = if made_by.rules.split('+').any(|rules| rules == RULES) {
        made_by.rules
    } else {
        format!("{}+{RULES}", made_by.rules)
    };
    let mixed = MadeBy {
        views: made_by.views,
        rules: if rules == RULES { format!("{rules}+{rules}") } else { rules },
    };
    views.begin(tenant, Place::Live, &mixed).await?;
    Ok(mixed)
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
    let reader = Reader {
        tenant,
        log,
        views,
        cache,
        recent: &recent,
        ahead: &[],
        fetched: None,
        briefs: false,
    };
    let positions = reader.positions(&term(TermKind::Config, CONFIG), LogPosition(last)).await?;
    for some in positions.chunks(1000) {
        for record in reader.records(some).await? {
            for known in load_session::known(&record, record.variant, |fact| is_config(&fact.data))
            {
                index.insert(&known);
                history.insert(known);
            }
        }
    }
    Ok((history, index))
}
