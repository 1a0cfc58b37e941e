//! The router over a ledger in memory, filled with the demo's day.

mod as_other;
mod disclosures;
mod facts;
mod find;
mod graphql;
mod hooks;
mod listen;
mod live;
mod lookups;
mod not_yet;
mod pages;
mod people;
mod radius;
mod radius_size;
mod rehearse;
#[path = "../../../../tests/support/stalling_log.rs"]
mod stalling_log;
mod stream;
mod support;
mod verdicts;
