//! The session, the identity provider's session behind it, and the factors that counted in it.

use super::{
    End, Fill, Hue, Item, ItemShape, Lane, LaneKind,
    marks::{lane, lateness, names},
    type_word, words,
};
use crate::text::plain;
use claimledger_domain::model::{Bounds, Certainty, HonoredFactor, Origin, Phase, SessionState};
use claimledger_facts::time::Time;

pub(super) fn idp_session(session: &SessionState, lanes: &mut Vec<Lane>) {
    let Some(idp) = &session.origin.idp_session_interval else { return };
    let name = plain(idp.idp_session.as_str());
    let from = idp.from.or(session.life.started_at).unwrap_or(Time::MIN);
    let end = match idp.until {
        Some(until) => End::At(until),
        None => End::Unknown(from),
    };
    let item = Item {
        shape: ItemShape::Bar,
        hue: Hue::Ink,
        fill: Fill::Solid,
        grade: None,
        what: format!("IdP session {name}"),
        from,
        begun_by: None,
        end,
        certainty: if idp.until.is_some() { Certainty::Certain } else { Certainty::Possible },
        reason: if idp.until.is_some() { "ended".to_owned() } else { "end not known".to_owned() },
        label: if idp.until.is_some() { "ended".to_owned() } else { "end not known".to_owned() },
        late: idp
            .records
            .first()
            .and_then(|record| lateness(record, from))
            .or(idp.until.and_then(|end| lateness(idp.records.get(1)?, end))),
        record: idp.records.first().cloned(),
        ended_by: idp.until.and(idp.records.get(1)).cloned(),
    };
    lanes.push(lane(
        LaneKind::IdpSession,
        format!("IdP session {name}"),
        format!("IdP session {name}"),
        vec![item],
    ));
}

pub(super) fn running_or_bounded(session: &SessionState, bounds: Option<Bounds>) -> End {
    match (session.life.phase, session.life.certainty, bounds) {
        (Phase::Active, Certainty::Certain, _) | (Phase::NotStarted, _, _) | (_, _, None) => {
            End::Running
        }
        (Phase::Active | Phase::Ended, _, Some(Bounds { from, to: Some(to) })) => {
            End::Bounded(from, to)
        }
        (Phase::Active | Phase::Ended, _, Some(Bounds { from, to: None })) => End::Unknown(from),
    }
}

pub(super) fn session_lane(session: &SessionState) -> Lane {
    let name = plain(session.id.as_str());
    let aliases: Vec<String> = session.aliases.iter().map(|alias| plain(alias.as_str())).collect();
    let also =
        if aliases.is_empty() { String::new() } else { format!(", also {}", aliases.join(", ")) };
    let first = session.records.first();
    // Before its stated start it lived from its first fact on.
    let from = session
        .life
        .started_at
        .into_iter()
        .chain(first.map(|record| record.occurred.from))
        .min()
        .unwrap_or(Time::MIN);
    // Of what has not begun at T only the begin is known: nothing runs.
    let (end, reason) = match (session.life.phase, session.life.end.at) {
        (Phase::NotStarted, _) if session.life.started_at.is_none() => (End::Moment, "never began"),
        (Phase::NotStarted, _) => (End::Moment, "begins after T"),
        (_, Some(end)) => (End::At(end), session.life.end.reason.unwrap_or_default()),
        (_, None) => (
            running_or_bounded(session, session.life.end.bounds),
            session.life.end.reason.unwrap_or_default(),
        ),
    };
    let reason = reason.to_owned();
    let ended_by = session.life.end.record.as_ref().filter(|_| session.life.end.at.is_some());
    let item = Item {
        shape: ItemShape::Bar,
        hue: Hue::Ink,
        fill: Fill::Solid,
        grade: None,
        what: format!("session {name}{also}"),
        from,
        begun_by: None,
        certainty: session.life.certainty,
        label: [words(&reason).as_str(), end_label(end)]
            .into_iter()
            .filter(|words| !words.is_empty())
            .collect::<Vec<_>>()
            .join(", "),
        reason,
        end,
        late: first.and_then(|record| lateness(record, from)).or(session
            .life
            .end
            .at
            .and_then(|end| lateness(ended_by?, end))),
        record: first.cloned(),
        ended_by: ended_by.cloned(),
    };
    lane(
        LaneKind::Session,
        format!("SP session {name}"),
        format!("session {name}{also}"),
        vec![item],
    )
}

