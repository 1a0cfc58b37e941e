//! The session's timeline: lanes of items, drawn as SVG and written as a table. Both are made from
//! the same [`lanes::Figure`], so that they show the same items in the same order.
//!
//! `lanes` says what there is to see, `limits` what a figure can hold, `geometry` where it goes,
//! `marks` its shapes, `labels` what stands beside them; `svg` and `table` write it. `heard` is
//! another figure by the same rules: what was heard of each source; `trusted` is one of an IdP.

pub(crate) mod geometry;
pub(crate) mod heard;
pub(crate) mod labels;
pub(crate) mod lanes;
pub(crate) mod limits;
pub(crate) mod marks;
pub(crate) mod svg;
pub(crate) mod table;
pub(crate) mod trusted;

#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;
