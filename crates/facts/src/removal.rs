//! Sealed bodies that may be removed: by retention, or by the erasure of the people they are about.
//!
//! A header commits to its sealed bodies by hash, so a body can go and the leaf stays. Why it went
//! is stored beside the record, outside what the leaf covers. A body that is missing without a
//! stated reason is damage.

use crate::{record::CorruptRecord, time::Time, vocabulary::RemovalReason};
use minicbor::{Decoder, Encoder, decode, encode};
use std::convert::Infallible;

/// Which sealed body of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BodyKind {
    /// The sealed blocks of people, all of them.
    Personal,
    /// The bytes received.
    Original,
}

impl BodyKind {
    /// Both, in the order of the record.
    pub const ALL: [Self; 2] = [Self::Personal, Self::Original];

    /// The word that answers use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Personal => "personal",
            Self::Original => "original",
        }
    }
}

/// Why a body is gone, and since when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    /// The reason that was stated.
    pub reason: RemovalReason,
    /// When it was removed, by the ledger's clock.
    pub at: Time,
}

/// A sealed body, as an engine stores it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SealedBody {
    /// Its bytes, framed.
    Present(Vec<u8>),
    /// It was removed.
    Removed(Removal),
}

impl SealedBody {
    /// Its bytes; none: it was removed.
    #[must_use]
    pub fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Present(bytes) => Some(bytes),
            Self::Removed(_) => None,
        }
    }

    /// Why it is gone; none: it is there.
    #[must_use]
    pub const fn removal(&self) -> Option<&Removal> {
        match self {
            Self::Present(_) => None,
            Self::Removed(removal) => Some(removal),
        }
    }

    /// Its size in an append, in bytes.
    pub(crate) fn size(&self) -> usize {
        self.bytes().map_or(0, <[u8]>::len)
    }

    /// Removes it. The first stated reason stays.
    pub(crate) fn remove(&mut self, removal: &Removal) {
        if matches!(self, Self::Present(_)) {
            *self = Self::Removed(removal.clone());
        }
    }
}

impl Removal {
    /// The bytes that an engine stores: `[reason, at]` in deterministic CBOR.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(24);
        let written = (|| -> Result<(), encode::Error<Infallible>> {
            Encoder::new(&mut out).array(2)?.str(self.reason.as_str())?.i64(self.at.micros())?.ok()
        })();
        if written.is_err() {
            unreachable!("memory takes every byte");
        }
        out
    }

    /// Reads what [`Self::encode`] wrote. An unknown reason is kept as it is.
    ///
    /// # Errors
    /// If it does not read, or is spelled otherwise.
    pub fn decode(bytes: &[u8]) -> Result<Self, CorruptRecord> {
        let mut d = Decoder::new(bytes);
        let read = (|| {
            d.array()?;
            Ok(Self { reason: RemovalReason::parse(d.str()?), at: Time::from_micros(d.i64()?) })
        })()
        .map_err(|error: decode::Error| {
            CorruptRecord::new(format!("why a body was removed does not read: {error}"))
        })?;
        if read.encode() != bytes {
            return Err(CorruptRecord::new(
                "why a body was removed is not in its one deterministic form",
            ));
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_removal_reads_as_it_was_written_and_an_unknown_reason_is_kept() {
        for (reason, hex) in [
            ("retention", "8269726574656e74696f6e1903e8"),
            ("erasure", "826765726173757265 1903e8"),
            ("court_order", "826b636f7572745f6f726465721903e8"),
        ] {
            let removal =
                Removal { reason: RemovalReason::parse(reason), at: Time::from_micros(1000) };
            let bytes = removal.encode();
            assert_eq!(data_encoding::HEXLOWER.encode(&bytes), hex.replace(' ', ""));
            assert_eq!(Removal::decode(&bytes).unwrap(), removal);
            assert_eq!(removal.reason.as_str(), reason);
        }
        assert_eq!(RemovalReason::parse("erasure"), RemovalReason::Erasure);
    }

    #[test]
    fn any_other_spelling_is_refused() {
        let bytes = Removal { reason: RemovalReason::Retention, at: Time::EPOCH }.encode();
        for (bytes, expect) in [
            (Vec::new(), "does not read"),
            (bytes[..bytes.len() - 1].to_vec(), "does not read"),
            ([bytes.as_slice(), &[0]].concat(), "not in its one deterministic form"),
            ([&[0x83], &bytes[1..]].concat(), "not in its one deterministic form"),
        ] {
            let error = Removal::decode(&bytes).unwrap_err();
            assert!(error.what.contains(expect), "{error}");
        }
    }
}
