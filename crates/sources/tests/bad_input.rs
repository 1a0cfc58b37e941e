//! Bad input: each case is one refusal with its code, its line and its field, and the lines around
//! it are read.

use claimledger_facts::{
    draft::Draft,
    refusal::{Refusal, RefusalCode},
};
use claimledger_sources::{Dialect, Limits, MAX_VALUE_BYTES, Splitter, translate};
use serde_json::{Value, json};

/// What a stream of a service provider's own log gives, without settings of the source.
fn drafts_of(dialect: Dialect, bytes: &[u8]) -> Result<Vec<Draft>, Refusal> {
    Ok(translate(&dialect.into(), None, bytes)?.drafts)
}

/// Reads a stream as a door does that keeps going.
fn read(dialect: Dialect, stream: &[u8]) -> (Vec<(u64, Draft)>, Vec<Refusal>) {
    let mut splitter = Splitter::new(Limits::default());
    splitter.push(stream);
    splitter.finish();
    let (mut drafts, mut refusals) = (Vec::new(), Vec::new());
    for piece in splitter {
        match piece.and_then(|piece| {
            Ok((
                piece.line,
                drafts_of(dialect, &piece.bytes).map_err(|refusal| refusal.on_line(piece.line))?,
            ))
        }) {
            Ok((line, read)) => drafts.extend(read.into_iter().map(|draft| (line, draft))),
            Err(refusal) => refusals.push(refusal),
        }
    }
    (drafts, refusals)
}

fn fact(id: &str) -> Value {
    json!({"id": id, "type": "claims.received", "occurred_at": "2026-03-10T10:00:00Z",
        "session": "S1",
        "subject": {"id": "u-1"}, "data": {"idp": "idp-x", "amr": ["pwd"]}})
}

/// A fact with one value put at a path; `null` takes it away.
fn with(path: &str, value: Value) -> Vec<u8> {
    let mut fact = fact("bad");
    let (parent, name) = path.rsplit_once('/').unwrap();
    fact.pointer_mut(parent).unwrap()[name] = value;
    fact.to_string().into_bytes()
}

/// A fact of a type with this data.
fn of(kind: &str, data: Value) -> Vec<u8> {
    let mut fact = fact("bad");
    fact["type"] = json!(kind);
    fact["data"] = data;
    fact.to_string().into_bytes()
}

#[track_caller]
fn check(name: &str, line: &[u8], code: RefusalCode, field: Option<&str>, says: &str) {
    let stream = [
        fact("before").to_string().as_bytes(),
        b"\n",
        line,
        b"\n\n",
        fact("after").to_string().as_bytes(),
        b"\n",
    ]
    .concat();
    let (drafts, refusals) = read(Dialect::Native, &stream);
    assert_eq!(
        drafts.iter().map(|(line, d)| (*line, d.source_id.as_str())).collect::<Vec<_>>(),
        [(1, "before"), (4, "after")],
        "{name}: {refusals:?}"
    );
    let [refusal] = &refusals[..] else { panic!("{name}: {refusals:?}") };
    assert_eq!(
        (refusal.code, refusal.line, refusal.field.as_deref()),
        (code, Some(2), field),
        "{name}: {refusal}"
    );
    let words = format!("{} {}", refusal.message, refusal.expected.as_deref().unwrap_or_default());
    assert!(words.contains(says), "{name}: {words}");
    assert!(
        words.len() < 1000 && refusal.field.as_deref().unwrap_or_default().len() < 1000,
        "{name}: the refusal repeats the input"
    );
}

