//! The contract: what a fact says, how a record is laid out, and how it is sealed.
//!
//! A translator returns a [`draft::Draft`]: facts about people by the source's own identifiers.
//! [`seal::seal`] makes it a [`record::Prepared`]: the statement in the clear and by pseudonym,
//! what is personal sealed under each person's key, the bytes received sealed under the keys of all
//! of them, and a header that commits to everything. The sequencer gives it a place
//! ([`record::Prepared::finish`]), an engine stores the [`record::Entry`] as bytes, and readers get
//! a [`record::Record`] back ([`record::Entry::decode`]), or what was sealed
//! ([`seal::open_original`], [`seal::open_personal`]).
//!
//! Stored bytes are never rewritten, so everything here is permanent: layouts are described in
//! `schema/record/header.v1.cddl` and fact types in `schema/facts/`; `golden/` holds bytes that
//! must stay readable; `dictionaries/` holds the compression dictionaries of small bodies, each
//! under the id that a frame names. Invariant: no direct identifier is stored in the clear.
//!
//! What this crate is **not**: it does not say what facts mean (`domain`), read any vendor's format
//! (`sources`), store anything or keep keys (`store`), or know the time. There is no IO but for the
//! system's randomness, and that comes in as an argument.
//!
//! How to add or change a fact type: `docs/adding.md`.

mod body;
pub mod canonical;
mod codec;
pub mod draft;
pub mod fact;
mod header;
pub mod ids;
pub mod indicator;
pub mod nature;
pub mod personal;
pub mod random;
pub mod record;
pub mod refusal;
mod removal;
pub mod schema;
pub mod seal;
pub mod statement;
pub mod time;
pub mod types;
pub mod vocabulary;
