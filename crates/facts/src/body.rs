//! The bodies beside a header, as bytes. The layout is `schema/record/header.v1.cddl`; frozen.
//!
//! `facts` is codec ‖ salt ‖ payload. `personal` is a deterministic CBOR array of blocks,
//! `original` one block; an empty array says that there is nothing personal. A block's stored hash
//! is taken over all of its stored bytes, so that neither nonce, codec nor pseudonym can be altered
//! once a key is gone.

use crate::{
    codec,
    ids::Pseudonym,
    record::{CorruptRecord, Digest32, SealedCommitment},
};
use minicbor::{Decoder, Encoder, decode, encode};
use sha2::{Digest, Sha256};
use std::convert::Infallible;

/// Bytes of a salt.
pub const SALT: usize = 16;
/// Bytes of a nonce of AES-256-GCM.
pub(crate) const NONCE: usize = 12;

mod key {
    pub(super) const CODEC: u8 = 1;
    pub(super) const FOR: u8 = 2;
    pub(super) const NONCE: u8 = 3;
    pub(super) const CIPHERTEXT: u8 = 4;
}

/// `SHA-256(salt ‖ bytes)`: says nothing to those who lack the salt, and binds those who have it.
pub(crate) fn commit(salt: &[u8], bytes: &[u8]) -> Digest32 {
    Digest32(Sha256::new().chain_update(salt).chain_update(bytes).finalize().into())
}

/// SHA-256 of stored bytes.
pub(crate) fn stored_hash(bytes: &[u8]) -> Digest32 {
    Digest32(Sha256::digest(bytes).into())
}

/// The clear body, and its commitment.
pub(crate) fn facts(salt: &[u8; SALT], statement: &[u8]) -> (Vec<u8>, Digest32) {
    let mut out = Vec::with_capacity(1 + SALT + statement.len());
    out.push(codec::RAW);
    out.extend_from_slice(salt);
    out[0] = codec::pack(statement, &mut out);
    (out, commit(salt, statement))
}

/// The statement's bytes.
pub(crate) fn open_facts(body: &[u8], commitment: &Digest32) -> Result<Vec<u8>, CorruptRecord> {
    Ok(facts_opening(body, commitment)?.bytes)
}

/// The statement's bytes, with the salt.
pub(crate) fn facts_opening(body: &[u8], commitment: &Digest32) -> Result<Opening, CorruptRecord> {
    let Some((codec, rest)) = body.split_first() else {
        return Err(CorruptRecord::new("the facts are not there"));
    };
    let Some((salt, packed)) = rest.split_at_checked(SALT) else {
        return Err(CorruptRecord::new("the facts are cut short"));
    };
    let opening = Opening { salt: salt_of(salt)?, bytes: codec::unpack(*codec, packed)? };
    if opening.commitment() != *commitment {
        return Err(CorruptRecord::new("the facts are not those that the header commits to"));
    }
    Ok(opening)
}

/// A salt as it is stored.
pub(crate) fn salt_of(bytes: &[u8]) -> Result<[u8; SALT], CorruptRecord> {
    bytes.try_into().map_err(|_| CorruptRecord::new("a salt of another length"))
}

/// What opens a commitment of a header: the bytes that were committed to, and their salt. It shows
/// to an auditor without any key what the record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The salt, which only those have to whom the bytes were shown.
    pub salt: [u8; SALT],
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl Opening {
    /// What a header says of these bytes: `SHA-256(salt ‖ bytes)`.
    #[must_use]
    pub fn commitment(&self) -> Digest32 {
        commit(&self.salt, &self.bytes)
    }
}

/// A sealed block of one person, or of nobody.
#[derive(Debug)]
pub(crate) struct Personal<'b> {
    /// Whose.
    pub(crate) pseudonym: Option<Pseudonym>,
    pub(crate) codec: u8,
    pub(crate) nonce: [u8; NONCE],
    pub(crate) ciphertext: &'b [u8],
    /// The block as stored.
    pub(crate) stored: &'b [u8],
}

/// The sealed original.
#[derive(Debug)]
pub(crate) struct Original<'b> {
    /// Whose keys are needed, bytewise, once each.
    pub(crate) pseudonyms: Vec<Pseudonym>,
    pub(crate) codec: u8,
    pub(crate) nonce: [u8; NONCE],
    pub(crate) ciphertext: &'b [u8],
}

type Written = Result<(), encode::Error<Infallible>>;

fn encoded(out: &mut Vec<u8>, write: impl FnOnce(&mut Encoder<&mut Vec<u8>>) -> Written) {
    if write(&mut Encoder::new(out)).is_err() {
        unreachable!("memory takes every byte");
    }
}

/// Begins the personal body.
pub(crate) fn begin_personal(blocks: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(1 + 256 * blocks);
    encoded(&mut out, |e| e.array(blocks as u64)?.ok());
    out
}

/// Appends a block, and gives its stored hash.
pub(crate) fn push_personal(
    out: &mut Vec<u8>,
    pseudonym: Option<&Pseudonym>,
    codec: u8,
    nonce: &[u8; NONCE],
    ciphertext: &[u8],
) -> Digest32 {
    let start = out.len();
    encoded(out, |e| {
        e.map(3 + u64::from(pseudonym.is_some()))?.u8(key::CODEC)?.u8(codec)?;
        if let Some(pseudonym) = pseudonym {
            e.u8(key::FOR)?.str(pseudonym.as_str())?;
        }
        e.u8(key::NONCE)?.bytes(nonce)?.u8(key::CIPHERTEXT)?.bytes(ciphertext)?.ok()
    });
    stored_hash(&out[start..])
}

