//! Native facts in CloudEvents 1.0 structured JSON envelopes (`semantics.md` 34).
//!
//! | envelope | native |
//! | --- | --- |
//! | `type` `claimledger.<fact type>` | `type` |
//! | `id`, `source`, extension `session` | the same |
//! | `time` (required here) | `occurred_at` |
//! | `subject` | `subject.id` |
//! | `data.subject` (`login`, `name`) | the rest of `subject` |
//! | `data.client` | `client` |
//! | the rest of `data` | `data` |
//!
//! The same fact gives the same canonical line with and without the envelope. What the envelope
//! says about its transport (`specversion`, `datacontenttype`, `dataschema`, trace context,
//! sequence, partition) is left out of it; other extensions count as unknown fields.

use crate::{
    Look, SourceSettings, Translation, Translator, native,
    text::{self, EXPECTED_ID},
};
use claimledger_facts::{
    draft::Draft,
    refusal::{Refusal, RefusalCode},
};
use serde_json::{Map, Value};

/// What comes before the fact type in an envelope's `type`.
const TYPE_PREFIX: &str = "claimledger.";

/// Attributes about the transport, which are no part of the fact. `source` is read before.
const TRANSPORT: &[&str] = &[
    "specversion",
    "datacontenttype",
    "dataschema",
    "traceparent",
    "tracestate",
    "sequence",
    "sequencetype",
    "partitionkey",
    "sampledrate",
    "recordedtime",
];

/// The translator of envelopes.
pub(crate) struct CloudEvents;

impl Translator for CloudEvents {
    fn translate(
        &self,
        _settings: &SourceSettings,
        _previous: Option<&Look>,
        bytes: &[u8],
    ) -> Result<Translation, Refusal> {
        let (envelope, exact) = native::parse(bytes)?;
        Ok(vec![exact.add_to(unwrap(envelope, bytes)?)].into())
    }
}

/// Whether an object says that it is an envelope of a fact.
pub(crate) fn is_envelope(object: &Map<String, Value>) -> bool {
    matches!(object.get("type"), Some(Value::String(name)) if name.starts_with(TYPE_PREFIX))
}

/// Reads an envelope that is parsed.
pub(crate) fn unwrap(mut envelope: Map<String, Value>, bytes: &[u8]) -> Result<Draft, Refusal> {
    check_version(&envelope)?;
    let mut line = Map::new();
    line.insert("type".into(), fact_type(envelope.remove("type"))?);
    line.insert("id".into(), required(&mut envelope, "id", EXPECTED_ID)?);
    line.insert(
        "source".into(),
        required(&mut envelope, "source", "a URI reference of 1 to 512 bytes")?,
    );
    let time = required(&mut envelope, "time", "an RFC 3339 date-time with an offset")?;
    line.insert("occurred_at".into(), only_text("time", time)?);
    if let Some(session) = envelope.remove("session") {
        line.insert("session".into(), session);
    }
    let mut data = data(&mut envelope)?;
    if let Some(subject) = subject(&mut envelope, &mut data)? {
        line.insert("subject".into(), subject);
    }
    if let Some(client) = data.remove("client") {
        line.insert("client".into(), client);
    }
    line.insert("data".into(), Value::Object(data));
    for (name, value) in
        envelope.into_iter().filter(|(name, _)| !TRANSPORT.contains(&name.as_str()))
    {
        if native::FIELDS.contains(&name.as_str()) {
            return Err(Refusal::invalid(
                text::shown(&name),
                "no such attribute in an envelope",
                "a native field is not allowed here: an envelope has its own, or keeps it in \
                 `data`",
            ));
        }
        line.insert(name, value);
    }
    let mut draft = native::build(line, bytes, "cloudevents/1").map_err(in_envelope)?;
    for field in draft.unknown_fields.iter_mut().filter(|field| field.starts_with("subject.")) {
        field.insert_str(0, "data.");
    }
    Ok(draft)
}

