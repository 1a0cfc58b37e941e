//! Record summaries: what questions about sessions need of a record, without what is needed to
//! prove it.

mod codec;

use claimledger_domain::model::RecordRef;
use claimledger_facts::{
    fact::FactData,
    record::{Header, Record},
    statement::Statement,
    vocabulary::Note,
};
use claimledger_sources::logs_limits;

/// A record without the header bytes and hashes that prove it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RecordSummary {
    /// Its reference, as in answers.
    pub(crate) reference: RecordRef,
    /// Whether a record with the same source and id but other content came first.
    pub(crate) variant: bool,
    /// The clear body. A stored summary leaves out the digests of what is sealed.
    pub(crate) statement: Statement,
}

/// The reference of a record, as in answers.
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
        // Added here, because it depends on the translator, which is in the header and not in a
        // summary.
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
