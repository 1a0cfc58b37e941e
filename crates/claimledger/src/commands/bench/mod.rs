//! `bench`: what the machine can do, and what the program makes of it.

mod append;
mod evidence;
mod load;
mod query;
mod rebuild;
mod report;
mod translate;

pub(crate) use append::append;
pub(crate) use evidence::{export, prove, verify};
pub(crate) use query::query;
pub(crate) use rebuild::rebuild;
pub(crate) use translate::translate;
