//! Sessions that are one because their links name one authentication request of their source
//! (`semantics.md` 25, `docs/decisions/0027`).

use crate::{
    model::{record_summary::RecordSummary, terms::link_term},
    read::reader::Reader,
};
use claimledger_domain::links::AUTHN_REQUEST;
use claimledger_facts::{
    fact::FactData,
    ids::{LogPosition, SessionId, SourceId},
};
use claimledger_ledger::log::LogError;
use std::collections::BTreeSet;

/// The requests that were followed: most records of a session name the same one.
#[derive(Default)]
pub(super) struct Requests(BTreeSet<(SourceId, String)>);

impl Requests {
    /// The sessions that a record of a session joins with it by its request, as far as they were
    /// not reached by another.
    pub(super) async fn joined(
        &mut self,
        reader: &Reader<'_>,
        record: &RecordSummary,
        session: &SessionId,
        known_at: LogPosition,
    ) -> Result<Vec<SessionId>, LogError> {
        let mut joined = Vec::new();
        let source = &record.reference.source;
        for (_, request) in named(record).filter(|(of, _)| *of == session) {
            if !self.0.insert((source.clone(), request.to_owned())) {
                continue;
            }
            let positions = reader.positions(&link_term(request), known_at).await?;
            for other in reader
                .records(&positions)
                .await?
                .iter()
                .filter(|other| other.reference.source == *source)
            {
                joined.extend(
                    named(other).filter(|(_, to)| *to == request).map(|(of, _)| of.clone()),
                );
            }
        }
        Ok(joined)
    }
}

/// The sessions that a record's links put into a request, each with the request.
fn named(record: &RecordSummary) -> impl Iterator<Item = (&SessionId, &str)> {
    record.statement.facts.iter().filter_map(|fact| match &fact.data {
        FactData::SessionLinked(link) if link.by == AUTHN_REQUEST => {
            Some((fact.session.as_ref().or(record.statement.session.as_ref())?, link.to.as_str()))
        }
        _ => None,
    })
}
