//! The MAC of a credential's row: whether it says what this ledger wrote.

use super::tokens;
use claimledger_facts::{
    record::Digest32,
    seal::{CredentialClaims, TenantKeys},
    time::Time,
};
use claimledger_ledger::{keys::CredentialRow, log::LogError};

/// What a row says of itself when its MAC does not fit.
const ALTERED: &str = "its roles, its source, its token or its times are not those that were \
                       written: the row was altered";

/// The MAC of a row.
pub(crate) fn of(keys: &TenantKeys, row: &CredentialRow) -> Digest32 {
    keys.credential_mac(&CredentialClaims {
        tenant: &row.tenant,
        credential: &row.credential,
        token_hash: &row.token_hash,
        roles: &row.roles,
        source: row.source.as_deref(),
        created_at: row.created_at,
        revoked_at: row.revoked_at,
    })
}

/// The MAC of a row once it is revoked. A row that was altered keeps its own: revoking it must not
/// make it pass as this ledger's.
pub(crate) fn when_revoked(keys: &TenantKeys, row: CredentialRow, at: Time) -> Digest32 {
    if check(keys, &row).is_err() {
        return row.mac;
    }
    of(keys, &CredentialRow { revoked_at: Some(at), ..row })
}

/// # Errors
/// If the row is not as this ledger wrote it.
pub(crate) fn check(keys: &TenantKeys, row: &CredentialRow) -> Result<(), LogError> {
    if tokens::same(&of(keys, row), &row.mac) {
        return Ok(());
    }
    Err(LogError::damaged("keys", format!("credential, {}", row.credential), ALTERED))
}
