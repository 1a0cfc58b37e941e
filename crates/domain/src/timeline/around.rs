//! What was said around a session: configuration, falsifiers, and silences of its sources.

use super::{Category, Material, Row, Rows, Window};
use crate::{
    changes::{
        ChangeKind, ConfigChange, authenticator_changes, feature_changes, is_late, policy_changes,
        trust_changes,
    },
    completeness::concluded_gaps,
    explain::word,
    model::Certainty,
    words,
};
use claimledger_facts::{
    fact::FactData,
    ids::{IdpId, KeyId, LogPosition, PolicyId, SourceId},
    time::{Occurred, Time},
    vocabulary::PolicyKind,
};
use std::collections::{BTreeMap, BTreeSet};

/// Adds it.
pub(super) fn add(
    rows: &mut Rows<'_>,
    material: &Material<'_>,
    window: Window,
    sources: &BTreeSet<SourceId>,
) {
    let relied = Relied::on(material, rows.cut.known_at, rows.cut.at);
    let mut lasting: Vec<ConfigChange> = Vec::new();
    for idp in &relied.idps {
        for change in trust_changes(material.history, rows.cut, Some(idp)).changes {
            match change.kind {
                ChangeKind::KeyAdded | ChangeKind::KeyRetired => {
                    rows.add_key(change, &relied, idp, window)
                }
                ChangeKind::Retraction => rows.add_retraction(change, &relied, idp),
                ChangeKind::Idp
                | ChangeKind::RoutingRule
                | ChangeKind::Org
                | ChangeKind::ClaimSourcing
                | ChangeKind::Policy
                | ChangeKind::Authenticator => lasting.push(change),
            }
        }
    }
    for policy in relied.policies(rows, material) {
        lasting.extend(policy_changes(material.history, rows.cut, Some(&policy)).changes);
    }
    lasting.extend(feature_changes(material.history, rows.cut));
    lasting.extend(authenticator_changes(material.history, rows.cut));
    rows.add_lasting(lasting, window);
    rows.add_losses(material);
    rows.add_ends_of_all(material, window);
    rows.add_silences(material, window, sources);
}

/// What the session's claims and decisions name.
struct Relied {
    idps: BTreeSet<IdpId>,
    keys: BTreeSet<(IdpId, KeyId)>,
    /// IdPs with a claim that names no key: it may have been signed by any.
    keyless: BTreeSet<IdpId>,
    policies: BTreeSet<PolicyId>,
}

impl Relied {
    fn on(material: &Material<'_>, known_at: LogPosition, at: Time) -> Self {
        let (mut keys, mut keyless, mut policies) =
            (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let mut idps: BTreeSet<IdpId> = material.state.origin.idp.iter().cloned().collect();
        for known in material
            .facts
            .iter()
            .filter(|k| k.record.position <= known_at && k.fact.occurred.from <= at)
        {
            if let FactData::ClaimsReceived(claim) = &known.fact.data {
                idps.insert(claim.idp.clone());
                match &claim.key {
                    Some(key) => keys.insert((claim.idp.clone(), key.clone())),
                    None => keyless.insert(claim.idp.clone()),
                };
            } else if let FactData::PolicyDecided(decision) = &known.fact.data {
                policies.insert(decision.policy.clone());
            }
        }
        Self { idps, keys, keyless, policies }
    }

    /// Whether a key signed one of its claims; none: it did not.
    fn key(&self, idp: &IdpId, key: &str) -> Option<Certainty> {
        if self.keys.iter().any(|(of, named)| of == idp && named.as_str() == key) {
            Some(Certainty::Certain)
        } else if self.keyless.contains(idp) {
            Some(Certainty::Possible)
        } else {
            None
        }
    }

    /// The policies of its decisions, and those that limit every session.
    fn policies(&self, rows: &Rows<'_>, material: &Material<'_>) -> BTreeSet<PolicyId> {
        let history = rows.history(material);
        let of_all = |policy: &&PolicyId| {
            history
                .policies()
                .versions(policy)
                .any(|version| version.data.kind == PolicyKind::GlobalSession)
        };
        self.policies
            .iter()
            .map(|policy| history.policies().meant(policy).clone())
            .chain(history.policies().ids().filter(of_all).cloned())
            .collect()
    }
}

impl Rows<'_> {
    fn add_change(&mut self, change: ConfigChange, category: Category, certainty: Certainty) {
        self.add(Row {
            category,
            words: format!(
                "{}{}",
                change.words,
                words::by(change.actor.as_ref(), change.ticket.as_ref())
            ),
            occurred: change.occurred,
            effective_from: change.effective_from,
            late: change.late,
            certainty,
            variant: change.variant,
            record: change.record,
        });
    }

    fn add_key(&mut self, change: ConfigChange, relied: &Relied, idp: &IdpId, window: Window) {
        let signed = change.name.as_deref().and_then(|key| relied.key(idp, key));
        if let Some(certainty) = signed.filter(|_| change.occurred.from <= window.until) {
            self.add_change(change, Category::Key, certainty);
        }
    }

    /// A retraction of a key that signed nothing here says nothing of the session.
    fn add_retraction(&mut self, change: ConfigChange, relied: &Relied, idp: &IdpId) {
        let hit = match &change.name {
            None => Some(Certainty::Certain),
            Some(key) => relied.key(idp, key),
        };
        if let Some(certainty) = hit {
            self.add_change(change, Category::Falsifier, certainty);
        }
    }

