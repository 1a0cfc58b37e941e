//! Why a session is active, has ended, or never began.

use crate::{
    assess::{Trace, until_session_end},
    codes,
    model::{Certainty, Phase, Reason, RecordRef},
    order::Seen,
    words,
};
use claimledger_facts::time::Time;

/// The tree of the session itself.
pub(crate) fn session(trace: &Trace<'_>) -> Reason {
    let life = &trace.life;
    let today = life.start.from;
    let certainty = if life.certainty == Certainty::Certain { "certain" } else { "possible" };
    let stands = match (life.phase, life.ended_at, life.reason) {
        (Phase::NotStarted, ..) if life.is_attempt => {
            "never began: every attempt was refused".to_owned()
        }
        (Phase::NotStarted, ..) => {
            format!("starts {}", words::clock(life.start.from, trace.cut.at))
        }
        (Phase::Ended, Some(end), Some(reason)) => {
            format!("ended {}, {}", words::clock(end, today), words::plain(reason))
        }
        (Phase::Ended, None, Some(reason)) => format!("ended, {}", words::plain(reason)),
        (Phase::Ended, ..) => "ended".to_owned(),
        (Phase::Active, ..) => "active".to_owned(),
    };
    let mut why = vec![began(trace)];
    if life.phase != Phase::NotStarted {
        why.push(ends(trace));
    }
    if !trace.aliases.is_empty() {
        let aliases: Vec<&str> =
            trace.aliases.iter().map(claimledger_facts::ids::SessionId::as_str).collect();
        let links = trace.all.iter().filter(|s| {
            matches!(s.known.fact.data, claimledger_facts::fact::FactData::SessionLinked(_))
        });
        why.push(
            Reason::new(format!("{} and {} are one session.", trace.id, words::list(&aliases)))
                .on(links.map(|s| s.record()))
                .reading(25),
        );
    }
    why.extend(falsified(trace, today));
    Reason::new(format!("{}: {stands}; {certainty}.", trace.id)).because(why)
}

/// The falsifiers that hit something of it.
fn falsified(trace: &Trace<'_>, today: Time) -> Vec<Reason> {
    trace.hits().iter().map(|hit| super::falsified::what(hit, trace, today)).collect()
}

fn began(trace: &Trace<'_>) -> Reason {
    let (life, today) = (&trace.life, trace.life.start.from);
    let from = trace
        .idp
        .as_ref()
        .map(|idp| format!(" through {}", words::idp(trace.history, idp)))
        .unwrap_or_default();
    let behind =
        trace.idp_session.as_ref().map(|s| format!(" (its session {s})")).unwrap_or_default();
    if life.is_attempt {
        let refused = trace.facts.iter().filter(|s| {
            matches!(s.known.fact.data, claimledger_facts::fact::FactData::SignInRefused(_))
        });
        return Reason::new("Nothing but refused sign-ins is known of it.")
            .on(refused.map(|s| s.record()))
            .by_rule(until_session_end::ID)
            .reading(22);
    }
    let later = until_session_end::first_start(&trace.all)
        .filter(|_| life.started.is_none())
        .map(|(seen, _)| seen);
    let stated = match later {
        _ if life.started.is_some() => String::new(),
        // What has not begun by T may begin with its start.
        Some(start) if life.phase == Phase::NotStarted && start.occurred() == life.start => {
            String::new()
        }
        Some(start) => format!(
            " Until its start, which is stated {}, it is dated by its first fact.",
            words::at(start.occurred(), today)
        ),
        None => " No start is stated: it is dated by its first fact.".to_owned(),
    };
    let verb = if life.phase == Phase::NotStarted { "begins" } else { "began" };
    Reason::new(format!(
        "It {verb} {}{from}{behind}.{stated}",
        words::at(life.start, life.start.from)
    ))
    .on([life.start_record.record()])
    .on(later.map(|seen| seen.record()))
    .delayed()
    .by_rule(until_session_end::ID)
    .reading(22)
}