#[test]
fn json_that_does_not_read() {
    use RefusalCode::{Malformed, TooLarge};
    // Keys are sorted: data, id, occurred_at, session, subject, type.
    let good = fact("bad").to_string();
    let cut = |after: &str| good.as_bytes()[..good.find(after).unwrap() + after.len()].to_vec();
    check("cut in a text", &cut("\"type\":\"cla"), Malformed, Some("type"), "cut");
    check("cut after a value", &cut("\"id\":\"bad\""), Malformed, None, "cut");
    check(
        "cut after a comma",
        &cut("\"idp\":\"idp-x\"}},".replace("}}", "}").as_str()),
        Malformed,
        None,
        "cut",
    );
    check("no JSON", b"session started", Malformed, None, "no JSON");
    check("a bare word", b"true", Malformed, None, "a JSON object");
    check(
        "a key twice",
        good.replace("\"idp\"", "\"idp\":\"idp-y\",\"idp\"").as_bytes(),
        Malformed,
        Some("data.idp"),
        "twice",
    );
    check(
        "invalid UTF-8",
        &[cut("\"session\":\"S"), vec![0xff], b"1\"}".to_vec()].concat(),
        Malformed,
        Some("session"),
        "UTF-8",
    );
    check(
        "a lone surrogate",
        good.replace("S1", "\\ud800").as_bytes(),
        Malformed,
        Some("session"),
        "hex escape",
    );
    check(
        "a control character",
        good.replace("S1", "\u{1}").as_bytes(),
        Malformed,
        Some("session"),
        "control character",
    );
    let nested =
        |n: usize| good.replace("[\"pwd\"]", &format!("{}{}", "[".repeat(n), "]".repeat(n)));
    let deepest = format!("data.amr{}", "[0]".repeat(62));
    let shown = format!("{}…", &deepest[..120]);
    check("nested 10,000 deep", nested(10_000).as_bytes(), Malformed, Some(&shown), "64 levels");
    check("nested 65 deep", nested(63).as_bytes(), Malformed, Some(&shown), "64 levels");
    let long = good.replace("S1", &"x".repeat(10_000_000));
    check("10 MB", long.as_bytes(), TooLarge, None, &MAX_VALUE_BYTES.to_string());
    check("10 MB of nothing", "{".repeat(10_000_000).as_bytes(), Malformed, None, "");
}

#[test]
fn lines_that_are_no_fact() {
    use RefusalCode::{InvalidField, MissingField, Reserved, UnknownType};
    for field in ["id", "type", "occurred_at", "session", "subject", "data"] {
        check(
            "missing",
            &with(&format!("/{field}"), Value::Null),
            MissingField,
            Some(field),
            "missing",
        );
    }
    check(
        "missing",
        &with("/subject/id", Value::Null),
        MissingField,
        Some("subject.id"),
        "missing",
    );
    check(
        "unknown type",
        &with("/type", json!("claim.received")),
        UnknownType,
        Some("type"),
        "claims.received",
    );
    check(
        "unknown type",
        &with("/type", json!("login\u{1b}[2J")),
        UnknownType,
        Some("type"),
        "login\\u{1b}[2J",
    );
    check(
        "ledger only",
        &with("/type", json!("ledger.opened")),
        Reserved,
        Some("type"),
        "only the ledger",
    );
    check(
        "no offset",
        &with("/occurred_at", json!("2026-03-10T10:00:00")),
        InvalidField,
        Some("occurred_at"),
        "offset",
    );
    check(
        "no time",
        &with("/occurred_at", json!(1_773_136_800)),
        InvalidField,
        Some("occurred_at"),
        "a number",
    );
    check(
        "backwards",
        &with(
            "/occurred_at",
            json!({"from": "2026-03-10T10:00:00Z", "to": "2026-03-10T09:00:00Z"}),
        ),
        InvalidField,
        Some("occurred_at.to"),
        "before",
    );
    check(
        "half",
        &with("/occurred_at", json!({"from": "2026-03-10T10:00:00Z"})),
        MissingField,
        Some("occurred_at.to"),
        "missing",
    );
    check(
        "recorded",
        &with("/recorded_at", json!("yesterday")),
        InvalidField,
        Some("recorded_at"),
        "yesterday",
    );
    check("session", &with("/session", json!(7)), InvalidField, Some("session"), "a number");
    check("session", &with("/session", json!("")), InvalidField, Some("session"), "1 to 512");
    check(
        "session",
        &with("/session", json!("x".repeat(513))),
        InvalidField,
        Some("session"),
        "1 to 512",
    );
    check("session", &with("/session", json!("S\n1")), InvalidField, Some("session"), "control");
    check("subject", &with("/subject", json!("u-1")), InvalidField, Some("subject"), "an object");
    check(
        "login",
        &with("/subject/login", json!(["a"])),
        InvalidField,
        Some("subject.login"),
        "a list",
    );
    check(
        "client",
        &with("/client", json!("203.0.113.7")),
        InvalidField,
        Some("client"),
        "an object",
    );
    check("ip", &with("/client", json!({"ip": 7})), InvalidField, Some("client.ip"), "a string");
    check("data", &with("/data", json!([])), InvalidField, Some("data"), "a list");
}

