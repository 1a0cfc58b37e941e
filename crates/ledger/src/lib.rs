//! x
pub mod append;
pub mod index;
pub mod keys;
pub mod log;
pub mod views;
