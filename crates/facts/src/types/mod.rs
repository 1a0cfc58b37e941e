//! The fact types, one file a noun, each at its current version.

pub mod access;
pub mod account;
pub mod activity;
pub mod app;
pub mod authenticator;
pub mod claims;
pub mod configuration;
pub mod erasure;
pub mod factor;
pub mod hold;
pub mod idp;
pub mod idp_session;
pub mod ledger;
pub mod object;
pub mod org;
pub mod policy;
pub mod session;
pub mod sign_in;
pub mod source;
pub mod subject;
pub mod trust;

/// What every fact type's file needs.
mod prelude {
    pub(super) use crate::{ids::*, time::Time, vocabulary::*};
    pub(super) use schemars::JsonSchema;
    pub(super) use serde::{Deserialize, Serialize};
    pub(super) use serde_with_macros::skip_serializing_none;
}
