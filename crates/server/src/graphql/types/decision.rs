//! Decisions: what was recorded, what the rules imply, and how the two differ.

use super::{
    AsKnown, Falsifier, HonoredFactor, Reason, RecordRef, Session,
    enums::{FactorType, Implied, Outcome},
    id, vec,
};
use crate::graphql::{
    batch::Batched, errors, limits::list_cost, loaders::Sessions, mirror::mirror, scalars::DateTime,
};
use async_graphql::{ID, Object, Result, SimpleObject};
use claimledger_domain::model;
use std::sync::Arc;

/// The session of a decision: already loaded, or to be loaded with those of the other rows.
pub(crate) enum DecisionSession {
    /// Already loaded.
    Known(Session),
    /// To be loaded.
    Loaded(Arc<Batched<Sessions>>),
}

/// A decision, recorded and implied.
pub(crate) struct Decision {
    /// The decision.
    pub decision: model::Decision,
    /// Why; none where the query shows no reason.
    pub because: Option<model::Reason>,
    /// Its session.
    pub session: DecisionSession,
}

/// A decision, recorded and implied.
#[Object(name = "Decision")]
impl Decision {
    /// The record.
    async fn record(&self) -> RecordRef {
        (&self.decision.recorded.record).into()
    }
    /// The name of its session, as known at K.
    async fn session(&self) -> ID {
        id(&self.decision.recorded.session)
    }
    /// The session id that the record names: the session's name, or an alias of it.
    async fn session_recorded(&self) -> ID {
        id(&self.decision.recorded.session_recorded)
    }
    /// The application.
    async fn app(&self) -> ID {
        id(&self.decision.recorded.app)
    }
    /// The display name of the application; null: none is known.
    async fn app_name(&self) -> Option<&str> {
        self.decision.recorded.app_name.as_deref()
    }
    /// The time; of an interval, its start.
    async fn at(&self) -> DateTime {
        self.decision.recorded.at.from.into()
    }
    /// The end of the interval, if the time is one.
    async fn at_latest(&self) -> Option<DateTime> {
        self.decision.recorded.at.to.map(DateTime)
    }
    /// What the service provider recorded.
    async fn outcome(&self) -> Outcome {
        self.decision.recorded.outcome.into()
    }
    /// The policy: where the record names a rule only, the policy that has it, as known at K.
    async fn policy(&self) -> ID {
        id(&self.decision.under.policy)
    }
    /// The display name of the policy; null: none is known.
    async fn policy_name(&self) -> Option<&str> {
        self.decision.under.policy_name.as_deref()
    }
    /// The label of the version in force at its time; of several that may have been, the latest.
    async fn version(&self) -> Option<ID> {
        self.decision.under.version_in_force.as_ref().map(id)
    }
    /// The labels of all versions that may have been in force at its time, the latest first: more
    /// than one where an interval leaves that open.
    async fn versions(&self) -> Vec<ID> {
        self.decision.under.versions().map(id).collect()
    }
    /// The label that the decision itself gives to the version.
    async fn version_label(&self) -> Option<ID> {
        self.decision.under.version_label.as_ref().map(id)
    }
    /// The rule: the one named, or the only one.
    async fn rule(&self) -> Option<ID> {
        self.decision.under.rule.as_ref().map(id)
    }
    /// The display name of the rule; null: none is known.
    async fn rule_name(&self) -> Option<&str> {
        self.decision.under.rule_name.as_deref()
    }
    /// What the rules imply, as known when decided.
    async fn implied(&self) -> Implied {
        self.decision.made.implied.into()
    }
    /// The first unmet requirement: a code.
    async fn first_unmet(&self) -> Option<&str> {
        self.decision.made.first_unmet
    }
    /// What is missing where implied is undetermined: codes.
    async fn missing(&self) -> &[&'static str] {
        &self.decision.made.missing
    }
    /// Distinct factor types that counted by the rules at that time.
    async fn factor_types(&self) -> Vec<FactorType> {
        self.decision
            .made
            .met
            .factor_types
            .iter()
            .map(|factor_type| FactorType::from(*factor_type))
            .collect()
    }
    /// Characteristics that counted by the rules at that time.
    async fn characteristics(&self) -> Vec<&str> {
        self.decision.made.met.characteristics.iter().map(|property| property.as_str()).collect()
    }
    /// Set if recorded and implied differ.
    async fn differs(&self) -> Option<Difference> {
        self.decision.differs.as_ref().map(Difference::from)
    }
    /// Set if a later falsifier takes away what did not differ when made.
    async fn falsified_later(&self) -> Option<Difference> {
        self.decision.falsified_later.as_ref().map(Difference::from)
    }
    /// What the rules imply as known at K, on every falsifier that is known then.
    async fn at_k(&self) -> AsKnown {
        (&self.decision.at_k).into()
    }
    /// Falsifiers that were recorded after it and hit what it rested on, or may; whether or not
    /// anything turns on them.
    #[graphql(complexity = "list_cost(child_complexity)")]
    async fn later(&self) -> Vec<Falsifier> {
        vec(&self.decision.later)
    }
    /// Whether something it rests on is a variant.
    async fn variant(&self) -> bool {
        self.decision.recorded.variant
    }
    /// The factors it rested on, each with whether it was `needed`.
    #[graphql(complexity = "list_cost(child_complexity)")]
    async fn relied_on(&self) -> Result<Vec<HonoredFactor>> {
        if self.decision.relied_on.is_empty() {
            return Ok(Vec::new());
        }
        let session = match &self.session {
            DecisionSession::Known(session) => session.clone(),
            DecisionSession::Loaded(loader) => {
                match loader.load_one(self.decision.recorded.session.clone()).await? {
                    Some(session) => session,
                    None => return Ok(Vec::new()),
                }
            }
        };
        Ok(self
            .decision
            .relied_on
            .iter()
            .map(|relied| HonoredFactor::relied_on(session.clone(), *relied))
            .collect())
    }
    /// Why: the trace of the assessment itself.
    async fn because(&self) -> Result<Reason> {
        let because = self.because.as_ref().map(Reason::from);
        because.ok_or_else(|| errors::input("the reasons were not read"))
    }
}

mirror! {
    /// Two readings that differ.
    #[derive(SimpleObject)]
    pub(crate) struct Difference of model::Difference as difference;
    /// What was recorded.
    recorded: Outcome,
    /// What is implied.
    implied: Implied,
    /// The cause: a code.
    code: &'static str,
    /// The same as a sentence.
    words: String,
}
