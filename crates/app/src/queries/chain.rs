//! What hangs together: application sessions, the session at the service provider, the IdP's
//! session and the root session, from any of them.
//!
//! A hop that nothing states is there, with no id and the reason why (`unstated`): it is never left
//! out.

use super::{Assessed, MAX_PAGE, View, barrier::not_known};
use crate::{
    app::App,
    model::{
        answer::Answer,
        query::Query,
        question::{AskError, Asking, Caller},
        reached::{AppHop, Chain, ChainKind, ChainLink, Hop},
        terms::{pair, term},
    },
    read::load_session,
};
use claimledger_domain::model::{Known, Phase, RecordRef};
use claimledger_facts::{
    fact::FactData,
    ids::{IdpId, IdpSessionId, SessionId},
    vocabulary::Outcome,
};
use claimledger_ledger::{
    log::LogError,
    views::{Term, TermKind},
};
use std::collections::{BTreeMap, BTreeSet};

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

/// The sessions that an id leads to, and what it is an id of.
#[derive(Default)]
struct Start {
    kinds: BTreeSet<ChainKind>,
    sessions: BTreeSet<SessionId>,
    /// Sessions at IdPs, with what is said of each.
    upstream: BTreeMap<(IdpId, IdpSessionId), Vec<RecordRef>>,
}

impl App {
    /// Everything that hangs together with an id, both ways, by (T, K). More sessions than a page
    /// may have are refused with their number.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn chain(
        &self,
        caller: &Caller,
        id: &str,
        asking: &Asking,
    ) -> Result<Answer<Chain>, AskError> {
        let view = self.ask(caller, Query::Chain, asking).await?;
        let mut start = view.start(id).await?;
        let mut links = Vec::new();
        let mut named = BTreeSet::new();
        for session in std::mem::take(&mut start.sessions) {
            let Some(assessed) = view.session(&session, None).await? else { continue };
            if !named.insert(assessed.state.id.clone())
                || assessed.state.life.phase == Phase::NotStarted
            {
                continue;
            }
            links.push(view.link(&assessed).await?);
        }
        let upstream = |link: &ChainLink, key: &(IdpId, IdpSessionId)| {
            link.idp.id.as_ref() == Some(&key.0) && link.idp_session.id.as_ref() == Some(&key.1)
        };
        for (key, records) in start.upstream {
            if !links.iter().any(|link| upstream(link, &key)) {
                links.push(nobody(key, records));
            }
        }
        if links.is_empty() {
            start.kinds.clear();
        }
        let reached: BTreeSet<_> = links
            .iter()
            .flat_map(|link| link.apps.iter().filter_map(|hop| hop.app.clone()))
            .collect();
        let chain = Chain {
            kinds: start.kinds.into_iter().collect(),
            links,
            apps: reached.into_iter().collect(),
        };
        let barrier = chain.kinds.is_empty().then(|| not_known("id", id));
        view.answer_with(chain, barrier).await
    }
}