#[test]
fn data_that_breaks_the_contract() {
    use RefusalCode::{InvalidField, MissingField, UnknownWord};
    check("missing", &with("/data/idp", Value::Null), MissingField, Some("data.idp"), "1 to 512");
    check("type", &with("/data/amr", json!("pwd")), InvalidField, Some("data.amr"), "a list");
    check(
        "type inside",
        &with("/data/amr", json!(["pwd", 7])),
        InvalidField,
        Some("data.amr[1]"),
        "a string",
    );
    check(
        "null in a list",
        &with("/data/amr", json!(["pwd", null])),
        InvalidField,
        Some("data.amr[1]"),
        "null",
    );
    check(
        "word",
        &with("/data/protocol", json!("saml")),
        UnknownWord,
        Some("data.protocol"),
        "one of oidc, saml2",
    );
    check(
        "word inside",
        &with("/data/methods", json!([{"method": "otp"}, {"method": "magic"}])),
        UnknownWord,
        Some("data.methods[1].method"),
        "signed_nonce",
    );
    check(
        "missing inside",
        &with("/data/methods", json!([{"properties": []}])),
        MissingField,
        Some("data.methods[0].method"),
        "one of password",
    );
    check(
        "time",
        &with("/data/auth_time", json!("2026-03-10 10:00:00")),
        InvalidField,
        Some("data.auth_time"),
        "offset",
    );
    check(
        "boolean",
        &with("/data/readable", json!("no")),
        InvalidField,
        Some("data.readable"),
        "true or false",
    );
    check(
        "a token",
        &with("/data/assertion", json!("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2ln")),
        InvalidField,
        Some("data.assertion"),
        "never the token",
    );
    check(
        "negative",
        &of("session.started", json!({"idle_secs": -1})),
        InvalidField,
        Some("data.idle_secs"),
        "not negative",
    );
    check(
        "fraction",
        &of("session.started", json!({"idle_secs": 1.5})),
        InvalidField,
        Some("data.idle_secs"),
        "whole number",
    );
    check(
        "end reason",
        &of("session.ended", json!({"reason": "gone"})),
        UnknownWord,
        Some("data.reason"),
        "upstream_revoked",
    );
    let rule = json!({"rule": "r", "priority": 1, "access": "maybe", "factor_mode": "2fa"});
    check(
        "rule",
        &of(
            "policy.configured",
            json!({"policy": "p", "version": "v", "kind": "app_sign_in", "rules": [rule]}),
        ),
        UnknownWord,
        Some("data.rules[0].access"),
        "allow, deny",
    );
    let silent = json!({"from": "2026-03-10T10:00:00.5Z", "until": "2026-03-10T10:00:00Z"});
    check("backwards", &of("source.silent", silent), InvalidField, Some("data.until"), "before");
    check(
        "about nothing",
        &of("claim.ignored", json!({"reason": "trust_off"})),
        MissingField,
        Some("data.method"),
        "assertion",
    );
}

