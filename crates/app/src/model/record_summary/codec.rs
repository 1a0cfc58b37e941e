//! Encoding of record summaries in the read models. A session is loaded from adjacent rows, without
//! decompressing records or checking them against their commitments again.
//!
//! Layout: CRC-32 of the rest, flags, record id and times, texts, then each fact with its data as
//! JSON. Texts and lists are preceded by their length as LEB128. The format belongs to the version
//! of the read models: data of another version is never read.

use super::RecordSummary;
use claimledger_domain::model::RecordRef;
use claimledger_facts::{
    fact::Fact,
    ids::{LogPosition, RecordId},
    record::CorruptRecord,
    statement::{Statement, is_sealed_index, read_data},
    time::{Occurred, Time},
    vocabulary::Note,
};
use std::{collections::BTreeMap, sync::Arc};
use uuid::Uuid;

mod flag {
    pub(super) const VARIANT: u8 = 1;
    pub(super) const UNTIL: u8 = 2;
    pub(super) const SESSION: u8 = 4;
    /// Flag of a fact: its session is that of the previous fact, or of the record for the first
    /// fact.
    pub(super) const SAME_SESSION: u8 = 8;
    pub(super) const SUBJECT: u8 = 16;
    /// Flag of a fact: it occurred at another time than the record.
    pub(super) const OCCURRED: u8 = 32;
    /// Flag of a fact: its type is the kind of the record.
    pub(super) const OF_KIND: u8 = 64;
}

const SUM: usize = 4;

impl RecordSummary {
    /// Encodes the summary without its position, which is the key of the row.
    ///
    /// # Errors
    /// If a fact cannot be serialised. The fact types of the contract always can; the signature of
    /// serde requires it.
    pub(crate) fn encode(&self) -> Result<Vec<u8>, serde_json::Error> {
        let Self { reference, variant, statement } = self;
        let mut out = Writer(Vec::with_capacity(256));
        out.0.extend([0; SUM]);
        let set = |flag, is_set: bool| if is_set { flag } else { 0 };
        out.0.push(
            set(flag::VARIANT, *variant)
                | set(flag::UNTIL, reference.occurred.to.is_some())
                | set(flag::SESSION, statement.session.is_some()),
        );
        out.0.extend(reference.id.0.as_bytes());
        out.occurred(reference.occurred);
        out.time(reference.recorded_at);
        out.text(reference.source.as_str());
        out.text(reference.source_id.as_str());
        out.text(&statement.kind);
        statement.session.iter().for_each(|session| out.text(session.as_str()));
        out.number(statement.notes.len() as u64);
        statement.notes.iter().for_each(|note| out.text(note.as_str()));
        // The index leads from digests to records; nothing leads back.
        let joins = || statement.correlation.iter().filter(|(name, _)| !is_sealed_index(name));
        out.number(joins().count() as u64);
        for (name, value) in joins() {
            out.text(name);
            out.text(value);
        }
        out.number(statement.facts.len() as u64);
        let mut session = statement.session.as_ref();
        for fact in &statement.facts {
            let same = fact.session.is_some() && fact.session.as_ref() == session;
            let occurred = fact.occurred != reference.occurred;
            out.0.push(
                set(flag::SAME_SESSION, same)
                    | set(flag::SESSION, fact.session.is_some() && !same)
                    | set(flag::SUBJECT, fact.subject.is_some())
                    | set(flag::OCCURRED, occurred)
                    | set(flag::UNTIL, occurred && fact.occurred.to.is_some())
                    | set(flag::OF_KIND, fact.data.type_name() == statement.kind),
            );
            fact.session.iter().filter(|_| !same).for_each(|session| out.text(session.as_str()));
            fact.subject.iter().for_each(|subject| out.text(subject.as_str()));
            if occurred {
                out.occurred(fact.occurred);
            }
            if fact.data.type_name() != statement.kind {
                out.text(fact.data.type_name());
            }
            out.number(fact.data.version().into());
            out.text(&fact.data.to_json()?);
            session = fact.session.as_ref().or(session);
        }
        let sum = crc32fast::hash(&out.0[SUM..]);
        out.0[..SUM].copy_from_slice(&sum.to_le_bytes());
        Ok(out.0)
    }

