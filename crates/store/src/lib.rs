//! The engines that keep a ledger on disk: SQLite (one directory, one process), and, behind the
//! feature `postgres`, PostgreSQL (what several nodes share).
//!
//! What it is: SQL and the rules under which it is durable. Each method holds its statements; the
//! tables are in `migrations/`, one folder per engine and file.
//!
//! What it is not: it decides nothing about records (that is `ledger::sequencer`), never sees a key
//! in the clear, and parses no fact: headers, bodies and states are opaque bytes.
//!
//! # To add an engine
//! 1. A folder beside [`sqlite`], and one in `migrations/`.
//! 2. Implement the traits of `ledger` that it supports; see the recipe there.
//! 3. Run the suites of `ledger::conformance` on it, as `tests/conformance.rs` does.
//!
//! # To add a read model
//! 1. Its tables in `migrations/<engine>/views/`, keyed by generation. Once a version is released
//!    its migrations are fixed: a change is a new numbered file. `VIEWS_SCHEMA` in
//!    `sqlite/integrity.rs` is a checksum of the tables; the failing test prints the new value.
//! 2. Write its rows in `sqlite/views/apply.rs`, in the transaction that advances the checkpoint;
//!    query them in `sqlite/views/mod.rs`; delete them in `sqlite/views/sweep.rs`, compare them in
//!    `sqlite/views/compare.rs`, and print them in `dump`.
//!    A column of a session's row is one more in `sqlite/views/session_row.rs`, which makes the
//!    statements of it.
//! 3. The suite in `ledger::conformance` and the memory engine come first; see the recipe there.

mod checksum;
mod columns;
#[cfg(feature = "postgres")]
pub mod postgres;
pub mod sqlite;
