//! What is known about a tenant: its configuration, its sources, and cached records.

use crate::{
    model::terms::{CONFIG, term},
    read::{
        load_session::{self, FirstOfKind},
        reader::Reader,
        record_cache::{RecentTerms, RecordCache},
    },
    tenant::{
        known_sources::KnownSources, occurrences::Occurrences, parts::Parts,
        passed_times::PassedTimes,
    },
};
use claimledger_domain::{
    completeness::{Completeness, completeness_of},
    history::{History, is_held},
    model::Known,
    scope::ConfigIndex,
};
use claimledger_facts::ids::{LogPosition, TenantId};
use claimledger_ledger::{
    log::{Log, LogError},
    views::{TermKind, Views},
};
use parking_lot::RwLock;
use std::sync::{Arc, atomic::AtomicBool};

/// Caches and projections of a tenant that are kept in memory.
pub(crate) struct Knowledge {
    /// Decoded records.
    pub(crate) records: RecordCache,
    /// Which fact types the log contains, so that lookups for absent types can be skipped.
    pub(crate) first_of_kind: FirstOfKind,
    /// Every source in the log.
    pub(crate) sources: KnownSources,
    pub(crate) times: PassedTimes,
    /// The times of session facts by range of the log, as far as a feed has read.
    pub(crate) occurrences: Occurrences,
    /// Whether the log is known to name the rules of this build.
    pub(crate) rules_recorded: AtomicBool,
    /// The configuration, at least up to the end of the read models. Answers cut it at K.
    config: RwLock<(Arc<History>, Arc<ConfigIndex>)>,
}

impl Knowledge {
    /// Loads the configuration up to a size of the log.
    pub(crate) async fn load(
        tenant: &TenantId,
        parts: &Parts,
        covered: u64,
        sources: KnownSources,
    ) -> Result<Self, LogError> {
        let first_of_kind = FirstOfKind::load(tenant, &*parts.views).await?;
        let records = RecordCache::default();
        let (history, index) =
            load_config(tenant, &*parts.log, &*parts.views, &records, covered).await?;
        let config = RwLock::new((Arc::new(history), Arc::new(index)));
        Ok(Self {
            records,
            first_of_kind,
            sources,
            times: PassedTimes::default(),
            occurrences: Occurrences::default(),
            rules_recorded: AtomicBool::new(false),
            config,
        })
    }

    /// The configuration, at least up to [`Self::assessed_to`]; answers cut it at K.
    pub(crate) fn history(&self) -> Arc<History> {
        self.config().0
    }

    pub(crate) fn config(&self) -> (Arc<History>, Arc<ConfigIndex>) {
        self.config.read().clone()
    }

    /// Adds configuration facts. Answers in progress keep the history that they started with.
    pub(crate) fn learn(&self, facts: impl Iterator<Item = Known>) {
        let mut config = self.config.write();
        let (history, index) = &mut *config;
        let (history, index) = (Arc::make_mut(history), Arc::make_mut(index));
        for known in facts {
            history.insert(known.clone());
            index.insert(&known, history);
        }
    }

    /// Completeness of every source that is known at a position.
    pub(crate) fn completeness(&self, known_at: LogPosition) -> Vec<Completeness> {
        completeness_of(self.history().at(known_at), &self.sources.known_at(known_at))
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
    let reader = Reader {
        tenant,
        log,
        views,
        cache,
        recent: &recent,
        pending: &[],
        prefetched: None,
        summaries: false,
    };
    let positions = reader.positions(&term(TermKind::Config, CONFIG), LogPosition(last)).await?;
    for some in positions.chunks(1000) {
        for record in reader.records(some).await? {
            for known in load_session::known(&record, record.variant, |fact| is_held(&fact.data)) {
                history.insert(known.clone());
                index.insert(&known, &history);
            }
        }
    }
    Ok((history, index))
}
