//! Versions of IdPs, their keys, retractions of trust in them, and the rules that route users to
//! them.

use super::{
    ChangeKind, ConfigChange, Diff, FieldChange, Span, change, diff, is_late, name, shift,
    snapshots, sort, step,
};
use crate::{
    history::{History, HistoryCut, KeyChange, Stated},
    model::{Certainty, Cut, RecordRef},
    words,
};
use claimledger_facts::{
    fact::FactData,
    ids::{ActorId, IdpId, KeyId, RuleId, TicketId, VersionLabel},
    time::Occurred,
    types::{
        claims::ClaimSourcingConfigured,
        idp::{IdpConfigured, RoutingRuleConfigured},
        org::OrgConfigured,
        trust::TrustRetracted,
    },
    vocabulary::ObjectKind,
};
use std::collections::BTreeSet;

/// What was trusted, and who changed it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustChanges {
    /// Every change, in the total order.
    pub changes: Vec<ConfigChange>,
    /// Every version, IdP by IdP, each in the total order.
    pub versions: Vec<TrustVersion>,
    /// Every key, IdP by IdP, each in the order they were added.
    pub keys: Vec<KeySpan>,
    /// Every retraction, in the total order. They count for every T once known (`semantics.md` 3).
    pub retractions: Vec<Retraction>,
    /// Every version of every routing rule, rule by rule.
    pub routing_rules: Vec<RoutingRule>,
}

impl TrustChanges {
    /// The retractions of an IdP as a whole.
    pub fn of_whole_idp(&self, idp: &IdpId) -> impl Iterator<Item = &Retraction> {
        self.retractions.iter().filter(move |of| of.data.idp == *idp && of.data.key.is_none())
    }

    /// The retractions that void what a key signed: of the key, or of its IdP as a whole.
    pub fn of_key(&self, idp: &IdpId, key: &KeyId) -> impl Iterator<Item = &Retraction> {
        let is_of = move |of: &&Retraction| {
            of.data.idp == *idp && of.data.key.as_ref().is_none_or(|of| of == key)
        };
        self.retractions.iter().filter(is_of)
    }
}

/// A version of an IdP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustVersion {
    /// The display name of the IdP, where one is known.
    pub idp_name: Option<String>,
    /// Whether it is in force at T; none: it is not.
    pub in_force: Option<Certainty>,
    /// When it held.
    pub span: Span,
    /// The label of the version before.
    pub replaces: Option<VersionLabel>,
    /// What it changed.
    pub diff: Diff,
    /// In a few words.
    pub gist: String,
    /// What it says.
    pub data: IdpConfigured,
    /// Whether the source said something else under the same id too.
    pub variant: bool,
    /// The record.
    pub record: RecordRef,
}

/// A key: added, and perhaps retired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySpan {
    /// The IdP.
    pub idp: IdpId,
    /// The key.
    pub key: KeyId,
    /// Whether it is valid at T, retractions aside; none: it is not.
    pub valid: Option<Certainty>,
    /// When it was valid; none: it was retired without having been added.
    pub span: Option<Span>,
    /// Who added it.
    pub added: Option<KeyAct>,
    /// Who retired it.
    pub retired: Option<KeyAct>,
}

/// Who added or retired a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyAct {
    /// Who.
    pub actor: Option<ActorId>,
    /// Under which ticket.
    pub ticket: Option<TicketId>,
    /// The record.
    pub record: RecordRef,
}

/// Trust was retracted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retraction {
    /// What it says. A reason that is no code is sealed, and reads
    /// [`claimledger_facts::vocabulary::FREE_TEXT`].
    pub data: TrustRetracted,
    /// When it was said.
    pub occurred: Occurred,
    /// Whether the source said something else under the same id too.
    pub variant: bool,
    /// The record.
    pub record: RecordRef,
}

impl Retraction {
    /// Whether it hits all that a retraction of the key, or without one of the whole IdP, would hit
    /// from the same time on.
    #[must_use]
    pub fn covers(&self, idp: &IdpId, key: Option<&KeyId>) -> bool {
        let is_of_it = self.data.key.as_ref().is_none_or(|own| Some(own) == key);
        self.data.idp == *idp && is_of_it
    }
}

/// A version of a routing rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoutingRule {
    /// Whether it is in force at T; none: it is not.
    pub in_force: Option<Certainty>,
    /// When it held.
    pub span: Span,
    /// What it changed.
    pub diff: Diff,
    /// What it says.
    pub data: RoutingRuleConfigured,
    /// Whether the source said something else under the same id too.
    pub variant: bool,
    /// The record.
    pub record: RecordRef,
}

