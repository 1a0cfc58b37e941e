//! Read models in memory.

use crate::{
    generations::{
        Comparison, Counted, Difference, Differences, Generation, Generations, MadeBy, Place,
        RowKind,
    },
    index::{Looked, RecordIndex},
    log::LogError,
    record_summaries::RecordSummaries,
    views::{Carried, IndexRow, RowFilter, SessionRow, SortKey, Term, TermKind, Views},
};
use async_trait::async_trait;
use claimledger_facts::{
    ids::{LogPosition, LogSize, RecordId, SessionId, TenantId},
    record::Digest32,
};
use parking_lot::Mutex;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Read models in memory.
#[derive(Debug, Default)]
pub struct MemoryIndex {
    tenants: Arc<Mutex<BTreeMap<TenantId, Kept>>>,
    place: Place,
}

/// One tenant's generations.
#[derive(Debug, Default)]
struct Kept {
    last_number: u64,
    places: BTreeMap<Place, Tables>,
}

#[derive(Clone, Debug, Default)]
struct Tables {
    number: u64,
    made_by: Option<MadeBy>,
    report: Option<String>,
    covered: LogSize,
    last_leaf: Option<Digest32>,
    ids: BTreeMap<RecordId, LogPosition>,
    postings: BTreeMap<Term, BTreeSet<LogPosition>>,
    /// Term to the sessions whose records carry it.
    sessions: BTreeMap<Term, BTreeSet<String>>,
    session_rows: BTreeMap<SessionId, SessionRow>,
    summaries: BTreeMap<String, Vec<RecordSummaries>>,
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

    fn add(&mut self, row: &IndexRow) -> Result<(), LogError> {
        for session in row
            .terms
            .iter()
            .filter(|term| term.kind == TermKind::Session && !row.summary.is_empty())
        {
            let parts = self.summaries.entry(session.value.clone()).or_default();
            let pushed = match parts.last_mut() {
                Some(last) => last.push(row.position, &row.summary)?,
                None => false,
            };
            if !pushed {
                let mut next = RecordSummaries::default();
                next.push(row.position, &row.summary)?;
                parts.push(next);
            }
        }
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
        Ok(())
    }
}

impl Tables {
    fn of(&self) -> Generation {
        let made_by = self.made_by.clone().unwrap_or_else(|| MadeBy::now(""));
        Generation {
            number: self.number,
            made_by,
            covered: self.covered,
            last_leaf: self.last_leaf,
            report: self.report.clone(),
        }
    }

    fn rows(&self) -> Vec<(RowKind, String)> {
        let mut rows: Vec<_> = self
            .ids
            .iter()
            .map(|(id, position)| (RowKind::Record, format!("record {id} {position}")))
            .collect();
        for (term, positions) in &self.postings {
            rows.extend(positions.iter().map(|at| {
                (RowKind::Posting, format!("posting {:?} {} {at}", term.kind, term.value))
            }));
        }
        for (term, sessions) in &self.sessions {
            rows.extend(sessions.iter().map(|session| {
                (RowKind::Session, format!("session {:?} {} {session}", term.kind, term.value))
            }));
        }
        rows.extend(self.session_rows.values().map(|row| (RowKind::SessionRow, row.to_text())));
        for (session, parts) in &self.summaries {
            rows.extend(
                (0..)
                    .zip(parts)
                    .map(|(n, part)| (RowKind::RecordSummary, part.to_text(session, n))),
            );
        }
        rows
    }
}

impl Kept {
    fn begin(&mut self, place: Place) -> &mut Tables {
        self.last_number += 1;
        self.places.insert(place, Tables { number: self.last_number, ..Tables::default() });
        self.places.entry(place).or_default()
    }

    /// Both, if they are at the same size.
    fn both(&self) -> Result<(&Tables, &Tables), LogError> {
        match (self.places.get(&Place::Live), self.places.get(&Place::Shadow)) {
            (Some(live), Some(shadow)) if live.covered == shadow.covered => Ok((live, shadow)),
            _ => Err(LogError::unavailable("there are not two generations at one size")),
        }
    }
}

impl MemoryIndex {
    /// Deletes the summaries of sessions' records, as in rows of a version without summaries.
    pub fn forget_summaries(&self, tenant: &TenantId) {
        if let Some(live) =
            self.tenants.lock().get_mut(tenant).and_then(|kept| kept.places.get_mut(&self.place))
        {
            live.summaries.clear();
        }
    }

    fn with<T>(&self, tenant: &TenantId, f: impl FnOnce(&Tables) -> T) -> T {
        match self.tenants.lock().get(tenant).and_then(|kept| kept.places.get(&self.place)) {
            Some(tables) => f(tables),
            None => f(&Tables::default()),
        }
    }
}

/// Copies of both.
struct Pinned {
    live: Tables,
    shadow: Tables,
}

