//! A record in brief: what questions about sessions need of it, without what proves it.

mod codec;

use claimledger_domain::model::RecordRef;
use claimledger_facts::{
    fact::FactData,
    record::{Header, Record},
    statement::Statement,
    vocabulary::Note,
};
use claimledger_sources::logs_limits;

/// A record without what proves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RecordSummary {
    /// As an answer names it.
    pub(crate) reference: RecordRef,
    /// Whether another record of the same source and id, with other content, came first.
    pub(crate) variant: bool,
    /// What it says in the clear.
    pub(crate) statement: Statement,
}

/// A record, as an answer names it.
pub(crate) fn reference(header: &Header, kind: &str) -> RecordRef {
    RecordRef {
        id: header.id,
        source: header.source.clone(),
        source_id: header.source_id.clone(),
        kind: kind.into(),
        position: header.position,
        occurred: header.occurred,
        recorded_at: header.recorded_at,
    }
}

impl From<Record> for RecordSummary {
    fn from(Record { header, mut statement, .. }: Record) -> Self {
        // The rules ask for it, and the header that tells it stays with the log.
        let starts =
            statement.facts.iter().any(|fact| matches!(fact.data, FactData::SessionStarted(_)));
        if starts
            && !logs_limits(&header.translator)
            && !statement.notes.contains(&Note::LimitsNotLogged)
        {
            statement.notes.push(Note::LimitsNotLogged);
        }
        Self { reference: reference(&header, &statement.kind), variant: header.variant, statement }
    }
}
