//! The pages, in a real browser.

mod clocks;
mod decision;
mod factor;
mod rehearse;
mod session;
