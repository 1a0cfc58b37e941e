//! A configuration object is looked at again and again, and its facts are the differences: the
//! smallest translator of one.

use claimledger_facts::{
    draft::{Draft, DraftFact},
    fact::FactData,
    ids::IdpId,
    personal::Personal,
    refusal::{Refusal, RefusalCode},
    time::{Occurred, Time},
    types::idp::IdpKeyAdded,
};
use claimledger_sources::{Dialect, Look, SourceSettings, Translation, Translator};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The keys that an IdP publishes: `{"looked_at": …, "keys": […]}`.
struct Keys;

fn malformed(message: impl ToString) -> Refusal {
    Refusal::whole(RefusalCode::Malformed, "keys and when they were looked at", message.to_string())
}

impl Translator for Keys {
    fn translate(
        &self,
        _settings: &SourceSettings,
        previous: Option<&Look>,
        bytes: &[u8],
    ) -> Result<Translation, Refusal> {
        let look: Value = serde_json::from_slice(bytes).map_err(malformed)?;
        let at = Time::parse(look["looked_at"].as_str().unwrap_or_default()).map_err(malformed)?;
        let keys: BTreeSet<&str> =
            look["keys"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let content = serde_json::to_vec(&keys).map_err(malformed)?;
        let before: BTreeSet<String> = previous
            .map_or(Ok(BTreeSet::new()), |look| serde_json::from_slice(&look.content))
            .map_err(malformed)?;
        // It was added at some time between the two looks.
        let occurred =
            Occurred { from: previous.map_or(Time::MIN, |previous| previous.at), to: Some(at) };
        let added = keys.into_iter().filter(|key| !before.contains(*key));
        let drafts = added.map(|key| draft(key, occurred, bytes)).collect();
        Ok(Translation { drafts, look: Some(Look { at, content }) })
    }
}

fn draft(key: &str, occurred: Occurred, bytes: &[u8]) -> Draft {
    let data = FactData::IdpKeyAdded(IdpKeyAdded {
        idp: IdpId::from("idp-x"),
        key: key.into(),
        actor: None,
        ticket: None,
    });
    Draft {
        source: None,
        source_id: format!("key {key}").as_str().into(),
        kind: data.type_name().to_owned(),
        occurred,
        recorded_at: None,
        session: None,
        correlation: BTreeMap::new(),
        notes: Vec::new(),
        facts: vec![DraftFact { session: None, subject: None, occurred: None, data, other: None }],
        persons: Vec::new(),
        unowned: Personal::default(),
        labels: Vec::new(),
        indicators: Vec::new(),
        canonical: key.as_bytes().to_vec(),
        original: bytes.to_vec(),
        unknown_fields: Vec::new(),
        translator: "keys/1",
        variants_allowed: true,
    }
}

#[test]
fn what_differs_between_two_looks_occurred_between_them() {
    let settings = SourceSettings::of(Dialect::Native);
    let look = |previous: Option<&Look>, at: &str, keys: &[&str]| {
        let bytes = json!({"looked_at": at, "keys": keys}).to_string();
        let read = Keys.translate(&settings, previous, bytes.as_bytes()).unwrap();
        let said: Vec<(String, Occurred)> = read
            .drafts
            .iter()
            .map(|draft| (draft.source_id.as_str().to_owned(), draft.occurred))
            .collect();
        (said, read.look.expect("something to compare the next look with"))
    };
    let time = |text: &str| Time::parse(text).unwrap();
    let (ten, eleven) = ("2026-03-10T10:00:00Z", "2026-03-10T11:00:00Z");

    let (said, first) = look(None, ten, &["A"]);
    let since_ever = Occurred { from: Time::MIN, to: Some(time(ten)) };
    assert_eq!(said, [("key A".to_owned(), since_ever)]);

    let (said, second) = look(Some(&first), eleven, &["A", "B"]);
    let between = Occurred { from: time(ten), to: Some(time(eleven)) };
    assert_eq!(said, [("key B".to_owned(), between)]);

    let (said, third) = look(Some(&second), "2026-03-10T12:00:00Z", &["B", "A"]);
    assert_eq!(said, [], "the same keys in another order are no change");
    assert_eq!(third.content, second.content);
}
