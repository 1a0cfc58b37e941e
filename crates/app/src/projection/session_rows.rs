//! Session rows: every session as assessed at the head, by the function that also answers at any
//! other cut. They order lists and find candidates; a list assesses its sessions again at its own
//! cut.
//!
//! There is one row per session *id*. If links give a session several ids, the row of its name
//! contains the state, and the others refer to it. The sort key of a row is that of the first fact
//! that names its own id, so at an earlier K, before two ids were linked, each session has its own
//! place in the list.

use crate::{
    model::{record_summary::RecordSummary, terms::pair},
    read::{
        load_session::{self, Gathered, Traits},
        prefetch::{MAX_SESSIONS, Prefetched},
        reader::Reader,
    },
};
use claimledger_domain::{
    assess::assess,
    history::History,
    model::{Cut, Falsifier, Known, Phase, SessionState},
    outlived::outlived,
    scope::{ConfigIndex, Scope, first_received_claim, last_claim},
};
use claimledger_facts::{
    fact::FactData,
    ids::{LogPosition, LogSize, SessionId, SourceEventId, SourceId},
    time::Time,
};
use claimledger_ledger::{
    log::LogError,
    session_flags::{SessionFlag, SessionFlags},
    views::{SessionRow, SortKey, TermKind},
};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, collections::BTreeSet, sync::Arc};

/// Assesses sessions at the head and creates their rows.
pub(crate) struct SessionRows<'a> {
    reader: Reader<'a>,
    traits: Traits,
    history: Arc<History>,
    config: Arc<ConfigIndex>,
    last: LogPosition,
    /// Ids whose session is assessed already.
    assessed: BTreeSet<SessionId>,
    rows: Vec<SessionRow>,
    reordered: Vec<(LogSize, SessionId, SortKey)>,
    latest: Option<Time>,
}

/// The state column of a session row.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
#[expect(clippy::large_enum_variant, reason = "one at a time, and almost all are states")]
pub(crate) enum Summary {
    /// The id is an alias of a session.
    Alias {
        /// The session's name.
        alias_of: String,
        /// When its last claim was received, in microseconds.
        claimed: i64,
    },
    /// The id is the session's name. Fields are in bytewise order, because the row is canonical
    /// JSON.
    State {
        /// The session's other ids.
        aliases: Vec<String>,
        /// When its first fact occurred: it is not active at any earlier T.
        begins: Time,
        certainty: Cow<'static, str>,
        /// When its last claim was received, in microseconds.
        claimed: i64,
        /// When its first claim was received, in microseconds; none: it received none.
        claimed_from: Option<i64>,
        decisions: usize,
        differs: usize,
        end_reason: Option<Cow<'static, str>>,
        ended_at: Option<Time>,
        factors: Vec<String>,
        /// Number of decisions that were falsified later.
        falsified: usize,
        idp: Option<String>,
        /// Whether it outlived its IdP session, certainly or possibly.
        outlived: bool,
        phase: Cow<'static, str>,
        records: usize,
        /// Whether one of its claims is retracted, certainly or possibly.
        retracted: bool,
        subject: Option<String>,
    },
    /// Records name the id, but none was understood.
    NotUnderstood { not_understood: usize },
}

impl Summary {
    /// What is odd about the session, for the index of sessions by flag.
    fn flags(&self) -> SessionFlags {
        let Self::State { differs, falsified, outlived, retracted, .. } = self else {
            return SessionFlags::default();
        };
        SessionFlags::of([
            (SessionFlag::Differs, *differs > 0),
            (SessionFlag::FalsifiedLater, *falsified > 0),
            (SessionFlag::Outlived, *outlived),
            (SessionFlag::Retracted, *retracted),
        ])
    }
}

/// The sessions that a batch of records affects.
pub(crate) async fn touched(
    reader: &Reader<'_>,
    traits: Traits,
    records: &[Arc<RecordSummary>],
    last: LogPosition,
) -> Result<BTreeSet<SessionId>, LogError> {
    let mut sessions = BTreeSet::new();
    let mut idp_sessions = BTreeSet::new();
    for record in records {
        sessions.extend(record.statement.sessions().cloned());
        for fact in &record.statement.facts {
            match &fact.data {
                FactData::IdpSessionStarted(d) => {
                    idp_sessions.insert((d.idp.clone(), d.idp_session.clone()))
                }
                FactData::IdpSessionEnded(d) => {
                    idp_sessions.insert((d.idp.clone(), d.idp_session.clone()))
                }
                _ => false,
            };
        }
    }
    for (idp, session) in idp_sessions {
        let positions = reader
            .positions(&pair(TermKind::IdpSession, idp.as_str(), session.as_str()), last)
            .await?;
        for record in reader.records(&positions).await? {
            sessions.extend(record.statement.sessions().cloned());
        }
    }
    if traits.links() {
        // From now on the id names a session; until now links to it may have meant a record.
        for session in sessions.clone() {
            sessions.extend(load_session::parted_by(reader, &session, last).await?);
        }
    }
    Ok(sessions)
}

