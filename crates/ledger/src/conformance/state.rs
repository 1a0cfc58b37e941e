//! Conformance of state stores.

use super::{Check, run_all};
use crate::state::{MAX_STATE_BYTES, MAX_STATE_KEY_BYTES, StateError, StateStore, Versioned};
use claimledger_facts::ids::TenantId;
use std::{future::Future, sync::Arc};

/// Runs the suite. `make` gives an empty state store each time it is called.
///
/// # Panics
/// If the engine violates the contract of the trait.
pub async fn state<S: StateStore, F: Future<Output = S>>(make: impl Fn() -> F) {
    run_all(state_checks(&make)).await;
}

/// The checks of the suite, to run one by one.
pub fn state_checks<'a, S, F>(make: &'a impl Fn() -> F) -> Vec<Check<'a>>
where
    S: StateStore,
    F: Future<Output = S> + 'a,
{
    vec![
        Check::new("versions are compared and set", async {
            compares_and_sets(&make().await).await
        }),
        Check::new("no version is used twice", async {
            uses_no_version_twice(&make().await).await
        }),
        Check::new("keys are listed by prefix", async { lists_by_prefix(&make().await).await }),
        Check::new("tenants are separate", async { separates_tenants(&make().await).await }),
        Check::new("keys and values are bounded", async {
            bounds_keys_and_values(&make().await).await
        }),
        Check::new("one of two writers wins", async {
            one_writer_wins(Arc::new(make().await)).await
        }),
    ]
}

fn acme() -> TenantId {
    TenantId::from("acme")
}

/// Writes with a version that is not the current one.
async fn conflicts(state: &impl StateStore, key: &str, expected: u64, current: u64) {
    for refused in [
        state.store(&acme(), key, expected, b"not written").await.map(drop),
        state.remove(&acme(), key, expected).await,
    ] {
        let Err(StateError::Conflict { key: named, current: found }) = refused else {
            panic!("{key}, expected {expected}, has {current}: {refused:?}");
        };
        assert_eq!((named.as_str(), found), (key, current), "expected {expected}");
    }
}

async fn compares_and_sets(state: &impl StateStore) {
    let tenant = acme();
    assert_eq!(state.load(&tenant, "a").await.unwrap(), None);
    conflicts(state, "a", 1, 0).await;
    state.remove(&tenant, "a", 0).await.unwrap();

    let first = state.store(&tenant, "a", 0, b"one").await.unwrap();
    assert!(first > 0, "0 means absent");
    conflicts(state, "a", 0, first).await;
    conflicts(state, "a", first + 1, first).await;
    let second = state.store(&tenant, "a", first, b"").await.unwrap();
    assert!(second > first, "{second} after {first}");
    conflicts(state, "a", first, second).await;
    let loaded = state.load(&tenant, "a").await.unwrap();
    assert_eq!(loaded, Some(Versioned { version: second, value: Vec::new() }), "empty, not absent");

    let bytes: Vec<u8> = (0..=255).collect();
    let third = state.store(&tenant, "a", second, &bytes).await.unwrap();
    let loaded = state.load(&tenant, "a").await.unwrap();
    assert_eq!(loaded, Some(Versioned { version: third, value: bytes }));
    assert_eq!(state.load(&tenant, "A").await.unwrap(), None, "keys are compared exactly");
}

/// A writer that still holds a version from before a removal must not pass for the current one.
async fn uses_no_version_twice(state: &impl StateStore) {
    let tenant = acme();
    let first = state.store(&tenant, "a", 0, b"one").await.unwrap();
    state.remove(&tenant, "a", first).await.unwrap();
    assert_eq!(state.load(&tenant, "a").await.unwrap(), None);
    assert_eq!(state.keys(&tenant, "").await.unwrap(), [""; 0]);
    conflicts(state, "a", first, 0).await;
    state.remove(&tenant, "a", 0).await.unwrap();

    let again = state.store(&tenant, "a", 0, b"two").await.unwrap();
    assert!(again > first, "{again} after {first}");
    conflicts(state, "a", first, again).await;
    assert_eq!(state.load(&tenant, "a").await.unwrap().unwrap().value, b"two");
}

