//! One decision, by the position of its record.

use super::{View, barrier::not_known};
use crate::{
    app::App,
    model::{
        answer::{Answer, DecisionAt, DecisionFound},
        query::Query,
        question::{AskError, Asking, Caller},
    },
};
use claimledger_domain::model::RecordRef;
use claimledger_facts::{
    fact::{Fact, FactData},
    ids::LogPosition,
    types::factor::PolicyDecided,
};
use claimledger_ledger::log::LogError;

impl App {
    /// One decision with its session, its explanation and its three readings; or the reason why
    /// there is none. Each tenant numbers its own positions, so a position of another tenant is one
    /// of the caller's own, or unknown.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn decision(
        &self,
        caller: &Caller,
        position: LogPosition,
        asking: &Asking,
    ) -> Result<Answer<DecisionAt>, AskError> {
        let view = self.ask(caller, Query::Decision, asking).await?;
        let value = if position <= view.cut.known_at {
            view.decision(position).await?
        } else if position.0 < self.0.log.head(&view.tenant.id).await?.0 {
            DecisionAt::NotYetKnown {
                from: position,
                recorded_at: self.0.recorded_at(&view.tenant, position).await?,
            }
        } else {
            DecisionAt::Unknown
        };
        let barrier = matches!(value, DecisionAt::Unknown | DecisionAt::NotYetKnown { .. })
            .then(|| not_known("record", &position));
        view.answer_with(value, barrier).await
    }
}

impl View<'_> {
    /// The decision at this position, which is known at K.
    async fn decision(&self, position: LogPosition) -> Result<DecisionAt, LogError> {
        let reader = self.tenant.reader(&*self.inner.log, &*self.inner.views);
        let Some(record) = reader.records(&[position]).await?.into_iter().next() else {
            return Ok(DecisionAt::Unknown);
        };
        let reference = record.reference.clone();
        let Some((fact, data)) = record.statement.facts.iter().find_map(decided) else {
            return Ok(DecisionAt::NoDecision { record: reference });
        };
        let session = match &fact.session {
            Some(session) => self.explained(session).await?,
            None => None,
        };
        let Some(session) = session else {
            return Ok(DecisionAt::NoDecision { record: reference });
        };
        if let Some(index) = session
            .state
            .decisions
            .iter()
            .position(|decision| decision.recorded.record.position == position)
        {
            return Ok(DecisionAt::Found(Box::new(DecisionFound {
                session,
                index,
                recorded: data.clone(),
            })));
        }
        // Of several variants under one id, one counts (`semantics.md` 32).
        let same = |other: &RecordRef| {
            other.source == reference.source && other.source_id == reference.source_id
        };
        let counts = session
            .state
            .decisions
            .iter()
            .map(|decision| &decision.recorded.record)
            .find(|other| same(other))
            .map(|other| other.position);
        if counts.is_some() || fact.occurred.from <= self.cut.at {
            return Ok(DecisionAt::Variant { counts, record: reference });
        }
        Ok(DecisionAt::NotYet {
            at: fact.occurred,
            app: data.app.clone(),
            session: session.state.id,
        })
    }
}

fn decided(fact: &Fact) -> Option<(&Fact, &PolicyDecided)> {
    match &fact.data {
        FactData::PolicyDecided(data) => Some((fact, data)),
        _ => None,
    }
}
