//! Who signed a manifest, without a ledger.

use claimledger_export::manifest::Manifest;
use claimledger_proof::{checkpoint::TrustedLog, evidence::verify_manifest, note::VerifierKey};
use std::error::Error;

/// The signature of a manifest.
pub(super) enum Signature {
    /// There is none.
    None,
    /// It fits the manifest, by the key that came with the manifest.
    ByItsOwnKey(String),
    /// It fits the manifest, by the key that the caller trusts.
    ByTrustedKey(String),
    /// It does not fit the manifest, or is not there although a key was given: why.
    Refused(String),
}

impl Signature {
    /// Of the bytes of a manifest, by this key; none: by the one in the manifest.
    pub(super) fn of(bytes: &[u8], manifest: &Manifest, trusted: Option<&VerifierKey>) -> Self {
        if manifest.receipt.is_none() && manifest.verifier_key.is_none() {
            return match trusted {
                Some(_) => Self::Refused("it is not signed".to_owned()),
                None => Self::None,
            };
        }
        let own = || manifest.verifier_key.as_deref().unwrap_or_default().parse();
        let key: VerifierKey = match trusted.cloned().map_or_else(own, Ok) {
            Ok(key) => key,
            Err(error) => return Self::Refused(format!("its key cannot be read: {error}")),
        };
        let shown = key.to_string();
        // A log signs with a key of its own name.
        let log = match TrustedLog::new(key.name().to_owned(), vec![key]) {
            Ok(log) => log,
            Err(error) => return Self::Refused(error.to_string()),
        };
        match verify_manifest(bytes, &log) {
            Ok(_) if trusted.is_some() => Self::ByTrustedKey(shown),
            Ok(_) => Self::ByItsOwnKey(shown),
            Err(error) => Self::Refused(match error.source() {
                Some(cause) => format!("{error}: {cause}"),
                None => error.to_string(),
            }),
        }
    }

    /// Why it is not to be believed; none: it fits, or there is none and none was expected.
    pub(super) fn refused(&self) -> Option<&str> {
        match self {
            Self::Refused(why) => Some(why),
            Self::None | Self::ByItsOwnKey(_) | Self::ByTrustedKey(_) => None,
        }
    }

    /// In a word.
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ByItsOwnKey(_) => "own_key",
            Self::ByTrustedKey(_) => "trusted_key",
            Self::Refused(_) => "refused",
        }
    }

    /// The key that it fits.
    pub(super) fn key(&self) -> Option<&str> {
        match self {
            Self::ByItsOwnKey(key) | Self::ByTrustedKey(key) => Some(key),
            Self::None | Self::Refused(_) => None,
        }
    }

    /// In a sentence.
    pub(super) fn words(&self) -> String {
        match self {
            Self::None => "not signed: keep the SHA-256 of the manifest elsewhere".to_owned(),
            Self::ByItsOwnKey(key) => format!(
                "signed by {key}, which came with the manifest: compare it with the one you trust \
                 (--key)"
            ),
            Self::ByTrustedKey(key) => format!("signed by {key}"),
            Self::Refused(why) => format!("the signature does not hold: {why}"),
        }
    }
}
