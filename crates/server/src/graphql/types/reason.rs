//! Reasons: one thought each, and what it follows from.

use super::{RecordRef, enums::Mark, id, vec};
use crate::graphql::limits::list_cost;
use async_graphql::{ID, Object};
use claimledger_domain::model;

/// One thought of an explanation.
pub(crate) struct Reason(model::Reason);

impl From<&model::Reason> for Reason {
    fn from(reason: &model::Reason) -> Self {
        Self(reason.clone())
    }
}

/// One thought of an explanation: a conclusion, the rule it comes from, the facts it rests on, and
/// what it follows from.
#[Object(name = "Reason")]
impl Reason {
    /// How a requirement stands, where one is judged.
    async fn mark(&self) -> Option<Mark> {
        self.0.mark.map(Mark::from)
    }
    /// The question that this answers, where it answers one.
    async fn question(&self) -> Option<&str> {
        self.0.question
    }
    /// One sentence or two.
    async fn conclusion(&self) -> &str {
        &self.0.conclusion
    }
    /// A code, where there is one.
    async fn code(&self) -> Option<&str> {
        self.0.code
    }
    /// The rule's id.
    async fn rule(&self) -> Option<ID> {
        self.0.rule.map(id)
    }
    /// The document the rule comes from, in words.
    async fn source(&self) -> Option<&str> {
        self.0.source
    }
    /// The number of the reading in `docs/semantics.md`.
    async fn semantics(&self) -> Option<u32> {
        self.0.semantics
    }
    /// The records it rests on.
    #[graphql(complexity = "list_cost(child_complexity)")]
    async fn facts(&self) -> Vec<RecordRef> {
        vec(&self.0.facts)
    }
    /// What it follows from.
    #[graphql(complexity = "list_cost(child_complexity)")]
    async fn because(&self) -> Vec<Reason> {
        vec(&self.0.because)
    }
}
