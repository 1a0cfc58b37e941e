//! What questions and answers are made of, and what records are found by. No IO.
//!
//! Enters: values of `claimledger_facts` and `claimledger_domain`. Leaves: questions, answers,
//! cursors, terms. Every other room imports this one; it imports none of them.

pub mod access;
pub mod answer;
pub(crate) mod cursor;
mod disclosed;
pub mod health;
pub mod ingest;
pub mod proof;
pub(crate) mod query;
pub mod question;
pub mod reached;
pub mod rebuild;
pub(crate) mod record_summary;
pub mod retraction;
pub mod source_report;
pub(crate) mod terms;

/// The source of the ledger's own records. Nobody else may append as it.
pub const LEDGER_SOURCE: &str = "claimledger";
