//! Native facts: the public contract, one JSON object a fact (`design.md`, "Native facts";
//! `semantics.md` 30 to 35).

use crate::{
    Look, SourceSettings, Translation, Translator, bearer, cloudevents,
    contract::{self, EXPECTED_TIME},
    json::{Json, Object},
    strict::{self, Duplicates},
    text::{self, EXPECTED_ID},
};
use claimledger_facts::{
    canonical,
    draft::{Draft, DraftFact, DraftPerson},
    fact::{FACT_TYPES, FactData, FactType, Typed},
    ids::{SessionId, SourceEventId, SourceId},
    indicator::Indicator,
    refusal::{Refusal, RefusalCode},
    time::{Occurred, Time},
    types::policy::PolicyConfigured,
    vocabulary::{FREE_TEXT, is_code},
};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The translator of native facts.
pub(crate) struct Native;

impl Translator for Native {
    fn translate(
        &self,
        _settings: &SourceSettings,
        _previous: Option<&Look>,
        bytes: &[u8],
    ) -> Result<Translation, Refusal> {
        Ok(vec![read(bytes)?].into())
    }
}

fn read(bytes: &[u8]) -> Result<Draft, Refusal> {
    let (line, exact) = parse(bytes)?;
    // An envelope is accepted wherever a fact is. Its type identifies it: no fact type has that
    // prefix.
    let draft = if cloudevents::is_envelope(&line) {
        cloudevents::unwrap(line, bytes)
    } else {
        build(line, bytes, "native/1")
    };
    draft.map(|draft| exact.add_to(draft))
}

/// An event that is parsed, and its numbers that 64 bits do not hold.
pub(crate) fn parse(bytes: &[u8]) -> Result<(Map<String, Value>, ExactNumbers), Refusal> {
    let value = strict::parse_borrowed(bytes, Duplicates::Refused)?;
    let mut exact = ExactNumbers::default();
    value.exact_numbers(&mut String::new(), &mut exact.0);
    Ok((object(value.into_value())?, exact))
}

/// Numbers that 64 bits do not hold, by their paths. They are no values of the contract, so they
/// can only be in fields that it does not know.
#[derive(Default)]
pub(crate) struct ExactNumbers(Vec<(String, String)>);

impl ExactNumbers {
    /// Makes lines with other such numbers other content (`semantics.md` 31).
    pub(crate) fn add_to(self, mut draft: Draft) -> Draft {
        for (path, number) in self.0 {
            draft.canonical.extend_from_slice(format!("\n{path}={number}").as_bytes());
        }
        draft
    }
}

/// The object that every event is.
pub(crate) fn object(value: Value) -> Result<Map<String, Value>, Refusal> {
    match value {
        Value::Object(object) => Ok(object),
        other => Err(Refusal::whole(
            RefusalCode::Malformed,
            "a JSON object",
            format!("the value is {}", contract::kind(&other)),
        )),
    }
}

