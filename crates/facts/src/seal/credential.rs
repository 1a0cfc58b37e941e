//! What a credential may do, authenticated: a key store holds it in the clear, and who can write to
//! that store must not be able to widen it.

use super::{cipher, keys::TenantKeys};
use crate::{ids::TenantId, record::Digest32, time::Time};

/// Everything that the row of a credential says.
#[derive(Clone, Copy, Debug)]
pub struct CredentialClaims<'a> {
    /// Its tenant.
    pub tenant: &'a TenantId,
    /// Its public id.
    pub credential: &'a str,
    /// SHA-256 of the token.
    pub token_hash: &'a Digest32,
    /// Words of the vocabulary `Role`, in the order of the row.
    pub roles: &'a [String],
    /// The source it may append as.
    pub source: Option<&'a str>,
    /// When it was created.
    pub created_at: Time,
    /// When it was revoked.
    pub revoked_at: Option<Time>,
}

impl TenantKeys {
    /// HMAC-SHA-256 of a credential's row under a key that is derived for this alone. Deterministic
    /// CBOR, so that no two rows are the same bytes.
    #[must_use]
    pub fn credential_mac(&self, claims: &CredentialClaims<'_>) -> Digest32 {
        let roles = claims.roles.len() as u64;
        self.mac_credential(&cipher::cbor(192, |e| {
            e.array(7)?.str(claims.tenant.as_str())?.str(claims.credential)?;
            e.bytes(&claims.token_hash.0)?.array(roles)?;
            for role in claims.roles {
                e.str(role)?;
            }
            match claims.source {
                Some(source) => e.str(source)?,
                None => e.null()?,
            };
            e.i64(claims.created_at.micros())?;
            match claims.revoked_at {
                Some(at) => e.i64(at.micros())?,
                None => e.null()?,
            };
            Ok(())
        }))
    }
}
