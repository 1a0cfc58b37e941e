//! What rests on an IdP or a key, where no factor says it: the sign-in itself, a key that only a
//! retraction names, a decision whose instant is not known.

use crate::support::Scratch;
use claimledger_domain::RULES;
use serde_json::{Value, json};

const T: &str = "2026-03-10T10:00:00Z";

fn at(time: &str) -> Value {
    json!(format!("2026-03-10T{time}Z"))
}

fn line(id: &str, kind: &str, occurred: Value, data: Value) -> Value {
    json!({"id": id, "type": kind, "source": "sp", "occurred_at": occurred, "data": data})
}

fn of_session(id: &str, kind: &str, session: &str, occurred: Value, data: Value) -> Value {
    let mut line = line(id, kind, occurred, data);
    line["session"] = json!(session);
    line["subject"] = json!({"id": format!("u-{session}")});
    line
}

/// A ledger of one IdP, idp-q, and one policy, and what is added; each source was heard up to the
/// end of the day.
fn ledger(trust: bool, factor_mode: &str, more: Vec<Value>) -> Scratch {
    let mut lines = vec![
        line(
            "org",
            "org.configured",
            at("08:00:00"),
            json!({"engine": "identity_engine", "claims_sharing": true,
                "third_party_claims_sharing": true}),
        ),
        line(
            "idp",
            "idp.configured",
            at("08:00:00"),
            json!({"idp": "idp-q", "version": "q1", "kind": "third_party", "status": "active",
                "trust_claims": trust, "actor": "admin-0"}),
        ),
        line(
            "policy",
            "policy.configured",
            at("08:00:00"),
            json!({"policy": "wiki", "version": "v1", "kind": "app_sign_in", "apps": ["wiki"],
                "rules": [{"rule": "wiki-1", "priority": 1, "access": "allow",
                    "factor_mode": factor_mode}]}),
        ),
    ];
    lines.extend(more);
    lines.push(line(
        "heard",
        "source.heard",
        at("23:00:00"),
        json!({"until": "2026-03-10T23:00:00Z", "basis": "stated"}),
    ));
    let scratch = Scratch::new();
    scratch.ok(&["init", "--tenant", "acme"]);
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let file = scratch.file("facts.jsonl", text);
    scratch.ok(&["--tenant", "acme", "ingest", &file]);
    scratch
}

fn claim(session: &str, key: Option<&str>) -> Value {
    let mut data = json!({"idp": "idp-q", "assertion": format!("as-{session}"),
        "amr": ["pwd", "otp"]});
    if let Some(key) = key {
        data["key"] = json!(key);
    }
    of_session("claim", "claims.received", session, at("09:00:00"), data)
}

fn start(session: &str) -> Value {
    let data = json!({"idp": "idp-q", "idp_session": format!("is-{session}")});
    of_session("start", "session.started", session, at("09:00:00"), data)
}

fn decision(session: &str, occurred: Value) -> Value {
    let data = json!({"app": "wiki", "policy": "wiki", "outcome": "allow", "version": "v1",
        "rule": "wiki-1"});
    of_session("decision", "policy.decided", session, occurred, data)
}

fn retraction(key: Option<&str>) -> Value {
    let mut data = json!({"idp": "idp-q", "from": at("08:30:00"), "reason": "leaked",
        "actor": "admin-1"});
    if let Some(key) = key {
        data["key"] = json!(key);
    }
    line("retraction", "trust.retracted", at("09:30:00"), data)
}

/// An answer at T; `session certainty` of each edge, or `source id certainty` of a decision.
fn edges(scratch: &Scratch, t: &str, args: &[&str]) -> Vec<String> {
    let answer = scratch.json(&[&["--tenant", "acme", "--at", t], args].concat());
    let edge = |edge: &Value| {
        let node = &edge["node"];
        let id = node["record"]["sourceId"].as_str().or(node["id"].as_str());
        format!("{} {}", id.unwrap_or_default(), edge["certainty"].as_str().unwrap_or_default())
    };
    answer["edges"].as_array().expect("a list").iter().map(edge).collect()
}

/// What falls, and which sessions live on it, under a rehearsed retraction.
fn rehearsed(scratch: &Scratch, args: &[&str]) -> (Vec<String>, Vec<String>, Value) {
    let args = [
        &["--tenant", "acme", "--at", T, "rehearse", "retraction", "--idp", "idp-q"][..],
        args,
        &["--from", "2026-03-10T08:30:00Z", "--to", "2026-03-10T23:00:00Z"],
    ];
    let answer = scratch.json(&args.concat());
    let of = |list: &str, id: &dyn Fn(&Value) -> Value| {
        let items = answer[list].as_array().expect("a list").iter();
        items
            .map(|item| {
                let certainty = item["certainty"].as_str().unwrap_or_default();
                format!("{} {certainty}", id(item).as_str().unwrap_or_default())
            })
            .collect()
    };
    (
        of("falls", &|fall| fall["decision"]["record"]["sourceId"].clone()),
        of("live", &|live| live["session"].clone()),
        answer["warnings"].clone(),
    )
}

