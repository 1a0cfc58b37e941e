//! `idp_session.started`, `idp_session.ended`.

use super::prelude::*;

/// `idp_session.started`: a session began at the identity provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{"idp": "idp-x", "idp_session": "is-1"}]))]
pub struct IdpSessionStarted {
    /// The identity provider.
    pub idp: IdpId,
    /// Its session.
    pub idp_session: IdpSessionId,
}

/// `idp_session.ended`: a session ended at the identity provider.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{"idp": "idp-x", "idp_session": "is-1", "reason": "logout"}]))]
pub struct IdpSessionEnded {
    /// The identity provider.
    pub idp: IdpId,
    /// Its session.
    pub idp_session: IdpSessionId,
    /// A reason code.
    pub reason: Option<String>,
}