/// The original's body, and its stored hash.
pub(crate) fn original(
    pseudonyms: &[&Pseudonym],
    codec: u8,
    nonce: &[u8; NONCE],
    ciphertext: &[u8],
) -> (Vec<u8>, Digest32) {
    let mut out = Vec::with_capacity(ciphertext.len() + 32 + 20 * pseudonyms.len());
    encoded(&mut out, |e| {
        e.map(3 + u64::from(!pseudonyms.is_empty()))?.u8(key::CODEC)?.u8(codec)?;
        if !pseudonyms.is_empty() {
            e.u8(key::FOR)?.array(pseudonyms.len() as u64)?;
            for pseudonym in pseudonyms {
                e.str(pseudonym.as_str())?;
            }
        }
        e.u8(key::NONCE)?.bytes(nonce)?.u8(key::CIPHERTEXT)?.bytes(ciphertext)?.ok()
    });
    let hash = stored_hash(&out);
    (out, hash)
}

/// The blocks of a personal body.
pub(crate) fn read_personal(body: &[u8]) -> Result<Vec<Personal<'_>>, CorruptRecord> {
    let mut d = Decoder::new(body);
    let blocks = (|| {
        let mut blocks = Vec::new();
        for _ in 0..length(d.array()?)? {
            let start = d.position();
            let mut pseudonym = None;
            let (codec, nonce, ciphertext) = block(&mut d, |d| {
                pseudonym = Some(Pseudonym::from(d.str()?));
                Ok(())
            })?;
            blocks.push(Personal {
                pseudonym,
                codec,
                nonce,
                ciphertext,
                stored: &body[start..d.position()],
            });
        }
        Ok(blocks)
    })()
    .map_err(|error: decode::Error| {
        CorruptRecord::new(format!("the personal blocks do not read: {error}"))
    })?;
    // A block's own spelling is under its stored hash; what stands around the blocks has one
    // spelling too.
    if !body.starts_with(&begin_personal(blocks.len())) || d.position() != body.len() {
        return Err(CorruptRecord::new(
            "the personal blocks are not in their one deterministic form",
        ));
    }
    Ok(blocks)
}

impl<'b> Original<'b> {
    /// Reads the original's body.
    pub(crate) fn read(body: &'b [u8]) -> Result<Self, CorruptRecord> {
        let mut d = Decoder::new(body);
        let mut pseudonyms = Vec::new();
        let (codec, nonce, ciphertext) = block(&mut d, |d| {
            for _ in 0..length(d.array()?)? {
                pseudonyms.push(Pseudonym::from(d.str()?));
            }
            Ok(())
        })
        .map_err(|error| CorruptRecord::new(format!("the original does not read: {error}")))?;
        // Its spelling is under its stored hash. The order of the pseudonyms is that of the keys.
        if d.position() != body.len() || !pseudonyms.is_sorted_by(|a, b| a < b) {
            return Err(CorruptRecord::new("the original is not in its one deterministic form"));
        }
        Ok(Self { pseudonyms, codec, nonce, ciphertext })
    }
}

fn block<'b>(
    d: &mut Decoder<'b>,
    mut whose: impl FnMut(&mut Decoder<'b>) -> Result<(), decode::Error>,
) -> Result<(u8, [u8; NONCE], &'b [u8]), decode::Error> {
    let (mut codec, mut nonce, mut ciphertext) = (None, None, None);
    for _ in 0..length(d.map()?)? {
        match d.u8()? {
            key::CODEC => codec = Some(d.u8()?),
            key::FOR => whose(d)?,
            key::NONCE => {
                nonce = Some(
                    d.bytes()?
                        .try_into()
                        .map_err(|_| decode::Error::message("a nonce of another length"))?,
                )
            }
            key::CIPHERTEXT => ciphertext = Some(d.bytes()?),
            _ => return Err(decode::Error::message("unknown key")),
        }
    }
    match (codec, nonce, ciphertext) {
        (Some(codec), Some(nonce), Some(ciphertext)) => Ok((codec, nonce, ciphertext)),
        _ => Err(decode::Error::message("codec, nonce or ciphertext is missing")),
    }
}

fn length(length: Option<u64>) -> Result<u64, decode::Error> {
    length.ok_or_else(|| decode::Error::message("indefinite length"))
}

/// Whether the stored blocks are those that the header commits to.
pub(crate) fn check_personal(
    body: &[u8],
    commitments: &[SealedCommitment],
) -> Result<(), CorruptRecord> {
    let blocks = read_personal(body)?;
    if blocks.len() != commitments.len() {
        return Err(CorruptRecord::new(format!(
            "there are {} personal blocks; the header commits to {}",
            blocks.len(),
            commitments.len()
        )));
    }
    for (n, (block, commitment)) in blocks.iter().zip(commitments).enumerate() {
        if stored_hash(block.stored) != commitment.stored {
            return Err(CorruptRecord::new(format!(
                "personal block {n} is not the one that the header commits to"
            )));
        }
    }
    Ok(())
}

/// Whether the stored original is the one that the header commits to.
pub(crate) fn check_original(
    body: &[u8],
    commitment: &SealedCommitment,
) -> Result<(), CorruptRecord> {
    if stored_hash(body) != commitment.stored {
        return Err(CorruptRecord::new("the original is not the one that the header commits to"));
    }
    Ok(())
}
