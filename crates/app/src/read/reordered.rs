//! Sessions that moved forward in lists. Lists are ordered by a session's first fact; when an
//! earlier one comes late, the session moves. A page whose K was pinned before must still find it
//! behind its cursor, so moves are remembered for a while.

use claimledger_facts::ids::SessionId;
use claimledger_ledger::views::SortKey;
use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

/// So many moves are remembered.
const KEPT: usize = 100_000;

/// Moves since some size of the log.
pub(crate) struct Reordered(Mutex<Moves>);

struct Moves {
    /// Moves by records below this size are not here.
    since: u64,
    moves: VecDeque<Move>,
}

#[derive(Clone)]
struct Move {
    /// By a record below this size.
    size: u64,
    session: SessionId,
    /// Where it stands now.
    to: SortKey,
}

impl Reordered {
    /// Nothing is known of moves by records below `size`.
    pub(crate) fn starting_at(size: u64) -> Self {
        Self(Mutex::new(Moves { since: size, moves: VecDeque::new() }))
    }

    /// A session moved, by a record below `size`.
    pub(crate) fn push(&self, size: u64, session: SessionId, to: SortKey) {
        let mut moves = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if moves.moves.len() >= KEPT
            && let Some(gone) = moves.moves.pop_front()
        {
            // Moves of one batch come in the order of their sessions, not of their records.
            moves.since = moves.since.max(gone.size);
        }
        moves.moves.push_back(Move { size, session, to });
    }

    /// Sessions that moved to a place not behind `after` by records from `size` on.
    pub(crate) fn passed(&self, size: u64, after: &SortKey) -> Passed {
        let moves = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sessions: Vec<SessionId> = moves
            .moves
            .iter()
            .filter(|m| m.size > size && m.to <= *after)
            .map(|m| m.session.clone())
            .collect();
        sessions.sort_unstable();
        sessions.dedup();
        if size < moves.since {
            Passed::Since { since: moves.since, sessions }
        } else {
            Passed::Known(sessions)
        }
    }
}

/// Sessions that moved.
pub(crate) enum Passed {
    /// All of them.
    Known(Vec<SessionId>),
    /// Those that moved by records at or after `since`; what moved before is not known any more.
    Since {
        /// A size of the log.
        since: u64,
        /// The sessions.
        sessions: Vec<SessionId>,
    },
}

impl Passed {
    /// Those that are remembered.
    pub(crate) fn remembered(self) -> Vec<SessionId> {
        match self {
            Self::Known(sessions) | Self::Since { sessions, .. } => sessions,
        }
    }
}
