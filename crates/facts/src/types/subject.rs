//! `subject.linked`.

use super::prelude::*;

/// `subject.linked`: two identities are, or are not, one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SubjectLinked {
    /// The other identity, as its pseudonym. On the wire also an id or a login.
    pub other: Pseudonym,
    /// Whether they are the same person.
    pub same: bool,
}
