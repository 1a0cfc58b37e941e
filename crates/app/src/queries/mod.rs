//! One file per question. Each begins with [`App::ask`](crate::app::App) and ends with an answer of
//! the view that it gave, so that every disclosure passes one function.

mod background_read;
mod barrier;
mod belief;
mod candidates;
mod chain;
mod completeness;
mod configuration;
mod decision;
mod decisions;
mod dependants;
mod find;
mod find_sealed;
mod first_seen;
mod held_under;
mod labels;
mod outlived;
mod record;
mod rehearse;
mod reused;
mod session;
mod session_scan;
mod sessions;
mod sources;
mod status;
mod stops;
mod timeline;
mod why;

use crate::app::ask::{Assessed, View};

/// Maximum rows per page.
pub(crate) const MAX_PAGE: u32 = 500;
