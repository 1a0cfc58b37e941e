//! The use cases, with engines in memory and on disk. One binary, a module for each group of tests.

mod access;
mod access_log;
mod anchors;
mod changes;
mod common;
mod copy;
mod day;
mod decision;
mod destroyed_keys;
mod falsifiers;
mod feed;
mod indicators;
mod intake;
#[path = "../../../tests/support/ledger_dump.rs"]
mod ledger_dump;
mod lists;
#[path = "../../../tests/support/mortal.rs"]
mod mortal;
mod nodes;
mod order_of_looks;
mod paging;
mod permutation;
mod reached;
mod rebuild;
mod sets;
mod sets_of_sessions;
mod silences;
mod sources;
#[path = "../../../tests/support/stalling_log.rs"]
mod stalling_log;
mod tree;
mod verify;
