//! Finds the sessions that a record may have changed, in an order that does not depend on later
//! records: sessions that it names; sessions of an IdP session that it names; sessions of a person
//! who lost an authenticator or whose sessions were all ended; and, for configuration and
//! retractions, sessions in its scope with a fact to which it may apply.
//!
//! They are found in chunks. A session is returned once, at its first occurrence.

use super::place::Hit;
use crate::tenant::occurrences::{RANGE_RECORDS, sessions_since};
use crate::{
    model::{
        record_summary::RecordSummary,
        terms::{pair, term, terms_of, variant_term},
    },
    read::{load_session::Gathered, reader::Reader},
    tenant::Tenant,
};
use claimledger_domain::{
    history::{HistoryCut, is_held},
    scope::Scope,
};
use claimledger_facts::{
    fact::{Fact, FactData},
    ids::{LogPosition, Pseudonym, SessionId},
    nature::Nature,
    time::Time,
};
use claimledger_ledger::{
    log::LogError,
    views::{Term, TermKind},
};
use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
};

/// Maximum positions per query.
const MAX_POSITIONS: usize = 200;
/// Maximum session ids remembered. Beyond it a session may be loaded again to find that it was
/// returned already.
const MAX_SEEN: usize = 10_000;

/// A session that may have changed.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) hit: Hit,
    pub(super) session: SessionId,
}

impl Candidate {
    /// Whether the record names the session.
    pub(super) fn is_named(&self) -> bool {
        self.hit.stage == 0
    }
}

/// Iterates over the sessions that a record may have changed.
pub(super) struct Candidates {
    tenant: Arc<Tenant>,
    position: LogPosition,
    /// The record, and earlier variants of it: the record changes which variant counts
    /// (`semantics.md` 32).
    variants: Vec<Arc<RecordSummary>>,
    /// Terms that find sessions affected indirectly; each is a stage.
    terms: Vec<Term>,
    scopes: Vec<(Scope, Time)>,
    /// The last session that was returned before.
    after: Option<Hit>,
    stage: u32,
    /// Records below this position are done in the current stage.
    from: u64,
    queue: VecDeque<Candidate>,
    seen: BTreeSet<SessionId>,
}

impl Candidates {
    /// For the record at a position, after a session that was returned before.
    pub(super) async fn at(
        reader: &Reader<'_>,
        tenant: &Arc<Tenant>,
        position: LogPosition,
        after: Option<Hit>,
    ) -> Result<Self, LogError> {
        let mut variants = reader.records(&[position]).await?;
        if let Some(variant) = variants.first().filter(|record| record.variant).cloned() {
            let term = variant_term(&variant.reference.source, &variant.reference.source_id);
            let mut others = reader.positions(&term, position).await?;
            others.extend(reader.position(variant.reference.id, position).await?);
            others.sort_unstable();
            others.dedup();
            others.retain(|other| *other < position);
            variants.extend(reader.records(&others).await?);
        }
        let facts = || variants.iter().flat_map(|record| &record.statement.facts);
        let mut terms: Vec<Term> = Vec::new();
        let history = tenant.knowledge.history();
        for term in facts().flat_map(|fact| terms_behind(fact, history.at(position))) {
            if !terms.contains(&term) {
                terms.push(term);
            }
        }
        let of_log = variants.iter().flat_map(|record| {
            let facts = record.statement.facts.iter();
            facts.flat_map(|fact| Scope::of_log(history.at(position), &record.reference, fact))
        });
        let of_facts = facts().filter(|fact| !is_behind(fact)).flat_map(Scope::of);
        let scopes = of_facts.chain(of_log).collect();
        let (stage, from) = after.map_or((0, 0), |hit| (hit.stage, hit.by.0));
        let tenant = Arc::clone(tenant);
        Ok(Self {
            tenant,
            position,
            variants,
            terms,
            scopes,
            after,
            stage,
            from,
            queue: VecDeque::new(),
            seen: BTreeSet::new(),
        })
    }

