//! Bearer tokens: their format and their hash.
//!
//! A token is 256 random bits with a prefix that secret scanners can find, and a checksum that
//! distinguishes a mistyped token from an unknown one. Only its SHA-256 is stored: a random secret
//! needs no salt or key stretching.

use claimledger_facts::record::Digest32;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// The prefix of every token.
pub const PREFIX: &str = "clt_";

const SECRET_CHARS: usize = 43;
const CHECK_CHARS: usize = 8;

/// The text of a token.
pub(crate) fn format(secret: &[u8; 32]) -> Zeroizing<String> {
    let body = Zeroizing::new(data_encoding::BASE64URL_NOPAD.encode(secret));
    let check = checksum(&body);
    Zeroizing::new(format!("{PREFIX}{}_{check}", *body))
}

/// The hash of a token; none if the text is not a well-formed token. This checks the format only,
/// so a rejection reveals nothing about existing tokens.
pub(crate) fn hash(token: &str) -> Option<Digest32> {
    let rest = token.strip_prefix(PREFIX)?;
    if !rest.is_ascii() || rest.len() != SECRET_CHARS + 1 + CHECK_CHARS {
        return None;
    }
    let (body, check) = (rest.get(..SECRET_CHARS)?, rest.get(SECRET_CHARS + 1..)?);
    if rest.as_bytes().get(SECRET_CHARS) != Some(&b'_') || checksum(body) != check {
        return None;
    }
    Some(sha256(token.as_bytes()))
}

/// SHA-256.
pub(crate) fn sha256(bytes: &[u8]) -> Digest32 {
    Digest32(Sha256::digest(bytes).into())
}

/// Compares two digests in constant time.
pub(crate) fn same(a: &Digest32, b: &Digest32) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(&a.0, &b.0).is_ok()
}

fn checksum(body: &str) -> String {
    let digest = Sha256::new()
        .chain_update(b"claimledger token checksum")
        .chain_update(body.as_bytes())
        .finalize();
    data_encoding::HEXLOWER.encode(&digest[..CHECK_CHARS / 2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_its_form_and_hashes_to_one_value() {
        let token = format(&[7; 32]);
        assert!(token.starts_with("clt_"), "{}", *token);
        assert_eq!(token.len(), 4 + 43 + 1 + 8);
        assert_eq!(hash(&token), hash(&token.clone()));
        assert_ne!(hash(&token), hash(&format(&[8; 32])));
    }

    #[test]
    fn any_changed_character_is_no_token() {
        let token = format(&[7; 32]);
        for at in 0..token.len() {
            let mut other = token.as_bytes().to_vec();
            other[at] = if other[at] == b'A' { b'B' } else { b'A' };
            let other = String::from_utf8(other).unwrap();
            assert_eq!(hash(&other), None, "{other}");
        }
        assert_eq!(hash(""), None);
        assert_eq!(hash("clt_"), None);
        assert_eq!(hash(&"clt_é".repeat(20)), None);
    }

    #[test]
    fn digests_compare_whole() {
        assert!(same(&Digest32([1; 32]), &Digest32([1; 32])));
        let mut last = [1; 32];
        last[31] = 2;
        assert!(!same(&Digest32([1; 32]), &Digest32(last)));
    }
}
