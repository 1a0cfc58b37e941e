//! What a record says in the clear: its facts, and the little about the source's event that later readers need.

use crate::{fact::Fact, ids::SessionId, vocabulary::Note};
use std::collections::BTreeMap;

/// The clear body of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// What the source calls this kind of event: a fact type, or a vendor's event type.
    pub kind: String,
    /// The session that the event names, understood or not.
    pub session: Option<SessionId>,
    /// Ids inside the vendor's log that join events of one sign-in (`transaction`, `authn_request`, `root_session`, …).
    pub correlation: BTreeMap<String, String>,
    /// What readers should know about how it was read.
    pub notes: Vec<Note>,
    /// The facts; none: stored, and not understood.
    pub facts: Vec<Fact>,
}

impl Statement {
    /// Every session id that the record names, once each: these count towards the ids' revisions.
    pub fn sessions(&self) -> impl Iterator<Item = &SessionId> {
        let mut seen = Vec::new();
        self.session.iter().chain(self.facts.iter().filter_map(|fact| fact.session.as_ref())).filter(move |id| {
            let new = !seen.contains(id);
            seen.push(*id);
            new
        })
    }
}
