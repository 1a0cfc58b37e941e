//! Files of rows, as they are written and checked.

mod common;
mod csv;
mod part;
mod sample;
mod verify;
