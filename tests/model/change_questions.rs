//! Questions about changes: what rested on one, what would be otherwise, what changed what was
//! believed.

use crate::model::changes::{dependants, fallen, flips, held, needed};
use crate::model::day::at;
use crate::model::factors::claims;
use crate::model::facts::{Fact, Time, View, show, word};
use crate::model::list_questions::{rows, sorted};
use crate::model::lists::unjudged;
use crate::model::question::Question;
use crate::model::sessions::{Session, sessions};
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub(crate) fn rested(view: &View, change: &Fact, asking: &str) -> Question {
    // Whether what could not be read counted is not known, so neither is whether it rests on a
    // trust version.
    let unreadable = |session: &&Session| {
        unjudged(view, session)
            || claims(view, session, view.k).iter().any(|claim| claim.unreadable || claim.unseen)
    };
    let skip: BTreeSet<String> =
        sessions(view).iter().filter(unreadable).map(|session| session.name.clone()).collect();
    let skips = change.is("idp.configured") || change.is("authenticator.lost");
    let keep = move |name: &String| !skips || !skip.contains(name);
    let expect = sorted(dependants(view, change).into_iter().filter(&keep).collect());
    let field = format!(
        "dependants(record: \"{}\", {asking}) \
         {{ items {{ sessions {{ session }} decisions {{ record {{ sourceId }} }} }} }}",
        change.id
    );
    let shape = move |answer: &Value| {
        let item = &answer["items"][0];
        let sessions = item["sessions"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|of| word(&of["session"]).to_owned());
        let decisions = item["decisions"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|of| word(&of["record"]["sourceId"]).to_owned());
        sorted(sessions.chain(decisions).filter(&keep).collect())
    };
    Question { field, cite: "11, 29, 38", expect, shape: Box::new(shape) }
}

pub(crate) fn kept(view: &View, policy: &str, version: &str, asking: &str) -> Question {
    let vague = |session: &&Session| {
        unjudged(view, session) || session.facts.iter().any(|fact| fact.from != fact.to)
    };
    let skip: BTreeSet<String> =
        sessions(view).iter().filter(vague).map(|session| session.name.clone()).collect();
    let keep = move |row: &Value| !skip.contains(word(&row["session"]));
    let mut expect: Vec<Value> = held(view, policy, version).into_iter().filter(&keep).collect();
    expect.sort_by_key(|row| word(&row["decision"]).to_owned());
    let field = format!(
        "heldUnder(policy: \"{policy}\", version: \"{version}\", {asking}) \
         {{ items {{ session from until endedBy wouldPass decision {{ sourceId }} }} }}"
    );
    let shape = move |answer: &Value| {
        let mut rows: Vec<Value> = answer["items"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|row| keep(row))
            .cloned()
            .collect();
        rows.iter_mut().for_each(|row| row["decision"] = row["decision"]["sourceId"].clone());
        rows.sort_by_key(|row| word(&row["decision"]).to_owned());
        json!(rows)
    };
    Question { field, cite: "18, 29", expect: json!(expect), shape: Box::new(shape) }
}

pub(crate) fn rehearsed(view: &View, idp: &str, asking: &str) -> Question {
    let (from, to) = (at(0, 0), at(23, 59));
    let unstated = |session: &Session| {
        claims(view, session, view.k).iter().any(|claim| claim.version.is_none())
    };
    let vague = |session: &&Session| unjudged(view, session) || unstated(session);
    let skip: BTreeSet<String> = sessions(view)
        .iter()
        .filter(vague)
        .flat_map(|session| {
            session.of("policy.decided").map(|fact| fact.id.clone()).collect::<Vec<_>>()
        })
        .collect();
    let keep = move |row: &String| !skip.contains(row.split(' ').next().unwrap_or_default());
    let expect = sorted(flips(view, idp, from, to).into_iter().filter(&keep).collect());
    let field = format!(
        "rehearse(change: {{kind: TRUST_OFF, idp: \"{idp}\"}}, from: \"{}\", to: \"{}\", {asking}) \
         {{ flips {{ before after decision {{ record {{ sourceId }} }} }} }}",
        show(from),
        show(to)
    );
    let row = |flip: &Value| {
        format!(
            "{} {} {}",
            word(&flip["decision"]["record"]["sourceId"]),
            word(&flip["before"]),
            word(&flip["after"])
        )
    };
    let shape = move |answer: &Value| rows(answer, "flips", |flip| Some(row(flip)).filter(&keep));
    Question { field, cite: "4, 9, 21", expect, shape: Box::new(shape) }
}

