//! What rested on a change of configuration, a retraction or a loss.
//!
//! Source: `semantics.md` 29. Trust version: sessions whose counted claims came under it. Key:
//! sessions whose counted claims it signed. Policy version: decisions. Retraction, retirement of a
//! key: sessions hit, whether or not their factors counted, since the sign-in itself rests on the
//! assertion (`semantics.md` 38). Loss: sessions in which it ended a running factor. By record
//! (`semantics.md` 8): what a rule says that should not have counted, counted where the service
//! provider let it. A version that was replaced still lists its own.

use crate::{
    assess::{self, Trace, claims::Tri, factors::AssessedFactor, retraction::retraction_hits},
    history::{History, HistoryCut, Stated},
    model::{Certainty, Cut, Known, Phase, RecordRef},
};
use claimledger_facts::{
    ids::{
        ActorId, AppId, IdpId, KeyId, LogPosition, PolicyId, Pseudonym, SessionId, TicketId,
        VersionLabel,
    },
    time::{Occurred, Time},
    types::trust::TrustRetracted,
    vocabulary::Outcome,
};

/// A change that an actor made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What changed.
    pub what: Changed,
    /// The record.
    pub record: RecordRef,
    /// When it occurred.
    pub occurred: Occurred,
    /// Who made it.
    pub actor: Option<ActorId>,
    /// Under which ticket.
    pub ticket: Option<TicketId>,
    /// When the next version of the same thing came in force, where that is by T.
    pub replaced: Option<Occurred>,
}

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// A version of the trust in an IdP.
    Trust(IdpId, VersionLabel),
    /// A key was added.
    KeyAdded(IdpId, KeyId),
    /// A key was retired.
    KeyRetired(IdpId, KeyId),
    /// A version of a policy.
    Policy(PolicyId, VersionLabel),
    /// A routing rule to an IdP: nothing is said to rest on it.
    RoutingRule(IdpId),
    /// Trust was retracted: in a key, or in a whole IdP.
    Retraction(TrustRetracted),
    /// A person's authenticator was lost, with effect from then on.
    Loss(Option<Pseudonym>, Occurred),
}

/// What of one session rests on a change, or is hit by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependant {
    /// The session, by the name it has at K.
    pub session: SessionId,
    /// Whose it is.
    pub subject: Option<Pseudonym>,
    /// Where it stands at T.
    pub phase: Phase,
    /// How sure the phase is (`semantics.md` 22).
    pub phase_certainty: Certainty,
    /// When it began.
    pub started_at: Time,
    /// How sure it is: the surest of what rests on it.
    pub certainty: Certainty,
    /// Factors by name, once each, in the order they began.
    pub factors: Vec<String>,
    /// The records that rest on it: claims or verifications, in the total order. Of a policy
    /// version: none.
    pub records: Vec<RecordRef>,
    /// The decisions under a policy version, in the total order. Of other changes: none.
    pub decisions: Vec<DependantDecision>,
}

/// A decision that was made under a policy version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DependantDecision {
    /// The decision.
    pub record: RecordRef,
    /// Its application.
    pub app: AppId,
    /// When.
    pub at: Occurred,
    /// What was recorded.
    pub outcome: Outcome,
    /// How sure it is that this version was in force.
    pub certainty: Certainty,
}

/// Every change by T, in the total order. A retraction or a loss counts once known, whatever T
/// (`semantics.md` 3).
#[must_use]
pub fn changes(history: HistoryCut<'_>, at: Time) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    for idp in history.trust().idps() {
        let versions: Vec<_> =
            history.trust().idp_versions(idp).filter(|v| v.occurred.from <= at).collect();
        for (n, version) in versions.iter().enumerate() {
            let (data, next) = (&version.data, versions.get(n + 1));
            let what = Changed::Trust(idp.clone(), data.version.clone());
            changes.push(change(
                version,
                what,
                &data.actor,
                &data.ticket,
                next.map(|next| next.occurred),
            ));
        }
        for stated in history.trust().key_changes(idp).filter(|c| c.occurred.from <= at) {
            let later = |other: &&Stated<crate::history::KeyChange>| {
                other.data.key == stated.data.key
                    && other.occurred.from > stated.occurred.from
                    && other.occurred.from <= at
            };
            let replaced = history.trust().key_changes(idp).find(later).map(|next| next.occurred);
            let make = if stated.data.added { Changed::KeyAdded } else { Changed::KeyRetired };
            changes.push(change(
                stated,
                make(idp.clone(), stated.data.key.clone()),
                &stated.data.actor,
                &stated.data.ticket,
                replaced,
            ));
        }
    }
    for policy in history.policies().ids() {
        let versions: Vec<_> =
            history.policies().versions(policy).filter(|v| v.occurred.from <= at).collect();
        for (n, version) in versions.iter().enumerate() {
            let (data, next) = (&version.data, versions.get(n + 1));
            let what = Changed::Policy(policy.clone(), data.version.clone());
            changes.push(change(
                version,
                what,
                &data.actor,
                &data.ticket,
                next.map(|next| next.occurred),
            ));
        }
    }
    for rule in history.trust().routing_rules().filter(|r| r.occurred.from <= at) {
        changes.push(change(
            rule,
            Changed::RoutingRule(rule.data.idp.clone()),
            &rule.data.actor,
            &None,
            None,
        ));
    }
    for retraction in history.trust().all_retractions() {
        let data = &retraction.data;
        changes.push(change(
            retraction,
            Changed::Retraction(data.clone()),
            &data.actor,
            &data.ticket,
            None,
        ));
    }
    for loss in history.people().all_losses() {
        let when = assess::authenticator_lost::when(loss);
        changes.push(change(
            loss,
            Changed::Loss(loss.subject.clone(), when),
            &loss.data.actor,
            &None,
            None,
        ));
    }
    changes.sort_by(|a, b| place(a).cmp(&place(b)));
    changes
}

