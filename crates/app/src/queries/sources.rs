//! What was heard of each source, at one cut.
//!
//! Records that stand out carry a term with their source, so that they are counted without going
//! through the log; numbers are taken over every record by K, whatever T: they say what the ledger
//! heard, and not what was true.

use super::barrier::not_known;
use crate::{
    app::{App, Inner},
    model::LEDGER_SOURCE,
    model::{
        answer::Answer,
        query::Query,
        question::{AskError, Asking, Caller},
        record_summary::RecordSummary,
        source_report::{ConflictRef, Counted, Heard, SourceReport},
        terms::Told,
    },
    read::reader::Reader,
    tenant::Tenant,
};
use claimledger_domain::{
    completeness::{Timeliness, said_by},
    history::History,
    model::RecordRef,
};
use claimledger_facts::{
    fact::FactData,
    ids::{LogPosition, SourceId},
};
use claimledger_ledger::log::LogError;
use std::{sync::Arc, time::Duration};

/// Sources that are told of at once.
const SOURCES: usize = 50;
/// So many records of a kind are counted of one source.
const COUNTED: usize = 5_000;
/// Of late records, and of those ahead, so many are read in all to find the furthest: at least
/// [`LISTED`] of each source.
const READ: usize = 1_000;
/// Records that are named of one kind and source.
const LISTED: usize = 20;

impl App {
    /// What was heard of every source that is known at K, or of one of them.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn sources(
        &self,
        caller: &Caller,
        only: Option<&SourceId>,
        asking: &Asking,
    ) -> Result<Answer<Heard>, AskError> {
        let view = self.ask(caller, Query::Sources, asking).await?;
        let tenant = &view.tenant;
        let known_at = view.cut.known_at;
        let mut known = tenant.knowledge.sources.known_at(known_at);
        known.retain(|source| only.is_none_or(|only| source == only));
        let left_out = known.len().saturating_sub(SOURCES);
        known.truncate(SOURCES);
        let telling = Telling {
            inner: &self.0,
            tenant,
            history: tenant.knowledge.history(),
            known_at,
            read: (READ / known.len().max(1)).max(LISTED),
        };
        let mut sources = Vec::with_capacity(known.len());
        for source in known {
            sources.push(telling.report(source).await?);
        }
        // The ledger cannot miss what it says itself: it is no source that one hears.
        let missing = only.filter(|only| sources.is_empty() && only.as_str() != LEDGER_SOURCE);
        let known_from = missing.and_then(|only| tenant.knowledge.sources.since(only));
        let barrier = only.filter(|_| sources.is_empty()).map(|only| not_known("source", only));
        view.answer_with(Heard { sources, left_out, known_from }, barrier).await
    }
}

struct Telling<'a> {
    inner: &'a Inner,
    tenant: &'a Tenant,
    history: Arc<History>,
    known_at: LogPosition,
    read: usize,
}

impl Telling<'_> {
    fn reader(&self) -> Reader<'_> {
        self.tenant.reader(&*self.inner.log, &*self.inner.views)
    }

    async fn report(&self, source: SourceId) -> Result<SourceReport, LogError> {
        let first: Vec<LogPosition> =
            self.tenant.knowledge.sources.since(&source).into_iter().collect();
        let first =
            self.reader().records(&first).await?.first().map(|record| record.reference.clone());
        Ok(SourceReport {
            first,
            said: said_by(&source, self.history.at(self.known_at)),
            late: self.furthest(Told::Late, &source).await?,
            ahead: self.furthest(Told::Ahead, &source).await?,
            not_understood: self
                .counted(Told::NotUnderstood, &source, LISTED, |record| {
                    Some(record.reference.clone())
                })
                .await?,
            variants: self
                .counted(Told::Variant, &source, LISTED, |record| Some(record.reference.clone()))
                .await?,
            conflicts: self.counted(Told::Conflict, &source, LISTED, conflict).await?,
            source,
        })
    }

    /// Those of one kind that are the furthest off.
    async fn furthest(
        &self,
        told: Told,
        source: &SourceId,
    ) -> Result<Counted<RecordRef>, LogError> {
        let mut counted =
            self.counted(told, source, self.read, |record| Some(record.reference.clone())).await?;
        counted.items.sort_by_key(|record| (std::cmp::Reverse(off(record)), record.position));
        counted.items.truncate(LISTED);
        Ok(counted)
    }

    async fn counted<T>(
        &self,
        told: Told,
        source: &SourceId,
        read: usize,
        item: impl Fn(&RecordSummary) -> Option<T>,
    ) -> Result<Counted<T>, LogError> {
        let from = LogPosition(0);
        let mut positions = self
            .inner
            .views
            .positions_of(&self.tenant.id, &told.term(source), from, self.known_at, COUNTED + 1)
            .await?;
        let at_least = positions.len() > COUNTED;
        positions.truncate(COUNTED);
        let count = positions.len();
        positions.truncate(read);
        let records = self.reader().records(&positions).await?;
        Ok(Counted {
            count,
            at_least,
            read: records.len(),
            items: records.iter().filter_map(|record| item(record)).collect(),
        })
    }
}

/// How far apart a record's two times are.
fn off(record: &RecordRef) -> Duration {
    match Timeliness::of(record.occurred, record.recorded_at) {
        Timeliness::InTime => Duration::ZERO,
        Timeliness::Late(by) | Timeliness::Ahead(by) => by,
    }
}

fn conflict(record: &RecordSummary) -> Option<ConflictRef> {
    record.statement.facts.iter().find_map(|fact| match &fact.data {
        FactData::FactConflicted(conflict) => Some(ConflictRef {
            record: record.reference.clone(),
            id: conflict.id.clone(),
            digest: conflict.digest.clone(),
            stored_digest: conflict.stored_digest.clone(),
        }),
        _ => None,
    })
}
