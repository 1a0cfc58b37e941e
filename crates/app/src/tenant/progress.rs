//! The progress of a tenant's read models, and which generation is live.

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
use parking_lot::{Mutex, RwLock};
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{sync::watch, time::Instant};

/// The progress of the read models.
pub(crate) struct Progress {
    /// Number of records that the read models contain.
    pub(crate) assessed: watch::Sender<u64>,
    /// Maximum records per transaction while the read models are far behind.
    pub(crate) batch_records: usize,
    /// What the projector knows about the rows of the live generation.
    pub(crate) folded: Folded,
    /// The code that made the live rows.
    in_use: RwLock<InUse>,
    /// Held while the live generation is updated or replaced.
    pub(crate) updating: tokio::sync::Mutex<()>,
    /// Sessions whose sort key decreased, and when: a page whose cut was pinned before visits them
    /// too.
    pub(crate) reordered: Reordered,
    /// Held while a new generation is built.
    pub(crate) rebuilding: Arc<tokio::sync::Mutex<()>>,
    rebuilt: Rebuilt,
    last_question: Mutex<Option<Instant>>,
    /// Damage that stops the projection: repeating the attempt does not help.
    stopped: Mutex<Option<LogError>>,
}

/// Rebuilds since the start.
#[derive(Default)]
struct Rebuilt {
    /// Number of times that another generation became live.
    count: AtomicU64,
    /// The state of the last rebuild.
    state: Mutex<RebuildState>,
}

/// What the projector knows about the rows of a generation.
pub(crate) struct Folded {
    pub(crate) recent: RecentTerms,
    /// When the last fact of any session occurred, in microseconds: configuration that occurred
    /// later changes no session. `i64::MAX`: unknown.
    latest_session_fact: AtomicI64,
}

/// The code that made the live rows.
#[derive(Clone, Debug)]
pub(crate) struct InUse {
    pub(crate) made_by: MadeBy,
    /// Whether this code would write the same state into session rows. If not, rows only find
    /// candidates, and each is assessed.
    pub(crate) current: bool,
}

impl Default for Folded {
    /// For a generation without rows.
    fn default() -> Self {
        Self { recent: RecentTerms::default(), latest_session_fact: AtomicI64::new(i64::MIN) }
    }
}

impl Folded {
    /// For a generation with `covered` records; if it has rows, the last fact is unknown.
    pub(crate) fn at(covered: u64) -> Self {
        let folded = Self::default();
        if covered > 0 {
            folded.latest_session_fact.store(i64::MAX, Ordering::Relaxed);
        }
        folded
    }

    /// When the last fact of any session occurred, if known.
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

    /// Replaces the state by that of another generation.
    fn replace_by(&self, other: &Self) {
        self.recent.clear();
        self.latest_session_fact
            .store(other.latest_session_fact.load(Ordering::Relaxed), Ordering::Relaxed);
    }
}

impl InUse {
    pub(crate) fn of(made_by: MadeBy) -> Self {
        Self { current: made_by == MadeBy::now(RULES), made_by }
    }

    /// The name shown in the status of an answer.
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
            updating: tokio::sync::Mutex::default(),
            reordered: Reordered::starting_at(reordered_from),
            rebuilding: Arc::default(),
            rebuilt: Rebuilt::default(),
            last_question: Mutex::default(),
            stopped: Mutex::default(),
        }
    }

    /// Number of records that the read models contain.
    pub(crate) fn assessed_to(&self) -> u64 {
        *self.assessed.borrow()
    }

    /// The code that made the live rows.
    pub(crate) fn in_use(&self) -> InUse {
        self.in_use.read().clone()
    }

    /// Records that another generation became live, with the same number of records. The caller
    /// holds `updating`.
    pub(crate) fn switched(&self, made_by: MadeBy, folded: &Folded) {
        self.folded.replace_by(folded);
        *self.in_use.write() = InUse::of(made_by);
        self.rebuilt.count.fetch_add(1, Ordering::SeqCst);
    }

    /// Number of times that another generation became live. A caller that reads different numbers
    /// before and after may have read rows of two generations.
    pub(crate) fn rebuilds(&self) -> u64 {
        self.rebuilt.count.load(Ordering::SeqCst)
    }

    /// State of the last rebuild.
    pub(crate) fn rebuild_state(&self) -> RebuildState {
        self.rebuilt.state.lock().clone()
    }

    pub(crate) fn set_rebuild_state(&self, state: RebuildState) {
        *self.rebuilt.state.lock() = state;
    }

    /// Records that a question is being answered.
    pub(crate) fn record_question(&self) {
        *self.last_question.lock() = Some(Instant::now());
    }

    /// Whether a question was asked within this time.
    pub(crate) fn had_question_within(&self, duration: Duration) -> bool {
        self.last_question.lock().is_some_and(|asked| asked.elapsed() <= duration)
    }

    /// The damage that stops the projection, if any.
    pub(crate) fn stopped(&self) -> Option<LogError> {
        self.stopped.lock().as_ref().map(LogError::again)
    }

    /// Sets or clears the damage that stops the projection.
    pub(crate) fn stop(&self, damage: Option<&LogError>) {
        *self.stopped.lock() = damage.map(LogError::again);
    }

    /// Clears the damage that stopped the projection, and returns it.
    pub(crate) fn take_stopped(&self) -> Option<LogError> {
        self.stopped.lock().take()
    }
}

/// Ensures that there is a live generation that this code can answer from, and returns the code
/// that made it. For rows of another version see
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
                tracing::warn!(%tenant, "the read models are of a version that this build \
                    cannot read: they are rebuilt");
                views.reset(tenant).await?;
            }
            views.begin(tenant, Place::Live, &now).await?;
            return Ok(now);
        }
    };
    if made_by == now {
        // A rebuild that did not complete must be requested again.
        if found.shadow.is_some() {
            views.abandon_shadow(tenant).await?;
        }
        return Ok(made_by);
    }
    // From here on the generation contains rows of two versions. This is recorded before the first
    // row of this version is written, because the other version would take it for its own.
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
