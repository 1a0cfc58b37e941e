//! What is set up for a source, and where it is stored.

use crate::{org::Org, progress::Progress, span::Span, states::States, token::TokenPlace};
use claimledger_app::{
    LEDGER_SOURCE,
    app::App,
    intake::{IngestError, SourceValue},
    model::question::Caller,
};
use claimledger_facts::ids::SourceId;
use claimledger_ledger::state::StateError;
use claimledger_sources::{Dialect, SourceSettings};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How far Okta goes back: it refuses more.
pub(crate) const MOST_SINCE: Span = Span::days(180);
/// How long Okta keeps its log.
pub const RETENTION: Span = Span::days(90);

/// Whose API is polled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Vendor {
    /// Okta.
    Okta,
}

/// What is set up for a source. It holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Whose API is polled.
    pub vendor: Vendor,
    /// The org.
    pub org: Org,
    /// Where its token is.
    pub token: TokenPlace,
    /// How far back the first request goes.
    pub since: Span,
    /// The pause between two requests for the log once everything in it was read.
    pub interval: Span,
    /// The pause between two looks at the configuration.
    pub look_interval: Span,
    /// How late an event may appear in the log: `source.heard` stays behind the request by this.
    pub lag: Span,
    /// The least distance of two `source.heard`, which are records like all others.
    pub heard_every: Span,
    /// Events asked for at once.
    pub page: u16,
    /// What the API does not say of identity providers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub okta_idps: Vec<String>,
}

/// Why a source was not set up, or is not there.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// There is one of this id.
    #[error("source {id} is set up already: remove it first")]
    Exists {
        /// Its id.
        id: SourceId,
    },
    /// There is none of this id.
    #[error("no source {id} is set up: add it with `claimledger source add`")]
    Unknown {
        /// The id.
        id: SourceId,
    },
    /// A setting is out of range.
    #[error("{setting} {value}: {expected}")]
    Setting {
        /// Which.
        setting: &'static str,
        /// What it is.
        value: String,
        /// What it may be.
        expected: String,
    },
    /// What is stored cannot be read.
    #[error("what is stored of source {id} cannot be read: {why}")]
    Unreadable {
        /// Of which source.
        id: SourceId,
        /// Why not.
        why: String,
    },
    /// See [`StateError`].
    #[error(transparent)]
    State(#[from] StateError),
}

impl Source {
    /// An org with the defaults.
    #[must_use]
    pub fn okta(org: Org, token: TokenPlace) -> Self {
        Self {
            vendor: Vendor::Okta,
            org,
            token,
            since: Span::days(7),
            interval: Span::secs(30),
            look_interval: Span::secs(600),
            lag: Span::secs(300),
            heard_every: Span::secs(300),
            page: 1_000,
            okta_idps: Vec::new(),
        }
    }

    /// How its configuration is read.
    ///
    /// # Errors
    /// What is said of an identity provider cannot be read.
    pub fn configuration_settings(&self) -> Result<SourceSettings, SourceError> {
        let mut settings = SourceSettings::of(Dialect::OktaConfig);
        for idp in &self.okta_idps {
            settings = settings.with_okta_idp(idp).map_err(|refusal| SourceError::Setting {
                setting: "--okta-idp",
                value: idp.clone(),
                expected: refusal.message,
            })?;
        }
        Ok(settings)
    }

    /// Checks ranges.
    ///
    /// # Errors
    /// [`SourceError::Setting`].
    pub fn check(&self) -> Result<(), SourceError> {
        let fits = |setting, value: Span, least: Span, most: Span, expected| {
            if (least..=most).contains(&value) {
                return Ok(());
            }
            let expected = String::from(expected);
            Err(SourceError::Setting { setting, value: value.to_string(), expected })
        };
        let least = "10ms".parse().unwrap_or(Span::secs(1));
        fits("--since", self.since, Span::secs(0), MOST_SINCE, "Okta goes back at most 180d")?;
        fits("--interval", self.interval, least, Span::days(1), "expected 10ms to 1d")?;
        fits("--look-interval", self.look_interval, least, Span::days(1), "expected 10ms to 1d")?;
        fits("--lag", self.lag, Span::secs(0), Span::days(1), "expected at most 1d")?;
        fits("--heard-every", self.heard_every, Span::secs(0), Span::days(1), "at most 1d")?;
        if !(1..=1_000).contains(&self.page) {
            return Err(SourceError::Setting {
                setting: "--page",
                value: self.page.to_string(),
                expected: "Okta gives 1 to 1000 events at once".to_owned(),
            });
        }
        self.configuration_settings().map(drop)
    }
}

