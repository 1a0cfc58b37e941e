//! Keys that sign.

use super::{KeyError, NoteError, NoteSignature, VerifierKey};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use std::fmt;
use zeroize::Zeroizing;

/// A private key of Ed25519 with its name.
///
/// The library that holds it overwrites its memory when it is dropped; what it was made of is
/// overwritten at once. Its `Debug` shows the public key alone.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    verifier: VerifierKey,
}

/// Why there is no signing key. What was given is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SigningKeyError {
    /// The name cannot be that of a key.
    #[error(transparent)]
    Name(#[from] KeyError),
    /// Not a private key of Ed25519.
    #[error("what was given is not a private Ed25519 key in PKCS#8 or a seed of 32 bytes")]
    Key,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.verifier)
    }
}

impl SigningKey {
    /// The key of a seed of RFC 8032.
    ///
    /// # Errors
    /// If it cannot be the name of a key.
    pub fn from_seed(
        name: impl Into<String>,
        seed: Zeroizing<[u8; 32]>,
    ) -> Result<Self, SigningKeyError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.as_slice());
        Self::new(name, pair.map_err(|_| SigningKeyError::Key)?)
    }

    /// A key in PKCS#8 (DER), with or without its public key.
    ///
    /// # Errors
    /// If it is no such key, or cannot have this name.
    pub fn from_pkcs8(
        name: impl Into<String>,
        der: Zeroizing<Vec<u8>>,
    ) -> Result<Self, SigningKeyError> {
        let pair = Ed25519KeyPair::from_pkcs8(&der);
        Self::new(name, pair.map_err(|_| SigningKeyError::Key)?)
    }

    fn new(name: impl Into<String>, pair: Ed25519KeyPair) -> Result<Self, SigningKeyError> {
        let public = pair.public_key().as_ref();
        let public = public.try_into().map_err(|_| SigningKeyError::Key)?;
        Ok(Self { verifier: VerifierKey::new(name, public)?, pair })
    }

    /// The key that verifies what this one signs.
    #[must_use]
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    pub(super) fn sign(&self, text: &str) -> Result<NoteSignature, NoteError> {
        let name = self.verifier.name().to_owned();
        let Ok(signature) = self.pair.try_sign(text.as_bytes()) else {
            return Err(NoteError::Signing { name });
        };
        let bytes = signature.as_ref().to_vec();
        Ok(NoteSignature { name, id: self.verifier.id(), bytes })
    }
}
