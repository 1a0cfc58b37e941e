//! The question of a pack: one document, of which only the session differs.
//!
//! A page of a pack shows members of the answer under headings of its own. What they mean follows
//! from the document alone, so a verifier takes no other: an answer to a question that a caller
//! composed can have the same members with other content.

use claimledger_facts::canonical;
use serde_json::{Value, json};

/// What a pack asks of GraphQL. Its bytes are part of the format.
pub const PACK_DOCUMENT: &str = include_str!("pack.graphql");

/// Maximum number of records on the timeline of a session that a pack is made of: one page.
pub const MAX_TIMELINE: u32 = 500;

/// The question of the pack of a session, by any of its ids, as canonical JSON.
#[must_use]
pub fn pack_question(session: &str) -> String {
    let variables = json!({"session": session, "first": MAX_TIMELINE});
    let question = json!({"document": PACK_DOCUMENT, "variables": variables});
    // Canonical JSON of text is text.
    String::from_utf8(canonical::to_vec(&question)).unwrap_or_default()
}

/// The session of a question; none: it is not the question of a pack.
pub(super) fn session_of(query: &str) -> Option<String> {
    let question: Value = serde_json::from_str(query).ok()?;
    let session = question.get("variables")?.get("session")?.as_str()?;
    // Compared as a whole: nothing beside the session may differ.
    (pack_question(session) == query).then(|| session.to_owned())
}
