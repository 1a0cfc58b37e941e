//! One session at (T, K): what the model says of it, in the shape of the answer.

use crate::model::factors::{Factor, all, claims};
use crate::model::facts::{Sure, Time, View, show, word};
use crate::model::lists::unjudged;
use crate::model::question::{Question, any};
use crate::model::sessions::{Life, Limit, Session, life, limits, session};
use crate::model::verdicts::{Decided, decided};
use serde_json::{Value, json};

const FIELDS: &str = "session { id aliases state certainty startedAt endedAt endReason endBounds { from to } lastSeen idp idpSession rootSession
    factors { method amr type characteristics origin idp key { id } assertion authenticator acceptedAt until untilBounds { from to } endReason grade
        certainty byRecord byRules void trustVersion }
    ignored { method amr idp reasons receivedAt record { sourceId } }
    decisions { record { sourceId } app outcome version rule implied firstUnmet atK { implied firstUnmet } differs { recorded implied }
        falsifiedLater { recorded implied } reliedOn { method amr acceptedAt } } }";

pub(crate) fn question(view: &View, id: &str, asking: &str) -> Question {
    let expect = session(view, id).map_or(Value::Null, |session| state(view, &session));
    let (field, cite) = (format!("session(id: \"{id}\", {asking}) {{ {FIELDS} }}"), "6-25, 36-45");
    Question { field, cite, expect, shape: Box::new(|answer| shape(&answer["session"])) }
}

/// The answer, with what has no order of its own sorted.
fn shape(session: &Value) -> Value {
    let mut session = session.clone();
    let Some(of) = session.as_object_mut() else { return session };
    let sorted = |list: &Value, key: fn(&Value) -> String| -> Value {
        let mut list: Vec<Value> = list.as_array().into_iter().flatten().cloned().collect();
        list.sort_by_key(key);
        json!(list)
    };
    of["factors"] = sorted(&of["factors"], factor_key);
    // An assertion that sent nothing has no value to ignore; a row for it is not asked for, and not
    // forbidden.
    let empty = |row: &Value| {
        row["amr"].is_null()
            && row["reasons"].as_array().is_some_and(|reasons| reasons.contains(&json!("no_amr")))
    };
    // A value that the rules ignore and the service provider accepted counts by record (8); whether
    // it has a row here too is not said.
    let counted: Vec<String> = of["factors"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|f| format!("{} {}", f["acceptedAt"], named(f)))
        .collect();
    if let Some(rows) = of["ignored"].as_array_mut() {
        rows.retain(|row| {
            !empty(row) && !counted.contains(&format!("{} {}", row["receivedAt"], named(row)))
        });
    }
    of["ignored"] = sorted(&of["ignored"], ignored_key);
    for factor in of["factors"].as_array_mut().into_iter().flatten() {
        for field in ["characteristics", "void"] {
            factor[field] = sorted(&factor[field], |value| value.to_string());
        }
    }
    for ignored in of["ignored"].as_array_mut().into_iter().flatten() {
        ignored["reasons"] = sorted(&ignored["reasons"], |value| value.to_string());
    }
    for decision in of["decisions"].as_array_mut().into_iter().flatten() {
        decision["reliedOn"] = sorted(&decision["reliedOn"], |value| {
            format!("{} {}", value["acceptedAt"], value["method"])
        });
    }
    session
}

fn factor_key(factor: &Value) -> String {
    let mut own: Vec<String> =
        factor["characteristics"].as_array().into_iter().flatten().map(Value::to_string).collect();
    own.sort();
    format!(
        "{} {} {} {} {own:?}",
        factor["acceptedAt"], factor["origin"], factor["method"], factor["authenticator"]
    )
}

fn ignored_key(ignored: &Value) -> String {
    format!("{} {}", ignored["record"]["sourceId"], named(ignored))
}

/// The value where one was asserted, else the method.
fn named(row: &Value) -> &Value {
    if row["amr"].is_null() { &row["method"] } else { &row["amr"] }
}

fn certainty(sure: Sure) -> &'static str {
    if sure == Sure::Certain { "CERTAIN" } else { "POSSIBLE" }
}

fn bounds(bounds: Option<(i64, Option<i64>)>) -> Value {
    bounds.map_or(Value::Null, |(from, to)| json!({"from": show(from), "to": to.map(show)}))
}

