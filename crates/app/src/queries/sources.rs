//! Reports about sources, at one cut.
//!
//! Unusual records have a term with their source, so they are counted without reading the log.
//! Counts include every record up to K, at any T: they are about what the ledger received, not
//! about what was true.

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
    completeness::{Timeliness, statements_of},
    history::History,
    model::RecordRef,
};
use claimledger_facts::{
    fact::FactData,
    ids::{LogPosition, SourceId},
};
use claimledger_ledger::log::LogError;
use std::{sync::Arc, time::Duration};

/// Maximum sources per answer.
const MAX_SOURCES: usize = 50;
/// Maximum records counted per source and kind.
const MAX_COUNTED: usize = 5_000;
/// Maximum late or early records read, over all sources, to find the furthest; at least
/// [`MAX_LISTED`] per source.
const MAX_READ: usize = 1_000;
/// Maximum records listed per source and kind.
const MAX_LISTED: usize = 20;

impl App {
    /// Reports about every source known at K, or about one.
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
        let left_out = known.len().saturating_sub(MAX_SOURCES);
        known.truncate(MAX_SOURCES);
        let reporter = Reporter {
            inner: &self.0,
            tenant,
            history: tenant.knowledge.history(),
            known_at,
            read: (MAX_READ / known.len().max(1)).max(MAX_LISTED),
        };
        let mut sources = Vec::with_capacity(known.len());
        for source in known {
            sources.push(reporter.report(source).await?);
        }
        // The ledger itself is not reported as a source: it cannot miss its own records.
        let missing = only.filter(|only| sources.is_empty() && only.as_str() != LEDGER_SOURCE);
        let known_from = missing.and_then(|only| tenant.knowledge.sources.since(only));
        let barrier = only.filter(|_| sources.is_empty()).map(|only| not_known("source", only));
        view.answer_with(Heard { sources, left_out, known_from }, barrier).await
    }
}

struct Reporter<'a> {
    inner: &'a Inner,
    tenant: &'a Tenant,
    history: Arc<History>,
    known_at: LogPosition,
    read: usize,
}

impl Reporter<'_> {
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
            said: statements_of(&source, self.history.at(self.known_at)),
            late: self.furthest(Told::Late, &source).await?,
            ahead: self.furthest(Told::Ahead, &source).await?,
            not_understood: self
                .counted(Told::NotUnderstood, &source, MAX_LISTED, |record| {
                    Some(record.reference.clone())
                })
                .await?,
            variants: self
                .counted(Told::Variant, &source, MAX_LISTED, |record| {
                    Some(record.reference.clone())
                })
                .await?,
            conflicts: self.counted(Told::Conflict, &source, MAX_LISTED, conflict).await?,
            source,
        })
    }

    /// The records of one kind with the largest delay.
    async fn furthest(
        &self,
        note: Told,
        source: &SourceId,
    ) -> Result<Counted<RecordRef>, LogError> {
        let mut counted =
            self.counted(note, source, self.read, |record| Some(record.reference.clone())).await?;
        counted.items.sort_by_key(|record| (std::cmp::Reverse(delay(record)), record.position));
        counted.items.truncate(MAX_LISTED);
        Ok(counted)
    }

    async fn counted<T>(
        &self,
        note: Told,
        source: &SourceId,
        read: usize,
        item: impl Fn(&RecordSummary) -> Option<T>,
    ) -> Result<Counted<T>, LogError> {
        let from = LogPosition(0);
        let mut positions = self
            .inner
            .views
            .positions_of(&self.tenant.id, &note.term(source), from, self.known_at, MAX_COUNTED + 1)
            .await?;
        let at_least = positions.len() > MAX_COUNTED;
        positions.truncate(MAX_COUNTED);
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

/// The difference between the two times of a record.
fn delay(record: &RecordRef) -> Duration {
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
