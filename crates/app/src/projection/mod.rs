//! The projection: from the log to read models.
//!
//! Input: records at the end of the log. Output: rows by which sessions are found and listed. Rows
//! are derived: they can be deleted and rebuilt from the log at any time.

pub(crate) mod batch;
mod late;
pub(crate) mod projector;
pub(crate) mod rebuild;
pub(crate) mod rules;
pub(crate) mod scrub;
pub(crate) mod session_rows;
