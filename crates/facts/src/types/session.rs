//! `session.started`, `session.linked`, `session.ended`, `session.governed`,
//! `session.context_changed`.

use super::prelude::*;

/// `session.started`: a session began at the service provider.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{
    "root_session": "root-1", "idp": "idp-x", "idp_session": "is-1",
    "lifetime_ends_at": "2026-03-10T22:00:00Z", "idle_secs": 1800
}]))]
pub struct SessionStarted {
    /// The root session that groups it.
    pub root_session: Option<RootSessionId>,
    /// The IdP it came from.
    pub idp: Option<IdpId>,
    /// The IdP's session it came from.
    pub idp_session: Option<IdpSessionId>,
    /// When it ends at the latest.
    pub lifetime_ends_at: Option<Time>,
    /// How long it may be idle, in seconds; 0: no limit.
    pub idle_secs: Option<u64>,
}

/// `session.linked`: two session ids name one session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{"to": "S2", "by": "external_session"}]))]
pub struct SessionLinked {
    /// The other session's id, or the source id of a record of it.
    pub to: String,
    /// What links them.
    pub by: String,
}

/// `session.ended`: the source says that the session ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{"reason": "upstream_revoked"}]))]
pub struct SessionEnded {
    /// Why.
    pub reason: EndReason,
}

/// `session.logout_reported`: a logout was logged that does not say whether it ended this session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{}]))]
pub struct SessionLogoutReported {}

/// `session.governed`: which rule of a global session policy held for the session.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{"rule": "session-1", "policy": "org-session"}]))]
pub struct SessionGoverned {
    /// The rule.
    pub rule: RuleId,
    /// Its policy, where it is named.
    pub policy: Option<PolicyId>,
}

/// `session.context_changed`: the session is used from elsewhere, or from a device that changed.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{"causes": ["address"], "reevaluated": true}]))]
pub struct SessionContextChanged {
    /// What changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<ContextCause>,
    /// Whether the policies were evaluated again.
    pub reevaluated: Option<bool>,
}
