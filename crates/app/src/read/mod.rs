//! From read models to the facts of a session.
//!
//! Input: an id or a term, and a position K. Output: decoded records up to K. The read models find
//! positions, the log has the records, and recently decoded records are cached.

pub(crate) mod load_session;
pub(crate) mod pending;
pub(crate) mod prefetch;
pub(crate) mod reader;
pub(crate) mod record_cache;
pub(crate) mod reordered;