pub(super) const fn end_label(end: End) -> &'static str {
    match end {
        End::Bounded(..) => "end only bounded",
        End::Unknown(_) => "end not known",
        End::Moment | End::At(_) | End::Lost(_) | End::Running => "",
    }
}

/// Why a factor ended, or why it counts for less: as the table has it and as the figure has it. Why
/// it ended is a code in the table.
fn factor_reasons(factor: &HonoredFactor) -> (Vec<String>, Vec<String>) {
    let plainly = |text: &str| (text.to_owned(), text.to_owned());
    let mut reasons: Vec<(String, String)> =
        factor.void.iter().map(|code| plainly(&format!("void: {}", words(code)))).collect();
    reasons.extend(factor.end_reason.map(|code| (code.to_owned(), words(code))));
    reasons.extend(
        factor
            .missing
            .iter()
            .map(|code| (format!("missing: {code}"), format!("missing: {}", words(code)))),
    );
    if !factor.by_record {
        reasons.push(plainly("by the rules only"));
    }
    if !factor.lost_before.is_empty() {
        reasons.push(plainly("lost before it came"));
    }
    if factor.variant {
        reasons.push(plainly("variant"));
    }
    reasons.into_iter().unzip()
}

/// Its name, who asserted it, and its grade.
fn factor_lane_of(factor: &HonoredFactor, item: Item) -> Lane {
    let name = plain(&factor.name);
    let (who, named) = match (factor.origin, &factor.idp) {
        (Origin::Local, _) => ("local".to_owned(), String::new()),
        (Origin::Claimed, Some(idp)) => names(idp.as_str(), factor.idp_name.as_deref()),
        (Origin::Claimed, None) => ("IdP not named".to_owned(), "IdP not named".to_owned()),
    };
    let origin = match (factor.origin, &factor.authenticator_name) {
        (Origin::Local, None) => "local".to_owned(),
        (Origin::Local, Some(authenticator)) => format!("local by {}", plain(authenticator)),
        (Origin::Claimed, _) => format!("claimed from {named}"),
    };
    Lane {
        grade: Some(factor.grade),
        ..lane(
            LaneKind::Factor,
            format!("{name}  {who}"),
            format!("{name}, {origin}, {}", factor.grade.as_str()),
            vec![item],
        )
    }
}

pub(super) fn factor_lane(session: &SessionState, factor: &HonoredFactor) -> Lane {
    let record = factor.evidence.first();
    let lost =
        factor.end_record.as_ref().filter(|_| factor.end_reason == Some("authenticator_lost"));
    let end = match factor.until {
        Some(until) if factor.end_reason == Some("authenticator_lost") => End::Lost(until),
        Some(until) => End::At(until),
        None => running_or_bounded(session, factor.until_bounds),
    };
    let (reasons, label) = factor_reasons(factor);
    let label =
        label.into_iter().chain([end_label(end).to_owned()]).filter(|words| !words.is_empty());
    let label = label.collect::<Vec<_>>().join("; ");
    let item = Item {
        shape: ItemShape::Bar,
        hue: match factor.origin {
            Origin::Claimed => Hue::Claimed,
            Origin::Local => Hue::Local,
        },
        fill: match (factor.void.is_empty(), factor.certainty) {
            (false, _) => Fill::Void,
            (true, Certainty::Possible) => Fill::Possible,
            (true, Certainty::Certain) => Fill::Solid,
        },
        grade: Some(factor.grade),
        what: format!("{} ({}) counted", plain(&factor.name), type_word(factor.factor_type)),
        from: factor.from,
        begun_by: None,
        end,
        certainty: factor.certainty,
        reason: reasons.join("; "),
        label,
        late: record
            .and_then(|record| lateness(record, factor.from))
            .or(factor.until.and_then(|until| lateness(lost?, until))),
        record: record.cloned(),
        ended_by: lost.cloned(),
    };
    factor_lane_of(factor, item)
}
