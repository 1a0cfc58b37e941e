//! The bytes of an event: a record, a removal of bodies, or a registered tenant. All are CBOR
//! arrays; the version is part of the event type.

use bytes::Bytes;
use claimledger_facts::{
    ids::{LogPosition, RecordId, TenantId},
    record::{
        BodyKind, CorruptRecord, Digest32, Entry, Removal, SealedBody, StoredHeader, leaf_hash,
    },
};
use claimledger_ledger::log::{MAX_APPEND_BYTES, MAX_APPEND_ENTRIES};
use minicbor::{Decoder, Encoder, data::Type, decode, encode};
use sha2::{Digest, Sha256};
use std::convert::Infallible;
use uuid::Uuid;

/// The event type of a record: `[id, leaf, header, facts, personal, original]`. A sealed body is
/// its bytes, or `[removal]`.
pub(crate) const RECORD: &str = "claimledger.record.v1";
/// The event type of a removal of bodies: `[removal, bodies, positions]`.
pub(crate) const REMOVAL: &str = "claimledger.removal.v1";
/// The event type of a registered tenant: `[name]`.
pub(crate) const TENANT: &str = "claimledger.tenant.v1";

/// Maximum bytes that an event has beside those that [`Entry::size`] counts: id, leaf, and the
/// heads of CBOR items.
pub(crate) const MAX_FRAME_BYTES: usize = 16 + 32 + 7 * 5;
/// Maximum bytes of the metadata of an event.
pub(crate) const MAX_METADATA_BYTES: usize = 320;

/// Servers up to 25.0 accept this many bytes in one append: data, metadata, and twice the
/// characters of the type of each event.
const MAX_SERVER_APPEND_BYTES: usize = 1024 * 1024;
/// The largest append of a log. What is left is for the reasons of bodies that were removed before.
const _: () = assert!(
    MAX_APPEND_BYTES
        + MAX_APPEND_ENTRIES * (MAX_FRAME_BYTES + MAX_METADATA_BYTES + 2 * RECORD.len())
        < MAX_SERVER_APPEND_BYTES - 32 * 1024
);

type Written = Result<(), encode::Error<Infallible>>;

fn encoded(capacity: usize, write: impl FnOnce(&mut Encoder<&mut Vec<u8>>) -> Written) -> Vec<u8> {
    let mut out = Vec::with_capacity(capacity);
    if write(&mut Encoder::new(&mut out)).is_err() {
        unreachable!("memory takes every byte");
    }
    out
}

