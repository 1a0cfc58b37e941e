//! Policies that, as rehearsed, could be met only through IdPs that gave nothing of the kind.
//!
//! A rule is looked at while its version is in force inside the window, an IdP from which the
//! change takes is trusted, and local authenticators alone cannot meet it; of a version that is
//! supposed, each rule. What any IdP that is left asserted in the window is tried against it,
//! together with the local authenticators; one claim that does is enough.

use super::{Rehearsal, TrustChange};
use crate::{
    assess::{
        self,
        challenge::{Local, local_authenticators, with_local},
        claims::Tri,
        decision::is_active,
        requirement::Candidate,
        trust_at_receipt::{IdpState, is_shared},
    },
    codes,
    history::{HistoryCut, Stated, settings::org_or_default},
    model::{Cut, Known, RecordRef},
    words,
};
use claimledger_facts::{
    ids::{IdpId, PolicyId, VersionLabel},
    time::{Occurred, Time},
    types::policy::{PolicyConfigured, Rule},
    vocabulary::{Access, PolicyKind, Status},
};
use std::collections::{BTreeMap, BTreeSet};

/// A policy that could no longer be met as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnmetPolicy {
    /// The policy.
    pub policy: PolicyId,
    /// The version.
    pub version: VersionLabel,
    /// The rule.
    pub rule: claimledger_facts::ids::RuleId,
    /// The record of the version; none: it is supposed.
    pub record: Option<RecordRef>,
    /// The only IdPs through which it could still be met; none: nobody could meet it.
    pub through: Vec<IdpId>,
    /// What they asserted nothing of: a code.
    pub lacking: &'static str,
    /// In a sentence.
    pub sentence: String,
}

/// The policies of a rehearsal, to be tried with one session after another.
#[derive(Debug)]
pub struct UnmetPolicies<'a> {
    rehearsal: &'a Rehearsal<'a>,
    cut: Cut,
    open: Vec<Open<'a>>,
}

#[derive(Debug)]
struct Open<'a> {
    policy: &'a PolicyId,
    version: &'a VersionLabel,
    record: Option<&'a RecordRef>,
    rule: &'a Rule,
    from: Time,
    to: Time,
    /// Users can still sign in through an IdP.
    federation: bool,
    local: Vec<Local<'a>>,
    through: BTreeSet<IdpId>,
    /// What is unmet with what an IdP asserted, where that is least.
    least: BTreeMap<IdpId, Vec<&'static str>>,
    /// What is unmet with local authenticators alone.
    alone: Vec<&'static str>,
}

impl<'a> UnmetPolicies<'a> {
    /// The policies that may come to be unmet between two times.
    #[must_use]
    pub fn new(rehearsal: &'a Rehearsal<'a>, from: Time, to: Time, cut: Cut) -> Self {
        let history = rehearsal.history.at(cut.known_at);
        let from = from.max(rehearsal.change.from());
        let mut open = Vec::new();
        for (policy, version, (began, next)) in rehearsal.versions(history) {
            let (from, to) = (from.max(began), to.min(next));
            let active = matches!(version.data.status, None | Some(Status::Active));
            if from < to && active && version.data.kind == PolicyKind::AppSignIn {
                rehearsal.open_rules(history, policy, version, (from, to), &mut open);
            }
        }
        Self { rehearsal, cut, open }
    }

    /// Tries what a session's other claims would have met.
    pub fn try_session(&mut self, facts: &[Known]) {
        if self.open.is_empty() {
            return;
        }
        let history = self.rehearsal.history.at(self.cut.known_at);
        let Some(trace) = assess::trace(facts, &self.rehearsal.changed, self.cut) else { return };
        for (index, claim) in trace.claims.iter().enumerate() {
            let received = claim.seen.occurred();
            // A claim that names no key implies what it did (`semantics.md` 42).
            let is_unnamed = self.rehearsal.change.is_of_unnamed_key(claim.data);
            let is_hit = self.rehearsal.change.hits(history, claim.data, received).is_some();
            if is_hit && !is_unnamed {
                continue;
            }
            let counted =
                trace.factors.iter().enumerate().filter(|(_, factor)| {
                    factor.claim == Some(index) && factor.by_rules != Tri::No
                });
            let candidates: Vec<Candidate> =
                counted.map(|(at, factor)| Candidate::of_factor(at, factor)).collect();
            self.open.retain_mut(|open| {
                if !(open.through.contains(&claim.data.idp) || is_hit)
                    || received.from < open.from
                    || received.latest() >= open.to
                {
                    return true;
                }
                let reading =
                    with_local(open.rule, candidates.iter(), open.federation, open.local.iter());
                let least =
                    open.least.entry(claim.data.idp.clone()).or_insert_with(|| open.alone.clone());
                if reading.best.unmet.len() < least.len() {
                    *least = reading.best.unmet;
                }
                !reading.met
            });
        }
    }

