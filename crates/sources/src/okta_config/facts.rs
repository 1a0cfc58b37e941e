//! What an object states alone.

use super::{
    change::{Change, State},
    idp,
    look::{Body, RuleContent, Seen, digest},
};
use claimledger_facts::{
    draft::DraftFact,
    fact::FactData,
    ids::{IdpId, RuleId},
    time::Occurred,
    types::{claims::ClaimSourcingConfigured, idp::RoutingRuleConfigured, object::ObjectNamed},
    vocabulary::{Redirect, Status},
};
use serde_json::json;

/// A fact of the record's own time.
pub(super) fn fact(data: FactData) -> DraftFact {
    DraftFact { session: None, subject: None, occurred: None, data, other: None }
}

/// The digest of a statement: two of the same content can be of different types.
pub(super) fn digest_of(data: &FactData) -> String {
    let content = data.to_value().unwrap_or_default();
    digest(json!([data.type_name(), content]).to_string().as_bytes())
}

/// The same of what it says to be in force, whatever was saved.
pub(super) fn content_digest(data: &FactData) -> String {
    let mut content = data.clone();
    match &mut content {
        FactData::PolicyConfigured(data) => data.saved = None,
        FactData::AuthenticatorConfigured(data) => data.saved.clear(),
        FactData::AuthenticatorListed(data) => data.saved = false,
        _ => {}
    }
    digest_of(&content)
}

/// The digest of a statement with what was saved in its interval, and that of what is in force once
/// it is over; none: nothing was saved. An IdP and claim sourcing say it in their records
/// ([`super::draft::saved_between`]).
pub(super) fn digests(data: &FactData, occurred: Occurred) -> (String, Option<String>) {
    let content = content_digest(data);
    if says_saved(data) {
        (digest_of(data), Some(content))
    } else if occurred.to.is_some() && says_saved_in_record(data) {
        (format!("{content} saved"), Some(content))
    } else {
        (content, None)
    }
}

/// Whether the record of such a statement says what was saved.
pub(super) const fn says_saved_in_record(data: &FactData) -> bool {
    matches!(data, FactData::IdpConfigured(_) | FactData::ClaimSourcingConfigured(_))
}

/// Whether it says that something was saved in its interval.
pub(super) fn says_saved(data: &FactData) -> bool {
    content_digest(data) != digest_of(data)
}

/// The facts that an object states alone.
pub(super) fn of_object(state: &State, change: &Change) -> Vec<DraftFact> {
    let mut facts = match &state.body {
        Body::Idp { fact, keys } => idp::facts(change, fact, keys, state.created),
        Body::Rule { content: RuleContent::Sourcing(data), .. } => {
            vec![fact(FactData::ClaimSourcingConfigured(data.clone()))]
        }
        Body::Rule { content: RuleContent::Routing { idps, status, priority }, .. } => {
            let routing = |idp, status| routing(state.id(), idp, status, *priority);
            let before = change.before.iter().flat_map(routed);
            let left = before.filter(|idp| !idps.contains(idp));
            let left = left.map(|idp| routing(idp, Status::Inactive));
            left.chain(idps.iter().map(|idp| routing(idp, *status))).collect()
        }
        _ => Vec::new(),
    };
    let before = change.before.as_ref().and_then(|seen| seen.name.as_ref());
    if let (Some(kind), Some(name)) = (state.named, &state.name)
        && before != Some(name)
    {
        let object = state.id().to_owned();
        facts.push(fact(FactData::ObjectNamed(ObjectNamed { kind, object, name: name.clone() })));
    }
    facts
}

/// The facts of an object that is missing from a whole list.
pub(super) fn of_missing(id: &str, before: &Seen, version: &str) -> Vec<DraftFact> {
    match &before.body {
        Body::Idp { fact: data, .. } => vec![fact(idp::deleted(data, version))],
        Body::Rule { content: RuleContent::Sourcing(_), .. } => {
            let data = ClaimSourcingConfigured { redirect: Redirect::None, include: None };
            vec![fact(FactData::ClaimSourcingConfigured(data))]
        }
        Body::Rule { content: RuleContent::Routing { priority, .. }, .. } => {
            routed(before).map(|idp| routing(id, idp, Status::Deleted, *priority)).collect()
        }
        _ => Vec::new(),
    }
}

fn routed(seen: &Seen) -> impl Iterator<Item = &IdpId> {
    let idps = match &seen.body {
        Body::Rule { content: RuleContent::Routing { idps, .. }, .. } => idps.as_slice(),
        _ => &[],
    };
    idps.iter()
}

fn routing(rule: &str, idp: &IdpId, status: Status, priority: Option<i64>) -> DraftFact {
    fact(FactData::RoutingRuleConfigured(RoutingRuleConfigured {
        rule: RuleId::from(rule),
        idp: idp.clone(),
        status,
        priority,
        actor: None,
    }))
}
