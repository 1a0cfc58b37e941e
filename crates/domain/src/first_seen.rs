//! Which issuers, keys and sets of `amr` values appeared for the first time (`semantics.md` 27),
//! compared with everything known.
//!
//! Only `claims.received` is counted. Keys are of an issuer; sets ignore order, repeats and issuer.
//! Whatever the window, a value is compared with every claim received by T: a window narrows what
//! is shown, never what it is compared with.

use crate::{
    claims_seen::ClaimSeen,
    model::{Bounds, Certainty},
};
use claimledger_facts::{
    ids::{IdpId, KeyId},
    time::Time,
};
use std::collections::BTreeSet;

/// What can appear for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FirstSeenKind {
    /// An issuer: an IdP.
    Issuer,
    /// A key of an issuer.
    Key,
    /// A set of `amr` values.
    AmrSet,
}

impl FirstSeenKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Issuer, Self::Key, Self::AmrSet];

    /// Its word, as addresses name it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Issuer => "issuer",
            Self::Key => "key",
            Self::AmrSet => "amr_set",
        }
    }
}

/// A value that a claim shows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shown {
    /// An issuer.
    Issuer(IdpId),
    /// A key of an issuer.
    Key(IdpId, KeyId),
    /// A set of `amr` values; empty: sent without any.
    AmrSet(BTreeSet<String>),
}

impl Shown {
    /// Whether a claim shows it: certainly, possibly, or not. A claim that names no key may have
    /// been signed by any of its issuer (`semantics.md` 42).
    #[must_use]
    pub fn by(&self, claim: &ClaimSeen) -> Option<Certainty> {
        let certain = match self {
            Self::Issuer(idp) => claim.idp == *idp,
            Self::Key(idp, _) if claim.idp == *idp && claim.key.is_none() => {
                return Some(Certainty::Possible);
            }
            Self::Key(idp, key) => claim.idp == *idp && claim.key.as_ref() == Some(key),
            Self::AmrSet(set) => claim.amr.as_ref() == Some(set),
        };
        certain.then_some(claim.certainty)
    }
}

/// When a value appeared for the first time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstSeen {
    /// What appeared.
    pub shown: Shown,
    /// The first claim that shows it, in the total order; where none certainly does, the first that
    /// may.
    pub claim: ClaimSeen,
    /// When it appeared, at the earliest; of what may have appeared before the window, the start of
    /// the window.
    pub at: Time,
    /// Between which instants it appeared: alike, where that is exact; no `to` where no claim
    /// certainly shows it.
    pub bounds: Bounds,
    /// Whether it certainly appeared, and certainly in the window.
    pub certainty: Certainty,
}

/// A window `[from, to)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// Inclusive; none: from the beginning.
    pub from: Option<Time>,
    /// Exclusive; none: open.
    pub to: Option<Time>,
}

impl Window {
    /// Whether something that lies in these bounds lies in the window: certainly, possibly, or not
    /// (`semantics.md` 6).
    #[must_use]
    pub fn holds(self, bounds: Bounds) -> Option<Certainty> {
        let after =
            |time: Option<Time>| self.from.is_none_or(|from| time.is_none_or(|time| time >= from));
        let before =
            |time: Option<Time>| self.to.is_none_or(|to| time.is_some_and(|time| time < to));
        if !after(bounds.to) || !before(Some(bounds.from)) {
            None
        } else if after(Some(bounds.from)) && before(bounds.to) {
            Some(Certainty::Certain)
        } else {
            Some(Certainty::Possible)
        }
    }
}

/// The latest instant by which a value certainly had appeared, by these claims: what was received
/// after it is not the first. `None`: it did not.
#[must_use]
pub fn appeared_by<'a>(
    shown: &Shown,
    claims: impl IntoIterator<Item = &'a ClaimSeen>,
) -> Option<Time> {
    let certain = claims.into_iter().filter(|claim| shown.by(claim) == Some(Certainty::Certain));
    certain.map(|claim| claim.occurred.latest()).min()
}

/// When a value appeared, by claims that hold at least all of those received up to [`appeared_by`].
/// `None`: no claim shows it.
#[must_use]
pub fn first_seen(shown: &Shown, claims: &[ClaimSeen]) -> Option<FirstSeen> {
    let by = appeared_by(shown, claims);
    let mut showing: Vec<(&ClaimSeen, Certainty)> =
        claims.iter().filter_map(|claim| Some((claim, shown.by(claim)?))).collect();
    showing.sort_by_key(|(claim, _)| {
        (
            claim.occurred.from,
            claim.record.source.clone(),
            claim.record.source_id.clone(),
            claim.record.id,
        )
    });
    let (earliest, _) = *showing.first()?;
    let named = showing
        .iter()
        .find(|(_, certainty)| *certainty == Certainty::Certain)
        .map(|(claim, _)| *claim);
    // A claim that names no key matters only if it came before the first that does.
    let from = named
        .map_or(earliest.occurred.from, |named| named.occurred.from.min(earliest.occurred.from));
    let unnamed_before = named.is_none_or(|named| from < named.occurred.from);
    Some(FirstSeen {
        shown: shown.clone(),
        claim: named.unwrap_or(earliest).clone(),
        at: from,
        bounds: Bounds { from, to: by },
        certainty: if unnamed_before { Certainty::Possible } else { Certainty::Certain },
    })
}

/// Those in a window, in the order they appeared; what is only possibly in it is possible.
#[must_use]
pub fn in_window(all: Vec<FirstSeen>, window: Window) -> Vec<FirstSeen> {
    let mut shown: Vec<FirstSeen> = all
        .into_iter()
        .filter_map(|first| {
            let certainty = window.holds(first.bounds)?.max(first.certainty);
            let at = window.from.map_or(first.at, |from| first.at.max(from));
            Some(FirstSeen { at, certainty, ..first })
        })
        .collect();
    shown.sort_by(|a, b| {
        (a.bounds.from, &a.claim.record.source_id, &a.shown).cmp(&(
            b.bounds.from,
            &b.claim.record.source_id,
            &b.shown,
        ))
    });
    shown
}
