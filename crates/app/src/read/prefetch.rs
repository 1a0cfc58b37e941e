//! Loads the records of many sessions with a few queries, instead of a few per session.

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

/// Maximum sessions loaded per query.
pub(crate) const MAX_SESSIONS: usize = 64;
/// Maximum records loaded per query (some kilobytes each); at least one session is loaded.
const MAX_RECORDS: usize = 10_000;

/// The records of some sessions, as known at a position, and the positions of the records about
/// their IdP sessions.
#[derive(Default)]
pub(crate) struct Prefetched {
    known_at: LogPosition,
    sessions: HashMap<SessionId, Vec<Arc<RecordSummary>>>,
    terms: HashMap<Term, Vec<LogPosition>>,
    records: HashMap<LogPosition, Arc<RecordSummary>>,
}

impl Prefetched {
    /// Loads as many of the sessions as fit, at least the first, and the positions of the records
    /// about their IdP sessions. What else a session needs is read when it is loaded.
    pub(crate) async fn read(
        reader: &Reader<'_>,
        traits: Traits,
        sessions: &[SessionId],
        known_at: LogPosition,
    ) -> Result<Self, LogError> {
        let found = reader.records_of_each(sessions, known_at, MAX_RECORDS).await?;
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

    /// Whether a session was prefetched.
    pub(crate) fn has(&self, session: &SessionId) -> bool {
        self.sessions.contains_key(session)
    }

    /// The records that name a session; none: it was not prefetched.
    pub(crate) fn records_of(
        &self,
        session: &SessionId,
        known_at: LogPosition,
    ) -> Option<&[Arc<RecordSummary>]> {
        if known_at == self.known_at { self.sessions.get(session).map(Vec::as_slice) } else { None }
    }

    /// Positions of the records with a term; none: they were not prefetched.
    pub(crate) fn positions(&self, term: &Term, known_at: LogPosition) -> Option<&[LogPosition]> {
        if known_at == self.known_at { self.terms.get(term).map(Vec::as_slice) } else { None }
    }

    /// A record, if it was prefetched.
    pub(crate) fn record(&self, position: LogPosition) -> Option<Arc<RecordSummary>> {
        self.records.get(&position).cloned()
    }
}

/// The IdP sessions that a record states as the origin of its session.
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
