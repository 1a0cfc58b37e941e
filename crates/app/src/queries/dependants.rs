//! The changes of an actor or a record, and what depends on them.

use super::{View, candidates::Candidates, why::names};
use crate::{
    app::App,
    model::{
        answer::{Answer, ChangeCount, ChangeHit, RestedOn},
        query::Query,
        question::{AskError, Asking, Caller},
        terms::{claim_key_term, term},
    },
    read::prefetch::MAX_SESSIONS,
};
use claimledger_domain::{
    dependants::{Change, Changed, changes, dependants},
    history::HistoryCut,
};
use claimledger_facts::{
    ids::{ActorId, IdpId, KeyId, LogPosition, SessionId},
    time::{Occurred, Time},
};
use claimledger_ledger::views::{Term, TermKind};
use std::collections::{BTreeMap, BTreeSet};

/// Maximum sessions evaluated to count what rested on the changes of one list: some 0.05 s.
const MAX_COUNTED: usize = 500;
/// Maximum session rows read for that: some 0.03 s.
const MAX_ROWS_TO_COUNT: u64 = 4_000;

impl App {
    /// The changes of an actor up to T, of one record, or of both, with the sessions that depend on
    /// them.
    ///
    /// # Errors
    /// See [`AskError`]; if neither is named.
    pub async fn dependants(
        &self,
        caller: &Caller,
        actor: Option<&ActorId>,
        record: Option<&str>,
        asking: &Asking,
    ) -> Result<Answer<Vec<ChangeHit>>, AskError> {
        if actor.is_none() && record.is_none() {
            return Err(AskError::BadInput { what: "name an actor, a record, or both".to_owned() });
        }
        let view = self.ask(caller, Query::Dependants, asking).await?;
        let of_it = |change: &Change| {
            actor.is_none_or(|actor| change.actor.as_ref() == Some(actor))
                && record.is_none_or(|name| names(&change.record, name))
        };
        let changes: Vec<Change> = changes(view.history.at(view.cut.known_at), view.cut.at)
            .into_iter()
            .filter(of_it)
            .collect();

        let hits = view.hits(changes, usize::MAX).await?;
        let hits: Vec<ChangeHit> = hits.into_iter().map(|(hit, _)| hit).collect();
        let barrier = view.barrier_of_dependants(actor, record).await?;
        view.answer_with(hits, barrier).await
    }

    /// How much rested on each change in some records, for lists of changes. At most
    /// `MAX_COUNTED` sessions are evaluated in all, beginning with the latest change: a change
    /// with more candidates than are left has no count.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn rested_on(
        &self,
        caller: &Caller,
        records: &BTreeSet<LogPosition>,
        asking: &Asking,
    ) -> Result<Answer<Vec<ChangeCount>>, AskError> {
        let view = self.ask(caller, Query::Dependants, asking).await?;
        let mut changes = changes(view.history.at(view.cut.known_at), view.cut.at);
        changes.retain(|change| records.contains(&change.record.position));
        let hits = view.hits(changes, MAX_COUNTED).await?;
        let counted = |(hit, is_counted): (ChangeHit, bool)| {
            let rested = is_counted.then(|| RestedOn::of(&hit));
            ChangeCount { change: hit.change, rested }
        };
        view.answer(hits.into_iter().map(counted).collect::<Vec<_>>()).await
    }
}

