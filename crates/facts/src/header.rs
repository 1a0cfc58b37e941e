//! The header as bytes: deterministic CBOR (RFC 8949, 4.2.1). The layout is
//! `schema/record/header.v1.cddl`; frozen.

use crate::{
    ids::{LogPosition, RecordId, SourceEventId, SourceId, TenantId},
    record::{CorruptRecord, Digest32, FORMAT, Header, SealedCommitment},
    time::{Occurred, Time},
    vocabulary::Channel,
};
use minicbor::{Decoder, Encoder, decode, encode};
use sha2::{Digest, Sha256};
use std::convert::Infallible;
use uuid::Uuid;

mod key {
    pub(super) const FORMAT: u8 = 1;
    pub(super) const TENANT: u8 = 2;
    pub(super) const POSITION: u8 = 3;
    pub(super) const ID: u8 = 4;
    pub(super) const SOURCE: u8 = 5;
    pub(super) const SOURCE_ID: u8 = 6;
    pub(super) const CHANNEL: u8 = 7;
    pub(super) const OCCURRED: u8 = 8;
    pub(super) const OCCURRED_TO: u8 = 9;
    pub(super) const RECORDED_AT: u8 = 10;
    pub(super) const RECORDED_ASSERTED: u8 = 11;
    pub(super) const VARIANT: u8 = 12;
    pub(super) const TRANSLATOR: u8 = 13;
    pub(super) const CONTENT_DIGEST: u8 = 14;
    pub(super) const BYTE_DIGEST: u8 = 15;
    pub(super) const FACTS: u8 = 16;
    pub(super) const PERSONAL: u8 = 17;
    pub(super) const ORIGINAL: u8 = 18;
}

/// The leaf of a record in its tenant's tree: `SHA-256(0x00 ‖ header bytes)` (RFC 9162, 2.1.1).
#[must_use]
pub fn leaf_hash(header: &[u8]) -> Digest32 {
    Digest32(Sha256::new().chain_update([0]).chain_update(header).finalize().into())
}

/// What a header says that the sequencer decides.
pub(crate) struct Decided {
    pub(crate) position: LogPosition,
    pub(crate) id: RecordId,
    pub(crate) recorded_at: Time,
    pub(crate) recorded_asserted: bool,
    pub(crate) variant: bool,
}

impl Header {
    /// The bytes of the header: one spelling only.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let Self { position, id, recorded_at, recorded_asserted, variant, .. } = *self;
        self.encode_as(&Decided { position, id, recorded_at, recorded_asserted, variant })
    }

    /// How many bytes the header has.
    pub(crate) fn encoded_len(&self) -> usize {
        let Self { position, id, recorded_at, recorded_asserted, variant, .. } = *self;
        let mut counted = Counted(0);
        if self
            .write(
                &Decided { position, id, recorded_at, recorded_asserted, variant },
                &mut Encoder::new(&mut counted),
            )
            .is_err()
        {
            unreachable!("counting takes every byte");
        }
        counted.0
    }

    /// The bytes that the header has once this is decided.
    pub(crate) fn encode_as(&self, decided: &Decided) -> Vec<u8> {
        let mut out = Vec::with_capacity(384 + 70 * self.personal.len());
        if self.write(decided, &mut Encoder::new(&mut out)).is_err() {
            unreachable!("memory takes every byte");
        }
        out
    }

    fn write<W: encode::Write<Error = Infallible>>(
        &self,
        decided: &Decided,
        e: &mut Encoder<W>,
    ) -> Result<(), encode::Error<Infallible>> {
        let optional = [
            self.occurred.to.is_some(),
            decided.recorded_asserted,
            decided.variant,
            !self.personal.is_empty(),
        ]
        .into_iter()
        .filter(|there| *there)
        .count();
        e.map(14 + optional as u64)?;
        e.u8(key::FORMAT)?.u32(self.format)?;
        e.u8(key::TENANT)?.str(self.tenant.as_str())?;
        e.u8(key::POSITION)?.u64(decided.position.0)?;
        e.u8(key::ID)?.bytes(decided.id.0.as_bytes())?;
        e.u8(key::SOURCE)?.str(self.source.as_str())?;
        e.u8(key::SOURCE_ID)?.str(self.source_id.as_str())?;
        e.u8(key::CHANNEL)?.str(self.channel.as_str())?;
        e.u8(key::OCCURRED)?.i64(self.occurred.from.micros())?;
        if let Some(to) = self.occurred.to {
            e.u8(key::OCCURRED_TO)?.i64(to.micros())?;
        }
        e.u8(key::RECORDED_AT)?.i64(decided.recorded_at.micros())?;
        if decided.recorded_asserted {
            e.u8(key::RECORDED_ASSERTED)?.bool(true)?;
        }
        if decided.variant {
            e.u8(key::VARIANT)?.bool(true)?;
        }
        e.u8(key::TRANSLATOR)?.str(&self.translator)?;
        e.u8(key::CONTENT_DIGEST)?.bytes(&self.content_digest.0)?;
        e.u8(key::BYTE_DIGEST)?.bytes(&self.byte_digest.0)?;
        e.u8(key::FACTS)?.bytes(&self.facts.0)?;
        if !self.personal.is_empty() {
            e.u8(key::PERSONAL)?.array(self.personal.len() as u64)?;
            for commitment in &self.personal {
                write_commitment(e, commitment)?;
            }
        }
        e.u8(key::ORIGINAL)?;
        write_commitment(e, &self.original)
    }

    /// Reads a header.
    ///
    /// # Errors
    /// If it is of another format, lacks something, or is not spelled as [`Self::encode`] spells
    /// it.
    pub fn decode(bytes: &[u8]) -> Result<Self, CorruptRecord> {
        let header = read(bytes)?;
        if header.encode() != bytes {
            return Err(CorruptRecord::new("the header is not in its one deterministic form"));
        }
        Ok(header)
    }
}

