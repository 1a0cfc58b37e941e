//! `source.heard`, `source.silent`, `source.backfilled`.

use super::prelude::*;

/// `source.heard`: everything of the source up to a time has been heard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SourceHeard {
    /// Up to when.
    pub until: Time,
    /// On what that rests.
    pub basis: HeardBasis,
}

/// `source.silent`: nothing was heard in this time, and something may be missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SourceSilent {
    /// From, inclusive.
    pub from: Time,
    /// Until, exclusive.
    pub until: Time,
}

/// `source.backfilled`: what was missing in this time has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SourceBackfilled {
    /// From, inclusive.
    pub from: Time,
    /// Until, exclusive.
    pub until: Time,
}
