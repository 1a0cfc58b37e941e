//! Sealing: from a draft to a record that waits for its position, and back to what was sealed.
//!
//! Every sealed plain text is salt ‖ packed payload, under AES-256-GCM with a random nonce. The
//! salt is sealed too, so the commitment in the header says nothing about personal data once the
//! key is destroyed. Associated data ties a block to format, tenant, record, kind and person.

mod cipher;
mod credential;
mod keys;
mod open;

pub use self::{
    credential::CredentialClaims,
    keys::{BlindKind, KeyError, MasterKey, PersonKey, TenantKeys, new_pseudonym},
    open::{
        OpenError, PersonalBlock, PersonalOpening, open_original, open_personal, original_opening,
        personal_openings,
    },
};

use self::cipher::Aead;
use crate::{
    body::{self, NONCE, SALT},
    codec,
    draft::{Draft, DraftFact},
    fact::{Fact, FactData},
    ids::{LogPosition, Pseudonym, RecordId, SourceId, TenantId},
    indicator::{IndexEntry, Indicator},
    random::Random,
    record::{
        Digest32, FORMAT, Header, MAX_PLAIN_BYTES, MAX_RECORD_BYTES, Prepared, SealedCommitment,
    },
    refusal::{Refusal, RefusalCode},
    statement::{LABEL, StatementRef},
    time::Time,
    vocabulary::Channel,
};
use data_encoding::BASE32_DNSSEC;
use std::{borrow::Cow, collections::BTreeMap};

/// What is sealed, and with what.
pub struct SealInput<'a> {
    /// Whose log it is for.
    pub tenant: &'a TenantId,
    /// The source: the draft's, else the credential's.
    pub source: &'a SourceId,
    /// How it came in.
    pub channel: Channel,
    /// The translated event.
    pub draft: &'a Draft,
    /// Pseudonym and key of each of [`Draft::persons`], in that order.
    pub persons: &'a [(Pseudonym, PersonKey)],
    /// The tenant's keys.
    pub keys: &'a TenantKeys,
    /// Where salts and nonces come from.
    pub random: &'a dyn Random,
}

/// Why a draft was not sealed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Larger than a record may be.
    #[error("the record has {bytes} bytes; one may have {max}")]
    TooLarge {
        /// How many bytes it has.
        bytes: usize,
        /// How many it may have.
        max: usize,
    },
    /// Free text would stand in the clear: a translator must seal it (`FactData::take_free_text`).
    #[error("the reason of a `{fact}` is no code, and may not stand in the clear")]
    FreeText {
        /// The fact type.
        fact: &'static str,
    },
    /// A fact names a person that is not among the draft's, or keys and persons do not match.
    #[error("a `{fact}` names a person whose key was not handed over")]
    Person {
        /// The fact type, or the part of the record.
        fact: &'static str,
    },
    /// The facts could not be written down.
    #[error("the facts could not be written as JSON")]
    Facts,
}

impl From<SealError> for Refusal {
    fn from(error: SealError) -> Self {
        let message = error.to_string();
        match error {
            SealError::TooLarge { max, .. } => {
                Self::whole(RefusalCode::TooLarge, format!("at most {max} bytes a record"), message)
            }
            SealError::FreeText { .. } => Self::field(
                RefusalCode::InvalidField,
                "data.reason",
                "a code of lower case letters, digits and _",
                message,
            ),
            SealError::Person { .. } | SealError::Facts => {
                Self::whole(RefusalCode::Malformed, "a record that can be sealed", message)
            }
        }
    }
}

/// What a sealed block is, in its associated data.
#[derive(Clone, Copy)]
enum Kind {
    Personal,
    Original,
}

