//! One file per question. Each calls [`App::ask`](crate::app::App) first and returns an answer of
//! the view it got, so that every disclosure passes one function.

mod accesses;
mod background_read;
mod barrier;
mod belief;
mod candidates;
mod chain;
mod change_points;
mod completeness;
mod configuration;
mod decision;
mod decisions;
mod dependants;
pub(crate) mod evidence;
pub(crate) mod falls;
mod filter_choices;
mod find;
mod find_sealed;
mod first_seen;
mod guard;
mod held_under;
mod indicators;
pub(crate) mod labels;
mod listed_sessions;
mod narrowed;
mod outlived;
pub(crate) mod proof;
mod record;
mod rehearse;
mod retractable;
mod reused;
pub(crate) mod rows;
mod session;
mod session_scan;
mod sessions;
mod sources;
mod status;
mod timeline;
mod unusual;
mod why;

use crate::app::ask::{Assessed, View};

/// Maximum rows per page.
pub(crate) const MAX_PAGE: u32 = 500;
