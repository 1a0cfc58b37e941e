//! In-memory engines for tests and benches. Nothing is durable; otherwise they pass the same
//! conformance suites as any other engine.

mod keys;
mod log;
mod state;
mod views;

pub use keys::MemoryKeys;
pub use log::MemoryLog;
pub use state::MemoryState;
pub use views::MemoryIndex;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Ignores lock poisoning: every change of these maps is one call that cannot panic halfway.
fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
