//! What a translator is given, and what it gives back.

use crate::{Dialect, text};
use claimledger_facts::{
    draft::Draft,
    ids::IdpId,
    refusal::{Refusal, RefusalCode},
    time::Time,
};

/// What is configured for a source, because its bytes do not say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceSettings {
    pub(crate) dialect: Dialect,
    pub(crate) idp: Option<IdpId>,
}

impl SourceSettings {
    /// The log of the service provider, in a dialect.
    #[must_use]
    pub const fn of(dialect: Dialect) -> Self {
        Self { dialect, idp: None }
    }

    /// The log of an identity provider. An org's log does not say by which id the service provider
    /// knows the org.
    ///
    /// # Errors
    /// The dialect names the IdP in each event, or the text cannot be an id.
    pub fn with_idp(self, idp: &str) -> Result<Self, Refusal> {
        let refused = |expected: &str, message: String| {
            Err(Refusal::field(RefusalCode::InvalidField, "idp", expected, message))
        };
        if !self.dialect.may_be_an_idps() {
            let message = format!("{} names the IdP in each fact", self.dialect.as_str());
            return refused("no IdP", message);
        }
        if !text::is_id(idp) {
            return refused(text::EXPECTED_ID, "this cannot be an id".to_owned());
        }
        Ok(Self { idp: Some(IdpId::from(idp)), ..self })
    }
}

impl From<Dialect> for SourceSettings {
    fn from(dialect: Dialect) -> Self {
        Self::of(dialect)
    }
}

/// What one look at a configuration object found. The difference between two looks is what changed,
/// at some time between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// When it was looked at.
    pub at: Time,
    /// The object as it was, in the translator's own spelling.
    pub content: Vec<u8>,
}

/// What a translator read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Translation {
    /// What to append. Native facts and envelopes give exactly one draft, a vendor's wrapper may
    /// carry several, and a look that found no change gives none.
    pub drafts: Vec<Draft>,
    /// What the caller stores, and passes in with the next look at the same object. None for event
    /// logs, whose events state what happened.
    pub look: Option<Look>,
}

impl From<Vec<Draft>> for Translation {
    fn from(drafts: Vec<Draft>) -> Self {
        Self { drafts, look: None }
    }
}

/// Reads one dialect. Pure: the bytes of a look state its time, and the look before is an argument.
pub trait Translator: Sync {
    /// Translates one top-level JSON value.
    ///
    /// # Errors
    /// The value is not of the dialect. The refusal names the field and what was expected; the
    /// caller adds the line ([`Refusal::on_line`]), which only the splitter knows.
    fn translate(
        &self,
        settings: &SourceSettings,
        previous: Option<&Look>,
        bytes: &[u8],
    ) -> Result<Translation, Refusal>;
}
