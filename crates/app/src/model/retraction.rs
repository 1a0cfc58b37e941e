//! A retraction of trust that a governor asks the ledger to record.

use crate::model::{LEDGER_SOURCE, ingest::IngestError, question::AskError};
use claimledger_domain::changes::Retraction;
use claimledger_facts::{
    ids::{IdpId, KeyId, LogPosition, SourceEventId, TicketId},
    random::Random,
    refusal::Refusal,
    time::Time,
    types::trust::TrustRetracted,
};
use claimledger_ledger::append::AppendOutcome;
use data_encoding::BASE32_DNSSEC;
use serde_json::{Value, json};

/// Random bytes of an id that a caller has not chosen.
const ID_BYTES: usize = 16;

/// Of what trust is retracted. The whole IdP has to be said: a key that was left out by mistake
/// must not retract it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Retracts {
    /// One key.
    Key(KeyId),
    /// Every assertion of the IdP, whatever signed it.
    WholeIdp,
}

impl Retracts {
    /// The key; none: the whole IdP.
    #[must_use]
    pub const fn key(&self) -> Option<&KeyId> {
        match self {
            Self::Key(key) => Some(key),
            Self::WholeIdp => None,
        }
    }
}

/// What is to be recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedRetraction {
    /// The caller's own id of it: the same id and content again is the same record.
    pub id: String,
    /// The IdP.
    pub idp: IdpId,
    /// One of its keys, or all of it.
    pub retracts: Retracts,
    /// Assertions received at or after this time are hit.
    pub from: Time,
    /// A code, or free text, which is sealed.
    pub reason: String,
    /// Under which ticket.
    pub ticket: Option<TicketId>,
    /// The last retraction of the same that the caller was shown: a later one is refused, since who
    /// asks does not know of it. None: none is, and the answer names them.
    pub shown: Option<LogPosition>,
}

/// An id of a retraction that nobody else has, so that it can be asked for again.
#[must_use]
pub fn new_id(random: &dyn Random) -> String {
    let mut id = [0; ID_BYTES];
    random.fill(&mut id);
    BASE32_DNSSEC.encode(&id)
}

/// A retraction in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedRetraction {
    /// The ledger's own id of the record.
    pub source_id: SourceEventId,
    /// Its position; of a repeated one, that of the first.
    pub position: LogPosition,
    /// When it was recorded; of a repeated one, the first time.
    pub recorded_at: Time,
    /// Whether it was appended, or was there already.
    pub outcome: AppendOutcome,
    /// What it says, as it stands in the clear.
    pub data: TrustRetracted,
    /// Retractions that were known before, and that hit the same: it adds to them what was received
    /// before the earliest of them.
    pub already: Vec<Retraction>,
}

impl RecordedRetraction {
    /// As HTTP and the command line show it. `id`: the caller's own id of it.
    #[must_use]
    pub fn to_value(&self, id: &str) -> Value {
        let outcome = match self.outcome {
            AppendOutcome::Stored => "stored",
            AppendOutcome::Repeated | AppendOutcome::Variant => "repeated",
        };
        let already: Vec<Value> = self
            .already
            .iter()
            .map(|of| {
                json!({"position": of.record.position.0, "recordedAt":
                    of.record.recorded_at.to_string(), "source": of.record.source, "fact": of.data})
            })
            .collect();
        json!({"id": id, "already": already, "source": LEDGER_SOURCE,
            "sourceId": self.source_id.as_str(),
            "position": self.position.0, "recordedAt": self.recorded_at.to_string(),
            "outcome": outcome, "fact": self.data})
    }
}

/// Why a retraction was not recorded.
#[derive(Debug, thiserror::Error)]
pub enum RetractError {
    /// The caller may not, or what is known could not be read.
    #[error(transparent)]
    Asked(#[from] AskError),
    /// It was retracted already, and the caller was not shown that.
    #[error("it was retracted already, as {position}: say that this was shown")]
    Already {
        /// The retraction.
        position: LogPosition,
    },
    /// It is not valid, or could not be written.
    #[error(transparent)]
    Refused(#[from] IngestError),
}

impl From<Refusal> for RetractError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal.into())
    }
}
