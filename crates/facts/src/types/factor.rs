//! `factor.verified`, `authentication.unread`, `policy.decided`.

use super::prelude::*;

/// `factor.verified`: the service provider itself verified a factor.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{
    "method": "push", "authenticator": "auth-2", "properties": ["user_presence"]
}]))]
pub struct FactorVerified {
    /// The method.
    pub method: Method,
    /// The authenticator.
    pub authenticator: Option<AuthenticatorId>,
    /// Its characteristics, as logged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub properties: Vec<Property>,
}

/// `authentication.unread`: the source logged an authentication, or a verification of a factor, in
/// a form that is not understood. It may have been any factor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{}]))]
pub struct AuthenticationUnread {}

/// `policy.decided`: what the service provider says it decided.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{
    "app": "payroll", "policy": "payroll", "outcome": "challenge", "version": "v2",
    "rule": "payroll-1", "requested_acr": "phr", "relied_on": ["claims-1", "factor-1"]
}]))]
pub struct PolicyDecided {
    /// The application.
    pub app: AppId,
    /// The policy.
    pub policy: PolicyId,
    /// The outcome.
    pub outcome: Outcome,
    /// The label of the version that was used.
    pub version: Option<VersionLabel>,
    /// The rule that was used.
    pub rule: Option<RuleId>,
    /// The authentication context class that the application asked for (`acr_values`).
    pub requested_acr: Option<String>,
    /// Source ids of the records that carried the factors it rested on.
    pub relied_on: Option<Vec<SourceEventId>>,
}
