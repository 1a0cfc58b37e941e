//! What a record says in the clear: its facts, and the little about the source's event that later
//! readers need.

use crate::{
    canonical,
    fact::{Fact, FactData, FactType},
    ids::{Pseudonym, SessionId},
    indicator,
    record::CorruptRecord,
    time::Occurred,
    vocabulary::Note,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::{borrow::Cow, collections::BTreeMap};

/// The clear body of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// What the source calls this kind of event: a fact type, or a vendor's event type.
    pub kind: String,
    /// The session that the event names, understood or not.
    pub session: Option<SessionId>,
    /// Ids inside the vendor's log that join events of one sign-in (`transaction`, `authn_request`,
    /// `root_session`, …), and keyed digests of what is sealed, by which the record is found
    /// ([`is_sealed_index`]).
    pub correlation: BTreeMap<String, String>,
    /// What readers should know about how it was read.
    pub notes: Vec<Note>,
    /// The facts. None, and no note says that it was not understood: it states nothing of a
    /// session.
    pub facts: Vec<Fact>,
}

/// The name in [`Statement::correlation`] of the keyed digest of the client's address.
pub const ADDRESS: &str = "address";
/// How the names in [`Statement::correlation`] of keyed digests of other indicators of the client
/// begin: `client_network`, `client_asn`.
pub const CLIENT: &str = "client_";
/// How the names in [`Statement::correlation`] of keyed digests of display names begin: `label_0`,
/// `label_1`.
pub const LABEL: &str = "label_";

/// Whether a name in [`Statement::correlation`] is that of a keyed digest of something sealed,
/// which tells a reader nothing.
#[must_use]
pub fn is_sealed_index(name: &str) -> bool {
    indicator::is_index(name) || name.starts_with(LABEL)
}

impl Statement {
    /// Whether its translator understood it: the one test for answers, reports, lists and
    /// timelines.
    #[must_use]
    pub fn is_understood(&self) -> bool {
        !self.notes.contains(&Note::NotUnderstood)
    }

    /// The root session that the event names beside its own (`semantics.md` 25: a relation, not a
    /// link).
    #[must_use]
    pub fn root_session(&self) -> Option<&str> {
        let root = self.correlation.get("root_session").map(String::as_str)?;
        (self.session.as_ref().map(SessionId::as_str) != Some(root)).then_some(root)
    }

    /// Every session id that the record names, once each: these count towards the ids' revisions.
    pub fn sessions(&self) -> impl Iterator<Item = &SessionId> {
        self.borrowed().sessions()
    }

    /// Canonical JSON, with what is absent or empty left out. Facts that occurred when the record
    /// did leave their time out.
    ///
    /// # Errors
    /// Never for the types of the contract; serde asks for it.
    pub fn encode(&self, occurred: Occurred) -> Result<Vec<u8>, serde_json::Error> {
        self.borrowed().encode(occurred)
    }

    fn borrowed(&self) -> StatementRef<'_> {
        StatementRef {
            kind: &self.kind,
            session: self.session.as_ref(),
            correlation: &self.correlation,
            notes: &self.notes,
            facts: &self.facts,
        }
    }

    /// Reads a statement. `occurred` is the header's.
    ///
    /// # Errors
    /// If it does not read, or holds a fact of a type or version that this program does not know.
    pub fn decode(bytes: &[u8], occurred: Occurred) -> Result<Self, CorruptRecord> {
        let stored: Stored<'_> = serde_json::from_slice(bytes)
            .map_err(|error| CorruptRecord::new(format!("the statement does not read: {error}")))?;
        let facts = stored
            .facts
            .into_iter()
            .map(|fact| read_fact(fact, occurred))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            kind: stored.kind,
            session: stored.session,
            correlation: stored.correlation,
            notes: stored.notes,
            facts,
        })
    }
}

/// A statement that borrows its parts, so that a draft is encoded without a copy.
#[derive(Clone, Copy)]
pub(crate) struct StatementRef<'s> {
    pub(crate) kind: &'s str,
    pub(crate) session: Option<&'s SessionId>,
    pub(crate) correlation: &'s BTreeMap<String, String>,
    pub(crate) notes: &'s [Note],
    pub(crate) facts: &'s [Fact],
}

