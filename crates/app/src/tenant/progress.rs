//! How far the read models of a tenant are, and which generation is asked.

use crate::{
    model::rebuild::RebuildState,
    read::{record_cache::RecentTerms, reordered::Reordered},
};
use claimledger_domain::RULES;
use claimledger_facts::{ids::TenantId, time::Time};
use claimledger_ledger::{
    generations::{MadeBy, Place, VIEWS_NAME, VIEWS_VERSION},
    log::LogError,
    views::Views,
};
use std::{
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{sync::watch, time::Instant};

/// How far the read models are.
pub(crate) struct Progress {
    /// Records below this size are in the read models.
    pub(crate) assessed: watch::Sender<u64>,
    /// Maximum records per transaction while the read models are far behind.
    pub(crate) batch_records: usize,
    /// What the projector knows of the live generation's rows.
    pub(crate) folded: Folded,
    /// By what code the rows were made that are asked.
    in_use: RwLock<InUse>,
    /// Held while the live generation is moved or replaced.
    pub(crate) moving: tokio::sync::Mutex<()>,
    /// Sessions whose sort key decreased, and when: a page whose cut was pinned before visits them
    /// too.
    pub(crate) reordered: Reordered,
    /// Held while a generation is built beside the live one.
    pub(crate) rebuilding: Arc<tokio::sync::Mutex<()>>,
    rebuilt: Rebuilt,
    last_asked: Mutex<Option<Instant>>,
    /// What keeps the read models from moving: damage, which no repetition mends.
    stopped: Mutex<Option<LogError>>,
}

/// What is known of rebuilds.
#[derive(Default)]
struct Rebuilt {
    /// How often another generation was put in place.
    count: AtomicU64,
    /// The state of the last rebuild.
    state: Mutex<RebuildState>,
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
    /// Whether what a session row says of its session is what this code would say. If not, rows only
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
    pub(crate) fn of(made_by: MadeBy) -> Self {
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

impl Progress {
    pub(crate) fn new(
        covered: u64,
        batch_records: usize,
        in_use: InUse,
        reordered_from: u64,
    ) -> Self {
        Self {
            assessed: watch::Sender::new(covered),
            batch_records,
            folded: Folded::at(covered),
            in_use: RwLock::new(in_use),
            moving: tokio::sync::Mutex::default(),
            reordered: Reordered::starting_at(reordered_from),
            rebuilding: Arc::default(),
            rebuilt: Rebuilt::default(),
            last_asked: Mutex::default(),
            stopped: Mutex::default(),
        }
    }

    /// Records below this size are in the read models.
    pub(crate) fn assessed_to(&self) -> u64 {
        *self.assessed.borrow()
    }

    /// By what code the rows were made that are asked.
    pub(crate) fn in_use(&self) -> InUse {
        self.in_use.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Another generation was put in place, at the size at which the live one was. Whoever says so
    /// holds `moving`.
    pub(crate) fn switched(&self, made_by: MadeBy, folded: &Folded) {
        self.folded.become_that_of(folded);
        *self.in_use.write().unwrap_or_else(PoisonError::into_inner) = InUse::of(made_by);
        self.rebuilt.count.fetch_add(1, Ordering::SeqCst);
    }

    /// How often another generation was put in place: whoever read before and after, and finds
    /// another number, may have read of two.
    pub(crate) fn rebuilds(&self) -> u64 {
        self.rebuilt.count.load(Ordering::SeqCst)
    }

    /// How the rebuild goes that was started last.
    pub(crate) fn rebuild_state(&self) -> RebuildState {
        self.rebuilt.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_rebuild_state(&self, state: RebuildState) {
        *self.rebuilt.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
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

    /// What kept the read models from moving, once.
    pub(crate) fn take_stopped(&self) -> Option<LogError> {
        self.stopped.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Sees to it that there is a live generation which this code may be asked from, and says by what
/// code it was made. Of what another program left, see
/// `docs/decisions/0013-generations-of-read-models.md`.
pub(crate) async fn live_generation(
    views: &dyn Views,
    tenant: &TenantId,
) -> Result<MadeBy, LogError> {
    let now = MadeBy::now(RULES);
    let found = views.generations(tenant).await?;
    let made_by = match found.live {
        Some(live) if live.made_by.views == VIEWS_VERSION => live.made_by,
        other => {
            if other.is_some() {
                tracing::warn!(%tenant, "the read models are of another version of this program: \
                    they are folded from the log again");
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
