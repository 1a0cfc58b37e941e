//! The router over a ledger in memory, filled with the demo's day.

mod around;
mod as_other;
mod configuration;
mod disclosures;
mod facts;
mod find;
mod graphql;
mod hooks;
mod listen;
mod live;
mod lookups;
mod not_yet;
mod overview;
mod pages;
mod people;
mod radius;
mod radius_size;
mod reading;
mod rehearse;
mod sources;
#[path = "../../../../tests/support/stalling_log.rs"]
mod stalling_log;
mod stream;
mod support;
mod verdicts;
