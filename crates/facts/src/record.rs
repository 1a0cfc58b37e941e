//! The record as it is stored: header, commitments, bodies. Frozen by the golden files of this
//! crate.

pub use crate::{
    body::{Opening, SALT},
    header::leaf_hash,
    removal::{BodyKind, Removal, SealedBody},
};

use crate::{
    body,
    header::Decided,
    ids::{LogPosition, Pseudonym, RecordId, SessionId, SourceEventId, SourceId, TenantId},
    statement::Statement,
    time::{Occurred, Time},
    vocabulary::Channel,
};
use std::fmt;

/// The version of the record format that this code writes.
pub const FORMAT: u32 = 1;

/// One record may have this many bytes, header and bodies together.
pub const MAX_RECORD_BYTES: usize = 256 * 1024;

/// What a body unpacks to may have this many bytes: neither is more sealed, nor is more unpacked.
pub const MAX_PLAIN_BYTES: usize = 8 * MAX_RECORD_BYTES;

/// 32 bytes: SHA-256 or HMAC-SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest32(pub [u8; 32]);

impl fmt::Display for Digest32 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for Digest32 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a header says of a sealed body: `SHA-256(salt ‖ plain bytes)`, and SHA-256 of the stored
/// ciphertext.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealedCommitment {
    /// Over the plain bytes and the salt that is sealed with them.
    pub plain: Digest32,
    /// Over the stored ciphertext.
    pub stored: Digest32,
}

/// The header: deterministic CBOR; the entry of the log, and what the leaf hash is taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The format's version.
    pub format: u32,
    /// The tenant.
    pub tenant: TenantId,
    /// The position in the tenant's log.
    pub position: LogPosition,
    /// The record's id.
    pub id: RecordId,
    /// The source.
    pub source: SourceId,
    /// The source's own id.
    pub source_id: SourceEventId,
    /// How it came in.
    pub channel: Channel,
    /// When it occurred, as the source claims.
    pub occurred: Occurred,
    /// When it was recorded.
    pub recorded_at: Time,
    /// Whether that time was asserted by the input (rehearsal, migration).
    pub recorded_asserted: bool,
    /// Whether another record of the same source and id, with other content, came first.
    pub variant: bool,
    /// Which translator read it.
    pub translator: String,
    /// HMAC-SHA-256 of the canonical line, under the tenant's digest key.
    pub content_digest: Digest32,
    /// HMAC-SHA-256 of the bytes of this delivery, under the tenant's digest key.
    pub byte_digest: Digest32,
    /// `SHA-256(salt ‖ statement bytes)`.
    pub facts: Digest32,
    /// One a person, and one for what belongs to nobody; in the order of the body.
    pub personal: Vec<SealedCommitment>,
    /// Of the original.
    pub original: SealedCommitment,
}

/// What an engine stores of a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredHeader {
    /// The record's id, which the header repeats.
    pub id: RecordId,
    /// The header's bytes.
    pub bytes: Vec<u8>,
    /// The leaf hash of these bytes, stored with them.
    pub leaf: Digest32,
}

/// A record as an engine stores it. Bodies are framed by this crate; an engine treats all of it as
/// bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The header, with id and leaf.
    pub header: StoredHeader,
    /// The clear body with its salt and codec.
    pub facts: Vec<u8>,
    /// The sealed blocks, framed.
    pub personal: SealedBody,
    /// The sealed original.
    pub original: SealedBody,
}

impl Entry {
    /// Its size in an append, in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.header.bytes.len() + self.facts.len() + self.personal.size() + self.original.size()
    }

    /// One of the sealed bodies.
    #[must_use]
    pub const fn sealed(&self, body: BodyKind) -> &SealedBody {
        match body {
            BodyKind::Personal => &self.personal,
            BodyKind::Original => &self.original,
        }
    }

    /// Removes sealed bodies. One that is gone already keeps its first reason.
    pub fn remove(&mut self, bodies: &[BodyKind], removal: &Removal) {
        for body in bodies {
            match body {
                BodyKind::Personal => self.personal.remove(removal),
                BodyKind::Original => self.original.remove(removal),
            }
        }
    }
}

/// A record as it is read back: header and clear body, checked against each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The header.
    pub header: Header,
    /// `SHA-256(0x00 ‖ header bytes)`.
    pub leaf: Digest32,
    /// What it says in the clear.
    pub statement: Statement,
}

/// A record that is sealed and waits for its position.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The header, with position 0 and the epoch for the two fields that the sequencer decides, and
    /// the id that the record has if it is no variant.
    pub header: Header,
    /// How many bytes that header has.
    pub header_bytes: usize,
    /// The clear body.
    pub facts: Vec<u8>,
    /// The sealed blocks.
    pub personal: Vec<u8>,
    /// The sealed original.
    pub original: Vec<u8>,
    /// The sessions it names, once each.
    pub sessions: Vec<SessionId>,
    /// The recorded time that the input asserts.
    pub recorded_at: Option<Time>,
    /// Whether other content under the same id is kept as a variant.
    pub variants_allowed: bool,
}

