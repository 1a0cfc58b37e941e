//! The session's timeline: lanes of items, drawn as SVG and written as a table. Both are made from
//! the same [`lanes::Figure`], so that they show the same items in the same order.
//!
//! `lanes` says what there is to see, `limits` what a figure can hold, `geometry` where it goes,
//! `zoom` through which windows it can be looked at, `marks` its shapes, `labels` what stands
//! beside them, `spoken` what is said of an item; `bar` and `svg` draw it, `table` writes it.
//! `heard` is another figure by the same rules: what was heard of each source;
//! `trusted` is one of an IdP. What stands below the lanes of both is in `ground`.

mod bar;
pub(crate) mod geometry;
mod ground;
pub(crate) mod heard;
pub(crate) mod labels;
pub(crate) mod lanes;
pub(crate) mod limits;
pub(crate) mod marks;
pub(crate) mod samples;
pub(crate) mod spoken;
pub(crate) mod svg;
pub(crate) mod table;
pub(crate) mod trusted;
pub(crate) mod zoom;

#[cfg(test)]
mod interval_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod window_tests;
