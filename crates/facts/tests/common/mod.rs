//! What the tests of this crate share: fixed randomness, fixed keys, and one draft of every fact
//! type.
#![allow(dead_code, reason = "each test file uses a part")]

use claimledger_facts::{
    draft::{Draft, DraftFact, DraftPerson},
    fact::{FACT_TYPES, FactData, FactType, data_schema},
    ids::{Pseudonym, SourceId, TenantId},
    personal::Personal,
    random::Random,
    record::{Entry, Header, Prepared, SealedBody},
    seal::{self, MasterKey, OpenError, PersonKey, SealInput, TenantKeys},
    time::{Occurred, Time},
    vocabulary::{Channel, Note},
};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
};

/// The same bytes in every run: SHA-256 of seed and block number.
pub(crate) struct Fixed {
    seed: String,
    block: AtomicU64,
}

impl Fixed {
    pub(crate) fn new(seed: impl Into<String>) -> Self {
        Self { seed: seed.into(), block: AtomicU64::new(0) }
    }
}

impl Random for Fixed {
    fn fill(&self, out: &mut [u8]) {
        for chunk in out.chunks_mut(32) {
            let block = self.block.fetch_add(1, Ordering::Relaxed);
            let bytes =
                Sha256::new().chain_update(&self.seed).chain_update(block.to_be_bytes()).finalize();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
    }
}

pub(crate) fn tenant() -> TenantId {
    TenantId::from("acme")
}

pub(crate) fn master() -> MasterKey {
    MasterKey::generate(&Fixed::new("master"))
}

pub(crate) fn tenant_keys() -> TenantKeys {
    TenantKeys::generate(&Fixed::new("tenant"))
}

/// Pseudonym and key of person `n`.
pub(crate) fn person(n: usize) -> (Pseudonym, PersonKey) {
    (
        seal::new_pseudonym(&Fixed::new(format!("pseudonym {n}"))),
        PersonKey::generate(&Fixed::new(format!("person {n}"))),
    )
}

pub(crate) fn persons(count: usize) -> Vec<(Pseudonym, PersonKey)> {
    (0..count).map(person).collect()
}

pub(crate) fn time(text: &str) -> Time {
    Time::parse(text).unwrap()
}

pub(crate) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        other => panic!("no object: {other}"),
    }
}

/// A draft without facts, persons and free text.
pub(crate) fn empty_draft(kind: &str) -> Draft {
    Draft {
        source: None,
        source_id: format!("{kind}-1").as_str().into(),
        kind: kind.to_owned(),
        occurred: Occurred::at(time("2026-03-10T10:00:00Z")),
        recorded_at: None,
        session: None,
        correlation: BTreeMap::new(),
        notes: Vec::new(),
        facts: Vec::new(),
        persons: Vec::new(),
        unowned: Personal::default(),
        labels: Vec::new(),
        indicators: Vec::new(),
        canonical: format!("canonical line of {kind}").into_bytes(),
        original: format!("original line of {kind}").into_bytes(),
        unknown_fields: Vec::new(),
        translator: "native/1",
        variants_allowed: false,
    }
}

pub(crate) fn alice() -> DraftPerson {
    DraftPerson {
        id: "u-alice".to_owned(),
        aliases: vec!["alice@acme.example".to_owned()],
        indicators: Vec::new(),
        personal: object(json!({
            "labels": {"id": "u-alice", "login": "alice@acme.example", "name": "Alice Ångström"},
            "client": {"ip": "203.0.113.7", "user_agent": "Mozilla/5.0 (X11; Linux x86_64)"},
        }))
        .into(),
    }
}

pub(crate) fn bob() -> DraftPerson {
    DraftPerson {
        id: "u-bob".to_owned(),
        personal: object(json!({"labels": {"id": "u-bob"}})).into(),
        ..DraftPerson::default()
    }
}

/// Data of every fact type at its current version, every field used: the example of its schema.
pub(crate) fn samples() -> Vec<(&'static str, Value)> {
    let example = |fact: &FactType| {
        let schema = data_schema(fact.name, &mut schemars::SchemaGenerator::default()).unwrap();
        let examples = schema.get("examples").and_then(Value::as_array);
        let example = examples.and_then(|examples| examples.first());
        example.unwrap_or_else(|| panic!("{} has no example: add one", fact.name)).clone()
    };
    FACT_TYPES.iter().map(|fact| (fact.name, example(fact))).collect()
}

/// The data of a fact type's sample.
pub(crate) fn sample(name: &str) -> FactData {
    let value = samples()
        .into_iter()
        .find(|(of, _)| *of == name)
        .unwrap_or_else(|| panic!("no sample of {name}: add one"))
        .1;
    FactData::from_value(name, value).unwrap().unwrap()
}

/// A draft of one fact of this type, as full as it can be.
pub(crate) fn draft_of(name: &str) -> Draft {
    let fact = claimledger_facts::fact::FactType::named(name).unwrap();
    let mut draft = empty_draft(name);
    if fact.needs_session {
        draft.session = Some("S1".into());
    }
    if fact.needs_subject {
        draft.persons.push(alice());
    }
    let linked = name == "subject.linked";
    if linked {
        draft.persons.push(bob());
    }
    let fact = DraftFact {
        session: None,
        subject: fact.needs_subject.then_some(0),
        occurred: None,
        data: sample(name),
        other: linked.then_some(1),
    };
    draft.facts.push(fact);
    draft
}