/// Counts the bytes and keeps none.
struct Counted(usize);

impl encode::Write for Counted {
    type Error = Infallible;

    fn write_all(&mut self, bytes: &[u8]) -> Result<(), Infallible> {
        self.0 += bytes.len();
        Ok(())
    }
}

fn write_commitment<W: encode::Write<Error = Infallible>>(
    e: &mut Encoder<W>,
    commitment: &SealedCommitment,
) -> Result<(), encode::Error<Infallible>> {
    e.array(2)?.bytes(&commitment.plain.0)?.bytes(&commitment.stored.0)?;
    Ok(())
}

#[derive(Default)]
struct Parts {
    format: Option<u32>,
    tenant: Option<String>,
    position: Option<u64>,
    id: Option<Uuid>,
    source: Option<String>,
    source_id: Option<String>,
    channel: Option<Channel>,
    occurred: Option<i64>,
    occurred_to: Option<i64>,
    recorded_at: Option<i64>,
    recorded_asserted: bool,
    variant: bool,
    translator: Option<String>,
    content_digest: Option<Digest32>,
    byte_digest: Option<Digest32>,
    facts: Option<Digest32>,
    personal: Vec<SealedCommitment>,
    original: Option<SealedCommitment>,
}

fn read(bytes: &[u8]) -> Result<Header, CorruptRecord> {
    let parts = read_parts(bytes)
        .map_err(|error| CorruptRecord::new(format!("the header does not read: {error}")))?;
    match parts.format {
        Some(FORMAT) => {}
        Some(other) => {
            return Err(CorruptRecord::new(format!(
                "the record has format {other}; this version reads format {FORMAT}"
            )));
        }
        None => return Err(missing("format")),
    }
    Ok(Header {
        format: FORMAT,
        tenant: TenantId::new(parts.tenant.ok_or_else(|| missing("tenant"))?),
        position: LogPosition(parts.position.ok_or_else(|| missing("position"))?),
        id: RecordId(parts.id.ok_or_else(|| missing("id"))?),
        source: SourceId::new(parts.source.ok_or_else(|| missing("source"))?),
        source_id: SourceEventId::new(parts.source_id.ok_or_else(|| missing("source id"))?),
        channel: parts.channel.ok_or_else(|| missing("channel"))?,
        occurred: Occurred {
            from: Time::from_micros(parts.occurred.ok_or_else(|| missing("occurred"))?),
            to: parts.occurred_to.map(Time::from_micros),
        },
        recorded_at: Time::from_micros(parts.recorded_at.ok_or_else(|| missing("recorded at"))?),
        recorded_asserted: parts.recorded_asserted,
        variant: parts.variant,
        translator: parts.translator.ok_or_else(|| missing("translator"))?,
        content_digest: parts.content_digest.ok_or_else(|| missing("content digest"))?,
        byte_digest: parts.byte_digest.ok_or_else(|| missing("byte digest"))?,
        facts: parts.facts.ok_or_else(|| missing("facts"))?,
        personal: parts.personal,
        original: parts.original.ok_or_else(|| missing("original"))?,
    })
}