/// What of a session rests on each of some changes, in their order. `None`: nothing.
#[must_use]
pub fn dependants(
    facts: &[Known],
    history: &History,
    cut: Cut,
    changes: &[&Change],
) -> Vec<Option<Dependant>> {
    match assess::trace(facts, history, cut) {
        Some(trace) => changes.iter().map(|change| dependant(&trace, change)).collect(),
        None => changes.iter().map(|_| None).collect(),
    }
}

fn change<T>(
    stated: &Stated<T>,
    what: Changed,
    actor: &Option<ActorId>,
    ticket: &Option<TicketId>,
    replaced: Option<Occurred>,
) -> Change {
    Change {
        what,
        record: stated.record.clone(),
        occurred: stated.occurred,
        actor: actor.clone(),
        ticket: ticket.clone(),
        replaced,
    }
}

fn place(change: &Change) -> (Time, &str, &str, LogPosition) {
    (
        change.occurred.from,
        change.record.source.as_str(),
        change.record.source_id.as_str(),
        change.record.position,
    )
}

fn dependant(trace: &Trace<'_>, change: &Change) -> Option<Dependant> {
    let position = change.record.position;
    let (mut factors, mut decisions) = (Vec::new(), Vec::new());
    let mut records: Vec<(RecordRef, Certainty)> = Vec::new();
    for (index, claim) in trace.claims.iter().enumerate() {
        let received = claim.seen.occurred();
        let certainty = match &change.what {
            Changed::Trust(idp, _) if claim.data.idp == *idp => {
                under(&trace.history.trust().idp(idp, received).options, position)
            }
            Changed::KeyAdded(idp, key) | Changed::KeyRetired(idp, key)
                if claim.data.idp == *idp =>
            {
                signed(trace, idp, key, claim.data.key.as_ref(), received, change)
            }
            Changed::Retraction(retraction) => retraction_hits(retraction, claim.data, received),
            Changed::Trust(..)
            | Changed::KeyAdded(..)
            | Changed::KeyRetired(..)
            | Changed::Policy(..)
            | Changed::RoutingRule(_)
            | Changed::Loss(..) => None,
        };
        let Some(certainty) = certainty else { continue };
        let counted: Vec<_> = trace
            .factors
            .iter()
            .filter(|factor| factor.claim == Some(index) && factor.by_record)
            .collect();
        let hits = matches!(change.what, Changed::Retraction(_) | Changed::KeyRetired(..));
        // What it carried was not seen: something of it may have counted.
        let unseen = counted.is_empty() && claim.unseen().is_some();
        if counted.is_empty() && !unseen && !hits {
            continue;
        }
        add_factors(&mut factors, counted.iter().map(|factor| factor.value.name.as_str()));
        let sure = if unseen && !hits { Certainty::Possible } else { certainty };
        records.push((claim.seen.record().clone(), sure.max(came_by(received, trace.cut.at))));
    }
    if let Changed::Retraction(_) = change.what {
        // With no assertion seen, the sign-in rests on the IdP that the session names
        // (`semantics.md` 38).
        let hit = trace.sign_in.iter().find(|hit| hit.retraction.record.position == position);
        records.extend(hit.map(|hit| {
            let sure = if hit.open.is_none() { Certainty::Certain } else { Certainty::Possible };
            (trace.life.start_record.record().clone(), sure)
        }));
    }
    if let Changed::Loss(..) = change.what {
        for factor in trace.factors.iter().filter(|factor| factor.counts()) {
            let Some(certainty) = ended_by(trace, factor, position) else { continue };
            add_factors(&mut factors, [factor.value.name.as_str()]);
            records.push((factor.seen.record().clone(), certainty));
        }
        records.dedup_by(|a, b| a.0.id == b.0.id);
    }
    if let Changed::Policy(policy, _) = &change.what {
        for decided in trace
            .decisions
            .iter()
            .map(|decided| &decided.then)
            .filter(|judged| judged.policy_id(trace.history) == policy)
        {
            let at = decided.seen.occurred();
            let Some(certainty) = under(&trace.history.policies().at(policy, at).options, position)
            else {
                continue;
            };
            let (record, app, outcome) =
                (decided.seen.record().clone(), decided.data.app.clone(), decided.data.outcome);
            let certainty = certainty.max(came_by(at, trace.cut.at));
            decisions.push(DependantDecision { record, app, at, outcome, certainty });
        }
    }
    let certainties = records
        .iter()
        .map(|(_, certainty)| *certainty)
        .chain(decisions.iter().map(|decision| decision.certainty));
    Some(Dependant {
        certainty: certainties.min()?,
        session: trace.id.clone(),
        subject: trace.subject.clone(),
        phase: trace.life.phase,
        phase_certainty: trace.life.certainty,
        started_at: trace.life.start.from,
        factors,
        records: records.into_iter().map(|(record, _)| record).collect(),
        decisions,
    })
}