/// Semantics 38: with no assertion seen, the federation rests on the IdP that the start names.
#[test]
fn a_session_rests_on_the_idp_that_started_it_where_no_claim_was_seen() {
    let key = line(
        "key",
        "idp.key_added",
        at("08:00:00"),
        json!({"idp": "idp-q", "key": "Q1", "actor": "admin-0"}),
    );
    let scratch = ledger(true, "1fa", vec![key, start("N"), decision("N", at("09:00:05"))]);
    assert_eq!(edges(&scratch, T, &["sessions", "--idp", "idp-q"]), ["N CERTAIN"]);
    assert_eq!(edges(&scratch, T, &["decisions", "--idp", "idp-q"]), ["decision CERTAIN"]);
    // What key signed it is not known, and a retraction of a key does not reach it.
    assert!(edges(&scratch, T, &["sessions", "--idp", "idp-q", "--key", "Q1"]).is_empty());
    let (falls, live, _) = rehearsed(&scratch, &[]);
    assert_eq!((falls, live), (vec!["decision CERTAIN".to_owned()], vec!["N CERTAIN".to_owned()]));
    assert_eq!(rehearsed(&scratch, &["--key", "Q1"]).0, Vec::<String>::new());
}

/// Semantics 29 and 38: trust is off and no factor counts, and the sign-in rests on the assertion.
#[test]
fn a_decision_rests_on_a_sign_in_whose_claims_are_ignored() {
    let facts = || vec![claim("Z", Some("Q1")), start("Z"), decision("Z", at("09:00:05"))];
    let scratch = ledger(false, "1fa", facts());
    for by in [&["--idp", "idp-q"][..], &["--idp", "idp-q", "--key", "Q1"]] {
        let args = [&["decisions"], by].concat();
        assert_eq!(edges(&scratch, T, &args), ["decision CERTAIN"], "{by:?}");
    }
    let (falls, live, _) = rehearsed(&scratch, &["--key", "Q1"]);
    assert_eq!((falls, live), (vec!["decision CERTAIN".to_owned()], vec!["Z CERTAIN".to_owned()]));
    // A rule of two factors is not met by the sign-in.
    let scratch = ledger(false, "2fa", facts());
    assert!(edges(&scratch, T, &["decisions", "--idp", "idp-q"]).is_empty());
}

/// Semantics 20, 38 and 41: what its record names, and what came before it.
#[test]
fn a_decision_rests_on_a_start_that_it_names_and_that_came_before_it() {
    let verified = || {
        let data = json!({"method": "totp"});
        of_session("local", "factor.verified", "L", at("09:00:00"), data)
    };
    let listed = |named: Option<&[&str]>, started: &str| {
        let (mut begins, mut decides) = (start("L"), decision("L", at("09:00:05")));
        begins["occurred_at"] = at(started);
        if let Some(named) = named {
            decides["data"]["relied_on"] = json!(named);
        }
        let scratch = ledger(true, "1fa", vec![begins, verified(), decides]);
        edges(&scratch, T, &["decisions", "--idp", "idp-q"])
    };
    assert_eq!(listed(None, "09:00:00"), ["decision CERTAIN"]);
    assert_eq!(listed(Some(&["local", "start"]), "09:00:00"), ["decision CERTAIN"]);
    assert_eq!(listed(Some(&["local"]), "09:00:00"), [""; 0]);
    // It may be the assertion, which nobody has seen.
    assert_eq!(listed(Some(&["assertion"]), "09:00:00"), ["decision POSSIBLE"]);
    assert_eq!(listed(None, "09:00:06"), [""; 0]);
}

/// Semantics 42, of a key that only its retraction names.
#[test]
fn a_retracted_key_may_have_signed_a_claim_that_names_none() {
    let facts =
        vec![claim("Q", None), start("Q"), decision("Q", at("09:00:05")), retraction(Some("Q1"))];
    let scratch = ledger(true, "2fa", facts);
    let key = ["--idp", "idp-q", "--key", "Q1"];
    assert_eq!(edges(&scratch, T, &[&["sessions"], &key[..]].concat()), ["Q POSSIBLE"]);
    assert_eq!(edges(&scratch, T, &[&["decisions"], &key[..]].concat()), ["decision POSSIBLE"]);
    // No key is checked of such a claim, and the policy can be met by one as before.
    let (_, live, unmet) = rehearsed(&scratch, &["--key", "Q1"]);
    assert_eq!(live, ["Q POSSIBLE"]);
    assert_eq!(unmet, json!([]));
}

