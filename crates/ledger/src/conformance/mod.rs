//! Conformance suites for engines. Each takes a constructor of an empty engine and panics at the
//! first violation of the trait's contract.
//!
//! An engine runs them from its own tests, under a tokio runtime:
//! `conformance::log(|| async { MemoryLog::default() }).await`.

mod access;
mod generations;
mod keys;
mod log;
mod records;
mod state;
mod tree;
mod views;

pub use access::access_index;
pub use keys::{keys, races_of_destroyed_keys};
pub use log::log;
pub use records::Records;
pub use state::state;
pub use tree::{checkpoints, tiles};
pub use views::views;
