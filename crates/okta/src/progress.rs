//! How far the poller of a source is: what it needs after a restart, and what an operator asks.

use crate::{
    source::{SourceError, Sources, read},
    states::States,
    window::Apart,
};
use claimledger_app::intake::SourceValue;
use claimledger_facts::{ids::SourceId, time::Time};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

/// What is stored as the cursor of a source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// The next page of the log: the link that Okta gave, stored once the page before is durable.
    pub next: Option<String>,
    /// How the reading of the log began; none: it has not begun.
    pub start: Option<Start>,
    /// The latest `published` of an event that is stored.
    pub last_event: Option<Time>,
    /// The last `source.heard` that was recorded.
    pub heard_until: Option<Time>,
    /// Events that came in.
    pub counts: Counts,
    /// The last events that could not be read and were not read since, in order.
    pub unread: Vec<Unread>,
    /// What changes of the configuration came in.
    pub configuration: Counts,
    /// When the last round began.
    pub round_began: Option<Time>,
    /// When the last request for the log that Okta answered was sent.
    pub last_answer: Option<Time>,
    /// When Okta answered it, by its own clock; none: it does not say.
    pub org_time: Option<Time>,
    /// What is waited for; none: nothing.
    pub waiting: Option<Waiting>,
    /// Whether that answer was the end of the log.
    pub caught_up: bool,
    /// What went wrong last; none: the last round went well.
    pub failure: Option<Failure>,
    /// When the configuration was last looked at.
    pub last_look: Option<Time>,
    /// Whether an event says that the configuration may have changed since.
    pub look_wanted: bool,
    /// The clocks of the ledger and of Okta in the last look, where they certainly differed.
    pub clocks_apart: Option<Apart>,
    /// The last look that found a `lastUpdated` that does not fit to the looks that saw it.
    pub contradicted: Option<Time>,
    /// The result of the last look, by endpoint.
    pub endpoints: BTreeMap<String, Report>,
}

/// How the reading of the log began: at first, or again after a cursor had expired.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    /// From when events are asked for.
    pub since: Time,
    /// The time in which the source was silent as far as this poller knows; none: there is none.
    pub silent: Option<Silence>,
}

/// A time in which the source was silent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// From, inclusive.
    pub from: Time,
    /// Until, exclusive.
    pub until: Time,
    /// Why.
    pub why: String,
    /// From when what was missing is read again; none: it is not read.
    pub fills_from: Option<Time>,
    /// Whether that was done.
    pub filled: bool,
}

/// An event that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unread {
    /// Its id, as far as it says one.
    pub uuid: Option<String>,
    /// When it was published, as far as it says so.
    pub published: Option<Time>,
    /// Its place on its page, from 1.
    pub place: usize,
    /// The number of events on its page.
    pub of: usize,
    /// When the page was asked for.
    pub asked: Time,
    /// Why it could not be read.
    pub why: String,
    /// Whether it is stored, sealed and not understood. If not, the source is not complete then.
    pub stored: bool,
}

impl Unread {
    /// Whether it is the same event.
    pub(crate) fn is(&self, other: &Self) -> bool {
        match (&self.uuid, &other.uuid) {
            (Some(uuid), Some(other)) => uuid == other,
            (None, None) => self.published == other.published && self.why == other.why,
            (Some(_), None) | (None, Some(_)) => false,
        }
    }
}

/// A wait for the rate limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// Until when.
    pub until: Time,
    /// Why.
    pub why: String,
}

/// What came in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// New records.
    pub stored: u64,
    /// Those that were stored before, by whatever channel.
    pub repeated: u64,
    /// Those with an id that other content has.
    pub variants: u64,
    /// Those that are stored and could not be read.
    pub unread: u64,
    /// Those of which Okta's clock and that of the looks contradict each other.
    pub contradicting: u64,
    /// Values that could not be taken.
    pub refused: u64,
    /// Why the last of them could not.
    pub refusal: Option<String>,
}

/// Maximum number of events that are named.
const MAX_UNREAD: usize = 20;

impl Progress {
    /// Names an event that could not be read, once.
    pub(crate) fn unread(&mut self, event: Unread) {
        self.unread.retain(|other| !other.is(&event));
        self.unread.push(event);
        let surplus = self.unread.len().saturating_sub(MAX_UNREAD);
        self.unread.drain(..surplus);
    }

    /// An event was read: it may be one that could not be before.
    pub(crate) fn was_read(&mut self, uuid: &str) {
        self.unread.retain(|other| other.uuid.as_deref() != Some(uuid));
    }
}

impl Counts {
    pub(crate) fn add(&mut self, other: Self) {
        self.stored += other.stored;
        self.repeated += other.repeated;
        self.variants += other.variants;
        self.unread += other.unread;
        self.contradicting += other.contradicting;
        self.refused += other.refused;
        self.refusal = other.refusal.or(self.refusal.take());
    }
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// When.
    pub at: Time,
    /// In words.
    pub why: String,
    /// How often in a row.
    pub times: u32,
    /// When it is tried again; none: with the next `source poll`.
    pub next_attempt: Option<Time>,
}

/// What a look found at an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// When.
    pub at: Time,
    /// Whether it could be read.
    pub state: Access,
    /// Number of objects.
    pub objects: u64,
    /// What is wrong; empty: nothing.
    pub why: String,
}

/// Whether an endpoint can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// Yes.
    Readable,
    /// The org does not have it.
    Absent,
    /// The token may not.
    Forbidden,
    /// It failed.
    Failed,
}

impl Access {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Readable => "readable",
            Self::Absent => "absent",
            Self::Forbidden => "forbidden",
            Self::Failed => "failed",
        }
    }
}

/// A progress with the version that its next write expects.
pub(crate) struct Kept {
    states: Arc<dyn States>,
    id: SourceId,
    version: u64,
    pub(crate) progress: Progress,
}

impl Kept {
    pub(crate) fn new(sources: &Sources, id: &SourceId) -> Self {
        let (states, id) = (Arc::clone(&sources.states), id.clone());
        Self { states, id, version: 0, progress: Progress::default() }
    }

    /// Loads what is stored: after a failed write it is not known what that is.
    pub(crate) async fn reload(&mut self) -> Result<(), SourceError> {
        let stored = self.states.load(SourceValue::Cursor, &self.id).await?;
        (self.version, self.progress) = match stored {
            Some(stored) => (stored.version, read(&self.id, &stored.value)?),
            None => (0, Progress::default()),
        };
        Ok(())
    }

    /// Durable on return.
    pub(crate) async fn save(&mut self) -> Result<(), SourceError> {
        let value = serde_json::to_vec(&self.progress).expect("a progress is plain data");
        let stored = self.states.store(SourceValue::Cursor, &self.id, self.version, &value);
        self.version = stored.await?;
        Ok(())
    }
}
