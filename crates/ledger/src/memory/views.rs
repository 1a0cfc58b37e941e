//! Read models in memory.

use super::hold;
use crate::{
    index::{Looked, RecordIndex},
    log::LogError,
    views::{Carried, HeadKey, HeadRow, IndexRow, Term, TermKind, Views},
};
use async_trait::async_trait;
use claimledger_facts::ids::{LogPosition, LogSize, RecordId, SessionId, TenantId};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
};

/// Read models in memory.
#[derive(Debug, Default)]
pub struct MemoryIndex(Mutex<BTreeMap<TenantId, Tables>>);

#[derive(Clone, Debug, Default)]
struct Tables {
    covered: LogSize,
    ids: BTreeMap<RecordId, LogPosition>,
    postings: BTreeMap<Term, BTreeSet<LogPosition>>,
    /// Term to the sessions whose records carry it.
    sessions: BTreeMap<Term, BTreeSet<String>>,
    heads: BTreeMap<SessionId, HeadRow>,
}

impl Tables {
    fn revision(&self, session: &SessionId) -> u64 {
        let term = Term { kind: TermKind::Session, value: session.as_str().to_owned() };
        self.postings.get(&term).map_or(0, |positions| positions.len() as u64)
    }

    fn carries(&self, session: &SessionId, term: &Term) -> bool {
        if term.kind == TermKind::Session {
            return term.value == session.as_str();
        }
        self.sessions.get(term).is_some_and(|sessions| sessions.contains(session.as_str()))
    }

    fn add(&mut self, row: &IndexRow) {
        self.ids.entry(row.id).or_insert(row.position);
        for term in &row.terms {
            self.postings.entry(term.clone()).or_default().insert(row.position);
            if !term.kind.lists_sessions() {
                continue;
            }
            for session in row.terms.iter().filter(|other| other.kind == TermKind::Session) {
                self.sessions.entry(term.clone()).or_default().insert(session.value.clone());
            }
        }
    }
}

impl MemoryIndex {
    fn with<T>(&self, tenant: &TenantId, f: impl FnOnce(&Tables) -> T) -> T {
        match hold(&self.0).get(tenant) {
            Some(tables) => f(tables),
            None => f(&Tables::default()),
        }
    }
}

#[async_trait]
impl RecordIndex for MemoryIndex {
    async fn covered(&self, tenant: &TenantId) -> Result<LogSize, LogError> {
        Ok(self.with(tenant, |tables| tables.covered))
    }

    async fn positions(&self, tenant: &TenantId, ids: &[RecordId]) -> Result<Vec<Option<LogPosition>>, LogError> {
        Ok(self.with(tenant, |tables| ids.iter().map(|id| tables.ids.get(id).copied()).collect()))
    }

    async fn revisions(&self, tenant: &TenantId, sessions: &[SessionId]) -> Result<Vec<u64>, LogError> {
        Ok(self.with(tenant, |tables| sessions.iter().map(|session| tables.revision(session)).collect()))
    }

    async fn look_up(&self, tenant: &TenantId, ids: &[RecordId], sessions: &[SessionId]) -> Result<Looked, LogError> {
        Ok(self.with(tenant, |tables| Looked {
            covered: tables.covered,
            positions: ids.iter().map(|id| tables.ids.get(id).copied()).collect(),
            revisions: sessions.iter().map(|session| tables.revision(session)).collect(),
        }))
    }

    async fn ids_after(&self, tenant: &TenantId, after: Option<RecordId>, max: usize) -> Result<Option<Vec<RecordId>>, LogError> {
        use std::ops::Bound::{Excluded, Unbounded};
        let from = after.map_or(Unbounded, Excluded);
        Ok(Some(self.with(tenant, |tables| tables.ids.range((from, Unbounded)).map(|(id, _)| *id).take(max).collect())))
    }
}

