//! Duties: work that one node at a time does, such as signing checkpoints or polling a source. A
//! node has a duty while it holds the lease of it: a value in the state store, replaced by
//! compare-and-set (`docs/decisions/0050`).
//!
//! A holder renews its lease every [`RENEW_INTERVAL`], which changes the version. Others take a
//! lease whose version they have seen unchanged for [`EXPIRES_AFTER`], by their own monotonic
//! clock; times of two machines are never compared. A lease that is given back is removed, and is
//! free at once.
//!
//! A lease saves work and keeps results in order; it is no lock. A process that was suspended may
//! go on for a moment after it lost its lease, so what a duty writes must be compared and set as
//! well, or recognised as a repeat.

mod lease;

pub use lease::Lease;

use crate::state::StateError;
use std::time::Duration;
use tokio::{sync::watch, time::Instant};

/// What the keys of leases begin with, among the states of a tenant.
pub const STATE_PREFIX: &str = "duty/";
/// Interval at which a holder renews its lease.
pub const RENEW_INTERVAL: Duration = Duration::from_secs(2);
/// Interval at which other nodes read it.
pub const OBSERVE_INTERVAL: Duration = Duration::from_secs(1);
/// How long a holder relies on its lease after it began the last renewal that succeeded.
pub const HELD_FOR: Duration = Duration::from_secs(7);
/// How long others must have seen one version before they take the lease. Longer than
/// [`HELD_FOR`], so that of two clocks at about the same rate the holder's ends first.
pub const EXPIRES_AFTER: Duration = Duration::from_secs(10);
/// Maximum duration of a step. Past it the outcome is unknown, and the lease is read again.
const STEP_TIMEOUT: Duration = Duration::from_secs(3);

/// Until when a lease is held; none: it is not.
type HeldUntil = Option<Instant>;

/// Whether this node has a duty. When the last clone is dropped the lease is given back.
#[derive(Clone, Debug)]
pub struct Held(Option<watch::Receiver<HeldUntil>>);

impl Held {
    /// A duty that no other node can have: there is one node.
    #[must_use]
    pub const fn always() -> Self {
        Self(None)
    }

    /// Whether this node has it now.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.0.as_ref().is_none_or(|held| is_later(*held.borrow()))
    }

    /// Returns when this node has it.
    pub async fn gained(&mut self) {
        let Some(held) = &mut self.0 else { return };
        while !is_later(*held.borrow_and_update()) {
            if held.changed().await.is_err() {
                return std::future::pending().await;
            }
        }
    }

    /// Returns when this node no longer has it.
    pub async fn lost(&mut self) {
        let Some(held) = &mut self.0 else { return std::future::pending().await };
        loop {
            let until = *held.borrow_and_update();
            let Some(until) = until.filter(|until| *until > Instant::now()) else { return };
            tokio::select! {
                () = tokio::time::sleep_until(until) => {}
                Ok(()) = held.changed() => {}
            }
        }
    }
}

fn is_later(until: HeldUntil) -> bool {
    until.is_some_and(|until| until > Instant::now())
}

/// The handle of a lease, and the task that keeps it: run it until it ends, which it does once
/// every clone of the handle is dropped and the lease is given back.
pub fn keep(lease: Lease) -> (Held, impl Future<Output = ()> + Send + 'static) {
    let (sender, held) = watch::channel(None);
    (Held(Some(held)), keep_until_dropped(lease, sender))
}

async fn keep_until_dropped(mut lease: Lease, held: watch::Sender<HeldUntil>) {
    let mut failing = false;
    loop {
        let stepped = tokio::time::timeout(STEP_TIMEOUT, lease.step()).await;
        let failed = match stepped {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some("the state store does not answer in time".to_owned()),
        };
        if let Some(error) = failed.as_ref().filter(|_| !failing) {
            tracing::warn!(duty = lease.key(), error, "a lease was not renewed or read");
        }
        failing = failed.is_some();
        held.send_if_modified(|known| {
            let until = lease.held_until();
            if is_later(*known) != is_later(until) {
                tracing::info!(duty = lease.key(), held = is_later(until), "a lease changed hands");
            }
            std::mem::replace(known, until) != until
        });
        let pause = if is_later(lease.held_until()) { RENEW_INTERVAL } else { OBSERVE_INTERVAL };
        tokio::select! {
            () = held.closed() => break,
            () = tokio::time::sleep(pause) => {}
        }
    }
    let released = tokio::time::timeout(STEP_TIMEOUT, lease.release()).await;
    if let Ok(Err(error)) = released {
        tracing::warn!(duty = lease.key(), %error, "a lease was not given back: it expires");
    }
}

/// Whether a store refused a write because another writer was first.
const fn is_conflict(error: &StateError) -> bool {
    matches!(error, StateError::Conflict { .. })
}

#[cfg(test)]
mod tests;
