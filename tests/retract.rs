//! Trust is retracted by the role govern: from the directory, over HTTP and by the form of the
//! pages.

use crate::support::{Scratch, Server, claimledger, fixture, text};
use serde_json::{Value, json};

const PATH: &str = "/v1/retractions";
/// What the fixture retracts.
const FROM: &str = "2026-03-10T13:40:00Z";

/// The fixture's day without its own retraction.
fn day_before_it() -> Scratch {
    let scratch = Scratch::rehearsal(&["acme"]);
    let day = std::fs::read_to_string(fixture::dir().join("acme.jsonl")).expect("the fixture");
    let lines: Vec<&str> = day.lines().filter(|line| !line.contains("trust.retracted")).collect();
    assert_eq!(lines.len() + 1, day.lines().count());
    let file = scratch.file("acme.jsonl", lines.join("\n"));
    scratch.ok(&["--tenant", "acme", "ingest", &file]);
    scratch
}

fn head(scratch: &Scratch) -> u64 {
    scratch.json(&["--tenant", "acme", "status"])["head"].as_u64().expect("a size")
}

fn wanted() -> Value {
    json!({"id": "leak-1", "idp": "idp-x", "key": "X1", "from": FROM, "reason": "leaked",
        "ticket": "T-3"})
}

fn with(name: &str, value: Value) -> Value {
    let mut wanted = wanted();
    wanted[name] = value;
    wanted
}

fn post(server: &Server, token: &str, body: &Value) -> (u16, Value) {
    let body = body.to_string();
    let (status, answer) = server.post(PATH, Some(token), "application/json", body.as_bytes());
    (status, serde_json::from_str(&answer).unwrap_or_default())
}

/// The form as a browser sends it.
fn send_form(server: &Server, token: &str, fields: &[(&str, &str)]) -> (u16, String, String) {
    let encoded = |text: &str| {
        let bytes = text.bytes().map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        });
        bytes.collect::<String>()
    };
    let pairs: Vec<String> =
        fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let (status, headers, body) =
        server.post_with("/retract", Some(token), &headers, pairs.join("&").as_bytes());
    let to = headers.into_iter().find(|(name, _)| name == "location");
    (status, to.map(|(_, to)| to).unwrap_or_default(), body)
}

const FORM: [(&str, &str); 7] = [
    ("form", "f-1"),
    ("idp", "idp-x"),
    ("key", "X1"),
    ("from", FROM),
    ("reason", "leaked"),
    ("ticket", "T-3"),
    ("again", "X1"),
];

/// The form with other values.
fn form<'f>(others: &[(&'f str, &'f str)]) -> Vec<(&'f str, &'f str)> {
    let mut fields: Vec<_> =
        FORM.into_iter().filter(|(name, _)| others.iter().all(|(it, _)| it != name)).collect();
    fields.extend(others);
    fields
}

/// What the ledger says of each session and decision, without positions and times of recording.
fn answers(scratch: &Scratch) -> Value {
    let ask = |command: &str| {
        scratch.json(&["--tenant", "acme", command, "--at", "2026-03-10T23:00:00Z"])
    };
    let without = |mut value: Value| {
        strip(&mut value);
        value
    };
    json!([without(ask("sessions")["edges"].clone()), without(ask("decisions")["edges"].clone())])
}

/// Removes what two ledgers never have in common: pseudonyms, positions and times of recording.
fn strip(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for name in ["position", "recordedAt", "cursor", "record", "sourceId", "subject"] {
                fields.remove(name);
            }
            fields.values_mut().for_each(strip);
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        Value::String(text) => {
            if let Some(at) = text.find(", recorded ") {
                text.truncate(at);
            }
        }
        _ => {}
    }
}

