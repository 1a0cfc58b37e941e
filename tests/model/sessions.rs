//! Sessions: which ids are one (25), when one began, lives and ended (22, 23), and whether it
//! outlived its provider's (24).

use crate::model::factors::same_person;
use crate::model::facts::{Fact, Sure, Time, View};
use std::collections::BTreeSet;

/// One session as known at K: every alias and every fact, in the total order, whatever T.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) name: String,
    pub(crate) aliases: Vec<String>,
    pub(crate) facts: Vec<Fact>,
}

impl Session {
    pub(crate) fn of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Fact> + 'a {
        self.facts.iter().filter(move |fact| fact.is(kind))
    }

    pub(crate) fn subject(&self) -> Option<&str> {
        self.facts.iter().find_map(|fact| fact.subject.as_deref())
    }

    /// 44: of two starts the first says what there is to say.
    pub(crate) fn start(&self, t: Time) -> Option<&Fact> {
        self.of("session.started").find(|fact| fact.from <= t)
    }

    /// The first fact by T.
    pub(crate) fn first(&self, t: Time) -> Option<&Fact> {
        self.facts.iter().find(|fact| fact.from <= t)
    }

    /// Where lists put it.
    pub(crate) fn place(&self) -> (Time, String, String) {
        let (at, source, id) = self.facts[0].order();
        (at, source.to_owned(), id.to_owned())
    }
}

/// 25: the connected components known at K, in the total order of their first facts.
pub(crate) fn sessions(view: &View) -> Vec<Session> {
    let mut groups: Vec<BTreeSet<String>> = Vec::new();
    let named: BTreeSet<String> =
        view.facts.iter().filter_map(|fact| fact.session.clone()).collect();
    groups.extend(named.iter().map(|id| BTreeSet::from([id.clone()])));
    for link in view.of("session.linked") {
        let (from, to) =
            (link.session.clone().unwrap_or_default(), link.text("to").unwrap_or_default());
        let by_record = || {
            let record = view.facts.iter().find(|fact| fact.source == link.source && fact.id == to);
            record.and_then(|fact| fact.session.clone())
        };
        let other = if named.contains(to) { Some(to.to_owned()) } else { by_record() };
        let Some(other) = other else { continue };
        let of = |id: &str| groups.iter().position(|group| group.contains(id)).expect("named");
        let (one, two) = (of(&from), of(&other));
        if one != two {
            let joined = groups[one.max(two)].clone();
            groups[one.min(two)].extend(joined);
            groups.remove(one.max(two));
        }
    }
    let mut sessions: Vec<Session> =
        groups.into_iter().map(|group| session_of(view, &group)).collect();
    sessions.sort_by_key(Session::place);
    sessions
}

fn session_of(view: &View, group: &BTreeSet<String>) -> Session {
    let within = |fact: &&Fact| fact.session.as_ref().is_some_and(|id| group.contains(id));
    let facts: Vec<Fact> = view.facts.iter().filter(within).cloned().collect();
    // Its name is the alias that is first in the total order.
    let name = facts[0].session.clone().expect("named");
    let aliases = group.iter().filter(|id| **id != name).cloned().collect();
    Session { name, aliases, facts }
}

/// By any alias.
pub(crate) fn session(view: &View, id: &str) -> Option<Session> {
    sessions(view)
        .into_iter()
        .find(|session| session.name == id || session.aliases.iter().any(|alias| alias == id))
}