    /// Decodes a summary. `before` is the previous record of the session: equal ids share its
    /// memory.
    ///
    /// # Errors
    /// If the bytes are corrupt.
    pub(crate) fn decode(
        position: LogPosition,
        bytes: &[u8],
        before: Option<&Self>,
    ) -> Result<Self, CorruptRecord> {
        let Some((sum, rest)) = bytes.split_first_chunk() else { return Err(cut_short()) };
        if crc32fast::hash(rest) != u32::from_le_bytes(*sum) {
            return Err(CorruptRecord::new("its checksum differs"));
        }
        let mut read = Reading(rest);
        let flags = read.byte()?;
        let id = RecordId(Uuid::from_bytes(read.array()?));
        let occurred = read.occurred(flags)?;
        let recorded_at = Time::from_micros(i64::from_le_bytes(read.array()?));
        let reference = before.map(|before| &before.reference);
        let source = read.text()?;
        let source = reference
            .map(|r| &r.source)
            .filter(|s| s.as_str() == source)
            .cloned()
            .unwrap_or_else(|| source.into());
        let source_id = read.text()?.into();
        let kind = read.text()?;
        let shared_kind = reference
            .map(|r| &r.kind)
            .filter(|k| k.as_ref() == kind)
            .cloned()
            .unwrap_or_else(|| Arc::from(kind));
        let statement = before.map(|before| &before.statement);
        let session = if flags & flag::SESSION == 0 {
            None
        } else {
            let text = read.text()?;
            Some(
                statement
                    .and_then(|s| s.session.clone())
                    .filter(|s| s.as_str() == text)
                    .unwrap_or_else(|| text.into()),
            )
        };
        let notes = read.list(|read| {
            let word = read.text()?;
            Note::parse(word).ok_or_else(|| CorruptRecord::new(format!("`{word}` is not a note")))
        })?;
        let correlation =
            read.list(|read| Ok((read.text()?.to_owned(), read.text()?.to_owned())))?;
        let correlation = BTreeMap::from_iter(correlation);
        let mut last = session.clone();
        let subject = statement.and_then(|statement| statement.facts.first()?.subject.clone());
        let facts = read.list(|read| {
            let flags = read.byte()?;
            if flags & flag::SESSION != 0 {
                last = Some(read.text()?.into());
            }
            let subject = if flags & flag::SUBJECT == 0 {
                None
            } else {
                let text = read.text()?;
                Some(
                    subject
                        .clone()
                        .filter(|subject| subject.as_str() == text)
                        .unwrap_or_else(|| text.into()),
                )
            };
            let occurred =
                if flags & flag::OCCURRED == 0 { occurred } else { read.occurred(flags)? };
            let name = if flags & flag::OF_KIND == 0 { read.text()? } else { kind };
            let version = read.number()?;
            let data = read_data(name, u32::try_from(version).unwrap_or(u32::MAX), read.text()?)?;
            let session =
                if flags & (flag::SESSION | flag::SAME_SESSION) == 0 { None } else { last.clone() };
            Ok(Fact { session, subject, occurred, data })
        })?;
        if !read.0.is_empty() {
            return Err(CorruptRecord::new("there are bytes after its end"));
        }
        let reference =
            RecordRef { id, source, source_id, kind: shared_kind, position, occurred, recorded_at };
        Ok(Self {
            reference,
            variant: flags & flag::VARIANT != 0,
            statement: Statement { kind: kind.to_owned(), session, correlation, notes, facts },
        })
    }
}

struct Writer(Vec<u8>);

impl Writer {
    /// Writes a number as LEB128.
    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.extend(text.as_bytes());
    }

    fn time(&mut self, time: Time) {
        self.0.extend(time.micros().to_le_bytes());
    }

    fn occurred(&mut self, occurred: Occurred) {
        self.time(occurred.from);
        occurred.to.into_iter().for_each(|to| self.time(to));
    }
}

/// The bytes that are not read yet.
struct Reading<'b>(&'b [u8]);

impl<'b> Reading<'b> {
    fn byte(&mut self) -> Result<u8, CorruptRecord> {
        Ok(self.array::<1>()?[0])
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], CorruptRecord> {
        let (first, rest) = self.0.split_first_chunk().ok_or_else(cut_short)?;
        self.0 = rest;
        Ok(*first)
    }

    fn number(&mut self) -> Result<u64, CorruptRecord> {
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(CorruptRecord::new("a number in it is too long"))
    }

    fn text(&mut self) -> Result<&'b str, CorruptRecord> {
        let length = usize::try_from(self.number()?).unwrap_or(usize::MAX);
        let (text, rest) = self.0.split_at_checked(length).ok_or_else(cut_short)?;
        self.0 = rest;
        str::from_utf8(text).map_err(|_| CorruptRecord::new("a text in it is not UTF-8"))
    }

    fn list<T>(
        &mut self,
        mut each: impl FnMut(&mut Self) -> Result<T, CorruptRecord>,
    ) -> Result<Vec<T>, CorruptRecord> {
        let length = self.number()?;
        // A corrupt length must not cause a large allocation.
        let mut list =
            Vec::with_capacity(usize::try_from(length).unwrap_or(usize::MAX).min(self.0.len()));
        for _ in 0..length {
            list.push(each(self)?);
        }
        Ok(list)
    }

    fn occurred(&mut self, flags: u8) -> Result<Occurred, CorruptRecord> {
        let from = Time::from_micros(i64::from_le_bytes(self.array()?));
        let to = if flags & flag::UNTIL == 0 {
            None
        } else {
            Some(Time::from_micros(i64::from_le_bytes(self.array()?)))
        };
        Ok(Occurred { from, to })
    }
}

