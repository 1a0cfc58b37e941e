//! What many sessions are made of, read at once: a few questions for all of them, where one session after the other asks as many each.

use crate::{
    brief::Brief,
    gather::Traits,
    reader::Reader,
    terms::{pair, term},
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

/// Where the records of some sessions are, as known at a position, and the records.
#[derive(Default)]
pub(crate) struct Fetched {
    known_at: LogPosition,
    terms: HashMap<Term, Vec<LogPosition>>,
    records: HashMap<LogPosition, Arc<Brief>>,
}

impl Fetched {
    /// Reads the records of some sessions, and those that speak of their IdP sessions. What else a session turns out to need is read when it is gathered.
    pub(crate) async fn read(reader: &Reader<'_>, traits: Traits, sessions: &[SessionId], known_at: LogPosition) -> Result<Self, LogError> {
        let mut fetched = Self { known_at, ..Self::default() };
        fetched.add(reader, sessions.iter().map(|id| term(TermKind::Session, id.as_str())).collect()).await?;
        if traits.idp_sessions() {
            let idp_sessions: BTreeSet<Term> = fetched.records.values().flat_map(|record| idp_sessions(record)).collect();
            fetched.add(reader, idp_sessions.into_iter().collect()).await?;
        }
        Ok(fetched)
    }

    async fn add(&mut self, reader: &Reader<'_>, terms: Vec<Term>) -> Result<(), LogError> {
        let found = reader.positions_of_each(&terms, self.known_at).await?;
        let positions: BTreeSet<LogPosition> = found.iter().flatten().filter(|position| !self.records.contains_key(position)).copied().collect();
        let positions: Vec<_> = positions.into_iter().collect();
        self.records.extend(positions.iter().copied().zip(reader.records(&positions).await?));
        self.terms.extend(terms.into_iter().zip(found));
        Ok(())
    }

    /// Whether a session was read.
    pub(crate) fn has(&self, session: &SessionId) -> bool {
        self.terms.contains_key(&term(TermKind::Session, session.as_str()))
    }

    /// Where the records with a term are; none: that was not read.
    pub(crate) fn positions(&self, term: &Term, known_at: LogPosition) -> Option<&[LogPosition]> {
        if known_at == self.known_at { self.terms.get(term).map(Vec::as_slice) } else { None }
    }

    /// A record, if it was read.
    pub(crate) fn record(&self, position: LogPosition) -> Option<Arc<Brief>> {
        self.records.get(&position).cloned()
    }
}

/// The IdP sessions that a record says its session came from.
fn idp_sessions(record: &Brief) -> impl Iterator<Item = Term> + '_ {
    record.statement.facts.iter().filter_map(|fact| match &fact.data {
        FactData::SessionStarted(start) => Some(pair(TermKind::IdpSession, start.idp.as_ref()?.as_str(), start.idp_session.as_ref()?.as_str())),
        _ => None,
    })
}