fn missing(what: &str) -> CorruptRecord {
    CorruptRecord::new(format!("the header lacks its {what}"))
}

/// Lenient about spelling: [`Header::decode`] compares with the one spelling afterwards.
fn read_parts(bytes: &[u8]) -> Result<Parts, decode::Error> {
    let mut d = Decoder::new(bytes);
    let mut parts = Parts::default();
    for _ in 0..d.map()?.ok_or_else(|| decode::Error::message("indefinite length"))? {
        match d.u8()? {
            key::FORMAT => {
                parts.format = Some(d.u32()?);
                if parts.format != Some(FORMAT) {
                    break; // What follows may mean something else there.
                }
            }
            key::TENANT => parts.tenant = Some(d.str()?.to_owned()),
            key::POSITION => parts.position = Some(d.u64()?),
            key::ID => parts.id = Some(Uuid::from_bytes(fixed(d.bytes()?)?)),
            key::SOURCE => parts.source = Some(d.str()?.to_owned()),
            key::SOURCE_ID => parts.source_id = Some(d.str()?.to_owned()),
            key::CHANNEL => parts.channel = Some(Channel::parse(d.str()?)),
            key::OCCURRED => parts.occurred = Some(d.i64()?),
            key::OCCURRED_TO => parts.occurred_to = Some(d.i64()?),
            key::RECORDED_AT => parts.recorded_at = Some(d.i64()?),
            key::RECORDED_ASSERTED => parts.recorded_asserted = d.bool()?,
            key::VARIANT => parts.variant = d.bool()?,
            key::TRANSLATOR => parts.translator = Some(d.str()?.to_owned()),
            key::CONTENT_DIGEST => parts.content_digest = Some(digest(&mut d)?),
            key::BYTE_DIGEST => parts.byte_digest = Some(digest(&mut d)?),
            key::FACTS => parts.facts = Some(digest(&mut d)?),
            key::PERSONAL => {
                for _ in 0..d.array()?.ok_or_else(|| decode::Error::message("indefinite length"))? {
                    parts.personal.push(commitment(&mut d)?);
                }
            }
            key::ORIGINAL => parts.original = Some(commitment(&mut d)?),
            _ => return Err(decode::Error::message("unknown key")),
        }
    }
    Ok(parts)
}

fn commitment(d: &mut Decoder<'_>) -> Result<SealedCommitment, decode::Error> {
    match d.array()? {
        Some(2) => Ok(SealedCommitment { plain: digest(d)?, stored: digest(d)? }),
        _ => Err(decode::Error::message("a commitment is two digests")),
    }
}

fn digest(d: &mut Decoder<'_>) -> Result<Digest32, decode::Error> {
    Ok(Digest32(fixed(d.bytes()?)?))
}

