//! What was heard of each source: what it says of itself, and what of its records stands out.

use claimledger_domain::{completeness::Said, model::RecordRef};
use claimledger_facts::ids::{LogPosition, SourceEventId, SourceId};

/// What is known of sources at K.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// The sources, by name.
    pub sources: Vec<SourceReport>,
    /// How many more there are.
    pub left_out: usize,
    /// Where one was asked for and is not known at K: from which position on it is.
    pub known_from: Option<LogPosition>,
}

/// One source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceReport {
    /// The source.
    pub source: SourceId,
    /// Its first record.
    pub first: Option<RecordRef>,
    /// What it says of its own completeness.
    pub said: Said,
    /// Records that came more than a minute after they occurred; those that came latest first.
    pub late: Counted<RecordRef>,
    /// Records that came before they occurred, by a second or more; those furthest ahead first.
    pub ahead: Counted<RecordRef>,
    /// Records of which no facts were read, or not all.
    pub not_understood: Counted<RecordRef>,
    /// Records that were kept beside another one of the same id and other content.
    pub variants: Counted<RecordRef>,
    /// Other content that came under an id that is in the log.
    pub conflicts: Counted<ConflictRef>,
}

/// How many there are, and some of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted<T> {
    /// How many.
    pub count: usize,
    /// Whether counting stopped there.
    pub at_least: bool,
    /// How many of them were read: the others were only counted.
    pub read: usize,
    /// Some of those that were read.
    pub items: Vec<T>,
}

/// Other content came under an id, and was refused or kept as a variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConflictRef {
    /// The ledger's own record of it.
    pub record: RecordRef,
    /// The source's own id.
    pub id: SourceEventId,
    /// The content digest of what came later, in hexadecimal.
    pub digest: String,
    /// The content digest of what is stored, in hexadecimal.
    pub stored_digest: String,
}
