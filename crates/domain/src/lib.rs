//! What facts mean.
pub mod model;
