//! The use cases behind every door: taking records in, following the log with read models, and
//! answering.
//!
//! What it is: [`app::App`] and the types of its questions ([`ask`]) and answers ([`answer`]). It
//! knows the seams of `claimledger_ledger`, never an engine, and no door: HTTP, GraphQL, pages and
//! the command line all call the same methods with a [`ask::Caller`], whose tenant comes from a
//! credential and from nowhere else.
//!
//! What it is not: it does not decide what facts mean (`claimledger_domain`), how records are
//! sealed (`claimledger_facts`), or in which order they stand (`claimledger_ledger`).
//!
//! # How to add a question
//! 1. Its filter in [`ask`], its answer in [`answer`].
//! 2. A file in `queries/`: a method of `App` that first calls `App::disclose`, pins the cut with
//!    `Inner::pin`, gathers facts with `gather`, and lets the domain judge them at exactly that
//!    cut.
//! 3. If it needs to find records by something new: a `TermKind`, a line in `terms`, and a higher
//!    `VIEWS_VERSION`.
//!
//! # How to add a fact type
//! `terms` and `scope` match every fact type and do not compile without it.

#[cfg(test)]
extern crate self as claimledger_app;
#[cfg(test)]
#[path = "../tests/common/mod.rs"]
mod testing;

pub mod access;
pub mod app;
pub mod feed;
pub mod intake;
pub mod model;
mod open;
mod projection;
mod queries;
mod read;
mod tenant;

pub use model::{LEDGER_SOURCE, rebuild};
pub use open::InitError;
pub use queries::rows::Rows;
