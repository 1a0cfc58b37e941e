//! One open tenant: its keys, its sequencer, its configuration, and the progress of its read
//! models.

pub(crate) mod access_log;
pub(crate) mod another_log;
pub(crate) mod appends;
pub(crate) mod deliveries;
mod identity;
pub(crate) mod keyring;
mod knowledge;
pub(crate) mod known_sources;
pub(crate) mod occurrences;
pub(crate) mod own_records;
pub(crate) mod parts;
pub(crate) mod passed_times;
pub(crate) mod progress;
pub(crate) mod signed_log;

pub(crate) use identity::Identity;
pub(crate) use knowledge::Knowledge;
pub(crate) use progress::{Folded, Progress};

use crate::{
    model::{
        cursor::CursorKey,
        health::{DamagedPlace, HealthMonitor},
        proof::LogKind,
    },
    read::reader::{Reader, decode},
    tenant::{
        access_log::AccessLog,
        appends::Appends,
        deliveries::Deliveries,
        keyring::Keyring,
        known_sources::KnownSources,
        own_records::OwnRecords,
        parts::{Parts, cannot_unwrap},
        signed_log::SignedLog,
    },
};
use claimledger_facts::{
    fact::FactData,
    ids::{LogPosition, TenantId},
    seal::TenantKeys,
    time::Time,
};
use claimledger_ledger::{
    clock::ClockGuard,
    log::{Log, LogError},
    sequencer::{LedgerKind, Sequencer, SequencerConfig},
    views::Views,
};
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

/// An open tenant.
pub(crate) struct Tenant {
    pub(crate) id: TenantId,
    pub(crate) identity: Identity,
    pub(crate) knowledge: Knowledge,
    pub(crate) progress: Progress,
    pub(crate) sequencer: Sequencer,
    /// Appends in progress, and the last append of each credential.
    pub(crate) appends: Appends,
    /// How often records were received again.
    pub(crate) deliveries: Deliveries,
    /// Held while a look is compared with the one before it and replaces it, so that two requests
    /// do not state one change twice, with different bounds.
    pub(crate) looking: tokio::sync::Mutex<()>,
    /// When the last known record was recorded, in microseconds.
    last_recorded: Arc<AtomicI64>,
    /// What does not work.
    pub(crate) health: HealthMonitor,
}

