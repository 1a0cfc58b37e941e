//! Native facts and their envelopes: what stands in the clear, what is sealed, and which lines are
//! the same fact.

use claimledger_facts::{
    draft::Draft,
    fact::{FACT_TYPES, FactData, FactType},
    refusal::Refusal,
    schema::schema_files,
    time::{Occurred, Time},
};
use claimledger_sources::{Dialect, Limits, Splitter, translate};
use serde_json::{Value, json};

/// What a stream of a service provider's own log gives, without settings of the source.
fn drafts_of(dialect: Dialect, bytes: &[u8]) -> Result<Vec<Draft>, Refusal> {
    Ok(translate(&dialect.into(), None, bytes)?.drafts)
}

fn read(dialect: Dialect, event: &Value) -> Draft {
    let mut drafts = drafts_of(dialect, event.to_string().as_bytes())
        .unwrap_or_else(|refusal| panic!("{refusal}: {event}"));
    assert_eq!(drafts.len(), 1);
    drafts.remove(0)
}

fn native(event: &Value) -> Draft {
    read(Dialect::Native, event)
}

fn claims() -> Value {
    json!({"id": "f-1", "type": "claims.received", "occurred_at": "2026-03-10T11:00:00.5+01:00",
        "recorded_at": "2026-03-10T12:00:00Z", "source": "acme-sp",
        "subject": {"id": "u-alice", "login": "alice@acme.example", "name": "Alice"},
            "session": "S1", "client": {"ip": "203.0.113.7", "user_agent": "<b>UA</b>", "asn": 7},
        "data": {"idp": "idp-x", "amr": ["pwd", "made-up"],
            "auth_time": "2026-03-10T10:00:00+00:00", "key": null}})
}

#[test]
fn a_fact_is_read_whole() {
    let bytes = claims().to_string();
    let draft = native(&claims());
    assert_eq!(
        (draft.source.as_ref().unwrap().as_str(), draft.source_id.as_str(), draft.kind.as_str()),
        ("acme-sp", "f-1", "claims.received")
    );
    assert_eq!(draft.occurred, Occurred::at(Time::parse("2026-03-10T10:00:00.5Z").unwrap()));
    assert_eq!(draft.recorded_at, Time::parse("2026-03-10T12:00:00Z").ok());
    assert_eq!(draft.session.as_ref().unwrap().as_str(), "S1");
    let [fact] = &draft.facts[..] else { panic!() };
    assert_eq!(
        (fact.session.as_ref(), fact.subject, fact.occurred, fact.other),
        (None, Some(0), None, None)
    );
    let FactData::ClaimsReceived(data) = &fact.data else { panic!() };
    assert_eq!(
        data.amr.as_ref().unwrap().iter().map(|a| a.as_str()).collect::<Vec<_>>(),
        ["pwd", "made-up"]
    );
    assert_eq!(data.key, None);
    assert_eq!(draft.original, bytes.as_bytes());
    assert_eq!(draft.unknown_fields, [""; 0]);
    assert_eq!((draft.translator, draft.variants_allowed), ("native/1", false));
}

#[test]
fn what_tells_a_person_is_sealed_under_their_key() {
    let draft = native(&claims());
    let [alice] = &draft.persons[..] else { panic!() };
    assert_eq!(
        (alice.id.as_str(), &alice.aliases[..]),
        ("u-alice", &["alice@acme.example".to_owned(), "Alice".to_owned()][..])
    );
    let sealed = json!({"id": "u-alice", "login": "alice@acme.example", "name": "Alice",
        "client": {"ip": "203.0.113.7", "user_agent": "<b>UA</b>", "asn": 7}});
    assert_eq!(Value::Object(alice.personal.to_map()), sealed);
    assert!(draft.unowned.is_empty());

    let nobody = json!({"id": "f", "type": "idp.key_added", "occurred_at": "2026-03-10T10:00:00Z",
        "client": {"ip": "203.0.113.7"}, "data": {"idp": "i", "key": "k"}});
    let draft = native(&nobody);
    assert_eq!((draft.facts[0].subject, draft.persons.len()), (None, 0));
    assert_eq!(Value::Object(draft.unowned.to_map()), json!({"client": {"ip": "203.0.113.7"}}));
}

