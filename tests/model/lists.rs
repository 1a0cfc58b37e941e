//! Lists over all sessions: filters (42), reuse (26), first seen (27), what outlived (24), what has
//! been heard (3), what is linked.

use crate::model::claims::{key_known, retracted};
use crate::model::factors::{all, claims, same_person};
use crate::model::facts::{Fact, Sure, Time, View};
use crate::model::sessions::{Session, active, life, outlived, sessions};
use crate::model::verdicts::decided;
use std::collections::{BTreeMap, BTreeSet};

/// Which sessions; every field that is set must fit.
#[derive(Clone, Default, Debug)]
pub(crate) struct Filter {
    pub(crate) active_at: Option<Time>,
    pub(crate) subject: Option<String>,
    pub(crate) idp: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) amr: Option<String>,
    pub(crate) app: Option<String>,
    pub(crate) relied_from: Option<Time>,
    pub(crate) relied_to: Option<Time>,
    pub(crate) ended: Option<bool>,
    pub(crate) retracted: Option<bool>,
    pub(crate) outlived: Option<bool>,
    pub(crate) differs: Option<bool>,
    pub(crate) falsified: Option<bool>,
}

fn sure(certain: bool) -> Sure {
    if certain { Sure::Certain } else { Sure::No }
}

/// Wanted, or not: what is possible is possible either way.
fn wanted(found: Sure, wanted: bool) -> Sure {
    match (found, wanted) {
        (found, true) => found,
        (Sure::Certain, false) => Sure::No,
        (Sure::Possible, false) => Sure::Possible,
        (Sure::No, false) => Sure::Certain,
    }
}

/// The sessions of a filter, with how sure each belongs.
pub(crate) fn filtered(view: &View, filter: &Filter) -> Vec<(Session, Sure)> {
    let here = sessions(view).into_iter().filter(|session| session.first(view.t).is_some());
    let judged = here.map(|session| {
        let sure = fits(view, &session, filter);
        (session, sure)
    });
    judged.filter(|(_, sure)| *sure != Sure::No).collect()
}

fn fits(view: &View, session: &Session, filter: &Filter) -> Sure {
    let mut fit = Sure::Certain;
    let mut also = |sure: Sure| fit = fit.min(sure);
    if let Some(at) = filter.active_at {
        also(active(view, session, at));
    }
    if let Some(subject) = &filter.subject {
        also(sure(session.subject().is_some_and(|of| same_person(view, subject, of, view.k))));
    }
    if filter.idp.is_some()
        || filter.key.is_some()
        || filter.relied_from.is_some()
        || filter.relied_to.is_some()
    {
        let by = |claim: &Fact| by_claim(view, claim, filter);
        let mut claims: Vec<&Fact> =
            session.of("claims.received").filter(|fact| fact.from <= view.t).collect();
        // 38: with no assertion seen it rests on the provider that its start names.
        if claims.is_empty() {
            claims.extend(session.start(view.t).filter(|start| start.text("idp").is_some()));
        }
        also(claims.into_iter().map(by).max().unwrap_or(Sure::No));
    }
    if let Some(amr) = &filter.amr {
        let of = |factor: &crate::model::factors::Factor| {
            factor.value.amr.as_ref() == Some(amr) && (factor.by_record || factor.by_rules)
        };
        also(
            all(view, session, view.k)
                .iter()
                .filter(|factor| of(factor))
                .map(|factor| factor.sure)
                .max()
                .unwrap_or(Sure::No),
        );
    }
    if let Some(app) = &filter.app {
        let used = |fact: &Fact| {
            (fact.is("policy.decided") || fact.is("app.accessed"))
                && fact.text("app") == Some(app)
                && fact.from <= view.t
        };
        let used = session.facts.iter().filter(|fact| used(fact)).map(|fact| fact.by(view.t));
        also(used.max().unwrap_or(Sure::No));
    }
    if let Some(ended) = filter.ended {
        let life = life(view, session, view.t);
        let over = match (life.state, life.certain) {
            ("ENDED", true) => Sure::Certain,
            ("ACTIVE", true) => Sure::No,
            _ => Sure::Possible,
        };
        also(wanted(over, ended));
    }
    if let Some(hit) = filter.retracted {
        let retractions =
            view.of("trust.retracted").map(|retraction| hit_by(view, session, retraction));
        also(wanted(retractions.max().unwrap_or(Sure::No), hit));
    }
    if let Some(outlives) = filter.outlived {
        also(wanted(outlived(view, session), outlives));
    }
    if filter.differs.is_some() || filter.falsified.is_some() {
        let decided = decided(view, session);
        // 6: by a T inside its interval a decision may not have been made.
        let any = |of: fn(&crate::model::verdicts::Decided) -> bool| {
            let odd = decided.iter().filter(|one| of(one)).map(|one| one.fact.by(view.t));
            odd.max().unwrap_or(Sure::No)
        };
        filter
            .differs
            .into_iter()
            .for_each(|differs| also(wanted(any(|one| one.differs), differs)));
        filter
            .falsified
            .into_iter()
            .for_each(|falsified| also(wanted(any(|one| one.falsified), falsified)));
    }
    fit
}