    /// Of each thing the versions that were, or may have been, in force while the session lasted.
    fn add_lasting(&mut self, changes: Vec<ConfigChange>, window: Window) {
        let mut things: BTreeMap<(ChangeKind, String), Vec<ConfigChange>> = BTreeMap::new();
        for change in changes {
            things.entry((change.kind, change.of.clone())).or_default().push(change);
        }
        for versions in things.into_values() {
            let replaced: Vec<Option<Time>> = (1..=versions.len())
                .map(|next| versions.get(next).map(|next| next.occurred.latest()))
                .collect();
            for (change, replaced) in versions.into_iter().zip(replaced) {
                if change.occurred.from > window.until
                    || replaced.is_some_and(|at| at <= window.from)
                {
                    continue;
                }
                let category = match change.kind {
                    ChangeKind::Policy => Category::Policy,
                    ChangeKind::Org | ChangeKind::ClaimSourcing | ChangeKind::Authenticator => {
                        Category::Organisation
                    }
                    ChangeKind::Idp
                    | ChangeKind::RoutingRule
                    | ChangeKind::KeyAdded
                    | ChangeKind::KeyRetired
                    | ChangeKind::Retraction => Category::Trust,
                };
                self.add_change(change, category, Certainty::Certain);
            }
        }
    }

    fn add_losses(&mut self, material: &Material<'_>) {
        let Some(subject) = &material.state.origin.subject else { return };
        for loss in self.history(material).people().losses(subject) {
            let from = loss.data.from.unwrap_or(loss.occurred.from);
            let by = words::by(loss.data.actor.as_ref(), None);
            self.add(Row {
                category: Category::Falsifier,
                words: format!(
                    "{} lost, from {}{by}",
                    word::lost(loss),
                    words::clock(from, loss.occurred.from)
                ),
                occurred: loss.occurred,
                effective_from: Some(from),
                late: is_late(loss.record.recorded_at, from.min(loss.occurred.latest())),
                certainty: Certainty::Certain,
                variant: loss.is_variant(self.cut.known_at),
                record: loss.record.clone(),
            });
        }
    }

    /// Ends of all sessions of its subject, while it lasted.
    fn add_ends_of_all(&mut self, material: &Material<'_>, window: Window) {
        let Some(subject) = &material.state.origin.subject else { return };
        let meets = |ended: Occurred| ended.from <= window.until && ended.latest() > window.from;
        for ended in self
            .history(material)
            .people()
            .sessions_ended(subject)
            .filter(|ended| meets(ended.occurred))
        {
            let is_end = material
                .state
                .life
                .end
                .record
                .as_ref()
                .is_some_and(|record| record.id == ended.record.id);
            let by = words::by(ended.data.actor.as_ref(), ended.data.ticket.as_ref());
            self.add(Row {
                category: Category::Session,
                words: format!(
                    "all sessions of the person ended: {}{by}",
                    words::plain(ended.data.reason.as_str())
                ),
                occurred: ended.occurred,
                effective_from: None,
                late: is_late(ended.record.recorded_at, ended.occurred.latest()),
                certainty: if is_end { Certainty::Certain } else { Certainty::Possible },
                variant: ended.is_variant(self.cut.known_at),
                record: ended.record.clone(),
            });
        }
    }

    /// What may be missing of the session: silences of its sources while it lasted, what filled
    /// them, and when what sends their events did not. They count once known.
    fn add_silences(
        &mut self,
        material: &Material<'_>,
        window: Window,
        sources: &BTreeSet<SourceId>,
    ) {
        let history = self.history(material);
        let touches = |from: Time, until: Time| from <= window.until && until > window.from;
        let span = |from: Time, until: Time| {
            format!("{} to {}", words::clock(from, window.from), words::clock(until, from))
        };
        let silent = history.sources().silent().map(|s| {
            (
                &s.record,
                s.occurred,
                s.data.from,
                s.data.until,
                "silent",
                s.is_variant(self.cut.known_at),
            )
        });
        let filled = history.sources().backfilled().map(|s| {
            (
                &s.record,
                s.occurred,
                s.data.from,
                s.data.until,
                "back-filled",
                s.is_variant(self.cut.known_at),
            )
        });
        let all: Vec<_> = silent
            .chain(filled)
            .filter(|(record, _, from, until, _, _)| {
                sources.contains(&record.source) && touches(*from, *until)
            })
            .collect();
        for (record, occurred, from, until, what, variant) in all {
            self.add(Row {
                category: Category::Source,
                words: format!("{} {what} {}", record.source, span(from, until)),
                occurred,
                effective_from: None,
                late: is_late(record.recorded_at, occurred.latest()),
                certainty: Certainty::Certain,
                variant,
                record: record.clone(),
            });
        }
        for (record, gap) in concluded_gaps(history) {
            let is_missed = touches(gap.from, gap.until.unwrap_or(Time::MAX));
            if !sources.contains(&record.source) || !is_missed {
                continue;
            }
            let mut all = history.sources().deliveries();
            let stated = all.find(|stated| stated.record.id == record.id);
            self.add(Row {
                category: Category::Source,
                words: format!("{} {}", record.source, gap.span(window.from)),
                occurred: record.occurred,
                effective_from: None,
                late: is_late(record.recorded_at, record.occurred.latest()),
                certainty: Certainty::Certain,
                variant: stated.is_some_and(|stated| stated.is_variant(self.cut.known_at)),
                record: record.clone(),
            });
        }
    }
}
