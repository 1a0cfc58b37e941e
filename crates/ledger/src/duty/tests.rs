//! Leases on a state store in memory, with the runtime's clock.

use super::*;
use crate::{
    log::LogError,
    memory::MemoryState,
    state::{StateStore, Versioned},
};
use claimledger_facts::{ids::TenantId, random::SystemRandom};
use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering::SeqCst},
};
use tokio::task::JoinHandle;

/// A store as one node reaches it, whose connection can fail.
struct Connection {
    state: Arc<MemoryState>,
    fault: AtomicU8,
}

const WORKS: u8 = 0;
/// Requests are not answered.
const SILENT: u8 = 1;
/// Writes happen, and are answered by an error.
const UNKNOWN: u8 = 2;

impl Connection {
    fn to(state: &Arc<MemoryState>) -> Arc<Self> {
        Arc::new(Self { state: Arc::clone(state), fault: AtomicU8::new(WORKS) })
    }

    async fn answered<T>(&self, answer: Result<T, StateError>) -> Result<T, StateError> {
        match self.fault.load(SeqCst) {
            WORKS => answer,
            UNKNOWN => Err(LogError::unavailable("the connection broke").into()),
            _ => std::future::pending().await,
        }
    }
}

#[async_trait::async_trait]
impl StateStore for Connection {
    async fn load(&self, tenant: &TenantId, key: &str) -> Result<Option<Versioned>, StateError> {
        self.answered(self.state.load(tenant, key).await).await
    }
    async fn store(
        &self,
        tenant: &TenantId,
        key: &str,
        expected: u64,
        value: &[u8],
    ) -> Result<u64, StateError> {
        if self.fault.load(SeqCst) == SILENT {
            return std::future::pending().await;
        }
        self.answered(self.state.store(tenant, key, expected, value).await).await
    }
    async fn remove(&self, tenant: &TenantId, key: &str, expected: u64) -> Result<(), StateError> {
        self.answered(self.state.remove(tenant, key, expected).await).await
    }
    async fn keys(&self, tenant: &TenantId, prefix: &str) -> Result<Vec<String>, StateError> {
        self.state.keys(tenant, prefix).await
    }
}

fn acme() -> TenantId {
    TenantId::from("acme")
}

fn lease(state: &Arc<Connection>) -> Lease {
    Lease::new(state.clone(), &SystemRandom, &acme(), "sign")
}

fn node(state: &Arc<Connection>) -> (Held, JoinHandle<()>) {
    let (held, keeping) = keep(lease(state));
    (held, tokio::spawn(keeping))
}

/// How long `until` takes.
async fn takes(until: impl Future<Output = ()>) -> Duration {
    let began = Instant::now();
    tokio::time::timeout(Duration::from_secs(60), until).await.expect("within a minute");
    began.elapsed()
}

#[tokio::test(start_paused = true)]
async fn one_of_two_nodes_has_a_duty_for_hours() {
    let state = Arc::default();
    let ((mut one, _), (two, _)) = (node(&Connection::to(&state)), node(&Connection::to(&state)));
    one.gained().await;
    for second in 0..7200 {
        assert!(one.is_held() && !two.is_held(), "{second}");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_killed_node_is_replaced_within_fifteen_seconds_and_not_before_its_lease_ends() {
    for alive_ms in (1_000..4_000).step_by(250) {
        let state = Arc::default();
        let ((mut one, task), (mut two, _)) =
            (node(&Connection::to(&state)), node(&Connection::to(&state)));
        one.gained().await;
        tokio::time::sleep(Duration::from_millis(alive_ms)).await;
        task.abort();
        tokio::join!(async { assert!(takes(one.lost()).await <= HELD_FOR) }, async {
            let taken = takes(two.gained()).await;
            assert!(taken < Duration::from_secs(15), "{alive_ms}: {taken:?}");
            assert!(taken > HELD_FOR - RENEW_INTERVAL, "{alive_ms}: {taken:?}");
        });
        assert!(!one.is_held());
    }
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_is_given_back_is_taken_at_once() {
    let state = Arc::default();
    let ((mut one, task), (mut two, _)) =
        (node(&Connection::to(&state)), node(&Connection::to(&state)));
    one.gained().await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let clone = one.clone();
    drop(one);
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(clone.is_held() && !two.is_held(), "a clone still has it");
    drop(clone);
    assert!(takes(two.gained()).await <= OBSERVE_INTERVAL + Duration::from_millis(10));
    task.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_node_without_connection_stops_before_another_begins() {
    let state = Arc::default();
    let connection = Connection::to(&state);
    let ((mut one, _), (mut two, _)) = (node(&connection), node(&Connection::to(&state)));
    one.gained().await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    connection.fault.store(SILENT, SeqCst);
    takes(one.lost()).await;
    assert!(!two.is_held(), "nobody has it for a moment");
    takes(two.gained()).await;
    connection.fault.store(WORKS, SeqCst);
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert!(two.is_held() && !one.is_held(), "it is not taken away from the new holder");
}

#[tokio::test(start_paused = true)]
async fn a_write_with_an_unknown_outcome_is_read_again() {
    let state = Arc::default();
    let connection = Connection::to(&state);
    let ((mut one, task), (two, _)) = (node(&connection), node(&Connection::to(&state)));
    one.gained().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    connection.fault.store(UNKNOWN, SeqCst);
    tokio::time::sleep(Duration::from_secs(4)).await;
    connection.fault.store(WORKS, SeqCst);
    for _ in 0..60 {
        assert!(one.is_held() && !two.is_held());
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    drop(one);
    task.await.unwrap();
    assert_eq!(state.load(&acme(), "duty/sign").await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn a_holder_that_was_suspended_neither_renews_nor_gives_back_what_it_lost() {
    let state = Arc::default();
    let (mut one, mut two) = (lease(&Connection::to(&state)), lease(&Connection::to(&state)));
    one.step().await.unwrap();
    two.step().await.unwrap();
    assert!(is_later(one.held_until()) && !is_later(two.held_until()));
    tokio::time::advance(EXPIRES_AFTER).await;
    two.step().await.unwrap();
    assert!(is_later(two.held_until()), "expired");
    let taken = state.load(&acme(), "duty/sign").await.unwrap();
    // It goes on where it was.
    one.step().await.unwrap();
    assert!(!is_later(one.held_until()));
    one.release().await.unwrap();
    assert_eq!(state.load(&acme(), "duty/sign").await.unwrap(), taken);
}

#[tokio::test(start_paused = true)]
async fn of_two_nodes_that_take_one_lease_at_once_one_has_it() {
    let state = Arc::default();
    let mut leases: Vec<_> = (0..8).map(|_| lease(&Connection::to(&state))).collect();
    for round in 0..20 {
        for lease in &mut leases {
            lease.step().await.unwrap();
        }
        let holders = leases.iter().filter(|lease| is_later(lease.held_until())).count();
        assert_eq!(holders, 1, "{round}");
        tokio::time::advance(if round % 3 == 0 { EXPIRES_AFTER } else { RENEW_INTERVAL }).await;
    }
}
