//! What many sessions are made of, read at once: a few questions for all of them, where one session
//! after the other asks as many each.

use crate::{
    model::{record_summary::RecordSummary, terms::pair},
    read::{load_session::Traits, reader::Reader},
};
use claimledger_facts::{
    fact::FactData,
    ids::{LogPosition, SessionId},
};
use claimledger_ledger::{
    log::LogError,
    views::{Term, TermKind},
};
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

/// So many sessions are read at once.
pub(crate) const AT_ONCE: usize = 64;
/// Fewer where they have so many records: some kilobytes each.
const MOST_RECORDS: usize = 10_000;

/// The records of some sessions, as known at a position; and where those are that speak of their
/// IdP sessions.
#[derive(Default)]
pub(crate) struct Prefetched {
    known_at: LogPosition,
    sessions: HashMap<SessionId, Vec<Arc<RecordSummary>>>,
    terms: HashMap<Term, Vec<LogPosition>>,
    records: HashMap<LogPosition, Arc<RecordSummary>>,
}

impl Prefetched {
    /// Reads the records of some sessions, the first at least, and those that speak of their IdP
    /// sessions. What else a session turns out to need is read when it is gathered.
    pub(crate) async fn read(
        reader: &Reader<'_>,
        traits: Traits,
        sessions: &[SessionId],
        known_at: LogPosition,
    ) -> Result<Self, LogError> {
        let found = reader.records_of_each(sessions, known_at, MOST_RECORDS).await?;
        let mut prefetched = Self {
            known_at,
            sessions: sessions.iter().cloned().zip(found).collect(),
            ..Self::default()
        };
        if traits.idp_sessions() {
            let terms: BTreeSet<Term> = prefetched
                .sessions
                .values()
                .flatten()
                .flat_map(|record| idp_sessions(record))
                .collect();
            let terms: Vec<_> = terms.into_iter().collect();
            let found = reader.positions_of_each(&terms, known_at).await?;
            let positions: BTreeSet<LogPosition> = found.iter().flatten().copied().collect();
            let positions: Vec<_> = positions.into_iter().collect();
            prefetched.records =
                positions.iter().copied().zip(reader.records(&positions).await?).collect();
            prefetched.terms = terms.into_iter().zip(found).collect();
        }
        Ok(prefetched)
    }

    /// Whether a session was read.
    pub(crate) fn has(&self, session: &SessionId) -> bool {
        self.sessions.contains_key(session)
    }

    /// The records that name a session; none: it was not read.
    pub(crate) fn records_of(
        &self,
        session: &SessionId,
        known_at: LogPosition,
    ) -> Option<&[Arc<RecordSummary>]> {
        if known_at == self.known_at { self.sessions.get(session).map(Vec::as_slice) } else { None }
    }

    /// Where the records with a term are; none: that was not read.
    pub(crate) fn positions(&self, term: &Term, known_at: LogPosition) -> Option<&[LogPosition]> {
        if known_at == self.known_at { self.terms.get(term).map(Vec::as_slice) } else { None }
    }

    /// A record, if it was read.
    pub(crate) fn record(&self, position: LogPosition) -> Option<Arc<RecordSummary>> {
        self.records.get(&position).cloned()
    }
}

/// The IdP sessions that a record says its session came from.
fn idp_sessions(record: &RecordSummary) -> impl Iterator<Item = Term> + '_ {
    record.statement.facts.iter().filter_map(|fact| match &fact.data {
        FactData::SessionStarted(start) => Some(pair(
            TermKind::IdpSession,
            start.idp.as_ref()?.as_str(),
            start.idp_session.as_ref()?.as_str(),
        )),
        _ => None,
    })
}