fn fixed<const N: usize>(bytes: &[u8]) -> Result<[u8; N], decode::Error> {
    bytes.try_into().map_err(|_| decode::Error::message("a byte string of another length"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain() -> Header {
        let commitment =
            |n| SealedCommitment { plain: Digest32([n; 32]), stored: Digest32([n + 1; 32]) };
        let mut header = Header {
            format: FORMAT,
            tenant: "acme".into(),
            position: LogPosition(24),
            id: RecordId(Uuid::nil()),
            source: "acme-sp".into(),
            source_id: "S1-start".into(),
            channel: Channel::Http,
            occurred: Occurred::at(Time::from_micros(-1)),
            recorded_at: Time::from_micros(1_773_144_000_000_000),
            recorded_asserted: false,
            variant: false,
            translator: "native/1".to_owned(),
            content_digest: Digest32([1; 32]),
            byte_digest: Digest32([2; 32]),
            facts: Digest32([3; 32]),
            personal: vec![commitment(4), commitment(6)],
            original: commitment(8),
        };
        header.id = header.derived_id();
        header
    }

    #[test]
    fn the_bytes_are_those_of_the_layout() {
        let mut header = plain();
        header.id = RecordId(Uuid::from_u128(0x0102));
        let hex = data_encoding::HEXLOWER.encode(&header.encode());
        let run = |n: u8| format!("5820{}", format!("{n:02x}").repeat(32));
        let pair = |n: u8| format!("82{}{}", run(n), run(n + 1));
        let expect = [
            "af", // 15 entries
            "0101",
            "026461636d65",
            "031818",
            "045000000000000000000000000000000102",
            "056761636d652d7370",
            "066853312d7374617274",
            "076468747470",
            "0820",
            "0a1b00064caa42417000",
            "0d686e61746976652f31",
            &format!("0e{}", run(1)),
            &format!("0f{}", run(2)),
            &format!("10{}", run(3)),
            &format!("1182{}{}", pair(4), pair(6)),
            &format!("12{}", pair(8)),
        ]
        .concat();
        assert_eq!(hex, expect);
    }

    #[test]
    fn every_optional_part_comes_back() {
        for bits in 0..16 {
            let mut header = plain();
            header.occurred.to = (bits & 1 != 0).then_some(Time::MAX);
            header.recorded_asserted = bits & 2 != 0;
            header.variant = bits & 4 != 0;
            header.personal.truncate(if bits & 8 != 0 { 2 } else { 0 });
            assert_eq!(Header::decode(&header.encode()).unwrap(), header);
            assert_eq!(header.encoded_len(), header.encode().len());
        }
    }

    #[test]
    fn any_other_spelling_is_refused() {
        let bytes = plain().encode();
        let replaced =
            |at: usize, len: usize, with: &[u8]| [&bytes[..at], with, &bytes[at + len..]].concat();
        let other_form = [
            replaced(0, 1, &[0xb8, 15]),       // a longer head for the same length
            replaced(2, 1, &[0x18, 1]),        // a longer head for the same number
            [bytes.as_slice(), &[0]].concat(), // more after the end
            replaced(0, 1, &[0xb0]).into_iter().chain([12, 0xf4]).collect(), // a flag that is false
            [&[0xb0], &bytes[1..], &bytes[1..3]].concat(), // a key twice
        ];
        for bytes in other_form {
            assert_eq!(
                Header::decode(&bytes).unwrap_err().what,
                "the header is not in its one deterministic form"
            );
        }
        for (bytes, expect) in [
            (
                [&[0xbf], &bytes[1..], &[0xff]].concat(),
                "the header does not read: decode error: indefinite length",
            ),
            (bytes[..bytes.len() - 1].to_vec(), "the header does not read: end of input bytes"),
            (
                [&[0xb0], &bytes[1..], &[19, 0]].concat(),
                "the header does not read: decode error: unknown key",
            ),
            ([&[0xa1], &bytes[1..3]].concat(), "the header lacks its tenant"),
            (Vec::new(), "the header does not read: end of input bytes"),
        ] {
            let error = Header::decode(&bytes).unwrap_err();
            assert!(error.what.starts_with(expect), "{error}");
        }
    }

    #[test]
    fn an_unknown_channel_is_kept_as_it_is() {
        for (word, known) in [("copy", true), ("carrier pigeon", false), ("", false)] {
            let mut header = plain();
            header.channel = Channel::parse(word);
            assert_eq!(Channel::KNOWN.contains(&header.channel), known, "{word}");
            let read = Header::decode(&header.encode()).unwrap();
            assert_eq!((read.channel.as_str(), read == header), (word, true));
        }
    }

    #[test]
    fn another_format_is_named() {
        let mut bytes = plain().encode();
        bytes[2] = 2;
        assert_eq!(
            Header::decode(&bytes).unwrap_err().what,
            "the record has format 2; this version reads format 1"
        );
    }

    #[test]
    fn the_leaf_is_a_leaf_of_the_tree() {
        // RFC 9162, 2.1.1: a leaf is hashed with the prefix 0x00, so that it can never be taken for
        // a node.
        assert_eq!(
            leaf_hash(b"").to_string(),
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
        );
    }
}