/// All that states its end by T is an end of all sessions of its person.
pub(crate) fn ended_for_all(view: &View, session: &Session) -> bool {
    let ends = ends(view, session);
    let mut by_t = ends.iter().filter(|fact| fact.from <= view.t).peekable();
    by_t.peek().is_some() && by_t.all(|fact| fact.is("subject.sessions_ended"))
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Limit {
    Unknown,
    None,
    Some(i64),
}

/// How a session stands at T.
#[derive(Clone, Debug)]
pub(crate) struct Life {
    pub(crate) state: &'static str,
    pub(crate) certain: bool,
    pub(crate) started: Option<Time>,
    pub(crate) ended: Option<Time>,
    pub(crate) reason: Option<String>,
    pub(crate) bounds: Option<(Time, Option<Time>)>,
    pub(crate) seen: Option<Time>,
}

/// 22: lifetime limit (an instant) and idle limit (seconds).
pub(crate) fn limits(view: &View, session: &Session, t: Time) -> (Limit, Limit) {
    let start = session.start(t);
    let Some(began) = start.or_else(|| session.first(t)) else {
        return (Limit::Unknown, Limit::Unknown);
    };
    // 22: limits missing on the session come from the global session rule in force at its start.
    let global = view
        .of("policy.configured")
        .filter(|fact| fact.text("kind") == Some("global_session") && fact.from <= began.from)
        .last()
        .filter(|fact| fact.text("status").is_none_or(|status| status == "active"));
    let none = if start.is_some() || global.is_some() { Limit::None } else { Limit::Unknown };
    // 44: 0 is none.
    let limit = |secs: i64| if secs == 0 { Limit::None } else { Limit::Some(secs) };
    let of_rule = |field: &str| global.and_then(|fact| fact.data[field].as_i64()).map(limit);
    let lifetime = match (
        start.and_then(|fact| fact.time("lifetime_ends_at")),
        of_rule("max_lifetime_secs"),
    ) {
        (Some(at), _) => Limit::Some(at),
        (None, Some(Limit::Some(secs))) => Limit::Some(began.from + secs),
        (None, Some(other)) => other,
        (None, None) => none,
    };
    let stated = start.and_then(|fact| fact.data["idle_secs"].as_i64()).map(limit);
    (lifetime, stated.or_else(|| of_rule("max_idle_secs")).unwrap_or(none))
}

/// 22: any fact of the session by its subject. Decision page 23: of ends a logout is one, any other
/// may be noticed
/// long after the session was over.
pub(crate) fn sign_of_life(fact: &Fact) -> bool {
    let acted = !fact.is("session.ended") || fact.text("reason") == Some("logout");
    fact.subject.is_some() && acted
}

/// Stated ends: its own; and, decision page 24, that of all sessions of its person that had begun
/// before it.
fn ends(view: &View, session: &Session) -> Vec<Fact> {
    let began = session
        .start(Time::MAX)
        .or_else(|| session.first(Time::MAX))
        .map_or(Time::MAX, |fact| fact.from);
    let whose = |fact: &Fact| {
        session
            .subject()
            .zip(fact.subject.as_deref())
            .is_some_and(|(a, b)| same_person(view, a, b, view.k))
    };
    let cleared = view.of("subject.sessions_ended").filter(|fact| began < fact.from && whose(fact));
    let mut ends: Vec<Fact> = session.of("session.ended").chain(cleared).cloned().collect();
    ends.sort_by(|a, b| a.order().cmp(&b.order()));
    ends
}

pub(crate) fn life(view: &View, session: &Session, t: Time) -> Life {
    let Some(first) = session.first(t) else {
        let (state, certain) = ("NOT_STARTED", true);
        return Life {
            state,
            certain,
            started: None,
            ended: None,
            reason: None,
            bounds: None,
            seen: None,
        };
    };
    let started = Some(session.start(t).unwrap_or(first).from);
    let seen = session
        .facts
        .iter()
        .rfind(|fact| sign_of_life(fact) && !fact.is("session.ended") && fact.from <= t)
        .map(|fact| fact.from);
    let (lifetime, idle) = limits(view, session, t);
    let limit = if let Limit::Some(at) = lifetime { Some(at) } else { None };
    let bounds = Some((seen.unwrap_or(first.from), limit));
    let base = Life {
        state: "ENDED",
        certain: true,
        started,
        ended: None,
        reason: None,
        bounds: None,
        seen,
    };
    let ends: Vec<Fact> = ends(view, session).into_iter().filter(|fact| fact.from <= t).collect();
    // 22: several stated ends: the earliest.
    if let Some(end) = ends.iter().find(|end| end.by(t) == Sure::Certain) {
        let reason = end.text("reason").map(str::to_owned);
        let exact = end.from == end.to;
        let bounds = (!exact).then_some((end.from, Some(end.to)));
        return Life { ended: exact.then_some(end.from), reason, bounds, ..base };
    }
    if limit.is_some_and(|limit| t >= limit) {
        // 23: past the limit the end stays null, and the bounds say the rest.
        return Life { reason: Some("expired_by_limit".to_owned()), bounds, ..base };
    }
    // 22: what is known by K to have happened after T proves that it lived at T.
    let lived_on = session.facts.iter().any(|fact| fact.from > t && sign_of_life(fact));
    let ending = !ends.is_empty();
    let last = seen.unwrap_or(first.from);
    let certain = match idle {
        _ if lived_on => true,
        _ if ending => false,
        Limit::Some(secs) => t <= last + secs,
        Limit::None => lifetime != Limit::Unknown || t <= last,
        Limit::Unknown => t <= last,
    };
    let bounds = if ending { ends.first().map(|end| (end.from, Some(end.to))) } else { bounds };
    Life { state: "ACTIVE", certain, bounds, ..base }
}

/// Active at an instant: how sure (22).
pub(crate) fn active(view: &View, session: &Session, t: Time) -> Sure {
    let life = life(view, session, t);
    match (life.state, life.certain) {
        ("ACTIVE", true) => Sure::Certain,
        ("ACTIVE", false) => Sure::Possible,
        _ => Sure::No,
    }
}

/// 24, at the view's T.
pub(crate) fn outlived(view: &View, session: &Session) -> Sure {
    let Some(start) = session.start(view.t) else { return Sure::No };
    let (Some(idp), Some(behind)) = (start.text("idp"), start.text("idp_session")) else {
        return Sure::No;
    };
    let ended =
        |fact: &&Fact| fact.text("idp") == Some(idp) && fact.text("idp_session") == Some(behind);
    let Some(end) = view.of("idp_session.ended").filter(|fact| fact.from <= view.t).find(ended)
    else {
        return Sure::No;
    };
    // Decision page 23: what is known to have followed after T proves it too.
    let follows = |fact: &Fact| {
        fact.from > end.from
            && (sign_of_life(fact) || (fact.is("session.ended") && fact.from <= view.t))
    };
    if session.facts.iter().any(follows) {
        return Sure::Certain;
    }
    let life = life(view, session, view.t);
    match life.bounds {
        Some((_, to)) if life.ended.is_none() && to.is_none_or(|to| to > end.from) => {
            Sure::Possible
        }
        _ => Sure::No,
    }
}
