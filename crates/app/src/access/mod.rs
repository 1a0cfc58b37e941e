//! Tokens of credentials, and the page sessions that rest on them. No storage: credentials are rows
//! of the key store, page sessions live in memory.

pub mod page_sessions;
pub mod tokens;
