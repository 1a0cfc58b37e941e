//! What a record can be found by: terms of its nature, and of the ids that its fact type names.

use crate::{model::LEDGER_SOURCE, model::record_summary::RecordSummary};
use claimledger_domain::{completeness::Timeliness, history::is_held};
use claimledger_facts::{
    fact::{Fact, FactData},
    ids::{IdpId, KeyId, SourceEventId, SourceId},
    statement::LABEL,
    types::configuration::ConfigurationChanged,
    vocabulary::{Amr, ObjectKind},
};
use claimledger_ledger::views::{Term, TermKind};
use std::collections::BTreeSet;

/// The value of [`TermKind::Config`].
pub(crate) const CONFIG: &str = "config";
/// The value of [`TermKind::Source`].
pub(crate) const SOURCE: &str = "source";
/// The value of [`TermKind::Note`] of records that no translator understood.
pub(crate) const NOT_UNDERSTOOD: &str = "not_understood";
/// The value of [`TermKind::Correlation`] of every record that links sessions.
pub(crate) const LINKS: &str = "session.linked";

/// The prefix before the id of a configured object that has no kind of term of its own, in values
/// of [`TermKind::Correlation`].
pub(crate) const OBJECT: &str = "object";

/// The prefix before the digest of a display name in values of [`TermKind::Correlation`].
pub(crate) const LABEL_TERM: &str = "label";

/// The value of [`TermKind::IdpSession`] of every record that ends an IdP session. It is not a
/// pair, so it cannot collide with the term of an IdP session.
pub(crate) const IDP_SESSION_ENDED: &str = "ended";

/// The value of [`TermKind::IdpSession`] of every record that mentions an IdP session. Not a pair
/// either.
pub(crate) const IDP_SESSION_TOLD: &str = "told";

/// The value of [`TermKind::Note`] of every record that has the id of an earlier record and other
/// content.
pub(crate) const VARIANT: &str = "variant";

/// Values of [`TermKind::Note`] that are followed by a source: properties by which the records of a
/// source are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// It arrived late.
    Late,
    /// It was recorded before it occurred.
    Ahead,
    /// No translator understood it.
    NotUnderstood,
    /// It has the id of an earlier record and other content.
    Variant,
    /// A record of the ledger: other content arrived under an id of this source.
    Conflict,
}

impl Told {
    const fn word(self) -> &'static str {
        match self {
            Self::Late => "late",
            Self::Ahead => "ahead",
            Self::NotUnderstood => "not_understood_of",
            Self::Variant => "variant_of",
            Self::Conflict => "conflict_of",
        }
    }

    /// The term of such records of a source.
    pub(crate) fn term(self, source: &SourceId) -> Term {
        pair(TermKind::Note, self.word(), source.as_str())
    }
}

/// The distinct terms of one record, sorted.
pub(crate) fn terms_of(record: &RecordSummary) -> Vec<Term> {
    let statement = &record.statement;
    let mut terms = Terms::default();
    let source = &record.reference.source;
    match Timeliness::of(record.reference.occurred, record.reference.recorded_at) {
        Timeliness::InTime => {}
        Timeliness::Late(_) => terms.tell(Told::Late, source),
        Timeliness::Ahead(_) => terms.tell(Told::Ahead, source),
    }
    if record.variant {
        terms.tell(Told::Variant, source);
        terms.add(TermKind::Note, VARIANT);
        terms.0.insert((
            TermKind::Note,
            variant_value(&record.reference.source, &record.reference.source_id),
        ));
    }
    // Only the ledger's own records are looked up by kind; the records of other sources are found
    // by their facts.
    if source.as_str() == LEDGER_SOURCE {
        terms.add(TermKind::Kind, &statement.kind);
    }
    for session in statement.sessions() {
        terms.add(TermKind::Session, session.as_str());
    }
    for (name, value) in &statement.correlation {
        terms.join(
            TermKind::Correlation,
            if name.starts_with(LABEL) { LABEL_TERM } else { name },
            value,
        );
    }
    if let Some(root) = statement.root_session() {
        terms.add(TermKind::RootSession, root);
    }
    if !statement.is_understood() {
        terms.add(TermKind::Note, NOT_UNDERSTOOD);
        terms.tell(Told::NotUnderstood, source);
    }
    for fact in &statement.facts {
        terms.add_fact(fact);
    }
    terms.0.into_iter().map(|(kind, value)| Term { kind, value }).collect()
}

