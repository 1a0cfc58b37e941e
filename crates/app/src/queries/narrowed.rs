//! What narrows the session rows that a question reads.

use super::View;
use claimledger_facts::{ids::LogSize, time::Time};
use claimledger_ledger::{session_flags::SessionFlags, views::RowFilter};

/// What the sessions of a question have in common, as far as rows say it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Narrowed {
    /// They were active at this instant.
    pub(super) active_at: Option<Time>,
    /// They have all of these flags at T.
    pub(super) flags: SessionFlags,
    /// They have a fact at or after this instant.
    pub(super) last_from: Option<Time>,
}

impl Narrowed {
    /// The filter of rows; none: rows are not narrowed, or not made by the rules in use.
    pub(super) fn filter(self, view: &View<'_>) -> Option<RowFilter> {
        let Self { active_at, flags, last_from } = self;
        let has_state = active_at.is_some() || !flags.is_empty();
        if !view.rows_current || (!has_state && last_from.is_none()) {
            return None;
        }
        // A later record only adds facts, so that the last fact of a row is never earlier than it
        // was at K, whenever the row was assessed. Where ids are linked it may be: a later record
        // may part what a link had joined.
        let size = if has_state || view.traits.links() {
            LogSize(view.cut.known_at.0.saturating_add(1))
        } else {
            LogSize(u64::MAX)
        };
        Some(RowFilter { active_at, flags, flags_at: view.cut.at, last_from, size })
    }
}
