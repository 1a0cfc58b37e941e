//! The changes of an actor or a record, and what depends on them.

use super::{candidates::Candidates, why::names};
use crate::{
    app::App,
    model::{
        answer::{Answer, ChangeHit},
        query::Query,
        question::{AskError, Asking, Caller},
        terms::{claim_key_term, term},
    },
    read::prefetch::MAX_SESSIONS,
};
use claimledger_domain::{
    dependants::{Change, Changed, changes, dependants},
    history::HistoryCut,
    order::latest,
};
use claimledger_facts::{
    ids::{ActorId, IdpId, KeyId, SessionId},
    time::{Occurred, Time},
};
use claimledger_ledger::views::{Term, TermKind};
use std::collections::{BTreeMap, BTreeSet};

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

        let history = view.history.at(view.cut.known_at);
        let mut candidates = Candidates::new(&view);
        let mut wanted: BTreeMap<SessionId, BTreeSet<usize>> = BTreeMap::new();
        for (index, change) in changes.iter().enumerate() {
            let (from, upto) = span(change, view.cut.at);
            for term in terms(change, history) {
                for id in candidates.ids_with(&term, upto, |_, last| last < from).await? {
                    wanted.entry(id).or_default().insert(index);
                }
            }
        }
        let mut hits: Vec<ChangeHit> = changes
            .into_iter()
            .map(|change| ChangeHit { change, dependants: Vec::new() })
            .collect();
        let wanted: Vec<_> = wanted.into_iter().collect();
        for (at, (id, indices)) in wanted.iter().enumerate() {
            if at % MAX_SESSIONS == 0 {
                candidates.fetch(wanted[at..].iter().take(MAX_SESSIONS).map(|(id, _)| id)).await?;
            }
            let Some(gathered) = candidates.gathered(id).await? else { continue };
            let asked: Vec<&Change> = indices.iter().map(|index| &hits[*index].change).collect();
            let found = dependants(&gathered.facts, &view.history, view.cut, &asked);
            for (index, dependant) in indices.iter().zip(found) {
                let hit = &mut hits[*index];
                // Two ids of one session find it twice.
                if let Some(dependant) = dependant
                    && !hit.dependants.iter().any(|known| known.session == dependant.session)
                {
                    hit.dependants.push(dependant);
                }
            }
        }
        for hit in &mut hits {
            hit.dependants
                .sort_by(|a, b| (a.started_at, &a.session).cmp(&(b.started_at, &b.session)));
        }
        let barrier = view.barrier_of_dependants(actor, record).await?;
        view.answer_with(hits, barrier).await
    }
}

/// The period that can contain dependants: facts at or after the first time, of sessions that began
/// by the second.
fn span(change: &Change, at: Time) -> (Time, Time) {
    let by = |until: Option<Occurred>| until.map_or(at, |until| latest(until).min(at));
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
