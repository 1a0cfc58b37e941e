//! `guard`.

use super::{
    Asking,
    rehearse::{Feature, Rehearsal},
};
use crate::graphql::{
    Asker,
    answers::{Carried, carried},
    errors::{self, Result},
    limits::list_cost,
    mirror::mirror,
    scalars::DateTime,
    types::{Certainty, Reason, RecordRef, vec},
};
use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use claimledger_domain::{explain, guard};

/// A change that the service provider guards.
#[derive(InputObject)]
pub(crate) struct GuardedChange {
    /// The kind of change.
    kind: GuardedChangeKind,
    /// The identity provider. Of every kind but a feature.
    idp: Option<ID>,
    /// The feature. For a feature only.
    feature: Option<Feature>,
}

/// The kind of a guarded change.
#[derive(Enum, Copy, Clone, Eq, PartialEq)]
pub(crate) enum GuardedChangeKind {
    /// The identity provider is deactivated.
    Deactivate,
    /// The identity provider is deleted.
    Delete,
    /// Trust in its claims is switched off.
    Untrust,
    /// The feature is switched off.
    FeatureOff,
}

impl GuardedChange {
    fn into_domain(self) -> Result<guard::GuardedChange> {
        use guard::GuardedChange as Change;
        match (self.kind, self.idp, self.feature) {
            (GuardedChangeKind::FeatureOff, None, Some(feature)) => {
                Ok(Change::FeatureOff(feature.into()))
            }
            (GuardedChangeKind::FeatureOff, ..) => {
                Err(errors::input("switching a feature off takes `feature`, and no `idp`").into())
            }
            (kind, Some(idp), None) => {
                let idp = idp.as_str().into();
                Ok(match kind {
                    GuardedChangeKind::Deactivate => Change::Deactivate(idp),
                    GuardedChangeKind::Delete => Change::Delete(idp),
                    GuardedChangeKind::Untrust | GuardedChangeKind::FeatureOff => {
                        Change::Untrust(idp)
                    }
                })
            }
            _ => Err(errors::input("this change takes `idp`, and no `feature`").into()),
        }
    }
}

/// Whether a change is allowed, by which condition, and what it would have done.
#[derive(SimpleObject)]
pub(crate) struct Guard {
    /// Whether it is allowed at T.
    verdict: GuardVerdict,
    /// The first condition that allows it; absent: none does, or it cannot be told.
    condition: Option<GuardCondition>,
    /// Other active identity providers whose claims are trusted.
    #[graphql(complexity = "list_cost(child_complexity)")]
    trusted: Vec<TrustedIdp>,
    /// Rules that only trusted claims can meet.
    #[graphql(complexity = "list_cost(child_complexity)")]
    requiring: Vec<RequiringRule>,
    /// What would tell, where it is undetermined: codes.
    missing: Vec<&'static str>,
    /// The reasons.
    because: Reason,
    /// The same as text.
    text: String,
    /// Start of the window that is rehearsed, inclusive.
    from: DateTime,
    /// End of the window, exclusive.
    to: DateTime,
    /// The same change, as if it had been made for the window: who would have been locked out, and
    /// which policies could not be met. Absent: see `notRehearsed`.
    rehearsal: Option<Rehearsal>,
    /// Why the window was not rehearsed.
    not_rehearsed: Option<String>,
    /// What every answer carries.
    #[graphql(flatten)]
    carried: Carried,
}

/// Whether a change is allowed.
#[derive(Enum, Copy, Clone, Eq, PartialEq)]
#[graphql(name = "GuardVerdict", remote = "guard::Verdict")]
pub(crate) enum GuardVerdict {
    /// One of the conditions holds.
    Allowed,
    /// None of the conditions holds.
    Refused,
    /// It cannot be told.
    Undetermined,
}

/// What allows a change.
#[derive(Enum, Copy, Clone, Eq, PartialEq)]
#[graphql(name = "GuardCondition", remote = "guard::Condition")]
pub(crate) enum GuardCondition {
    /// Nothing is guarded: it takes away no claims that are trusted.
    NothingTrusted,
    /// Another active identity provider has claims that are trusted.
    AnotherTrustedIdp,
    /// No policy requires trusted claims.
    NoPolicyRequiresClaims,
}

mirror! {
    /// An active identity provider whose claims are trusted.
    #[derive(SimpleObject)]
    pub(crate) struct TrustedIdp of guard::TrustedIdp as trusted;
    /// The identity provider.
    idp: ID,
    /// How sure that is.
    certainty: Certainty,
    /// The record of its version.
    record: RecordRef,
}

mirror! {
    /// A rule that only trusted claims can meet.
    #[derive(SimpleObject)]
    pub(crate) struct RequiringRule of guard::RequiringRule as requiring;
    /// The policy.
    policy: ID,
    /// The version.
    version: ID,
    /// The rule.
    rule: ID,
    /// How sure it is that it requires them.
    certainty: Certainty,
    /// What local authenticators do not meet: codes, in the evaluator's order.
    unmet: Vec<&'static str>,
    /// The record of the version.
    record: RecordRef,
}

/// The guard.
#[derive(Default)]
pub(crate) struct GuardQuestion;

#[Object]
impl GuardQuestion {
    /// Whether an identity provider could be deactivated, deleted or no longer trusted, or a
    /// feature of claims sharing switched off; and what that would have done over a window.
    /// Nothing is written.
    async fn guard(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The change.")] change: GuardedChange,
        #[graphql(desc = "Start of the window, inclusive; absent: 7 days before its end.")]
        from: Option<DateTime>,
        #[graphql(desc = "End of the window, exclusive; absent: T.")] to: Option<DateTime>,
        #[graphql(desc = "T and K; absent: now, and the head of the log.")] asking: Option<Asking>,
    ) -> Result<Guard> {
        let asker = ctx.data::<Asker>()?;
        let change = change.into_domain()?;
        let asking = Asking::into_app(asking, asker);
        let window = (from.map(|from| from.0), to.map(|to| to.0));
        let answer = asker.app.guard(&asker.caller, &change, window, &asking).await?;
        let found = &answer.value;
        let (rehearsal, not_rehearsed) = match &found.rehearsed {
            Ok(rehearsed) => (Some(Rehearsal::of(&answer, rehearsed.clone(), asker)), None),
            Err(why) => (None, Some(why.clone())),
        };
        let guard = found.guard.clone();
        Ok(Guard {
            verdict: guard.verdict.into(),
            condition: guard.condition.map(GuardCondition::from),
            trusted: vec(&guard.trusted),
            requiring: vec(&guard.requiring),
            missing: guard.missing,
            text: explain::text(&guard.because),
            because: (&guard.because).into(),
            from: DateTime(found.window.0),
            to: DateTime(found.window.1),
            rehearsal,
            not_rehearsed,
            carried: carried(&answer),
        })
    }
}