#[test]
fn free_text_and_conditions_are_sealed_and_codes_stay() {
    let retracted = |reason: &str| {
        native(&json!({"id": "f", "type": "trust.retracted", "occurred_at": "2026-03-10T10:00:00Z",
            "data": {"idp": "i", "from": "2026-03-10T09:00:00Z", "reason": reason,
                "actor": "admin-1"}}))
    };
    let draft = retracted("leaked");
    assert!(
        draft.unowned.is_empty()
            && matches!(&draft.facts[0].data,
                FactData::TrustRetracted(data) if data.reason == "leaked")
    );
    let draft = retracted("Alice lost her key");
    assert!(
        matches!(&draft.facts[0].data, FactData::TrustRetracted(data) if data.reason == "free_text")
    );
    assert_eq!(
        Value::Object(draft.unowned.to_map()),
        json!({"text": {"reason": "Alice lost her key"}})
    );

    let draft =
        native(&json!({"id": "f", "type": "session.linked", "occurred_at": "2026-03-10T10:00:00Z",
            "session": "S1", "subject": {"id": "u"},
        "data": {"to": "S2", "by": "Alice said so"}}));
    assert!(
        matches!(&draft.facts[0].data, FactData::SessionLinked(data) if data.by == "free_text")
    );
    assert_eq!(draft.persons[0].personal.to_map()["text"], json!({"by": "Alice said so"}));

    let rule = |id: &str, conditions: Value| {
        json!({"rule": id, "priority": 1, "access": "allow",
        "factor_mode": "1fa", "conditions": conditions, "odd": 1})
    };
    let draft = native(
        &json!({"id": "f", "type": "policy.configured", "occurred_at": "2026-03-10T10:00:00Z",
        "data": {"policy": "p", "version": "v", "kind": "app_sign_in",
            "rules": [rule("a", json!(null)), rule("b", json!({"people": ["alice"]}))]}}),
    );
    assert_eq!(
        Value::Object(draft.unowned.to_map()),
        json!({"text": {"rules[1].conditions": {"people": ["alice"]}}})
    );
    assert_eq!(draft.unknown_fields, ["data.rules[0].odd", "data.rules[1].odd"]);
    assert!(
        String::from_utf8(draft.canonical).unwrap().contains("people"),
        "conditions are part of the content"
    );
}

#[test]
fn unknown_fields_are_reported_with_their_paths_and_change_the_content() {
    let mut event = claims();
    let plain = native(&event);
    event["odd"] = json!(1);
    event["subject"]["email"] = json!("a@b");
    event["data"]["odd"] = json!([]);
    event["data"]["methods"] = json!([{"method": "otp", "odd": {"deep": 1}}]);
    event["occurred_at"] =
        json!({"from": "2026-03-10T10:00:00Z", "to": "2026-03-10T10:00:01Z", "odd": 1});
    event["client"]["port"] = json!(1);
    let draft = native(&event);
    let mut found = draft.unknown_fields.clone();
    found.sort();
    assert_eq!(
        found,
        ["data.methods[0].odd", "data.odd", "occurred_at.odd", "odd", "subject.email"]
    );
    assert_ne!(draft.canonical, plain.canonical);
    assert!(String::from_utf8(draft.original).unwrap().contains("a@b"));
}