#[async_trait]
impl Comparison for Pinned {
    async fn differences(self: Box<Self>, most: usize) -> Result<Differences, LogError> {
        let (live, shadow) = (self.live.rows(), self.shadow.rows());
        let (mut counts, mut first) = (Vec::new(), Vec::new());
        for kind in RowKind::ALL {
            let of = |rows: &[(RowKind, String)]| {
                rows.iter()
                    .filter(|row| row.0 == kind)
                    .map(|row| row.1.clone())
                    .collect::<BTreeSet<_>>()
            };
            let (live, shadow) = (of(&live), of(&shadow));
            let only: [(Place, Vec<&String>); 2] = [
                (Place::Live, live.difference(&shadow).collect()),
                (Place::Shadow, shadow.difference(&live).collect()),
            ];
            counts.push(Counted {
                kind,
                live: live.len() as u64,
                shadow: shadow.len() as u64,
                only_live: only[0].1.len() as u64,
                only_shadow: only[1].1.len() as u64,
            });
            for (only_in, rows) in only {
                first.extend(rows.into_iter().take(most).map(|row| Difference {
                    only_in,
                    kind,
                    row: row.clone(),
                }));
            }
        }
        Ok(Differences { at: self.live.covered, counts, first })
    }
}

#[async_trait]
impl RecordIndex for MemoryIndex {
    async fn covered(&self, tenant: &TenantId) -> Result<LogSize, LogError> {
        Ok(self.with(tenant, |tables| tables.covered))
    }

    async fn look_up(
        &self,
        tenant: &TenantId,
        ids: &[RecordId],
        sessions: &[SessionId],
    ) -> Result<Looked, LogError> {
        Ok(self.with(tenant, |tables| Looked {
            covered: tables.covered,
            positions: ids.iter().map(|id| tables.ids.get(id).copied()).collect(),
            revisions: sessions.iter().map(|session| tables.revision(session)).collect(),
        }))
    }

    async fn ids_after(
        &self,
        tenant: &TenantId,
        after: Option<RecordId>,
        max: usize,
    ) -> Result<Option<Vec<RecordId>>, LogError> {
        use std::ops::Bound::{Excluded, Unbounded};
        let from = after.map_or(Unbounded, Excluded);
        Ok(Some(self.with(tenant, |tables| {
            tables.ids.range((from, Unbounded)).map(|(id, _)| *id).take(max).collect()
        })))
    }
}

#[async_trait]
impl Views for MemoryIndex {
    async fn apply(
        &self,
        tenant: &TenantId,
        from: LogSize,
        rows: &[IndexRow],
        session_rows: &[SessionRow],
    ) -> Result<(), LogError> {
        let mut tenants = self.tenants.lock();
        let kept = tenants.entry(tenant.clone()).or_default();
        let covered = kept.places.get(&self.place).map(|tables| tables.covered);
        if covered.unwrap_or_default() != from {
            return Err(LogError::unavailable(format!(
                "the read models are at {}, not {}",
                covered.unwrap_or_default().0,
                from.0
            )));
        }
        let tables = match (covered, self.place) {
            (Some(_), place) => kept.places.entry(place).or_default(),
            (None, Place::Live) => kept.begin(Place::Live),
            (None, Place::Shadow) => {
                return Err(LogError::unavailable("no generation is being built"));
            }
        };
        for row in rows {
            tables.add(row)?;
        }
        for row in session_rows {
            tables.session_rows.insert(row.session.clone(), row.clone());
        }
        tables.covered = LogSize(from.0 + rows.len() as u64);
        tables.last_leaf = rows.last().map(|row| row.leaf).or(tables.last_leaf);
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
        let range = |positions: &BTreeSet<LogPosition>| {
            positions.range(from..=known_at).copied().take(max).collect()
        };
        Ok(self.with(tenant, |tables| tables.postings.get(term).map(range).unwrap_or_default()))
    }

    async fn positions_of_each(
        &self,
        tenant: &TenantId,
        terms: &[Term],
        known_at: LogPosition,
    ) -> Result<Vec<Vec<LogPosition>>, LogError> {
        let upto =
            |positions: &BTreeSet<LogPosition>| positions.range(..=known_at).copied().collect();
        Ok(self.with(tenant, |tables| {
            terms
                .iter()
                .map(|term| tables.postings.get(term).map(upto).unwrap_or_default())
                .collect()
        }))
    }

    async fn summaries_of_each(
        &self,
        tenant: &TenantId,
        sessions: &[SessionId],
    ) -> Result<Vec<Vec<RecordSummaries>>, LogError> {
        Ok(self.with(tenant, |tables| {
            sessions
                .iter()
                .map(|id| tables.summaries.get(id.as_str()).cloned().unwrap_or_default())
                .collect()
        }))
    }

