//! PostgreSQL: conformance, several nodes, and failures. One binary with one server, and a database
//! for each store that is made from nothing.

/// All of them, by one name, so that they can be left out where PostgreSQL is missing.
#[path = "."]
mod postgres {
    mod common;
    mod conformance;
    mod failures;
    mod nodes;
    mod order;
    mod rights;
    #[path = "../../../../tests/support/postgres.rs"]
    mod server;
}