/// The sort key of an id in lists: the first fact that names it, or the first record if no fact
/// does.
pub(crate) fn key_of(id: &SessionId, records: &[Arc<RecordSummary>]) -> Option<SortKey> {
    let (_, time, source, source_id) =
        records.iter().filter_map(|record| place_of(id, record)).min()?;
    Some(SortKey {
        first_occurred: time,
        first_source: source.as_str().to_owned(),
        first_source_id: source_id.as_str().to_owned(),
        session: id.as_str().to_owned(),
    })
}

/// The value whose minimum gives the sort key in [`key_of`].
type Place<'a> = (bool, Time, &'a SourceId, &'a SourceEventId);

/// The value for one record; none: the record does not name the id.
fn place_of<'a>(id: &SessionId, record: &'a RecordSummary) -> Option<Place<'a>> {
    record.statement.sessions().find(|session| *session == id)?;
    let facts = record.statement.facts.iter().filter(|fact| fact.session.as_ref() == Some(id));
    let first = facts.map(|fact| fact.occurred.from).min();
    // Records without facts sort after those with facts.
    Some((
        first.is_none(),
        first.unwrap_or(record.reference.occurred.from),
        &record.reference.source,
        &record.reference.source_id,
    ))
}

/// The last record that decreased the sort key of an id; none: its first record defined it.
/// `records` are in log order. Independent of batches, because a question may be pinned between any
/// two records.
fn last_move(id: &SessionId, records: &[Arc<RecordSummary>]) -> Option<LogPosition> {
    let mut first: Option<Place<'_>> = None;
    let mut reordered = None;
    for record in records {
        let Some(place) = place_of(id, record) else { continue };
        match first {
            Some(first) if first <= place => continue,
            Some(_) => reordered = Some(record.reference.position),
            None => {}
        }
        first = Some(place);
    }
    reordered
}

impl<'a> SessionRows<'a> {
    pub(crate) fn new(
        reader: Reader<'a>,
        traits: Traits,
        history: Arc<History>,
        config: Arc<ConfigIndex>,
        last: LogPosition,
    ) -> Self {
        Self {
            reader,
            traits,
            history,
            config,
            last,
            assessed: BTreeSet::new(),
            rows: Vec::new(),
            reordered: Vec::new(),
            latest: None,
        }
    }

    /// Creates the rows of these sessions, once each.
    pub(crate) async fn assess(
        &mut self,
        sessions: impl IntoIterator<Item = SessionId>,
    ) -> Result<(), LogError> {
        let mut sessions = sessions.into_iter();
        loop {
            let some: Vec<_> = sessions
                .by_ref()
                .filter(|session| !self.assessed.contains(session))
                .take(MAX_SESSIONS)
                .collect();
            if some.is_empty() {
                return Ok(());
            }
            let prefetched = Prefetched::read(&self.reader, self.traits, &some, self.last).await?;
            for session in some {
                // An alias of a session that is assessed already.
                if !self.assessed.insert(session.clone()) {
                    continue;
                }
                let reader = Reader { prefetched: Some(&prefetched), ..self.reader };
                if let Some(gathered) =
                    load_session::session(&reader, self.traits, &session, self.last).await?
                {
                    self.add(&gathered);
                }
                // A long batch must not block a runtime thread.
                tokio::task::yield_now().await;
            }
        }
    }

    /// Takes the rows created so far.
    pub(crate) fn take_rows(&mut self) -> Vec<SessionRow> {
        std::mem::take(&mut self.rows)
    }

    /// Takes the ids whose sort key a record of the batch decreased, each with the log size at the
    /// last such record and the new key. They must be remembered before the rows are written.
    pub(crate) fn take_reordered(&mut self) -> Vec<(LogSize, SessionId, SortKey)> {
        std::mem::take(&mut self.reordered)
    }

    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// When the last fact of any assessed session occurred.
    pub(crate) fn latest(&self) -> Option<Time> {
        self.latest
    }