fn check_version(envelope: &Map<String, Value>) -> Result<(), Refusal> {
    match envelope.get("specversion") {
        Some(Value::String(version)) if version == "1.0" => {}
        Some(_) => {
            return Err(Refusal::invalid(
                "specversion",
                "\"1.0\"",
                "another version of CloudEvents",
            ));
        }
        None => return Err(Refusal::missing("specversion", "\"1.0\"")),
    }
    match envelope.get("datacontenttype") {
        None => Ok(()),
        Some(Value::String(kind)) if is_json(kind) => Ok(()),
        Some(_) => Err(Refusal::invalid("datacontenttype", "application/json", "facts are JSON")),
    }
}

fn is_json(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
        || essence.to_ascii_lowercase().ends_with("+json")
}

fn required(
    envelope: &mut Map<String, Value>,
    field: &str,
    expected: &str,
) -> Result<Value, Refusal> {
    envelope.remove(field).ok_or_else(|| Refusal::missing(field, expected))
}

/// An envelope's time is an instant: the interval form is the native line's.
fn only_text(field: &str, value: Value) -> Result<Value, Refusal> {
    if value.is_string() {
        Ok(value)
    } else {
        Err(Refusal::invalid(
            field,
            "an RFC 3339 date-time with an offset",
            "the value is no string",
        ))
    }
}

fn fact_type(value: Option<Value>) -> Result<Value, Refusal> {
    const EXPECTED: &str = "claimledger.<fact type>";
    match value {
        None => Err(Refusal::missing("type", EXPECTED)),
        Some(Value::String(name)) => match name.strip_prefix(TYPE_PREFIX) {
            Some(fact) => Ok(Value::from(fact)),
            None => Err(Refusal::field(
                RefusalCode::UnknownType,
                "type",
                EXPECTED,
                format!("unknown event type `{}`", text::shown(&name)),
            )),
        },
        Some(_) => Err(Refusal::invalid("type", EXPECTED, "the value is no string")),
    }
}

fn data(envelope: &mut Map<String, Value>) -> Result<Map<String, Value>, Refusal> {
    if envelope.contains_key("data_base64") {
        return Err(Refusal::invalid(
            "data_base64",
            "the fact as JSON in `data`",
            "binary data is no fact",
        ));
    }
    match envelope.remove("data") {
        Some(Value::Object(data)) => Ok(data),
        Some(_) => Err(Refusal::invalid("data", "an object", "the value is no object")),
        None => Err(Refusal::missing("data", "an object")),
    }
}

/// The attribute `subject` is the id; labels are in `data.subject`.
fn subject(
    envelope: &mut Map<String, Value>,
    data: &mut Map<String, Value>,
) -> Result<Option<Value>, Refusal> {
    let labels = match data.remove("subject") {
        None => None,
        Some(Value::Object(labels)) => Some(labels),
        Some(_) => {
            return Err(Refusal::invalid(
                "data.subject",
                "an object with the subject's labels",
                "the value is no object",
            ));
        }
    };
    let (id, mut subject) = match (envelope.remove("subject"), labels) {
        (None, None) => return Ok(None),
        (None, Some(_)) => {
            return Err(Refusal::field(
                RefusalCode::MissingField,
                "subject",
                EXPECTED_ID,
                "labels are given, but no subject",
            ));
        }
        (Some(id), labels) => (id, labels.unwrap_or_default()),
    };
    if let Some(repeated) = subject.get("id")
        && *repeated != id
    {
        return Err(Refusal::invalid(
            "data.subject.id",
            "the same as the attribute `subject`",
            "the envelope names two subjects",
        ));
    }
    subject.insert("id".into(), id);
    Ok(Some(Value::Object(subject)))
}

/// Names a field as the envelope has it.
fn in_envelope(mut refusal: Refusal) -> Refusal {
    refusal.field = refusal.field.map(|field| match field.as_str() {
        "occurred_at" => "time".to_owned(),
        "subject.id" => "subject".to_owned(),
        _ if field.starts_with("subject.") || field == "client" || field.starts_with("client.") => {
            format!("data.{field}")
        }
        _ => field,
    });
    refusal
}
