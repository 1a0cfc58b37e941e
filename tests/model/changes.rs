//! Dependants of a change (29), access under a replaced version, hypothetical changes (21), and
//! facts that changed an answer (28).

use crate::model::claims::retracted;
use crate::model::decisions::{implied, judge, rule_of};
use crate::model::factors::{Factor, all, loses, same_person};
use crate::model::facts::{Fact, Sure, Time, View};
use crate::model::lists::{hit_by, unjudged};
use crate::model::sessions::{Session, active, life, session, sessions};
use crate::model::verdicts::decided;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// 29: the sessions of a trust version, a retraction or a loss; of a policy version the records of
/// decisions.
pub(crate) fn dependants(view: &View, change: &Fact) -> Vec<String> {
    let mut found = Vec::new();
    for session in sessions(view) {
        let rests = match change.kind.as_str() {
            "trust.retracted" => hit_by(view, &session, change) != Sure::No,
            "idp.configured" => all(view, &session, view.k).iter().any(|factor| {
                let version = factor.claim.as_ref().and_then(|claim| claim.version.as_ref());
                factor.by_record && version.is_some_and(|version| version.pos == change.pos)
            }),
            "authenticator.lost" => all(view, &session, view.k).iter().any(|factor| {
                let whose = factor.subject.as_deref().zip(change.subject.as_deref());
                let ends = factor.until == Some(change.effect())
                    && factor.reason.as_deref() == Some("authenticator_lost");
                (factor.by_record || factor.by_rules)
                    && ends
                    && loses(change, &factor.value)
                    && whose.is_some_and(|(a, b)| same_person(view, a, b, view.k))
            }),
            _ => false,
        };
        if rests {
            found.push(session.name.clone());
        }
        if change.is("policy.configured") {
            let under = |fact: &&Fact| {
                let version = view.in_force(
                    "policy.configured",
                    "policy",
                    fact.text("policy").unwrap_or_default(),
                    fact.from,
                );
                fact.from <= view.t && version.is_some_and(|version| version.pos == change.pos)
            };
            found.extend(session.of("policy.decided").filter(under).map(|fact| fact.id.clone()));
        }
    }
    found.sort();
    found
}

/// Access under a version that was replaced by T: session, app, from, until, the cause of its end,
/// and whether it would pass under the next version.
pub(crate) fn held(view: &View, policy: &str, label: &str) -> Vec<Value> {
    let versions: Vec<&Fact> = view
        .of("policy.configured")
        .filter(|fact| fact.text("policy") == Some(policy) && fact.from <= view.t)
        .collect();
    let mut found = Vec::new();
    for pair in versions.windows(2).filter(|pair| pair[0].text("version") == Some(label)) {
        for session in sessions(view) {
            found.extend(
                session
                    .of("policy.decided")
                    .filter_map(|decision| held_by(view, &session, decision, pair[0], pair[1])),
            );
        }
    }
    found
}

fn held_by(
    view: &View,
    session: &Session,
    decision: &Fact,
    old: &Fact,
    new: &Fact,
) -> Option<Value> {
    let same = |field: &str, fact: &Fact| fact.text(field) == decision.text(field);
    if !same("policy", old)
        || decision.text("outcome") != Some("allow")
        || !(old.from <= decision.from && decision.from < new.from)
    {
        return None;
    }
    let next = session
        .of("policy.decided")
        .find(|fact| fact.order() > decision.order() && same("policy", fact) && same("app", fact));
    let next = next.filter(|fact| fact.from <= view.t);
    if next.is_some_and(|next| next.from <= new.from) || active(view, session, new.from) == Sure::No
    {
        return None;
    }
    let life = life(view, session, view.t);
    let (until, by) = match (next, life.state) {
        (Some(next), _) if life.ended.is_none_or(|end| next.from <= end) => {
            (Some(next.from), "DECIDED")
        }
        (_, "ENDED") => (life.ended, "SESSION_ENDED"),
        _ => (None, "OPEN"),
    };
    let named = decision.text("rule");
    let rule = rule_of(new, named).or_else(|| rule_of(new, None));
    let verdict = rule
        .map(|rule| judge(view, session, decision, &rule, decision.from, decision.pos).implied)
        .unwrap_or("UNDETERMINED");
    let passes = match verdict {
        "UNDETERMINED" => Value::Null,
        verdict => json!(verdict == "ALLOW"),
    };
    let (until, from) = (until.map(crate::model::facts::show), crate::model::facts::show(new.from));
    Some(json!({"session": session.name, "decision": decision.id, "from": from, "until": until,
            "endedBy": by, "wouldPass": passes}))
}

/// 21: decisions of a window whose implied verdict is another with trust off over it, on facts
/// known when decided.
pub(crate) fn flips(view: &View, idp: &str, from: Time, to: Time) -> Vec<String> {
    let mut off = view.clone();
    off.trust_off = Some((idp.to_owned(), from, to));
    let mut found = Vec::new();
    for session in sessions(view) {
        for decision in session
            .of("policy.decided")
            .filter(|fact| from <= fact.from && fact.from < to && fact.from <= view.t)
        {
            let before = implied(view, &session, decision, decision.pos).implied;
            let after = implied(&off, &session, decision, decision.pos).implied;
            if before != after && !(before.contains(after) || after.contains(before)) {
                found.push(format!("{} {before} {after}", decision.id));
            }
        }
    }
    found.sort();
    found
}

