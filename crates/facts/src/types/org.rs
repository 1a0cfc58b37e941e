//! `org.configured`.

use super::prelude::*;

/// `org.configured`: the service provider's org.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{
    "engine": "identity_engine", "claims_sharing": true, "third_party_claims_sharing": false
}]))]
pub struct OrgConfigured {
    /// Its engine.
    pub engine: Engine,
    /// Whether the feature Okta-to-Okta claims sharing is on.
    pub claims_sharing: bool,
    /// Whether the feature third-party IdP claims sharing is on.
    pub third_party_claims_sharing: bool,
}
