//! A record, as it is shown.

use claimledger_domain::model::RecordRef;
use claimledger_facts::{
    record::{BodyKind, Digest32, Removal},
    statement::Statement,
    time::Time,
    vocabulary::Channel,
};

/// A record, with the parts that the caller may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordView {
    /// Its reference.
    pub reference: RecordRef,
    /// The leaf hash.
    pub leaf: Digest32,
    /// The header's bytes.
    pub header: Vec<u8>,
    /// The clear body.
    pub statement: Statement,
    /// The sealed original; none if the caller may not open it or its keys are destroyed.
    pub original: Option<Vec<u8>>,
    /// Labels and indicators of the people in the record, under the same conditions; canonical
    /// JSON.
    pub personal: Option<serde_json::Value>,
    /// Sealed bodies that were removed.
    pub removed: Vec<(BodyKind, Removal)>,
    /// The channel through which it arrived.
    pub channel: Channel,
    /// The translator that read the original.
    pub translator: String,
    /// Whether another record of the source has the same id and other content.
    pub variant: bool,
    /// How often it was received, by channel, the first first. Not evidence, and it may change from
    /// call to call; none: the counts cannot be read.
    pub deliveries: Option<Vec<Delivery>>,
}

/// How often a record was received through a channel, with the same content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The channel.
    pub channel: Channel,
    /// How often.
    pub count: u64,
    /// The first time.
    pub first_at: Time,
    /// The last time.
    pub last_at: Time,
}