impl<'s> StatementRef<'s> {
    pub(crate) fn sessions(self) -> impl Iterator<Item = &'s SessionId> {
        let mut seen = Vec::new();
        self.session
            .into_iter()
            .chain(self.facts.iter().filter_map(|fact| fact.session.as_ref()))
            .filter(move |id| {
                let new = !seen.contains(id);
                seen.push(*id);
                new
            })
    }

    pub(crate) fn encode(self, occurred: Occurred) -> Result<Vec<u8>, serde_json::Error> {
        let mut out = Vec::with_capacity(512);
        out.push(b'{');
        if !self.correlation.is_empty() {
            name(&mut out, "correlation");
            out.push(b'{');
            // Sorted, as the map is.
            for (key, value) in self.correlation {
                name(&mut out, key);
                canonical::write_str(&mut out, value);
            }
            out.push(b'}');
        }
        if !self.facts.is_empty() {
            name(&mut out, "facts");
            out.push(b'[');
            for (n, fact) in self.facts.iter().enumerate() {
                if n > 0 {
                    out.push(b',');
                }
                write_fact(&mut out, fact, occurred)?;
            }
            out.push(b']');
        }
        text(&mut out, "kind", self.kind);
        if !self.notes.is_empty() {
            member(&mut out, "notes", self.notes)?;
        }
        if let Some(session) = self.session {
            text(&mut out, "session", session.as_str());
        }
        out.push(b'}');
        Ok(out)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored<'b> {
    #[serde(default)]
    correlation: BTreeMap<String, String>,
    #[serde(default, borrow)]
    facts: Vec<StoredFact<'b>>,
    kind: String,
    #[serde(default)]
    notes: Vec<Note>,
    #[serde(default)]
    session: Option<SessionId>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredFact<'b> {
    #[serde(borrow)]
    data: &'b RawValue,
    #[serde(default)]
    occurred_at: Option<Occurred>,
    #[serde(default)]
    session: Option<SessionId>,
    #[serde(default)]
    subject: Option<Pseudonym>,
    #[serde(borrow)]
    r#type: Cow<'b, str>,
    v: u32,
}

