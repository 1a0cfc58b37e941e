//! Tokens of credentials, the MAC of their rows, and page sessions. No storage: credentials are
//! rows of the key store, page sessions are kept in memory.

pub(crate) mod credential_mac;
pub mod page_sessions;
pub mod tokens;