/// Whether a loss ended a factor: one that had ended before, with its session or by an earlier
/// loss, is none of its own (`semantics.md` 29).
fn ended_by(
    trace: &Trace<'_>,
    factor: &AssessedFactor<'_>,
    loss: LogPosition,
) -> Option<Certainty> {
    let end = factor.losses.ends.iter().find(|end| end.loss.record.position == loss)?;
    let others = factor.losses.ends.iter().filter(|other| other.loss.record.position != loss);
    // Certainly before, and possibly so.
    let (mut ended, mut perhaps) = (false, false);
    for other in others {
        let sure = other.running == Tri::Yes;
        ended |= sure && other.when.latest() < end.when.from;
        perhaps |=
            other.when.from < end.when.latest() && (!sure || other.when.latest() >= end.when.from);
    }
    let (first, last) = trace.life.closes();
    ended |= last.is_some_and(|close| close <= end.when.from);
    perhaps |= first.is_some_and(|close| close <= end.when.latest());
    let sure = end.running == Tri::Yes && !perhaps;
    (!ended).then_some(if sure { Certainty::Certain } else { Certainty::Possible })
}

/// Possible at a T inside the interval of its own time (`semantics.md` 3, 6).
fn came_by(occurred: Occurred, at: Time) -> Certainty {
    if occurred.latest() <= at { Certainty::Certain } else { Certainty::Possible }
}

fn add_factors<'a>(factors: &mut Vec<String>, names: impl IntoIterator<Item = &'a str>) {
    for name in names {
        if !factors.iter().any(|known| known == name) {
            factors.push(name.to_owned());
        }
    }
}

/// Whether the version at a position was in force: certainly where it is the only one that can have
/// been.
fn under<T>(options: &[Option<&Stated<T>>], position: LogPosition) -> Option<Certainty> {
    let of_it = |option: &&Option<&Stated<T>>| {
        option.is_some_and(|version| version.record.position == position)
    };
    options
        .iter()
        .find(of_it)
        .map(|_| if options.len() == 1 { Certainty::Certain } else { Certainty::Possible })
}

/// Whether a claim was signed by a key under this very change of it. One that names none may have
/// been signed by any key of its IdP that was there (`semantics.md` 42).
fn signed(
    trace: &Trace<'_>,
    idp: &IdpId,
    key: &KeyId,
    named: Option<&KeyId>,
    received: Occurred,
    change: &Change,
) -> Option<Certainty> {
    if named.is_some_and(|named| named != key) {
        return None;
    }
    let standing = |added: bool| {
        // A key that was added, retired and added again rests on the addition before the claim;
        // what came after its retirement is hit by that.
        let of_key = trace
            .history
            .trust()
            .key_changes(idp)
            .filter(|c| c.data.key == *key && c.data.added == added);
        let begun: Vec<_> = of_key.filter(|c| c.occurred.from <= received.latest()).collect();
        let last_sure =
            begun.iter().rposition(|c| c.occurred.latest() <= received.from).unwrap_or(0);
        let open = &begun[last_sure.min(begun.len())..];
        let sure = open.len() == 1 && open[0].occurred.latest() <= received.from;
        open.iter().any(|c| c.record.position == change.record.position).then_some(if sure {
            Certainty::Certain
        } else {
            Certainty::Possible
        })
    };
    let certainty = match change.what {
        Changed::KeyRetired(..) => {
            let in_force = trace.history.trust().key(idp, key, received).options;
            under(&in_force, change.record.position)?
        }
        _ => standing(true)?,
    };
    Some(if named.is_some() { certainty } else { Certainty::Possible })
}
