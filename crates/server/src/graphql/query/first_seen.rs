//! `firstSeen`.

use super::Asking;
use crate::graphql::{
    Asker,
    answers::{Carried, carried},
    errors::Result,
    limits::list_cost,
    scalars::{DateTime, Position},
    types::{Bounds, Certainty, RecordRef},
};
use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use claimledger_app::model::answer;
use claimledger_domain::first_seen::{self, Shown, Window};

/// What can appear for the first time.
#[derive(Enum, Copy, Clone, Debug, Eq, PartialEq)]
#[graphql(remote = "first_seen::FirstSeenKind")]
pub(crate) enum FirstSeenKind {
    /// Issuers: identity providers.
    Issuer,
    /// Keys of an issuer.
    Key,
    /// Sets of `amr` values; order, repeats and issuer do not matter.
    AmrSet,
}

/// Values that appeared for the first time, in the order they appeared.
#[derive(SimpleObject)]
pub(crate) struct FirstSeenList {
    /// The values.
    #[graphql(complexity = "list_cost(child_complexity)")]
    items: Vec<FirstSeen>,
    /// What they were compared with.
    compared_with: ComparedWith,
    /// What every answer carries.
    #[graphql(flatten)]
    carried: Carried,
}

/// What a first is compared with: every claim received by T that the log has by K, whatever window
/// is shown.
#[derive(SimpleObject)]
pub(crate) struct ComparedWith {
    /// The first position.
    from: Position,
    /// The last position: K.
    to: Position,
    /// When the first position was recorded.
    recorded_from: DateTime,
    /// When the last position was recorded.
    recorded_to: DateTime,
    /// When the first claim that shows any such value was received; null: there is none.
    since: Option<DateTime>,
    /// How many such values there are in all, in the window or not.
    values: usize,
    /// The window shown: from, inclusive; null: from the beginning.
    window_from: Option<DateTime>,
    /// The window shown: to, exclusive; null: open.
    window_to: Option<DateTime>,
}

impl From<&answer::FirstSeenAnswer> for ComparedWith {
    fn from(answer: &answer::FirstSeenAnswer) -> Self {
        let compared = &answer.compared;
        Self {
            from: compared.from.into(),
            to: compared.to.into(),
            recorded_from: compared.recorded_from.into(),
            recorded_to: compared.recorded_to.into(),
            since: compared.since.map(DateTime),
            values: compared.values,
            window_from: answer.window.from.map(DateTime),
            window_to: answer.window.to.map(DateTime),
        }
    }
}

/// A value that appeared for the first time.
#[derive(SimpleObject)]
pub(crate) struct FirstSeen {
    /// The issuer; null for a set, which is of no issuer.
    issuer: Option<ID>,
    /// The key.
    key: Option<ID>,
    /// The set, bytewise; empty: sent without any value; null: no set was asked for.
    amr: Option<Vec<String>>,
    /// When it appeared, at the earliest, in the window that was asked: what may have appeared
    /// before it has the start of the window.
    at: DateTime,
    /// Between which instants it appeared; no `to`: no claim certainly shows it.
    bounds: Bounds,
    /// The session of that claim.
    session: ID,
    /// The user of the session, as a pseudonym.
    subject: Option<ID>,
    /// Whether any value of that claim counts by record; null: what it carried was not seen.
    honored: Option<bool>,
    /// Whether any value of that claim counts by the rules.
    by_rules: bool,
    /// Why that claim, or a value of it, does not count by the rules: codes.
    reasons: Vec<&'static str>,
    /// The record of that claim.
    record: RecordRef,
    /// Whether it certainly appeared in the window. A claim that names no key makes keys possible.
    certainty: Certainty,
}

impl From<&first_seen::FirstSeen> for FirstSeen {
    fn from(first: &first_seen::FirstSeen) -> Self {
        let (issuer, key, amr) = match &first.shown {
            Shown::Issuer(idp) => (Some(idp), None, None),
            Shown::Key(idp, key) => (Some(idp), Some(key), None),
            Shown::AmrSet(set) => (None, None, Some(set.iter().cloned().collect())),
        };
        let claim = &first.claim;
        Self {
            issuer: issuer.map(|idp| ID(idp.to_string())),
            key: key.map(|key| ID(key.to_string())),
            amr,
            at: first.at.into(),
            bounds: first.bounds.into(),
            session: ID(claim.session.to_string()),
            subject: claim.subject.as_ref().map(|subject| ID(subject.to_string())),
            honored: claim.honored,
            by_rules: claim.by_rules,
            reasons: claim.reasons.clone(),
            record: (&claim.record).into(),
            certainty: first.certainty.into(),
        }
    }
}

/// First seen.
#[derive(Default)]
pub(crate) struct FirstSeenQuestion;

#[Object]
impl FirstSeenQuestion {
    /// Issuers, keys or sets of `amr` values that claims showed for the first time in a window.
    async fn first_seen(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to look for.")] kind: FirstSeenKind,
        #[graphql(desc = "Start of the window, inclusive; absent: from the beginning.")]
        from: Option<DateTime>,
        #[graphql(desc = "End of the window, exclusive; absent: open.")] to: Option<DateTime>,
        #[graphql(desc = "T and K; absent: now, and the head of the log.")] asking: Option<Asking>,
    ) -> Result<FirstSeenList> {
        let asker = ctx.data::<Asker>()?;
        let window = Window { from: from.map(|time| time.0), to: to.map(|time| time.0) };
        let asking = Asking::into_app(asking, asker);
        let answer = asker.app.first_seen(&asker.caller, kind.into(), window, &asking).await?;
        let items = answer.value.items.iter().map(FirstSeen::from).collect();
        Ok(FirstSeenList {
            items,
            compared_with: (&answer.value).into(),
            carried: carried(&answer),
        })
    }
}