/// The term of links to a session, by its id or by the source id of one of its records.
pub(crate) fn link_term(to: &str) -> Term {
    Term { kind: TermKind::Correlation, value: format!("{LINKS}/{to}") }
}

/// The term of claims signed by a key, of one IdP or of any. Without a key: claims that name no
/// key.
pub(crate) fn claim_key_term(idp: Option<&IdpId>, key: Option<&KeyId>) -> Term {
    pair(TermKind::Key, idp.map_or("", |idp| idp.as_str()), key.map_or("", |key| key.as_str()))
}

/// The value of [`TermKind::Amr`] for a set of `amr` values, in any order: a JSON array.
fn amr_set_value(amr: &[Amr]) -> String {
    let set: BTreeSet<&str> = amr.iter().map(Amr::as_str).collect();
    serde_json::to_string(&set).unwrap_or_default()
}

/// The set that a value of [`TermKind::Amr`] stands for; none: it is a single value.
pub(crate) fn amr_set_of(value: &str) -> Option<BTreeSet<String>> {
    serde_json::from_str(value).ok()
}

/// The term of the variants of a source's event.
pub(crate) fn variant_term(source: &SourceId, event: &SourceEventId) -> Term {
    Term { kind: TermKind::Note, value: variant_value(source, event) }
}

fn variant_value(source: &SourceId, event: &SourceEventId) -> String {
    format!("{VARIANT}/{source}/{event}")
}

/// A term with one component.
pub(crate) fn term(kind: TermKind, value: impl Into<String>) -> Term {
    Term { kind, value: value.into() }
}

/// A term with two components, such as `idp/key`. Two pairs may result in the same term; a term
/// only finds candidates.
pub(crate) fn pair(kind: TermKind, first: &str, second: &str) -> Term {
    Term { kind, value: format!("{first}/{second}") }
}

#[derive(Default)]
struct Terms(BTreeSet<(TermKind, String)>);

impl Terms {
    fn add(&mut self, kind: TermKind, value: &str) {
        self.0.insert((kind, value.to_owned()));
    }

    fn join(&mut self, kind: TermKind, first: &str, second: &str) {
        self.0.insert((kind, format!("{first}/{second}")));
    }

    fn tell(&mut self, told: Told, source: &SourceId) {
        self.join(TermKind::Note, told.word(), source.as_str());
    }

