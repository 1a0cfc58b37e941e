//! What the translators read and refuse. One binary, a module for each group of tests.

mod bad_input;
#[path = "../../../tests/support/fixture.rs"]
mod fixture;
mod looks;
mod native;
mod okta;
mod okta_config;
mod properties;
mod splitter;
