//! Why a session stands where it stands.

use super::words;
use crate::{
    assess::{Trace, until_session_end},
    codes,
    model::{Certainty, Phase, Reason},
};
use claimledger_facts::time::Time;

/// The tree of the session itself.
pub(crate) fn session(trace: &Trace<'_>) -> Reason {
    let life = &trace.life;
    let today = life.start.from;
    let certainty = if life.certainty == Certainty::Certain { "certain" } else { "possible" };
    let stands = match (life.phase, life.ended_at, life.reason) {
        (Phase::NotStarted, ..) => format!("starts {}", words::clock(life.start.from, trace.cut.at)),
        (Phase::Ended, Some(end), Some(reason)) => format!("ended {}, {}", words::clock(end, today), words::plain(reason)),
        (Phase::Ended, None, Some(reason)) => format!("ended, {}", words::plain(reason)),
        (Phase::Ended, ..) => "ended".to_owned(),
        (Phase::Active, ..) => "active".to_owned(),
    };
    let mut why = vec![began(trace)];
    if life.phase != Phase::NotStarted {
        why.push(ends(trace));
    }
    if !trace.aliases.is_empty() {
        let aliases: Vec<&str> = trace.aliases.iter().map(claimledger_facts::ids::SessionId::as_str).collect();
        let links = trace.all.iter().filter(|s| matches!(s.known.fact.data, claimledger_facts::fact::FactData::SessionLinked(_)));
        why.push(Reason::new(format!("{} and {} are one session.", trace.id, words::list(&aliases))).on(links.map(|s| s.record())).reading(25));
    }
    why.extend(falsified(trace, today));
    Reason::new(format!("{}: {stands}; {certainty}.", trace.id)).because(why)
}

/// The falsifiers that hit something of it.
fn falsified(trace: &Trace<'_>, today: Time) -> Vec<Reason> {
    trace.hits().iter().map(|hit| super::falsified::what(hit, trace, today)).collect()
}

fn began(trace: &Trace<'_>) -> Reason {
    let life = &trace.life;
    let from = trace.idp.as_ref().map(|idp| format!(" through {idp}")).unwrap_or_default();
    let behind = trace.idp_session.as_ref().map(|s| format!(" (its session {s})")).unwrap_or_default();
    let stated = if life.started.is_some() { "" } else { " No start is stated: it is dated by its first fact." };
    Reason::new(format!("It began {}{from}{behind}.{stated}", words::at(life.start, life.start.from)))
        .on([life.start_record.record()])
        .delayed()
        .by_rule(until_session_end::ID)
        .reading(22)
}

fn ends(trace: &Trace<'_>) -> Reason {
    let life = &trace.life;
    let today = life.start.from;
    if let Some(end) = life.end {
        let says = format!("Its end is stated: {}, {}.", words::moment(end.seen.occurred(), today), words::plain(end.reason));
        return Reason::new(says).on([end.seen.record()]).delayed().by_rule(until_session_end::ID).reading(22);
    }
    let seen = life.last_seen.map(|t| format!(" The last sign of life was {}.", words::clock(t, today))).unwrap_or_default();
    let limit = match life.lifetime_ends_at {
        Some(limit) if life.reason == Some(codes::EXPIRED_BY_LIMIT) => format!(" Its lifetime limit, {}, has passed.", words::clock(limit, today)),
        Some(limit) => format!(" Its lifetime limit is {}.", words::clock(limit, today)),
        None => " No lifetime limit is known.".to_owned(),
    };
    let idle = life.idle_secs.map(|secs| format!(" It may be idle for {}: past that it is only possible.", words::span(secs))).unwrap_or_default();
    Reason::new(format!("{}.{seen}{limit}{idle}", words::sentence(&words::no_end(trace.cut, today))))
        .on(life.last_seen_record.map(|s| s.record()))
        .on(life.limit_record)
        .by_rule(until_session_end::ID)
        .reading(23)
}
