//! Under which version of its IdP a claim came, where an interval leaves several open: those that
//! trust it (`semantics.md` 6, 9).

use super::claims::{Claim, Tri, World};
use crate::{
    history::Stated,
    model::{CameUnder, Certainty},
};
use claimledger_facts::{ids::VersionLabel, types::idp::IdpConfigured};

/// The versions that a claim may have come under.
#[derive(Clone, Debug, Default)]
pub(crate) struct Under<'a> {
    /// Those that trust it, the latest first; where none does, all.
    pub(crate) versions: Vec<&'a Stated<IdpConfigured>>,
    /// How sure it is that it was trusted; none: it was not.
    trusted: Option<Certainty>,
    /// None of the versions trusts it, and a mixture of them may, or a state that no look saw.
    is_between: bool,
}

impl<'a> Under<'a> {
    pub(crate) fn of(claim: &Claim<'a>) -> Self {
        let trusted = match claim.trusted() {
            Tri::Yes => Some(Certainty::Certain),
            Tri::Maybe => Some(Certainty::Possible),
            Tri::No => None,
        };
        let whole = || claim.worlds.iter().filter(|world| world.is_whole());
        let trusting = once(whole().filter(|world| world.trusts()));
        if trusting.is_empty() {
            Self { versions: once(whole()), trusted, is_between: trusted.is_some() }
        } else {
            Self { versions: trusting, trusted, is_between: false }
        }
    }

    /// As an answer. None: nothing is stated of the IdP.
    pub(crate) fn told(&self) -> Option<CameUnder> {
        if self.versions.is_empty() {
            return None;
        }
        let stated = self.versions.iter().filter(|_| !self.is_between);
        let versions = labels(stated.map(|version| &version.data.version)).collect();
        Some(CameUnder { versions, trusted: self.trusted })
    }
}

/// The versions of worlds, each once.
fn once<'a: 'w, 'w>(worlds: impl Iterator<Item = &'w World<'a>>) -> Vec<&'a Stated<IdpConfigured>> {
    let mut versions: Vec<&'a Stated<IdpConfigured>> = Vec::new();
    for version in worlds.filter_map(|world| world.idp) {
        if !versions.iter().any(|one| one.record.id == version.record.id) {
            versions.push(version);
        }
    }
    versions
}

/// Each label once: two versions may have the same (`semantics.md` 17).
pub(crate) fn labels<'l>(
    labels: impl Iterator<Item = &'l VersionLabel>,
) -> impl Iterator<Item = VersionLabel> {
    let mut seen: Vec<&VersionLabel> = Vec::new();
    for label in labels {
        if !seen.contains(&label) {
            seen.push(label);
        }
    }
    seen.into_iter().cloned()
}