/// What is known of one IdP, or of all, and then of the organisation's features and of claim
/// sourcing too.
#[must_use]
pub fn trust_changes(history: &History, cut: Cut, only: Option<&IdpId>) -> TrustChanges {
    let known = history.at(cut.known_at);
    let mut found = TrustChanges::default();
    for idp in known.trust().idps().filter(|idp| only.is_none_or(|only| only == *idp)) {
        found.versions(known, cut, idp);
        found.keys(known, cut, idp);
        found.retractions(known, cut, idp);
    }
    found.routing_rules(known, cut, only);
    if only.is_none() {
        found.changes.extend(feature_changes(history, cut));
    }
    found.retractions.sort_by(|a, b| {
        (a.occurred.from, &a.record.source, &a.record.source_id).cmp(&(
            b.occurred.from,
            &b.record.source,
            &b.record.source_id,
        ))
    });
    sort(&mut found.changes);
    name(&mut found.changes, known);
    found
}

impl TrustChanges {
    fn versions(&mut self, known: HistoryCut<'_>, cut: Cut, idp: &IdpId) {
        for (before, stated, span) in snapshots(known.trust().idp_versions(idp), cut) {
            let data = &stated.data;
            let replaces = before.map(|before| before.data.version.clone());
            let gist = words::trust_gist(data).to_owned();
            let called = words::idp(known, idp);
            let labels = step(replaces.as_ref().map(VersionLabel::as_str), data.version.as_str());
            let moved = shift(before.map(|before| words::trust_gist(&before.data)), &gist);
            let row = (
                idp.to_string(),
                Some(data.version.to_string()),
                format!("{called} {labels}{moved}"),
            );
            let diff = diff::diff(
                before.map(|before| FactData::IdpConfigured(before.data.clone())),
                FactData::IdpConfigured(data.clone()),
                &["idp"],
            );
            self.changes.push(change(
                stated,
                ChangeKind::Idp,
                cut,
                row,
                diff.clone(),
                (data.actor.as_ref(), data.ticket.as_ref()),
            ));
            self.versions.push(TrustVersion {
                idp_name: known.name_of(ObjectKind::Idp, data.idp.as_str()).map(str::to_owned),
                in_force: span.holds_at(cut.at),
                span,
                replaces,
                diff,
                gist,
                data: data.clone(),
                variant: stated.is_variant(cut.known_at),
                record: stated.record.clone(),
            });
        }
    }

    fn keys(&mut self, known: HistoryCut<'_>, cut: Cut, idp: &IdpId) {
        let mut open: Vec<KeySpan> = Vec::new();
        for stated in known.trust().key_changes(idp).filter(|stated| stated.occurred.from <= cut.at)
        {
            let key = &stated.data.key;
            let last = open.iter_mut().rev().find(|span| span.key == *key);
            let state = match &last {
                None => "never added",
                Some(span) if span.retired.is_some() => "retired",
                Some(_) => "valid",
            };
            let (kind, word, after) = if stated.data.added {
                (ChangeKind::KeyAdded, "added", "valid")
            } else {
                (ChangeKind::KeyRetired, "retired", "retired")
            };
            let row = (idp.to_string(), Some(key.to_string()), format!("{key} of {idp} {word}"));
            let by = (stated.data.actor.as_ref(), stated.data.ticket.as_ref());
            self.changes.push(change(stated, kind, cut, row, validity(state, after), by));
            match (stated.data.added, last) {
                (false, Some(span)) if span.retired.is_none() => {
                    span.span = span.span.map(|held| Span { until: Some(stated.occurred), ..held });
                    span.retired = Some(act(stated));
                }
                // Added again while it was valid: nothing changed but that it was said.
                (true, Some(span)) if span.retired.is_none() => {}
                (added, _) => open.push(KeySpan {
                    idp: idp.clone(),
                    key: key.clone(),
                    valid: None,
                    span: added.then_some(Span { from: stated.occurred, until: None }),
                    added: added.then(|| act(stated)),
                    retired: (!added).then(|| act(stated)),
                }),
            }
        }
        for span in &mut open {
            span.valid = span.span.and_then(|held| held.holds_at(cut.at));
        }
        self.keys.extend(open);
    }

    fn retractions(&mut self, known: HistoryCut<'_>, cut: Cut, idp: &IdpId) {
        for stated in known.trust().retractions(idp) {
            let data = &stated.data;
            let (what, name) = match &data.key {
                Some(key) => (format!("{key} of {idp}"), Some(key.to_string())),
                None => (idp.to_string(), None),
            };
            let before = match &data.key {
                Some(key) => validity_of(known, idp, key, stated.occurred),
                None => known
                    .trust()
                    .idp(idp, stated.occurred)
                    .options
                    .first()
                    .copied()
                    .flatten()
                    .map_or("nothing stated", |v| words::trust_gist(&v.data))
                    .to_owned(),
            };
            let from = words::clock(data.from, stated.occurred.from);
            let row = (
                idp.to_string(),
                name,
                format!("{what} retracted, for what was received from {from} on"),
            );
            let diff = validity(&before, &format!("void from {from}"));
            let row = change(
                stated,
                ChangeKind::Retraction,
                cut,
                row,
                diff,
                (data.actor.as_ref(), data.ticket.as_ref()),
            );
            self.changes.push(ConfigChange {
                effective_from: Some(data.from),
                late: is_late(stated.record.recorded_at, data.from.min(stated.occurred.from)),
                ..row
            });
            self.retractions.push(Retraction {
                data: data.clone(),
                occurred: stated.occurred,
                variant: stated.is_variant(cut.known_at),
                record: stated.record.clone(),
            });
        }
    }

