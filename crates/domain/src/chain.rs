//! What is linked to a session: the application sessions that it reached, the IdP's session
//! behind it, the root session.
//!
//! A hop that nothing states is there, with no id and the reason why: it is never left out.

use crate::model::{Known, RecordRef, SessionState};
use claimledger_facts::{
    fact::FactData,
    ids::{AppId, IdpId, IdpSessionId, Pseudonym, SessionId},
    time::Time,
    vocabulary::Outcome,
};

/// Why a hop has no id.
mod unstated {
    /// No application was opened, as far as is known.
    pub(super) const NO_ACCESS: &str = "no_app_access_stated";
    /// An application was opened, and its own session was not named.
    pub(super) const APP_SESSION: &str = "app_session_not_stated";
    /// The application was allowed, and no opening of it is known.
    pub(super) const ALLOWED_ONLY: &str = "allowed_and_no_access_stated";
    /// The session names no IdP.
    pub(super) const IDP: &str = "idp_not_stated";
    /// The session names no session of its IdP.
    pub(super) const IDP_SESSION: &str = "idp_session_not_stated";
    /// The session names no root session.
    pub(super) const ROOT: &str = "root_session_not_stated";
    /// No session names this session of the IdP.
    pub(super) const SESSION: &str = "no_session_names_it";
}

/// The kind of an id in a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChainKind {
    /// An application's session.
    AppSession,
    /// A session at the service provider.
    Session,
    /// An IdP's session.
    IdpSession,
    /// A root session.
    RootSession,
}

/// One element of a chain: an id, or the reason why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop<T> {
    /// The id.
    pub id: Option<T>,
    /// Code of the reason why there is none.
    pub reason: Option<&'static str>,
    /// The records that state it.
    pub records: Vec<RecordRef>,
}

/// An application that a session accessed, and the application's own session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppHop {
    /// The application; none: no access is stated.
    pub app: Option<AppId>,
    /// Its session.
    pub hop: Hop<String>,
}

/// One session at the service provider, with its IdP session and its applications.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainLink {
    /// The session; none: it is unknown.
    pub session: Hop<SessionId>,
    /// Its other ids.
    pub aliases: Vec<SessionId>,
    /// Its person.
    pub subject: Option<Pseudonym>,
    /// The applications it accessed.
    pub apps: Vec<AppHop>,
    /// The IdP it came from.
    pub idp: Hop<IdpId>,
    /// The IdP's session.
    pub idp_session: Hop<IdpSessionId>,
    /// The root session.
    pub root_session: Hop<String>,
    /// Other sessions of the same IdP session.
    pub siblings: Vec<SessionId>,
    /// Other sessions of the same root session.
    pub root_siblings: Vec<SessionId>,
}

impl<T> Hop<T> {
    const fn unstated(reason: &'static str) -> Self {
        Self { id: None, reason: Some(reason), records: Vec::new() }
    }

    fn of(id: Option<T>, unstated: &'static str, records: impl Fn() -> Vec<RecordRef>) -> Self {
        match id {
            Some(id) => Self { id: Some(id), reason: None, records: records() },
            None => Self::unstated(unstated),
        }
    }
}

impl ChainLink {
    /// What hangs on one session by a time. Its siblings are not among its own facts: the caller
    /// adds them.
    #[must_use]
    pub fn of(state: &SessionState, facts: &[Known], at: Time) -> Self {
        let by_t = || facts.iter().filter(|known| known.fact.occurred.from <= at);
        let records = |wanted: &dyn Fn(&Known) -> bool| {
            let mut records: Vec<RecordRef> =
                by_t().filter(|known| wanted(known)).map(|known| known.record.clone()).collect();
            records.dedup();
            records
        };
        let origin = &state.origin;
        let root = origin.root_session.as_ref().map(ToString::to_string);
        let first = by_t().find(|known| known.fact.session.is_some());
        let links = records(&|known| matches!(known.fact.data, FactData::SessionLinked(_)));
        Self {
            session: Hop {
                id: Some(state.id.clone()),
                reason: None,
                records: first.map(|known| known.record.clone()).into_iter().chain(links).collect(),
            },
            aliases: state.aliases.clone(),
            subject: origin.subject.clone(),
            apps: apps(state),
            idp_session: Hop::of(origin.idp_session.clone(), unstated::IDP_SESSION, || {
                let id = origin.idp_session.as_ref().map_or("", |id| id.as_str());
                records(&|known| names(known, ChainKind::IdpSession, id))
            }),
            root_session: Hop::of(root.clone(), unstated::ROOT, || {
                let id = root.as_deref().unwrap_or_default();
                records(&|known| names(known, ChainKind::RootSession, id))
            }),
            idp: Hop::of(origin.idp.clone(), unstated::IDP, || {
                records(&|known| match &known.fact.data {
                    FactData::SessionStarted(d) => d.idp == origin.idp,
                    FactData::ClaimsReceived(d) => Some(&d.idp) == origin.idp.as_ref(),
                    _ => false,
                })
            }),
            siblings: Vec::new(),
            root_siblings: Vec::new(),
        }
    }