/// `semantics.md` 31.
#[test]
fn the_same_content_is_the_same_canonical_line() {
    let canonical = |change: &dyn Fn(&mut Value)| {
        let mut event = claims();
        change(&mut event);
        String::from_utf8(native(&event).canonical).unwrap()
    };
    let line = canonical(&|_| {});
    assert_eq!(
        line,
        concat!(
            r#"{"client":{"asn":7,"ip":"203.0.113.7","user_agent":"<b>UA</b>"},"#,
            r#""data":{"amr":["pwd","made-up"],"auth_time":"2026-03-10T10:00:00Z","idp":"idp-x"},"#,
            r#""id":"f-1","occurred_at":"2026-03-10T10:00:00.500Z","session":"S1","#,
            r#""subject":{"id":"u-alice","login":"alice@acme.example","name":"Alice"},"#,
            r#""type":"claims.received"}"#
        )
    );
    // Same: when it was recorded, who names the source, offset and spelling of times, absent as
    // null, order of keys.
    assert_eq!(canonical(&|e| e["recorded_at"] = json!("2026-03-11T00:00:00Z")), line);
    assert_eq!(canonical(&|e| e["source"] = json!(null)), line);
    assert_eq!(canonical(&|e| e["occurred_at"] = json!("2026-03-10T10:00:00.500Z")), line);
    assert_eq!(canonical(&|e| e["data"]["acr"] = json!(null)), line);
    let reversed = concat!(
        r#"{"session":"S1","type":"source.heard","occurred_at":"2026-03-10T10:00:00Z","id":"x","#,
        r#""data":{"until":"2026-03-10T10:00:00Z","basis":"stated"}}"#
    );
    let sorted = concat!(
        r#"{"data":{"basis":"stated","until":"2026-03-10T10:00:00Z"},"id":"x","#,
        r#""occurred_at":"2026-03-10T10:00:00Z","session":"S1","type":"source.heard"}"#
    );
    assert_eq!(
        drafts_of(Dialect::Native, reversed.as_bytes()).unwrap()[0].canonical,
        sorted.as_bytes()
    );
    // Other: anything else, however small.
    assert_ne!(canonical(&|e| e["occurred_at"] = json!("2026-03-10T10:00:00.500000001Z")), line);
    assert_ne!(canonical(&|e| e["data"]["amr"] = json!(["made-up", "pwd"])), line);
    assert_ne!(canonical(&|e| e["subject"]["name"] = json!("alice")), line);
    assert_ne!(
        canonical(&|e| e["odd"] = json!("2026-03-10T10:00:00+00:00")),
        canonical(&|e| e["odd"] = json!("2026-03-10T10:00:00Z"))
    );
}

#[test]
fn an_interval_is_kept_as_one() {
    let mut event = claims();
    event["occurred_at"] =
        json!({"from": "2026-03-10T10:00:00Z", "to": "2026-03-10T11:05:00+01:00"});
    let at = |text: &str| Time::parse(text).unwrap();
    assert_eq!(
        native(&event).occurred,
        Occurred { from: at("2026-03-10T10:00:00Z"), to: Some(at("2026-03-10T10:05:00Z")) }
    );
}

#[test]
fn linked_subjects_are_two_persons_unless_the_other_is_a_pseudonym() {
    let linked = |other: &str| {
        native(&json!({"id": "f", "type": "subject.linked", "occurred_at": "2026-03-10T10:00:00Z",
                "subject": {"id": "u-1"}, "data": {"other": other, "same": true}}))
    };
    let draft = linked("alice@acme.example");
    assert_eq!((draft.facts[0].subject, draft.facts[0].other), (Some(0), Some(1)));
    assert_eq!(
        draft.persons.iter().map(|p| p.id.as_str()).collect::<Vec<_>>(),
        ["u-1", "alice@acme.example"]
    );
    let draft = linked("u-1");
    assert_eq!((draft.facts[0].other, draft.persons.len()), (Some(0), 1));
    let draft = linked("p-0123456789ABCDEF");
    assert_eq!((draft.facts[0].other, draft.persons.len()), (None, 1));
    assert!(matches!(&draft.facts[0].data,
            FactData::SubjectLinked(data) if data.other.as_str() == "p-0123456789ABCDEF"));
    for no_pseudonym in
        ["p-alice", "p-0123456789ABCDEI", "p-0123456789abcdef", "p-0123456789ABCDEF0"]
    {
        assert_eq!(linked(no_pseudonym).facts[0].other, Some(1), "{no_pseudonym}");
    }
}

#[test]
fn tokens_are_not_kept_whole() {
    let token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl";
    let mut event = claims();
    event["data"]["id_token"] = json!(token);
    event["note"] = json!(format!("got {token}"));
    event["data"]["assertion"] = json!("as-S1");
    let draft = native(&event);
    for kept in [&draft.original, &draft.canonical] {
        let text = String::from_utf8_lossy(kept);
        assert!(
            !text.contains("eyJ") && text.contains("got sha256:") && text.contains("as-S1"),
            "{text}"
        );
    }
    assert!(String::from_utf8_lossy(&draft.original).contains("recorded_at"));
}

fn envelope() -> Value {
    json!({"specversion": "1.0", "datacontenttype": "application/json; charset=utf-8", "id": "f-1",
        "type": "claimledger.claims.received", "source": "acme-sp",
        "time": "2026-03-10T10:00:00.5Z", "subject": "u-alice", "session": "S1",
            "traceparent": "00-ab-cd-01",
        "data": {"idp": "idp-x", "amr": ["pwd", "made-up"], "auth_time": "2026-03-10T10:00:00Z",
            "subject": {"login": "alice@acme.example", "name": "Alice"},
                "client": {"ip": "203.0.113.7", "user_agent": "<b>UA</b>", "asn": 7}}})
}

