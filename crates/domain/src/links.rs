//! Which session ids are one session (`semantics.md` 25).
//!
//! Two ids are one session where a `session.linked` says so. Its `to` names the other session's id;
//! where no session of that name is known, a record of the link's own source, and with it the
//! sessions that this record names ([`target`]). Two links of one source that name one
//! authentication request join as well: it is no session itself ([`request`],
//! `docs/decisions/0027`). Links count once known, for every T (`semantics.md` 3). A shared root
//! session, assertion or IdP session is a relation, not a link.

use crate::{model::Known, order::total_order};
use claimledger_facts::{
    fact::{Fact, FactData},
    ids::{SessionId, SourceEventId, SourceId},
    types::session::SessionLinked,
};
use std::collections::{BTreeMap, BTreeSet};

/// What links two sessions that each name one authentication request of their source.
const AUTHN_REQUEST: &str = "authn_request";

/// The link that a fact states, with the session that it is of.
#[must_use]
pub fn link(fact: &Fact) -> Option<(&SessionId, &SessionLinked)> {
    match (&fact.session, &fact.data) {
        (Some(from), FactData::SessionLinked(link)) => Some((from, link)),
        _ => None,
    }
}

/// The authentication request that a link names, of the source that states it. Two links that name
/// the same one join their sessions. A request of another source is another request, also where its
/// id is the same.
#[must_use]
pub fn request<'a>(
    source: &'a SourceId,
    link: &'a SessionLinked,
) -> Option<(&'a SourceId, &'a str)> {
    (link.by == AUTHN_REQUEST).then_some((source, link.to.as_str()))
}

/// One session and its ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    /// Its name: the id whose first fact comes first in the total order.
    pub name: SessionId,
    /// Its other ids, bytewise.
    pub aliases: Vec<SessionId>,
}

/// What a link's `to` means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The session of this id.
    Session(SessionId),
    /// The sessions that the record with this id of this source names.
    Record(SourceId, SourceEventId),
}

/// What a link of a source means by `to`, where it is known whether a fact names a session of that
/// id. The only reading of `to`: loading a session's records and [`components`] both use it.
#[must_use]
pub fn target(source: &SourceId, to: &str, is_session: bool) -> Target {
    if is_session {
        Target::Session(SessionId::new(to))
    } else {
        Target::Record(source.clone(), SourceEventId::new(to))
    }
}

/// The sessions that these facts name, in the order of their first facts. The caller has cut the
/// facts at K.
#[must_use]
pub fn components(facts: &[Known]) -> Vec<Component> {
    let mut sorted: Vec<&Known> = facts.iter().collect();
    sorted.sort_by(|a, b| total_order(a, b));

    // A record leads to the sessions that its facts name.
    let mut by_record: BTreeMap<(&SourceId, &SourceEventId), BTreeSet<&SessionId>> =
        BTreeMap::new();
    let mut order: Vec<&SessionId> = Vec::new();
    let mut group: BTreeMap<&SessionId, usize> = BTreeMap::new();
    for known in &sorted {
        if let Some(session) = &known.fact.session {
            by_record
                .entry((&known.record.source, &known.record.source_id))
                .or_default()
                .insert(session);
            group.entry(session).or_insert_with(|| {
                order.push(session);
                order.len() - 1
            });
        }
    }
    let mut by_request: BTreeMap<(&SourceId, &str), BTreeSet<&SessionId>> = BTreeMap::new();
    for known in &sorted {
        if let Some((from, link)) = link(&known.fact)
            && let Some(request) = request(&known.record.source, link)
        {
            by_request.entry(request).or_default().insert(from);
        }
    }
    for known in &sorted {
        let Some((from, link)) = link(&known.fact) else { continue };
        let is_session = group.contains_key(&SessionId::new(&*link.to));
        let mut others: Vec<SessionId> = match target(&known.record.source, &link.to, is_session) {
            Target::Session(session) => vec![session],
            Target::Record(source, id) => by_record
                .get(&(&source, &id))
                .into_iter()
                .flatten()
                .map(|id| (*id).clone())
                .collect(),
        };
        if let Some(request) = request(&known.record.source, link) {
            let same = by_request.get(&request);
            others.extend(same.into_iter().flatten().map(|id| (*id).clone()));
        }
        for other in &others {
            let (a, b) = (group[from], group[other]);
            for at in group.values_mut().filter(|at| **at == a.max(b)) {
                *at = a.min(b);
            }
        }
    }
    let mut components: Vec<Component> = Vec::new();
    for (at, name) in order.iter().enumerate().filter(|(at, id)| group[*id] == *at) {
        let aliases = group
            .iter()
            .filter(|(id, g)| **g == at && *id != name)
            .map(|(id, _)| (*id).clone())
            .collect();
        components.push(Component { name: (*name).clone(), aliases });
    }
    components
}
