//! The router over a ledger in memory, filled with the demo's day.

mod disclosures;
mod facts;
mod graphql;
mod listen;
mod lookups;
mod pages;
mod stream;
mod support;