#[async_trait]
impl Views for MemoryIndex {
    async fn apply(&self, tenant: &TenantId, from: LogSize, rows: &[IndexRow], heads: &[HeadRow]) -> Result<(), LogError> {
        let mut tenants = hold(&self.0);
        let covered = tenants.get(tenant).map_or(LogSize(0), |tables| tables.covered);
        if covered != from {
            return Err(LogError::unavailable(format!("the read models are at {}, not {}", covered.0, from.0)));
        }
        let tables = tenants.entry(tenant.clone()).or_default();
        for row in rows {
            tables.add(row);
        }
        for head in heads {
            tables.heads.insert(head.session.clone(), head.clone());
        }
        tables.covered = LogSize(from.0 + rows.len() as u64);
        Ok(())
    }

    async fn positions_of(
        &self,
        tenant: &TenantId,
        term: &Term,
        from: LogPosition,
        known_at: LogPosition,
        max: usize,
    ) -> Result<Vec<LogPosition>, LogError> {
        if from > known_at {
            return Ok(Vec::new());
        }
        let range = |positions: &BTreeSet<LogPosition>| positions.range(from..=known_at).copied().take(max).collect();
        Ok(self.with(tenant, |tables| tables.postings.get(term).map(range).unwrap_or_default()))
    }

    async fn sessions_with(&self, tenant: &TenantId, terms: &[Term], after: Option<&HeadKey>, max: usize) -> Result<Vec<HeadRow>, LogError> {
        Ok(self.with(tenant, |tables| {
            let mut found: Vec<_> = tables
                .heads
                .values()
                .filter(|row| after.is_none_or(|after| row.key() > *after))
                .filter(|row| terms.iter().all(|term| tables.carries(&row.session, term)))
                .cloned()
                .collect();
            found.sort_by_key(HeadRow::key);
            found.truncate(max);
            found
        }))
    }

    async fn values_of(&self, tenant: &TenantId, kind: TermKind, carried: Carried, after: Option<&str>, max: usize) -> Result<Vec<String>, LogError> {
        Ok(self.with(tenant, |tables| {
            let often = |term: &Term, positions: &BTreeSet<LogPosition>| match carried {
                Carried::Once => true,
                Carried::ByTwoRecords => positions.len() > 1,
                Carried::ByTwoSessions => tables.sessions.get(term).is_some_and(|sessions| sessions.len() > 1),
            };
            let of_kind =
                tables.postings.range(Term { kind, value: after.unwrap_or_default().to_owned() }..).take_while(|(term, _)| term.kind == kind);
            let behind = of_kind.filter(|(term, positions)| after.is_none_or(|after| term.value.as_str() > after) && often(term, positions));
            behind.map(|(term, _)| term.value.clone()).take(max).collect()
        }))
    }

    async fn head_row(&self, tenant: &TenantId, session: &SessionId) -> Result<Option<HeadRow>, LogError> {
        Ok(self.with(tenant, |tables| tables.heads.get(session).cloned()))
    }

    async fn session_count(&self, tenant: &TenantId) -> Result<u64, LogError> {
        Ok(self.with(tenant, |tables| tables.heads.len() as u64))
    }

    async fn reset(&self, tenant: &TenantId) -> Result<(), LogError> {
        hold(&self.0).remove(tenant);
        Ok(())
    }

    async fn dump(&self, tenant: &TenantId) -> Result<Vec<String>, LogError> {
        Ok(self.with(tenant, |tables| {
            let mut lines = vec![format!("covered {}", tables.covered.0)];
            lines.extend(tables.ids.iter().map(|(id, position)| format!("record {id} {position}")));
            for (term, positions) in &tables.postings {
                lines.extend(positions.iter().map(|position| format!("posting {:?} {} {position}", term.kind, term.value)));
            }
            for (term, sessions) in &tables.sessions {
                lines.extend(sessions.iter().map(|session| format!("session {:?} {} {session}", term.kind, term.value)));
            }
            lines.extend(tables.heads.values().map(HeadRow::to_text));
            lines
        }))
    }
}
