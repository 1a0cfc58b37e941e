//! SQLite: conformance, damage and files. One binary, a module for each group of tests.

mod access;
mod conformance;
mod damaged_rows;
mod directory;
mod state;
mod tree;