/// What a retraction would let fall, and who lives on it.
pub(crate) fn would_fall(view: &View, claim: &Fact, by_key: bool, asking: &str) -> Question {
    let (from, to) = (at(0, 0), at(23, 59));
    let (idp, key) = (claim.text("idp").unwrap_or_default(), claim.text("key").filter(|_| by_key));
    let mut retraction = claim.clone();
    retraction.kind = "trust.retracted".to_owned();
    retraction.data = json!({"idp": idp, "key": key, "from": show(claim.from), "reason": "leaked"});
    let fallen = fallen(view, &retraction, from, to);
    let named = key.map(|key| format!(", key: \"{key}\"")).unwrap_or_default();
    let field = format!(
        "rehearse(change: {{kind: RETRACTION, idp: \"{idp}\"{named}, from: \"{}\"}}, from: \"{}\", \
         to: \"{}\", {asking}) \
         {{ falls {{ decision {{ record {{ sourceId }} }} }} live {{ session certainty }} }}",
        show(claim.from),
        show(from),
        show(to)
    );
    let expect = json!({"falls": sorted(fallen.falls), "live": sorted(fallen.live)});
    let open = fallen.open;
    let shape = move |answer: &Value| {
        let fall = |fall: &Value| {
            Some(word(&fall["decision"]["record"]["sourceId"]).to_owned())
                .filter(|id| !open.contains(id))
        };
        let live = |one: &Value| {
            Some(format!("{} {}", word(&one["session"]), word(&one["certainty"])))
                .filter(|_| !open.contains(word(&one["session"])))
        };
        json!({"falls": rows(answer, "falls", fall), "live": rows(answer, "live", live)})
    };
    Question { field, cite: "10, 20, 21, 42", expect, shape: Box::new(shape) }
}

/// 28: nothing is left out that alone makes the difference, and nothing is named that cannot
/// concern the session.
pub(crate) fn believed(facts: &[Fact], session: &Session, at: Time, k: (i64, i64)) -> Question {
    let needed = needed(facts, &session.name, at, k.0, k.1);
    let names = session.aliases.iter().chain([&session.name]).cloned().collect::<BTreeSet<_>>();
    let strange = |fact: &Fact| {
        fact.session.as_ref().is_some_and(|of| !names.contains(of)) && !fact.is("session.linked")
    };
    let strangers: BTreeSet<String> = facts
        .iter()
        .filter(|fact| strange(fact) || fact.pos <= k.0 || fact.pos > k.1)
        .map(|fact| fact.id.clone())
        .collect();
    let field = format!(
        "beliefDiff(session: \"{}\", at: \"{}\", from: {{knownAtPosition: {}}}, to: \
         {{knownAtPosition: {}}}) {{ facts {{ record {{ sourceId }} }} }}",
        session.name,
        show(at),
        k.0,
        k.1
    );
    let shape = move |answer: &Value| {
        let named: BTreeSet<&str> = answer["facts"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|fact| word(&fact["record"]["sourceId"]))
            .collect();
        let missing: Vec<&String> =
            needed.iter().filter(|id| !named.contains(id.as_str())).collect();
        let strange: Vec<&String> =
            strangers.iter().filter(|id| named.contains(id.as_str())).collect();
        json!({"missing": missing, "strange": strange})
    };
    Question {
        field,
        cite: "28",
        expect: json!({"missing": [], "strange": []}),
        shape: Box::new(shape),
    }
}
