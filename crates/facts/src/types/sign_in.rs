//! `sign_in.refused`.

use super::prelude::*;

/// `sign_in.refused`: a sign-in, a factor of one, or an access did not succeed. It never counts as
/// a factor.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{
    "result": "failure", "reason": "push_rejected", "method": "push", "idp": "idp-x",
    "app": "payroll"
}]))]
pub struct SignInRefused {
    /// The outcome.
    pub result: SignInResult,
    /// Why: a code.
    pub reason: Option<String>,
    /// The method that was tried.
    pub method: Option<Method>,
    /// The IdP that it went through.
    pub idp: Option<IdpId>,
    /// The application that it was for.
    pub app: Option<AppId>,
}