    /// A session of an IdP that no session names.
    #[must_use]
    pub fn without_session((idp, id): (IdpId, IdpSessionId), records: Vec<RecordRef>) -> Self {
        Self {
            session: Hop::unstated(unstated::SESSION),
            aliases: Vec::new(),
            subject: None,
            apps: vec![AppHop { app: None, hop: Hop::unstated(unstated::SESSION) }],
            idp: Hop { id: Some(idp), reason: None, records: records.clone() },
            idp_session: Hop { id: Some(id), reason: None, records },
            root_session: Hop::unstated(unstated::SESSION),
            siblings: Vec::new(),
            root_siblings: Vec::new(),
        }
    }
}

/// The applications that a session reached, in the order they were first opened or allowed.
fn apps(state: &SessionState) -> Vec<AppHop> {
    let mut apps: Vec<AppHop> = Vec::new();
    for access in &state.activity.accesses {
        let id = access.app_session.as_ref().map(ToString::to_string);
        let known =
            apps.iter_mut().find(|hop| hop.app.as_ref() == Some(&access.app) && hop.hop.id == id);
        match known {
            Some(hop) => hop.hop.records.push(access.record.clone()),
            None => {
                let reason = id.is_none().then_some(unstated::APP_SESSION);
                apps.push(AppHop {
                    app: Some(access.app.clone()),
                    hop: Hop { id, reason, records: vec![access.record.clone()] },
                });
            }
        }
    }
    for decision in
        state.decisions.iter().filter(|decision| decision.recorded.outcome == Outcome::Allow)
    {
        if !apps.iter().any(|hop| hop.app.as_ref() == Some(&decision.recorded.app)) {
            let hop = Hop {
                records: vec![decision.recorded.record.clone()],
                ..Hop::unstated(unstated::ALLOWED_ONLY)
            };
            apps.push(AppHop { app: Some(decision.recorded.app.clone()), hop });
        }
    }
    if apps.is_empty() {
        apps.push(AppHop { app: None, hop: Hop::unstated(unstated::NO_ACCESS) });
    }
    apps
}

/// The IdP's session that a fact of the IdP is about.
#[must_use]
pub fn idp_session_of(data: &FactData) -> Option<(IdpId, IdpSessionId)> {
    match data {
        FactData::IdpSessionStarted(d) => Some((d.idp.clone(), d.idp_session.clone())),
        FactData::IdpSessionEnded(d) => Some((d.idp.clone(), d.idp_session.clone())),
        _ => None,
    }
}

/// Whether a fact names an id as one of a kind. Most records of a vendor's log name a root session,
/// but only one kind of fact does.
#[must_use]
pub fn names(known: &Known, kind: ChainKind, id: &str) -> bool {
    match (&known.fact.data, kind) {
        (FactData::AppAccessed(d), ChainKind::AppSession) => {
            d.app_session.as_ref().is_some_and(|session| session.as_str() == id)
        }
        (FactData::SessionStarted(d), ChainKind::IdpSession) => {
            d.idp_session.as_ref().is_some_and(|session| session.as_str() == id)
        }
        (FactData::IdpSessionStarted(d), ChainKind::IdpSession) => d.idp_session.as_str() == id,
        (FactData::IdpSessionEnded(d), ChainKind::IdpSession) => d.idp_session.as_str() == id,
        (data, ChainKind::RootSession) => {
            let stated = match data {
                FactData::SessionStarted(d) => d.root_session.as_ref(),
                _ => None,
            };
            stated.into_iter().chain(&known.root_session).any(|root| root.as_str() == id)
        }
        _ => false,
    }
}
