//! Conformance of the index of an access log.

use crate::access::{AccessIndex, AccessKey, AccessQuery, AccessRow};
use claimledger_facts::{
    ids::{LogPosition, LogSize, Pseudonym, SessionId, TenantId},
    time::Time,
};
use std::future::Future;

/// Runs the suite. `make` gives an empty index each time it is called.
///
/// # Panics
/// If the engine violates the contract of the trait.
pub async fn access_index<S: AccessIndex, F: Future<Output = S>>(make: impl Fn() -> F) {
    finds_by_every_key(&make().await).await;
    narrows(&make().await).await;
    extends_at_its_end_only(&make().await).await;
}

fn acme() -> TenantId {
    TenantId::from("acme")
}

fn session(id: &str) -> AccessKey {
    AccessKey::Session(SessionId::from(id))
}

fn row(secs: i64, credential: &str, keys: Vec<AccessKey>) -> AccessRow {
    let recorded_at = Time::from_micros(secs * 1_000_000);
    AccessRow { recorded_at, credential: credential.to_owned(), keys }
}

async fn found(store: &impl AccessIndex, query: AccessQuery) -> Vec<u64> {
    let query = if query.max == 0 { AccessQuery { max: 100, ..query } } else { query };
    let found = store.find(&acme(), &query).await.unwrap();
    found.into_iter().map(|position| position.0).collect()
}

async fn finds_by_every_key(store: &impl AccessIndex) {
    let subject = AccessKey::Subject(Pseudonym::from("p-1"));
    let rows = [
        row(1, "a", vec![session("S1"), session("S2"), subject.clone()]),
        row(2, "a", vec![AccessKey::Records(3)]),
        row(3, "a", vec![AccessKey::WholeLog]),
        row(4, "a", vec![session("S1")]),
        row(5, "a", vec![]),
    ];
    assert_eq!(store.covered(&acme()).await.unwrap(), LogSize(0));
    assert!(store.extend(&acme(), LogSize(0), &rows).await.unwrap());
    assert_eq!(store.covered(&acme()).await.unwrap(), LogSize(5));
    let by = |keys: Vec<AccessKey>| AccessQuery { keys, ..AccessQuery::default() };
    assert_eq!(found(store, by(vec![])).await, [4, 3, 2, 1, 0]);
    assert_eq!(found(store, by(vec![session("S1")])).await, [3, 0]);
    assert_eq!(found(store, by(vec![session("S2")])).await, [0]);
    // The text of a key of one kind is no key of another.
    assert_eq!(found(store, by(vec![session("p-1")])).await, [] as [u64; 0]);
    assert_eq!(found(store, by(vec![subject.clone()])).await, [0]);
    assert_eq!(found(store, by(vec![AccessKey::Records(3)])).await, [1]);
    let each_once = by(vec![session("S1"), subject, AccessKey::WholeLog]);
    assert_eq!(found(store, each_once).await, [3, 2, 0]);
    let other = store.find(&TenantId::from("globex"), &by(vec![])).await.unwrap();
    assert_eq!(other, [] as [LogPosition; 0], "another tenant");
}

async fn narrows(store: &impl AccessIndex) {
    let rows: Vec<_> = (0..10)
        .map(|n| row(n, if n % 2 == 0 { "even" } else { "odd" }, vec![session("S1")]))
        .collect();
    assert!(store.extend(&acme(), LogSize(0), &rows).await.unwrap());
    for keys in [vec![], vec![session("S1")]] {
        let all = AccessQuery { keys, ..AccessQuery::default() };
        let of = AccessQuery { credential: Some("odd".to_owned()), ..all.clone() };
        assert_eq!(found(store, of).await, [9, 7, 5, 3, 1]);
        let from = Some(Time::from_micros(3_000_000));
        let to = Some(Time::from_micros(5_000_000));
        assert_eq!(found(store, AccessQuery { from, to, ..all.clone() }).await, [4, 3]);
        let before = Some(LogPosition(4));
        assert_eq!(found(store, AccessQuery { before, max: 2, ..all.clone() }).await, [3, 2]);
        assert_eq!(found(store, AccessQuery { max: 3, ..all }).await, [9, 8, 7]);
    }
}

async fn extends_at_its_end_only(store: &impl AccessIndex) {
    let rows = [row(1, "a", vec![session("S1")])];
    assert!(!store.extend(&acme(), LogSize(1), &rows).await.unwrap(), "entry 0 is missing");
    assert!(store.extend(&acme(), LogSize(0), &rows).await.unwrap());
    assert!(!store.extend(&acme(), LogSize(0), &rows).await.unwrap(), "entry 0 is there");
    assert_eq!(found(store, AccessQuery::default()).await, [0]);
    store.clear(&acme()).await.unwrap();
    assert_eq!(store.covered(&acme()).await.unwrap(), LogSize(0));
    assert_eq!(found(store, AccessQuery::default()).await, [] as [u64; 0]);
}
