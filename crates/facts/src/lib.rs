//! The contract: what a fact says, how a record is laid out, and how it is sealed.
pub mod draft;
pub mod fact;
pub mod ids;
pub mod record;
pub mod refusal;
pub mod statement;
pub mod time;
pub mod types;
pub mod vocabulary;
