//! `trust.retracted`.

use super::prelude::*;

/// `trust.retracted`: assertions received from a time on must not be believed; a falsifier.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{
    "idp": "idp-x", "from": "2026-03-10T09:59:59.25Z", "reason": "key_leaked", "key": "X1",
    "actor": "admin-2", "ticket": "T-4"
}]))]
pub struct TrustRetracted {
    /// The identity provider.
    pub idp: IdpId,
    /// Assertions received at or after this time are hit.
    pub from: Time,
    /// A reason code.
    pub reason: String,
    /// The key; absent: the whole IdP.
    pub key: Option<KeyId>,
    /// Who said so.
    pub actor: Option<ActorId>,
    /// Under which ticket.
    pub ticket: Option<TicketId>,
}
