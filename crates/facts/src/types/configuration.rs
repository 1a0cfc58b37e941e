//! `configuration.changed`.

use super::prelude::*;

/// `configuration.changed`: a log says that a configured object was changed, and not what it is
/// now. Its subject is the person who acted, its session the one they acted in; evidence, and a
/// reason to look at the object.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{
    "kind": "rule", "object": "payroll-1", "change": "updated", "of": "payroll",
    "fields": ["conditions"], "actor": "admin-2", "token": "token-1"
}]))]
pub struct ConfigurationChanged {
    /// What kind of object.
    pub kind: ObjectKind,
    /// Its id, as other facts name it.
    pub object: String,
    /// What was done.
    pub change: ObjectChange,
    /// The object that it belongs to: the policy of a rule, the IdP of a key.
    pub of: Option<String>,
    /// Names of the fields that were changed, where the log names some.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// Who did it, where that is not the subject: a service or the system.
    pub actor: Option<ActorId>,
    /// The API token that was used.
    pub token: Option<String>,
}
