//! `account.changed`, `privilege.changed`.

use super::prelude::*;

/// `account.changed`: the account of the subject was opened, closed, locked, or given another
/// password. It ends access, and not a session: no log says that the sessions ended.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{"change": "suspended", "actor": "admin-2"}]))]
pub struct AccountChanged {
    /// What was done.
    pub change: AccountChange,
    /// Who did it, where that is not the subject.
    pub actor: Option<ActorId>,
}

/// `privilege.changed`: administrator roles were granted or revoked, to the subject or to a group.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{
    "change": "granted", "roles": ["SuperOrgAdmin"], "group": "group-1", "actor": "admin-2"
}]))]
pub struct PrivilegeChanged {
    /// What was done.
    pub change: PrivilegeChange,
    /// Ids of the roles, where the source names some.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// The group whose members have the roles.
    pub group: Option<String>,
    /// Who did it, where that is not the subject.
    pub actor: Option<ActorId>,
}