async fn lists_by_prefix(state: &impl StateStore) {
    let tenant = acme();
    for key in ["look/é", "look/b", "look/B", "look/", "loo_/b", "loo", "look", "source/b", "%"] {
        state.store(&tenant, key, 0, b"x").await.unwrap();
    }
    let keys = state.keys(&tenant, "look/").await.unwrap();
    assert_eq!(keys, ["look/", "look/B", "look/b", "look/é"], "bytewise");
    assert_eq!(state.keys(&tenant, "loo_").await.unwrap(), ["loo_/b"], "no pattern");
    assert_eq!(state.keys(&tenant, "%").await.unwrap(), ["%"], "no pattern");
    assert_eq!(state.keys(&tenant, "look/é").await.unwrap(), ["look/é"]);
    assert_eq!(state.keys(&tenant, "LOOK/").await.unwrap(), [""; 0]);
    assert_eq!(state.keys(&tenant, "").await.unwrap().len(), 9);
}

async fn separates_tenants(state: &impl StateStore) {
    let (acme, other) = (acme(), TenantId::from("other"));
    let version = state.store(&acme, "a", 0, b"of acme").await.unwrap();
    assert_eq!(state.load(&other, "a").await.unwrap(), None);
    assert_eq!(state.keys(&other, "").await.unwrap(), [""; 0]);
    let refused = state.remove(&other, "a", version).await;
    assert!(matches!(refused, Err(StateError::Conflict { current: 0, .. })), "{refused:?}");
    state.store(&other, "a", 0, b"of the other").await.unwrap();
    assert_eq!(state.load(&acme, "a").await.unwrap().unwrap().value, b"of acme");
    state.remove(&acme, "a", version).await.unwrap();
    assert_eq!(state.load(&other, "a").await.unwrap().unwrap().value, b"of the other");
}

async fn bounds_keys_and_values(state: &impl StateStore) {
    let tenant = acme();
    let large: Vec<u8> = (0..4 * 1024 * 1024_u32).map(|n| (n % 251) as u8).collect();
    let version = state.store(&tenant, "a", 0, &large).await.unwrap();
    let loaded = state.load(&tenant, "a").await.unwrap().unwrap();
    assert!(loaded.value == large, "4 MiB come back as they were");
    let too_large = vec![0; MAX_STATE_BYTES + 1];
    let refused = state.store(&tenant, "a", version, &too_large).await;
    let bytes = too_large.len();
    assert!(
        matches!(&refused, Err(StateError::TooLarge { bytes: named, .. }) if *named == bytes),
        "{refused:?}"
    );
    assert_eq!(state.load(&tenant, "a").await.unwrap().unwrap().version, version);

    let longest = "k".repeat(MAX_STATE_KEY_BYTES);
    state.store(&tenant, &longest, 0, b"x").await.unwrap();
    assert_eq!(state.load(&tenant, &longest).await.unwrap().unwrap().value, b"x");
    for key in ["", "a\0b", "a\nb", &format!("{longest}k")] {
        let refused = state.store(&tenant, key, 0, b"x").await;
        assert!(matches!(refused, Err(StateError::Key)), "{key:?}: {refused:?}");
    }
}

/// Two writers increment one counter: each write is based on the one before, so none is lost, and
/// of two that expect the same version exactly one wins.
async fn one_writer_wins(state: Arc<impl StateStore>) {
    const ROUNDS: u64 = 50;
    let tenant = acme();
    for round in 0..ROUNDS {
        let expected = state.load(&tenant, "a").await.unwrap().map_or(0, |found| found.version);
        let start = Arc::new(tokio::sync::Barrier::new(2));
        let write = |name: u8| {
            let (state, tenant, start) = (Arc::clone(&state), tenant.clone(), Arc::clone(&start));
            tokio::spawn(async move {
                start.wait().await;
                state.store(&tenant, "a", expected, &[name]).await
            })
        };
        let (one, two) = (write(1), write(2));
        let (one, two) = (one.await.unwrap(), two.await.unwrap());
        let (winner, version, lost) = match (one, two) {
            (Ok(version), Err(lost)) => (1, version, lost),
            (Err(lost), Ok(version)) => (2, version, lost),
            other => panic!("round {round}: {other:?}"),
        };
        assert!(
            matches!(lost, StateError::Conflict { current, .. } if current == version),
            "round {round}: {lost:?}"
        );
        let loaded = state.load(&tenant, "a").await.unwrap();
        assert_eq!(loaded, Some(Versioned { version, value: vec![winner] }), "round {round}");
    }
}
