//! The log of a tenant: the interface of the storage engines, and the sequencer above it.
//!
//! What it is: the traits that an engine implements ([`log::Log`], [`index::RecordIndex`] and
//! [`views::Views`], [`keys::KeyStore`], [`state::StateStore`]), the one sequencer that decides
//! under the head for all of them ([`sequencer::Sequencer`]), engines in memory for tests
//! ([`memory`]), the suites that decide what is supported ([`conformance`]), and the clock.
//!
//! What it is not: it neither reads nor assesses facts; it holds no SQL and opens no file; it never
//! sees a key in the clear. `app` decides the terms of a record, and runs the projector.
//!
//! # To add an engine
//! 1. Implement [`log::Log`]. An append compares the size and writes all or nothing; it returns
//!    when the records are durable, and says [`log::AppendFailure::Conflict`] only when it
//!    certainly wrote nothing. Any other failure is `Unavailable`: the sequencer then determines
//!    the outcome.
//! 2. Implement [`views::Views`], [`keys::KeyStore`] and [`state::StateStore`], or combine the log
//!    with those of another engine.
//! 3. Run [`conformance::log`], [`conformance::views`], [`conformance::keys`],
//!    [`conformance::races_of_destroyed_keys`] and [`conformance::state`] from its tests. An engine
//!    that passes is supported.
//!
//! # To add a read model
//! 1. If records must be found by something new, add a [`views::TermKind`] with a number of its
//!    own; `app` gives it to records. Say in [`views::TermKind::lists_sessions`] whether sessions
//!    are listed by it.
//! 2. Else add its rows and its question to [`views::Views`], to [`memory::MemoryIndex`] and to
//!    [`conformance::views`]; then to each engine.
//! 3. Raise [`generations::VIEWS_VERSION`]: rows of the version before are folded again.

pub mod access;
pub mod append;
pub mod clock;
pub mod conformance;
pub mod duty;
pub mod generations;
pub mod index;
pub mod keys;
pub mod log;
pub mod memory;
pub mod nodes;
pub mod record_summaries;
pub mod sequencer;
pub mod session_flags;
pub mod state;
pub mod tree;
pub mod unknown_outcome;
pub mod views;
