//! Engines that live in memory, for tests and benches. Nothing of them is durable; apart from that
//! they pass the same suites as any other engine.

mod keys;
mod log;
mod views;

pub use keys::MemoryKeys;
pub use log::MemoryLog;
pub use views::MemoryIndex;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A panic of another holder leaves these maps whole: every change is made by one call that does
/// not panic in between.
fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