impl View<'_> {
    /// Each change with what depends on it, and whether that was evaluated: a change with more
    /// candidates than are left of `most` is not.
    async fn hits(
        &self,
        changes: Vec<Change>,
        most: usize,
    ) -> Result<Vec<(ChangeHit, bool)>, AskError> {
        let history = self.history.at(self.cut.known_at);
        let mut candidates = Candidates::new(self);
        let is_all = most == usize::MAX;
        let most_rows = if is_all { u64::MAX } else { MAX_ROWS_TO_COUNT };
        let mut of_changes: Vec<(usize, BTreeSet<SessionId>)> = Vec::new();
        let mut unread = BTreeSet::new();
        // The latest first: they are what a reader looks for, where not all can be counted. One
        // with more candidates than are left to read is given up before a row is read.
        for (index, change) in changes.iter().enumerate().rev() {
            let (from, upto) = span(change, self.cut.at);
            let terms = terms(change, history);
            let left = most_rows.saturating_sub(candidates.rows_read());
            if !is_all && !candidates.has_few(&terms, left).await? {
                unread.insert(index);
                continue;
            }
            let mut ids = BTreeSet::new();
            for term in terms {
                match candidates.ids_within(&term, (from, upto), |_| false, most_rows).await? {
                    Some(more) => ids.extend(more),
                    None => {
                        unread.insert(index);
                        break;
                    }
                }
            }
            if !unread.contains(&index) {
                of_changes.push((index, ids));
            }
        }
        let mut wanted: BTreeMap<SessionId, BTreeSet<usize>> = BTreeMap::new();
        let mut hits: Vec<(ChangeHit, bool)> = changes
            .into_iter()
            .enumerate()
            .map(|(index, change)| {
                (ChangeHit { change, dependants: Vec::new() }, !unread.contains(&index))
            })
            .collect();
        for (index, ids) in of_changes {
            let new = ids.iter().filter(|id| !wanted.contains_key(*id)).count();
            if wanted.len().saturating_add(new) > most {
                hits[index].1 = false;
                continue;
            }
            for id in ids {
                wanted.entry(id).or_default().insert(index);
            }
        }
        let wanted: Vec<_> = wanted.into_iter().collect();
        for (at, (id, indices)) in wanted.iter().enumerate() {
            if at % MAX_SESSIONS == 0 {
                candidates.fetch(wanted[at..].iter().take(MAX_SESSIONS).map(|(id, _)| id)).await?;
            }
            let Some(gathered) = candidates.gathered(id).await? else { continue };
            let asked: Vec<&Change> = indices.iter().map(|index| &hits[*index].0.change).collect();
            let found = dependants(&gathered.facts, &self.history, self.cut, &asked);
            for (index, dependant) in indices.iter().zip(found) {
                let (hit, _) = &mut hits[*index];
                // Two ids of one session find it twice.
                if let Some(dependant) = dependant
                    && !hit.dependants.iter().any(|known| known.session == dependant.session)
                {
                    hit.dependants.push(dependant);
                }
            }
        }
        for (hit, _) in &mut hits {
            hit.dependants
                .sort_by(|a, b| (a.started_at, &a.session).cmp(&(b.started_at, &b.session)));
        }
        Ok(hits)
    }
}

/// The period that can contain dependants: facts at or after the first time, of sessions that began
/// by the second.
fn span(change: &Change, at: Time) -> (Time, Time) {
    let by = |until: Option<Occurred>| until.map_or(at, |until| until.latest().min(at));
    match &change.what {
        Changed::Trust(..) | Changed::Policy(..) => (change.occurred.from, by(change.replaced)),
        // A claim signed after the key was retired may have been accepted.
        Changed::KeyAdded(..) | Changed::KeyRetired(..) | Changed::RoutingRule(_) => {
            (change.occurred.from, at)
        }
        Changed::Retraction(retraction) => (retraction.from, at),
        // It ends factors that are in use already, so there is no earliest fact.
        Changed::Loss(_, when) => (Time::MIN, by(Some(*when))),
    }
}

/// Terms that find the sessions that may depend on a change.
fn terms(change: &Change, history: HistoryCut<'_>) -> Vec<Term> {
    let of_key = |idp: &IdpId, key: &KeyId| {
        vec![claim_key_term(Some(idp), Some(key)), claim_key_term(Some(idp), None)]
    };
    match &change.what {
        Changed::Trust(idp, _) => vec![term(TermKind::Idp, idp.as_str())],
        Changed::KeyAdded(idp, key) | Changed::KeyRetired(idp, key) => of_key(idp, key),
        Changed::Policy(policy, _) => {
            let names = history.policies().names(policy);
            names.iter().map(|name| term(TermKind::Policy, name.as_str())).collect()
        }
        Changed::RoutingRule(_) => Vec::new(),
        Changed::Retraction(retraction) => match &retraction.key {
            Some(key) => of_key(&retraction.idp, key),
            None => vec![term(TermKind::Idp, retraction.idp.as_str())],
        },
        Changed::Loss(subject, _) => {
            let people = subject.iter().flat_map(|subject| history.people().same_as(subject));
            people.map(|person| term(TermKind::Subject, person.as_str())).collect()
        }
    }
}
