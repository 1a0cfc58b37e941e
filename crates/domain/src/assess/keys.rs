//! Whether the key that signed an assertion was valid when it arrived (`semantics.md` 12).
//!
//! Source: our own reading of key rotation: valid in [added, retired). While an IdP has never had a
//! key stated, keys are not checked; once it has, a key never added is void; a claim that names no
//! key is not checked. The keys of an IdP are part of it: where it was saved between two looks,
//! they may have been others meanwhile.

use crate::{
    codes,
    history::{HistoryCut, KeyChange, Stated},
};
use claimledger_facts::{
    ids::{IdpId, KeyId},
    time::{Occurred, Time},
};

pub(crate) const ID: &str = "keys";

/// How a key stood.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Standing<'a> {
    /// The assertion names no key.
    NotNamed,
    /// The IdP has no key stated by then.
    NotChecked,
    /// Added and not retired by then.
    Valid { added: &'a Stated<KeyChange>, retired_later: Option<&'a Stated<KeyChange>> },
    /// Not added by then; perhaps later.
    Unknown { added_later: Option<&'a Stated<KeyChange>> },
    /// Retired by then; without `added`, it was never added either.
    Retired { added: Option<&'a Stated<KeyChange>>, retired: &'a Stated<KeyChange> },
}

impl Standing<'_> {
    /// Why the assertion is void on account of its key.
    pub(crate) fn void(self) -> Vec<&'static str> {
        match self {
            Self::NotNamed | Self::NotChecked | Self::Valid { .. } => vec![],
            Self::Unknown { .. } => vec![codes::KEY_UNKNOWN],
            Self::Retired { added: Some(_), .. } => vec![codes::KEY_RETIRED],
            Self::Retired { added: None, .. } => vec![codes::KEY_UNKNOWN, codes::KEY_RETIRED],
        }
    }
}

/// How the key stood when the assertion arrived: one standing where that is certain, several where
/// an interval leaves it open. Later changes up to T are looked at only to be told.
pub(crate) fn standings<'a>(
    history: HistoryCut<'a>,
    idp: &IdpId,
    key: Option<&KeyId>,
    received: Occurred,
    at: Time,
) -> Vec<Standing<'a>> {
    let Some(key) = key else { return vec![Standing::NotNamed] };
    let begun =
        history.trust().key_changes(idp).find(|change| change.occurred.from <= received.latest());
    let Some(first) = begun else { return vec![Standing::NotChecked] };
    let of_key =
        || history.trust().key_changes(idp).filter(|c| c.data.key == *key && c.occurred.from <= at);
    let later = |added: bool| {
        of_key().find(|c| c.data.added == added && c.occurred.from > received.latest())
    };
    let mut standings: Vec<Standing<'a>> = history
        .trust()
        .key(idp, key, received)
        .options
        .into_iter()
        .map(|change| match change {
            None => Standing::Unknown { added_later: later(true) },
            Some(added) if added.data.added => {
                Standing::Valid { added, retired_later: later(false) }
            }
            Some(retired) => Standing::Retired {
                added: of_key()
                    .filter(|c| c.data.added && c.occurred.from <= retired.occurred.from)
                    .last(),
                retired,
            },
        })
        .collect();
    // The IdP's very first key may have been stated only after the assertion arrived: then keys
    // were not checked at all.
    if first.occurred.latest() > received.from {
        standings.push(Standing::NotChecked);
    }
    // What keys the IdP named meanwhile no look saw.
    if history.trust().idp(idp, received).unseen() {
        standings.extend([Standing::NotChecked, Standing::Unknown { added_later: None }]);
    }
    standings
}
