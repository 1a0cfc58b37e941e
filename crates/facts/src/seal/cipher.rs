//! The primitives: AES-256-GCM and HKDF-SHA-256 of the one cryptographic library.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf,
};
use minicbor::{Encoder, encode};
use std::convert::Infallible;
use zeroize::Zeroizing;

/// Bytes of a key.
pub(super) const KEY: usize = 32;
/// Bytes that sealing adds.
pub(super) const TAG: usize = 16;

/// A secret of 32 bytes, overwritten when dropped.
pub(super) type Secret = Zeroizing<[u8; KEY]>;

/// A key of AES-256-GCM with its schedule made.
pub(super) struct Aead(LessSafeKey);

impl Aead {
    pub(super) fn new(secret: &Secret) -> Self {
        match UnboundKey::new(&AES_256_GCM, secret.as_slice()) {
            Ok(key) => Self(LessSafeKey::new(key)),
            Err(_) => unreachable!("the key has the length that the cipher asks for"),
        }
    }

    /// Seals in place and appends the tag.
    pub(super) fn seal(&self, nonce: &[u8; NONCE_LEN], associated: &[u8], text: &mut Vec<u8>) {
        if self.0.seal_in_place_append_tag(Nonce::assume_unique_for_key(*nonce), Aad::from(associated), text).is_err() {
            unreachable!("a text is far below the cipher's limit of 64 GiB");
        }
    }

    /// Opens; none if key, nonce, associated data or text are not those that were sealed.
    pub(super) fn open(&self, nonce: &[u8; NONCE_LEN], associated: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let mut text = Zeroizing::new(sealed.to_vec());
        let length = self.0.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(associated), &mut text).ok()?.len();
        text.truncate(length);
        Some(text)
    }
}

/// HKDF-SHA-256 (RFC 5869), without a salt.
pub(super) fn derive(secret: &[u8], info: &[&[u8]]) -> Secret {
    let mut out = Zeroizing::new([0; KEY]);
    let key = hkdf::Salt::none(hkdf::HKDF_SHA256).extract(secret);
    if key.expand(info, hkdf::HKDF_SHA256).and_then(|okm| okm.fill(out.as_mut_slice())).is_err() {
        unreachable!("32 bytes are within what the function gives");
    }
    out
}

/// Deterministic CBOR of what `write` writes.
pub(super) fn cbor(capacity: usize, write: impl FnOnce(&mut Encoder<&mut Vec<u8>>) -> Result<(), encode::Error<Infallible>>) -> Vec<u8> {
    let mut out = Vec::with_capacity(capacity);
    if write(&mut Encoder::new(&mut out)).is_err() {
        unreachable!("memory takes every byte");
    }
    out
}
