//! Issuers, keys and `amr` sets that appeared for the first time.

use super::{View, candidates::Candidates};
use crate::{
    app::App,
    model::{
        answer::{Answer, Compared, FirstSeenAnswer, FirstSeenCounts},
        query::Query,
        question::{AskError, Asking, Caller},
        terms::{amr_set_of, term},
    },
};
use claimledger_domain::{
    claims_seen::{ClaimSeen, SessionSeen},
    first_seen::{FirstSeen, FirstSeenKind, Shown, Window, appeared_by, first_seen, in_window},
    model::Certainty,
};
use claimledger_facts::{ids::LogPosition, time::Time};
use claimledger_ledger::views::{Carried, Term, TermKind};
use std::collections::BTreeMap;

impl App {
    /// Values that appeared in a window for the first time, compared with every claim received by T
    /// and known at K.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn first_seen(
        &self,
        caller: &Caller,
        kind: FirstSeenKind,
        window: Window,
        asking: &Asking,
    ) -> Result<Answer<FirstSeenAnswer>, AskError> {
        let view = self.ask(caller, Query::FirstSeen, asking).await?;
        let all = found(&view, &mut Candidates::new(&view), kind, None).await?;
        let compared = Compared {
            from: LogPosition(0),
            to: view.cut.known_at,
            recorded_from: self.0.recorded_at(&view.tenant, LogPosition(0)).await?,
            recorded_to: view.pinned.recorded_at,
            since: all.iter().map(|first| first.bounds.from).min(),
            values: all.len(),
        };
        let items = in_window(all, window);
        view.answer(FirstSeenAnswer { items, compared, window }).await
    }

    /// How many values of each kind [`Self::first_seen`] lists in a window. When a value appeared
    /// is not found out where it certainly did before the window, so fewer sessions are evaluated.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn first_seen_counts(
        &self,
        caller: &Caller,
        window: Window,
        asking: &Asking,
    ) -> Result<Answer<FirstSeenCounts>, AskError> {
        let view = self.ask(caller, Query::FirstSeen, asking).await?;
        let mut candidates = Candidates::new(&view);
        let mut counts = FirstSeenCounts::default();
        for (kind, count) in FirstSeenKind::ALL.into_iter().zip(&mut counts.0) {
            match found(&view, &mut candidates, kind, window.from).await {
                Ok(all) => *count = Some(in_window(all, window).len()),
                Err(AskError::TooMany { .. }) => {}
                Err(other) => return Err(other),
            }
        }
        view.answer(counts).await
    }
}

/// Every value of a kind, with its first claim. Of a value that certainly appeared before `dated`
/// any such claim is taken, which is not in a window from then on either.
async fn found(
    view: &View<'_>,
    candidates: &mut Candidates<'_>,
    kind: FirstSeenKind,
    dated: Option<Time>,
) -> Result<Vec<FirstSeen>, AskError> {
    let mut all = Vec::new();
    for (shown, terms) in values(view, candidates, kind).await? {
        let mut claims = Vec::new();
        let is_before = |claims: &[ClaimSeen]| {
            appeared_by(&shown, claims).zip(dated).is_some_and(|(by, dated)| by < dated)
        };
        for (term, shows) in &terms {
            let each = |session: &SessionSeen| {
                let late = add(&shown, *shows, session, &mut claims);
                if is_before(&claims) { Some(Time::MIN) } else { late }
            };
            candidates.until(term, each).await?;
            if is_before(&claims) {
                break;
            }
        }
        all.extend(first_seen(&shown, &claims));
    }
    Ok(all)
}

/// Adds the distinct claims of a session that have a value, and returns the time from which no
/// claim can be the first any more.
fn add(
    shown: &Shown,
    shows: Certainty,
    session: &SessionSeen,
    claims: &mut Vec<ClaimSeen>,
) -> Option<Time> {
    for claim in session.claims.iter().filter(|claim| shown.by(claim).is_some()) {
        if !claims.contains(claim) {
            claims.push(claim.clone());
        }
    }
    match shows {
        Certainty::Certain => appeared_by(shown, claims.iter()),
        // Of claims that possibly have the value, only the first matters.
        Certainty::Possible => claims.iter().map(|claim| claim.occurred.from).min(),
    }
}

/// Every value that a claim may have, with the terms of the claims that certainly or possibly have
/// it.
async fn values(
    view: &View<'_>,
    candidates: &Candidates<'_>,
    kind: FirstSeenKind,
) -> Result<Vec<(Shown, Vec<(Term, Certainty)>)>, AskError> {
    if kind == FirstSeenKind::AmrSet {
        let sets = candidates.values(TermKind::Amr, Carried::Once).await?;
        let shown = |value: String| {
            Some((
                Shown::AmrSet(amr_set_of(&value)?),
                vec![(term(TermKind::Amr, value), Certainty::Certain)],
            ))
        };
        return Ok(sets.into_iter().filter_map(shown).collect());
    }
    let mut keys: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (idp, key, term) in candidates.keys().await? {
        keys.entry(idp).or_default().push((key, term));
    }
    let mut values = Vec::new();
    for (idp, keys) in keys {
        match kind {
            FirstSeenKind::Issuer => values.push((
                Shown::Issuer(idp),
                keys.into_iter().map(|(_, term)| (term, Certainty::Certain)).collect(),
            )),
            FirstSeenKind::Key | FirstSeenKind::AmrSet => {
                let (named, unnamed): (Vec<_>, Vec<_>) =
                    keys.into_iter().partition(|(key, _)| !key.as_str().is_empty());
                // A claim that names no key may have been signed by any key known at K
                // (`semantics.md` 42), and by no other.
                let history = view.history.at(view.cut.known_at);
                for (key, term) in named {
                    let is_known = history.trust().names_key(&idp, &key);
                    let may = unnamed
                        .iter()
                        .filter(|_| is_known)
                        .map(|(_, term)| (term.clone(), Certainty::Possible));
                    let terms = std::iter::once((term, Certainty::Certain)).chain(may).collect();
                    values.push((Shown::Key(idp.clone(), key), terms));
                }
            }
        }
    }
    Ok(values)
}