/// One claim must fit in all that is said of claims. 42: one that names no key is possible for any
/// key stated of its provider.
fn by_claim(view: &View, claim: &Fact, filter: &Filter) -> Sure {
    let idp = claim.text("idp").unwrap_or_default();
    let mut fit = claim.by(view.t);
    fit = fit.min(sure(filter.idp.as_deref().is_none_or(|of| of == idp)));
    if let Some(key) = &filter.key {
        fit = fit.min(match claim.text("key") {
            Some(named) => sure(named == key),
            None if claim.is("claims.received") && key_known(view, idp, key) => Sure::Possible,
            None => Sure::No,
        });
    }
    let between = |at: Time| {
        filter.relied_from.is_none_or(|from| at >= from)
            && filter.relied_to.is_none_or(|to| at < to)
    };
    fit.min(match (between(claim.from), between(claim.to)) {
        (true, true) => Sure::Certain,
        (false, false) => Sure::No,
        _ => Sure::Possible,
    })
}

/// 29: any of its assertions is hit, whether or not its factors counted; 38: or the sign-in of
/// which no assertion was seen.
pub(crate) fn hit_by(view: &View, session: &Session, retraction: &Fact) -> Sure {
    let claims: Vec<&Fact> =
        session.of("claims.received").filter(|fact| fact.from <= view.t).collect();
    if claims.is_empty() {
        let Some(start) = session.start(view.t) else { return Sure::No };
        let whole = retraction.text("key").is_none();
        return start
            .text("idp")
            .filter(|_| whole)
            .map_or(Sure::No, |idp| retracted(retraction, idp, None, start));
    }
    claims
        .iter()
        .map(|claim| {
            retracted(retraction, claim.text("idp").unwrap_or_default(), claim.text("key"), claim)
        })
        .max()
        .unwrap_or(Sure::No)
}

/// 26: one assertion in two claims of different ids; and sessions of a provider behind several
/// sessions. Kind, provider, id, sessions.
pub(crate) fn reused(view: &View) -> Vec<(&'static str, String, String, Vec<String>)> {
    let mut assertions: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    let mut behind: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for session in sessions(view) {
        for fact in session.facts.iter().filter(|fact| fact.from <= view.t) {
            let Some(idp) = fact.text("idp") else { continue };
            if let Some(assertion) = fact.text("assertion").filter(|_| fact.is("claims.received")) {
                assertions
                    .entry((idp.to_owned(), assertion.to_owned()))
                    .or_default()
                    .push(session.name.clone());
            }
            if let Some(id) = fact.text("idp_session").filter(|_| fact.is("session.started")) {
                behind
                    .entry((idp.to_owned(), id.to_owned()))
                    .or_default()
                    .insert(session.name.clone());
            }
        }
    }
    let mut found = Vec::new();
    for ((idp, id), mut sessions) in assertions.into_iter().filter(|(_, uses)| uses.len() > 1) {
        sessions.sort();
        found.push(("ASSERTION", idp, id, sessions));
    }
    for ((idp, id), sessions) in behind.into_iter().filter(|(_, uses)| uses.len() > 1) {
        found.push(("IDP_SESSION", idp, id, sessions.into_iter().collect()));
    }
    found
}

