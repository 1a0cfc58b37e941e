//! What is known of a tenant: the configuration, its sources, and what was read lately.

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
    history::{History, is_config},
    model::Known,
    scope::ConfigIndex,
};
use claimledger_facts::ids::{LogPosition, TenantId};
use claimledger_ledger::{
    log::{Log, LogError},
    views::{TermKind, Views},
};
use std::sync::{Arc, PoisonError, RwLock, atomic::AtomicBool};

/// What is known of a tenant.
pub(crate) struct Knowledge {
    /// Decoded records.
    pub(crate) records: RecordCache,
    /// What sessions need not be gathered with.
    pub(crate) first_of_kind: FirstOfKind,
    /// Every source that has said anything.
    pub(crate) sources: KnownSources,
    pub(crate) times: PassedTimes,
    /// Where facts of sessions lie in time, as far as a feed of changes asked.
    pub(crate) occurrences: Occurrences,
    /// Whether the log is known to say that the rules of this build are in force.
    pub(crate) rules_said: AtomicBool,
    /// The configuration, at least up to the end of the read models; to be cut at K.
    config: RwLock<(Arc<History>, Arc<ConfigIndex>)>,
}

impl Knowledge {
    /// Reads what the read models have up to a size.
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
            rules_said: AtomicBool::new(false),
            config,
        })
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

    /// How complete each source is known to be at a position: every source of which anything is
    /// known then.
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
            for known in load_session::known(&record, record.variant, |fact| is_config(&fact.data))
            {
                index.insert(&known);
                history.insert(known);
            }
        }
    }
    Ok((history, index))
}
