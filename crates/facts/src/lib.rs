//! The contract: what a fact says, how a record is laid out, and how it is sealed.
mod body;
pub mod canonical;
mod codec;
pub mod draft;
pub mod fact;
mod header;
pub mod ids;
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
