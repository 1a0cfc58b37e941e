//! Reports about sources: what a source states about its completeness, and its unusual records.

use claimledger_domain::{completeness::Statements, model::RecordRef};
use claimledger_facts::ids::{LogPosition, SourceEventId, SourceId};

/// Reports about the sources known at K.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// The sources, by name.
    pub sources: Vec<SourceReport>,
    /// Number of sources that were omitted because of the limit.
    pub left_out: usize,
    /// If the requested source is unknown at K: the position of its first record.
    pub known_from: Option<LogPosition>,
}

/// The report about one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceReport {
    /// The source.
    pub source: SourceId,
    /// Its first record.
    pub first: Option<RecordRef>,
    /// What it states about its completeness.
    pub said: Statements,
    /// Records that arrived more than a minute after they occurred; largest delay first.
    pub late: Counted<RecordRef>,
    /// Records that arrived a second or more before they occurred; furthest ahead first.
    pub ahead: Counted<RecordRef>,
    /// Records from which not all facts could be read.
    pub not_understood: Counted<RecordRef>,
    /// Records that were stored as a variant: the same id with other content.
    pub variants: Counted<RecordRef>,
    /// Conflicts: other content arrived under an id that is in the log.
    pub conflicts: Counted<ConflictRef>,
}

/// How a record stands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusual {
    /// It arrived more than a minute after it occurred.
    Late,
    /// It arrived a second or more before it occurred.
    Ahead,
    /// Not all facts could be read from it.
    NotUnderstood,
    /// It was stored as a variant.
    Variant,
}

/// A page of such records, in the order of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnusualRecords {
    /// The records.
    pub records: Vec<RecordRef>,
    /// Where the next page begins; none: these were the last.
    pub next: Option<LogPosition>,
}

/// A count, with examples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted<T> {
    /// The number of records.
    pub count: usize,
    /// Whether counting stopped at the limit.
    pub at_least: bool,
    /// Number of records that were read to select the examples.
    pub read: usize,
    /// Examples.
    pub items: Vec<T>,
}

/// Other content arrived under an existing id, and was rejected or stored as a variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConflictRef {
    /// The record in which the ledger notes it.
    pub record: RecordRef,
    /// The source's own id.
    pub id: SourceEventId,
    /// Content digest of the record that arrived later, in hexadecimal.
    pub digest: String,
    /// Content digest of the stored record, in hexadecimal.
    pub stored_digest: String,
}