/// The same of a value that borrows.
pub(crate) fn object_borrowed(value: Json<'_>) -> Result<Object<'_>, Refusal> {
    match value {
        Json::Object(object) => Ok(object),
        other => object(other.into_value()).map(|_| Object::default()),
    }
}

/// Reads a parsed fact, with or without an envelope.
pub(crate) fn build(
    mut line: Map<String, Value>,
    original: &[u8],
    translator: &'static str,
) -> Result<Draft, Refusal> {
    let id = required_id(&line, "id")?;
    let fact_type = fact_type(&line)?;
    let mut unknown_fields = unknown_members(&line);

    let occurred = occurred_at(&mut line, &mut unknown_fields)?;
    let recorded_at = match line.remove("recorded_at") {
        None => None,
        Some(value) => Some(Time::from(instant(&value, "recorded_at")?)),
    };
    let source = optional_id(&line, "source")?.map(SourceId::new);
    let session = optional_id(&line, "session")?.map(SessionId::new);
    if fact_type.needs_session && session.is_none() {
        return Err(missing("session", EXPECTED_ID, fact_type));
    }
    let mut persons: Vec<Labelled> = person(&line, &mut unknown_fields)?.into_iter().collect();
    let mut indicators =
        line.get("client").and_then(Value::as_object).map(Indicator::of_client).unwrap_or_default();
    if fact_type.needs_subject && persons.is_empty() {
        return Err(missing("subject", "an object with the subject's `id`", fact_type));
    }
    check_client(&line)?;
    check_data(&mut line, fact_type, &mut unknown_fields)?;

    // The source is part of the record's id, not of its content: a line that names it and one that
    // leaves it to the credential are the same.
    line.remove("source");
    let redacted = bearer::redact(&mut line, bearer::Named::Native);
    let canonical = canonical::object_to_vec(&line);
    let original =
        if redacted { bearer::without(original, bearer::Named::Native) } else { original.to_vec() };

    let mut data = object(line.remove("data").unwrap_or_default())?;
    let mut sealed = Map::new();
    take_conditions(&mut data, &mut sealed);
    let mut fact = DraftFact {
        session: None,
        subject: (!persons.is_empty()).then_some(0),
        occurred: None,
        data: typed(fact_type, data)?,
        other: None,
    };
    take_free_text(&mut fact.data, &mut sealed);
    fact.other = other_person(&fact.data, &mut persons);

    let mut unowned = Map::new();
    if let Some((person, _)) = persons.first_mut() {
        person.indicators = std::mem::take(&mut indicators);
    }
    let home = persons.first_mut().map_or(&mut unowned, |(_, personal)| personal);
    if let Some(client) = line.remove("client") {
        home.insert("client".into(), client);
    }
    if !sealed.is_empty() {
        home.insert("text".into(), Value::Object(sealed));
    }
    Ok(Draft {
        source,
        source_id: SourceEventId::new(id),
        kind: fact_type.name.to_owned(),
        occurred,
        recorded_at,
        session,
        correlation: BTreeMap::new(),
        notes: Vec::new(),
        facts: vec![fact],
        persons: persons
            .into_iter()
            .map(|(person, personal)| DraftPerson { personal: personal.into(), ..person })
            .collect(),
        unowned: unowned.into(),
        labels: Vec::new(),
        indicators,
        canonical,
        original,
        unknown_fields,
        translator,
        variants_allowed: false,
    })
}

/// Reads the data of a `policy.configured` fact that nobody stated. Stricter than a line: a field
/// that the contract does not know is refused, because nothing stores it.
pub(crate) fn policy_version(data: &[u8]) -> Result<PolicyConfigured, Refusal> {
    // As an editor may begin a file.
    let data = data.strip_prefix("\u{feff}".as_bytes()).unwrap_or(data);
    let data = Value::Object(parse(data)?.0);
    let line = Map::from_iter([
        ("id".to_owned(), Value::from("supposed")),
        ("type".to_owned(), Value::from(PolicyConfigured::TYPE.name)),
        ("occurred_at".to_owned(), Value::from("1970-01-01T00:00:00Z")),
        ("data".to_owned(), data),
    ]);
    let draft = build(line, b"", "native/1")?;
    if let Some(field) = draft.unknown_fields.first() {
        let message = "no such field of a policy".to_owned();
        return Err(Refusal::field(
            RefusalCode::InvalidField,
            field,
            "a field of a policy",
            message,
        ));
    }
    match draft.facts.into_iter().next().map(|fact| fact.data) {
        Some(FactData::PolicyConfigured(policy)) => {
            let mut known = BTreeMap::new();
            for (n, rule) in policy.rules.iter().enumerate() {
                if let Some(first) = known.insert(rule.rule.clone(), n) {
                    return Err(Refusal::invalid(
                        format!("data.rules[{n}].rule"),
                        "rules of different ids",
                        format!("data.rules[{first}] has the id {} too", rule.rule),
                    ));
                }
            }
            Ok(policy)
        }
        _ => unreachable!("a line has one fact, of its type"),
    }
}

/// The fields of a line.
pub(crate) const FIELDS: &[&str] =
    &["id", "type", "occurred_at", "recorded_at", "source", "subject", "session", "client", "data"];

fn unknown_members(line: &Map<String, Value>) -> Vec<String> {
    line.keys().filter(|key| !FIELDS.contains(&key.as_str())).map(|key| text::shown(key)).collect()
}

fn missing(field: &str, expected: &str, fact_type: &FactType) -> Refusal {
    Refusal::field(
        RefusalCode::MissingField,
        field,
        expected,
        format!("the field is missing; `{}` needs it", fact_type.name),
    )
}

fn required_id(line: &Map<String, Value>, field: &str) -> Result<String, Refusal> {
    optional_id(line, field)?.ok_or_else(|| Refusal::missing(field, EXPECTED_ID))
}

fn optional_id(line: &Map<String, Value>, field: &str) -> Result<Option<String>, Refusal> {
    match line.get(field) {
        None => Ok(None),
        Some(value) => id(value, field).map(Some),
    }
}

/// An id that is stored in the clear, or that identifies a person.
pub(crate) fn id(value: &Value, field: &str) -> Result<String, Refusal> {
    match value {
        Value::String(id) if text::is_id(id) && !bearer::is_token(id) => Ok(id.clone()),
        Value::String(_) => Err(Refusal::invalid(
            field,
            EXPECTED_ID,
            "the string is empty, too long, a token, or has control characters",
        )),
        other => Err(contract::wrong_type(field, EXPECTED_ID, other)),
    }
}

fn fact_type(line: &Map<String, Value>) -> Result<&'static FactType, Refusal> {
    const EXPECTED: &str = "a fact type of the contract";
    let name = match line.get("type") {
        None => return Err(Refusal::missing("type", EXPECTED)),
        Some(Value::String(name)) => name,
        Some(other) => return Err(contract::wrong_type("type", EXPECTED, other)),
    };
    match FactType::named(name) {
        Some(fact_type) if fact_type.is_ledger_only() => Err(Refusal::field(
            RefusalCode::Reserved,
            "type",
            "a fact type that a source may write",
            format!("only the ledger itself writes `{name}`"),
        )),
        Some(fact_type) => Ok(fact_type),
        None => {
            let close = text::close(
                name,
                FACT_TYPES.iter().filter(|t| !t.is_ledger_only()).map(|t| t.name),
            );
            let expected = if close.is_empty() {
                EXPECTED.to_owned()
            } else {
                format!("{EXPECTED}, perhaps {}", text::any_of(close))
            };
            Err(Refusal::field(
                RefusalCode::UnknownType,
                "type",
                expected,
                format!("unknown fact type `{}`", text::shown(name)),
            ))
        }
    }
}