/// Stored bytes that are not a valid record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("record is inconsistent: {what}")]
pub struct CorruptRecord {
    /// What was wrong with it.
    pub what: String,
}

impl CorruptRecord {
    /// Says what was wrong.
    #[must_use]
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into() }
    }
}

impl Prepared {
    /// The most bytes that [`Self::finish`] can give, whatever the sequencer decides.
    #[must_use]
    pub fn size(&self) -> usize {
        // Position and recorded time may each grow from 1 byte to 9, and two flags may come, of 2
        // bytes each.
        self.header_bytes + 20 + self.facts.len() + self.personal.len() + self.original.len()
    }

    /// The entry, once the sequencer has decided: where it stands, when it was recorded, whether
    /// that time was asserted by the input, and whether it is a variant of a record that is there
    /// already (which gives it an id of its own).
    #[must_use]
    pub fn finish(
        &self,
        position: LogPosition,
        recorded_at: Time,
        recorded_asserted: bool,
        variant: bool,
    ) -> Entry {
        let Self { header, facts, personal, original, .. } = self;
        let id = if variant { header.id_if(true) } else { header.id };
        let decided = Decided { position, id, recorded_at, recorded_asserted, variant };
        Entry {
            header: StoredHeader::new(id, header.encode_as(&decided)),
            facts: facts.clone(),
            personal: SealedBody::Present(personal.clone()),
            original: SealedBody::Present(original.clone()),
        }
    }
}

impl Header {
    /// The id that follows from what the header says.
    #[must_use]
    pub fn derived_id(&self) -> RecordId {
        self.id_if(self.variant)
    }

    fn id_if(&self, variant: bool) -> RecordId {
        if variant {
            RecordId::derive_variant(
                &self.tenant,
                &self.source,
                &self.source_id,
                &self.content_digest.0,
            )
        } else {
            RecordId::derive(&self.tenant, &self.source, &self.source_id)
        }
    }
}

impl StoredHeader {
    /// A header's bytes with the leaf that follows from them.
    #[must_use]
    pub fn new(id: RecordId, bytes: Vec<u8>) -> Self {
        Self { id, leaf: leaf_hash(&bytes), bytes }
    }

    /// Reads the header, and checks leaf and id.
    ///
    /// # Errors
    /// If the header does not read, or leaf or id do not follow from it.
    pub fn decode(&self) -> Result<Header, CorruptRecord> {
        if leaf_hash(&self.bytes) != self.leaf {
            return Err(CorruptRecord::new(
                "the header's hash is not the leaf that was stored with it",
            ));
        }
        let header = Header::decode(&self.bytes)?;
        if header.id != header.derived_id() {
            return Err(CorruptRecord::new(
                "the id does not follow from tenant, source and source id",
            ));
        }
        if header.id != self.id {
            return Err(CorruptRecord::new(
                "the id beside the header is another than the one in it",
            ));
        }
        Ok(header)
    }
}

impl Entry {
    /// Reads header and clear body, and checks every body that is there against the header. Needs
    /// no key. A removed body is no damage: facts, leaf and commitments hold without it.
    ///
    /// The commitment to the facts is to the statement, not to its packing: of a zstd frame a rare
    /// bit can change and the frame still say the same. Such a change is not seen here and alters
    /// nothing that is read.
    ///
    /// # Errors
    /// If anything does not fit together.
    pub fn decode(&self) -> Result<Record, CorruptRecord> {
        let header = self.header.decode()?;
        if let Some(personal) = self.personal.bytes() {
            body::check_personal(personal, &header.personal)?;
        }
        if let Some(original) = self.original.bytes() {
            body::check_original(original, &header.original)?;
        }
        let statement =
            Statement::decode(&body::open_facts(&self.facts, &header.facts)?, header.occurred)?;
        Ok(Record { leaf: self.header.leaf, header, statement })
    }

    /// What opens the commitment to the facts: the statement, and its salt.
    ///
    /// # Errors
    /// If they are not those that the header commits to.
    pub fn facts_opening(&self, header: &Header) -> Result<Opening, CorruptRecord> {
        body::facts_opening(&self.facts, &header.facts)
    }

    /// The pseudonyms whose keys its sealed bodies need, as far as they are there, bytewise, once
    /// each. The header is not looked at.
    ///
    /// # Errors
    /// If a body does not read.
    pub fn persons(&self) -> Result<Vec<Pseudonym>, CorruptRecord> {
        let mut persons = Vec::new();
        if let Some(original) = self.original.bytes() {
            persons = body::Original::read(original)?.pseudonyms;
        }
        if let Some(personal) = self.personal.bytes() {
            let blocks = body::read_personal(personal)?;
            persons.extend(blocks.into_iter().filter_map(|block| block.pseudonym));
        }
        persons.sort_unstable();
        persons.dedup();
        Ok(persons)
    }
}
