//! One identifier gives one pseudonym, under concurrent look-ups and failing writes.

use super::{cache::MAX_CACHED, *};
use async_trait::async_trait;
use claimledger_facts::{indicator::Indicator, random::SystemRandom, time::Time};
use claimledger_ledger::{
    keys::{CredentialRow, TenantKeysRow},
    memory::MemoryKeys,
};

/// A slow store: it yields before each answer. It can be set to fail.
#[derive(Default)]
struct Slow {
    store: MemoryKeys,
    failing: std::sync::atomic::AtomicBool,
    /// The next lookup takes this, and waits for it before it returns its result.
    held: Mutex<Option<Arc<tokio::sync::Notify>>>,
    /// The next write of keys takes this, and waits for it after it has written.
    held_write: Mutex<Option<Arc<tokio::sync::Notify>>>,
}

#[async_trait]
impl KeyStore for Slow {
    async fn add_tenant(&self, row: &TenantKeysRow) -> Result<(), LogError> {
        self.store.add_tenant(row).await
    }
    async fn tenant(&self, tenant: &TenantId) -> Result<Option<TenantKeysRow>, LogError> {
        self.store.tenant(tenant).await
    }
    async fn tenants(&self) -> Result<Vec<TenantId>, LogError> {
        self.store.tenants().await
    }
    async fn add_persons(
        &self,
        tenant: &TenantId,
        rows: &[PersonRow],
    ) -> Result<Vec<StoredPerson>, LogError> {
        tokio::task::yield_now().await;
        if self.failing.load(std::sync::atomic::Ordering::Relaxed) {
            return Err(LogError::unavailable("set to fail"));
        }
        let written = self.store.add_persons(tenant, rows).await;
        let held = self.held_write.lock().take();
        if let Some(held) = held {
            held.notified().await;
        }
        written
    }
    async fn person(
        &self,
        tenant: &TenantId,
        pseudonym: &Pseudonym,
    ) -> Result<Option<StoredPerson>, LogError> {
        self.store.person(tenant, pseudonym).await
    }
    async fn destroy(&self, tenant: &TenantId, pseudonym: &Pseudonym) -> Result<(), LogError> {
        self.store.destroy(tenant, pseudonym).await
    }
    async fn destructions(&self, tenant: &TenantId) -> Result<u64, LogError> {
        self.store.destructions(tenant).await
    }
    async fn destroyed(
        &self,
        tenant: &TenantId,
        after: Option<&Pseudonym>,
        max: usize,
    ) -> Result<Vec<Pseudonym>, LogError> {
        self.store.destroyed(tenant, after, max).await
    }
    async fn person_by_id(
        &self,
        tenant: &TenantId,
        index: &Digest32,
    ) -> Result<Option<PersonRow>, LogError> {
        let found = self.store.person_by_id(tenant, index).await;
        let held = self.held.lock().take();
        if let Some(held) = held {
            held.notified().await;
        }
        for _ in 0..5 {
            tokio::task::yield_now().await;
        }
        found
    }
    async fn persons(
        &self,
        tenant: &TenantId,
        after: Option<&Pseudonym>,
        max: usize,
    ) -> Result<Vec<PersonRow>, LogError> {
        self.store.persons(tenant, after, max).await
    }
    async fn persons_by_alias(
        &self,
        tenant: &TenantId,
        index: &Digest32,
    ) -> Result<Vec<PersonRow>, LogError> {
        self.store.persons_by_alias(tenant, index).await
    }
    async fn add_credential(&self, row: &CredentialRow) -> Result<(), LogError> {
        self.store.add_credential(row).await
    }
    async fn credential(&self, token_hash: &Digest32) -> Result<Option<CredentialRow>, LogError> {
        self.store.credential(token_hash).await
    }
    async fn credentials(&self, tenant: &TenantId) -> Result<Vec<CredentialRow>, LogError> {
        self.store.credentials(tenant).await
    }
    async fn revoke_credential(
        &self,
        tenant: &TenantId,
        credential: &str,
        at: Time,
        mac: &Digest32,
    ) -> Result<bool, LogError> {
        self.store.revoke_credential(tenant, credential, at, mac).await
    }
}

fn ring() -> (Arc<Keyring>, Arc<Slow>) {
    let store = Arc::new(Slow::default());
    (ring_on(store.clone(), &TenantKeys::generate(&SystemRandom)), store)
}

