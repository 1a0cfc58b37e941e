//! What only the ledger itself writes.

use super::prelude::*;

/// `ledger.opened`: position 0 of every log, and the only record that opening a tenant writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{
    "tenant": "acme", "format": 1, "rehearsal": true, "rules": "2026.1",
    "roles": ["ingest", "read", "investigate", "export", "govern", "operate"]
}]))]
pub struct LedgerOpened {
    /// The tenant.
    pub tenant: TenantId,
    /// The record format's version.
    pub format: u32,
    /// Whether recorded times are asserted by the input.
    pub rehearsal: bool,
    /// The version of the assessment rules then in force.
    pub rules: String,
    /// What the operator's first credential may do.
    pub roles: Vec<Role>,
}

/// `fact.conflicted`: other content came under an id that is already in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{
    "source": "acme-sp", "id": "S1-start",
    "digest": "0000000000000000000000000000000000000000000000000000000000000000",
    "stored_digest": "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
}]))]
pub struct FactConflicted {
    /// The source of the id.
    pub source: SourceId,
    /// The source's own id.
    pub id: SourceEventId,
    /// The content digest of what was refused, in hexadecimal.
    pub digest: String,
    /// The content digest of what is stored, in hexadecimal.
    pub stored_digest: String,
}

/// `role.granted`: a credential was made.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{
    "credential": "c-1", "roles": ["ingest"], "source": "acme-sp", "actor": "c-2"
}]))]
pub struct RoleGranted {
    /// The credential's public id.
    pub credential: String,
    /// What it may do.
    pub roles: Vec<Role>,
    /// The source it may append as.
    pub source: Option<SourceId>,
    /// The credential that made it; `owner`: the process that owns the ledger. Since version 2.
    pub actor: Option<ActorId>,
}

/// `role.revoked`: a credential was revoked.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{"credential": "c-1", "actor": "c-2"}]))]
pub struct RoleRevoked {
    /// The credential's public id.
    pub credential: String,
    /// The credential that revoked it; `owner`: the process that owns the ledger. Since version 2.
    pub actor: Option<ActorId>,
}

/// `rules.activated`: another version of the assessment rules is in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{"rules": "2026.2"}]))]
pub struct RulesActivated {
    /// The version.
    pub rules: String,
}