fn state(view: &View, session: &Session) -> Value {
    let life = life(view, session, view.t);
    let begun = life.state != "NOT_STARTED";
    let judged = !unjudged(view, session);
    // Inside the interval of an end it is possible (6); whether its reason is shown already is not
    // said.
    let ending = life.state == "ACTIVE"
        && session.of("session.ended").any(|end| end.by(view.t) == Sure::Possible);
    let mut factors: Vec<Value> = all(view, session, view.k)
        .iter()
        .filter(|f| f.by_record || f.by_rules)
        .map(|f| factor(f, judged, &life, ending))
        .collect();
    factors.sort_by_key(factor_key);
    let mut ignored = ignored(view, session);
    ignored.sort_by_key(ignored_key);
    let decisions: Vec<Value> =
        decided(view, session).iter().map(|one| decision(one, judged)).collect();
    let start = session.start(view.t);
    let claimed = claims(view, session, view.k).first().map(|claim| claim.idp.clone());
    // 22: a later sign of life moves what is certain; whether it moves the bounds is not said.
    let lived_on = session.facts.iter().any(|fact| fact.from > view.t);
    let interval = session
        .facts
        .iter()
        .any(|fact| fact.from <= view.t && fact.from != fact.to && !fact.is("session.ended"));
    let end_bounds =
        if (lived_on || interval) && life.state == "ACTIVE" { any() } else { bounds(life.bounds) };
    let (lifetime, _) = limits(view, session, view.t);
    // Whether what lies behind a session is shown before the start that names it is not said.
    let ahead = start.is_none() && session.start(Time::MAX).is_some();
    let text = |field: &str| start.and_then(|start| start.text(field)).map(str::to_owned);
    let behind = |field: &str| if ahead { any() } else { json!(text(field)) };
    let factors = if judged { json!(factors) } else { any() };
    json!({
        "id": session.name, "aliases": session.aliases, "state": life.state,
            "certainty": if life.certain { "CERTAIN" } else { "POSSIBLE" },
        "startedAt": if begun { json!(life.started.map(show)) } else { any() },
        "lastSeen": if begun && !interval { json!(life.seen.map(show)) } else { any() },
            "endedAt": life.ended.map(show), "endReason": if ending { any() } else {
            json!(life.reason) },
        "endBounds": if begun && lifetime != Limit::Unknown {
            end_bounds } else if begun && life.state == "ENDED" { bounds(life.bounds) } else {
            any() },
        "idp": text("idp").or(claimed).map_or_else(|| if begun { Value::Null } else { any() }, |idp|
            json!(idp)),
        "idpSession": behind("idp_session"), "rootSession": behind("root_session"),
        "factors": factors, "ignored": if judged { json!(ignored) } else { any() },
            "decisions": decisions,
    })
}

fn factor(factor: &Factor, judged: bool, life: &Life, ending: bool) -> Value {
    let claim = factor.claim.as_ref();
    let sent = |field: &str| claim.and_then(|claim| claim.fact.text(field)).map(str::to_owned);
    let mut own: Vec<&str> = factor.value.own.iter().map(String::as_str).collect();
    own.sort_unstable();
    // A loss inside the interval of the session's end: which of both was first is not known.
    let either = ending
        || (life.ended.is_none()
            && factor.lost.is_some_and(|lost| life.bounds.is_some_and(|(from, _)| lost > from)));
    let settled = |value: Value| if either { any() } else { value };
    let perhaps = claim.is_some_and(|claim| claim.perhaps_void);
    let mut void: Vec<&str> = claim.map(|claim| claim.void.clone()).unwrap_or_default();
    void.sort_unstable();
    let key = if claim.is_some() {
        json!(sent("key").map(|key| json!({"id": key})))
    } else {
        Value::Null
    };
    json!({
        "method": factor.value.word(), "amr": factor.value.amr,
        // What a value is that no table has is not said.
        "type": if factor.value.ignored.contains(&"unknown_value") { any() } else {
            json!(factor.value.of_type) }, "characteristics": own,
            "origin": if claim.is_some() { "CLAIMED" } else { "LOCAL" }, "idp": factor.idp(),
            "key": key, "assertion": sent("assertion"),
        "authenticator": factor.value.authenticator, "acceptedAt": show(factor.fact.from),
            "until": settled(json!(factor.until.map(show))),
        "untilBounds": if life.state == "ENDED" { settled(bounds(factor.bounds)) } else { any() },
            "endReason": settled(json!(factor.reason)), "grade": factor.grade.map_or_else(any,
            |grade| json!(grade)),
        "certainty": certainty(factor.sure), "byRecord": factor.by_record,
        // A retraction that only may reach it leaves open what the rules say.
        "byRules": if perhaps || !judged { any() } else { json!(factor.by_rules) },
            "void": if perhaps { any() } else { json!(void) },
        "trustVersion": claim.and_then(|claim| claim.version.as_ref()).and_then(|version|
            version.text("version")),
    })
}

