//! The acceptance questions of `tests/fixture/questions.md`, asked of the shipped program.

mod change;
mod clocks;
mod falsifiers;
mod history;
mod integrators;
mod sets;
mod subscription;
