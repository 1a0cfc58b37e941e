//! The sequencer, over engines in memory. One binary, a module for each group of tests.

mod memory;
mod sequencer;
mod support;
mod turns;
