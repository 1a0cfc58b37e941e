//! A poller against a double of Okta.

mod configuration;
mod faults;
mod log;
mod sources;
mod support;
