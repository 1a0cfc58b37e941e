//! The pages, in a real browser.

mod clocks;
mod decision;
mod evidence;
mod factor;
mod find;
mod live;
mod radius;
mod rehearse;
mod session;
mod verdict;
mod walks;
