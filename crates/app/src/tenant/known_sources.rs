//! The sources of a tenant, each with the position of its first record, so that an answer lists
//! every source, also those that state nothing about their completeness.
//!
//! The first record of each source has an index term, so that at startup the sources are found
//! without reading the log.

use crate::{
    model::LEDGER_SOURCE,
    model::terms::{SOURCE, term},
    read::{
        reader::Reader,
        record_cache::{RecentTerms, RecordCache},
    },
};
use claimledger_domain::model::RecordRef;
use claimledger_facts::ids::{LogPosition, SourceId, TenantId};
use claimledger_ledger::{
    log::{Log, LogError},
    views::{Term, TermKind, Views},
};
use parking_lot::Mutex;
use std::collections::BTreeMap;

/// The sources of one tenant, each with the position of its first record.
#[derive(Debug, Default)]
pub(crate) struct KnownSources(Mutex<BTreeMap<SourceId, LogPosition>>);

impl KnownSources {
    /// Loads them from the read models, and returns the number of records that these contain.
    pub(crate) async fn load(
        tenant: &TenantId,
        log: &dyn Log,
        views: &dyn Views,
    ) -> Result<(Self, u64), LogError> {
        let covered = views.covered(tenant).await?.0;
        let Some(last) = covered.checked_sub(1) else { return Ok((Self::default(), 0)) };
        let (cache, recent) = (RecordCache::default(), RecentTerms::default());
        let reader = Reader {
            tenant,
            log,
            views,
            cache: &cache,
            recent: &recent,
            pending: &[],
            prefetched: None,
            summaries: false,
        };
        let positions =
            reader.positions(&term(TermKind::Source, SOURCE), LogPosition(last)).await?;
        let records = reader.records(&positions).await?;
        let sources = records
            .iter()
            .map(|record| (record.reference.source.clone(), record.reference.position));
        Ok((Self(Mutex::new(sources.collect())), covered))
    }

    /// The term, if this record is the first of its source. Idempotent: the same record may be
    /// delivered again.
    pub(crate) fn first_of(&self, record: &RecordRef) -> Option<Term> {
        let mut sources = self.0.lock();
        let is_first = match sources.get(&record.source) {
            Some(first) => *first == record.position,
            None => {
                sources.insert(record.source.clone(), record.position);
                true
            }
        };
        is_first.then(|| term(TermKind::Source, SOURCE))
    }

    /// The sources known at a position, except the ledger itself, which cannot miss its own
    /// records.
    pub(crate) fn known_at(&self, known_at: LogPosition) -> Vec<SourceId> {
        let known = |(source, first): (&SourceId, &LogPosition)| {
            (*first <= known_at && source.as_str() != LEDGER_SOURCE).then(|| source.clone())
        };
        self.0.lock().iter().filter_map(known).collect()
    }

    /// The position of the first record of a source, as far as the read models are.
    pub(crate) fn since(&self, source: &SourceId) -> Option<LogPosition> {
        self.0.lock().get(source).copied()
    }
}
