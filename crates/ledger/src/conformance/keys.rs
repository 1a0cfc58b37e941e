//! Conformance of key stores.

use super::{Check, run_all};
use crate::{
    keys::{CredentialRow, KeyStore, PersonRow, StoredPerson, TenantKeysRow},
    log::LogError,
};
use claimledger_facts::{
    ids::{Pseudonym, TenantId},
    record::Digest32,
    time::Time,
};
use std::{future::Future, sync::Arc};

/// Runs the suite. `make` gives an empty key store each time it is called.
///
/// # Panics
/// If the engine violates the contract of the trait.
pub async fn keys<K: KeyStore, F: Future<Output = K>>(make: impl Fn() -> F) {
    run_all(keys_checks(&make)).await;
}

/// The checks of the suite, to run one by one.
pub fn keys_checks<'a, K, F>(make: &'a impl Fn() -> F) -> Vec<Check<'a>>
where
    K: KeyStore,
    F: Future<Output = K> + 'a,
{
    vec![
        Check::new("keys of tenants are kept", async { keeps_tenant_keys(&make().await).await }),
        Check::new("keys of persons are kept", async { keeps_persons(&make().await).await }),
        Check::new("a destroyed key stays destroyed", async { destroys_keys(&make().await).await }),
        Check::new("credentials are kept", async { keeps_credentials(&make().await).await }),
    ]
}

