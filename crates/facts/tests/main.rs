//! The contract of the facts. One binary, a module for each group of tests.

mod common;
mod credentials;
mod golden;
mod properties;
mod removal;
mod schema;
mod seal;
