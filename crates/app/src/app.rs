//! The use cases. Every read passes [`App::disclose`].

use crate::{
    answer::{Answer, DecisionHit, Page, RecordView, SessionHit, Status, Why},
    ask::{AskError, Asking, Caller, DecisionFilter, RecordBy, SessionFilter, WhyFilter},
    ingest::{Batch, IngestError, Ingested},
};
use claimledger_domain::model::SessionState;
use claimledger_facts::ids::{Pseudonym, SessionId};
use claimledger_ledger::log::LogError;
use std::collections::BTreeMap;

/// The ledger, as its doors see it. Cheap to clone.
#[derive(Clone)]
pub struct App;

/// What a person is called, and from where they came: beside the pinned answer, and only for the role investigate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Label {
    /// The login.
    pub login: Option<String>,
    /// The name.
    pub name: Option<String>,
}

#[expect(unused_variables, clippy::todo, clippy::unused_async, reason = "skeleton")]
impl App {
    /// Who holds this token; none: nobody.
    pub async fn authenticate(&self, token: &str) -> Result<Option<Caller>, LogError> {
        todo!()
    }
    /// Takes in a batch: all or none.
    pub async fn ingest(&self, caller: &Caller, batch: Batch) -> Result<Vec<Ingested>, IngestError> {
        todo!()
    }
    /// One session by any alias; none: nothing by this id is known at K in the tenant.
    pub async fn session(&self, caller: &Caller, id: &SessionId, asking: &Asking) -> Result<Answer<Option<SessionState>>, AskError> {
        todo!()
    }
    /// Sessions in the order they began.
    pub async fn sessions(
        &self,
        caller: &Caller,
        filter: &SessionFilter,
        asking: &Asking,
        first: u32,
        after: Option<&str>,
    ) -> Result<Answer<Page<SessionHit>>, AskError> {
        todo!()
    }
    /// Decisions in the total order of their sessions.
    pub async fn decisions(
        &self,
        caller: &Caller,
        filter: &DecisionFilter,
        asking: &Asking,
        first: u32,
        after: Option<&str>,
    ) -> Result<Answer<Page<DecisionHit>>, AskError> {
        todo!()
    }
    /// Why.
    pub async fn why(&self, caller: &Caller, session: &SessionId, filter: &WhyFilter, asking: &Asking) -> Result<Answer<Why>, AskError> {
        todo!()
    }
    /// One record. Original and labels for the role investigate, and only if asked.
    pub async fn record(&self, caller: &Caller, by: RecordBy, open_original: bool) -> Result<Option<RecordView>, AskError> {
        todo!()
    }
    /// What these people are called: role investigate.
    pub async fn labels(&self, caller: &Caller, people: &[Pseudonym]) -> Result<BTreeMap<Pseudonym, Label>, AskError> {
        todo!()
    }
    /// Where log and read models stand.
    pub async fn status(&self, caller: &Caller) -> Result<Status, AskError> {
        todo!()
    }
    /// Whether recorded times are asserted in the caller's tenant.
    pub async fn is_rehearsal(&self, caller: &Caller) -> Result<bool, AskError> {
        todo!()
    }
}
