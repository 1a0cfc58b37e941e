//! `idp.configured`, `idp.key_added`, `idp.key_retired`, `routing_rule.configured`.

use super::prelude::*;

/// `idp.configured`: a whole snapshot of an identity provider, as the service provider has it.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{
    "idp": "idp-x", "version": "tx1", "kind": "third_party", "status": "active",
    "trust_claims": true, "map_amr_claims": false, "protocol": "saml2", "app": "org2org",
    "usage": "factor_only", "actor": "admin-1", "ticket": "T-1"
}]))]
pub struct IdpConfigured {
    /// The identity provider.
    pub idp: IdpId,
    /// The label of this version.
    pub version: VersionLabel,
    /// Its kind.
    pub kind: IdpKind,
    /// Its status.
    pub status: Status,
    /// Whether its claims are trusted (Okta: `policy.trustClaims`).
    pub trust_claims: bool,
    /// The legacy mapping (Okta: `policy.mapAMRClaims`); `trust_claims` beats it.
    pub map_amr_claims: Option<bool>,
    /// The protocol.
    pub protocol: Option<Protocol>,
    /// The application at the IdP.
    pub app: Option<IdpApp>,
    /// What it is used for.
    pub usage: Option<IdpUsage>,
    /// Who set it.
    pub actor: Option<ActorId>,
    /// Under which ticket.
    pub ticket: Option<TicketId>,
}

/// `idp.key_added`: a key is valid from now on.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{
    "idp": "idp-x", "key": "X1", "actor": "admin-1", "ticket": "T-2"
}]))]
pub struct IdpKeyAdded {
    /// The identity provider.
    pub idp: IdpId,
    /// The key.
    pub key: KeyId,
    /// Who added it.
    pub actor: Option<ActorId>,
    /// Under which ticket.
    pub ticket: Option<TicketId>,
}

/// `idp.key_retired`: a key is no longer valid.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{
    "idp": "idp-x", "key": "X1", "actor": "admin-1", "ticket": "T-3"
}]))]
pub struct IdpKeyRetired {
    /// The identity provider.
    pub idp: IdpId,
    /// The key.
    pub key: KeyId,
    /// Who retired it.
    pub actor: Option<ActorId>,
    /// Under which ticket.
    pub ticket: Option<TicketId>,
}

/// `routing_rule.configured`: which users go to which identity provider.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{
    "rule": "route-1", "idp": "idp-x", "status": "inactive", "priority": 3, "actor": "admin-1"
}]))]
pub struct RoutingRuleConfigured {
    /// The rule.
    pub rule: RuleId,
    /// Where it sends users.
    pub idp: IdpId,
    /// Its status.
    pub status: Status,
    /// Its priority; lower is first.
    pub priority: Option<i64>,
    /// Who set it.
    pub actor: Option<ActorId>,
}
