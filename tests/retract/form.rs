//! Trust is retracted by the form of the pages.

use super::{FROM, day_before_it, head};
use crate::support::{Scratch, Server};
use serde_json::{Value, json};

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
