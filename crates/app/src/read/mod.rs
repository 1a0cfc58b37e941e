//! From read models to the facts of a session.
//!
//! Enters: an id or a term, and a position K. Leaves: decoded records up to K. The read models find
//! positions, the log has the records, and what was decoded lately is cached.

pub(crate) mod load_session;
pub(crate) mod pending;
pub(crate) mod prefetch;
pub(crate) mod reader;
pub(crate) mod record_cache;
pub(crate) mod reordered;
