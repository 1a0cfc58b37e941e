//! `erasure.requested`.

use super::prelude::*;

/// `erasure.requested`: the erasure of the subject's data was requested.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{"reason": "left", "ticket": "T-6"}]))]
pub struct ErasureRequested {
    /// A reason code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The ticket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<TicketId>,
}
