//! Terms as keys of the dictionary.

use claimledger_ledger::views::{Term, TermKind};
use std::borrow::Borrow;

/// A kind's number, then the value: bytewise order is the order of [`Term`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct TermKey(Box<[u8]>);

impl TermKey {
    pub(super) fn of(term: &Term) -> Self {
        Self::new(term.kind, &term.value)
    }

    pub(super) fn of_session(session: &str) -> Self {
        Self::new(TermKind::Session, session)
    }

    fn new(kind: TermKind, value: &str) -> Self {
        let mut key = Vec::with_capacity(1 + value.len());
        Self::write(kind, value, &mut key);
        Self(key.into())
    }

    /// Replaces the key, reusing its buffer.
    pub(super) fn write(kind: TermKind, value: &str, into: &mut Vec<u8>) {
        into.clear();
        into.push(kind.code());
        into.extend_from_slice(value.as_bytes());
    }

    pub(super) fn from_bytes(key: Vec<u8>) -> Self {
        Self(key.into())
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0.into()
    }
}

/// Owned and borrowed keys have the same hash, so that a look-up needs no owned key.
impl Borrow<[u8]> for TermKey {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

/// Kind and value, formatted as in a dump.
pub(super) fn to_text(key: &[u8]) -> String {
    let (code, value) = key.split_first().map_or((0, key), |(code, value)| (*code, value));
    let kind = TermKind::from_code(code)
        .map_or_else(|| format!("kind {code}"), |kind| format!("{kind:?}"));
    format!("{kind} {}", String::from_utf8_lossy(value))
}
