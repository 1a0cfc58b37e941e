//! `beliefDiff`.

use super::Asking;
use crate::graphql::{
    Asker,
    answers::{Absence, Answered, Carried, SourceCompleteness, Status, carried},
    errors::Result,
    limits::list_cost,
    mirror::mirror,
    scalars::DateTime,
    types::{RecordRef, Session, vec},
};
use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use claimledger_domain::belief;
use claimledger_facts::ids::SessionId;

/// A session as known at two positions, and the records that made the difference.
#[derive(SimpleObject)]
pub(crate) struct BeliefDiff {
    /// The session's name at the later cut, else at the earlier; null: nothing by this id is known
    /// at either.
    session: Option<ID>,
    /// The earlier state.
    from: Belief,
    /// The later state.
    to: Belief,
    /// What is different of the session itself.
    #[graphql(complexity = "list_cost(child_complexity)")]
    changes: Vec<BeliefChange>,
    /// The records learned in between without which it would not, in the order of the log.
    #[graphql(complexity = "list_cost(child_complexity)")]
    facts: Vec<BeliefFact>,
    /// What the later state holds for.
    answered: Answered,
    /// How complete each source was.
    completeness: Vec<SourceCompleteness>,
    /// The state of the ledger, which may change from call to call.
    status: Status,
    /// Why something may be absent from the answer.
    absence: Absence,
}

/// A session as known at one position.
#[derive(SimpleObject)]
pub(crate) struct Belief {
    /// The same as a sentence.
    sentence: String,
    /// In full; null: nothing was known.
    session: Option<Session>,
    /// What it holds for.
    answered: Answered,
}

mirror! {
    /// Something that two states say differently.
    #[derive(SimpleObject, Clone)]
    pub(crate) struct BeliefChange of belief::Change as change;
    /// What it is said of.
    aspect: BeliefAspect = change.aspect.kind,
    /// Of which factor, claim, decision or application.
    of: Option<String> = change.aspect.of,
    /// The record that carries it, where it is about one.
    record: Option<RecordRef> = change.aspect.record,
    /// As it was; null: it was not there.
    before: Option<String>,
    /// As it is; null: it is not there.
    after: Option<String>,
}

/// A record that changed something.
#[derive(SimpleObject)]
pub(crate) struct BeliefFact {
    /// The record, with both its times.
    record: RecordRef,
    /// What would read as before without it.
    #[graphql(complexity = "list_cost(child_complexity)")]
    changed: Vec<BeliefChange>,
    /// What would read as before without it and the others, and not without it alone.
    #[graphql(complexity = "list_cost(child_complexity)")]
    changed_together: Vec<BeliefChange>,
    /// The other records.
    #[graphql(complexity = "list_cost(child_complexity)")]
    others: Vec<RecordRef>,
}

/// What a state says something of.
#[derive(Enum, Copy, Clone, Debug, Eq, PartialEq)]
#[graphql(remote = "belief::AspectKind")]
pub(crate) enum BeliefAspect {
    /// Its ids, whose it is, and what lies behind it.
    Identity,
    /// When it began.
    Start,
    /// Its state at T.
    Phase,
    /// When and why it ended, or between which instants.
    End,
    /// A factor that counted.
    Factor,
    /// A claimed value that did not count.
    Ignored,
    /// A decision, recorded and implied.
    Decision,
    /// An application that was opened.
    Access,
}

/// What changed.
#[derive(Default)]
pub(crate) struct BeliefQuestion;

#[Object]
impl BeliefQuestion {
    /// A session at one time, as known at `from` and at `to`: what reads differently, and the
    /// records that made it so. T is `at`, else that of `from` or `to`. The session alone is
    /// compared. What its page draws and lists beside it (trust, keys, policies, the identity
    /// provider's session, refused sign-ins, its records) is compared by the page only (`vs`), so
    /// that something may read differently there where this answer has no change.
    async fn belief_diff(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Any id of the session.")] session: ID,
        #[graphql(desc = "T of both states; absent: T of `from` or `to`, else now.")] at: Option<
            DateTime,
        >,
        #[graphql(desc = "The earlier K.")] from: Asking,
        #[graphql(desc = "The later K.")] to: Asking,
    ) -> Result<BeliefDiff> {
        let asker = ctx.data::<Asker>()?;
        let session = SessionId::new(session.as_str());
        let (from, to) = (Asking::into_app(Some(from), asker), Asking::into_app(Some(to), asker));
        let at = at.map(|at| at.0);
        let answer = asker.app.belief_diff(&asker.caller, &session, at, &from, &to).await?;
        let Carried { answered, completeness, status, absence } = carried(&answer);
        let diff = answer.value.diff;
        let changes: Vec<BeliefChange> = vec(&diff.changes);
        let some =
            |indices: &[usize]| indices.iter().filter_map(|at| changes.get(*at).cloned()).collect();
        let facts = diff.causes.iter().map(|cause| BeliefFact {
            record: (&cause.record).into(),
            changed: some(&cause.alone),
            changed_together: some(&cause.together),
            others: vec(&cause.with),
        });
        let facts = facts.collect();
        let name = diff
            .after
            .as_ref()
            .or(diff.before.as_ref())
            .map(|state| ID(state.state.id.to_string()));
        let belief = |sentence, state: Option<_>, answered| Belief {
            sentence,
            session: state.map(Session::from),
            answered,
        };
        let from = belief(diff.then, diff.before, (&answer.value.from).into());
        let to = belief(diff.later, diff.after, answered.clone());
        Ok(BeliefDiff {
            session: name,
            from,
            to,
            changes,
            facts,
            answered,
            completeness,
            status,
            absence,
        })
    }
}
