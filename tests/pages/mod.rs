//! The pages, in a real browser.

mod clocks;
mod decision;
mod every_page;
mod evidence;
mod factor;
mod figures;
mod find;
mod invisible;
mod live;
mod many;
mod paper;
mod printed_words;
mod radius;
mod rehearse;
mod retract;
mod session;
mod style;
mod timeline;
mod verdict;
mod walks;
