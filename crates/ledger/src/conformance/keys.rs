//! What every key store must do.

use crate::{
    keys::{CredentialRow, KeyStore, PersonRow, TenantKeysRow},
    log::LogError,
};
use claimledger_facts::{
    ids::{Pseudonym, TenantId},
    record::Digest32,
    time::Time,
};
use std::future::Future;

/// Runs the suite. `make` gives an empty key store each time it is called.
///
/// # Panics
/// If the engine is not as the seam says.
pub async fn keys<K: KeyStore, F: Future<Output = K>>(make: impl Fn() -> F) {
    keeps_tenant_keys(&make().await).await;
    keeps_persons(&make().await).await;
    keeps_credentials(&make().await).await;
}

async fn keeps_tenant_keys(keys: &impl KeyStore) {
    let row = |tenant: &str, byte| TenantKeysRow {
        tenant: TenantId::from(tenant),
        wrapped: vec![byte; 100],
    };
    assert_eq!(keys.tenant(&TenantId::from("acme")).await.unwrap(), None);
    for (tenant, byte) in [("b", 1), ("a", 2), ("B", 3)] {
        keys.add_tenant(&row(tenant, byte)).await.unwrap();
    }
    let again = keys.add_tenant(&row("a", 9)).await;
    assert!(matches!(again, Err(LogError::Unavailable { .. })), "{again:?}");
    assert_eq!(
        keys.tenant(&TenantId::from("a")).await.unwrap(),
        Some(row("a", 2)),
        "the first stays"
    );
    assert_eq!(keys.tenants().await.unwrap(), ["B", "a", "b"].map(TenantId::from), "bytewise");
}

fn person(name: &str, id: u8, aliases: &[u8]) -> PersonRow {
    PersonRow {
        pseudonym: Pseudonym::from(name),
        wrapped: name.as_bytes().to_vec(),
        id_index: Digest32([id; 32]),
        alias_index: aliases.iter().map(|alias| Digest32([*alias; 32])).collect(),
    }
}

async fn keeps_persons(keys: &impl KeyStore) {
    let (acme, other) = (TenantId::from("acme"), TenantId::from("other"));
    keys.add_persons(&acme, &[person("p1", 1, &[10, 11]), person("p2", 2, &[10])]).await.unwrap();
    keys.add_persons(&other, &[person("p9", 1, &[10])]).await.unwrap();
    assert_eq!(
        keys.person(&acme, &Pseudonym::from("p1")).await.unwrap(),
        Some(person("p1", 1, &[10, 11]))
    );
    assert_eq!(
        keys.person(&acme, &Pseudonym::from("p9")).await.unwrap(),
        None,
        "of another tenant"
    );
    assert_eq!(
        keys.person_by_id(&acme, &Digest32([2; 32])).await.unwrap(),
        Some(person("p2", 2, &[10]))
    );
    assert_eq!(keys.person_by_id(&acme, &Digest32([3; 32])).await.unwrap(), None);
    assert_eq!(
        keys.persons_by_alias(&acme, &Digest32([10; 32])).await.unwrap(),
        [person("p1", 1, &[10, 11]), person("p2", 2, &[10])]
    );
    assert_eq!(keys.persons_by_alias(&other, &Digest32([11; 32])).await.unwrap(), []);
    let (first, after) = (keys.persons(&acme, None, 1).await.unwrap(), Pseudonym::new("p1"));
    assert_eq!((first.len(), &first[0].pseudonym), (1, &after));
    let second = keys.persons(&acme, Some(&after), 1).await.unwrap();
    assert_eq!((second.len(), second[0].pseudonym.as_str()), (1, "p2"));
    assert_eq!(keys.persons(&acme, Some(&Pseudonym::new("p9")), 9).await.unwrap(), []);

    // Two writers may name one person at once: who is there stays, the aliases come together.
    keys.add_persons(&acme, &[person("p3", 1, &[12, 11]), person("p4", 4, &[])]).await.unwrap();
    assert_eq!(keys.person(&acme, &Pseudonym::from("p3")).await.unwrap(), None);
    assert_eq!(
        keys.person_by_id(&acme, &Digest32([1; 32])).await.unwrap(),
        Some(person("p1", 1, &[10, 11, 12]))
    );
    assert_eq!(
        keys.person(&acme, &Pseudonym::from("p4")).await.unwrap(),
        Some(person("p4", 4, &[]))
    );
    keys.add_persons(&acme, &[]).await.unwrap();
    // Twice in one call is one person too.
    keys.add_persons(&acme, &[person("p5", 5, &[20]), person("p6", 5, &[21])]).await.unwrap();
    assert_eq!(
        keys.person_by_id(&acme, &Digest32([5; 32])).await.unwrap(),
        Some(person("p5", 5, &[20, 21]))
    );
}

async fn keeps_credentials(keys: &impl KeyStore) {
    let row = |tenant: &str, credential: &str, hash: u8| CredentialRow {
        tenant: TenantId::from(tenant),
        credential: credential.to_owned(),
        token_hash: Digest32([hash; 32]),
        roles: vec!["read".to_owned(), "ingest".to_owned()],
        source: (hash == 1).then(|| "okta".to_owned()),
        created_at: Time::EPOCH.plus_secs(hash.into()),
        revoked_at: None,
    };
    for added in [row("acme", "c2", 1), row("acme", "c1", 2), row("other", "c1", 3)] {
        keys.add_credential(&added).await.unwrap();
    }
    assert!(keys.add_credential(&row("acme", "c1", 4)).await.is_err(), "an id is taken once");
    assert!(
        keys.add_credential(&row("other", "c9", 1)).await.is_err(),
        "a token is one credential's"
    );
    assert_eq!(keys.credential(&Digest32([3; 32])).await.unwrap(), Some(row("other", "c1", 3)));
    assert_eq!(keys.credential(&Digest32([4; 32])).await.unwrap(), None);
    let acme = TenantId::from("acme");
    assert_eq!(
        keys.credentials(&acme).await.unwrap(),
        [row("acme", "c1", 2), row("acme", "c2", 1)]
    );

    let (first, second) = (Time::EPOCH.plus_secs(50), Time::EPOCH.plus_secs(60));
    assert!(keys.revoke_credential(&acme, "c1", first).await.unwrap());
    assert!(keys.revoke_credential(&acme, "c1", second).await.unwrap(), "twice is allowed");
    assert!(!keys.revoke_credential(&acme, "c9", first).await.unwrap(), "there is none");
    assert_eq!(
        keys.credential(&Digest32([2; 32])).await.unwrap().unwrap().revoked_at,
        Some(first),
        "the first time counts"
    );
    assert_eq!(
        keys.credential(&Digest32([3; 32])).await.unwrap().unwrap().revoked_at,
        None,
        "of another tenant"
    );
}