#[test]
fn the_command_rehearses_and_records_a_retraction_once() {
    let scratch = day_before_it();
    let before = head(&scratch);
    let retract = ["--tenant", "acme", "retract", "--idp", "idp-x", "--from", FROM];
    let run = |more: &[&str]| {
        let out = scratch.run(&[&retract[..], more].concat());
        (out.status.code().expect("a status"), text(&out.stdout), text(&out.stderr))
    };

    let (status, said, error) = run(&["--key", "X1", "--rehearse"]);
    assert_eq!(status, 0, "{error}");
    assert!(said.contains("Falls: 1") && said.contains("Nothing was written"), "{said}");
    for (more, expected, says) in [
        (&["--reason", "leaked"][..], 2, "--key"),
        (&["--key", "X1", "--whole-idp", "--reason", "leaked"], 2, "cannot be used with"),
        (&["--key", "X1"], 2, "--reason"),
        (&["--key", "X9", "--reason", "leaked"], 3, "no key X9 of idp-x is known; known: X1, X2"),
        (&["--key", "X1", "--reason", " "], 3, "reason"),
        (&["--key", "X1", "--reason", "leaked", "--at", FROM], 2, "at the end of the log"),
    ] {
        let (status, said, error) = run(more);
        assert_eq!(status, expected, "{more:?}: {said}{error}");
        assert!(error.contains(says), "{more:?}: {error}");
    }
    assert_eq!(head(&scratch), before, "nothing was written");

    let args = ["--key", "X1", "--reason", "leaked", "--ticket", "T-3", "--id", "leak-1"];
    let (status, said, error) = run(&args);
    assert_eq!(status, 0, "{error}");
    for words in [
        &format!("Recorded as #{before} at "),
        "trust in key X1 of idp-x is retracted from 2026-03-10T13:40:00Z on",
        "Reason leaked, ticket T-3, by owner, id leak-1.",
        "Rested on it: 1 certain + 0 possible sessions.",
        "Decisions that fall: 1 certain + 0 possible.",
        &format!("Next: claimledger --tenant acme dependants --record {before}"),
    ] {
        assert!(said.contains(words), "{words}\nin\n{said}");
    }
    let (status, again, error) = run(&args);
    assert_eq!(status, 0, "{error}");
    assert_eq!(again, said.replace("Recorded as", "Already recorded as"));
    assert_eq!(head(&scratch), before + 1, "recorded once");
    let (status, _, error) = run(&[&args[..6], &["--id", "leak-1", "--ticket", "T-4"]].concat());
    assert_eq!(status, 2, "--ticket twice: {error}");
    let (status, _, error) = run(&["--key", "X1", "--reason", "lost", "--id", "leak-1"]);
    assert_eq!(status, 3, "{error}");
    let is = format!("other content is stored under claimledger/retract/leak-1 at #{before}");
    assert!(error.contains(&is), "{error}");

    let record = scratch.json(&["--tenant", "acme", "record", &before.to_string()]);
    assert_eq!(record["kind"], "trust.retracted", "{record}");
    // Another of the same: what there is, and what it adds.
    let (status, said, error) = run(&["--key", "X1", "--reason", "leaked", "--id", "leak-2"]);
    assert_eq!(status, 0, "{error}");
    let already = format!("by owner, from 2026-03-10T13:40:00Z on, #{before}.");
    assert!(said.contains("Retracted already: key X1, at ") && said.contains(&already), "{said}");
    assert!(said.contains("This one adds nothing: what it hits was hit already."), "{said}");
    let earlier = [
        "--tenant",
        "acme",
        "retract",
        "--idp",
        "idp-x",
        "--key",
        "X1",
        "--from",
        "2026-03-10T09:00:00Z",
        "--reason",
        "leaked",
        "--id",
        "leak-3",
    ];
    let said = scratch.ok(&earlier);
    let adds = "adds what was received from 2026-03-10T09:00:00Z up to 2026-03-10T13:40:00Z.";
    assert!(said.contains(adds), "{said}");
    assert_eq!(said.matches("Retracted already").count(), 2, "{said}");

    let (status, said, error) =
        run(&["--whole-idp", "--reason", "It was taken over, says Ito.", "--id", "i"]);
    assert_eq!(status, 0, "{error}");
    assert!(
        said.contains("trust in all of idp-x is")
            && said.contains("Reason free_text")
            && !said.contains("Retracted already"),
        "{said}"
    );
    // Free text is sealed, and is part of what is compared.
    let (status, _, error) =
        run(&["--whole-idp", "--reason", "For no reason at all.", "--id", "i"]);
    assert_eq!(status, 3, "{error}");
    let dump = std::fs::read(scratch.data().join("log.sqlite"))
        .or_else(|_| std::fs::read(scratch.data().join("log")));
    let dump = dump.expect("the log");
    assert!(!dump.windows(9).any(|bytes| bytes == b"says Ito."), "sealed");
    scratch.ok(&["--tenant", "acme", "verify"]);
}