    async fn sessions_with(
        &self,
        tenant: &TenantId,
        terms: &[Term],
        filter: Option<RowFilter>,
        after: Option<&SortKey>,
        max: usize,
    ) -> Result<Vec<SessionRow>, LogError> {
        Ok(self.with(tenant, |tables| {
            let mut found: Vec<_> = tables
                .session_rows
                .values()
                .filter(|row| after.is_none_or(|after| row.key() > *after))
                .filter(|row| filter.is_none_or(|filter| filter.may_match(row)))
                .filter(|row| terms.iter().all(|term| tables.carries(&row.session, term)))
                .cloned()
                .collect();
            found.sort_by_key(SessionRow::key);
            found.truncate(max);
            found
        }))
    }

    async fn count_with(
        &self,
        tenant: &TenantId,
        term: &Term,
        max: usize,
    ) -> Result<usize, LogError> {
        Ok(self.with(tenant, |tables| tables.sessions.get(term).map_or(0, BTreeSet::len).min(max)))
    }

    async fn values_of(
        &self,
        tenant: &TenantId,
        kind: TermKind,
        carried: Carried,
        after: Option<&str>,
        max: usize,
    ) -> Result<Vec<String>, LogError> {
        Ok(self.with(tenant, |tables| {
            let often = |term: &Term, positions: &BTreeSet<LogPosition>| match carried {
                Carried::Once => true,
                Carried::ByTwoRecords => positions.len() > 1,
                Carried::ByTwoSessions => {
                    tables.sessions.get(term).is_some_and(|sessions| sessions.len() > 1)
                }
            };
            let of_kind = tables
                .postings
                .range(Term { kind, value: after.unwrap_or_default().to_owned() }..)
                .take_while(|(term, _)| term.kind == kind);
            let behind = of_kind.filter(|(term, positions)| {
                after.is_none_or(|after| term.value.as_str() > after) && often(term, positions)
            });
            behind.map(|(term, _)| term.value.clone()).take(max).collect()
        }))
    }

    async fn session_row(
        &self,
        tenant: &TenantId,
        session: &SessionId,
    ) -> Result<Option<SessionRow>, LogError> {
        Ok(self.with(tenant, |tables| tables.session_rows.get(session).cloned()))
    }

    async fn session_count(&self, tenant: &TenantId) -> Result<u64, LogError> {
        Ok(self.with(tenant, |tables| tables.session_rows.len() as u64))
    }

    async fn reset(&self, tenant: &TenantId) -> Result<(), LogError> {
        if let Some(kept) = self.tenants.lock().get_mut(tenant) {
            kept.places.clear();
        }
        Ok(())
    }

    async fn dump(&self, tenant: &TenantId) -> Result<Vec<String>, LogError> {
        Ok(self.with(tenant, |tables| {
            let mut lines = vec![format!("covered {}", tables.covered.0)];
            lines.extend(tables.rows().into_iter().map(|(_, row)| row));
            lines
        }))
    }

    fn shadow(&self) -> Arc<dyn Views> {
        Arc::new(Self { tenants: Arc::clone(&self.tenants), place: Place::Shadow })
    }

    async fn generations(&self, tenant: &TenantId) -> Result<Generations, LogError> {
        let tenants = self.tenants.lock();
        let of =
            |place| tenants.get(tenant).and_then(|kept| kept.places.get(&place)).map(Tables::of);
        Ok(Generations { live: of(Place::Live), shadow: of(Place::Shadow) })
    }

    async fn begin(
        &self,
        tenant: &TenantId,
        place: Place,
        made_by: &MadeBy,
    ) -> Result<(), LogError> {
        let mut tenants = self.tenants.lock();
        let kept = tenants.entry(tenant.clone()).or_default();
        let there = place == Place::Live && kept.places.contains_key(&place);
        let tables = if there { kept.places.entry(place).or_default() } else { kept.begin(place) };
        tables.made_by = Some(made_by.clone());
        Ok(())
    }

    async fn abandon_shadow(&self, tenant: &TenantId) -> Result<(), LogError> {
        if let Some(kept) = self.tenants.lock().get_mut(tenant) {
            kept.places.remove(&Place::Shadow);
        }
        Ok(())
    }

    async fn compare(&self, tenant: &TenantId) -> Result<Box<dyn Comparison>, LogError> {
        let mut tenants = self.tenants.lock();
        let (live, shadow) = tenants.entry(tenant.clone()).or_default().both()?;
        Ok(Box::new(Pinned { live: live.clone(), shadow: shadow.clone() }))
    }

    async fn switch(&self, tenant: &TenantId, at: LogSize, report: &str) -> Result<(), LogError> {
        let mut tenants = self.tenants.lock();
        let kept = tenants.entry(tenant.clone()).or_default();
        if kept.both()?.0.covered != at {
            return Err(LogError::unavailable(format!("the read models are not at {}", at.0)));
        }
        if let Some(mut shadow) = kept.places.remove(&Place::Shadow) {
            shadow.report = Some(report.to_owned());
            kept.places.insert(Place::Live, shadow);
        }
        Ok(())
    }

    async fn sweep(&self, _: &TenantId) -> Result<bool, LogError> {
        Ok(false)
    }
}
