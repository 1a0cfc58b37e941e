//! The MAC of a credential's row.

use crate::common::*;
use claimledger_facts::{
    ids::TenantId,
    random::SystemRandom,
    record::Digest32,
    seal::{CredentialClaims, TenantKeys},
    time::Time,
};
use std::collections::BTreeSet;

#[test]
fn the_mac_of_a_credential_covers_each_part_of_it() {
    let (tenant, other) = (tenant(), TenantId::from("other"));
    let words = |text: &str| text.split(',').map(str::to_owned).collect::<Vec<_>>();
    let (roles, more, joined) = (words("ingest,read"), words("govern,read"), words("ingest read"));
    let at = Time::from_micros(1_773_144_000_000_000);
    let hashes = [Digest32([1; 32]), Digest32([2; 32])];
    let claims = CredentialClaims {
        tenant: &tenant,
        credential: "c-1",
        token_hash: &hashes[0],
        roles: &roles,
        source: Some("okta"),
        created_at: at,
        revoked_at: None,
    };
    let all = [
        claims,
        CredentialClaims { tenant: &other, ..claims },
        CredentialClaims { credential: "c-2", ..claims },
        CredentialClaims { token_hash: &hashes[1], ..claims },
        CredentialClaims { roles: &more, ..claims },
        CredentialClaims { roles: &joined, ..claims },
        CredentialClaims { roles: &[], ..claims },
        CredentialClaims { source: None, ..claims },
        CredentialClaims { source: Some(""), ..claims },
        CredentialClaims { created_at: Time::EPOCH, ..claims },
        CredentialClaims { revoked_at: Some(at), ..claims },
        CredentialClaims { revoked_at: Some(Time::EPOCH), ..claims },
    ];
    let keys = tenant_keys();
    let macs: BTreeSet<_> = all.iter().map(|claims| keys.credential_mac(claims).0).collect();
    assert_eq!(macs.len(), all.len());
    assert_eq!(keys.credential_mac(&claims), keys.credential_mac(&all[0]));
    let others = TenantKeys::generate(&SystemRandom);
    assert!(!macs.contains(&others.credential_mac(&claims).0));
}