    /// Those that no claim met.
    #[must_use]
    pub fn unmet(self) -> Vec<UnmetPolicy> {
        let by_key = self.rehearsal.change.retracts_key();
        let idp = self.rehearsal.change.idp();
        let left = if idp.is_some() { "other" } else { "such" };
        let unmet = self.open.into_iter().map(|open| {
            let lacks = open.least.values().min_by_key(|unmet| unmet.len()).unwrap_or(&open.alone);
            // The characteristic says most: it stands last.
            let lacking = lacks.last().copied().unwrap_or(codes::NOT_ENOUGH_FACTORS);
            let through: Vec<IdpId> = open.through.into_iter().collect();
            let names: Vec<String> = through
                .iter()
                .map(|other| {
                    if by_key && Some(other) == idp {
                        format!("{other} by another key")
                    } else {
                        other.to_string()
                    }
                })
                .collect();
            let says = format!("{} {} can then be met", open.policy, open.version);
            let sentence = match names.as_slice() {
                [] => format!("{says} by nobody: no {left} IdP is trusted in the window."),
                some => format!(
                    "{says} only through {}, which asserted {} in the window.",
                    words::list(some),
                    codes::difference_words(lacking)
                ),
            };
            let (policy, version) = (open.policy.clone(), open.version.clone());
            UnmetPolicy {
                policy,
                version,
                rule: open.rule.rule.clone(),
                record: open.record.cloned(),
                through,
                lacking,
                sentence,
            }
        });
        unmet.collect()
    }
}

impl<'a> Rehearsal<'a> {
    /// The versions of policies that are looked at, each with its policy, and from when until when
    /// it is in force.
    fn versions(
        &'a self,
        history: HistoryCut<'a>,
    ) -> Vec<(&'a PolicyId, &'a Stated<PolicyConfigured>, (Time, Time))> {
        if let TrustChange::Policy { from, to, .. } = &self.change {
            let supposed = self.policy.iter();
            return supposed.map(|version| (&version.data.policy, version, (*from, *to))).collect();
        }
        if !self.change.takes() {
            return Vec::new();
        }
        let mut all = Vec::new();
        for policy in history.policies().ids() {
            let versions: Vec<_> = history.policies().versions(policy).collect();
            for (at, version) in versions.iter().enumerate() {
                let next = versions.get(at + 1).map_or(Time::MAX, |next| next.occurred.from);
                all.push((policy, *version, (version.occurred.from, next)));
            }
        }
        all
    }

    /// Adds the rules of a version that local authenticators alone cannot meet.
    fn open_rules(
        &'a self,
        history: HistoryCut<'a>,
        policy: &'a PolicyId,
        version: &'a Stated<PolicyConfigured>,
        (from, to): (Time, Time),
        open: &mut Vec<Open<'a>>,
    ) {
        let takes_from = |idp: &&IdpId| {
            self.change.takes_from(history, idp, Occurred::at(from))
                && trusted(history, idp, from, to)
        };
        if self.policy.is_none() && !history.trust().idps().any(|idp| takes_from(&idp)) {
            return;
        }
        let local = local_authenticators(history, Occurred::at(from));
        let through = self.left(history, from, to);
        // Trust off leaves the sign-in itself, and so does a retraction that through others.
        let federation = !matches!(&self.change,
            TrustChange::Idp { idp, setting, .. } if setting.ends_sign_in()
                && !another_is_active(history, idp, Occurred::at(from)));
        let read = |rule: &&Rule| {
            rule.access == Access::Allow && is_active(rule) && rule.other_verification.is_none()
        };
        for rule in version.data.rules.iter().filter(read) {
            let alone = with_local(rule, [].iter(), federation, local.iter());
            if alone.met {
                continue;
            }
            open.push(Open {
                policy,
                version: &version.data.version,
                record: self.policy.is_none().then_some(&version.record),
                rule,
                from,
                to,
                federation,
                local: local.clone(),
                through: through.clone(),
                least: BTreeMap::new(),
                alone: alone.best.unmet,
            });
        }
    }

    /// The IdPs through which something could still be met; where a key is retracted also the IdP
    /// itself, by another.
    fn left(&self, history: HistoryCut<'_>, from: Time, to: Time) -> BTreeSet<IdpId> {
        let other_key = match &self.change {
            TrustChange::Retraction(retraction) => retraction.key.as_ref().is_some_and(|key| {
                history.trust().key_changes(&retraction.idp).any(|change| {
                    change.data.added && change.data.key != *key && change.occurred.from < to
                })
            }),
            _ => false,
        };
        let taken = |idp| self.change.takes_from(history, idp, Occurred::at(from));
        let possible = history.trust().idps().filter(|idp| !taken(idp) || other_key);
        possible.filter(|idp| trusted(history, idp, from, to)).cloned().collect()
    }
}

/// Whether another IdP is active at a time.
fn another_is_active(history: HistoryCut<'_>, idp: &IdpId, when: Occurred) -> bool {
    history.trust().idps().filter(|other| *other != idp).any(|other| {
        let mut options = history.trust().idp(other, when).options.into_iter().flatten();
        options.any(|version| version.data.status == Status::Active)
    })
}

/// Whether an IdP's claims are trusted at some time of an interval.
fn trusted(history: HistoryCut<'_>, idp: &IdpId, from: Time, to: Time) -> bool {
    let versions: Vec<_> = history.trust().idp_versions(idp).collect();
    versions.iter().enumerate().any(|(at, version)| {
        let next = versions.get(at + 1).map_or(Time::MAX, |next| next.occurred.from);
        let in_force = version.occurred.from.max(from);
        let org = history.settings().org(Occurred::at(in_force)).options.first().copied().flatten();
        in_force < to.min(next) && is_shared(IdpState::of(&version.data), org_or_default(org))
    })
}