#[test]
fn over_http_it_needs_the_role_govern_and_a_sound_request() {
    let scratch = day_before_it();
    let govern = scratch.token("acme", "govern");
    let others = scratch.token("acme", "ingest,read,investigate,export,operate");
    let both = scratch.file("both", scratch.token("acme", "govern,read"));
    let before = head(&scratch);
    let server = scratch.serve();
    let (status, said) = post(&server, &others, &wanted());
    assert_eq!((status, &said["error"]["needs"]), (403, &json!("govern")), "{said}");
    assert_eq!(post(&server, "nobody", &wanted()).0, 401);
    for (body, field, says) in [
        (with("key", json!("X9")), "key", "no key X9 of idp-x is known; known: X1, X2"),
        (with("key", Value::Null), "key", "the field is missing"),
        (with("wholeIdp", json!(true)), "wholeIdp", "both named"),
        (with("idp", json!("idp-q")), "idp", "no identity provider idp-q is known; known: idp-x"),
        (with("from", json!("2026-03-10T23:00:01Z")), "from", "later than 2026-03-10T23:00:00Z"),
        (with("from", json!("2026-03-10T13:40:00")), "from", "2026-03-10T13:40:00 is"),
        (with("id", json!("")), "id", "missing"),
        (with("id", json!("x".repeat(600))), "id", "too long"),
        (with("reason", json!("")), "reason", "missing"),
        (with("reason", json!("x".repeat(9000))), "reason", "too long"),
        (with("ticket", json!("a\u{7}b")), "ticket", "control characters"),
    ] {
        let (status, said) = post(&server, &govern, &body);
        assert_eq!((status, &said["error"]["field"]), (422, &json!(field)), "{body}: {said}");
        let message = said["error"]["message"].as_str().expect("a message");
        assert!(message.contains(says), "{body}: {message}");
    }
    for body in [json!([]), json!({}), with("tenant", json!("globex")), with("whole_idp", json!(1))]
    {
        let (status, said) = post(&server, &govern, &body);
        assert_eq!((status, &said["error"]["code"]), (422, &json!("invalid_field")), "{said}");
    }
    let of = |path: &str, token| post_path(&server, path, token);
    assert_eq!(of("/v1/retractions/", &govern), 404);

    let (status, made) = post(&server, &govern, &wanted());
    assert_eq!(status, 201, "{made}");
    assert_eq!((&made["position"], &made["outcome"]), (&json!(before), &json!("stored")), "{made}");
    assert_eq!(made["sourceId"], "retract/leak-1");
    let actor = made["fact"]["actor"].as_str().expect("an actor").to_owned();
    assert!(actor.starts_with("c-"), "{made}");
    let (status, again) = post(&server, &govern, &wanted());
    assert_eq!((status, &again["outcome"]), (200, &json!("repeated")), "{again}");
    assert_eq!(
        (&again["position"], &again["recordedAt"]),
        (&made["position"], &made["recordedAt"])
    );
    let (status, said) = post(&server, &govern, &with("ticket", json!("T-4")));
    assert_eq!((status, &said["error"]["position"]), (409, &json!(before)), "{said}");

    // The command against a server: a key that is named by another retraction already.
    let mut command = claimledger();
    command.args(["--url", &server.url, "--token-file", &both, "--format", "json", "retract"]);
    command.args(["--idp", "idp-x", "--key", "X1", "--from", FROM, "--reason", "leaked"]);
    let out = command.output().expect("the program runs");
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
    let done: Value = serde_json::from_slice(&out.stdout).expect("JSON");
    assert_eq!(done["already"][0]["position"], made["position"], "{done}");
    assert_eq!(done["already"][0]["fact"]["from"], FROM, "{done}");
    assert_eq!((made["already"].clone(), again["already"].clone()), (json!([]), json!([])));
    let rested = |certain: u64| json!({"certain": certain, "possible": 0});
    // What the first one let fall rested on it, and is not implied after the second either.
    assert_eq!(done["rested"], json!({"sessions": rested(1), "falls": rested(1)}));
    // Killed: what was acknowledged is there, and the same again is the same record.
    server.kill();
    let server = scratch.serve();
    let (status, again) = post(&server, &govern, &wanted());
    assert_eq!((status, &again["position"]), (200, &made["position"]), "{again}");
}

