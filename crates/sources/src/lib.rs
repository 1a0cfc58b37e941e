//! Translators: the bytes of one event in, [`Draft`]s out. Pure: no IO, no clock, no randomness, no
//! keys.
//!
//! **What it is.** The caller reads bytes, [`splitter::Splitter`] cuts them into top-level JSON
//! values, and [`translate`] reads each value by the [`SourceSettings`], and against the [`Look`]
//! before where it is a configuration object. What cannot be read is a [`Refusal`] that names line,
//! field and what was expected.
//!
//! **What it is not.** It does not seal, order, deduplicate or store. People appear by the source's
//! own identifiers; the sealing layer replaces them by pseudonyms. It does not decide what facts
//! mean.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`splitter`] | a byte stream into top-level values, in bounded memory |
//! | [`strict`] | one value, read strictly: duplicate keys, depth, UTF-8 |
//! | [`translator`](Translator) | what a translator is given, and what it gives back |
//! | `contract` | the native contract as a tree, derived from the fact types' JSON Schemas |
//! | `native`, `cloudevents` | the public contract, bare and in a CloudEvents envelope |
//! | `okta` | the System Log of Okta |
//! | `okta_config` | the configuration of an Okta org, as its API answers with it |
//! | `lenient` | what can be said of a value that is no strict JSON |
//! | `json` | a value that borrows from its text |
//! | `number` | numbers that 64 bits do not hold |
//! | `encoding` | UTF-16 into UTF-8, a piece at a time |
//! | `bearer` | finds tokens and assertions, and puts digests in their place |
//!
//! How to add a source: `docs/adding.md`.

mod bearer;
mod cloudevents;
mod contract;
mod encoding;
mod json;
mod lenient;
mod native;
mod number;
mod okta;
mod okta_config;
mod secrets;
pub mod splitter;
pub mod strict;
mod text;
mod translator;

pub use okta_config::MAX_LOOK_BYTES;
pub use splitter::{Limits, MAX_VALUE_BYTES, Piece, Splitter};
pub use text::{EXPECTED_ID, is_id};
pub use translator::{Look, Reader, SourceSettings, Translation, Translator};

use claimledger_facts::{draft::Draft, refusal::Refusal, types::policy::PolicyConfigured};

/// A list of configuration objects may have this many bytes.
const MAX_LIST_BYTES: usize = 16 * 1024 * 1024;

/// How the bytes of a source are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// The public contract: one native fact.
    Native,
    /// A native fact in a CloudEvents 1.0 structured envelope.
    CloudEvents,
    /// A `LogEvent` of Okta's System Log, or an object that carries one as text in `_raw`.
    OktaSystemLog,
    /// An object of Okta's configuration, or an envelope that says when it was looked at.
    OktaConfig,
}

impl Dialect {
    /// Every dialect, in the order of the documentation.
    pub const ALL: &'static [Self] =
        &[Self::Native, Self::CloudEvents, Self::OktaSystemLog, Self::OktaConfig];

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
            Self::OktaConfig => "okta-config",
        }
    }

    /// Whether an org that is the identity provider writes such a log too.
    pub(crate) const fn may_be_an_idps(self) -> bool {
        matches!(self, Self::OktaSystemLog)
    }

    /// What a splitter takes of a stream of the dialect. A list of configuration objects is one
    /// value, and each object of it becomes a record of its own.
    #[must_use]
    pub const fn limits(self) -> Limits {
        match self {
            Self::Native | Self::CloudEvents | Self::OktaSystemLog => {
                Limits { max_value_bytes: MAX_VALUE_BYTES }
            }
            Self::OktaConfig => Limits { max_value_bytes: MAX_LIST_BYTES },
        }
    }

    fn translator(self) -> &'static dyn Translator {
        match self {
            Self::Native => &native::Native,
            Self::CloudEvents => &cloudevents::CloudEvents,
            Self::OktaSystemLog => &okta::SystemLog,
            Self::OktaConfig => &okta_config::Configuration,
        }
    }
}

/// Whether a stream with these first bytes is gzip. Callers unpack it before they split it, because
/// only they know how much memory it may take.
#[must_use]
pub fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b])
}

/// Translates one top-level JSON value. `previous` is what the last look at the same configuration
/// object found; event logs have none.
///
/// # Errors
/// See [`Translator::translate`].
pub fn translate(
    settings: &SourceSettings,
    previous: Option<&Look>,
    bytes: &[u8],
) -> Result<Translation, Refusal> {
    settings.translator().translate(settings, previous, bytes)
}

/// What a push endpoint of a vendor received.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// Its events. One that cannot be read is a draft too, noted as not understood.
    pub drafts: Vec<Draft>,
    /// The places, from 1, of those that cannot be read.
    pub unread: Vec<usize>,
    /// Whether its envelope is one of a log stream.
    pub is_streamed: bool,
}

/// Reads the body of a request of Okta's event hooks, or of a log stream.
///
/// # Errors
/// The body is not JSON, or carries no event.
pub fn okta_delivery(settings: &SourceSettings, bytes: &[u8]) -> Result<Delivery, Refusal> {
    okta::delivery(settings, bytes)
}

/// The events of an answer of Okta's System Log, each as its bytes, whether or not they can be
/// read; none: it is no list, or is cut off.
#[must_use]
pub fn okta_page(answer: &[u8]) -> Option<Vec<&[u8]>> {
    okta::page::events(answer)
}

/// Reads an event of Okta's System Log as [`okta_delivery`] reads each of its own: one that cannot
/// be read is a draft too, noted as not understood, with why.
#[must_use]
pub fn okta_event(settings: &SourceSettings, event: &[u8]) -> (Vec<Draft>, Option<Refusal>) {
    okta::kept(settings.idp.as_ref(), event, 0)
}

/// What an event of Okta's System Log says in a text of its own, such as `uuid`, also where the
/// rest of it cannot be read.
#[must_use]
pub fn okta_event_text(event: &[u8], name: &str) -> Option<String> {
    okta::page::text_of(event, name)
}

/// Reads a version of a policy that nobody stated, from the data of a `policy.configured` fact.
///
/// # Errors
/// The JSON is not such data: the refusal names the field and what was expected.
pub fn policy_version(data: &[u8]) -> Result<PolicyConfigured, Refusal> {
    native::policy_version(data)
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
        assert_eq!(Dialect::parse("okta-configuration"), None);
        assert_eq!(Dialect::parse("Native"), None);
    }

    #[test]
    fn the_system_log_has_no_limits_of_sessions_in_any_version() {
        assert!(logs_limits("native/1") && logs_limits("cloudevents/1") && logs_limits("okta"));
        assert!(!logs_limits(okta::TRANSLATOR) && !logs_limits("okta-system-log/99"));
    }
}
