//! What falls of some sessions under retractions and losses, whether they are known already or only
//! supposed. Nothing is written.

use super::{View, candidates::Candidates};
use crate::{
    app::App,
    model::{
        answer::{Answer, FallsHit, KnownLoss},
        query::Query,
        question::{AskError, Asking, Caller},
    },
    read::prefetch::MAX_SESSIONS,
};
use claimledger_domain::{
    falls::falls,
    history::{Stated, Supposed},
};
use claimledger_facts::{
    fact::FactData,
    ids::{AuthenticatorId, LogPosition, SessionId},
    types::{authenticator::AuthenticatorLost, trust::TrustRetracted},
};

/// Falsifiers whose effect is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Falsifying {
    /// Retractions.
    pub retractions: Vec<TrustRetracted>,
    /// Losses, by the records that state them.
    pub losses: Vec<LogPosition>,
}

impl Falsifying {
    /// Whether there is nothing to ask for.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.retractions.is_empty() && self.losses.is_empty()
    }
}

impl App {
    /// The decisions of some sessions that rested on what is falsified, in the order of the
    /// sessions, each with what the rules imply then. Several ids of one session are one.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn falls(
        &self,
        caller: &Caller,
        falsifying: &Falsifying,
        sessions: &[SessionId],
        asking: &Asking,
    ) -> Result<Answer<Vec<FallsHit>>, AskError> {
        let view = self.ask(caller, Query::Rehearse, asking).await?;
        let mut supposed = Supposed::default();
        for retraction in &falsifying.retractions {
            supposed = supposed.retraction(retraction.clone());
        }
        for loss in view.losses().filter(|loss| falsifying.losses.contains(&loss.record.position)) {
            if let Some(subject) = &loss.subject {
                let from = loss.data.from.unwrap_or(loss.occurred.from);
                supposed = supposed.loss(subject.clone(), from, loss.data.clone());
            }
        }
        let mut candidates = Candidates::new(&view);
        let mut hits: Vec<FallsHit> = Vec::new();
        for (at, id) in sessions.iter().enumerate() {
            if at % MAX_SESSIONS == 0 {
                candidates.fetch(sessions[at..].iter().take(MAX_SESSIONS)).await?;
            }
            let Some(gathered) = candidates.gathered(id).await? else { continue };
            let fallen = falls(&gathered.facts, &view.history, view.cut, &supposed);
            for fall in fallen.into_iter().flat_map(|fallen| fallen.decisions) {
                if hits.iter().any(|known| known.position() == fall.record.position) {
                    continue;
                }
                let app = gathered.facts.iter().find_map(|known| match &known.fact.data {
                    FactData::PolicyDecided(data) if known.record.id == fall.record.id => {
                        Some(data.app.clone())
                    }
                    _ => None,
                });
                hits.push(FallsHit { session: id.clone(), app, fall });
            }
        }
        view.answer(hits).await
    }

    /// The records that state the loss of an authenticator with this id, in the order of the log.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn losses_of(
        &self,
        caller: &Caller,
        authenticator: &AuthenticatorId,
        asking: &Asking,
    ) -> Result<Answer<Vec<LogPosition>>, AskError> {
        let view = self.ask(caller, Query::Dependants, asking).await?;
        let of_it = view.losses().filter(|l| l.data.authenticator.as_ref() == Some(authenticator));
        let mut records: Vec<LogPosition> = of_it.map(|loss| loss.record.position).collect();
        records.sort_unstable();
        view.answer(records).await
    }

    /// The losses of authenticators that are known at K.
    ///
    /// # Errors
    /// As every question.
    pub async fn losses(
        &self,
        caller: &Caller,
        asking: &Asking,
    ) -> Result<Answer<Vec<KnownLoss>>, AskError> {
        let view = self.ask(caller, Query::Dependants, asking).await?;
        let known = |loss: &Stated<AuthenticatorLost>| KnownLoss {
            record: loss.record.position,
            authenticator: loss.data.authenticator.clone(),
        };
        view.answer(view.losses().map(known).collect()).await
    }
}

impl View<'_> {
    fn losses(&self) -> impl Iterator<Item = &Stated<AuthenticatorLost>> {
        self.history.at(self.cut.known_at).people().all_losses()
    }
}