impl Tenant {
    /// Opens a tenant whose log has a first record; none: the tenant does not exist.
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
        let keys =
            TenantKeys::unwrap(&parts.master, id, &row.wrapped).map_err(|_| cannot_unwrap(id))?;
        let head = parts.log.head(id).await?.0;
        let last = parts.log.headers(id, LogPosition(head.saturating_sub(1)), 1).await?;
        let last = last
            .first()
            .and_then(|header| header.decode().ok())
            .map_or(genesis.reference.recorded_at, |header| header.recorded_at);
        let last_recorded = Arc::new(AtomicI64::new(last.micros()));
        let own = Arc::new(OwnRecords {
            tenant: id.clone(),
            keys: keys.clone(),
            random: Arc::clone(&parts.random),
            clock: Arc::clone(&parts.clock),
            last_recorded: opened.rehearsal.then(|| Arc::clone(&last_recorded)),
        });
        another_log::discard_views(parts, id).await?;
        let in_use = progress::InUse::of(progress::live_generation(&*parts.views, id).await?);
        let (sources, covered) = KnownSources::load(id, &*parts.log, &*parts.views).await?;
        let keyring = Keyring::new(
            id.clone(),
            keys.clone(),
            Arc::clone(&parts.keys),
            Arc::clone(&parts.random),
        );
        let sequencer = Sequencer::open(SequencerConfig {
            tenant: id.clone(),
            log: Arc::clone(&parts.log),
            index: Arc::clone(&parts.views) as Arc<_>,
            facts: Arc::clone(&own) as Arc<_>,
            clock: Arc::clone(guard),
            kind: if opened.rehearsal { LedgerKind::Rehearsal } else { LedgerKind::Live },
        })
        .await?;
        let access = AccessLog::open(id, parts, guard, &own).await?;
        Ok(Some(Self {
            id: id.clone(),
            identity: Identity {
                rehearsal: opened.rehearsal,
                opened_rules: opened.rules.clone(),
                // Derived from the tenant's key by a digest of a fixed name, so that it is secret
                // and does not have to be stored.
                cursor_key: CursorKey::new(&keys.byte_digest(b"claimledger cursors v1").0),
                signed_log: SignedLog::new(LogKind::Records, id, &keys)?,
                signed_access_log: SignedLog::new(LogKind::Access, id, &keys)?,
                keys,
                keyring,
                own,
                access,
            },
            knowledge: Knowledge::load(id, parts, covered, sources).await?,
            // If the process stopped while late configuration was applied, rows of the next batch
            // may be written already, and sessions reordered.
            progress: Progress::new(
                covered,
                batch_records,
                in_use,
                head.min(covered.saturating_add(batch_records as u64)),
            ),
            sequencer,
            appends: Appends::default(),
            deliveries: Deliveries::new(id.clone(), Arc::clone(&parts.state)),
            looking: tokio::sync::Mutex::default(),
            last_recorded,
            health: HealthMonitor::default(),
        }))
    }

    /// Records the time of the last record.
    pub(crate) fn recorded(&self, time: Time) {
        self.last_recorded.fetch_max(time.micros(), Ordering::Relaxed);
    }

    /// When the last known record was recorded.
    pub(crate) fn last_recorded(&self) -> Time {
        Time::from_micros(self.last_recorded.load(Ordering::Relaxed))
    }

    /// Records damage for `status`, `/readyz` and the next process. Other errors are ignored.
    pub(crate) fn report_damage(&self, views: &dyn Views, error: &LogError) {
        match error {
            LogError::Corrupt { position, what } => {
                self.damaged(DamagedPlace::Record(*position), what.clone())
            }
            LogError::Damaged { file, place, what } if file == "views" => {
                views.condemn(Some(&format!("{place}: {what}")));
                self.damaged(DamagedPlace::View(place.clone()), what.clone());
            }
            LogError::Damaged { file, place, what } if file == "state" => {
                self.damaged(DamagedPlace::State(place.clone()), what.clone());
            }
            LogError::Damaged { file, place, what } if file == "tree" => {
                self.damaged(DamagedPlace::Tree(place.clone()), what.clone());
            }
            LogError::Damaged { file, place, what } if file == "checkpoints" => {
                self.damaged(DamagedPlace::Checkpoint(place.clone()), what.clone());
            }
            LogError::Damaged { file, place, what } if file == "anchor" => {
                self.damaged(DamagedPlace::Anchor(place.clone()), what.clone());
            }
            LogError::Damaged { file, place, what } if file == "access" => {
                self.damaged(DamagedPlace::Access(place.clone()), what.clone());
            }
            LogError::Damaged { file, place, what } if file == "access_index" => {
                self.damaged(DamagedPlace::AccessIndex(place.clone()), what.clone());
            }
            LogError::Damaged { place, what, .. } => {
                self.damaged(DamagedPlace::Key(place.clone()), what.clone())
            }
            LogError::Unavailable { .. } | LogError::Stopped { .. } | LogError::TooLarge => {}
        }
    }

    /// Records that reading works again after the projection was stopped by damage.
    pub(crate) fn projection_recovered(&self) {
        let stopped = self.progress.take_stopped();
        if let Some(error) = stopped {
            let file =
                if let LogError::Damaged { file, .. } = &error { file.as_str() } else { "log" };
            self.health.mended(file);
            tracing::warn!(tenant = %self.id, file, "the damaged file can be read again");
        }
        if self.health.projection_moves() {
            tracing::warn!(tenant = %self.id, "the projection works again");
        }
    }

    /// Records a failed attempt to advance the read models; it will be repeated.
    pub(crate) fn projection_failed(&self, error: &LogError) {
        let why = match error {
            LogError::Stopped { why, .. } => why.clone(),
            LogError::Unavailable { .. }
            | LogError::Corrupt { .. }
            | LogError::Damaged { .. }
            | LogError::TooLarge => {
                "the last update of the read models failed and will be repeated; the log of the \
                 process has the error"
                    .to_owned()
            }
        };
        self.health.projection_failed(why, self.identity.own.clock.now());
    }

    /// Whether the last attempt to advance the read models failed, so that a read should not wait.
    pub(crate) fn is_projection_failing(&self) -> bool {
        self.health.health().projection.is_some()
    }

    /// Records corrupt data for `status` and `/readyz`.
    pub(crate) fn damaged(&self, place: DamagedPlace, what: String) {
        self.health.damaged(place, what, self.identity.own.clock.now());
    }

    /// A reader of this tenant's records.
    pub(crate) fn reader<'a>(&'a self, log: &'a dyn Log, views: &'a dyn Views) -> Reader<'a> {
        Reader {
            tenant: &self.id,
            log,
            views,
            cache: &self.knowledge.records,
            recent: &self.progress.folded.recent,
            pending: &[],
            prefetched: None,
            summaries: false,
        }
    }
}
