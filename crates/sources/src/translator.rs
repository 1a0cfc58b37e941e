//! What a translator is given, and what it gives back.

use crate::{Dialect, Limits, okta_config::IdpSetting, text};
use claimledger_facts::{draft::Draft, ids::IdpId, refusal::Refusal, time::Time};
use std::collections::BTreeMap;

/// What is configured for a source, because its bytes do not say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceSettings {
    pub(crate) dialect: Dialect,
    pub(crate) idp: Option<IdpId>,
    /// What is known of IdPs beyond their objects, by id.
    okta_idps: BTreeMap<String, IdpSetting>,
}

impl SourceSettings {
    /// The log of the service provider, in a dialect.
    #[must_use]
    pub const fn of(dialect: Dialect) -> Self {
        Self { dialect, idp: None, okta_idps: BTreeMap::new() }
    }

    /// The log of an identity provider. An org's log does not say by which id the service provider
    /// knows the org.
    ///
    /// # Errors
    /// The dialect names the IdP in each event, or the text cannot be an id.
    pub fn with_idp(self, idp: &str) -> Result<Self, Refusal> {
        let refused =
            |expected: &str, message: String| Err(Refusal::invalid("idp", expected, message));
        if !self.dialect.may_be_an_idps() {
            let message = format!("{} names the IdP in each fact", self.dialect.as_str());
            return refused("no IdP", message);
        }
        if !text::is_id(idp) {
            return refused(text::EXPECTED_ID, "this cannot be an id".to_owned());
        }
        Ok(Self { idp: Some(IdpId::from(idp)), ..self })
    }

    /// What the API does not say of an identity provider: `ID` is an Okta org, `ID=classic` one
    /// with Classic Engine, `ID=third-party` none, and `ID=factor-only` is used as a factor only.
    ///
    /// # Errors
    /// The dialect has no objects of IdPs, or the text is none of these.
    pub fn with_okta_idp(mut self, text: &str) -> Result<Self, Refusal> {
        let (id, word) = match text.split_once('=') {
            Some((id, word)) => (id, Some(word)),
            None => (text, None),
        };
        let refused = |expected: String, message: String| {
            Err(Refusal::invalid("okta_idp", expected, message))
        };
        if self.dialect != Dialect::OktaConfig {
            let message = format!("{} has no objects of IdPs", self.dialect.as_str());
            return refused("no IdP".to_owned(), message);
        }
        let words = text::any_of(IdpSetting::WORDS.iter().copied());
        let Some(setting) = IdpSetting::parse(word).filter(|_| text::is_id(id)) else {
            let message = format!("`{}` is no setting of an IdP", text::shown(text));
            return refused(format!("ID, or ID= and one of {words}"), message);
        };
        let known = self.okta_idps.entry(id.to_owned()).or_default();
        known.kind = setting.kind.or(known.kind);
        known.usage = setting.usage.or(known.usage);
        Ok(self)
    }

    /// What a splitter takes of its streams.
    #[must_use]
    pub const fn limits(&self) -> Limits {
        self.dialect.limits()
    }

    pub(crate) fn idp_setting(&self, id: &str) -> Option<IdpSetting> {
        self.okta_idps.get(id).copied()
    }
}

impl SourceSettings {
    /// What reads the values.
    #[must_use]
    pub fn translator(&self) -> &'static dyn Translator {
        self.dialect.translator()
    }

    /// Whether each value is compared with the one before it, which the caller keeps.
    #[must_use]
    pub fn keeps_looks(&self) -> bool {
        self.translator().keeps_looks()
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

/// Reads several values in a row, each against those before it. What a look holds is read and
/// written once, however many values there are.
pub trait Reader {
    /// What one value adds. A value that is refused adds nothing, and the next is read as if it had
    /// not been there.
    ///
    /// # Errors
    /// See [`Translator::translate`].
    fn read(&mut self, bytes: &[u8]) -> Result<Vec<Draft>, Refusal>;

    /// The objects so far that are as they were known to be, and have no record.
    fn unchanged(&self) -> u64 {
        0
    }

    /// The ids of the orgs whose configuration the values so far say they are of, once each.
    fn orgs(&self) -> &[String] {
        &[]
    }

    /// What all of them add together, and the look to store; none: no value was read.
    fn finish(self: Box<Self>) -> Translation;
}

/// A translator that reads a value at a time.
struct OneByOne<'r, T: ?Sized> {
    translator: &'r T,
    settings: &'r SourceSettings,
    look: Option<Look>,
}

impl<T: Translator + ?Sized> Reader for OneByOne<'_, T> {
    fn read(&mut self, bytes: &[u8]) -> Result<Vec<Draft>, Refusal> {
        let read = self.translator.translate(self.settings, self.look.as_ref(), bytes)?;
        self.look = read.look.or(self.look.take());
        Ok(read.drafts)
    }

    fn finish(self: Box<Self>) -> Translation {
        Translation { drafts: Vec::new(), look: self.look }
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

    /// Begins to read several values in a row, the first against the look before.
    fn reader<'r>(
        &'r self,
        settings: &'r SourceSettings,
        previous: Option<&Look>,
    ) -> Box<dyn Reader + 'r> {
        Box::new(OneByOne { translator: self, settings, look: previous.cloned() })
    }

    /// Whether values are looks: each is compared with the one before it. A value may be older than
    /// the look that it is compared with; then it must not replace what that look says.
    fn keeps_looks(&self) -> bool {
        false
    }
}