fn cut_short() -> CorruptRecord {
    CorruptRecord::new("it is truncated")
}

#[cfg(test)]
mod tests {
    use super::*;
    use claimledger_facts::{
        fact::FactData,
        types::{claims::ClaimsReceived, session::SessionEnded, session::SessionStarted},
        vocabulary::{Amr, EndReason},
    };
    use proptest::prelude::*;

    fn occurred() -> impl Strategy<Value = Occurred> {
        let time =
            || (-1_000_000_000_000_000_i64..9_000_000_000_000_000).prop_map(Time::from_micros);
        (time(), proptest::option::of(time())).prop_map(|(from, to)| Occurred { from, to })
    }

    fn data() -> impl Strategy<Value = FactData> {
        prop_oneof![
            Just(FactData::SessionEnded(SessionEnded { reason: EndReason::Expired })),
            proptest::option::of(any::<String>()).prop_map(|idp| FactData::SessionStarted(
                SessionStarted {
                    idp: idp.map(|idp| idp.as_str().into()),
                    ..SessionStarted::default()
                }
            )),
            (any::<String>(), proptest::collection::vec(any::<String>(), 0..4)).prop_map(
                |(idp, amr)| {
                    let amr = Some(amr.into_iter().map(Amr).collect());
                    let (idp, methods) = (idp.as_str().into(), Vec::new());
                    FactData::ClaimsReceived(ClaimsReceived {
                        idp,
                        assertion: None,
                        amr,
                        methods,
                        key: None,
                        protocol: None,
                        acr: None,
                        auth_time: None,
                        issued_at: None,
                        readable: None,
                    })
                }
            ),
        ]
    }

    /// Few distinct ids, so that records share them.
    fn id() -> impl Strategy<Value = &'static str> {
        prop_oneof![Just("a"), Just("b"), Just("session.ended"), Just("Ångström/1")]
    }

    fn fact() -> impl Strategy<Value = Fact> {
        (proptest::option::of(id()), proptest::option::of(id()), occurred(), data()).prop_map(
            |(session, subject, occurred, data)| Fact {
                session: session.map(Into::into),
                subject: subject.map(Into::into),
                occurred,
                data,
            },
        )
    }

    fn summary() -> impl Strategy<Value = RecordSummary> {
        let statement = (
            id(),
            proptest::option::of(id()),
            proptest::collection::btree_map(any::<String>(), any::<String>(), 0..3),
            proptest::collection::vec(
                prop_oneof![Just(Note::NotUnderstood), Just(Note::TimeZoneAssumedUtc)],
                0..2,
            ),
            proptest::collection::vec(fact(), 0..4),
        );
        let header = (
            any::<u128>(),
            id(),
            id(),
            0..u64::MAX,
            occurred(),
            -9_i64..9_000_000_000_000_000,
            any::<bool>(),
            any::<bool>(),
        );
        (statement, header).prop_map(
            |(
                (kind, session, correlation, notes, mut facts),
                (id, source, source_id, position, when, recorded, variant, then),
            )| {
                if then {
                    facts.iter_mut().for_each(|fact| fact.occurred = when);
                }
                let reference = RecordRef {
                    id: RecordId(Uuid::from_u128(id)),
                    source: source.into(),
                    source_id: source_id.into(),
                    kind: kind.into(),
                    position: LogPosition(position),
                    occurred: when,
                    recorded_at: Time::from_micros(recorded),
                };
                RecordSummary {
                    reference,
                    variant,
                    statement: Statement {
                        kind: kind.to_owned(),
                        session: session.map(Into::into),
                        correlation,
                        notes,
                        facts,
                    },
                }
            },
        )
    }

    proptest! {
        #[test]
        fn summaries_round_trip(first in summary(), second in summary()) {
            for (summary, before) in [(&first, None), (&second, Some(&first)),
                (&first, Some(&first))] {
                let bytes = summary.encode().unwrap();
                let decoded = RecordSummary::decode(summary.reference.position, &bytes, before);
                prop_assert_eq!(&decoded.unwrap(), summary);
            }
        }

        #[test]
        fn damaged_summaries_are_rejected(summary in summary(), at in any::<prop::sample::Index>(),
            bit in 0..8_u8, cut in any::<prop::sample::Index>()) {
            let mut bytes = summary.encode().unwrap();
            let truncated = &bytes[..cut.index(bytes.len())];
            prop_assert!(
                RecordSummary::decode(summary.reference.position, truncated, None).is_err()
            );
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            prop_assert!(RecordSummary::decode(summary.reference.position, &bytes, None).is_err());
        }
    }
}
