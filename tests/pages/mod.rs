//! The pages, in a real browser.

mod clocks;
mod decision;
mod evidence;
mod factor;
mod find;
mod many;
mod radius;
mod rehearse;
mod session;
mod timeline;
mod verdict;
