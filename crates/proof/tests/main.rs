//! The tree, its tiles, checkpoints and proof files. One binary, a module for each group of tests.

mod checkpoints;
mod evidence;
mod exhaustive;
mod judges;
mod large;
mod mutated;
mod notes;
mod program;
mod proofs;
mod support;
mod tiles;
mod tlog_proofs;
mod vectors;
