//! `outlived`.

use super::Asking;
use crate::graphql::{
    Asker,
    answers::{Carried, carried},
    errors::Result,
    limits::list_cost,
    mirror::mirror,
    scalars::DateTime,
    types::{Bounds, Certainty, Phase, RecordRef, vec},
};
use async_graphql::{Context, ID, Object, SimpleObject};
use claimledger_app::model::answer::OutlivedHit;
use claimledger_domain::model::IdpSessionInterval;

/// Sessions that outlived their identity provider's session, in the order in which that ended.
#[derive(SimpleObject)]
pub(crate) struct OutlivedList {
    /// The sessions.
    #[graphql(complexity = "list_cost(child_complexity)")]
    items: Vec<OutlivedSession>,
    /// What every answer carries.
    #[graphql(flatten)]
    carried: Carried,
}

mirror! {
    /// A session that went on after its identity provider's session had ended, or may have.
    #[derive(SimpleObject)]
    pub(crate) struct OutlivedSession of OutlivedHit as hit;
    /// The session.
    session: ID = hit.session.id,
    /// The user, as a pseudonym.
    subject: Option<ID> = hit.session.origin.subject,
    /// The identity provider.
    idp: Option<ID> = interval(hit).and_then(|interval| interval.idp.as_ref()),
    /// Its session.
    idp_session: Option<ID> = interval(hit).map(|interval| &interval.idp_session),
    /// When that ended; the earliest, of an interval.
    idp_session_ended_at: DateTime = hit.outlived.idp_session_end.occurred.from,
    /// The record that says so.
    idp_session_end: RecordRef = hit.outlived.idp_session_end,
    /// The last sign of life, where that came later; of one after T the first, which shows that the
    /// session lived at T.
    active_at: Option<DateTime> =
        hit.outlived.sign_of_life.as_ref().map(|record| record.occurred.from),
    /// The record of it.
    sign_of_life: Option<RecordRef> = hit.outlived.sign_of_life,
    /// The session's state at T.
    state: Phase = hit.session.life.phase,
    /// When it ended, where an end is stated.
    ended_at: Option<DateTime> = hit.session.life.end.at,
    /// Why it ended: a code.
    end_reason: Option<&'static str> = hit.session.life.end.reason,
    /// The record that states the end, where that came later.
    stated_end: Option<RecordRef> = hit.outlived.stated_end,
    /// The instants between which the end lies, if no exact end is stated.
    end_bounds: Option<Bounds> = hit.outlived.end_bounds,
    /// Certain: a sign of life or a stated end followed. Possible: no end is stated, and it may lie
    /// later.
    certainty: Certainty = hit.outlived.certainty,
}

fn interval(hit: &OutlivedHit) -> Option<&IdpSessionInterval> {
    hit.session.origin.idp_session_interval.as_ref()
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
