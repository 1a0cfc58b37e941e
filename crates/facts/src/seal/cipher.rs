//! The primitives: AES-256-GCM, and HKDF-SHA-256 out of HMAC, of the one cryptographic library.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hmac,
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
        if self
            .0
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(*nonce),
                Aad::from(associated),
                text,
            )
            .is_err()
        {
            unreachable!("a text is far below the cipher's limit of 64 GiB");
        }
    }

    /// Opens; none if key, nonce, associated data or text are not those that were sealed.
    pub(super) fn open(
        &self,
        nonce: &[u8; NONCE_LEN],
        associated: &[u8],
        sealed: &[u8],
    ) -> Option<Zeroizing<Vec<u8>>> {
        let mut text = Zeroizing::new(sealed.to_vec());
        let length = self
            .0
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(associated), &mut text)
            .ok()?
            .len();
        text.truncate(length);
        Some(text)
    }
}

/// HKDF-SHA-256 (RFC 5869), without a salt.
pub(super) fn derive(secret: &[u8], info: &[&[u8]]) -> Secret {
    Extracted::new(secret).expand(info)
}

/// The first half of it: all that does not depend on what the key is for. The library has the whole
/// only, which would hash the secret again for every record.
pub(super) struct Extracted(hmac::Key);

impl Extracted {
    pub(super) fn new(secret: &[u8]) -> Self {
        let pseudorandom = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &[0; KEY]), secret);
        Self(hmac::Key::new(hmac::HMAC_SHA256, pseudorandom.as_ref()))
    }

    /// The second half: of 32 bytes, which is one block of the function's output.
    pub(super) fn expand(&self, info: &[&[u8]]) -> Secret {
        let mut context = hmac::Context::with_key(&self.0);
        for part in info {
            context.update(part);
        }
        context.update(&[1]);
        let mut out = Zeroizing::new([0; KEY]);
        out.copy_from_slice(context.sign().as_ref());
        out
    }
}

/// Deterministic CBOR of what `write` writes.
pub(super) fn cbor(
    capacity: usize,
    write: impl FnOnce(&mut Encoder<&mut Vec<u8>>) -> Result<(), encode::Error<Infallible>>,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(capacity);
    write_cbor(&mut out, write);
    out
}

/// The same, appended.
pub(super) fn write_cbor(
    out: &mut Vec<u8>,
    write: impl FnOnce(&mut Encoder<&mut Vec<u8>>) -> Result<(), encode::Error<Infallible>>,
) {
    if write(&mut Encoder::new(out)).is_err() {
        unreachable!("memory takes every byte");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::hkdf;

    #[test]
    fn derivation_in_two_halves_is_that_of_the_library() {
        for (length, info) in [
            (0, [b"".as_slice(), b""]),
            (32, [b"claimledger test", b"and more"]),
            (64, [b"x", b""]),
            (200, [&[7; 300], b"y"]),
        ] {
            let secret = vec![0x5a; length];
            let mut expect = [0; KEY];
            let extracted = hkdf::Salt::none(hkdf::HKDF_SHA256).extract(&secret);
            extracted.expand(&info, hkdf::HKDF_SHA256).unwrap().fill(&mut expect).unwrap();
            assert_eq!(*derive(&secret, &info), expect);
        }
    }
}
