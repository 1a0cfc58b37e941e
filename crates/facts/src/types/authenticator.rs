//! `authenticator.configured`, `authenticator.listed`, `authenticator.lost`,
//! `authenticator.changed`.

use super::prelude::*;

/// `authenticator.configured`: what the service provider itself can ask for.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{
    "method": "otp", "status": "deleted", "enrollment": "disabled", "allowed_for": "recovery",
    "saved": ["aut-1"]
}]))]
pub struct AuthenticatorConfigured {
    /// The method.
    pub method: Method,
    /// Whether it can be used.
    pub status: Status,
    /// Whether it can be enrolled.
    pub enrollment: Option<Enrollment>,
    /// What it is allowed for; absent: signing in is part of it.
    pub allowed_for: Option<AllowedFor>,
    /// The authenticators that may give the method and were saved in the interval of this
    /// statement, perhaps more than once, or deleted: no look saw what they were meanwhile.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub saved: Vec<AuthenticatorId>,
}

/// `authenticator.listed`: the service provider has an authenticator, and which methods it gives,
/// or whether it serves signing in, is not stated in `authenticator.configured`, or not yet.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{
    "authenticator": "aut-1", "key": "okta_verify", "status": "active",
    "may_give": ["push", "totp"], "saved": true
}]))]
pub struct AuthenticatorListed {
    /// The authenticator, as the service provider has it configured.
    pub authenticator: AuthenticatorId,
    /// What it is, in the source's word.
    pub key: String,
    /// Whether it can be used.
    pub status: Status,
    /// Methods that it may give beside those that are stated; empty: there are none, absent: any.
    pub may_give: Option<Vec<Method>>,
    /// It was saved in the interval of this statement, perhaps more than once, or deleted: no look
    /// saw what it was meanwhile.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub saved: bool,
}

/// `authenticator.lost`: an authenticator of the subject is lost; a falsifier.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{
    "methods": ["push", "hwk"], "authenticator": "auth-1", "from": "2026-03-10T09:00:00.000001Z",
    "actor": "admin-2"
}]))]
pub struct AuthenticatorLost {
    /// Methods or `amr` values that the authenticator gave.
    pub methods: Vec<LostMethod>,
    /// The authenticator, where its id is known.
    pub authenticator: Option<AuthenticatorId>,
    /// From when it was lost; absent: when it was said.
    pub from: Option<Time>,
    /// Who said so.
    pub actor: Option<ActorId>,
}

/// A `method` or an `amr` value, as it was stated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct LostMethod(pub String);

/// `authenticator.changed`: an authenticator of the subject was enrolled, removed, suspended or
/// reset. It takes nothing away from earlier factors: a loss does (`authenticator.lost`).
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{
    "change": "enrolled", "method": "push", "authenticator": "auth-2", "actor": "admin-2"
}]))]
pub struct AuthenticatorChanged {
    /// What was done.
    pub change: AuthenticatorChange,
    /// The method, where the source names it.
    pub method: Option<Method>,
    /// The authenticator, where its id is known.
    pub authenticator: Option<AuthenticatorId>,
    /// Who did it, where that is not the subject.
    pub actor: Option<ActorId>,
}