/// [`races_of_destroyed_keys`] as a check, without the demand that the writer was first in some
/// races and last in others: that depends on the network.
pub fn races_checks<'a, K, F>(make: &'a impl Fn() -> F, races: usize) -> Vec<Check<'a>>
where
    K: KeyStore + 'static,
    F: Future<Output = K> + 'a,
{
    vec![Check::new("a destroyed key stays destroyed in races", async move {
        race(Arc::new(make().await), races).await;
    })]
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
    let rows = [person("p1", 1, &[10, 11]), person("p2", 2, &[10])];
    assert_eq!(
        keys.add_persons(&acme, &rows).await.unwrap(),
        rows.clone().map(StoredPerson::Live),
        "each as it is stored"
    );
    keys.add_persons(&other, &[person("p9", 1, &[10])]).await.unwrap();
    assert_eq!(
        keys.person(&acme, &Pseudonym::from("p1")).await.unwrap(),
        Some(StoredPerson::Live(person("p1", 1, &[10, 11])))
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

    // Two writers may add one person concurrently: the first row stays, with the aliases of both.
    let stored =
        keys.add_persons(&acme, &[person("p3", 1, &[12, 11]), person("p4", 4, &[])]).await.unwrap();
    assert_eq!(
        stored,
        [person("p1", 1, &[10, 11, 12]), person("p4", 4, &[])].map(StoredPerson::Live),
        "who lost gets the winner, with the aliases of both"
    );
    assert_eq!(keys.person(&acme, &Pseudonym::from("p3")).await.unwrap(), None);
    assert_eq!(
        keys.person_by_id(&acme, &Digest32([1; 32])).await.unwrap(),
        Some(person("p1", 1, &[10, 11, 12]))
    );
    assert_eq!(
        keys.person(&acme, &Pseudonym::from("p4")).await.unwrap(),
        Some(StoredPerson::Live(person("p4", 4, &[])))
    );
    assert_eq!(keys.add_persons(&acme, &[]).await.unwrap(), []);
    // The same for duplicates within one call.
    let stored =
        keys.add_persons(&acme, &[person("p5", 5, &[20]), person("p6", 5, &[21])]).await.unwrap();
    assert!(
        stored.iter().all(
            |stored| matches!(stored, StoredPerson::Live(row) if row.pseudonym.as_str() == "p5")
        ),
        "{stored:?}"
    );
    assert_eq!(
        keys.person_by_id(&acme, &Digest32([5; 32])).await.unwrap(),
        Some(person("p5", 5, &[20, 21]))
    );
}

async fn destroys_keys(keys: &impl KeyStore) {
    let (acme, other, p1) =
        (TenantId::from("acme"), TenantId::from("other"), Pseudonym::from("p1"));
    keys.add_persons(&acme, &[person("p1", 1, &[10, 11]), person("p2", 2, &[10])]).await.unwrap();
    keys.add_persons(&other, &[person("p1", 1, &[10])]).await.unwrap();
    let before = keys.destructions(&acme).await.unwrap();
    assert!(!keys.has_destroyed(&acme).await.unwrap());
    for again in [false, true] {
        keys.destroy(&acme, &p1).await.unwrap();
        assert_destroyed(keys, &acme, &person("p1", 1, &[10, 11])).await;
        assert!(again || keys.destructions(&acme).await.unwrap() != before, "holders must hear");
    }
    assert!(keys.has_destroyed(&acme).await.unwrap());
    assert!(!keys.has_destroyed(&other).await.unwrap(), "tenants are apart");
    let p2 = person("p2", 2, &[10]);
    assert_eq!(
        keys.persons_by_alias(&acme, &Digest32([10; 32])).await.unwrap(),
        std::slice::from_ref(&p2)
    );
    assert_eq!(keys.persons(&acme, None, 9).await.unwrap(), std::slice::from_ref(&p2));
    assert_eq!(
        keys.person(&other, &p1).await.unwrap(),
        Some(StoredPerson::Live(person("p1", 1, &[10]))),
        "of another tenant"
    );

    // Neither a cached row nor a new alias of it restores the key.
    for late in [person("p1", 1, &[10, 11]), person("p1", 1, &[12]), person("p1", 3, &[12])] {
        let stored = keys.add_persons(&acme, &[late.clone(), p2.clone()]).await.unwrap();
        assert_eq!(stored, [StoredPerson::Destroyed, StoredPerson::Live(p2.clone())]);
        assert_destroyed(keys, &acme, &late).await;
    }
    assert_eq!(keys.persons_by_alias(&acme, &Digest32([12; 32])).await.unwrap(), []);

    // The same id later makes a new person, who gets no late aliases of the old one.
    let new = person("p7", 1, &[10]);
    assert_eq!(
        keys.add_persons(&acme, std::slice::from_ref(&new)).await.unwrap(),
        [StoredPerson::Live(new.clone())]
    );
    let late = keys.add_persons(&acme, &[person("p1", 1, &[13])]).await.unwrap();
    assert_eq!(late, [StoredPerson::Destroyed]);
    assert_eq!(keys.person_by_id(&acme, &Digest32([1; 32])).await.unwrap(), Some(new));

    // A pseudonym that is destroyed before it is added cannot be added.
    keys.destroy(&acme, &Pseudonym::from("p8")).await.unwrap();
    let late = keys.add_persons(&acme, &[person("p8", 8, &[18])]).await.unwrap();
    assert_eq!(late, [StoredPerson::Destroyed]);
    assert_destroyed(keys, &acme, &person("p8", 8, &[18])).await;

    lists_destroyed_keys(keys, &acme).await;
}

/// Of `acme`, the keys of `p1` and `p8` are destroyed; of another tenant, none.
async fn lists_destroyed_keys(keys: &impl KeyStore, acme: &TenantId) {
    keys.destroy(acme, &Pseudonym::from("P9")).await.unwrap();
    let all = ["P9", "p1", "p8"].map(Pseudonym::from);
    assert_eq!(keys.destroyed(acme, None, 9).await.unwrap(), all, "bytewise");
    assert_eq!(keys.destroyed(acme, None, 2).await.unwrap(), all[..2]);
    assert_eq!(keys.destroyed(acme, Some(&all[1]), 9).await.unwrap(), all[2..]);
    assert_eq!(keys.destroyed(acme, Some(&all[2]), 9).await.unwrap(), []);
    assert_eq!(keys.destroyed(&TenantId::from("other"), None, 9).await.unwrap(), []);
}

async fn assert_destroyed(keys: &impl KeyStore, tenant: &TenantId, row: &PersonRow) {
    let pseudonym = &row.pseudonym;
    assert_eq!(keys.person(tenant, pseudonym).await.unwrap(), Some(StoredPerson::Destroyed));
    let mut found = keys.persons(tenant, None, 10_000).await.unwrap();
    found.extend(keys.person_by_id(tenant, &row.id_index).await.unwrap());
    for alias in &row.alias_index {
        found.extend(keys.persons_by_alias(tenant, alias).await.unwrap());
    }
    assert!(found.iter().all(|found| found.pseudonym != *pseudonym), "{pseudonym} came back");
}

/// Races a destruction against a writer that has the person in memory: once against a new alias,
/// once against the person as it was added. The key stays destroyed in any order. Needs a
/// runtime of several threads.
///
/// # Panics
/// If a key is restored.
pub async fn races_of_destroyed_keys<K: KeyStore + 'static>(keys: Arc<K>, races: usize) {
    let added = race(keys, races).await;
    assert!(0 < added && added < races, "both came first: the writer {added} times of {races}");
}