/// The counts of `/blast` for key Q1, and its section of decisions that fall.
fn blast(scratch: &Scratch) -> (Vec<String>, String) {
    let head = scratch.json(&["--tenant", "acme", "status"])["head"].as_u64().expect("a size");
    let token = format!("Bearer {}", scratch.token("acme", "read"));
    let path = "/blast?kind=key&idp=idp-q&key=Q1";
    let cut = format!("at={T}&knownAtPosition={}&rules={RULES}", head - 1);
    let (status, _, body) =
        scratch.serve().get(&format!("{path}&{cut}"), &[("authorization", &token)]);
    assert_eq!(status, 200, "{body}");
    let between = |from: &str, to: &str| {
        let rest = body.split(from).nth(1).and_then(|rest| rest.split(to).next());
        rest.expect("a part of the page").to_owned()
    };
    let plain = |html: &str| {
        let inner = html.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text));
        inner.collect::<String>()
    };
    let counts = between("id=\"counts\"", "</ul>");
    let counts = counts.split("<li>").skip(1).map(&plain).collect();
    (counts, plain(&between("<section id=\"falls\"", "</section>")))
}

/// Semantics 42: the retraction, supposed or recorded, names the key that only a claim does.
#[test]
fn what_falls_by_a_key_that_only_claims_name_is_the_same_everywhere() {
    let mut facts = vec![claim("N", Some("Q1")), start("N"), decision("N", at("09:00:05"))];
    for mut fact in [claim("U", None), start("U"), decision("U", at("09:00:05"))] {
        fact["id"] = json!(format!("{}-u", fact["id"].as_str().expect("an id")));
        facts.push(fact);
    }
    let scratch = ledger(true, "2fa", facts);
    // Nothing states the key: a list by it has what names it.
    let key = ["sessions", "--idp", "idp-q", "--key", "Q1"];
    assert_eq!(edges(&scratch, T, &key), ["N CERTAIN"]);
    let (falls, live, _) = rehearsed(&scratch, &["--key", "Q1"]);
    assert_eq!(falls, ["decision CERTAIN", "decision-u POSSIBLE"]);
    assert_eq!(live, ["N CERTAIN", "U POSSIBLE"]);
    let printed = scratch.ok(&[
        "--tenant",
        "acme",
        "--at",
        T,
        "rehearse",
        "retraction",
        "--idp",
        "idp-q",
        "--key",
        "Q1",
        "--from",
        "2026-03-10T08:30:00Z",
        "--to",
        "2026-03-10T23:00:00Z",
    ]);
    assert!(printed.contains("allow, then deny if this key signed it"), "{printed}");
    let (counts, falls) = blast(&scratch);
    let both = "1 certain + 1 possible";
    assert_eq!(counts.len(), 4, "{counts:?}");
    assert!(counts.iter().all(|count| count.starts_with(both)), "{counts:?}");
    assert!(falls.contains("Decisions that would fall: 2"), "{falls}");
    assert!(!falls.contains("fell already"), "{falls}");

    let file = scratch.file("retraction.jsonl", format!("{}\n", retraction(Some("Q1"))));
    scratch.ok(&["--tenant", "acme", "ingest", &file]);
    assert_eq!(edges(&scratch, T, &key), ["N CERTAIN", "U POSSIBLE"]);
    let (counts, falls) = blast(&scratch);
    assert!(counts.iter().all(|count| count.starts_with(both)), "{counts:?}");
    assert!(counts[3].ends_with(&format!("; {both} of them fell already")), "{counts:?}");
    let words = format!("Decisions that would fall: 2, of which {both} fell already");
    assert!(falls.contains(&words), "{falls}");
    for words in ["first unmet: not enough factors: it fell already", ": it possibly fell already"]
    {
        assert!(falls.contains(words), "{words}: {falls}");
    }
}

