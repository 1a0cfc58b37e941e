//! A change of a session, as a subscription tells it.

use super::{RecordRef, Session, id};
use crate::graphql::{
    answers::{Answered, SourceCompleteness, Status, carried},
    scalars::DateTime,
};
use async_graphql::{ID, Object};
use claimledger_app::model::answer::{self, Answer};

/// A session that a record changed.
pub(crate) struct SessionChange(pub Answer<answer::SessionChange>);

/// A session that a record changed. The same record changes a session once.
#[Object(name = "SessionChange")]
impl SessionChange {
    /// The cursor for `after`: the feed continues behind this change. Opaque.
    async fn cursor(&self) -> &str {
        &self.0.value.cursor
    }
    /// The session's name, as known at the record.
    async fn session_id(&self) -> ID {
        id(&self.0.value.session)
    }
    /// The record.
    async fn record(&self) -> RecordRef {
        (&self.0.value.record).into()
    }
    /// When the record occurred, as its source claims; the earliest, of an interval.
    async fn occurred_at(&self) -> DateTime {
        self.0.value.record.occurred.from.into()
    }
    /// When it was recorded.
    async fn recorded_at(&self) -> DateTime {
        self.0.value.record.recorded_at.into()
    }
    /// What it changed of the session, codes: `started`, `state`, `end`, `bounds`, `ids`, `origin`,
    /// `idp_session`, `factors`, `ignored`, `decisions`, `accesses`, `refused`, `records`.
    async fn changed(&self) -> Vec<&str> {
        self.0.value.changed.iter().map(|changed| changed.as_str()).collect()
    }
    /// The session as known at the record, at the time when it was recorded; null: nothing of it
    /// was understood.
    async fn session(&self) -> Option<Session> {
        self.0.value.state.as_deref().cloned().map(Session::from)
    }
    /// Whether the record was in the log already when the subscription began: history, and no news.
    async fn replayed(&self) -> bool {
        self.0.value.replayed
    }
    /// What the change holds for: K is the record.
    async fn answered(&self) -> Answered {
        carried(&self.0).answered
    }
    /// How complete each source was.
    async fn completeness(&self) -> Vec<SourceCompleteness> {
        carried(&self.0).completeness
    }
    /// The state of the ledger, which may change from call to call.
    async fn status(&self) -> Status {
        carried(&self.0).status
    }
}