/// Runs the races, and returns in how many of them the writer was first.
async fn race<K: KeyStore + 'static>(keys: Arc<K>, races: usize) -> usize {
    let tenant = TenantId::from("acme");
    let row = |n: usize, alias: u8| {
        let mut id = [alias; 32];
        id[..8].copy_from_slice(&n.to_be_bytes());
        PersonRow {
            id_index: Digest32(id),
            alias_index: vec![Digest32([alias; 32])],
            ..person(&format!("p{n}"), 0, &[])
        }
    };
    let there: Vec<_> = (0..races).step_by(2).map(|n| row(n, 1)).collect();
    keys.add_persons(&tenant, &there).await.unwrap();
    let mut added = 0;
    for n in 0..races {
        // Every second person is not added yet: then the row itself races.
        let late = PersonRow { alias_index: vec![Digest32([2; 32])], ..row(n, 1) };
        let start = Arc::new(tokio::sync::Barrier::new(2));
        let destroying = tokio::spawn({
            let (keys, tenant, start) = (Arc::clone(&keys), tenant.clone(), Arc::clone(&start));
            let pseudonym = late.pseudonym.clone();
            async move {
                start.wait().await;
                keys.destroy(&tenant, &pseudonym).await.unwrap();
            }
        });
        start.wait().await;
        let stored = keys.add_persons(&tenant, std::slice::from_ref(&late)).await.unwrap();
        added += usize::from(stored != [StoredPerson::Destroyed]);
        destroying.await.unwrap();
        let now = keys.person(&tenant, &late.pseudonym).await.unwrap();
        assert_eq!(now, Some(StoredPerson::Destroyed), "race {n}");
        assert_eq!(keys.person_by_id(&tenant, &late.id_index).await.unwrap(), None, "race {n}");
    }
    assert_eq!(keys.persons(&tenant, None, races).await.unwrap(), []);
    assert_eq!(keys.persons_by_alias(&tenant, &Digest32([2; 32])).await.unwrap(), []);
    added
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
        mac: Digest32([hash | 0x80; 32]),
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
    let (mac, later) = (Digest32([0xf1; 32]), Digest32([0xf2; 32]));
    assert!(keys.revoke_credential(&acme, "c1", first, &mac).await.unwrap());
    let twice = keys.revoke_credential(&acme, "c1", second, &later).await.unwrap();
    assert!(twice, "twice is allowed");
    assert!(!keys.revoke_credential(&acme, "c9", first, &mac).await.unwrap(), "there is none");
    let expect = CredentialRow { revoked_at: Some(first), mac, ..row("acme", "c1", 2) };
    assert_eq!(
        keys.credential(&Digest32([2; 32])).await.unwrap(),
        Some(expect),
        "the first time counts, with its MAC"
    );
    assert_eq!(
        keys.credential(&Digest32([3; 32])).await.unwrap().unwrap().revoked_at,
        None,
        "of another tenant"
    );
}
