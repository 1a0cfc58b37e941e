//! The use cases behind every endpoint: recording facts, projecting the log into read models, and
//! answering questions.
//!
//! The entry point is [`app::App`]. Questions are in [`model::question`], answers in
//! [`model::answer`]. This crate knows the traits of `claimledger_ledger` but no engine, and no
//! transport: HTTP, GraphQL, pages and the command line call the same methods with a
//! [`model::question::Caller`]. The tenant of a caller comes from its credential only.
//!
//! Not here: what facts mean (`claimledger_domain`), how records are sealed (`claimledger_facts`),
//! and in which order they are appended (`claimledger_ledger`).
//!
//! # How to add a question
//! 1. Add its filter to [`model::question`], its answer to [`model::answer`], and its kind with the
//!    role that it needs to `model::query`.
//! 2. Add a file in `queries/`: a method of `App` that calls `App::ask`, which checks the role and
//!    pins the cut, loads facts through the view, lets the domain evaluate them at that cut, and
//!    returns the answer that the view makes.
//! 3. If records must be found by a new property, add a `TermKind` and a line in `terms`, and
//!    increase `VIEWS_VERSION`.
//!
//! # How to add a fact type
//! `terms` and `scope` match exhaustively over fact types, so the compiler reports what is missing.

#[cfg(test)]
extern crate self as claimledger_app;
#[cfg(test)]
#[path = "../tests/common/mod.rs"]
mod testing;

pub mod access;
pub mod app;
pub mod copy;
pub mod export;
pub mod feed;
pub mod intake;
pub mod model;
mod open;
mod projection;
mod queries;
mod read;
mod tenant;
mod tree;

pub use model::{LEDGER_SOURCE, rebuild};
pub use open::InitError;
pub use queries::{
    evidence::{Answered, Opened, SignedReceipt},
    falls::Falsifying,
    proof::LogFile,
    rows::Rows,
};
pub use tenant::another_log::difference as difference_of_logs;
pub use tree::{Finding, FindingKind, VerifiedLog, VerifyReport};