/// Builds the statement, commits to it, and seals the rest.
///
/// # Errors
/// See [`SealError`].
pub fn seal(input: SealInput<'_>) -> Result<Prepared, SealError> {
    let SealInput { tenant, source, channel, draft, persons, keys, random } = input;
    if persons.len() != draft.persons.len() {
        return Err(SealError::Person { fact: "record" });
    }
    let facts: Vec<Fact> = draft
        .facts
        .iter()
        .map(|fact| pseudonymous(draft, fact, persons))
        .collect::<Result<_, _>>()?;
    let correlation = indexed(draft, persons, keys);
    let statement = StatementRef {
        kind: &draft.kind,
        session: draft.session.as_ref(),
        correlation: &correlation,
        notes: &draft.notes,
        facts: &facts,
    };
    let statement_bytes = statement.encode(draft.occurred).map_err(|_| SealError::Facts)?;
    let sessions = statement.sessions().cloned().collect();
    limit(statement_bytes.len())?;
    limit(draft.original.len())?;

    let id = RecordId::derive(tenant, source, &draft.source_id);
    let blocks = draft.persons.iter().filter(|person| !person.personal.is_empty()).count()
        + usize::from(!draft.unowned.is_empty());
    // One draw for all of it: salt of the facts, then salt and nonce of each block, then of the
    // original.
    let mut drawn = vec![0; SALT + (blocks + 1) * (SALT + NONCE)];
    random.fill(&mut drawn);
    let mut drawn = Drawn(&drawn);

    let (facts, facts_commitment) = body::facts(drawn.take(), &statement_bytes);
    let mut sealer = Sealer {
        tenant,
        id: &id,
        drawn,
        ciphertext: Vec::with_capacity(SALT + draft.original.len() + cipher::TAG),
        associated: Vec::with_capacity(96),
    };
    let mut personal = body::begin_personal(blocks);
    let mut commitments = Vec::with_capacity(blocks);
    for (person, (pseudonym, key)) in draft.persons.iter().zip(persons) {
        if !person.personal.is_empty() {
            let plain = person.personal.as_bytes();
            limit(plain.len())?;
            let sealed = sealer.seal(key.personal(), Kind::Personal, Some(pseudonym), plain);
            let stored = body::push_personal(
                &mut personal,
                Some(pseudonym),
                sealed.codec,
                sealed.nonce,
                &sealer.ciphertext,
            );
            commitments.push(SealedCommitment { plain: sealed.plain, stored });
        }
    }
    if !draft.unowned.is_empty() {
        let plain = draft.unowned.as_bytes();
        limit(plain.len())?;
        let sealed = sealer.seal(&keys.unowned(&id), Kind::Personal, None, plain);
        let stored = body::push_personal(
            &mut personal,
            None,
            sealed.codec,
            sealed.nonce,
            &sealer.ciphertext,
        );
        commitments.push(SealedCommitment { plain: sealed.plain, stored });
    }

    let mut needed: Vec<&(Pseudonym, PersonKey)> = persons.iter().collect();
    needed.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    needed.dedup_by(|a, b| a.0 == b.0);
    let needed_keys: Vec<&PersonKey> = needed.iter().map(|(_, key)| key).collect();
    let sealed =
        sealer.seal(&keys.original(&id, &needed_keys), Kind::Original, None, &draft.original);
    let pseudonyms: Vec<&Pseudonym> = needed.into_iter().map(|(pseudonym, _)| pseudonym).collect();
    let (original, stored) =
        body::original(&pseudonyms, sealed.codec, sealed.nonce, &sealer.ciphertext);

    let header = Header {
        format: FORMAT,
        tenant: tenant.clone(),
        position: LogPosition(0),
        id,
        source: source.clone(),
        source_id: draft.source_id.clone(),
        channel,
        occurred: draft.occurred,
        recorded_at: Time::EPOCH,
        recorded_asserted: false,
        variant: false,
        translator: draft.translator.to_owned(),
        content_digest: keys.content_digest(&draft.canonical),
        byte_digest: keys.byte_digest(&draft.original),
        facts: facts_commitment,
        personal: commitments,
        original: SealedCommitment { plain: sealed.plain, stored },
    };
    let prepared = Prepared {
        header_bytes: header.encoded_len(),
        header,
        facts,
        personal,
        original,
        sessions,
        recorded_at: draft.recorded_at,
        variants_allowed: draft.variants_allowed,
    };
    match prepared.size() {
        bytes if bytes > MAX_RECORD_BYTES => {
            Err(SealError::TooLarge { bytes, max: MAX_RECORD_BYTES })
        }
        _ => Ok(prepared),
    }
}

/// Maximum number of display names by which one record is found.
const MAX_LABELS: usize = 8;

/// A digest as a statement holds it: 80 bits, which are enough to find by.
#[must_use]
pub fn index_text(digest: Digest32) -> String {
    BASE32_DNSSEC.encode(&digest.0[..10])
}

