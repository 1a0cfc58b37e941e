//! Questions about all sessions at once, with the model's answers.

use crate::model::facts::{Fact, Sure, Time, View, show, word};
use crate::model::lists::{Filter, complete, filtered, first_seen, heard, reused, unjudged};
use crate::model::question::{Question, any};
use crate::model::rng::Rng;
use crate::model::session_question::edges;
use crate::model::sessions::{Session, ended_for_all, outlived, sessions};
use crate::model::verdicts::decided;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The rows of a list, one text each, in no order.
pub(crate) fn rows(answer: &Value, list: &str, row: impl Fn(&Value) -> Option<String>) -> Value {
    let mut rows: Vec<String> =
        answer[list].as_array().into_iter().flatten().filter_map(row).collect();
    rows.sort();
    json!(rows)
}

pub(crate) fn sorted(mut rows: Vec<String>) -> Value {
    rows.sort();
    json!(rows)
}

/// Which sessions a filter lists.
pub(crate) fn by_filter(view: &View, filter: &Filter, asking: &str) -> Question {
    let mut given = Map::new();
    let text = |value: &Option<String>| value.as_ref().map(|value| json!(value));
    let time = |value: Option<Time>| value.map(|value| json!(show(value)));
    let flag = |value: Option<bool>| value.map(|value| json!(value));
    for (name, value) in [
        ("activeAt", time(filter.active_at)),
        ("subject", text(&filter.subject)),
        ("idp", text(&filter.idp)),
        ("key", text(&filter.key)),
        ("amr", text(&filter.amr)),
        ("app", text(&filter.app)),
        ("reliedFrom", time(filter.relied_from)),
        ("reliedTo", time(filter.relied_to)),
        ("ended", flag(filter.ended)),
        ("retracted", flag(filter.retracted)),
        ("outlived", flag(filter.outlived)),
        ("differs", flag(filter.differs)),
        ("falsifiedLater", flag(filter.falsified)),
    ] {
        value.into_iter().for_each(|value| drop(given.insert(name.to_owned(), value)));
    }
    let given: Vec<String> = given.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let field = format!(
        "sessions(filter: {{{}}}, first: 100, {asking}) {{ edges {{ certainty node {{ id }} }} }}",
        given.join(", ")
    );
    let turns_on_decisions =
        filter.differs.is_some() || filter.falsified.is_some() || filter.amr.is_some();
    // An end of all sessions of a person does not say that one outlived its provider's (decision
    // page 24); whether it may have is open.
    let cleared = |session: &Session| filter.outlived.is_some() && ended_for_all(view, session);
    let skips =
        |session: &&Session| cleared(session) || (turns_on_decisions && unjudged(view, session));
    let skip: BTreeSet<String> =
        sessions(view).iter().filter(skips).map(|session| session.name.clone()).collect();
    let listed =
        filtered(view, filter).into_iter().filter(|(session, _)| !skip.contains(&session.name));
    let listed = listed.map(|(session, sure)| {
        format!("{} {}", session.name, if sure == Sure::Certain { "CERTAIN" } else { "POSSIBLE" })
    });
    let listed = sorted(listed.collect());
    let skipped =
        move |row: &Value| skip.iter().any(|name| word(row).starts_with(&format!("{name} ")));
    let keep = move |row: &Value| !skipped(row);
    let shape = move |answer: &Value| {
        json!(
            edges(answer)
                .as_array()
                .into_iter()
                .flatten()
                .filter(|row| keep(row))
                .collect::<Vec<_>>()
        )
    };
    Question { field, cite: "3, 10, 11, 19, 22, 24, 42", expect: listed, shape: Box::new(shape) }
}

type Fits = Box<dyn Fn(&crate::model::verdicts::Decided) -> bool>;