fn instant(value: &Value, field: &str) -> Result<chrono::DateTime<chrono::Utc>, Refusal> {
    match value {
        Value::String(time) => contract::instant(time).map_err(|error| {
            Refusal::invalid(field, EXPECTED_TIME, format!("`{}` is {error}", text::shown(time)))
        }),
        other => Err(contract::wrong_type(field, EXPECTED_TIME, other)),
    }
}

/// Reads `occurred_at`, an instant or an interval, and brings it to one spelling.
fn occurred_at(
    line: &mut Map<String, Value>,
    unknown_fields: &mut Vec<String>,
) -> Result<Occurred, Refusal> {
    const FIELD: &str = "occurred_at";
    const EXPECTED: &str =
        "an RFC 3339 date-time with an offset, or an object with two of them as `from` and `to`";
    match line.get_mut(FIELD) {
        None => Err(Refusal::missing(FIELD, EXPECTED)),
        Some(Value::Object(interval)) => {
            let mut end = |name: &str| match interval.get_mut(name) {
                None => Err(Refusal::missing(format!("{FIELD}.{name}"), EXPECTED_TIME)),
                Some(value) => {
                    let time = instant(value, &format!("{FIELD}.{name}"))?;
                    *value = Value::String(contract::one_spelling(time));
                    Ok(Time::from(time))
                }
            };
            let (from, to) = (end("from")?, end("to")?);
            if from > to {
                return Err(Refusal::invalid(
                    format!("{FIELD}.to"),
                    "a time not before `from`",
                    "the interval ends before it begins",
                ));
            }
            unknown_fields.extend(
                interval
                    .keys()
                    .filter(|key| !matches!(key.as_str(), "from" | "to"))
                    .map(|key| text::shown(&format!("{FIELD}.{key}"))),
            );
            Ok(Occurred { from, to: Some(to) })
        }
        Some(value) => {
            let time = instant(value, FIELD)
                .map_err(|refusal| Refusal { expected: Some(EXPECTED.into()), ..refusal })?;
            *value = Value::String(contract::one_spelling(time));
            Ok(Occurred::at(Time::from(time)))
        }
    }
}