fn ring_on(store: Arc<dyn KeyStore>, keys: &TenantKeys) -> Arc<Keyring> {
    let tenant = TenantId::new("acme");
    Arc::new(Keyring::new(tenant, keys.clone(), store, Arc::new(SystemRandom), Nodes::One))
}

/// Looks a person up as a batch of records does.
async fn durable(ring: &Keyring, draft: &DraftPerson) -> Pseudonym {
    loop {
        let begun = ring.begin().await.unwrap();
        let (pseudonym, _) = ring.person(draft).await.unwrap();
        if ring.make_durable(begun, [&pseudonym]).await.unwrap() {
            return pseudonym;
        }
    }
}

async fn is_destroyed(ring: &Keyring, pseudonym: &Pseudonym) -> bool {
    matches!(ring.key(pseudonym).await.unwrap(), FoundKey::Destroyed)
}

fn person(id: &str) -> DraftPerson {
    DraftPerson {
        id: id.to_owned(),
        aliases: vec![format!("{id}@acme.example")],
        ..DraftPerson::default()
    }
}

/// Many tasks look up the same person while people are made durable and evicted.
#[tokio::test]
async fn concurrent_lookups_of_one_identifier_return_one_pseudonym() {
    let (ring, store) = ring();
    let look = |flush: bool| {
        let ring = Arc::clone(&ring);
        tokio::spawn(async move {
            if flush {
                for _ in 0..4 {
                    tokio::task::yield_now().await;
                }
                ring.flush().await.unwrap();
                // Evicts all people.
                let mut people = ring.people.lock();
                people.young.clear();
                people.old.clear();
            }
            ring.person(&person("u-alice")).await.unwrap().0
        })
    };
    let tasks: Vec<_> = (0..20).map(|n| look(n % 3 == 2)).collect();
    let mut pseudonyms = Vec::new();
    for task in tasks {
        pseudonyms.push(task.await.unwrap());
    }
    pseudonyms.sort_unstable();
    pseudonyms.dedup();
    assert_eq!(pseudonyms.len(), 1);
    ring.flush().await.unwrap();
    let row = store.person(&TenantId::new("acme"), &pseudonyms[0]).await.unwrap();
    assert!(row.is_some(), "the key that sealed the records is the stored one");
}

#[tokio::test]
async fn a_stale_miss_creates_no_person() {
    let (ring, store) = ring();
    let released = Arc::new(tokio::sync::Notify::new());
    *store.held.lock() = Some(Arc::clone(&released));
    let slow = tokio::spawn({
        let ring = Arc::clone(&ring);
        async move { ring.person(&person("u-alice")).await.unwrap().0 }
    });
    while store.held.lock().is_some() {
        tokio::task::yield_now().await;
    }
    // Meanwhile another task creates her, makes her durable, and she is evicted.
    let (first, _) = ring.person(&person("u-alice")).await.unwrap();
    ring.flush().await.unwrap();
    let evictions = ring.people.lock().evictions;
    *ring.people.lock() = People { evictions, ..People::default() };
    released.notify_one();
    assert_eq!(slow.await.unwrap(), first);
}

/// Bob, with one of several ids.
fn bob(id: &str) -> DraftPerson {
    DraftPerson {
        id: id.to_owned(),
        aliases: vec!["bob@acme.example".to_owned()],
        ..DraftPerson::default()
    }
}

#[tokio::test]
async fn a_link_names_a_person_by_id_or_login_durable_or_not() {
    for durable in [false, true] {
        let (ring, _) = ring();
        let (pseudonym, _) = ring.person(&bob("u-bob")).await.unwrap();
        if durable {
            ring.flush().await.unwrap();
            *ring.people.lock() = People::default();
        }
        for name in ["u-bob", "bob@acme.example", "BOB@acme.example"] {
            assert_eq!(ring.named_by_link(name).await.unwrap().unwrap().0, pseudonym, "{name}");
        }
        ring.person(&bob("u-other")).await.unwrap();
        assert!(
            ring.named_by_link("bob@acme.example").await.unwrap().is_none(),
            "two have this login"
        );
    }
}

