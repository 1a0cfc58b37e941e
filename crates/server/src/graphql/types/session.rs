//! A session at (T, K), what its subject is called, and the applications it opened.

use super::{
    Bounds, Decision, DecisionSession, Falsifier, HonoredFactor, IgnoredClaim, Outlived, Reason,
    RecordRef,
    enums::{Certainty, Phase},
    id, vec,
};
use crate::graphql::{
    Asker, batch::Batched, errors, limits::list_cost, loaders::Labels, mirror::mirror,
    scalars::DateTime,
};
use async_graphql::{Context, ID, Object, Result, SimpleObject};
use claimledger_app::app;
use claimledger_domain::{model, outlived};
use claimledger_facts::vocabulary;
use std::sync::Arc;

/// A session at a cut.
#[derive(Clone)]
pub(crate) struct Session {
    /// The session.
    pub state: Arc<model::SessionState>,
    /// Why; none where the query shows no reason.
    pub reasons: Option<Arc<model::Reasons>>,
}

impl From<model::Explained> for Session {
    fn from(session: model::Explained) -> Self {
        Self { state: Arc::new(session.state), reasons: Some(Arc::new(session.reasons)) }
    }
}

impl From<model::SessionState> for Session {
    fn from(state: model::SessionState) -> Self {
        Self { state: Arc::new(state), reasons: None }
    }
}

/// A session at (T, K).
#[Object(name = "Session")]
impl Session {
    /// Its name: the alias that is first in the total order.
    async fn id(&self) -> ID {
        id(&self.state.id)
    }
    /// Its aliases.
    async fn aliases(&self) -> Vec<ID> {
        self.state.aliases.iter().map(id).collect()
    }
    /// The user, as a pseudonym.
    async fn subject(&self) -> Option<ID> {
        self.state.origin.subject.as_ref().map(id)
    }
    /// The identity provider it came from.
    async fn idp(&self) -> Option<ID> {
        self.state.origin.idp.as_ref().map(id)
    }
    /// The display name of the identity provider; null: none is known.
    async fn idp_name(&self) -> Option<&str> {
        self.state.origin.idp_name.as_deref()
    }
    /// The identity provider's session.
    async fn idp_session(&self) -> Option<ID> {
        self.state.origin.idp_session.as_ref().map(id)
    }
    /// The root session.
    async fn root_session(&self) -> Option<ID> {
        self.state.origin.root_session.as_ref().map(id)
    }
    /// Its state at T.
    async fn state(&self) -> Phase {
        self.state.life.phase.into()
    }
    /// How sure that is.
    async fn certainty(&self) -> Certainty {
        self.state.life.certainty.into()
    }
    /// What would settle it, where it is only possible: codes. A limit that is not known is named.
    async fn missing(&self) -> Vec<&str> {
        self.state.life.missing.clone()
    }
    /// The first sign of life after T that is known: it proves that the session lived at T.
    async fn proven_alive_by(&self) -> Option<RecordRef> {
        self.state.life.proven_alive.as_ref().map(|proven| RecordRef::from(&proven.by))
    }
    /// When it began: as stated by T, else at its first fact.
    async fn started_at(&self) -> Option<DateTime> {
        self.state.life.started_at.map(DateTime)
    }
    /// When it ended, where an end is stated.
    async fn ended_at(&self) -> Option<DateTime> {
        self.state.life.end.at.map(DateTime)
    }
    /// The record that states the end: its own, or one that ended all sessions of its subject.
    async fn end_record(&self) -> Option<RecordRef> {
        self.state.life.end.record.as_ref().map(RecordRef::from)
    }
    /// Why it ended: a code.
    async fn end_reason(&self) -> Option<&str> {
        self.state.life.end.reason
    }
    /// The instants between which the end lies, if no end is stated.
    async fn end_bounds(&self) -> Option<Bounds> {
        self.state.life.end.bounds.map(Into::into)
    }
    /// When it ends at the latest, where a limit is known.
    async fn lifetime_ends_at(&self) -> Option<DateTime> {
        self.state.life.lifetime_ends_at.map(DateTime)
    }
    /// The last sign of life up to T.
    async fn last_seen(&self) -> Option<DateTime> {
        self.state.life.last_seen.map(DateTime)
    }
    /// Factors that counted, by record or by rules.
    #[graphql(complexity = "list_cost(child_complexity)")]
    async fn factors(&self) -> Vec<HonoredFactor> {
        (0..self.state.factors.len()).map(|index| HonoredFactor::of(self.clone(), index)).collect()
    }
    /// Claims that did not count.
    #[graphql(complexity = "list_cost(child_complexity)")]
    async fn ignored(&self) -> Vec<IgnoredClaim> {
        let why = self.reasons.iter().flat_map(|reasons| reasons.ignored.iter().map(Some));
        let claims = self.state.ignored.iter().zip(why.chain(std::iter::repeat(None)));
        claims.map(|(claim, why)| IgnoredClaim::of(claim, why)).collect()
    }
    /// Decisions, in the total order.
    #[graphql(complexity = "list_cost(child_complexity)")]
    async fn decisions(&self) -> Vec<Decision> {
        let of = |(index, decision): (usize, &model::Decision)| Decision {
            decision: decision.clone(),
            because: self.reasons.as_ref().map(|reasons| reasons.decisions[index].clone()),
            session: DecisionSession::Known(self.clone()),
        };
        self.state.decisions.iter().enumerate().map(of).collect()
    }
    /// Application accesses, in the total order.
    #[graphql(complexity = "list_cost(child_complexity)")]
    async fn accesses(&self) -> Vec<AppAccess> {
        vec(&self.state.activity.accesses)
    }
    /// Sign-ins, factors and accesses that did not succeed, in the total order.
    #[graphql(complexity = "list_cost(child_complexity)")]
    async fn refused(&self) -> Vec<RefusedSignIn> {
        vec(&self.state.activity.refused)
    }
    /// Retractions and losses that hit something of it, or may; as recorded.
    #[graphql(complexity = "list_cost(child_complexity)")]
    async fn falsifiers(&self) -> Vec<Falsifier> {
        vec(&self.state.falsifiers)
    }
    /// Whether it outlived the identity provider's session behind it; null: no end of that is
    /// known, or nothing of the session follows it.
    async fn outlived(&self) -> Option<Outlived> {
        outlived::outlived(&self.state).as_ref().map(Outlived::from)
    }
    /// Every record of the session up to the cut.
    #[graphql(complexity = "list_cost(child_complexity)")]
    async fn records(&self) -> Vec<RecordRef> {
        vec(&self.state.records)
    }
    /// Why it is in this state.
    #[graphql(complexity = "list_cost(child_complexity)")]
    async fn because(&self) -> Vec<Reason> {
        self.reasons.iter().map(|reasons| (&reasons.session).into()).collect()
    }
    /// What its subject is called: beside the pinned answer, and for the role investigate only.
    async fn label(&self, ctx: &Context<'_>) -> Result<Option<Label>> {
        let asker = ctx.data::<Asker>()?;
        if !asker.caller.has(vocabulary::Role::Investigate) {
            return Err(errors::asked(&claimledger_app::model::question::AskError::Forbidden {
                needs: vocabulary::Role::Investigate,
            }));
        }
        match &self.state.origin.subject {
            None => Ok(None),
            Some(subject) => Ok(ctx
                .data::<Batched<Labels>>()?
                .load_one(subject.clone())
                .await?
                .as_ref()
                .map(Label::from)),
        }
    }
}

