//! Tokens of credentials, and page sessions. No storage: credentials are rows of the key store,
//! page sessions are kept in memory.

pub mod page_sessions;
pub mod tokens;
