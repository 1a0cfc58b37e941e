//! `outlived`.

use super::Asking;
use crate::graphql::{
    Asker,
    answers::{Carried, carried},
    errors::Result,
    limits::list_cost,
    scalars::DateTime,
    types::{Bounds, Certainty, Phase, RecordRef, vec},
};
use async_graphql::{Context, ID, Object, SimpleObject};
use claimledger_app::model::answer::OutlivedHit;

/// Sessions that outlived their identity provider's session, in the order in which that ended.
#[derive(SimpleObject)]
#[graphql(name = "OutlivedList")]
pub(crate) struct OutlivedList {
    /// The sessions.
    #[graphql(complexity = "list_cost(child_complexity)")]
    items: Vec<OutlivedSession>,
    /// What every answer carries.
    #[graphql(flatten)]
    carried: Carried,
}

/// A session that went on after its identity provider's session had ended, or may have.
#[derive(SimpleObject)]
#[graphql(name = "OutlivedSession")]
pub(crate) struct OutlivedSession {
    /// The session.
    session: ID,
    /// The user, as a pseudonym.
    subject: Option<ID>,
    /// The identity provider.
    idp: Option<ID>,
    /// Its session.
    idp_session: Option<ID>,
    /// When that ended; the earliest, of an interval.
    idp_session_ended_at: DateTime,
    /// The record that says so.
    idp_session_end: RecordRef,
    /// The last sign of life, where that came later; of one after T the first, which shows that the
    /// session lived at T.
    active_at: Option<DateTime>,
    /// The record of it.
    sign_of_life: Option<RecordRef>,
    /// The session's state at T.
    state: Phase,
    /// When it ended, where an end is stated.
    ended_at: Option<DateTime>,
    /// Why it ended: a code.
    end_reason: Option<&'static str>,
    /// The record that states the end, where that came later.
    stated_end: Option<RecordRef>,
    /// The instants between which the end lies, if no exact end is stated.
    end_bounds: Option<Bounds>,
    /// Certain: a sign of life or a stated end followed. Possible: no end is stated, and it may lie
    /// later.
    certainty: Certainty,
}

impl From<&OutlivedHit> for OutlivedSession {
    fn from(hit: &OutlivedHit) -> Self {
        let (session, outlived) = (&hit.session, &hit.outlived);
        let interval = session.origin.idp_session_interval.as_ref();
        Self {
            session: ID(session.id.to_string()),
            subject: session.origin.subject.as_ref().map(|subject| ID(subject.to_string())),
            idp: interval.and_then(|interval| interval.idp.as_ref()).map(|idp| ID(idp.to_string())),
            idp_session: interval.map(|interval| ID(interval.idp_session.to_string())),
            idp_session_ended_at: outlived.idp_session_end.occurred.from.into(),
            idp_session_end: (&outlived.idp_session_end).into(),
            active_at: outlived.sign_of_life.as_ref().map(|record| record.occurred.from.into()),
            sign_of_life: outlived.sign_of_life.as_ref().map(RecordRef::from),
            state: session.life.phase.into(),
            ended_at: session.life.end.at.map(DateTime),
            end_reason: session.life.end.reason,
            stated_end: outlived.stated_end.as_ref().map(RecordRef::from),
            end_bounds: outlived.end_bounds.map(Into::into),
            certainty: outlived.certainty.into(),
        }
    }
}

/// Outlived.
#[derive(Default)]
pub(crate) struct OutlivedQuestion;

#[Object]
impl OutlivedQuestion {
    /// Sessions that went on after their identity provider's session had ended, certainly or
    /// possibly.
    async fn outlived(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "T and K; absent: now, and the head of the log.")] asking: Option<Asking>,
    ) -> Result<OutlivedList> {
        let asker = ctx.data::<Asker>()?;
        let asking = Asking::into_app(asking, asker);
        let answer = asker.app.outlived(&asker.caller, &asking).await?;
        Ok(OutlivedList { items: vec(&answer.value), carried: carried(&answer) })
    }
}