/// Decisions of a filter: by the provider, key, outcome, whether they differ.
pub(crate) fn decisions(view: &View, rng: &mut Rng, asking: &str) -> Question {
    let all: Vec<(Session, crate::model::verdicts::Decided)> = sessions(view)
        .into_iter()
        .flat_map(|session| {
            decided(view, &session)
                .into_iter()
                .map(|one| (session.clone(), one))
                .collect::<Vec<_>>()
        })
        .collect();
    let claims: Vec<Fact> = view.of("claims.received").cloned().collect();
    let mut filter = String::new();
    let mut fits: Fits = Box::new(|_| true);
    let mut turns = false;
    match rng.between(0, 4) {
        0 => {
            (filter, turns) = ("differs: true".to_owned(), true);
            fits = Box::new(|one| one.differs);
        }
        1 => {
            (filter, turns) = ("falsifiedLater: true".to_owned(), true);
            fits = Box::new(|one| one.falsified);
        }
        2 => {
            filter = "outcome: ALLOW".to_owned();
            fits = Box::new(|one| one.fact.text("outcome") == Some("allow"));
        }
        _ if !claims.is_empty() => {
            let claim = rng.pick(&claims);
            let idp = claim.text("idp").unwrap_or_default().to_owned();
            let key = claim.text("key").filter(|_| rng.percent(60)).map(str::to_owned);
            let view = view.clone();
            filter = format!(
                "idp: \"{idp}\"{}",
                key.as_ref().map(|key| format!(", key: \"{key}\"")).unwrap_or_default()
            );
            turns = true;
            fits = Box::new(move |one| {
                let by_factor = one.relied.iter().filter_map(|factor| factor.claim.as_ref());
                by_factor
                    .map(|claim| &claim.fact)
                    .chain(&one.signed_in)
                    .filter(|carrier| carrier.text("idp") == Some(&idp))
                    .any(|carrier| match (&key, carrier.text("key")) {
                        (None, _) => true,
                        (Some(key), Some(named)) => key == named,
                        // 42: possible, in decisions too. No key signed what was not seen.
                        (Some(key), None) => {
                            carrier.is("claims.received")
                                && crate::model::claims::key_known(&view, &idp, key)
                        }
                    })
            });
        }
        _ => {}
    }
    let skip: BTreeSet<String> = all
        .iter()
        .filter(|(session, _)| turns && unjudged(view, session))
        .map(|(_, one)| one.fact.id.clone())
        .collect();
    let listed =
        all.iter().map(|(_, one)| one).filter(|one| fits(one) && !skip.contains(&one.fact.id));
    let expect = sorted(listed.map(|one| one.fact.id.clone()).collect());
    let field = format!(
        "decisions(filter: {{{filter}}}, first: 100, {asking}) \
         {{ edges {{ node {{ record {{ sourceId }} }} }} }}"
    );
    let shape = move |answer: &Value| {
        rows(answer, "edges", |edge| {
            Some(word(&edge["node"]["record"]["sourceId"]).to_owned())
                .filter(|id| !skip.contains(id))
        })
    };
    Question { field, cite: "4, 19, 20, 38, 41, 42", expect, shape: Box::new(shape) }
}

pub(crate) fn reuse(view: &View, asking: &str) -> Question {
    let found = reused(view)
        .into_iter()
        .map(|(kind, idp, id, sessions)| format!("{kind} {idp} {id} {sessions:?}"));
    let field = format!(
        "reused({asking}) {{ items {{ kind idp assertion idpSession uses {{ session }} }} }}"
    );
    let shape = |answer: &Value| {
        rows(answer, "items", |item| {
            let mut uses: Vec<&str> = item["uses"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|of| word(&of["session"]))
                .collect();
            uses.sort_unstable();
            let id =
                if item["kind"] == "ASSERTION" { &item["assertion"] } else { &item["idpSession"] };
            Some(format!("{} {} {} {uses:?}", word(&item["kind"]), word(&item["idp"]), word(id)))
        })
    };
    Question { field, cite: "26", expect: sorted(found.collect()), shape: Box::new(shape) }
}

pub(crate) fn outliving(view: &View, asking: &str) -> Question {
    let skip: BTreeSet<String> = sessions(view)
        .iter()
        .filter(|session| ended_for_all(view, session))
        .map(|session| session.name.clone())
        .collect();
    let judged = sessions(view).into_iter().map(|session| (outlived(view, &session), session));
    let listed =
        judged.filter(|(sure, session)| *sure != Sure::No && !skip.contains(&session.name));
    let listed = listed.map(|(sure, session)| {
        format!("{} {}", session.name, if sure == Sure::Certain { "CERTAIN" } else { "POSSIBLE" })
    });
    let expect = sorted(listed.collect());
    let field = format!("outlived({asking}) {{ items {{ session certainty }} }}");
    let row = |item: &Value| format!("{} {}", word(&item["session"]), word(&item["certainty"]));
    let shape = move |answer: &Value| {
        rows(answer, "items", |item| {
            Some(row(item)).filter(|_| !skip.contains(word(&item["session"])))
        })
    };
    Question { field, cite: "24", expect, shape: Box::new(shape) }
}