/// 27: the first claim by T of each issuer, key of an issuer, or set of values: in the order they
/// appeared.
pub(crate) fn first_seen(view: &View, kind: &str) -> Vec<(String, Fact)> {
    let mut found: Vec<(String, Fact)> = Vec::new();
    for fact in view.of("claims.received").filter(|fact| fact.from <= view.t) {
        let issuer = fact.text("idp").unwrap_or_default();
        let name = match kind {
            "ISSUER" => Some(issuer.to_owned()),
            "KEY" => fact.text("key").map(|key| format!("{issuer}/{key}")),
            _ => fact.data["amr"].as_array().map(|_| {
                let set: BTreeSet<String> =
                    crate::model::facts::words(&fact.data["amr"]).into_iter().collect();
                set.into_iter().collect::<Vec<_>>().join("+")
            }),
        };
        if let Some(name) = name.filter(|name| !found.iter().any(|(of, _)| of == name)) {
            found.push((name, fact.clone()));
        }
    }
    found
}

/// Up to when a source was heard, and its gaps: what of each was filled in (3).
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) source: String,
    pub(crate) until: Option<Time>,
    pub(crate) gaps: Vec<(Time, Time, bool)>,
}

pub(crate) fn heard(view: &View) -> Vec<Heard> {
    let sources: BTreeSet<&String> = view.facts.iter().map(|fact| &fact.source).collect();
    let one = |source: &String| {
        let of = |kind: &'static str| view.of(kind).filter(move |fact| &fact.source == source);
        let spans = |kind| -> Vec<(Time, Time)> {
            of(kind).filter_map(|fact| Some((fact.time("from")?, fact.time("until")?))).collect()
        };
        let until = of("source.heard").filter_map(|fact| fact.time("until")).max();
        let (silent, filled) = (spans("source.silent"), spans("source.backfilled"));
        // Instant borders cut the time into pieces; each is silent or not, and filled in or not.
        let mut borders: Vec<Time> =
            silent.iter().chain(&filled).flat_map(|(from, until)| [*from, *until]).collect();
        borders.sort_unstable();
        borders.dedup();
        let within = |spans: &[(Time, Time)], at: Time| {
            spans.iter().any(|(from, until)| *from <= at && at < *until)
        };
        let mut gaps: Vec<(Time, Time, bool)> = Vec::new();
        for piece in borders.windows(2).filter(|piece| within(&silent, piece[0])) {
            let filled = within(&filled, piece[0]);
            match gaps.last_mut().filter(|(_, until, same)| *until == piece[0] && *same == filled) {
                Some(last) => last.1 = piece[1],
                None => gaps.push((piece[0], piece[1], filled)),
            }
        }
        Heard { source: source.clone(), until, gaps }
    };
    sources.into_iter().map(one).collect()
}

/// Every source was heard up to T, and no gap before it is open.
pub(crate) fn complete(view: &View) -> bool {
    let open = |heard: &Heard| heard.gaps.iter().any(|(from, _, filled)| !filled && *from < view.t);
    heard(view).iter().all(|heard| heard.until.is_some_and(|until| until >= view.t) && !open(heard))
}

/// A session with claims of a kind that the model does not judge, or that only an interval decides.
pub(crate) fn unjudged(view: &View, session: &Session) -> bool {
    claims(view, session, view.k).iter().any(|claim| claim.classic())
}