#[test]
fn envelopes_and_vendor_events() {
    let envelope = json!({"specversion": "1.0", "id": "e", "source": "s",
        "type": "claimledger.source.heard", "time": "2026-03-10T10:00:00Z",
        "data": {"until": "2026-03-10T10:00:00Z", "basis": "stated"}});
    let refused = |dialect: Dialect, event: &Value| {
        let refusal = drafts_of(dialect, event.to_string().as_bytes()).expect_err("refused");
        (refusal.code, refusal.field.unwrap_or_default())
    };
    assert_eq!(
        drafts_of(Dialect::CloudEvents, envelope.to_string().as_bytes()).map(|drafts| drafts.len()),
        Ok(1)
    );
    let cases = [
        ("specversion", json!("0.3"), RefusalCode::InvalidField, "specversion"),
        ("specversion", Value::Null, RefusalCode::MissingField, "specversion"),
        ("id", Value::Null, RefusalCode::MissingField, "id"),
        ("source", Value::Null, RefusalCode::MissingField, "source"),
        ("time", Value::Null, RefusalCode::MissingField, "time"),
        ("time", json!({"from": "a"}), RefusalCode::InvalidField, "time"),
        ("time", json!("2026-03-10T10:00:00"), RefusalCode::InvalidField, "time"),
        ("type", Value::Null, RefusalCode::MissingField, "type"),
        ("type", json!("com.example.login"), RefusalCode::UnknownType, "type"),
        ("type", json!("claimledger.source.herd"), RefusalCode::UnknownType, "type"),
        ("type", json!("claimledger.rules.activated"), RefusalCode::Reserved, "type"),
        ("data", Value::Null, RefusalCode::MissingField, "data"),
        ("data_base64", json!("e30="), RefusalCode::InvalidField, "data_base64"),
        ("datacontenttype", json!("text/xml"), RefusalCode::InvalidField, "datacontenttype"),
        ("client", json!("x"), RefusalCode::InvalidField, "client"),
        (
            "data",
            json!({"until": "2026-03-10T10:00:00Z", "basis": "stated", "subject": {"login": "a"}}),
            RefusalCode::MissingField,
            "subject",
        ),
        (
            "data",
            json!({"until": "2026-03-10T10:00:00Z", "basis": "stated", "client": []}),
            RefusalCode::InvalidField,
            "data.client",
        ),
        (
            "data",
            json!({"until": "2026-03-10T10:00:00Z", "basis": "guessed"}),
            RefusalCode::UnknownWord,
            "data.basis",
        ),
    ];
    for (field, value, code, expected) in cases {
        let mut bad = envelope.clone();
        bad[field] = value;
        assert_eq!(refused(Dialect::CloudEvents, &bad), (code, expected.to_owned()), "{field}");
    }

    let event = json!({"uuid": "u", "eventType": "user.session.start",
        "published": "2026-03-10T10:00:00.000Z"});
    assert_eq!(
        drafts_of(Dialect::OktaSystemLog, event.to_string().as_bytes()).map(|drafts| drafts.len()),
        Ok(1)
    );
    let cases = [
        ("uuid", Value::Null, RefusalCode::MissingField),
        ("uuid", json!(7), RefusalCode::InvalidField),
        ("eventType", Value::Null, RefusalCode::MissingField),
        ("eventType", json!("<b>x</b>"), RefusalCode::InvalidField),
        ("published", Value::Null, RefusalCode::MissingField),
        ("published", json!(1_773_136_800), RefusalCode::InvalidField),
    ];
    for (field, value, code) in cases {
        let mut bad = event.clone();
        bad[field] = value;
        assert_eq!(refused(Dialect::OktaSystemLog, &bad), (code, field.to_owned()));
        assert_eq!(
            refused(Dialect::OktaSystemLog, &json!({"_raw": bad.to_string()})),
            (code, format!("_raw.{field}"))
        );
    }
    assert_eq!(
        refused(Dialect::OktaSystemLog, &json!({"_raw": "{"})),
        (RefusalCode::Malformed, "_raw".into())
    );
    assert_eq!(
        refused(Dialect::OktaSystemLog, &json!({"_raw": " "})),
        (RefusalCode::InvalidField, "_raw".into())
    );
    assert_eq!(
        refused(Dialect::OktaSystemLog, &json!({"_raw": 7})),
        (RefusalCode::InvalidField, "_raw".into())
    );
}