mirror! {
    /// What a person is called.
    #[derive(SimpleObject)]
    pub(crate) struct Label of app::Label as label;
    /// The login.
    login: Option<String>,
    /// The name.
    name: Option<String>,
    /// Whether the key of the person was destroyed: what they were called cannot be read any more.
    key_destroyed: bool,
}

mirror! {
    /// An application was opened.
    #[derive(SimpleObject)]
    pub(crate) struct AppAccess of model::AppAccess as access;
    /// The application.
    app: ID,
    /// The display name of the application; null: none is known.
    app_name: Option<String>,
    /// Its own session.
    app_session: Option<ID>,
    /// When it happened.
    at: DateTime,
    /// The record.
    record: RecordRef,
}

mirror! {
    /// A sign-in, a factor or an access that did not succeed. It never counts as a factor.
    #[derive(SimpleObject)]
    pub(crate) struct RefusedSignIn of model::RefusedSignIn as refused;
    /// The result: `failure`, `deny`, `challenge`, `abandoned`, `unanswered`, `rate_limit`,
    /// `skipped`, `other`.
    result: &'static str,
    /// Why: a code; `free_text`: in words, which are sealed.
    reason: Option<String>,
    /// The method that was tried.
    method: Option<&'static str>,
    /// The identity provider that it went through.
    idp: Option<ID>,
    /// The application that it was for.
    app: Option<ID>,
    /// A summary in one line.
    words: String,
    /// When it happened.
    at: DateTime,
    /// The record.
    record: RecordRef,
}
