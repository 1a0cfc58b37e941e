//! Opening what was sealed, for those who hold the keys.

use super::{Kind, PersonKey, TenantKeys, associated_data, cipher::Aead};
use crate::{
    body::{self, NONCE, Opening, SALT},
    codec,
    ids::{Pseudonym, RecordId},
    record::{CorruptRecord, Digest32, Entry, Header, Removal, SealedBody},
};
use serde_json::Value;

/// What was sealed about one person, or about nobody.
#[derive(Clone, Debug, PartialEq)]
pub struct PersonalBlock {
    /// Whose; none: it belongs to nobody.
    pub pseudonym: Option<Pseudonym>,
    /// What was sealed; none: the key was not handed over, because it is destroyed.
    pub data: Option<Value>,
}

/// Why an original was not opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The key of a person it is about was not handed over, because it is destroyed.
    #[error("the original cannot be opened: the key of {pseudonym} is destroyed")]
    Erased {
        /// The person.
        pseudonym: Pseudonym,
    },
    /// It was removed.
    #[error("the original was removed ({})", _0.reason.as_str())]
    Removed(Removal),
    /// It does not open, or is not what the header commits to.
    #[error(transparent)]
    Corrupt(#[from] CorruptRecord),
}

/// The bytes received, checked against the header.
///
/// # Errors
/// See [`OpenError`].
pub fn open_original(
    entry: &Entry,
    header: &Header,
    keys: &TenantKeys,
    persons: &[(Pseudonym, PersonKey)],
) -> Result<Vec<u8>, OpenError> {
    Ok(original_opening(entry, header, keys, persons)?.bytes)
}

/// The bytes received with their salt, checked against the header.
///
/// # Errors
/// See [`OpenError`].
pub fn original_opening(
    entry: &Entry,
    header: &Header,
    keys: &TenantKeys,
    persons: &[(Pseudonym, PersonKey)],
) -> Result<Opening, OpenError> {
    let bytes = match &entry.original {
        SealedBody::Present(bytes) => bytes,
        SealedBody::Removed(removal) => return Err(OpenError::Removed(removal.clone())),
    };
    body::check_original(bytes, &header.original)?;
    let original = body::Original::read(bytes)?;
    let needed: Vec<&PersonKey> = original
        .pseudonyms
        .iter()
        .map(|pseudonym| {
            find(persons, pseudonym)
                .ok_or_else(|| OpenError::Erased { pseudonym: pseudonym.clone() })
        })
        .collect::<Result<_, _>>()?;
    let key = keys.original(&event_id(header), &needed);
    let sealed =
        Sealed { codec: original.codec, nonce: &original.nonce, ciphertext: original.ciphertext };
    Ok(open(&key, header, Kind::Original, None, &sealed, &header.original.plain)?)
}

/// Every personal block, in the order of the header, checked against it; none where they were
/// removed. A block whose key is not among `persons` is given as erased.
///
/// # Errors
/// If a block does not open with its key, or is not what the header commits to.
pub fn open_personal(
    entry: &Entry,
    header: &Header,
    keys: &TenantKeys,
    persons: &[(Pseudonym, PersonKey)],
) -> Result<Vec<PersonalBlock>, CorruptRecord> {
    let openings = personal_openings(entry, header, keys, persons)?;
    openings
        .into_iter()
        .map(|(pseudonym, opening)| {
            let data = opening.map(|opening| {
                serde_json::from_slice(&opening.bytes).map_err(|error| {
                    CorruptRecord::new(format!("a personal block is no JSON: {error}"))
                })
            });
            Ok(PersonalBlock { data: data.transpose()?, pseudonym })
        })
        .collect()
}

/// A personal block: whose it is, and what opens its commitment; none: its key was not handed over.
pub type PersonalOpening = (Option<Pseudonym>, Option<Opening>);

/// The same with the salts, as bytes.
///
/// # Errors
/// As [`open_personal`], but for blocks that are no JSON.
pub fn personal_openings(
    entry: &Entry,
    header: &Header,
    keys: &TenantKeys,
    persons: &[(Pseudonym, PersonKey)],
) -> Result<Vec<PersonalOpening>, CorruptRecord> {
    let Some(bytes) = entry.personal.bytes() else { return Ok(Vec::new()) };
    body::check_personal(bytes, &header.personal)?;
    let blocks = body::read_personal(bytes)?;
    blocks
        .into_iter()
        .zip(&header.personal)
        .map(|(block, commitment)| {
            let whose = block.pseudonym.as_ref();
            let sealed =
                Sealed { codec: block.codec, nonce: &block.nonce, ciphertext: block.ciphertext };
            let opening = match whose {
                None => Some(open(
                    &keys.unowned(&event_id(header)),
                    header,
                    Kind::Personal,
                    None,
                    &sealed,
                    &commitment.plain,
                )?),
                Some(pseudonym) => match find(persons, pseudonym) {
                    Some(key) => Some(open(
                        key.personal(),
                        header,
                        Kind::Personal,
                        whose,
                        &sealed,
                        &commitment.plain,
                    )?),
                    None => None,
                },
            };
            Ok((block.pseudonym, opening))
        })
        .collect()
}

fn find<'k>(persons: &'k [(Pseudonym, PersonKey)], pseudonym: &Pseudonym) -> Option<&'k PersonKey> {
    persons.iter().find(|(of, _)| of == pseudonym).map(|(_, key)| key)
}

/// Keys and associated data name the source's event, for a variant too.
fn event_id(header: &Header) -> RecordId {
    RecordId::derive(&header.tenant, &header.source, &header.source_id)
}

struct Sealed<'b> {
    codec: u8,
    nonce: &'b [u8; NONCE],
    ciphertext: &'b [u8],
}

fn open(
    key: &Aead,
    header: &Header,
    kind: Kind,
    whose: Option<&Pseudonym>,
    sealed: &Sealed<'_>,
    commitment: &Digest32,
) -> Result<Opening, CorruptRecord> {
    let mut associated = Vec::with_capacity(96);
    associated_data(&mut associated, &header.tenant, &event_id(header), kind, whose);
    let text = key
        .open(sealed.nonce, &associated, sealed.ciphertext)
        .ok_or_else(|| CorruptRecord::new("a sealed block does not open with its key"))?;
    let (salt, packed) = text
        .split_at_checked(SALT)
        .ok_or_else(|| CorruptRecord::new("a sealed block is cut short"))?;
    let opening =
        Opening { salt: body::salt_of(salt)?, bytes: codec::unpack(sealed.codec, packed)? };
    if opening.commitment() != *commitment {
        return Err(CorruptRecord::new("a sealed block is not the one that the header commits to"));
    }
    Ok(opening)
}