    fn add_fact(&mut self, fact: &Fact) {
        if let Some(subject) = &fact.subject {
            self.add(TermKind::Subject, subject.as_str());
        }
        let nature = fact.data.nature();
        if is_held(&fact.data) {
            self.add(TermKind::Config, CONFIG);
        }
        if let Some(subject) = fact.subject.as_ref().filter(|_| nature.is_found_by_person()) {
            self.add(TermKind::About, subject.as_str());
        }
        match &fact.data {
            FactData::IdpConfigured(d) => self.add(TermKind::Idp, d.idp.as_str()),
            FactData::IdpKeyAdded(d) => self.add_key(d.idp.as_str(), Some(d.key.as_str())),
            FactData::IdpKeyRetired(d) => self.add_key(d.idp.as_str(), Some(d.key.as_str())),
            FactData::TrustRetracted(d) => {
                self.add_key(d.idp.as_str(), d.key.as_ref().map(|k| k.as_str()))
            }
            FactData::PolicyConfigured(d) => self.add(TermKind::Policy, d.policy.as_str()),
            FactData::RoutingRuleConfigured(d) => self.add(TermKind::Idp, d.idp.as_str()),
            FactData::SubjectLinked(d) => {
                self.add(TermKind::Subject, d.other.as_str());
                self.add(TermKind::About, d.other.as_str());
            }
            FactData::IdpSessionStarted(d) => {
                self.add_idp_session(d.idp.as_str(), d.idp_session.as_str());
                self.add(TermKind::IdpSession, IDP_SESSION_TOLD);
            }
            FactData::IdpSessionEnded(d) => {
                self.add_idp_session(d.idp.as_str(), d.idp_session.as_str());
                self.add(TermKind::IdpSession, IDP_SESSION_TOLD);
                self.add(TermKind::IdpSession, IDP_SESSION_ENDED);
            }
            FactData::SessionStarted(d) => {
                match (&d.idp, &d.idp_session) {
                    (Some(idp), Some(session)) => {
                        self.add_idp_session(idp.as_str(), session.as_str())
                    }
                    (Some(idp), None) => self.add(TermKind::Idp, idp.as_str()),
                    (None, Some(session)) => self.join(TermKind::IdpSession, "", session.as_str()),
                    (None, None) => {}
                }
                if let Some(root) = &d.root_session {
                    self.add(TermKind::RootSession, root.as_str());
                }
            }
            FactData::SessionLinked(d) => {
                self.add(TermKind::Correlation, LINKS);
                self.join(TermKind::Correlation, LINKS, &d.to);
            }
            FactData::ClaimsReceived(d) => {
                self.add_key(d.idp.as_str(), d.key.as_ref().map(|k| k.as_str()));
                // A claim that names no key may have been signed by any key, so a lookup by key
                // includes these.
                let key = d.key.as_ref().map_or("", |k| k.as_str());
                self.join(TermKind::Key, d.idp.as_str(), key);
                self.join(TermKind::Key, "", key);
                for amr in d.amr.iter().flatten() {
                    self.add(TermKind::Amr, amr.as_str());
                }
                if let Some(amr) = &d.amr {
                    self.add(TermKind::Amr, &amr_set_value(amr));
                }
                if let Some(assertion) = &d.assertion {
                    self.join(TermKind::Assertion, d.idp.as_str(), assertion.as_str());
                    self.join(TermKind::Assertion, "", assertion.as_str());
                }
            }
            FactData::ClaimAccepted(d) => {
                if let Some(amr) = &d.amr {
                    self.add(TermKind::Amr, amr.as_str());
                }
            }
            FactData::PolicyDecided(d) => {
                self.add(TermKind::App, d.app.as_str());
                self.add(TermKind::Policy, d.policy.as_str());
            }
            FactData::AppAccessed(d) => {
                self.add(TermKind::App, d.app.as_str());
                if let Some(session) = &d.app_session {
                    self.add(TermKind::AppSession, session.as_str());
                }
            }
            FactData::SignInRefused(d) => {
                if let Some(app) = &d.app {
                    self.add(TermKind::App, app.as_str());
                }
                if let Some(idp) = &d.idp {
                    self.add(TermKind::Idp, idp.as_str());
                }
            }
            FactData::ConfigurationChanged(d) => self.add_change(d),
            FactData::FactConflicted(d) => self.tell(Told::Conflict, &d.source),
            // Found by session, person, kind or `config`, which do not depend on the type.
            _ => {}
        }
    }

    fn add_change(&mut self, d: &ConfigurationChanged) {
        let mut id = |kind: ObjectKind, object: &str| match kind {
            ObjectKind::App => self.add(TermKind::App, object),
            ObjectKind::Idp => self.add(TermKind::Idp, object),
            ObjectKind::Policy => self.add(TermKind::Policy, object),
            _ => self.join(TermKind::Correlation, OBJECT, object),
        };
        id(d.kind, &d.object);
        let Some(of) = d.of.as_deref() else { return };
        match d.kind {
            ObjectKind::IdpKey => self.add_key(of, Some(&d.object)),
            ObjectKind::Policy => id(ObjectKind::App, of),
            _ => id(ObjectKind::Policy, of),
        }
    }

    fn add_key(&mut self, idp: &str, key: Option<&str>) {
        self.add(TermKind::Idp, idp);
        if let Some(key) = key {
            self.join(TermKind::Key, idp, key);
        }
    }

    fn add_idp_session(&mut self, idp: &str, session: &str) {
        self.add(TermKind::Idp, idp);
        self.join(TermKind::IdpSession, idp, session);
        self.join(TermKind::IdpSession, "", session);
    }
}