impl View<'_> {
    /// What an id is an id of. It may be several things at once.
    async fn start(&self, id: &str) -> Result<Start, AskError> {
        let mut start = Start::default();
        if self.session(&SessionId::new(id), None).await?.is_some() {
            start.kinds.insert(ChainKind::Session);
            start.sessions.insert(SessionId::new(id));
        }
        for (kind, of, from) in [
            (ChainKind::AppSession, TermKind::AppSession, term(TermKind::AppSession, id)),
            (ChainKind::RootSession, TermKind::RootSession, term(TermKind::RootSession, id)),
            (ChainKind::IdpSession, TermKind::IdpSession, pair(TermKind::IdpSession, "", id)),
        ] {
            for known in self
                .facts_with(&from, |known| {
                    names(&known.fact.data, of, id)
                        || of == TermKind::RootSession && has_root(known, id)
                })
                .await?
            {
                start.kinds.insert(kind);
                start.sessions.extend(known.fact.session.clone());
                if let Some(key) = upstream_of(&known.fact.data) {
                    start.upstream.entry(key).or_default().push(known.record);
                }
            }
        }
        let asked = start.sessions.len() as u64;
        if asked > MAX_PAGE.into() {
            return Err(AskError::PageTooLarge { asked, limit: MAX_PAGE.into() });
        }
        Ok(start)
    }

    /// Facts by T with a term, as far as a test lets them through.
    async fn facts_with(
        &self,
        from: &Term,
        wanted: impl Fn(&Known) -> bool,
    ) -> Result<Vec<Known>, LogError> {
        let reader = self.tenant.reader(&*self.inner.log, &*self.inner.views);
        let positions = reader.positions(from, self.cut.known_at).await?;
        let mut facts = Vec::new();
        for record in reader.records(&positions).await? {
            let by_t = load_session::known(&record, record.variant, |fact| {
                fact.occurred.from <= self.cut.at
            });
            facts.extend(by_t.filter(|known| wanted(known)));
        }
        Ok(facts)
    }

    /// Everything that hangs on one session.
    async fn link(&self, assessed: &Assessed) -> Result<ChainLink, AskError> {
        let state = &assessed.state;
        let by_t = |known: &&Known| known.fact.occurred.from <= self.cut.at;
        let records_of = |wanted: &dyn Fn(&Known) -> bool| {
            let mut records: Vec<RecordRef> = assessed
                .gathered
                .facts
                .iter()
                .filter(by_t)
                .filter(|known| wanted(known))
                .map(|known| known.record.clone())
                .collect();
            records.dedup();
            records
        };
        let records =
            |wanted: &dyn Fn(&FactData) -> bool| records_of(&|known| wanted(&known.fact.data));
        let idp = state.origin.idp.clone();
        let idp_session = state.origin.idp_session.clone();
        let root = state.origin.root_session.clone();
        let first = assessed
            .gathered
            .facts
            .iter()
            .filter(by_t)
            .find(|known| known.fact.session.is_some())
            .map(|known| known.record.clone());
        let links = records(&|data| matches!(data, FactData::SessionLinked(_)));
        let siblings = match &idp_session {
            Some(id) => {
                let from = pair(
                    TermKind::IdpSession,
                    idp.as_ref().map_or("", |idp| idp.as_str()),
                    id.as_str(),
                );
                let same = |known: &Known| {
                    matches!(&known.fact.data,
                    FactData::SessionStarted(d) if d.idp_session.as_ref() == Some(id) && d.idp ==
                    idp)
                };
                self.others(&from, &state.id, same).await?
            }
            None => Vec::new(),
        };
        let root_siblings = match &root {
            Some(id) => {
                let same = |known: &Known| has_root(known, id.as_str());
                self.others(&term(TermKind::RootSession, id.as_str()), &state.id, same).await?
            }
            None => Vec::new(),
        };
        Ok(ChainLink {
            session: Hop {
                id: Some(state.id.clone()),
                reason: None,
                records: first.into_iter().chain(links).collect(),
            },
            aliases: state.aliases.clone(),
            subject: state.origin.subject.clone(),
            apps: apps(assessed),
            idp_session: hop(idp_session.clone(), unstated::IDP_SESSION, || {
                records(&|data| {
                    idp_session
                        .as_ref()
                        .is_some_and(|id| names(data, TermKind::IdpSession, id.as_str()))
                })
            }),
            root_session: hop(root.as_ref().map(ToString::to_string), unstated::ROOT, || {
                records_of(&|known| root.as_ref().is_some_and(|id| has_root(known, id.as_str())))
            }),
            idp: hop(idp.clone(), unstated::IDP, || {
                records(&|data| match data {
                    FactData::SessionStarted(d) => d.idp == idp,
                    FactData::ClaimsReceived(d) => Some(&d.idp) == idp.as_ref(),
                    _ => false,
                })
            }),
            siblings,
            root_siblings,
        })
    }

    /// Other sessions that a fact names in the same way.
    async fn others(
        &self,
        from: &Term,
        own: &SessionId,
        same: impl Fn(&Known) -> bool,
    ) -> Result<Vec<SessionId>, AskError> {
        let ids: BTreeSet<SessionId> = self
            .facts_with(from, same)
            .await?
            .into_iter()
            .filter_map(|known| known.fact.session)
            .collect();
        let asked = ids.len() as u64;
        if asked > MAX_PAGE.into() {
            return Err(AskError::PageTooLarge { asked, limit: MAX_PAGE.into() });
        }
        let mut others = BTreeSet::new();
        for id in ids {
            others.insert(self.name_of(&id).await?);
        }
        others.remove(own);
        Ok(others.into_iter().collect())
    }
}