    fn add(&mut self, gathered: &Gathered) {
        self.assessed.extend(gathered.ids.iter().cloned());
        let own = || gathered.facts.iter().filter(|known| known.fact.session.is_some());
        let last =
            own().map(|known| known.fact.occurred.to.unwrap_or(known.fact.occurred.from)).max();
        let begins = own().map(|known| known.fact.occurred.from).min().unwrap_or(Time::MIN);
        let last = last
            .or_else(|| gathered.records.iter().map(|record| record.reference.occurred.from).max())
            .unwrap_or(Time::MIN);
        self.latest = self.latest.max(Some(last));
        let state =
            assess(&gathered.facts, &self.history, Cut { at: Time::MAX, known_at: self.last });
        // The position of the last record that can have changed the session. The end of the batch
        // would also be correct, but a rebuild uses other batches and must create the same rows.
        let claimed = last_claim(&gathered.facts);
        let assessed_to = LogSize(self.last_relevant(gathered, last, claimed).0 + 1);
        for id in &gathered.ids {
            let Some(key) = key_of(id, &gathered.records) else { continue };
            let summary = match &state {
                Some(state) if state.id == *id => summary(state, &gathered.facts, begins),
                Some(state) => Summary::Alias {
                    alias_of: state.id.as_str().to_owned(),
                    claimed: claimed.micros(),
                },
                None => Summary::NotUnderstood { not_understood: gathered.records.len() },
            };
            self.note_reordered(id, &key, gathered);
            let over_at = match &state {
                Some(state) if state.id == *id => over_at(state),
                // No list contains an alias.
                Some(_) | None => Some(key.first_occurred),
            };
            self.rows.push(SessionRow {
                session: id.clone(),
                first_occurred: key.first_occurred,
                first_source: key.first_source,
                first_source_id: key.first_source_id,
                assessed_to,
                over_at,
                last_occurred: last,
                flags: summary.flags(),
                state: serde_json::to_vec(&summary).unwrap_or_default(),
            });
        }
    }

    fn note_reordered(&mut self, id: &SessionId, key: &SortKey, gathered: &Gathered) {
        let Some(from) = self.reader.pending.last().map(|pending| pending.from()) else { return };
        if let Some(position) =
            last_move(id, &gathered.records).filter(|position| *position >= from)
        {
            self.reordered.push((LogSize(position.0 + 1), id.clone(), key.clone()));
        }
    }

    fn last_relevant(&self, gathered: &Gathered, last: Time, claimed: Time) -> LogPosition {
        let records = gathered
            .facts
            .iter()
            .map(|known| known.record.position)
            .chain(gathered.positions.iter().copied());
        let history = self.history.at(self.last);
        let scopes = Scope::all_of(&gathered.facts)
            .into_iter()
            .flat_map(|scope| scope.of_each_name(history))
            .collect();
        let config = self.config.last_of(&scopes, last, claimed, self.last);
        records.chain(config).max().unwrap_or_default()
    }
}

/// The time from which a session is over at any T, as assessed at the end of time (`semantics.md`
/// 22, 23): its stated end, or the last instant of an end that is known as an interval; otherwise
/// its limit, which also ends a session whose end is stated later. A limit counts from the stated
/// start: before that the session is dated by its first fact.
fn over_at(state: &SessionState) -> Option<Time> {
    let limit = state
        .life
        .lifetime_ends_at
        .map(|limit| state.life.started_at.map_or(limit, |start| limit.max(start)));
    match (state.life.phase, state.life.end.at) {
        (Phase::Ended, Some(ended)) => Some(limit.map_or(ended, |limit| limit.min(ended))),
        (Phase::Ended, None) if state.life.end.record.is_none() => limit,
        (Phase::Ended, None) => state.life.end.bounds.and_then(|bounds| bounds.to),
        (Phase::NotStarted | Phase::Active, _) => None,
    }
}

fn summary(state: &SessionState, facts: &[Known], begins: Time) -> Summary {
    Summary::State {
        aliases: state.aliases.iter().map(|alias| alias.as_str().to_owned()).collect(),
        begins,
        certainty: state.life.certainty.as_str().into(),
        claimed: last_claim(facts).micros(),
        claimed_from: first_received_claim(facts).map(Time::micros),
        decisions: state.decisions.len(),
        differs: state.decisions.iter().filter(|decision| decision.differs.is_some()).count(),
        end_reason: state.life.end.reason.map(Cow::Borrowed),
        ended_at: state.life.end.at,
        factors: state.factors.iter().map(|factor| factor.name.clone()).collect(),
        falsified: state
            .decisions
            .iter()
            .filter(|decision| decision.falsified_later.is_some())
            .count(),
        idp: state.origin.idp.as_ref().map(|idp| idp.as_str().to_owned()),
        outlived: outlived(state).is_some(),
        phase: state.life.phase.as_str().into(),
        records: state.records.len(),
        retracted: state.falsifiers.iter().any(Falsifier::is_retraction),
        subject: state.origin.subject.as_ref().map(|subject| subject.as_str().to_owned()),
    }
}

/// Whether, according to its row, every claim of a session was received after a time.
pub(crate) fn is_claimed_after(row: &SessionRow, time: Time) -> bool {
    match serde_json::from_slice(&row.state) {
        Ok(Summary::State { claimed_from, .. }) => {
            claimed_from.is_none_or(|from| from > time.micros())
        }
        Ok(Summary::Alias { .. } | Summary::NotUnderstood { .. }) | Err(_) => false,
    }
}
