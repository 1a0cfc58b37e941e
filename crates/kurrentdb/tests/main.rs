//! The log on KurrentDB, over a double of the server. One binary, a module for each group of tests.

mod conformance;
mod connection;
mod faults;
mod logs;
mod support;