fn ends(trace: &Trace<'_>) -> Reason {
    let life = &trace.life;
    let today = life.start.from;
    if let Some(end) = life.end {
        let moment = words::moment(end.occurred, today);
        let says = match end.of_all {
            None => format!("Its end is stated: {moment}, {}.", words::plain(end.reason)),
            Some(stated) => {
                let by = words::by(stated.data.actor.as_ref(), stated.data.ticket.as_ref());
                format!(
                    "All sessions of its subject that had begun were ended {moment}{by}: {}.",
                    words::plain(end.reason)
                )
            }
        };
        let reason = Reason::new(format!("{says}{}", lives(trace)));
        return reason
            .on([end.record])
            .on(later_sign(trace))
            .delayed()
            .by_rule(until_session_end::ID)
            .reading(22);
    }
    let seen = life
        .last_seen
        .map(|t| format!(" The last sign of life was {}.", words::clock(t, today)))
        .unwrap_or_default();
    let limits = limits(trace);
    let perhaps = life.perhaps_ended.map_or_else(String::new, |stated| {
        let when = words::moment(stated.occurred, today);
        format!(
            " All sessions of its subject that had begun were ended {when}; whether it had \
                 begun by then is open."
        )
    });
    let logout = life.logout.map_or_else(String::new, |seen| {
        let when = words::at(seen.occurred(), today);
        let kind = &seen.record().kind;
        format!(" A logout {when} ({kind}) may have ended it, and does not say so.")
    });
    Reason::new(format!(
        "{}.{seen}{}{limits}{perhaps}{logout}",
        words::sentence(&words::no_end(trace.cut, today)),
        lives(trace)
    ))
    .on(life.last_seen_record.map(|s| s.record()))
    .on(later_sign(trace))
    .on(life.limits.policy)
    .on(life.limits.governed.map(|held| held.record))
    .on(life.perhaps_ended.map(|stated| &stated.record))
    .on(life.logout.map(Seen::record))
    .by_rule(until_session_end::ID)
    .reading(23)
}

/// That a fact after T proves that it lived at T.
fn lives(trace: &Trace<'_>) -> String {
    let later = trace.life.later_sign.filter(|_| trace.life.phase == Phase::Active);
    let says = |seen: Seen<'_>| {
        format!(
            " A sign of life {} proves that it lived at T.",
            words::at(seen.occurred(), trace.life.start.from)
        )
    };
    later.map(says).unwrap_or_default()
}

fn later_sign<'a>(trace: &Trace<'a>) -> Option<&'a RecordRef> {
    trace.life.later_sign.filter(|_| trace.life.phase == Phase::Active).map(Seen::record)
}

/// Its limits, and which of them are not known (`semantics.md` 22).
fn limits(trace: &Trace<'_>) -> String {
    let (life, limits) = (&trace.life, &trace.life.limits);
    let today = life.start.from;
    let by_rule = governed(trace);
    let mut says = match limits.lifetime_ends_at {
        Some(limit) if life.reason == Some(codes::EXPIRED_BY_LIMIT) => {
            format!(" Its lifetime limit, {}, has passed.", words::clock(limit, today))
        }
        Some(limit) => format!(" Its lifetime limit is {}.", words::clock(limit, today)),
        None if limits.missing.is_empty() => " No lifetime limit is known.".to_owned(),
        None => String::new(),
    };
    if let Some(secs) = limits.idle_secs {
        says.push_str(&format!(
            " It may be idle for {}: past that it is only possible.",
            words::span(secs)
        ));
    }
    if !limits.missing.is_empty() {
        let why = if limits.not_logged {
            "the log of its source does not carry limits"
        } else {
            "no start was seen by then"
        };
        let and = match limits.governed {
            Some(held) => format!(
                "nothing was stated about global session rule {}, which held, at its start",
                words::rule(trace.history, held.rule)
            ),
            None => "no one global session policy was known at its start".to_owned(),
        };
        says.push_str(&format!(
            " How long it may last is not known: {why}, and {and}. Past the last sign of life \
             it is only possible. Missing: {}.",
            words::missing(&limits.missing)
        ));
    }
    says + &by_rule
}

/// That its limits are those of the rule that held.
fn governed(trace: &Trace<'_>) -> String {
    let limits = &trace.life.limits;
    match limits.governed.filter(|held| held.known && limits.policy.is_some()) {
        Some(held) => format!(
            " That is what global session rule {} gave, which held ({}).",
            words::rule(trace.history, held.rule),
            held.record.position
        ),
        None => String::new(),
    }
}