    /// The record.
    pub(super) fn record(&self) -> &Arc<RecordSummary> {
        &self.variants[0]
    }

    /// Whether the record may change what is drawn around any session: configuration, names and
    /// falsifiers do. What was heard of sources is drawn of the whole answer.
    pub(super) fn may_redraw(&self) -> bool {
        let mut facts = self.variants.iter().flat_map(|record| &record.statement.facts);
        facts.any(|fact| is_held(&fact.data) && fact.data.nature() != Nature::Completeness)
    }

    /// The next candidate; none at the end.
    pub(super) async fn next(
        &mut self,
        reader: &Reader<'_>,
    ) -> Result<Option<Candidate>, LogError> {
        loop {
            if let Some(candidate) = self.queue.pop_front() {
                if self.after.is_none_or(|after| candidate.hit > after)
                    && !self.seen.contains(&candidate.session)
                {
                    return Ok(Some(candidate));
                }
                continue;
            }
            let found = if self.stage == 0 {
                self.named();
                false
            } else if let Some(term) = self.terms.get(self.stage as usize - 1).cloned() {
                self.behind(reader, &term).await?
            } else if self.stage == self.late_stage() && !self.scopes.is_empty() {
                self.late(reader).await?
            } else {
                return Ok(None);
            };
            if !found {
                (self.stage, self.from) = (self.stage + 1, 0);
            }
        }
    }

    /// Whether a candidate is to be compared: the record may apply to it, and no earlier stage or
    /// record found it.
    pub(super) fn accepts(&mut self, candidate: &Candidate, gathered: &Gathered) -> bool {
        if self.seen.len() >= MAX_SEEN {
            self.seen.clear();
        }
        self.seen.extend(gathered.ids.iter().cloned());
        let first = (0..=candidate.hit.stage).find_map(|stage| self.first(stage, gathered));
        first == Some(candidate.hit)
            && (candidate.hit.stage < self.late_stage() || self.concerns(gathered))
    }

    fn late_stage(&self) -> u32 {
        u32::try_from(self.terms.len()).unwrap_or(u32::MAX - 1) + 1
    }

    /// The first occurrence of a session in a stage.
    fn first(&self, stage: u32, gathered: &Gathered) -> Option<Hit> {
        let hit = |record: &RecordSummary, nth| Hit { stage, by: record.reference.position, nth };
        if stage == 0 {
            let named = self.variants.iter().flat_map(|record| {
                (0..).zip(record.statement.sessions()).map(move |(nth, id)| (record, nth, id))
            });
            return named
                .filter(|(_, _, id)| gathered.ids.contains(*id))
                .map(|(record, nth, _)| hit(record, nth))
                .min();
        }
        if let Some(term) = self.terms.get(stage as usize - 1) {
            let record = gathered.records.iter().find(|record| terms_of(record).contains(term))?;
            let (nth, _) = (0..)
                .zip(record.statement.sessions())
                .find(|(_, id)| gathered.ids.contains(*id))?;
            return Some(hit(record, nth));
        }
        let since = self.since();
        let before =
            gathered.records.iter().filter(|record| record.reference.position < self.position);
        before
            .flat_map(|record| sessions_since(record, since).map(move |found| (record, found)))
            .find_map(|(record, (nth, id, _))| gathered.ids.contains(id).then(|| hit(record, nth)))
    }

    /// Whether a session is in the scope of the record, and has a fact to which the record may
    /// apply.
    fn concerns(&self, gathered: &Gathered) -> bool {
        let scopes = Scope::all_of(&gathered.facts);
        let own = gathered
            .facts
            .iter()
            .filter(|known| known.fact.session.is_some() && known.record.position < self.position);
        let last =
            own.map(|known| known.fact.occurred.to.unwrap_or(known.fact.occurred.from)).max();
        self.scopes
            .iter()
            .any(|(scope, from)| scopes.contains(scope) && last.is_some_and(|last| last >= *from))
    }

