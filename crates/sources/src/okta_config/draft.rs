//! Records of configuration.

use super::{change::State, facts::says_saved_in_record, redact, shape::Kind};
use claimledger_facts::{
    canonical,
    draft::{Draft, DraftFact},
    personal::Personal,
    time::Occurred,
    vocabulary::Note,
};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

pub(super) const TRANSLATOR: &str = "okta-config/1";

/// By which name a record's correlation holds the id of its object: facts name only those that are
/// read.
const OBJECT: &str = "object";

/// What of an object is not its configuration: answers to different calls differ in it.
const PRESENTATION: &[&str] = &["_embedded", "_links", "created"];

/// A record without its content.
pub(super) fn empty(kind: &str, source_id: &str, occurred: Occurred) -> Draft {
    Draft {
        source: None,
        source_id: source_id.into(),
        kind: format!("okta.{kind}"),
        occurred,
        recorded_at: None,
        session: None,
        correlation: BTreeMap::new(),
        notes: Vec::new(),
        facts: Vec::new(),
        persons: Vec::new(),
        unowned: Personal::default(),
        labels: Vec::new(),
        indicators: Vec::new(),
        canonical: Vec::new(),
        original: Vec::new(),
        // Most of an object is not read, and all of it is in the original: a list would be noise.
        unknown_fields: Vec::new(),
        translator: TRANSLATOR,
        variants_allowed: true,
    }
}

/// The correlation of a record of an object.
pub(super) fn named(id: Option<&str>) -> BTreeMap<String, String> {
    id.map(|id| (OBJECT.to_owned(), id.to_owned())).into_iter().collect()
}

/// The record of a state of an object.
pub(super) fn of_state(
    kind: Kind,
    state: &State,
    members: Map<String, Value>,
    bytes: &[u8],
    (source_id, occurred): (&str, Occurred),
) -> Draft {
    let mut about = members;
    about.retain(|name, _| !PRESENTATION.contains(&name.as_str()));
    redact::redact(&mut about);
    // What is read of links is configuration: the policy of a rule, the authenticator of a method.
    let line = json!({"key": state.key, "object": about, "read": state.body});
    Draft {
        labels: state.name.iter().cloned().collect(),
        canonical: canonical::to_vec(&line),
        original: redact::original(bytes),
        ..empty(kind.word(), source_id, occurred)
    }
}

/// The record of what a look, or several objects together, show.
pub(super) fn of_finding(
    kind: &str,
    (source_id, occurred): (&str, Occurred),
    facts: Vec<DraftFact>,
    finding: &Value,
) -> Draft {
    let bytes = canonical::to_vec(finding);
    Draft { facts, canonical: bytes.clone(), original: bytes, ..empty(kind, source_id, occurred) }
}

/// Notes in records of IdPs and claim sourcing whose time is that between two looks that they were
/// saved: `lastUpdated` dates the last of perhaps several saves. Policies and authenticators say it
/// in their facts.
pub(super) fn saved_between(mut drafts: Vec<Draft>) -> Vec<Draft> {
    let is_alone = |draft: &Draft| draft.facts.iter().any(|fact| says_saved_in_record(&fact.data));
    for draft in &mut drafts {
        if draft.occurred.to.is_some() && is_alone(draft) {
            draft.notes.push(Note::SavedSinceLastLook);
        }
    }
    drafts
}