/// The model's answer about a session at the view's cut, in the terms of the contract.
pub(crate) fn state(view: &View, id: &str) -> Value {
    let Some(session) = session(view, id) else { return Value::Null };
    let life = life(view, &session, view.t);
    let factors: Vec<String> = all(view, &session, view.k)
        .iter()
        .filter(|factor| factor.by_record || factor.by_rules)
        .map(|f| {
            format!(
                "{} {:?} {} {} {:?} {:?} {:?} {:?}",
                f.value.word(),
                f.sure,
                f.by_record,
                f.by_rules,
                f.until,
                f.reason,
                f.grade,
                f.value.own
            )
        })
        .collect();
    let decisions: Vec<String> = decided(view, &session)
        .iter()
        .map(|d| {
            format!(
                "{} {:?} {:?} {} {} {}",
                d.fact.id,
                d.then,
                d.at_k,
                d.differs,
                d.falsified,
                d.relied.len()
            )
        })
        .collect();
    // Its other ids are left out: whether a link alone makes one, before any fact names it, is not
    // said.
    json!([session.name, format!("{life:?}"), factors, decisions])
}

/// 28: facts learned in between without any one of which the later state would be another.
pub(crate) fn needed(all_facts: &[Fact], id: &str, t: Time, k1: i64, k2: i64) -> Vec<String> {
    let now = state(&View::new(all_facts, t, k2), id);
    let then = state(&View::new(all_facts, t, k1), id);
    let mut needed = Vec::new();
    for left_out in all_facts.iter().filter(|fact| k1 < fact.pos && fact.pos <= k2) {
        let others: Vec<Fact> =
            all_facts.iter().filter(|fact| fact.pos != left_out.pos).cloned().collect();
        let without = state(&View::new(&others, t, k2), id);
        // A part of the state returns to its earlier value.
        let reverted = (0..4).any(|part| now[part] != then[part] && without[part] == then[part]);
        if reverted {
            needed.push(left_out.id.clone());
        }
    }
    needed
}

/// What a retraction would take: allows that rested on it and would be refused, and sessions that
/// live at T on it. And what the papers leave open of both.
pub(crate) struct Fallen {
    pub(crate) falls: Vec<String>,
    pub(crate) live: Vec<String>,
    pub(crate) open: BTreeSet<String>,
}

/// 21: falls, judged on facts known at K, as if this retraction were known too.
pub(crate) fn fallen(view: &View, retraction: &Fact, from: Time, to: Time) -> Fallen {
    let mut with = view.clone();
    with.facts.push(Fact { pos: view.k, ..retraction.clone() });
    let (mut falls, mut live, mut open) = (Vec::new(), Vec::new(), BTreeSet::new());
    for session in sessions(view) {
        let factors: Vec<_> =
            all(view, &session, view.k).into_iter().filter(|factor| factor.by_record).collect();
        let hit = |factor: &Factor| match &factor.claim {
            Some(claim) => retracted(retraction, &claim.idp, claim.fact.text("key"), &claim.fact),
            None => Sure::No,
        };
        let vague = factors.iter().any(|factor| {
            hit(factor) == Sure::Possible || factor.lost.is_some() || factor.sure != Sure::Certain
        });
        let whole = hit_by(view, &session, retraction);
        // The specification leaves open: possible dependants, and states that are undetermined
        // afterwards.
        if vague || whole == Sure::Possible || unjudged(view, &session) {
            open.insert(session.name.clone());
            open.extend(session.of("policy.decided").map(|fact| fact.id.clone()));
            continue;
        }
        // 29, 38: the sign-in itself rests on any assertion that is hit.
        let lives = active(view, &session, view.t).min(whole);
        if lives != Sure::No {
            live.push(format!(
                "{} {}",
                session.name,
                if lives == Sure::Certain { "CERTAIN" } else { "POSSIBLE" }
            ));
        }
        for one in
            decided(view, &session).iter().filter(|one| from <= one.fact.from && one.fact.from < to)
        {
            let by_sign_in = |carrier: &Fact| {
                let idp = carrier.text("idp").unwrap_or_default();
                let key = carrier.text("key");
                (carrier.is("claims.received") || retraction.text("key").is_none())
                    && retracted(retraction, idp, key, carrier) == Sure::Certain
            };
            let rested = one.relied.iter().map(hit).max() == Some(Sure::Certain)
                || one.signed_in.iter().any(by_sign_in);
            let after = implied(&with, &session, &one.fact, view.k).implied;
            if after == "UNDETERMINED" {
                open.insert(one.fact.id.clone());
            } else if rested && one.fact.text("outcome") == Some("allow") && after != "ALLOW" {
                falls.push(one.fact.id.clone());
            }
        }
    }
    Fallen { falls, live, open }
}