#[tokio::test]
async fn a_person_named_by_a_link_becomes_the_first_one_seen_with_the_login() {
    for durable in [false, true] {
        let (ring, _) = ring();
        let settle = async |ring: &Keyring| {
            if durable {
                ring.flush().await.unwrap();
                *ring.people.lock() = People::default();
            }
        };
        let (pseudonym, _) = ring.named_by_link("bob@acme.example").await.unwrap().unwrap();
        settle(&ring).await;
        assert_eq!(ring.person(&bob("u-bob")).await.unwrap().0, pseudonym);
        settle(&ring).await;
        assert_eq!(ring.person(&bob("u-bob")).await.unwrap().0, pseudonym);
        let (second, _) = ring.person(&bob("u-second")).await.unwrap();
        assert_ne!(second, pseudonym, "another person with the same login");
        settle(&ring).await;
        assert_eq!(
            ring.person(&DraftPerson { id: "u-bob".to_owned(), ..DraftPerson::default() })
                .await
                .unwrap()
                .0,
            pseudonym
        );
        assert_eq!(ring.person(&bob("u-second")).await.unwrap().0, second);
        ring.flush().await.unwrap();
        assert_eq!(ring.find("u-bob").await.unwrap(), std::slice::from_ref(&pseudonym));
        // Named by an id, the person is found by that id only.
        let (carol, _) = ring.named_by_link("u-carol").await.unwrap().unwrap();
        assert_eq!(ring.person(&person("u-carol")).await.unwrap().0, carol);
    }
}

#[tokio::test]
async fn a_failed_flush_loses_no_person() {
    let (ring, store) = ring();
    let (pseudonym, _) = ring.person(&person("u-bob")).await.unwrap();
    store.failing.store(true, std::sync::atomic::Ordering::Relaxed);
    let refused = ring.make_durable(0, [&pseudonym]).await;
    assert!(matches!(refused, Err(LogError::Unavailable { .. })), "nothing may be sealed");
    let (again, _) = ring.person(&person("u-bob")).await.unwrap();
    assert_eq!(again, pseudonym);
    store.failing.store(false, std::sync::atomic::Ordering::Relaxed);
    ring.flush().await.unwrap();
    assert!(store.person(&TenantId::new("acme"), &pseudonym).await.unwrap().is_some());
    assert_eq!(ring.find("U-BOB@acme.example").await.unwrap(), [pseudonym]);
}

#[tokio::test]
async fn people_who_are_not_durable_are_not_evicted() {
    let (ring, store) = ring();
    let (first, _) = ring.person(&person("u-first")).await.unwrap();
    for n in 0..3 * MAX_CACHED {
        ring.person(&person(&format!("u-{n}"))).await.unwrap();
    }
    assert_eq!(ring.person(&person("u-first")).await.unwrap().0, first);
    ring.flush().await.unwrap();
    assert!(store.person(&TenantId::new("acme"), &first).await.unwrap().is_some());
}

#[tokio::test]
async fn a_request_about_known_people_does_not_wait_for_the_keys_of_others() {
    let (ring, store) = ring();
    let alice = durable(&ring, &person("u-alice")).await;
    let (bob, _) = ring.person(&person("u-bob")).await.unwrap();
    store.failing.store(true, std::sync::atomic::Ordering::Relaxed);
    assert!(ring.make_durable(0, [&alice]).await.unwrap(), "her key is durable");
    assert!(ring.make_durable(0, [&alice, &bob]).await.is_err(), "his is not");
    // The failed write is not forgotten.
    assert!(ring.make_durable(0, [&bob]).await.is_err());
}

#[tokio::test]
async fn the_loser_of_a_race_seals_under_the_key_of_the_winner() {
    let (store, keys) = (Arc::new(MemoryKeys::default()), TenantKeys::generate(&SystemRandom));
    let (first, second) = (ring_on(store.clone(), &keys), ring_on(store, &keys));
    let alice = person("u-alice");
    // Both look up before either is durable; the first becomes durable before the second.
    let begun = second.begin().await.unwrap();
    let (lost, _) = second.person(&alice).await.unwrap();
    let winner = durable(&first, &alice).await;
    assert_ne!(lost, winner);
    assert!(
        !second.make_durable(begun, [&lost]).await.unwrap(),
        "nothing may be sealed under the other key"
    );
    let begun = second.begin().await.unwrap();
    let found = second.person(&alice).await.unwrap();
    assert!(second.make_durable(begun, [&found.0]).await.unwrap());
    assert_eq!(found.0, winner);
    let FoundKey::Live(key) = second.key(&winner).await.unwrap() else { panic!("it is there") };
    let entry = [Indicator::parse("ip=203.0.113.7").unwrap().entry()];
    assert_eq!(found.1.client_index(&entry), key.client_index(&entry), "the key that is stored");
    assert_eq!(durable(&second, &alice).await, winner, "in memory too");
}

