//! What a translator returns: facts about people by the source's own identifiers, before they get
//! pseudonyms, are sealed and are ordered.

use crate::{
    fact::FactData,
    ids::{SessionId, SourceEventId, SourceId},
    indicator::Indicator,
    personal::Personal,
    time::{Occurred, Time},
    vocabulary::Note,
};
use std::collections::BTreeMap;

/// One event of a source, translated and validated, not yet sealed or ordered.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// The source, where the line names one; else the credential's.
    pub source: Option<SourceId>,
    /// The source's own id.
    pub source_id: SourceEventId,
    /// What the source calls this kind of event.
    pub kind: String,
    /// When it occurred.
    pub occurred: Occurred,
    /// When the input says that it was recorded: rehearsals and migrations only.
    pub recorded_at: Option<Time>,
    /// The session that the event names.
    pub session: Option<SessionId>,
    /// Ids that join events of one sign-in.
    pub correlation: BTreeMap<String, String>,
    /// How it was read.
    pub notes: Vec<Note>,
    /// The facts.
    pub facts: Vec<DraftFact>,
    /// The people it is about, each with what is sealed under their key. Facts point here by index.
    pub persons: Vec<DraftPerson>,
    /// Free text, display names and indicators that belong to no person, sealed under the tenant's
    /// key.
    pub unowned: Personal,
    /// Display names of what is no person, by which the record can be found: the statement holds a
    /// keyed digest of each.
    pub labels: Vec<String>,
    /// Indicators of the client, where it belongs to no person: see [`DraftPerson::indicators`].
    pub indicators: Vec<Indicator>,
    /// The canonical line (`semantics.md` 31): what the content digest is taken over.
    pub canonical: Vec<u8>,
    /// The bytes received.
    pub original: Vec<u8>,
    /// Fields of the line that the contract does not know: kept in the original, and reported.
    pub unknown_fields: Vec<String>,
    /// Name and version of the translator, such as `native/1`.
    pub translator: &'static str,
    /// A pulled source may repeat an id with other content: both are kept. A native one may not.
    pub variants_allowed: bool,
}

impl Draft {
    /// Whether its translator understood it: the one test for answers, reports, lists and
    /// timelines.
    #[must_use]
    pub fn is_understood(&self) -> bool {
        !self.notes.contains(&Note::NotUnderstood)
    }
}

/// A fact before its people have pseudonyms.
#[derive(Clone, Debug, PartialEq)]
pub struct DraftFact {
    /// The session, where it differs from the event's.
    pub session: Option<SessionId>,
    /// The person it is about: an index into [`Draft::persons`].
    pub subject: Option<usize>,
    /// When it occurred, where it differs from the event's.
    pub occurred: Option<Occurred>,
    /// What it says. In `subject.linked` the field `other` holds the identifier as received, and
    /// [`Self::other`] the person.
    pub data: FactData,
    /// `subject.linked` only: the other person.
    pub other: Option<usize>,
}

/// A person as the source knows them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DraftPerson {
    /// The identifier that makes them one person in the whole tenant.
    pub id: String,
    /// Other identifiers they can be found by: logins, names. Not unique, and never proof of
    /// identity.
    pub aliases: Vec<String>,
    /// Indicators of the client, where it is theirs. The statement holds digests of them under
    /// their key, which mean nothing once that is destroyed.
    pub indicators: Vec<Indicator>,
    /// What is sealed under their key: `labels`, `client`, `text`.
    pub personal: Personal,
}
