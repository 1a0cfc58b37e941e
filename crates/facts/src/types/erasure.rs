//! `erasure.requested`.

use super::prelude::*;

/// `erasure.requested`: the erasure of the subject's data was requested.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{"reason": "left", "ticket": "T-6"}]))]
pub struct ErasureRequested {
    /// A reason code.
    pub reason: Option<String>,
    /// The ticket.
    pub ticket: Option<TicketId>,
}
