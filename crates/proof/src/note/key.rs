//! Keys that verify, and their text form.

use super::NoteSignature;
use aws_lc_rs::signature::{ED25519, ED25519_PUBLIC_KEY_LEN, UnparsedPublicKey};
use data_encoding::{BASE64, HEXLOWER};
use sha2::{Digest, Sha256};
use std::{fmt, str::FromStr};

/// The type of Ed25519 signatures in vkeys and key ids.
const ED25519_TYPE: u8 = 0x01;

/// Distinguishes keys of one name. It is short, and no fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub u32);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

/// A public key of Ed25519 with its name. Its text is a vkey: `name+id+key`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    id: KeyId,
    public: [u8; ED25519_PUBLIC_KEY_LEN],
}

/// Why a text is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not of the form of a vkey.
    #[error("a verifier key has the form name+id+key, the id in hex and the key in base64")]
    Form,
    /// The name is empty, or has a space or a plus.
    #[error("the name of a key must not be empty or contain spaces or plus signs")]
    Name,
    /// Of another type than Ed25519.
    #[error("the key is not an Ed25519 key (type 1)")]
    Type,
    /// The id is not that of the name and key.
    #[error("the id {stated} is not that of the name and the key, {computed}")]
    Id {
        /// The id in the text.
        stated: KeyId,
        /// The id that follows.
        computed: KeyId,
    },
}

/// Whether a text may be the name of a key.
pub(super) fn is_name(name: &str) -> bool {
    let refused = |c: char| c.is_whitespace() || c < ' ' || c == '+';
    !name.is_empty() && !name.contains(refused)
}

impl VerifierKey {
    /// A public key under a name; a URL without its scheme is recommended.
    ///
    /// # Errors
    /// If it cannot be the name of a key.
    pub fn new(
        name: impl Into<String>,
        public: [u8; ED25519_PUBLIC_KEY_LEN],
    ) -> Result<Self, KeyError> {
        let name = name.into();
        if !is_name(&name) {
            return Err(KeyError::Name);
        }
        let mut hash = Sha256::new();
        hash.update(&name);
        hash.update([b'\n', ED25519_TYPE]);
        hash.update(public);
        let [a, b, c, d, ..] = <[u8; 32]>::from(hash.finalize());
        Ok(Self { name, id: KeyId(u32::from_be_bytes([a, b, c, d])), public })
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The id.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The public key as RFC 8032 encodes it.
    #[must_use]
    pub fn public(&self) -> &[u8; ED25519_PUBLIC_KEY_LEN] {
        &self.public
    }

    /// Whether the signature says that it is of this key.
    pub(super) fn matches(&self, signature: &NoteSignature) -> bool {
        self.id == signature.id && self.name == signature.name
    }

    pub(super) fn has_signed(&self, text: &str, signature: &[u8]) -> bool {
        let key = UnparsedPublicKey::new(&ED25519, &self.public);
        key.verify(text.as_bytes(), signature).is_ok()
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = BASE64.encode(&[[ED25519_TYPE].as_slice(), &self.public].concat());
        write!(f, "{}+{}+{key}", self.name, self.id)
    }
}

impl FromStr for VerifierKey {
    type Err = KeyError;

    fn from_str(vkey: &str) -> Result<Self, KeyError> {
        // The base64 of the key may have a plus, too.
        let mut parts = vkey.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(KeyError::Form);
        };
        let id = HEXLOWER.decode(id.as_bytes()).ok().and_then(|id| id.try_into().ok());
        let stated = KeyId(u32::from_be_bytes(id.ok_or(KeyError::Form)?));
        let key = BASE64.decode(key.as_bytes()).map_err(|_| KeyError::Form)?;
        let [ED25519_TYPE, public @ ..] = key.as_slice() else { return Err(KeyError::Type) };
        let read = Self::new(name, public.try_into().map_err(|_| KeyError::Form)?)?;
        if read.id != stated {
            return Err(KeyError::Id { stated, computed: read.id });
        }
        Ok(read)
    }
}
