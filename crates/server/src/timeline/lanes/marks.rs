//! What happened in a session: decisions, application accesses, claims that did not count,
//! retractions and losses.

use super::{End, Fill, Hue, Item, ItemShape, Lane, LaneKind, Mark, words};
use crate::{text::plain, times};
use claimledger_domain::{
    explain::called,
    model::{Certainty, Decision, Falsifier, RecordRef, SessionState},
};
use claimledger_facts::{time::Time, vocabulary::Outcome};

pub(super) fn ignored(session: &SessionState, lanes: &mut Vec<Lane>) {
    let items: Vec<Item> = session
        .ignored
        .iter()
        .map(|claim| {
            let reasons = claim.reasons.join(", ");
            let said: Vec<String> = claim.reasons.iter().map(|code| words(code)).collect();
            Item {
                fill: Fill::Hollow,
                label: format!("{}: {}", plain(&claim.name), said.join(", ")),
                reason: reasons,
                ..moment(
                    Mark::Hollow,
                    format!(
                        "{} of {} did not count",
                        plain(&claim.name),
                        plain(claim.idp.as_str())
                    ),
                    claim.received_at,
                    &claim.record,
                )
            }
        })
        .collect();
    if !items.is_empty() {
        lanes.push(lane(
            LaneKind::Ignored,
            "ignored claims".to_owned(),
            "claims that did not count".to_owned(),
            items,
        ));
    }
}

pub(super) fn decisions(session: &SessionState, lanes: &mut Vec<Lane>) {
    let items: Vec<Item> = session.decisions.iter().map(decision).collect();
    if !items.is_empty() {
        lanes.push(lane(
            LaneKind::Decisions,
            "decisions".to_owned(),
            "decisions".to_owned(),
            items,
        ));
    }
}

pub(super) fn decision(decision: &Decision) -> Item {
    let recorded = &decision.recorded;
    let (app, named) = names(recorded.app.as_str(), recorded.app_name.as_deref());
    let (mark, verb) = match decision.recorded.outcome {
        Outcome::Allow => (Mark::Allow, "allow"),
        Outcome::Challenge => (Mark::Challenge, "challenge"),
        Outcome::Deny => (Mark::Deny, "deny"),
    };
    let odd = match (&decision.differs, &decision.falsified_later) {
        (Some(difference), _) => Some(format!("differs: {}", difference.words)),
        (None, Some(difference)) => Some(format!("falsified later: {}", difference.words)),
        (None, None) => None,
    };
    let label = match (&decision.differs, &decision.falsified_later) {
        (Some(_), _) => format!("≠ {app}, differs"),
        (None, Some(_)) => format!("✕ {app}, falsified later"),
        (None, None) => app.clone(),
    };
    Item {
        hue: if odd.is_some() { Hue::Attention } else { Hue::Ink },
        reason: odd
            .or_else(|| {
                decision.made.first_unmet.map(|code| format!("first unmet: {}", words(code)))
            })
            .unwrap_or_default(),
        label,
        ..moment(
            mark,
            format!("{named}: {verb}"),
            decision.recorded.at.from,
            &decision.recorded.record,
        )
    }
}

/// What has a display name, in a label, which has little room, and in words.
pub(super) fn names(id: &str, name: Option<&str>) -> (String, String) {
    (plain(name.unwrap_or(id)), plain(&called(id, name)))
}

pub(super) fn accesses(session: &SessionState, lanes: &mut Vec<Lane>) {
    let items: Vec<Item> = session
        .activity
        .accesses
        .iter()
        .map(|access| {
            let (label, named) = names(access.app.as_str(), access.app_name.as_deref());
            let what = format!("{named} opened");
            Item { label, ..moment(Mark::Access, what, access.at, &access.record) }
        })
        .collect();
    if !items.is_empty() {
        lanes.push(lane(
            LaneKind::Access,
            "app access".to_owned(),
            "application accesses".to_owned(),
            items,
        ));
    }
}

/// Retractions of keys, each on the lane of its key. A key that no other lane is of gets one.
pub(super) fn retractions_of_keys(session: &SessionState, lanes: &mut Vec<Lane>) {
    for falsifier in &session.falsifiers {
        let Some((idp, Some(key))) = &falsifier.retracts else { continue };
        let (name, of) = (plain(key.as_str()), plain(idp.as_str()));
        let item = Item {
            what: format!("trust in key {name} of {of} retracted"),
            ..self::falsifier(falsifier)
        };
        let lane_of = |lane: &&mut Lane| {
            lane.kind == LaneKind::Key && lane.of.as_ref() == Some(&(idp.clone(), key.clone()))
        };
        match lanes.iter_mut().find(lane_of) {
            Some(lane) => lane.items.push(item),
            None => {
                let new = Lane {
                    of: Some((idp.clone(), key.clone())),
                    ..lane(LaneKind::Key, format!("key {name}"), format!("key {name}"), vec![item])
                };
                // Above the session's own lanes, with the other keys.
                let at =
                    lanes.iter().position(|lane| lane.kind > LaneKind::Key).unwrap_or(lanes.len());
                lanes.insert(at, new);
            }
        }
    }
}

fn falsifier(falsifier: &Falsifier) -> Item {
    Item {
        hue: Hue::Attention,
        fill: Fill::Hollow,
        certainty: falsifier.certainty,
        label: words(falsifier.code),
        reason: falsifier.code.to_owned(),
        ..moment(Mark::Hollow, plain(&falsifier.record.kind), falsifier.from, &falsifier.record)
    }
}

/// Retractions of whole IdPs, and losses.
pub(super) fn falsifiers(session: &SessionState, lanes: &mut Vec<Lane>) {
    let of_key = |falsifier: &&Falsifier| matches!(falsifier.retracts, Some((_, Some(_))));
    let items: Vec<Item> =
        session.falsifiers.iter().filter(|falsifier| !of_key(falsifier)).map(falsifier).collect();
    if !items.is_empty() {
        lanes.push(lane(
            LaneKind::Falsifiers,
            "falsifiers".to_owned(),
            "retractions and losses that hit something of it".to_owned(),
            items,
        ));
    }
}

pub(super) fn lateness(record: &RecordRef, speaks_of: Time) -> Option<(Time, Time)> {
    times::is_late(speaks_of, record.recorded_at).then_some((speaks_of, record.recorded_at))
}

pub(super) fn lane(kind: LaneKind, name: String, aria: String, items: Vec<Item>) -> Lane {
    Lane {
        kind,
        name,
        of: None,
        grade: None,
        aria,
        sources: Vec::new(),
        items,
        outside: (0, 0),
        folded: 0,
    }
}

pub(super) fn moment(shape: Mark, what: String, at: Time, record: &RecordRef) -> Item {
    Item {
        shape: ItemShape::Mark(shape),
        hue: Hue::Ink,
        fill: Fill::Solid,
        grade: None,
        label: String::new(),
        what,
        from: at,
        begun_by: None,
        end: End::Moment,
        certainty: Certainty::Certain,
        reason: String::new(),
        late: lateness(record, at),
        record: Some(record.clone()),
        ended_by: None,
    }
}