/// The sources of one tenant.
#[derive(Clone)]
pub struct Sources {
    pub(crate) states: Arc<dyn States>,
}

impl Sources {
    /// Of these states.
    #[must_use]
    pub fn new(states: Arc<dyn States>) -> Self {
        Self { states }
    }

    /// Of the caller's tenant.
    ///
    /// # Errors
    /// If the caller lacks the role operate, or the tenant cannot be opened.
    pub async fn of(app: &App, caller: &Caller) -> Result<Self, IngestError> {
        Ok(Self::new(Arc::new(app.source_states(caller).await?)))
    }

    /// Checks that a source can be set up under an id.
    ///
    /// # Errors
    /// [`SourceError::Exists`]; [`SourceError::Setting`] for an id that cannot be one.
    pub async fn check_new(&self, id: &SourceId) -> Result<(), SourceError> {
        let text = id.as_str();
        let is_id = (1..=128).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        if !is_id || text.eq_ignore_ascii_case(LEDGER_SOURCE) {
            return Err(SourceError::Setting {
                setting: "--id",
                value: text.chars().filter(|c| !c.is_control()).take(128).collect(),
                expected: "expected 1 to 128 letters, digits, - _ or ., and not the ledger's own"
                    .to_owned(),
            });
        }
        match self.states.load(SourceValue::Settings, id).await? {
            None => Ok(()),
            Some(_) => Err(SourceError::Exists { id: id.clone() }),
        }
    }

    /// Sets up a source.
    ///
    /// # Errors
    /// See [`SourceError`].
    pub async fn add(&self, id: &SourceId, source: &Source) -> Result<(), SourceError> {
        source.check()?;
        self.check_new(id).await?;
        let value = serde_json::to_vec(source).expect("a source is plain data");
        match self.states.store(SourceValue::Settings, id, 0, &value).await {
            Err(StateError::Conflict { .. }) => Err(SourceError::Exists { id: id.clone() }),
            stored => Ok(stored.map(drop)?),
        }
    }

    /// What is set up.
    ///
    /// # Errors
    /// See [`SourceError`].
    pub async fn get(&self, id: &SourceId) -> Result<Source, SourceError> {
        match self.states.load(SourceValue::Settings, id).await? {
            Some(stored) => read(id, &stored.value),
            None => Err(SourceError::Unknown { id: id.clone() }),
        }
    }

    /// The ids of all sources.
    ///
    /// # Errors
    /// See [`SourceError`].
    pub async fn ids(&self) -> Result<Vec<SourceId>, SourceError> {
        Ok(self.states.sources(SourceValue::Settings).await?)
    }

    /// Every source, by id, with what its poller has done.
    ///
    /// # Errors
    /// See [`SourceError`].
    pub async fn all(&self) -> Result<Vec<(SourceId, Source, Progress)>, SourceError> {
        let mut all = Vec::new();
        for id in self.ids().await? {
            let source = self.get(&id).await?;
            let progress = self.progress(&id).await?;
            all.push((id, source, progress));
        }
        Ok(all)
    }

    /// What the poller of a source has done.
    ///
    /// # Errors
    /// See [`SourceError`].
    pub async fn progress(&self, id: &SourceId) -> Result<Progress, SourceError> {
        match self.states.load(SourceValue::Cursor, id).await? {
            Some(stored) => read(id, &stored.value),
            None => Ok(Progress::default()),
        }
    }

    /// Ends the polling of a source. Its records stay, and so does the last look at its
    /// configuration, so that a later look states what changed in between.
    ///
    /// # Errors
    /// See [`SourceError`].
    pub async fn remove(&self, id: &SourceId) -> Result<(), SourceError> {
        self.get(id).await?;
        // The set-up last: a removal that was cut off can be repeated.
        for value in [SourceValue::Cursor, SourceValue::Settings] {
            if let Some(stored) = self.states.load(value, id).await? {
                self.states.remove(value, id, stored.version).await?;
            }
        }
        Ok(())
    }
}

pub(crate) fn read<T: for<'de> Deserialize<'de>>(
    id: &SourceId,
    value: &[u8],
) -> Result<T, SourceError> {
    serde_json::from_slice(value)
        .map_err(|error| SourceError::Unreadable { id: id.clone(), why: error.to_string() })
}