pub(crate) fn first(view: &View, kind: &'static str, asking: &str) -> Question {
    // A claim without a key, or known by an interval, makes what comes after it only possible:
    // those are asked by name alone.
    let vague = |fact: &Fact| fact.text("key").is_none() || fact.from != fact.to;
    let exact = !view.of("claims.received").any(vague);
    let name = move |name: String, at: String| if exact { format!("{name} {at}") } else { name };
    let found = first_seen(view, kind).into_iter().map(|(of, fact)| name(of, show(fact.from)));
    let field =
        format!("firstSeen(kind: {kind}, {asking}) {{ items {{ issuer key amr at certainty }} }}");
    let shape = move |answer: &Value| {
        rows(answer, "items", |item| {
            let set: Vec<&str> = item["amr"].as_array().into_iter().flatten().map(word).collect();
            let of = match kind {
                "ISSUER" => word(&item["issuer"]).to_owned(),
                "KEY" => format!("{}/{}", word(&item["issuer"]), word(&item["key"])),
                _ => set.join("+"),
            };
            (exact || item["certainty"] == "CERTAIN")
                .then(|| name(of, word(&item["at"]).to_owned()))
        })
    };
    Question {
        field,
        cite: "27",
        expect: if exact { sorted(found.collect()) } else { any() },
        shape: Box::new(shape),
    }
}

pub(crate) fn completeness(view: &View, asking: &str) -> Question {
    let items: Vec<Value> = heard(view)
        .into_iter()
        .map(|heard| {
            let gap = |(from, until, filled): (Time, Time, bool)|
                json!({"from": show(from), "until": show(until), "backfilled": filled});
            json!({"source": heard.source, "heardUntil": heard.until.map(show),
                "gaps": heard.gaps.into_iter().map(gap).collect::<Vec<_>>()})
        })
        .collect();
    let later =
        heard(view).iter().any(|heard| heard.gaps.iter().any(|(_, until, _)| *until > view.t));
    let complete = if later { any() } else { json!(complete(view)) };
    let field = format!(
        "completeness({asking}) \
         {{ items {{ source heardUntil gaps {{ from until backfilled }} }} answered \
         {{ complete }} }}"
    );
    let expect = json!({"items": items, "answered": {"complete": complete}});
    Question { field, cite: "3", expect, shape: Box::new(Value::clone) }
}

pub(crate) fn hops(view: &View, session: &Session, asking: &str) -> Question {
    let start = session.start(view.t);
    let text = |field: &str| start.and_then(|start| start.text(field)).map(str::to_owned);
    let others = |field: &str| -> Vec<String> {
        let same = |other: &Session| {
            let theirs = other.start(view.t);
            let idp = field != "idp_session"
                || theirs.and_then(|start| start.text("idp"))
                    == start.and_then(|start| start.text("idp"));
            idp && text(field).is_some()
                && theirs.and_then(|start| start.text(field)).map(str::to_owned) == text(field)
        };
        let mut names: Vec<String> = sessions(view)
            .iter()
            .filter(|other| other.name != session.name && same(other))
            .map(|other| other.name.clone())
            .collect();
        names.sort();
        names
    };
    let mut apps: Vec<String> = session
        .of("app.accessed")
        .filter(|fact| fact.from <= view.t)
        .filter_map(|fact| fact.text("app_session"))
        .map(str::to_owned)
        .collect();
    apps.sort();
    let ahead = session.start(view.t).is_none() && session.start(Time::MAX).is_some();
    let behind = |field: &str| if ahead { any() } else { json!(text(field)) };
    let others = |field: &str| if ahead { any() } else { json!(others(field)) };
    let expect = json!({"session": session.name, "idpSession": behind("idp_session"),
        "rootSession": behind("root_session"), "siblings": others("idp_session"),
        "rootSiblings": others("root_session"), "apps": apps});
    let name = session.name.clone();
    let field = format!(
        "chain(id: \"{name}\", {asking}) \
         {{ items {{ session {{ id }} idpSession {{ id }} rootSession {{ id }} siblings \
         rootSiblings appSessions {{ id }} }} }}"
    );
    let shape = move |answer: &Value| {
        let item = answer["items"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|item| item["session"]["id"] == json!(name))
            .cloned()
            .unwrap_or_default();
        let list = |field: &str, of: fn(&Value) -> &Value| {
            rows(&item, field, |one| of(one).as_str().map(str::to_owned))
        };
        json!({"session": item["session"]["id"], "idpSession": item["idpSession"]["id"],
            "rootSession": item["rootSession"]["id"],
            "siblings": list("siblings", |one| one), "rootSiblings": list("rootSiblings", |one|
                one), "apps": list("appSessions", |one| &one["id"])})
    };
    Question { field, cite: "25", expect, shape: Box::new(shape) }
}