/// Semantics 6: possible inside the interval, certain outside.
#[test]
fn a_decision_of_an_unknown_instant_is_possible_inside_its_interval() {
    let interval = json!({"from": at("09:10:00"), "to": at("09:50:00")});
    let facts = vec![claim("D", Some("Q1")), start("D"), decision("D", interval)];
    let scratch = ledger(true, "2fa", facts);
    let noon = "2026-03-10T12:00:00Z";
    let list = |t: &str, bounds: &[&str]| {
        let bounds: Vec<String> = bounds
            .iter()
            .map(|word| {
                if word.starts_with("--") {
                    (*word).to_owned()
                } else {
                    format!("2026-03-10T{word}Z")
                }
            })
            .collect();
        let mut args = vec!["decisions"];
        args.extend(bounds.iter().map(String::as_str));
        edges(&scratch, t, &args)
    };
    for (bounds, certainty) in [
        (&["--from", "09:00:00", "--to", "10:00:00"][..], "CERTAIN"),
        (&["--from", "09:30:00"], "POSSIBLE"),
        (&["--to", "09:30:00"], "POSSIBLE"),
    ] {
        assert_eq!(list(noon, bounds), [format!("decision {certainty}")], "{bounds:?}");
    }
    let inside = "2026-03-10T09:30:00Z";
    assert_eq!(list(inside, &[]), ["decision POSSIBLE"]);
    assert_eq!(edges(&scratch, inside, &["sessions", "--app", "wiki"]), ["D POSSIBLE"]);
    assert_eq!(edges(&scratch, noon, &["sessions", "--app", "wiki"]), ["D CERTAIN"]);
    let printed = scratch.ok(&["--tenant", "acme", "--at", noon, "decisions"]);
    let when = "some time from 2026-03-10T09:10:00Z to 2026-03-10T09:50:00Z";
    assert!(printed.contains(when), "{printed}");
    for bounds in [&["--from", "10:00:00"], &["--to", "09:00:00"]] {
        assert!(list(noon, bounds).is_empty(), "{bounds:?}");
    }
}

/// Semantics 6 and 38, of a sign-in of which no assertion was seen.
#[test]
fn a_retraction_may_reach_a_session_that_started_at_an_unknown_instant() {
    let mut started = start("E");
    started["occurred_at"] = json!({"from": at("08:10:00"), "to": at("08:50:00")});
    let scratch = ledger(true, "1fa", vec![started, decision("E", at("09:00:05"))]);
    let (falls, live, _) = rehearsed(&scratch, &[]);
    assert_eq!(
        (falls, live),
        (vec!["decision POSSIBLE".to_owned()], vec!["E POSSIBLE".to_owned()])
    );
}

/// Semantics 21: it is not implied allow afterwards; nor was it before, where no rule is known.
#[test]
fn what_was_never_implied_allow_falls_possibly() {
    let mut facts = vec![claim("U", Some("Q1")), start("U"), decision("U", at("09:00:05"))];
    facts[2]["data"]["policy"] = json!("unstated");
    let scratch = ledger(true, "2fa", facts);
    assert_eq!(rehearsed(&scratch, &[]).0, ["decision POSSIBLE"]);
}

/// Semantics 18, 22: at T the session had ended by its limit before the decision; the end that is
/// stated later says that it lived. What a later fact settles is in the list at the T before.
#[test]
fn what_a_later_fact_settles_is_listed_as_odd_before_it() {
    let data = json!({"idp": "idp-q", "lifetime_ends_at": "2026-03-10T09:30:00Z"});
    let start = of_session("start", "session.started", "L", at("09:00:00"), data);
    let end = json!({"reason": "logout"});
    let end = of_session("end", "session.ended", "L", at("12:00:00"), end);
    let facts = vec![claim("L", None), start, decision("L", at("10:00:00")), end];
    let scratch = ledger(true, "2fa", facts);
    for (t, odd) in [("11:00:00", &["L"][..]), ("12:00:00", &[])] {
        let t = format!("2026-03-10T{t}Z");
        let found = scratch.json(&["--tenant", "acme", "--at", &t, "session", "L"]);
        let differs = &found["session"]["decisions"][0]["differs"];
        assert_eq!(differs.is_null(), odd.is_empty(), "{t}: {differs}");
        let certain = |id: &&str| format!("{id} CERTAIN");
        let expected: Vec<String> = odd.iter().map(certain).collect();
        assert_eq!(edges(&scratch, &t, &["sessions", "--differs"]), expected, "{t}");
        let decisions = edges(&scratch, &t, &["decisions", "--differs"]);
        assert_eq!(decisions.len(), odd.len(), "{t}: {decisions:?}");
        let others: &[&str] = if odd.is_empty() { &["L CERTAIN"] } else { &[] };
        assert_eq!(edges(&scratch, &t, &["sessions", "--differs=false"]), others, "{t}");
    }
}