/// 7: values that count neither by record nor by rules, with all their reasons; and what could not
/// be read (45).
fn ignored(view: &View, session: &Session) -> Vec<Value> {
    let mut rows = Vec::new();
    let all = all(view, session, view.k);
    let counts = |factor: &Factor| {
        all.iter().any(|other| {
            other.fact.pos == factor.fact.pos
                && other.value.word() == factor.value.word()
                && (other.by_record || other.by_rules)
        })
    };
    for factor in all.iter().filter(|factor| !counts(factor)) {
        let claim = factor.claim.as_ref().expect("a local factor counts");
        let mut reasons: Vec<&str> =
            factor.value.ignored.iter().chain(&claim.void).copied().collect();
        reasons.sort_unstable();
        // What the service provider itself ignored has reasons of its own.
        let reasons = if factor.sure != Sure::Certain || factor.value.ignored.is_empty() {
            any()
        } else {
            json!(reasons)
        };
        // Which method an `amr` value stands for is not asked.
        let method = factor.value.method.as_ref().map_or_else(any, |method| json!(method));
        rows.push(
            json!({"method": method, "amr": factor.value.amr, "idp": claim.idp, "reasons": reasons,
            "record": {"sourceId": claim.fact.id}}),
        );
    }
    for claim in claims(view, session, view.k).iter().filter(|claim| claim.unreadable) {
        rows.push(json!({"method": any(), "amr": any(), "idp": claim.idp, "reasons": any(),
            "record": {"sourceId": claim.fact.id}}));
    }
    rows
}

fn decision(one: &Decided, judged: bool) -> Value {
    let outcome = one.fact.text("outcome").unwrap_or_default().to_uppercase();
    let settled = |value: Value| if judged { value } else { any() };
    let verdict = |of: &crate::model::decisions::Verdict| {
        let unmet = match of.implied {
            "ALLOW" => Value::Null,
            _ => of.unmet.clone().map_or_else(any, |unmet| json!(unmet)),
        };
        (json!(of.implied), unmet)
    };
    let ((implied, unmet), (at_k, unmet_at_k)) = (verdict(&one.then), verdict(&one.at_k));
    let difference = |is: bool, implied: &Value| {
        if is { json!({"recorded": outcome, "implied": implied}) } else { Value::Null }
    };
    let mut relied: Vec<Value> = one
        .relied
        .iter()
        .map(|f| {
            json!({"method": f.value.word(), "amr": f.value.amr,
            "acceptedAt": show(f.fact.from)})
        })
        .collect();
    relied.sort_by_key(|value| format!("{} {}", value["acceptedAt"], value["method"]));
    json!({
        "record": {"sourceId": one.fact.id}, "app": one.fact.text("app"), "outcome": outcome,
        "version": if one.fact.from == one.fact.to { json!(one.version) } else { any() },
        "rule": if one.rule.is_some() && one.fact.from == one.fact.to { json!(one.rule) } else {
            any() },
        "implied": settled(implied.clone()), "firstUnmet": settled(unmet),
            "atK": settled(json!({"implied": at_k, "firstUnmet": unmet_at_k})),
        "differs": settled(difference(one.differs, &implied)),
            "falsifiedLater": settled(difference(one.falsified, &at_k)),
        "reliedOn": if judged { json!(relied) } else { any() },
    })
}

/// The sessions by name, in no order, each with how sure it belongs.
pub(crate) fn edges(answer: &Value) -> Value {
    let row = |edge: &Value| format!("{} {}", word(&edge["node"]["id"]), word(&edge["certainty"]));
    let mut rows: Vec<String> = answer["edges"].as_array().into_iter().flatten().map(row).collect();
    rows.sort();
    json!(rows)
}