#[tokio::test]
async fn a_key_destroyed_in_the_store_is_not_served_from_the_cache() {
    let (ring, store) = ring();
    let (alice, tenant) = (person("u-alice"), TenantId::new("acme"));
    let old = durable(&ring, &alice).await;
    // Her new alias waits to be written.
    let renamed = DraftPerson { aliases: vec!["a@acme.example".to_owned()], ..alice.clone() };
    assert_eq!(ring.person(&renamed).await.unwrap().0, old);
    store.destroy(&tenant, &old).await.unwrap();
    assert_eq!(ring.find("u-alice").await.unwrap(), []);
    let new = durable(&ring, &alice).await;
    assert_ne!(new, old);
    assert_eq!(durable(&ring, &renamed).await, new);
    assert!(is_destroyed(&ring, &old).await);
    assert_eq!(ring.find("a@acme.example").await.unwrap(), std::slice::from_ref(&new));
    // Again, without pending rows.
    ring.destroy(&new).await.unwrap();
    assert_ne!(durable(&ring, &alice).await, new);
}

#[tokio::test]
async fn a_row_read_before_its_key_was_destroyed_is_not_cached() {
    let (ring, store) = ring();
    let alice = person("u-alice");
    let old = durable(&ring, &alice).await;
    ring.people.lock().forget();
    let released = Arc::new(tokio::sync::Notify::new());
    *store.held.lock() = Some(Arc::clone(&released));
    let slow = tokio::spawn({
        let (ring, alice) = (Arc::clone(&ring), alice.clone());
        async move { durable(&ring, &alice).await }
    });
    while store.held.lock().is_some() {
        tokio::task::yield_now().await;
    }
    ring.destroy(&old).await.unwrap();
    released.notify_one();
    assert_ne!(slow.await.unwrap(), old);
    assert_ne!(durable(&ring, &alice).await, old);
}

#[tokio::test]
async fn a_key_that_is_destroyed_while_its_alias_is_written_is_not_cached() {
    let (ring, store) = ring();
    let alice = person("u-alice");
    let old = durable(&ring, &alice).await;
    let released = Arc::new(tokio::sync::Notify::new());
    *store.held_write.lock() = Some(Arc::clone(&released));
    let renamed = DraftPerson { aliases: vec!["other".to_owned()], ..alice.clone() };
    let writing = tokio::spawn({
        let ring = Arc::clone(&ring);
        async move { durable(&ring, &renamed).await }
    });
    while store.held_write.lock().is_some() {
        tokio::task::yield_now().await;
    }
    ring.destroy(&old).await.unwrap();
    released.notify_one();
    writing.await.unwrap();
    assert_ne!(durable(&ring, &alice).await, old);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_destroyed_key_stays_destroyed_during_concurrent_writes() {
    let (store, keys) = (Arc::new(MemoryKeys::default()), TenantKeys::generate(&SystemRandom));
    let ring = ring_on(store.clone(), &keys);
    let alice = person("u-alice");
    for race in 0..1_000 {
        let old = durable(&ring, &alice).await;
        let start = Arc::new(tokio::sync::Barrier::new(2));
        let writing = tokio::spawn({
            let (ring, start) = (Arc::clone(&ring), Arc::clone(&start));
            let alias = format!("alice-{race}@acme.example");
            let renamed = DraftPerson { aliases: vec![alias], ..alice.clone() };
            async move {
                start.wait().await;
                durable(&ring, &renamed).await
            }
        });
        start.wait().await;
        ring.destroy(&old).await.unwrap();
        writing.await.unwrap();
        assert_ne!(durable(&ring, &alice).await, old, "race {race}");
        assert!(is_destroyed(&ring, &old).await, "race {race}");
    }
    // Only the person who was seen last exists.
    assert_eq!(store.persons(&TenantId::new("acme"), None, 9).await.unwrap().len(), 1);
}
