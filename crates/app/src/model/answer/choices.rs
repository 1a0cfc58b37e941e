//! What a question can be narrowed by.

use claimledger_facts::ids::{IdpId, KeyId};

/// What a list of sessions can be filtered by, as known at K.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FilterChoices {
    /// Identity providers.
    pub idps: Choices,
    /// Signing keys.
    pub keys: Choices,
    /// Applications.
    pub apps: Choices,
    /// `amr` values.
    pub amr: Choices,
}

/// IdPs and keys that records up to K name, whatever the records say of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamedIssuers {
    /// Identity providers, in alphabetical order.
    pub idps: Vec<IdpId>,
    /// Signing keys, each with its IdP, in alphabetical order.
    pub keys: Vec<(IdpId, KeyId)>,
    /// Whether there are more of either.
    pub has_more: bool,
}

/// Values of a kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    /// The first ones, in alphabetical order.
    pub values: Vec<String>,
    /// Whether there are more.
    pub has_more: bool,
}