/// The ids that join events, and digests of what is sealed.
fn indexed<'d>(
    draft: &'d Draft,
    persons: &[(Pseudonym, PersonKey)],
    keys: &TenantKeys,
) -> Cow<'d, BTreeMap<String, String>> {
    let mut index = Vec::new();
    // The client is one person's, or nobody's.
    let home = draft.persons.iter().zip(persons).find(|(one, _)| !one.indicators.is_empty());
    let indicators = home.map_or(&draft.indicators, |(person, _)| &person.indicators);
    let entries: Vec<IndexEntry> = indicators.iter().flat_map(Indicator::entries).collect();
    let digests = match home {
        Some((_, (_, key))) => key.client_index(&entries),
        None => keys.client_index(&entries),
    };
    for (entry, digest) in entries.iter().zip(digests) {
        index.push((entry.name.to_owned(), index_text(digest)));
    }
    for (n, label) in draft.labels.iter().take(MAX_LABELS).enumerate() {
        index.push((format!("{LABEL}{n}"), index_text(keys.blind_index(BlindKind::Label, label))));
    }
    if index.is_empty() {
        return Cow::Borrowed(&draft.correlation);
    }
    let mut correlation = draft.correlation.clone();
    correlation.extend(index);
    Cow::Owned(correlation)
}

/// What packs well could be sealed and never be read again: reading is bounded, so writing is too.
fn limit(bytes: usize) -> Result<(), SealError> {
    if bytes > MAX_PLAIN_BYTES {
        Err(SealError::TooLarge { bytes, max: MAX_PLAIN_BYTES })
    } else {
        Ok(())
    }
}

fn pseudonymous(
    draft: &Draft,
    fact: &DraftFact,
    persons: &[(Pseudonym, PersonKey)],
) -> Result<Fact, SealError> {
    let name = fact.data.type_name();
    if fact.data.has_free_text() {
        return Err(SealError::FreeText { fact: name });
    }
    let person = |index: usize| {
        persons
            .get(index)
            .map(|(pseudonym, _)| pseudonym.clone())
            .ok_or(SealError::Person { fact: name })
    };
    let mut data = fact.data.clone();
    if let FactData::SubjectLinked(linked) = &mut data {
        // The identifier as received must not stand in the clear, so the other person must be
        // there.
        linked.other = person(fact.other.ok_or(SealError::Person { fact: name })?)?;
    }
    Ok(Fact {
        session: fact.session.clone().or_else(|| draft.session.clone()),
        subject: fact.subject.map(person).transpose()?,
        occurred: fact.occurred.unwrap_or(draft.occurred),
        data,
    })
}

/// Random bytes, handed out in order.
struct Drawn<'r>(&'r [u8]);

impl<'r> Drawn<'r> {
    fn take<const N: usize>(&mut self) -> &'r [u8; N] {
        let Some((taken, rest)) = self.0.split_first_chunk() else {
            unreachable!("as many were drawn as there are blocks")
        };
        self.0 = rest;
        taken
    }
}

struct Sealer<'a> {
    tenant: &'a TenantId,
    id: &'a RecordId,
    drawn: Drawn<'a>,
    /// What was sealed last: framed before the next is.
    ciphertext: Vec<u8>,
    associated: Vec<u8>,
}

struct Sealed<'a> {
    codec: u8,
    nonce: &'a [u8; NONCE],
    plain: Digest32,
}

impl<'a> Sealer<'a> {
    fn seal(
        &mut self,
        key: &Aead,
        kind: Kind,
        pseudonym: Option<&Pseudonym>,
        plain: &[u8],
    ) -> Sealed<'a> {
        let salt: &[u8; SALT] = self.drawn.take();
        let nonce = self.drawn.take();
        self.ciphertext.clear();
        self.ciphertext.extend_from_slice(salt);
        let codec = codec::pack(plain, &mut self.ciphertext);
        self.associated.clear();
        associated_data(&mut self.associated, self.tenant, self.id, kind, pseudonym);
        key.seal(nonce, &self.associated, &mut self.ciphertext);
        Sealed { codec, nonce, plain: body::commit(salt, plain) }
    }
}

/// Deterministic CBOR of [format, tenant, record id, kind, pseudonym or null]. The record id is
/// that of the source's event, for a variant too: whether it is one is decided after sealing.
fn associated_data(
    out: &mut Vec<u8>,
    tenant: &TenantId,
    id: &RecordId,
    kind: Kind,
    pseudonym: Option<&Pseudonym>,
) {
    let kind = match kind {
        Kind::Personal => "personal",
        Kind::Original => "original",
    };
    cipher::write_cbor(out, |e| {
        e.array(5)?.u32(FORMAT)?.str(tenant.as_str())?.bytes(id.0.as_bytes())?.str(kind)?;
        match pseudonym {
            Some(pseudonym) => e.str(pseudonym.as_str())?.ok(),
            None => e.null()?.ok(),
        }
    });
}
