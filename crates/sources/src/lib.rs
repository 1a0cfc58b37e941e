//! Translators: the bytes of one event in, [`Draft`]s out. Pure: no IO, no clock, no randomness, no
//! keys.
//!
//! **What it is.** A door reads bytes, [`splitter::Splitter`] cuts them into top-level JSON values,
//! and [`translate`] reads each value in one [`Dialect`]. What cannot be read is a [`Refusal`] that
//! names line, field and what was expected.
//!
//! **What it is not.** It does not seal, order, deduplicate or store, and it knows nobody by a
//! pseudonym: people appear by the source's own identifiers, and the sealing layer replaces them.
//! It decides nothing about what facts mean.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`splitter`] | a byte stream into top-level values, in bounded memory |
//! | [`strict`] | one value, read strictly: duplicate keys, depth, UTF-8 |
//! | `contract` | the native contract as a tree, derived from the fact types' JSON Schemas |
//! | `native`, `cloudevents` | the public contract, bare and in a CloudEvents envelope |
//! | `okta` | the System Log of Okta |
//! | `json` | a value that borrows from its text |
//! | `number` | numbers that 64 bits do not hold |
//! | `encoding` | UTF-16 into UTF-8, a piece at a time |
//! | `bearer` | finds tokens and assertions, and puts digests in their place |
//!
//! # How to add a source
//!
//! 1. Add a variant to [`Dialect`] with its word, and a folder named for the vendor with a `mod.rs`
//!    that has `pub(crate) fn translate(bytes: &[u8]) -> Result<Vec<Draft>, Refusal>`.
//! 2. Unwrap what the vendor's transports put around an event; then bring dialects of the same
//!    event to one spelling, so that the same event by any transport gives the same canonical line.
//!    Normalise no more than that: other content must stay other content.
//! 3. Write one function per event type from the event to facts, in `facts.rs` of that folder. An
//!    event of another type, or one that lacks what its facts need, is kept with
//!    [`Note::NotUnderstood`](claimledger_facts::vocabulary::Note::NotUnderstood), never refused.
//! 4. Put everything that a person wrote, or that tells a person, into
//!    [`DraftPerson`](claimledger_facts::draft::DraftPerson) or [`Draft::unowned`]. Only opaque ids
//!    and words of the vocabularies stand in the clear.
//! 5. Set [`Draft::translator`] to `<dialect>/1`. When a later version reads more, raise the
//!    number: its reading is a new record.
//! 6. Add a test for each trap of that vendor, and samples to `tests/`.

mod bearer;
mod cloudevents;
mod contract;
mod encoding;
mod json;
mod native;
mod number;
mod okta;
pub mod splitter;
pub mod strict;
mod text;

pub use splitter::{Limits, MAX_VALUE_BYTES, Piece, Splitter};

use claimledger_facts::{draft::Draft, refusal::Refusal};

/// How the bytes of a source are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// The public contract: one native fact.
    Native,
    /// A native fact in a CloudEvents 1.0 structured envelope.
    CloudEvents,
    /// A `LogEvent` of Okta's System Log, or an object that carries one as text in `_raw`.
    OktaSystemLog,
}

impl Dialect {
    /// Every dialect, in the order of the documentation.
    pub const ALL: &'static [Self] = &[Self::Native, Self::CloudEvents, Self::OktaSystemLog];

    /// Reads the word of a dialect.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|dialect| dialect.as_str() == word)
    }

    /// The word by which callers name it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::CloudEvents => "cloudevents",
            Self::OktaSystemLog => "okta-system-log",
        }
    }
}

/// Whether a stream that begins so is gzip. Translators take it unpacked: whoever reads it knows
/// how much it may take.
#[must_use]
pub fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b])
}

/// Translates one top-level JSON value. Native facts and envelopes give exactly one draft; a
/// vendor's wrapper may carry several.
///
/// # Errors
/// The value is not of the dialect. The refusal names the field and what was expected; the caller
/// adds the line ([`Refusal::on_line`]), which only the splitter knows.
pub fn translate(dialect: Dialect, bytes: &[u8]) -> Result<Vec<Draft>, Refusal> {
    match dialect {
        Dialect::Native => native::translate(bytes).map(|draft| vec![draft]),
        Dialect::CloudEvents => cloudevents::translate(bytes).map(|draft| vec![draft]),
        Dialect::OktaSystemLog => okta::translate(bytes),
    }
}

/// Whether what a translator reads says how long a session may last and be idle. Where it does not,
/// a start without limits leaves them unknown; of any other source it says that there are none
/// (`semantics.md` 22).
#[must_use]
pub fn logs_limits(translator: &str) -> bool {
    translator.split('/').next() != okta::TRANSLATOR.split('/').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back_and_others_do_not() {
        for dialect in Dialect::ALL {
            assert_eq!(Dialect::parse(dialect.as_str()), Some(*dialect));
        }
        assert_eq!(Dialect::parse("okta-config"), None);
        assert_eq!(Dialect::parse("Native"), None);
    }

    #[test]
    fn the_system_log_has_no_limits_of_sessions_in_any_version() {
        assert!(logs_limits("native/1") && logs_limits("cloudevents/1") && logs_limits("okta"));
        assert!(!logs_limits(okta::TRANSLATOR) && !logs_limits("okta-system-log/99"));
    }
}
