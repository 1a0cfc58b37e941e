//! The trace of an assessment, as an answer explains it.

use super::RecordRef;
use claimledger_facts::vocabulary::EndReason;

/// How a requirement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mark {
    /// ✓
    Met,
    /// ✗
    NotMet,
    /// ~
    Possible,
    /// ?
    Undetermined,
}

/// One thought of an explanation: a conclusion, the rule it comes from, the facts it rests on, and
/// what it follows from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// ✓ ✗ ~ ? where a requirement is judged.
    pub mark: Option<Mark>,
    /// One of the five questions, where this answers one: `Which rule?`
    pub question: Option<&'static str>,
    /// The conclusion, one sentence or two, without mark and question.
    pub conclusion: String,
    /// A code of `semantics.md` 45, where there is one.
    pub code: Option<&'static str>,
    /// The rule's id: the name of its file.
    pub rule: Option<&'static str>,
    /// The document it comes from, in words: `Okta, Configure claims sharing, AMR values`.
    pub source: Option<&'static str>,
    /// The settled reading: the number in `semantics.md`.
    pub semantics: Option<u32>,
    /// The records it rests on.
    pub facts: Vec<RecordRef>,
    /// Whether the delay of the first record is shown (`+0 s`).
    pub show_delay: bool,
    /// What it follows from.
    pub because: Vec<Reason>,
}

/// Why a session ended, as an answer's code.
#[must_use]
pub const fn end_code(reason: EndReason) -> &'static str {
    reason.as_str()
}
