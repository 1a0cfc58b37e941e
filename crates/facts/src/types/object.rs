//! `object.named`.

use super::prelude::*;

/// `object.named`: what an application, a policy, a rule or an identity provider is called. Its
/// display name is no name of a person, and stands in the clear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{"kind": "app", "object": "payroll", "name": "Payroll (EU)"}]))]
pub struct ObjectNamed {
    /// What kind of object.
    pub kind: ObjectKind,
    /// Its id, as other facts name it.
    pub object: String,
    /// Its display name from now on.
    pub name: String,
}
