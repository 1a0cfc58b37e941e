//! Suites that decide what an engine may call itself. Each takes a way to make an empty engine and
//! panics at the first thing that is not as the seam says.
//!
//! An engine runs them from its own tests, under a tokio runtime:
//! `conformance::log(|| async { MemoryLog::default() }).await`.

mod generations;
mod keys;
mod log;
mod records;
mod views;

pub use keys::{keys, races_of_destroyed_keys};
pub use log::log;
pub use records::Records;
pub use views::views;
