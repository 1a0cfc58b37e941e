//! Sessions whose sort key decreased. Lists are ordered by a session's first fact; when an earlier
//! fact arrives late, the session moves forward. A page whose K was pinned before must still find
//! it after its cursor, so recent moves are remembered.

use claimledger_facts::ids::SessionId;
use claimledger_ledger::views::SortKey;
use parking_lot::Mutex;
use std::collections::VecDeque;

/// Maximum moves remembered.
const MAX_MOVES: usize = 100_000;

/// Moves since a size of the log.
pub(crate) struct Reordered(Mutex<Moves>);

struct Moves {
    /// Moves by records below this size are not remembered.
    since: u64,
    moves: VecDeque<Move>,
}

#[derive(Clone)]
struct Move {
    /// The session was moved by a record below this size.
    size: u64,
    session: SessionId,
    /// The new sort key.
    to: SortKey,
}

impl Reordered {
    /// Without knowledge of moves by records below `size`.
    pub(crate) fn starting_at(size: u64) -> Self {
        Self(Mutex::new(Moves { since: size, moves: VecDeque::new() }))
    }

    /// Adds a move by a record below `size`.
    pub(crate) fn push(&self, size: u64, session: SessionId, to: SortKey) {
        let mut moves = self.0.lock();
        if moves.moves.len() >= MAX_MOVES
            && let Some(gone) = moves.moves.pop_front()
        {
            // Moves of one batch are added in the order of sessions, not of records.
            moves.since = moves.since.max(gone.size);
        }
        moves.moves.push_back(Move { size, session, to });
    }

    /// Sessions that records from `size` on moved to `after` or before it.
    pub(crate) fn passed(&self, size: u64, after: &SortKey) -> Passed {
        let moves = self.0.lock();
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

/// Sessions that moved past a sort key.
pub(crate) enum Passed {
    /// All of them.
    Known(Vec<SessionId>),
    /// Those moved by records at or after `since`; earlier moves are not remembered.
    Since {
        /// A size of the log.
        since: u64,
        /// The sessions.
        sessions: Vec<SessionId>,
    },
}

impl Passed {
    /// The remembered sessions.
    pub(crate) fn remembered(self) -> Vec<SessionId> {
        match self {
            Self::Known(sessions) | Self::Since { sessions, .. } => sessions,
        }
    }
}
