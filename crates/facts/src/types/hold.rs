//! `hold.placed`, `hold.released`.

use super::prelude::*;

/// `hold.placed`: a legal hold; on the subject, or on the tenant where there is none.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{"hold": "hold-1", "reason": "litigation"}]))]
pub struct HoldPlaced {
    /// The hold.
    pub hold: HoldId,
    /// A reason code.
    pub reason: Option<String>,
}

/// `hold.released`: a legal hold was lifted.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{"hold": "hold-1", "reason": "settled"}]))]
pub struct HoldReleased {
    /// The hold.
    pub hold: HoldId,
    /// A reason code.
    pub reason: Option<String>,
}