    /// The time from which the record applies.
    fn since(&self) -> Time {
        self.scopes.iter().map(|(_, from)| *from).min().unwrap_or(Time::MAX)
    }

    fn add<'s>(
        &mut self,
        record: &RecordSummary,
        sessions: impl Iterator<Item = (u32, &'s SessionId)>,
    ) {
        let (stage, by) = (self.stage, record.reference.position);
        self.queue.extend(
            sessions
                .map(|(nth, id)| Candidate { hit: Hit { stage, by, nth }, session: id.clone() }),
        );
    }

    fn named(&mut self) {
        let mut variants = self.variants.clone();
        variants.sort_by_key(|record| record.reference.position);
        for record in variants {
            self.add(&record, (0..).zip(record.statement.sessions()));
        }
    }

    /// Queues the next sessions with a term; false at the end.
    async fn behind(&mut self, reader: &Reader<'_>, term: &Term) -> Result<bool, LogError> {
        let positions = reader
            .views
            .positions_of(reader.tenant, term, LogPosition(self.from), self.position, MAX_POSITIONS)
            .await?;
        let Some(last) = positions.last() else { return Ok(false) };
        self.from = last.0 + 1;
        for record in reader.records(&positions).await? {
            self.add(&record, (0..).zip(record.statement.sessions()));
        }
        Ok(true)
    }

    /// Queues the next sessions with a fact to which the record may apply; false at the end.
    async fn late(&mut self, reader: &Reader<'_>) -> Result<bool, LogError> {
        let since = self.since();
        let records = self
            .tenant
            .knowledge
            .occurrences
            .next(reader.log, reader.tenant, self.from, self.position.0, since)
            .await?;
        let Some(last) = records.as_ref().and_then(|records| records.last()) else {
            return Ok(false);
        };
        debug_assert!(
            records.as_ref().is_some_and(|records| records.len() as u64 <= RANGE_RECORDS)
        );
        self.from = last.reference.position.0 + 1;
        for record in records.iter().flatten() {
            let sessions: Vec<_> =
                sessions_since(record, since).map(|(nth, id, _)| (nth, id)).collect();
            self.add(record, sessions.into_iter());
        }
        Ok(true)
    }
}

/// Whether [`terms_behind`] finds the sessions that a fact affects.
fn is_behind(fact: &Fact) -> bool {
    match &fact.data {
        FactData::IdpSessionStarted(_)
        | FactData::IdpSessionEnded(_)
        | FactData::SubjectLinked(_) => true,
        FactData::AuthenticatorLost(_) | FactData::SubjectSessionsEnded(_) => {
            fact.subject.is_some()
        }
        _ => false,
    }
}

/// Terms that find the sessions affected indirectly, however long ago their last fact occurred. A
/// loss ends running sessions of every identity of its person (`semantics.md` 11), and so does the
/// end of all sessions.
fn terms_behind(fact: &Fact, history: HistoryCut<'_>) -> Vec<Term> {
    let of_people = |people: BTreeSet<Pseudonym>| {
        people.iter().map(|person| term(TermKind::Subject, person.as_str())).collect()
    };
    match &fact.data {
        FactData::IdpSessionStarted(d) => {
            vec![pair(TermKind::IdpSession, d.idp.as_str(), d.idp_session.as_str())]
        }
        FactData::IdpSessionEnded(d) => {
            vec![pair(TermKind::IdpSession, d.idp.as_str(), d.idp_session.as_str())]
        }
        FactData::AuthenticatorLost(_) | FactData::SubjectSessionsEnded(_) => of_people(
            fact.subject.iter().flat_map(|person| history.people().ever_one_with(person)).collect(),
        ),
        FactData::SubjectLinked(d) => of_people(
            fact.subject
                .iter()
                .chain([&d.other])
                .flat_map(|person| history.people().ever_one_with(person))
                .collect(),
        ),
        _ => vec![],
    }
}
