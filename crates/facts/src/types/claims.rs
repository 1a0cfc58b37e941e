//! `claims.received`, `claim.accepted`, `claim.ignored`, `claim_sourcing.configured`.

use super::prelude::*;

/// `claims.received`: an assertion reached the service provider.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{
    "idp": "idp-x", "assertion": "as-1", "amr": ["pwd", "hwk", "x-unheard-of"], "key": "X1",
    "protocol": "oidc", "acr": "urn:example:aal2", "auth_time": "2026-03-10T09:59:00Z",
    "issued_at": "2026-03-10T09:59:58Z", "readable": true,
    "methods": [
        {
            "method": "webauthn",
            "properties": [
                "device_bound", "hardware_protected", "phishing_resistant", "user_presence",
                "user_verifying"
            ],
            "authenticator": "auth-1"
        },
        {"method": "password"}
    ]
}]))]
pub struct ClaimsReceived {
    /// Who asserts.
    pub idp: IdpId,
    /// The assertion; absent: none was seen.
    pub assertion: Option<AssertionId>,
    /// Authentication method references (RFC 8176); absent: nothing seen; empty: sent without any.
    pub amr: Option<Vec<Amr>>,
    /// Methods with their characteristics, where the source saw them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub methods: Vec<ClaimedMethod>,
    /// The key that signed the assertion.
    pub key: Option<KeyId>,
    /// The protocol.
    pub protocol: Option<Protocol>,
    /// The authentication context class that was asserted.
    pub acr: Option<String>,
    /// When the person authenticated, as the IdP says.
    pub auth_time: Option<Time>,
    /// When the assertion was issued, as the IdP says.
    pub issued_at: Option<Time>,
    /// False: a claim was seen, but could not be read.
    pub readable: Option<bool>,
}

/// One method inside an assertion.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClaimedMethod {
    /// The method.
    pub method: Method,
    /// Its characteristics, as asserted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub properties: Vec<Property>,
    /// The authenticator.
    pub authenticator: Option<AuthenticatorId>,
}

/// `claim.accepted`: the service provider says that it counted a claim.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{
    "assertion": "as-1", "amr": "hwk", "method": "webauthn", "reason": "mapped",
    "properties": ["hardware_protected"], "authenticator": "auth-3"
}]))]
pub struct ClaimAccepted {
    /// The assertion it came in.
    pub assertion: Option<AssertionId>,
    /// The value that was counted.
    pub amr: Option<Amr>,
    /// The method that was counted.
    pub method: Option<Method>,
    /// A reason code.
    pub reason: Option<String>,
    /// The characteristics of the method, as logged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub properties: Vec<Property>,
    /// The authenticator.
    pub authenticator: Option<AuthenticatorId>,
}

/// `claim.ignored`: the service provider says that it did not count a claim.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{
    "assertion": "as-1", "amr": "x-unheard-of", "method": "external_idp",
    "reason": "unknown_value"
}]))]
pub struct ClaimIgnored {
    /// The assertion it came in.
    pub assertion: Option<AssertionId>,
    /// The value that was ignored.
    pub amr: Option<Amr>,
    /// The method that was ignored.
    pub method: Option<Method>,
    /// A reason code.
    pub reason: Option<String>,
}

/// `claim_sourcing.configured`: where reauthentication goes.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{"redirect": "fixed", "include": ["idp-x", "idp-y"]}]))]
pub struct ClaimSourcingConfigured {
    /// None: local. Fixed: the IdP that last established the session.
    pub redirect: Redirect,
    /// The IdPs included; absent: every IdP; empty: none.
    pub include: Option<Vec<IdpId>>,
}