/// The event id of a record.
///
/// KurrentDB answers a repeated append with success when its event ids equal those in the stream,
/// and compares nothing else. A record id names the source's event: two nodes that decide the same
/// event with other contents would both be acknowledged. The leaf covers all contents, so equal
/// event ids mean the same record at the same position.
pub(crate) fn event_id(leaf: &Digest32) -> Uuid {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&leaf.0[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// The event id of other events: follows from their position in the stream and their bytes.
pub(crate) fn event_id_at(revision: u64, data: &[u8]) -> Uuid {
    let hash = Sha256::new().chain_update(revision.to_be_bytes()).chain_update(data).finalize();
    event_id(&Digest32(hash.into()))
}

/// The bytes of a record.
pub(crate) fn encode_entry(entry: &Entry) -> Bytes {
    let Entry { header, facts, personal, original } = entry;
    let bytes = encoded(entry.size() + MAX_FRAME_BYTES, |e| {
        e.array(6)?.bytes(header.id.0.as_bytes())?.bytes(&header.leaf.0)?;
        e.bytes(&header.bytes)?.bytes(facts)?;
        write_body(e, personal)?;
        write_body(e, original)
    });
    bytes.into()
}

fn write_body(e: &mut Encoder<&mut Vec<u8>>, body: &SealedBody) -> Written {
    match body {
        SealedBody::Present(bytes) => e.bytes(bytes)?.ok(),
        SealedBody::Removed(removal) => e.array(1)?.bytes(&removal.encode())?.ok(),
    }
}

/// Reads a record, and checks its leaf.
pub(crate) fn decode_entry(data: &[u8]) -> Result<Entry, CorruptRecord> {
    let mut d = Decoder::new(data);
    let header = read_header(&mut d)?;
    let facts = d.bytes().map_err(unreadable)?.to_vec();
    let personal = read_body(&mut d)?;
    let original = read_body(&mut d)?;
    if d.position() != data.len() {
        return Err(CorruptRecord::new("the event has more bytes than the record"));
    }
    Ok(Entry { header, facts, personal, original })
}

/// Reads the header of a record, and checks its leaf.
pub(crate) fn decode_header(data: &[u8]) -> Result<StoredHeader, CorruptRecord> {
    read_header(&mut Decoder::new(data))
}

fn read_header(d: &mut Decoder<'_>) -> Result<StoredHeader, CorruptRecord> {
    let (id, leaf, bytes) = (|| {
        length(d, 6)?;
        Ok((fixed(d.bytes()?)?, fixed(d.bytes()?)?, d.bytes()?.to_vec()))
    })()
    .map_err(unreadable)?;
    let header = StoredHeader { id: RecordId(Uuid::from_bytes(id)), leaf: Digest32(leaf), bytes };
    if leaf_hash(&header.bytes) != header.leaf {
        return Err(CorruptRecord::new("the header's hash is not the leaf stored with it"));
    }
    Ok(header)
}

fn read_body(d: &mut Decoder<'_>) -> Result<SealedBody, CorruptRecord> {
    if d.datatype().map_err(unreadable)? == Type::Bytes {
        return Ok(SealedBody::Present(d.bytes().map_err(unreadable)?.to_vec()));
    }
    length(d, 1).map_err(unreadable)?;
    Ok(SealedBody::Removed(Removal::decode(d.bytes().map_err(unreadable)?)?))
}

fn unreadable(error: decode::Error) -> CorruptRecord {
    CorruptRecord::new(format!("the event does not read: {error}"))
}

fn length(d: &mut Decoder<'_>, expected: u64) -> Result<(), decode::Error> {
    if d.array()? == Some(expected) {
        return Ok(());
    }
    Err(decode::Error::message("an array of another length"))
}

fn fixed<const N: usize>(bytes: &[u8]) -> Result<[u8; N], decode::Error> {
    bytes.try_into().map_err(|_| decode::Error::message("a byte string of another length"))
}

/// The metadata of a record's event: its record id, and the session that it names in the clear, by
/// which KurrentDB's own tools find events. A session id that would make it larger than
/// [`MAX_METADATA_BYTES`] is left out.
pub(crate) fn metadata(entry: &Entry) -> Bytes {
    let id = entry.header.id.0.to_string();
    let session = entry.decode().ok().and_then(|record| record.statement.session);
    if let Some(session) = session {
        let json = serde_json::json!({ "$correlationId": session.as_str(), "record": id });
        let json = json.to_string();
        if json.len() <= MAX_METADATA_BYTES {
            return json.into();
        }
    }
    serde_json::json!({ "record": id }).to_string().into()
}

const fn number(body: BodyKind) -> u8 {
    match body {
        BodyKind::Personal => 1,
        BodyKind::Original => 2,
    }
}

/// The bytes of a removal.
pub(crate) fn encode_removal(
    positions: &[LogPosition],
    bodies: &[BodyKind],
    removal: &Removal,
) -> Vec<u8> {
    encoded(32 + 9 * positions.len(), |e| {
        e.array(3)?.bytes(&removal.encode())?.array(bodies.len() as u64)?;
        for body in bodies {
            e.u8(number(*body))?;
        }
        e.array(positions.len() as u64)?;
        for position in positions {
            e.u64(position.0)?;
        }
        Ok(())
    })
}

/// Reads a removal: positions, bodies, and the reason.
pub(crate) fn decode_removal(
    data: &[u8],
) -> Result<(Vec<LogPosition>, Vec<BodyKind>, Removal), CorruptRecord> {
    let mut d = Decoder::new(data);
    let (removal, bodies, positions) = (|| {
        length(&mut d, 3)?;
        let removal = d.bytes()?;
        let bodies = d.array_iter::<u8>()?.collect::<Result<Vec<_>, _>>()?;
        let positions = d.array_iter::<u64>()?.collect::<Result<Vec<_>, _>>()?;
        Ok((removal, bodies, positions))
    })()
    .map_err(unreadable)?;
    let kind = |number: u8| match number {
        1 => Ok(BodyKind::Personal),
        2 => Ok(BodyKind::Original),
        other => Err(CorruptRecord::new(format!("a removal of body {other}, which is not known"))),
    };
    let bodies = bodies.into_iter().map(kind).collect::<Result<_, _>>()?;
    Ok((positions.into_iter().map(LogPosition).collect(), bodies, Removal::decode(removal)?))
}

/// The bytes of a registered tenant.
pub(crate) fn encode_tenant(tenant: &TenantId) -> Vec<u8> {
    encoded(8 + tenant.as_str().len(), |e| e.array(1)?.str(tenant.as_str())?.ok())
}

/// Reads a registered tenant.
pub(crate) fn decode_tenant(data: &[u8]) -> Result<TenantId, CorruptRecord> {
    let mut d = Decoder::new(data);
    length(&mut d, 1).and_then(|()| d.str()).map(TenantId::from).map_err(unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use claimledger_facts::{time::Time, vocabulary::RemovalReason};
    use claimledger_ledger::conformance::Records;

    fn removal() -> Removal {
        Removal { reason: RemovalReason::Retention, at: Time::EPOCH.plus_secs(7) }
    }

    #[test]
    fn a_record_reads_as_it_was_written() {
        let records = Records::new(&TenantId::from("acme"));
        let mut entry = records.entry("a", Some("S1"), "content", 3);
        for bodies in [&[][..], &[BodyKind::Original], &BodyKind::ALL] {
            entry.remove(bodies, &removal());
            let bytes = encode_entry(&entry);
            assert!(bytes.len() <= entry.size() + MAX_FRAME_BYTES + 2 * removal().encode().len());
            assert_eq!(decode_entry(&bytes).unwrap(), entry);
            assert_eq!(decode_header(&bytes).unwrap(), entry.header);
        }
    }

    #[test]
    fn a_changed_byte_of_the_header_is_found() {
        let records = Records::new(&TenantId::from("acme"));
        let entry = records.entry("a", Some("S1"), "content", 3);
        let bytes = encode_entry(&entry).to_vec();
        for at in [70, 90, 200] {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(decode_entry(&changed).is_err(), "byte {at}");
            assert!(decode_header(&changed).is_err(), "byte {at}");
        }
        assert!(decode_entry(&bytes[..bytes.len() - 1]).is_err());
        assert!(decode_entry(&[bytes.as_slice(), &[0]].concat()).is_err());
    }

    #[test]
    fn the_event_id_follows_from_all_contents_and_a_record_id_does_not() {
        let records = Records::new(&TenantId::from("acme"));
        let (one, other) = (records.entry("a", None, "x", 3), records.entry("a", None, "y", 3));
        assert_eq!(one.header.id, other.header.id);
        assert_ne!(event_id(&one.header.leaf), event_id(&other.header.leaf));
        assert_eq!(event_id(&one.header.leaf).get_version_num(), 8);
    }

    #[test]
    fn the_session_is_the_correlation_id_unless_it_is_too_long() {
        let records = Records::new(&TenantId::from("acme"));
        let metadata = |session: Option<&str>| -> serde_json::Value {
            let entry = records.entry("a", session, "x", 0);
            serde_json::from_slice(&metadata(&entry)).unwrap()
        };
        assert_eq!(metadata(Some("S\"1"))["$correlationId"], "S\"1");
        assert!(metadata(Some("S1"))["record"].is_string());
        let long = "\u{1}".repeat(100);
        for without in [metadata(None), metadata(Some(&long))] {
            assert!(without["$correlationId"].is_null() && without["record"].is_string());
        }
    }

    #[test]
    fn a_removal_and_a_tenant_read_as_they_were_written() {
        let positions = [LogPosition(3), LogPosition(u64::MAX)];
        let bytes = encode_removal(&positions, &BodyKind::ALL, &removal());
        assert_eq!(
            decode_removal(&bytes).unwrap(),
            (positions.to_vec(), BodyKind::ALL.to_vec(), removal())
        );
        assert!(decode_removal(&bytes[..bytes.len() - 1]).is_err());
        let tenant = TenantId::from("acme\u{0}x");
        assert_eq!(decode_tenant(&encode_tenant(&tenant)).unwrap(), tenant);
        assert!(decode_tenant(&[0x80]).is_err());
    }
}
