//! `heldUnder`.

use super::Asking;
use crate::graphql::{
    Asker,
    answers::{Carried, carried},
    errors::Result,
    limits::list_cost,
    mirror::mirror,
    scalars::DateTime,
    types::{Bounds, Certainty, Implied, Outcome, RecordRef, vec},
};
use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use claimledger_domain::{
    held_under::{self, HeldEnd},
    model,
};
use claimledger_facts::ids::{PolicyId, VersionLabel};

/// What ended access that was kept.
#[derive(Enum, Copy, Clone, Debug, Eq, PartialEq)]
pub(crate) enum HeldUntil {
    /// The next decision of the policy for the application.
    Decided,
    /// The session ended.
    SessionEnded,
    /// Nothing by T.
    Open,
}

/// Who kept access under a version of a policy that had been replaced, in the order of the
/// decisions that let them in.
#[derive(SimpleObject)]
pub(crate) struct HeldList {
    /// The access that was kept.
    #[graphql(complexity = "list_cost(child_complexity)")]
    items: Vec<Held>,
    /// The versions with this label that were replaced by T. None: then nothing was kept under one.
    #[graphql(complexity = "list_cost(child_complexity)")]
    replaced: Vec<Replaced>,
    /// What every answer carries.
    #[graphql(flatten)]
    carried: Carried,
}

mirror! {
    /// A version of a policy, and the one that replaced it.
    #[derive(SimpleObject)]
    #[graphql(name = "ReplacedVersion")]
    pub(crate) struct Replaced of held_under::Replaced as replaced;
    /// The version's label.
    version: ID = replaced.label,
    /// The record that set it.
    record: RecordRef,
    /// The label of the next.
    next_version: ID = replaced.next_label,
    /// The record that set the next.
    next_record: RecordRef = replaced.next,
    /// When the next came in force; the earliest, of an interval.
    at: DateTime = replaced.at.from,
    /// The end of the interval, if the time is one.
    at_latest: Option<DateTime> = replaced.at.to,
}

/// Access that was kept under a replaced version.
#[derive(SimpleObject)]
pub(crate) struct Held {
    /// The session.
    session: ID,
    /// The user, as a pseudonym.
    subject: Option<ID>,
    /// The application.
    app: ID,
    /// The decision that let it in.
    decision: RecordRef,
    /// The label of the version that it fell under.
    version: ID,
    /// The label of the version that replaced it.
    next_version: ID,
    /// The record that set the next version.
    next_record: RecordRef,
    /// From when access was kept although the version had been replaced: when the next came in
    /// force; the earliest, of an interval.
    from: DateTime,
    /// The end of the interval, if that time is one.
    from_latest: Option<DateTime>,
    /// Until when, exclusive, where that is exact.
    until: Option<DateTime>,
    /// Else between which instants it ended or will end.
    until_bounds: Option<Bounds>,
    /// What ended it.
    ended_by: HeldUntil,
    /// Why the session ended, where that ended it: a code.
    end_reason: Option<&'static str>,
    /// The decision that ended it, where one did.
    next_decision: Option<RecordRef>,
    /// What that decision recorded.
    next_outcome: Option<Outcome>,
    /// The label of the version that was in force then.
    decided_under: Option<ID>,
    /// Whether what counted when it was let in would have passed the next version; null:
    /// undetermined.
    would_pass: Option<bool>,
    /// What the next version's rule implies for it.
    implied: Implied,
    /// The first requirement of the next version that is not met: a code.
    first_unmet: Option<&'static str>,
    /// What is missing where that is undetermined: codes.
    missing: Vec<&'static str>,
    /// How sure it is that access was kept.
    certainty: Certainty,
}

impl From<&held_under::Held> for Held {
    fn from(held: &held_under::Held) -> Self {
        let (ended_by, end_reason) = match &held.ended_by {
            HeldEnd::Decided { .. } => (HeldUntil::Decided, None),
            HeldEnd::SessionEnded(reason) => (HeldUntil::SessionEnded, *reason),
            HeldEnd::Open => (HeldUntil::Open, None),
        };
        let (next_decision, next_outcome, decided_under) = match &held.ended_by {
            HeldEnd::Decided { record, outcome, version } => (
                Some(record.into()),
                Some((*outcome).into()),
                version.as_ref().map(|version| ID(version.to_string())),
            ),
            HeldEnd::SessionEnded(_) | HeldEnd::Open => (None, None, None),
        };
        Self {
            session: ID(held.session.to_string()),
            subject: held.subject.as_ref().map(|subject| ID(subject.to_string())),
            app: ID(held.app.to_string()),
            decision: (&held.allow).into(),
            version: ID(held.replaced.label.to_string()),
            next_version: ID(held.replaced.next_label.to_string()),
            next_record: (&held.replaced.next).into(),
            from: held.replaced.at.from.into(),
            from_latest: held.replaced.at.to.map(DateTime),
            until: held.until.map(DateTime),
            until_bounds: held.until_bounds.map(Into::into),
            ended_by,
            end_reason,
            next_decision,
            next_outcome,
            decided_under,
            would_pass: match held.implied {
                model::Implied::Allow => Some(true),
                model::Implied::Challenge | model::Implied::Deny => Some(false),
                model::Implied::Undetermined => None,
            },
            implied: held.implied.into(),
            first_unmet: held.first_unmet,
            missing: held.missing.clone(),
            certainty: held.certainty.into(),
        }
    }
}

/// Held under.
#[derive(Default)]
pub(crate) struct HeldUnderQuestion;

#[Object]
impl HeldUnderQuestion {
    /// Who kept access under a version of a policy that had been replaced, until when, and whether
    /// they would pass the next. A version is named by its label; several may have the same.
    async fn held_under(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The policy.")] policy: ID,
        #[graphql(desc = "The label of the version that was replaced.")] version: ID,
        #[graphql(desc = "T and K; absent: now, and the head of the log.")] asking: Option<Asking>,
    ) -> Result<HeldList> {
        let asker = ctx.data::<Asker>()?;
        let (policy, version) =
            (PolicyId::new(policy.as_str()), VersionLabel::new(version.as_str()));
        let asking = Asking::into_app(asking, asker);
        let answer = asker.app.held_under(&asker.caller, &policy, &version, &asking).await?;
        Ok(HeldList {
            items: vec(&answer.value.items),
            replaced: vec(&answer.value.replaced),
            carried: carried(&answer),
        })
    }
}