/// Semantics 1, 38: an assertion that comes after a decision is none that was seen by it. The
/// decision rests on the IdP of the start, at every T.
#[test]
fn a_later_assertion_of_another_idp_takes_nothing_from_a_decision_before_it() {
    let other = line(
        "other",
        "idp.configured",
        at("08:00:00"),
        json!({"idp": "idp-r", "version": "r1", "kind": "third_party", "status": "active",
            "trust_claims": true, "actor": "admin-0"}),
    );
    let mut later = claim("M", None);
    later["data"]["idp"] = json!("idp-r");
    later["occurred_at"] = at("09:20:00");
    let facts = vec![other, start("M"), decision("M", at("09:00:05")), later, retraction(None)];
    let scratch = ledger(true, "1fa", facts);
    for t in ["2026-03-10T09:10:00Z", T] {
        assert_eq!(edges(&scratch, t, &["decisions", "--idp", "idp-q"]), ["decision CERTAIN"]);
        assert_eq!(edges(&scratch, t, &["sessions", "--idp", "idp-q"]), ["M CERTAIN"], "{t}");
        assert_eq!(edges(&scratch, t, &["sessions", "--retracted"]), ["M CERTAIN"], "{t}");
        let found = scratch.json(&["--tenant", "acme", "--at", t, "session", "M"]);
        let later = &found["session"]["decisions"][0]["falsifiedLater"];
        assert!(
            later["words"].as_str().is_some_and(|words| words.contains("retracted")),
            "{later}"
        );
        let why = scratch.ok(&["--tenant", "acme", "--at", t, "session", "M"]);
        assert!(!why.contains("the sign-in through idp-r stands"), "{why}");
    }
}

/// The names of the sessions in a file of JSON lines.
fn sessions_of(file: &str) -> Vec<String> {
    let rows = file.lines().map(|line| serde_json::from_str::<Value>(line).expect("a row"));
    rows.map(|row| row["session"].as_str().expect("a name").to_owned()).collect()
}

/// A claim that names no key possibly rests on a key that only claims name, once that key is
/// retracted: `/blast` supposes so, and its list, its query and its file have the same sessions.
#[test]
fn the_file_of_a_key_that_only_claims_name_has_what_its_page_lists() {
    let mut keyed = claim("K", Some("K9"));
    keyed["id"] = json!("claim-K");
    let scratch = ledger(true, "1fa", vec![start("N"), claim("N", None), keyed]);
    let of_key = ["sessions", "--idp", "idp-q", "--key", "K9"];
    assert_eq!(edges(&scratch, T, &of_key), ["K CERTAIN"], "as stated");
    let supposed = [&of_key[..], &["--supposes-key"]].concat();
    assert_eq!(edges(&scratch, T, &supposed), ["N POSSIBLE", "K CERTAIN"]);
    let file = scratch.path("sessions.jsonl");
    let output = ["--as", "jsonl", "--output", file.to_str().expect("a UTF-8 path")];
    scratch.ok(&[&["--tenant", "acme", "--at", T, "export"], &supposed[..], &output].concat());
    let written = std::fs::read_to_string(&file).expect("a file");
    assert_eq!(sessions_of(&written), ["N", "K"]);

    let known = scratch.json(&["--tenant", "acme", "sessions"])["answered"]["position"].clone();
    let cut = format!("at={T}&knownAtPosition={known}&rules={RULES}");
    let token = format!("Bearer {}", scratch.token("acme", "read,export"));
    let server = scratch.serve();
    let get = |path: &str| server.get(path, &[("authorization", &token)]).2;
    let page = get(&format!("/blast?kind=key&idp=idp-q&key=K9&{cut}"));
    assert!(page.contains("1 certain + 1 possible"), "{page}");
    assert!(!page.contains("without those whose claims name no key"), "{page}");
    let attribute = |of: &str, name: &str| {
        let value = of.split(&format!("{name}=\"")).nth(1).expect(name).split('"').next();
        value.unwrap_or_default().replace("&amp;", "&")
    };
    let link = page.split("<a ").find(|link| link.contains("The same sessions as a list"));
    let list = get(&attribute(link.expect("a link"), "href"));
    assert!(list.contains("<bdi>N</bdi>") && list.contains("<bdi>K</bdi>"), "{list}");
    let form = page.split("class=\"export\"").nth(1).expect("a form").split("</form>").next();
    let form = form.unwrap_or_default();
    let fields = form
        .split("<input ")
        .skip(1)
        .map(|field| format!("{}={}", attribute(field, "name"), attribute(field, "value")));
    let fields: Vec<String> = fields.chain(["as=jsonl".to_owned()]).collect();
    let sent = get(&format!("{}?{}", attribute(form, "action"), fields.join("&")));
    assert_eq!(sent, written, "the file of the page is that of the command");
}
