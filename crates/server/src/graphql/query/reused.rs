//! `reused`.

use super::Asking;
use crate::graphql::{
    Asker,
    answers::{Carried, carried},
    errors::Result,
    limits::list_cost,
    mirror::mirror,
    scalars::DateTime,
    types::{Certainty, RecordRef, vec},
};
use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use claimledger_domain::reused::{self, Used};

/// What can be used more than once.
#[derive(Enum, Copy, Clone, Debug, Eq, PartialEq)]
pub(crate) enum ReuseKind {
    /// An assertion, in two claims of different ids.
    Assertion,
    /// A session of an identity provider, for several sessions.
    IdpSession,
}

/// What was used more than once. An empty list means none only as far as the sources are complete.
#[derive(SimpleObject)]
pub(crate) struct ReuseList {
    /// Assertions, then sessions of identity providers; each in the order of their first use.
    #[graphql(complexity = "list_cost(child_complexity)")]
    items: Vec<Reuse>,
    /// What every answer carries.
    #[graphql(flatten)]
    carried: Carried,
}

/// Something that was used more than once.
#[derive(SimpleObject)]
pub(crate) struct Reuse {
    /// The kind.
    kind: ReuseKind,
    /// The identity provider.
    idp: ID,
    /// The assertion.
    assertion: Option<ID>,
    /// The identity provider's session.
    idp_session: Option<ID>,
    /// Each use, in the total order.
    #[graphql(complexity = "list_cost(child_complexity)")]
    uses: Vec<Use>,
    /// Whether it is certain or only possible.
    certainty: Certainty,
}

mirror! {
    /// One use.
    #[derive(SimpleObject)]
    pub(crate) struct Use of reused::Use as one;
    /// The session.
    session: ID,
    /// The user, as a pseudonym.
    subject: Option<ID>,
    /// The time; of an interval, its start.
    at: DateTime = one.occurred.from,
    /// The record that says so.
    record: RecordRef,
}

impl From<&reused::Reuse> for Reuse {
    fn from(reuse: &reused::Reuse) -> Self {
        let (kind, idp, assertion, idp_session) = match &reuse.used {
            Used::Assertion(idp, assertion) => {
                (ReuseKind::Assertion, idp, Some(ID(assertion.to_string())), None)
            }
            Used::IdpSession(idp, session) => {
                (ReuseKind::IdpSession, idp, None, Some(ID(session.to_string())))
            }
        };
        Self {
            kind,
            idp: ID(idp.to_string()),
            assertion,
            idp_session,
            uses: vec(&reuse.uses),
            certainty: reuse.certainty.into(),
        }
    }
}

/// Reuse.
#[derive(Default)]
pub(crate) struct ReusedQuestion;

#[Object]
impl ReusedQuestion {
    /// Assertions that came twice, and sessions of identity providers that were used for several
    /// sessions.
    async fn reused(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "T and K; absent: now, and the head of the log.")] asking: Option<Asking>,
    ) -> Result<ReuseList> {
        let asker = ctx.data::<Asker>()?;
        let asking = Asking::into_app(asking, asker);
        let answer = asker.app.reused(&asker.caller, &asking).await?;
        Ok(ReuseList { items: vec(&answer.value), carried: carried(&answer) })
    }
}
