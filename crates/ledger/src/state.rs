//! The state store interface: small values of a tenant that are neither records nor keys, such as
//! the cursor of a poller and what the next look at a configuration is compared with.
//!
//! Several writers may hold the same key, so a value is replaced by compare-and-set only.

use crate::log::{LogError, Stopped};
use async_trait::async_trait;
use claimledger_facts::ids::TenantId;

/// Maximum bytes of a value.
pub const MAX_STATE_BYTES: usize = 16 * 1024 * 1024;
/// Maximum bytes of a key.
pub const MAX_STATE_KEY_BYTES: usize = 1024;

/// A value, and the version that the next write of it must expect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned {
    /// At least 1. No version of a key is used twice, not even after a removal.
    pub version: u64,
    /// The value.
    pub value: Vec<u8>,
}

/// Why a state was not read or written.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The key has another version than expected. Nothing was written.
    #[error("the state `{key}` was changed by another writer: it has version {current}")]
    Conflict {
        /// The key.
        key: String,
        /// Its current version; 0: it is absent.
        current: u64,
    },
    /// The value is larger than [`MAX_STATE_BYTES`].
    #[error("the state `{key}` has {bytes} bytes; it may have {MAX_STATE_BYTES}")]
    TooLarge {
        /// The key.
        key: String,
        /// The size of the value.
        bytes: usize,
    },
    /// The key has a form that not every engine can store.
    #[error("the key of a state has 1 to {MAX_STATE_KEY_BYTES} bytes, and no control characters")]
    Key,
    /// See [`LogError`]. The outcome of a write may be unknown: load the key again.
    #[error(transparent)]
    Log(#[from] LogError),
}

/// The states of all tenants. Writes are durable when they return.
#[async_trait]
pub trait StateStore: Send + Sync + 'static {
    /// The value of a key; none: it is absent.
    async fn load(&self, tenant: &TenantId, key: &str) -> Result<Option<Versioned>, StateError>;

    /// Replaces the value if the key has the version `expected`; 0: it is absent. Returns the new
    /// version.
    async fn store(
        &self,
        tenant: &TenantId,
        key: &str,
        expected: u64,
        value: &[u8],
    ) -> Result<u64, StateError>;

    /// Removes the value if the key has the version `expected`. Removing an absent key with
    /// `expected` 0 changes nothing.
    async fn remove(&self, tenant: &TenantId, key: &str, expected: u64) -> Result<(), StateError>;

    /// The tenant's keys that begin with `prefix`, bytewise.
    async fn keys(&self, tenant: &TenantId, prefix: &str) -> Result<Vec<String>, StateError>;

    /// Reads and validates every value.
    async fn check(&self) -> Result<(), LogError> {
        Ok(())
    }

    /// Why writes are refused; none: writes are accepted, as far as is known.
    fn stopped(&self) -> Option<Stopped> {
        None
    }
}

/// Validates a key and a value independently of the engine's state.
///
/// # Errors
/// [`StateError::Key`], [`StateError::TooLarge`].
pub fn check_state(key: &str, value: &[u8]) -> Result<(), StateError> {
    if !(1..=MAX_STATE_KEY_BYTES).contains(&key.len()) || key.chars().any(char::is_control) {
        return Err(StateError::Key);
    }
    if value.len() > MAX_STATE_BYTES {
        return Err(StateError::TooLarge { key: key.to_owned(), bytes: value.len() });
    }
    Ok(())
}

/// Compares the current version with the expected one.
///
/// # Errors
/// [`StateError::Conflict`].
pub fn check_version(key: &str, current: u64, expected: u64) -> Result<(), StateError> {
    if current == expected {
        return Ok(());
    }
    Err(StateError::Conflict { key: key.to_owned(), current })
}