fn read_fact(fact: StoredFact<'_>, occurred: Occurred) -> Result<Fact, CorruptRecord> {
    let data = read_data(&fact.r#type, fact.v, fact.data.get())?;
    Ok(Fact {
        session: fact.session,
        subject: fact.subject,
        occurred: fact.occurred_at.unwrap_or(occurred),
        data,
    })
}

/// Reads the data of a stored fact from its JSON text. A later version of a type only adds optional
/// fields, so every version up to the current one reads as the current one; what is not an addition
/// is a new type.
///
/// # Errors
/// If it does not read, or is of a type or version that this program does not know.
pub fn read_data(name: &str, version: u32, json: &str) -> Result<FactData, CorruptRecord> {
    let current = FactType::named(name).map(|fact| fact.version);
    if let Some(current) = current.filter(|current| !(1..=*current).contains(&version)) {
        return Err(CorruptRecord::new(format!(
            "`{name}` has version {version}; this program reads versions up to {current}"
        )));
    }
    match FactData::from_json(name, json) {
        Some(read) => read.map_err(|error| {
            CorruptRecord::new(format!("`{name}` version {version} does not read: {error}"))
        }),
        None => {
            Err(CorruptRecord::new(format!("`{name}` is no fact type that this version knows")))
        }
    }
}

fn write_fact(out: &mut Vec<u8>, fact: &Fact, occurred: Occurred) -> Result<(), serde_json::Error> {
    out.push(b'{');
    name(out, "data");
    canonical::write(out, &fact.data.to_value()?);
    if fact.occurred != occurred {
        // Two fields of an interval, `from` and `to`, are declared in bytewise order.
        member(out, "occurred_at", &fact.occurred)?;
    }
    if let Some(session) = &fact.session {
        text(out, "session", session.as_str());
    }
    if let Some(subject) = &fact.subject {
        text(out, "subject", subject.as_str());
    }
    text(out, "type", fact.data.type_name());
    member(out, "v", &fact.data.version())?;
    out.push(b'}');
    Ok(())
}

/// For values that serialise canonically by themselves: scalars, lists of them, and maps that are
/// sorted.
fn member<T: Serialize + ?Sized>(
    out: &mut Vec<u8>,
    key: &str,
    value: &T,
) -> Result<(), serde_json::Error> {
    name(out, key);
    serde_json::to_writer(out, value)
}

fn text(out: &mut Vec<u8>, key: &str, value: &str) {
    name(out, key);
    canonical::write_str(out, value);
}

fn name(out: &mut Vec<u8>, key: &str) {
    if !out.ends_with(b"{") {
        out.push(b',');
    }
    canonical::write_str(out, key);
    out.push(b':');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{time::Time, types::session::SessionEnded, vocabulary::EndReason};

    const NOON: Occurred = Occurred::at(Time::from_micros(1_773_144_000_000_000));

    fn ended(session: Option<&str>, occurred: Occurred) -> Fact {
        Fact {
            session: session.map(Into::into),
            subject: None,
            occurred,
            data: FactData::SessionEnded(SessionEnded { reason: EndReason::Logout }),
        }
    }

    fn statement(session: Option<&str>, facts: Vec<Fact>) -> Statement {
        Statement {
            kind: "k".to_owned(),
            session: session.map(Into::into),
            correlation: BTreeMap::new(),
            notes: Vec::new(),
            facts,
        }
    }

    fn check(statement: &Statement, expect: &str) {
        let bytes = statement.encode(NOON).unwrap();
        assert_eq!(String::from_utf8(bytes.clone()).unwrap(), expect);
        assert_eq!(&Statement::decode(&bytes, NOON).unwrap(), statement);
        let value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(canonical::to_vec(&value), bytes, "not canonical");
    }

    #[test]
    fn what_is_absent_or_empty_is_left_out() {
        check(&statement(None, vec![]), r#"{"kind":"k"}"#);
        check(&statement(Some("S1"), vec![]), r#"{"kind":"k","session":"S1"}"#);
    }

    #[test]
    fn a_fact_states_its_time_only_where_it_differs() {
        let other = Occurred { from: NOON.from, to: Some(Time::MAX) };
        check(
            &statement(None, vec![ended(None, NOON), ended(Some("S\"2"), other)]),
            concat!(
                r#"{"facts":[{"data":{"reason":"logout"},"type":"session.ended","v":1},"#,
                r#"{"data":{"reason":"logout"},"occurred_at":{"from":"2026-03-10T12:00:00Z","#,
                r#""to":"9999-12-31T23:59:59.999999Z"},"session":"S\"2","#,
                r#""type":"session.ended","v":1}],"kind":"k"}"#,
            ),
        );
    }

    #[test]
    fn everything_together() {
        let mut full = statement(Some("S1"), vec![ended(Some("S1"), NOON)]);
        full.correlation =
            [("tx".to_owned(), "1".to_owned()), ("a".to_owned(), "\u{1}".to_owned())].into();
        full.notes = vec![Note::NotUnderstood, Note::TimeZoneAssumedUtc];
        full.facts[0].subject = Some("p-1".into());
        check(
            &full,
            concat!(
                r#"{"correlation":{"a":"\u0001","tx":"1"},"facts":[{"data":{"reason":"logout"},"#,
                r#""session":"S1","subject":"p-1","type":"session.ended","v":1}],"kind":"k","#,
                r#""notes":["not_understood","time_zone_assumed_utc"],"session":"S1"}"#,
            ),
        );
    }

    #[test]
    fn sessions_are_named_once_each() {
        let named = statement(
            Some("S1"),
            vec![
                ended(Some("S2"), NOON),
                ended(Some("S1"), NOON),
                ended(None, NOON),
                ended(Some("S2"), NOON),
            ],
        );
        assert_eq!(named.sessions().map(SessionId::as_str).collect::<Vec<_>>(), ["S1", "S2"]);
    }

    #[test]
    fn what_is_unknown_is_corrupt_and_named() {
        for (text, expect) in [
            (
                r#"{"kind":"k","facts":[{"data":{},"type":"session.paused","v":1}]}"#,
                "`session.paused` is no fact type that this version knows",
            ),
            (
                r#"{"kind":"k","facts":[{"data":{},"type":"session.ended","v":2}]}"#,
                "`session.ended` has version 2; this program reads versions up to 1",
            ),
            (
                r#"{"kind":"k","facts":[{"data":{},"type":"session.ended","v":1}]}"#,
                "`session.ended` version 1 does not read: missing field `reason`",
            ),
            (r#"{"kind":"k","more":1}"#, "the statement does not read: unknown field `more`"),
            (
                r#"{"kind":"k","notes":["guessed"]}"#,
                "the statement does not read: unknown variant `guessed`",
            ),
            (r#"{"facts":[]}"#, "the statement does not read: missing field `kind`"),
            (r#"{"kind":"k"} "x""#, "the statement does not read: trailing characters"),
        ] {
            let error = Statement::decode(text.as_bytes(), NOON).unwrap_err();
            assert!(error.what.starts_with(expect), "{text}: {error}");
        }
    }
}
