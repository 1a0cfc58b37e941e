//! Ids and session revisions of the durable records that the index does not have yet: from its
//! checkpoint to the head.

use claimledger_facts::ids::{LogPosition, RecordId};
use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

/// Rows of `[base, end)`. It grows with appends and shrinks as the read models catch up.
#[derive(Debug, Default)]
pub(crate) struct Overlay {
    base: u64,
    rows: VecDeque<Row>,
    ids: HashMap<RecordId, LogPosition>,
    sessions: HashMap<Arc<str>, u64>,
}

#[derive(Debug)]
struct Row {
    id: RecordId,
    sessions: Box<[Arc<str>]>,
}

impl Overlay {
    /// Empty, from a position on.
    pub(crate) fn starting_at(base: u64) -> Self {
        Self { base, ..Self::default() }
    }

    pub(crate) fn base(&self) -> u64 {
        self.base
    }

    pub(crate) fn end(&self) -> u64 {
        self.base + self.rows.len() as u64
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Adds the record at `end()`.
    pub(crate) fn push<'a>(&mut self, id: RecordId, sessions: impl Iterator<Item = &'a str>) {
        let position = LogPosition(self.end());
        let sessions = sessions
            .map(|session| {
                let name = self
                    .sessions
                    .get_key_value(session)
                    .map_or_else(|| Arc::from(session), |(name, _)| Arc::clone(name));
                *self.sessions.entry(Arc::clone(&name)).or_default() += 1;
                name
            })
            .collect();
        self.ids.insert(id, position);
        self.rows.push_back(Row { id, sessions });
    }

    /// Drops the rows that the index has.
    pub(crate) fn drop_below(&mut self, size: u64) {
        while self.base < size {
            let Some(row) = self.rows.pop_front() else {
                self.base = size;
                break;
            };
            self.ids.remove(&row.id);
            for session in &row.sessions {
                if let Some(count) = self.sessions.get_mut(session) {
                    *count -= 1;
                    if *count == 0 {
                        self.sessions.remove(session);
                    }
                }
            }
            self.base += 1;
        }
        if self.rows.is_empty() {
            self.ids.shrink_to(1024);
            self.sessions.shrink_to(1024);
            self.rows.shrink_to(1024);
        }
    }

    pub(crate) fn position(&self, id: &RecordId) -> Option<LogPosition> {
        self.ids.get(id).copied()
    }

    pub(crate) fn count(&self, session: &str) -> u64 {
        self.sessions.get(session).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn it_counts_what_lies_above_the_base_only() {
        let id = |n: u8| RecordId(Uuid::from_bytes([n; 16]));
        let mut overlay = Overlay::starting_at(5);
        overlay.push(id(5), ["S1"].into_iter());
        overlay.push(id(6), ["S1", "S2"].into_iter());
        overlay.push(id(7), std::iter::empty());
        assert_eq!(
            (overlay.base(), overlay.end(), overlay.count("S1"), overlay.count("S2")),
            (5, 8, 2, 1)
        );
        assert_eq!(overlay.position(&id(6)), Some(LogPosition(6)));

        overlay.drop_below(6);
        assert_eq!((overlay.position(&id(5)), overlay.count("S1"), overlay.len()), (None, 1, 2));
        overlay.drop_below(3);
        assert_eq!(overlay.base(), 6);
        overlay.drop_below(9);
        assert_eq!((overlay.base(), overlay.end(), overlay.count("S2")), (9, 9, 0));
    }
}
