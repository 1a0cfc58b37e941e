//! `activity.flagged`.

use super::prelude::*;

/// `activity.flagged`: the source, its risk engine or the user says that something is suspicious or
/// out of the ordinary. A verdict of the source: no rule reads it, and it shows nobody's act.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{
    "flag": "risk_changed", "level": "high", "previous_level": "low",
    "reason": "session_hijacking", "actor": "support-1", "token": "token-1"
}]))]
pub struct ActivityFlagged {
    /// What is flagged.
    pub flag: Flag,
    /// The risk level.
    pub level: Option<RiskLevel>,
    /// The risk level before.
    pub previous_level: Option<RiskLevel>,
    /// What was detected: a code.
    pub reason: Option<String>,
    /// Who acted, where that is not the subject.
    pub actor: Option<ActorId>,
    /// The API token that was used.
    pub token: Option<String>,
}