fn post_path(server: &Server, path: &str, token: &str) -> u16 {
    server.post(path, Some(token), "application/json", b"{}").0
}

#[test]
fn the_form_gives_the_answers_that_a_fact_of_a_source_gives() {
    let (stated, scratch) = (Scratch::fixture(), day_before_it());
    let expected = answers(&stated);
    assert_ne!(answers(&scratch), expected, "the retraction makes a difference");
    let govern = scratch.token("acme", "govern");
    let server = scratch.serve();
    let (status, to, page) = send_form(&server, &govern, &form(&[]));
    assert_eq!(status, 303, "{page}");
    let recorded = to.strip_prefix("/retract?recorded=").expect("an address").to_owned();
    // The form in which a retry is sent is the same form.
    let (status, again, _) = send_form(&server, &govern, &form(&[]));
    assert_eq!((status, again), (303, format!("{to}&repeated=true")));
    drop(server);
    assert_eq!(answers(&scratch), expected);
    let hit = scratch.json(&["--tenant", "acme", "dependants", "--record", &recorded]);
    let sessions = hit["items"][0]["sessions"].as_array().expect("a list");
    assert_eq!(sessions.len(), 1, "{hit}");
    assert_eq!(sessions[0]["session"], "S5");
}

#[test]
fn on_a_live_ledger_it_is_dated_by_the_clock_and_the_time_of_asking_is_no_content() {
    let scratch = Scratch::new();
    scratch.ok(&["init", "--tenant", "acme"]);
    let key = json!({"id": "k", "type": "idp.key_added", "occurred_at": "2026-03-10T09:00:00Z",
        "data": {"idp": "idp-x", "key": "X1"}});
    let file = scratch.file("key.jsonl", key.to_string());
    scratch.ok(&["--tenant", "acme", "ingest", &file]);
    let govern = scratch.token("acme", "govern");
    let server = scratch.serve();
    let (status, said) = post(&server, &govern, &with("from", json!("2999-01-01T00:00:00Z")));
    assert_eq!((status, &said["error"]["field"]), (422, &json!("from")), "{said}");
    let (status, made) = post(&server, &govern, &wanted());
    assert_eq!(status, 201, "{made}");
    // Recorded times have microseconds: the second request comes later than the first.
    std::thread::sleep(std::time::Duration::from_millis(5));
    let (status, again) = post(&server, &govern, &wanted());
    assert_eq!((status, &again["position"]), (200, &made["position"]), "{again}");
    drop(server);
    let position = made["position"].to_string();
    let record = scratch.json(&["--tenant", "acme", "record", &position]);
    let (occurred, recorded) = (&record["occurredAt"], &made["recordedAt"]);
    assert!(occurred.as_str() <= recorded.as_str(), "{occurred} {recorded}");
    let date = |of: &Value| of.as_str().map(|text| text.chars().take(10).collect::<String>());
    assert_eq!(date(occurred), date(recorded), "{record}");
    // Of the key that was added no source but the tenant's is known: the ledger is none.
    let heard = scratch.json(&["--tenant", "acme", "completeness"]);
    let sources: Vec<&str> = heard["items"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|item| item["source"].as_str())
        .collect();
    assert_eq!(sources, ["acme"], "{heard}");
}