/// The applications that a session reached, in the order they were first opened or allowed.
fn apps(assessed: &Assessed) -> Vec<AppHop> {
    let state = &assessed.state;
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
    for decision in state.decisions.iter().filter(|decision| decision.outcome == Outcome::Allow) {
        if !apps.iter().any(|hop| hop.app.as_ref() == Some(&decision.app)) {
            let hop = Hop {
                id: None,
                reason: Some(unstated::ALLOWED_ONLY),
                records: vec![decision.record.clone()],
            };
            apps.push(AppHop { app: Some(decision.app.clone()), hop });
        }
    }
    if apps.is_empty() {
        apps.push(AppHop {
            app: None,
            hop: Hop { id: None, reason: Some(unstated::NO_ACCESS), records: Vec::new() },
        });
    }
    apps
}

fn hop<T>(id: Option<T>, reason: &'static str, records: impl Fn() -> Vec<RecordRef>) -> Hop<T> {
    match id {
        Some(id) => Hop { id: Some(id), reason: None, records: records() },
        None => Hop { id: None, reason: Some(reason), records: Vec::new() },
    }
}

/// A session of an IdP that no session names.
fn nobody((idp, id): (IdpId, IdpSessionId), records: Vec<RecordRef>) -> ChainLink {
    ChainLink {
        session: Hop { id: None, reason: Some(unstated::SESSION), records: Vec::new() },
        aliases: Vec::new(),
        subject: None,
        apps: vec![AppHop {
            app: None,
            hop: Hop { id: None, reason: Some(unstated::SESSION), records: Vec::new() },
        }],
        idp: Hop { id: Some(idp), reason: None, records: records.clone() },
        idp_session: Hop { id: Some(id), reason: None, records },
        root_session: Hop { id: None, reason: Some(unstated::SESSION), records: Vec::new() },
        siblings: Vec::new(),
        root_siblings: Vec::new(),
    }
}

fn upstream_of(data: &FactData) -> Option<(IdpId, IdpSessionId)> {
    match data {
        FactData::IdpSessionStarted(d) => Some((d.idp.clone(), d.idp_session.clone())),
        FactData::IdpSessionEnded(d) => Some((d.idp.clone(), d.idp_session.clone())),
        _ => None,
    }
}

/// Whether a fact names an id as one of a kind.
fn names(data: &FactData, kind: TermKind, id: &str) -> bool {
    match (data, kind) {
        (FactData::AppAccessed(d), TermKind::AppSession) => {
            d.app_session.as_ref().is_some_and(|session| session.as_str() == id)
        }
        (FactData::SessionStarted(d), TermKind::RootSession) => {
            d.root_session.as_ref().is_some_and(|root| root.as_str() == id)
        }
        (FactData::SessionStarted(d), TermKind::IdpSession) => {
            d.idp_session.as_ref().is_some_and(|session| session.as_str() == id)
        }
        (FactData::IdpSessionStarted(d), TermKind::IdpSession) => d.idp_session.as_str() == id,
        (FactData::IdpSessionEnded(d), TermKind::IdpSession) => d.idp_session.as_str() == id,
        _ => false,
    }
}

/// Whether a fact or its record names a root session: most events of a vendor's log do, and only
/// one kind of fact.
fn has_root(known: &Known, id: &str) -> bool {
    known.root_session.as_ref().is_some_and(|root| root.as_str() == id)
        || names(&known.fact.data, TermKind::RootSession, id)
}