/// Drafts of what a record may be beyond one fact: by name.
pub(crate) fn special_drafts() -> Vec<(&'static str, Draft)> {
    let not_understood = Draft {
        notes: vec![Note::TimeZoneAssumedUtc, Note::NotUnderstood],
        translator: "okta-system-log/1",
        ..empty_draft("user.risk.changed")
    };

    let mut many = empty_draft("user.authentication.sso");
    many.session = Some("S1".into());
    many.correlation = [("transaction", "tx-1"), ("authn_request", "rq-\"1\""), ("é", "ü")]
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .into();
    many.occurred =
        Occurred { from: time("2026-03-10T10:00:00Z"), to: Some(time("2026-03-10T10:05:00Z")) };
    many.persons =
        vec![alice(), DraftPerson { id: "u-nobody".to_owned(), ..DraftPerson::default() }, bob()];
    many.unowned =
        object(json!({"text": ["asked by phone"], "client": {"ip": "2001:db8::1"}})).into();
    many.canonical = b"{\"pulled\":true} ".repeat(2);
    many.original =
        b"{\"pulled\": true, \"padding\": \"............................\"}\n".repeat(6);
    many.variants_allowed = true;
    let fact = |name, session: Option<&str>, subject, occurred| DraftFact {
        session: session.map(Into::into),
        subject,
        occurred,
        data: sample(name),
        other: None,
    };
    many.facts = vec![
        fact("claims.received", None, Some(0), Some(Occurred::at(time("2026-03-10T10:00:01Z")))),
        fact("policy.decided", Some("S2"), Some(2), None),
        fact(
            "session.ended",
            Some("S1"),
            Some(1),
            Some(Occurred { from: Time::EPOCH, to: Some(time("1969-12-31T23:59:59.999999Z")) }),
        ),
        fact("idp.key_added", None, None, None),
    ];
    let mut packed = draft_of("claims.received");
    packed.original = format!(
        r#"{{"id":"S1-claims","type":"claims.received","session":"S1","data":{}}}"#,
        packed.facts[0].data.to_value().unwrap()
    )
    .into_bytes();
    packed.unowned =
        object(json!({"text": ["asked by phone, and again by phone, and by phone"]})).into();
    let mut large = packed.clone();
    large.source_id = "large-1".into();
    large.facts = (0..40).flat_map(|_| packed.facts.clone()).collect();
    large.original = packed.original.repeat(40);
    vec![
        ("tiny", empty_draft("k")),
        ("not_understood", not_understood),
        ("packed", packed),
        ("large", large),
        ("many_facts_many_persons", many),
    ]
}

/// The drafts of a small ledger, in order of their positions: by name.
pub(crate) fn ledger_drafts() -> Vec<(&'static str, Draft)> {
    let opened = Draft { persons: Vec::new(), ..draft_of("ledger.opened") };
    let started = draft_of("session.started");
    let mut verified = draft_of("factor.verified");
    verified.persons = vec![alice()];
    verified.occurred = Occurred::at(time("2026-03-10T10:01:00Z"));
    let mut accessed = draft_of("app.accessed");
    accessed.occurred = Occurred::at(time("2026-03-10T10:02:00Z"));
    vec![
        ("0_opened", opened),
        ("1_normal", started),
        ("2_bodies_removed", verified),
        ("3_unknown_channel", accessed),
    ]
}

/// Seals a draft with the fixed keys and randomness that follows from its kind.
pub(crate) fn seal_fixed(draft: &Draft) -> Prepared {
    seal_with(draft, &Fixed::new(format!("seal {}", draft.kind)))
}

pub(crate) fn seal_with(draft: &Draft, random: &dyn Random) -> Prepared {
    let ledgers_own = draft.kind == "ledger.opened";
    let source = SourceId::from(if ledgers_own { "claimledger" } else { "acme-sp" });
    let tenant = tenant();
    let persons = persons(draft.persons.len());
    seal::seal(SealInput {
        tenant: &tenant,
        source: &source,
        channel: if ledgers_own { Channel::Ledger } else { Channel::File },
        draft,
        persons: &persons,
        keys: &tenant_keys(),
        random,
    })
    .unwrap()
}

/// The bytes of a sealed body that is there.
pub(crate) fn bytes(body: &SealedBody) -> &[u8] {
    body.bytes().expect("the body is there")
}

/// What is stored of an entry whose bodies are there.
pub(crate) fn parts(entry: &Entry) -> [&[u8]; 4] {
    [&entry.header.bytes, &entry.facts, bytes(&entry.personal), bytes(&entry.original)]
}

pub(crate) fn parts_mut(entry: &mut Entry) -> [&mut Vec<u8>; 4] {
    let [SealedBody::Present(personal), SealedBody::Present(original)] =
        [&mut entry.personal, &mut entry.original]
    else {
        panic!("a body was removed");
    };
    [&mut entry.header.bytes, &mut entry.facts, personal, original]
}

/// What the sealed bodies hold.
pub(crate) fn opened(entry: &Entry, header: &Header) -> Value {
    let (keys, persons) = (tenant_keys(), persons(4));
    let blocks: Vec<Value> = seal::open_personal(entry, header, &keys, &persons)
        .unwrap()
        .into_iter()
        .map(|block| {
            json!({"pseudonym": block.pseudonym, "data": block.data.expect("every key is \
            there")})
        })
        .collect();
    let original = match seal::open_original(entry, header, &keys, &persons) {
        Ok(original) => Some(String::from_utf8(original).unwrap()),
        Err(OpenError::Removed(_)) => None,
        Err(error) => panic!("{error}"),
    };
    json!({"personal": blocks, "original": original})
}