#[test]
fn two_clicks_at_once_are_one_fact() {
    let scratch = day_before_it();
    let [govern, read] = ["govern", "read"].map(|roles| scratch.token("acme", roles));
    let before = head(&scratch);
    let server = scratch.serve();
    let click = || send_form(&server, &govern, &form(&[]));
    let clicks = std::thread::scope(|scope| {
        let clicks: Vec<_> = (0..8).map(|_| scope.spawn(click)).collect();
        clicks.into_iter().map(|click| click.join().expect("an answer")).collect::<Vec<_>>()
    });
    let first = format!("/retract?recorded={before}");
    assert!(clicks.iter().all(|(status, to, _)| *status == 303 && to.starts_with(&first)));
    let new = clicks.iter().filter(|(_, to, _)| *to == first).count();
    assert_eq!(new, 1, "{clicks:?}");

    // Refused, with what was typed; nothing is written.
    for (others, says) in [
        (&[("again", "x1")][..], "what was typed differs"),
        (&[("again", "")], "nothing was typed"),
        (&[("key", "X9"), ("again", "X9"), ("form", "f-2")], "no key X9 of idp-x is known"),
        (&[("key", "")], "Choose a key, or the whole IdP"),
        (&[("whole", "true")], "not both"),
        (&[("key", ""), ("whole", "true"), ("again", "X1")], "Type the IdP again"),
        (&[("from", "13:40")], "13:40 is"),
        (&[("from", "2027-01-01T00:00:00Z"), ("form", "f-3")], "by the ledger"),
        (&[("form", "")], "open it again"),
    ] {
        let fields = form(&[others, &[("reason", "typed-before")]].concat());
        let (status, _, page) = send_form(&server, &govern, &fields);
        assert_eq!(status, 422, "{others:?}: {page}");
        assert!(page.contains(says), "{others:?}: {page}");
        if !others.iter().any(|(name, _)| *name == "key") {
            assert!(page.contains("value=\"typed-before\""), "{others:?}: {page}");
        }
    }
    let (status, _, page) = send_form(&server, &govern, &form(&[("reason", "lost")]));
    assert_eq!(status, 422, "{page}");
    assert!(page.contains(&format!("recorded already, with other values, as #{before}")), "{page}");
    assert!(!page.contains("value=\"f-1\""), "the form has a new id: {page}");
    // Another form that does not say what was retracted: refused once, then told.
    let other = form(&[("form", "f-7"), ("from", "2026-03-10T09:00:00Z")]);
    let (status, _, page) = send_form(&server, &govern, &other);
    assert_eq!(status, 422, "{page}");
    let seen = format!("name=\"seen\" value=\"{before}\"");
    assert!(page.contains(&format!("retracted already, as #{before}")), "{page}");
    assert!(page.contains(&seen) && page.contains("value=\"f-7\""), "{page}");
    assert!(page.contains("is shown to the role read"), "govern alone sees no rehearsal: {page}");
    // Other roles see no form and record nothing, by a page or a request.
    let (status, _, page) = send_form(&server, &read, &form(&[("form", "f-9")]));
    assert_eq!(status, 403, "{page}");
    for path in ["/retract?idp=idp-x&key=X1", "/retract", "/retract?recorded=3"] {
        let bearer = format!("Bearer {read}");
        let (status, _, page) = server.get(path, &[("authorization", &bearer)]);
        assert!(status == 403 && page.contains("role govern"), "{status} {page}");
        assert!(!page.contains("X1"), "{page}");
    }
    // Another site has a visitor send it.
    let headers =
        [("content-type", "application/x-www-form-urlencoded"), ("origin", "https://evil.example")];
    let sent = b"form=f-8&idp=idp-x&key=X1&from=2026-03-10T13:40:00Z&reason=x&again=X1";
    let (status, _, page) = server.post_with("/retract", Some(&govern), &headers, sent);
    assert!(status == 422 && page.contains("another site"), "{status} {page}");
    drop(server);
    // The retraction, and the conflict that was refused.
    assert_eq!(head(&scratch), before + 2);
}
