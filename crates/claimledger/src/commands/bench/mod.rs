//! `bench`: what the machine can do, and what the program makes of it.

mod append;
mod copy;
mod evidence;
mod lines;
mod load;
mod pages;
mod postgres;
mod query;
mod rebuild;
mod report;
mod size;
mod translate;

pub(crate) use append::append;
pub(crate) use copy::copy;
pub(crate) use evidence::{export, prove, verify};
pub(crate) use pages::pages;
pub(crate) use postgres::postgres;
pub(crate) use query::query;
pub(crate) use rebuild::rebuild;
pub(crate) use size::size;
pub(crate) use translate::translate;
