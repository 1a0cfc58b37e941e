//! Which session ids are one session (`semantics.md` 25).
//!
//! Two ids are one session where a `session.linked` says so: it names the other id, or the source's own id of a record of it. Links count
//! once known, for every T (`semantics.md` 3). A shared root session, assertion or IdP session is a relation, not a link.

use crate::{model::Known, order::total_order};
use claimledger_facts::{fact::FactData, ids::SessionId};
use std::collections::{BTreeMap, BTreeSet};

/// One session and its ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    /// Its name: the id whose first fact comes first in the total order.
    pub name: SessionId,
    /// Its other ids, bytewise.
    pub aliases: Vec<SessionId>,
}

/// The sessions that these facts name, in the order of their first facts. The caller has cut the facts at K.
#[must_use]
pub fn components(facts: &[Known]) -> Vec<Component> {
    let mut sorted: Vec<&Known> = facts.iter().collect();
    sorted.sort_by(|a, b| total_order(a, b));

    // The source id of a record leads to the sessions that the record's facts name.
    let mut by_record: BTreeMap<&str, BTreeSet<&SessionId>> = BTreeMap::new();
    let mut order: Vec<&SessionId> = Vec::new();
    for known in &sorted {
        if let Some(session) = &known.fact.session {
            by_record.entry(known.record.source_id.as_str()).or_default().insert(session);
            if !order.contains(&session) {
                order.push(session);
            }
        }
    }
    let mut group: BTreeMap<&SessionId, usize> = order.iter().enumerate().map(|(at, id)| (*id, at)).collect();
    for known in &sorted {
        let (Some(from), FactData::SessionLinked(link)) = (&known.fact.session, &known.fact.data) else { continue };
        let by_id = order.iter().copied().find(|id| id.as_str() == link.to);
        let others = by_id.into_iter().chain(by_record.get(link.to.as_str()).into_iter().flatten().copied());
        for other in others {
            let (a, b) = (group[from], group[other]);
            for at in group.values_mut().filter(|at| **at == a.max(b)) {
                *at = a.min(b);
            }
        }
    }
    let mut components: Vec<Component> = Vec::new();
    for (at, name) in order.iter().enumerate().filter(|(at, id)| group[*id] == *at) {
        let aliases = group.iter().filter(|(id, g)| **g == at && *id != name).map(|(id, _)| (*id).clone()).collect();
        components.push(Component { name: (*name).clone(), aliases });
    }
    components
}
