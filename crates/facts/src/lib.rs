//! The contract: what a fact says, how a record is laid out, and how it is sealed.
//!
//! A translator hands over a [`draft::Draft`]: facts about people by the source's own identifiers.
//! [`seal::seal`] makes it a [`record::Prepared`]: the statement in the clear and by pseudonym,
//! what is personal sealed under each person's key, the bytes received sealed under the keys of all
//! of them, and a header that commits to everything. The sequencer gives it a place
//! ([`record::Prepared::finish`]), an engine stores the [`record::Entry`] as bytes, and readers get
//! a [`record::Record`] back ([`record::Entry::decode`]), or what was sealed
//! ([`seal::open_original`], [`seal::open_personal`]).
//!
//! What is written here is written for ever: layouts stand in `schema/record/header.v1.cddl`, fact
//! types in `schema/facts/`, `golden/` holds bytes that must read for ever, and `dictionaries/`
//! what small bodies are packed with, each under the id that a frame names. Invariant: stored bytes
//! are never written anew. Invariant: no direct identifier stands in the clear.
//!
//! What this crate is **not**: it does not say what facts mean (`domain`), read any vendor's format
//! (`sources`), store anything or keep keys (`store`), or know the time. There is no IO but for the
//! system's randomness, and that comes in as an argument.
//!
//! # Adding a fact type
//! 1. Its data: a struct in `types/`, in the file of its noun. Required fields are plain, optional
//!    ones an `Option` or a list that is left out when empty. Words of a closed set are an enum in
//!    [`vocabulary`].
//! 2. Its line in the table of [`fact`]: name (past tense, never to be reused), version 1, what a
//!    line of it must carry. The compiler then asks where its reason stands, if it has one: what is
//!    no code must not stand in the clear.
//! 3. A sample in `tests/common`, every field used.
//! 4. `UPDATE_SCHEMA=1 cargo test -p claimledger-facts schema` and `UPDATE_GOLDEN=1 cargo test -p
//!    claimledger-facts --test golden`; commit what they write.
//!
//! # Changing one
//! Any change of what is stored, be it a new optional field, is a new version: an older program
//! would drop what it does not know. Raise the version in the table, add the step from the last one
//! to [`upcast::Upcasts::CONTRACT`], and do step 4 again; the schema and golden file of the old
//! version stay.

mod body;
pub mod canonical;
mod codec;
pub mod draft;
pub mod fact;
mod header;
pub mod ids;
pub mod nature;
pub mod personal;
pub mod random;
pub mod record;
pub mod refusal;
pub mod schema;
pub mod seal;
pub mod statement;
pub mod time;
pub mod types;
pub mod upcast;
pub mod vocabulary;