/// `semantics.md` 34: one fact by either door.
#[test]
fn an_envelope_is_the_native_fact_with_the_same_content() {
    let (bare, wrapped) = (native(&claims()), read(Dialect::CloudEvents, &envelope()));
    let same = Draft {
        recorded_at: None,
        translator: "cloudevents/1",
        original: envelope().to_string().into_bytes(),
        ..bare
    };
    assert_eq!(wrapped, same);
}

#[test]
fn extensions_of_an_envelope_are_unknown_fields_and_its_transport_is_no_content() {
    let mut event = envelope();
    event["myext"] = json!("x");
    event["data"]["subject"]["email"] = json!("a@b");
    event["data"]["odd"] = json!(1);
    let draft = read(Dialect::CloudEvents, &event);
    let mut found = draft.unknown_fields.clone();
    found.sort();
    assert_eq!(found, ["data.odd", "data.subject.email", "myext"]);
    event["traceparent"] = json!("00-ef-01-01");
    assert_eq!(read(Dialect::CloudEvents, &event).canonical, draft.canonical);
}

/// Every fact type that a source may write is read from the smallest data that its schema allows.
#[test]
fn every_type_of_the_contract_is_read() {
    let files = schema_files();
    let smallest = |kind: &FactType| {
        let path = format!("facts/{}.v{}.json", kind.name, kind.version);
        let file = files.iter().find(|file| file.path == path).expect("a schema");
        let schema: Value = serde_json::from_str(&file.text).unwrap();
        let required = schema["required"].as_array().into_iter().flatten();
        let mut data: serde_json::Map<String, Value> = required
            .filter_map(Value::as_str)
            .map(|name| (name.to_owned(), schema["examples"][0][name].clone()))
            .collect();
        // A schema cannot say that one of several members is needed.
        if kind.name.starts_with("claim.") {
            data.insert("amr".to_owned(), json!("otp"));
        }
        data
    };
    for kind in FACT_TYPES.iter().filter(|kind| !kind.is_ledger_only()) {
        let mut event = json!({"id": "f", "type": kind.name, "occurred_at": "2026-03-10T10:00:00Z",
            "data": smallest(kind)});
        if kind.needs_session {
            event["session"] = json!("S1");
        }
        if kind.needs_subject {
            event["subject"] = json!({"id": "u-1"});
        }
        let draft = native(&event);
        assert_eq!((draft.facts[0].data.type_name(), draft.kind.as_str()), (kind.name, kind.name));
        assert_eq!(draft.unknown_fields, [""; 0], "{}", kind.name);
    }
}

/// The fixture is read without a refusal or an unknown field.
#[test]
fn the_fixture_is_read() {
    for name in ["acme", "globex"] {
        let bytes = crate::fixture::facts(name).into_bytes();
        let mut splitter = Splitter::new(Limits::default());
        splitter.push(&bytes);
        splitter.finish();
        let mut lines = 0;
        for piece in splitter {
            let piece = piece.unwrap();
            let draft = drafts_of(Dialect::Native, &piece.bytes)
                .unwrap_or_else(|refusal| panic!("{name}:{}: {refusal}", piece.line))
                .remove(0);
            assert_eq!(draft.unknown_fields, [""; 0], "{name}:{}", piece.line);
            lines += 1;
        }
        assert_eq!(
            lines,
            bytes.split(|b| *b == b'\n').filter(|line| !line.is_empty()).count(),
            "{name}"
        );
    }
}

#[test]
fn an_envelope_is_read_wherever_a_fact_is() {
    let (told, found) = (read(Dialect::CloudEvents, &envelope()), native(&envelope()));
    assert_eq!(found, told);
    assert_eq!(found.translator, "cloudevents/1");
    // A fact that only carries a field of an envelope stays a fact.
    let mut bare = claims();
    bare["specversion"] = json!("1.0");
    assert_eq!(
        (native(&bare).translator, &native(&bare).unknown_fields[..]),
        ("native/1", &["specversion".to_owned()][..])
    );
}
