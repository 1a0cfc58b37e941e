//! The shipped program, tested from outside: command line, HTTP, GraphQL and pages. One binary, so
//! that it is linked once; a module for each group of tests.

mod answers;
mod bad_input;
mod claims_read;
mod clock;
mod containers;
mod crash;
mod damage;
mod demo;
mod destroyed_keys;
mod evidence;
mod exports;
mod golden_ledger;
mod guard;
mod hostile;
mod looks;
mod model;
mod mutated_facts;
mod names;
mod okta_hooks;
mod okta_only;
mod okta_poller;
mod okta_reading;
mod pages;
mod proofs;
mod questions;
mod read_only;
mod readers;
mod readme;
mod rebuild;
mod recovery;
mod session_life;
mod sources;
mod statuses;
mod support;
mod terminal;