/// A person, and what will be sealed under their key.
type Labelled = (DraftPerson, Map<String, Value>);

/// Reads `subject`. The id makes the person; login and name are labels by which they can be found.
fn person(
    line: &Map<String, Value>,
    unknown_fields: &mut Vec<String>,
) -> Result<Option<Labelled>, Refusal> {
    let subject = match line.get("subject") {
        None => return Ok(None),
        Some(Value::Object(subject)) => subject,
        Some(other) => {
            return Err(contract::wrong_type(
                "subject",
                "an object with the subject's `id`",
                other,
            ));
        }
    };
    let Some(value) = subject.get("id") else {
        return Err(Refusal::missing("subject.id", EXPECTED_ID));
    };
    let id = id(value, "subject.id")?;
    let mut person = labelled(id);
    for (key, value) in subject {
        match (key.as_str(), value) {
            ("id", _) => {}
            ("login" | "name", value) => label(&mut person, key, value, &format!("subject.{key}"))?,
            (other, _) => unknown_fields.push(text::shown(&format!("subject.{other}"))),
        }
    }
    Ok(Some(person))
}

fn labelled(id: String) -> Labelled {
    let personal = Map::from_iter([("id".to_owned(), Value::from(id.as_str()))]);
    (DraftPerson { id, ..DraftPerson::default() }, personal)
}

/// Adds a login or a name to a person: as a label that is sealed, and as an alias by which they are
/// found.
fn label(
    (person, personal): &mut Labelled,
    key: &str,
    value: &Value,
    field: &str,
) -> Result<(), Refusal> {
    let expected = "a string of at most 512 bytes";
    match value {
        Value::String(label) if label.len() <= text::MAX_ID_BYTES => {
            if !label.is_empty() && !person.aliases.contains(label) {
                person.aliases.push(label.clone());
            }
            personal.insert(key.to_owned(), value.clone());
            Ok(())
        }
        Value::String(_) => Err(Refusal::invalid(field, expected, "the string is too long")),
        other => Err(contract::wrong_type(field, expected, other)),
    }
}

/// Checks `client`: an object with two named indicators. Others are accepted, as all of it is
/// sealed.
fn check_client(line: &Map<String, Value>) -> Result<(), Refusal> {
    let client = match line.get("client") {
        None => return Ok(()),
        Some(Value::Object(client)) => client,
        Some(other) => return Err(contract::wrong_type("client", "an object", other)),
    };
    for key in ["ip", "user_agent"] {
        if let Some(value) = client.get(key).filter(|value| !value.is_string()) {
            return Err(contract::wrong_type(&format!("client.{key}"), "a string", value));
        }
    }
    Ok(())
}

