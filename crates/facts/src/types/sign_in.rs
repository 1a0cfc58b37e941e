//! `sign_in.refused`.

use super::prelude::*;

/// `sign_in.refused`: a sign-in, a factor of one, or an access did not succeed. It never counts as
/// a factor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{
    "result": "failure", "reason": "push_rejected", "method": "push", "idp": "idp-x",
    "app": "payroll"
}]))]
pub struct SignInRefused {
    /// The outcome.
    pub result: SignInResult,
    /// Why: a code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The method that was tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Method>,
    /// The IdP that it went through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idp: Option<IdpId>,
    /// The application that it was for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<AppId>,
}
