//! `subject.linked`, `subject.sessions_ended`.

use super::prelude::*;

/// `subject.linked`: two identities are, or are not, one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{"other": "u-bob", "same": true}]))]
pub struct SubjectLinked {
    /// The other identity, as its pseudonym. On the wire also an id or a login.
    pub other: Pseudonym,
    /// Whether they are the same person.
    pub same: bool,
}

/// `subject.sessions_ended`: every session of the subject that had begun by then was ended, as when
/// an administrator clears them.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{"reason": "revoked", "actor": "admin-2", "ticket": "T-7"}]))]
pub struct SubjectSessionsEnded {
    /// Why.
    pub reason: EndReason,
    /// Who did it.
    pub actor: Option<ActorId>,
    /// Under which ticket.
    pub ticket: Option<TicketId>,
}
