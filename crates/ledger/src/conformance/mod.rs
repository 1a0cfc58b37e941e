//! Conformance suites for engines. Each takes a constructor of an empty engine and panics at the
//! first violation of the trait's contract.
//!
//! An engine runs them from its own tests, under a tokio runtime:
//! `conformance::log(|| async { MemoryLog::default() }).await`.
//!
//! An installation runs them one by one against a server of its own, by name and in tenants of a
//! [`Scratch`] name space: `log_checks` and the like.

mod access;
mod check;
mod generations;
mod keys;
mod log;
mod records;
mod row_filters;
mod scratch;
mod state;
mod tree;
mod views;

pub use access::access_index;
pub use check::{Check, Outcome};
pub use keys::{keys, keys_checks, races_checks, races_of_destroyed_keys};
pub use log::{log, log_checks};
pub use records::Records;
pub use scratch::{Scratch, ScratchCheckpoints, ScratchKeys, ScratchLog, ScratchState};
pub use state::{state, state_checks};
pub use tree::{checkpoints, checkpoints_checks, tiles};
pub use views::views;

use check::run_all;