    fn routing_rules(&mut self, known: HistoryCut<'_>, cut: Cut, only: Option<&IdpId>) {
        let rules: BTreeSet<&RuleId> =
            known.trust().routing_rules().map(|stated| &stated.data.rule).collect();
        for rule in rules {
            let versions = snapshots(
                known.trust().routing_rules().filter(|stated| stated.data.rule == *rule),
                cut,
            );
            for (before, stated, span) in versions {
                let data = &stated.data;
                let led = before.is_some_and(|before| only == Some(&before.data.idp));
                if only.is_some_and(|only| *only != data.idp) && !led {
                    continue;
                }
                let to = |data: &RoutingRuleConfigured| {
                    format!("to {}, {}", data.idp, data.status.as_str())
                };
                let words = format!(
                    "routing rule {rule}: {}",
                    step(before.map(|before| to(&before.data)).as_deref(), &to(data))
                );
                let diff = diff::diff(
                    before.map(|before| FactData::RoutingRuleConfigured(before.data.clone())),
                    FactData::RoutingRuleConfigured(data.clone()),
                    &["rule"],
                );
                let row = (rule.to_string(), None, words);
                self.changes.push(change(
                    stated,
                    ChangeKind::RoutingRule,
                    cut,
                    row,
                    diff.clone(),
                    (data.actor.as_ref(), None),
                ));
                self.routing_rules.push(RoutingRule {
                    in_force: span.holds_at(cut.at),
                    span,
                    diff,
                    data: data.clone(),
                    variant: stated.is_variant(cut.known_at),
                    record: stated.record.clone(),
                });
            }
        }
    }
}

/// What is known of the organisation's features and of claim sourcing. Without the features no
/// claim counts, whatever is trusted.
#[must_use]
pub fn feature_changes(history: &History, cut: Cut) -> Vec<ConfigChange> {
    let known = history.at(cut.known_at);
    let on = |on: bool| if on { "on" } else { "off" };
    let org = || "org".to_owned();
    let mut changes = Vec::new();
    for (before, stated, _) in snapshots(known.settings().org_versions(), cut) {
        let data = &stated.data;
        let third_party = on(data.third_party_claims_sharing);
        let words = format!(
            "the organisation: claims sharing {}, third-party claims sharing {third_party}",
            on(data.claims_sharing)
        );
        let of = |stated: &Stated<OrgConfigured>| FactData::OrgConfigured(stated.data.clone());
        let diff = diff::diff(before.map(of), of(stated), &[]);
        changes.push(change(
            stated,
            ChangeKind::Org,
            cut,
            (org(), None, words),
            diff,
            (None, None),
        ));
    }
    for (before, stated, _) in snapshots(known.settings().claim_sourcing_versions(), cut) {
        let of = |stated: &Stated<ClaimSourcingConfigured>| {
            FactData::ClaimSourcingConfigured(stated.data.clone())
        };
        let words = format!("claim sourcing: redirect {}", stated.data.redirect.as_str());
        let diff = diff::diff(before.map(of), of(stated), &[]);
        changes.push(change(
            stated,
            ChangeKind::ClaimSourcing,
            cut,
            (org(), None, words),
            diff,
            (None, None),
        ));
    }
    changes
}

fn act(stated: &Stated<KeyChange>) -> KeyAct {
    KeyAct {
        actor: stated.data.actor.clone(),
        ticket: stated.data.ticket.clone(),
        record: stated.record.clone(),
    }
}

fn validity(before: &str, after: &str) -> Diff {
    let unchanged = usize::from(before == after);
    let changes = if unchanged == 1 {
        Vec::new()
    } else {
        vec![FieldChange {
            field: "validity".to_owned(),
            before: Some(before.to_owned()),
            after: Some(after.to_owned()),
        }]
    };
    Diff { changes, unchanged }
}

/// What a key was when something was said of it: `valid`, `retired 13:30:00Z`, `never added`.
fn validity_of(known: HistoryCut<'_>, idp: &IdpId, key: &KeyId, when: Occurred) -> String {
    match known.trust().key(idp, key, when).options.first().copied().flatten() {
        None => "never added".to_owned(),
        Some(stated) if stated.data.added => "valid".to_owned(),
        Some(stated) => format!("retired {}", words::moment(stated.occurred, when.from)),
    }
}