/// Checks `data` against the contract of its type.
fn check_data(
    line: &mut Map<String, Value>,
    fact_type: &FactType,
    unknown_fields: &mut Vec<String>,
) -> Result<(), Refusal> {
    let data = match line.get_mut("data") {
        None => return Err(missing("data", "an object", fact_type)),
        Some(data @ Value::Object(_)) => data,
        Some(other) => return Err(contract::wrong_type("data", "an object", other)),
    };
    contract::shape(fact_type.name).check(data, &mut "data".to_owned(), unknown_fields)?;
    if fact_type.name == "policy.configured" {
        // Opaque to the fact type, but known to the contract: kept, sealed.
        let known = |path: &str| {
            path.strip_prefix("data.rules[")
                .and_then(|p| p.split_once(']'))
                .is_some_and(|(_, rest)| rest == ".conditions")
        };
        unknown_fields.retain(|path| !known(path));
    }
    // An interval in the data ends after it begins. Times have one spelling by now, but one without
    // a fraction sorts after one with it.
    if let (Some(from), Some(until)) = (time_in(data, "from"), time_in(data, "until"))
        && until < from
    {
        return Err(Refusal::invalid(
            "data.until",
            "a time not before `from`",
            "the interval ends before it begins",
        ));
    }
    // Stands in the clear, like an id, and is bounded like one.
    if let Some(Value::String(acr)) = data.get("acr")
        && !text::is_id(acr)
    {
        return Err(Refusal::invalid(
            "data.acr",
            EXPECTED_ID,
            "the string is empty, too long, or has control characters",
        ));
    }
    if matches!(fact_type.name, "claim.accepted" | "claim.ignored")
        && !["assertion", "amr", "method"].iter().any(|name| data.get(name).is_some())
    {
        let expected = "an `assertion`, an `amr` value or a `method`";
        return Err(Refusal::field(
            RefusalCode::MissingField,
            "data.method",
            expected,
            "the fact does not say which claim it is about",
        ));
    }
    Ok(())
}

fn time_in(data: &Value, field: &str) -> Option<Time> {
    data.get(field).and_then(Value::as_str).and_then(|time| Time::parse(time).ok())
}

/// Takes `conditions` out of a policy's rules: free text in any JSON form.
fn take_conditions(data: &mut Map<String, Value>, sealed: &mut Map<String, Value>) {
    for (i, rule) in
        data.get_mut("rules").and_then(Value::as_array_mut).into_iter().flatten().enumerate()
    {
        if let Some(conditions) = rule.as_object_mut().and_then(|rule| rule.remove("conditions")) {
            sealed.insert(format!("rules[{i}].conditions"), conditions);
        }
    }
}

fn typed(fact_type: &FactType, data: Map<String, Value>) -> Result<FactData, Refusal> {
    match FactData::from_value(fact_type.name, Value::Object(data)) {
        Some(Ok(data)) => Ok(data),
        // The contract was checked; what its schema cannot say is said by the type itself.
        Some(Err(error)) => Err(Refusal::invalid(
            format!("data.{}", error.path()),
            "data of this fact type",
            text::shown(&error.inner().to_string()),
        )),
        None => Err(Refusal::field(
            RefusalCode::UnknownType,
            "type",
            "a fact type of the contract",
            "there is no such fact type",
        )),
    }
}

/// Moves what is no code out of the clear: the reason, and what links two sessions.
fn take_free_text(data: &mut FactData, sealed: &mut Map<String, Value>) {
    if let Some(reason) = data.take_free_text() {
        sealed.insert("reason".into(), Value::String(reason));
    }
    if let FactData::SessionLinked(linked) = data
        && !is_code(&linked.by)
    {
        sealed.insert(
            "by".into(),
            Value::String(std::mem::replace(&mut linked.by, FREE_TEXT.to_owned())),
        );
    }
}

/// The second person of a `subject.linked`, by id or login. A pseudonym names a person that the
/// ledger already knows, so it adds none.
fn other_person(data: &FactData, persons: &mut Vec<Labelled>) -> Option<usize> {
    let FactData::SubjectLinked(linked) = data else { return None };
    let other = linked.other.as_str();
    if is_pseudonym(other) {
        return None;
    }
    if let Some(known) = persons.iter().position(|(person, _)| person.id == other) {
        return Some(known);
    }
    persons.push(labelled(other.to_owned()));
    Some(persons.len() - 1)
}

/// Whether the text has the form of a pseudonym: `p-` and 16 characters of Crockford's base 32.
fn is_pseudonym(text: &str) -> bool {
    text.strip_prefix("p-").is_some_and(|rest| {
        rest.len() == 16
            && rest.bytes().all(|b| {
                b.is_ascii_digit()
                    || (b.is_ascii_uppercase() && !matches!(b, b'I' | b'L' | b'O' | b'U'))
            })
    })
}
