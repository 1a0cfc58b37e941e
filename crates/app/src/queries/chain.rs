//! What is linked: application sessions, the session at the service provider, the IdP's
//! session and the root session, from any of them. The read models find the sessions; what hangs on
//! each, the domain says.

use super::{Assessed, MAX_PAGE, View, barrier::not_known};
use crate::{
    app::App,
    model::{
        answer::Answer,
        query::Query,
        question::{AskError, Asking, Caller},
        reached::{Chain, ChainKind, ChainLink},
        terms::{pair, term},
    },
    read::load_session,
};
use claimledger_domain::{
    chain::{idp_session_of, names},
    model::{Known, Phase, RecordRef, SessionOrigin},
};
use claimledger_facts::{
    fact::FactData,
    ids::{IdpId, IdpSessionId, SessionId},
    time::Time,
};
use claimledger_ledger::{
    log::LogError,
    views::{Term, TermKind},
};
use std::collections::{BTreeMap, BTreeSet};

/// The sessions that an id leads to, and what it is an id of.
#[derive(Default)]
struct Start {
    kinds: BTreeSet<ChainKind>,
    sessions: BTreeSet<SessionId>,
    /// Sessions at IdPs, with what is said of each.
    upstream: BTreeMap<(IdpId, IdpSessionId), Vec<RecordRef>>,
    /// What is known at K and comes after T.
    later: Later,
}

/// What an id is an id of after T, and from when on.
#[derive(Default)]
struct Later {
    kinds: BTreeSet<ChainKind>,
    /// The sessions that it leads to then; some may have begun by T without this id.
    sessions: BTreeSet<SessionId>,
    begins: Option<Time>,
}

impl Later {
    fn add(&mut self, kind: ChainKind, begins: Option<Time>) {
        self.kinds.insert(kind);
        self.begins = self.begins.into_iter().chain(begins).min();
    }
}

impl App {
    /// Everything that is linked to an id, both ways, by (T, K). More sessions than a page
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
        let (mut links, mut not_begun) = (Vec::new(), Vec::new());
        let mut named = BTreeSet::new();
        for session in std::mem::take(&mut start.sessions) {
            let Some(assessed) = view.session(&session, None).await? else { continue };
            if !named.insert(assessed.state.id.clone()) {
                continue;
            }
            let life = &assessed.state.life;
            if life.phase == Phase::NotStarted {
                start.later.add(ChainKind::Session, life.started_at);
                not_begun.push(assessed.state.id.clone());
                continue;
            }
            links.push(view.link(&assessed).await?);
        }
        let upstream = |link: &ChainLink, key: &(IdpId, IdpSessionId)| {
            link.idp.id.as_ref() == Some(&key.0) && link.idp_session.id.as_ref() == Some(&key.1)
        };
        for (key, records) in start.upstream {
            if !links.iter().any(|link| upstream(link, &key)) {
                links.push(ChainLink::without_session(key, records));
            }
        }
        // What is known at K has a chain at every T; by this T it may have no link yet.
        let begins = if links.is_empty() {
            not_begun.extend(view.not_begun(start.later.sessions, &mut named).await?);
            start.kinds = start.later.kinds;
            start.later.begins
        } else {
            not_begun.clear();
            None
        };
        let reached: BTreeSet<_> = links
            .iter()
            .flat_map(|link| link.apps.iter().filter_map(|hop| hop.app.clone()))
            .collect();
        let chain = Chain {
            kinds: start.kinds.into_iter().collect(),
            begins,
            not_begun,
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
        for (kind, from) in [
            (ChainKind::AppSession, term(TermKind::AppSession, id)),
            (ChainKind::RootSession, term(TermKind::RootSession, id)),
            (ChainKind::IdpSession, pair(TermKind::IdpSession, "", id)),
        ] {
            for known in self.facts_with(&from, |known| names(known, kind, id)).await? {
                let occurred = known.fact.occurred.from;
                if occurred > self.cut.at {
                    start.later.add(kind, Some(occurred));
                    start.later.sessions.extend(known.fact.session.clone());
                    continue;
                }
                start.kinds.insert(kind);
                start.sessions.extend(known.fact.session.clone());
                if let Some(key) = idp_session_of(&known.fact.data) {
                    start.upstream.entry(key).or_default().push(known.record);
                }
            }
        }
        fits_a_page(&start.sessions)?;
        Ok(start)
    }

    /// Those sessions that had not begun by T, by the names that they have at K, of those that are
    /// not `named` yet.
    async fn not_begun(
        &self,
        sessions: BTreeSet<SessionId>,
        named: &mut BTreeSet<SessionId>,
    ) -> Result<Vec<SessionId>, AskError> {
        fits_a_page(&sessions)?;
        let mut not_begun = Vec::new();
        for session in sessions {
            let Some(assessed) = self.session(&session, None).await? else { continue };
            let is_named = !named.insert(assessed.state.id.clone());
            if !is_named && assessed.state.life.phase == Phase::NotStarted {
                not_begun.push(assessed.state.id.clone());
            }
        }
        Ok(not_begun)
    }

    /// Facts known at K with a term, as far as a test lets them through.
    async fn facts_with(
        &self,
        from: &Term,
        wanted: impl Fn(&Known) -> bool,
    ) -> Result<Vec<Known>, LogError> {
        let reader = self.tenant.reader(&*self.inner.log, &*self.inner.views);
        let positions = reader.positions(from, self.cut.known_at).await?;
        let mut facts = Vec::new();
        for record in reader.records(&positions).await? {
            let known = load_session::known(&record, record.variant, |_| true);
            facts.extend(known.filter(|known| wanted(known)));
        }
        Ok(facts)
    }

    /// Everything that hangs on one session.
    async fn link(&self, assessed: &Assessed) -> Result<ChainLink, AskError> {
        let (state, facts) = (&assessed.state, &assessed.gathered.facts);
        let mut link = ChainLink::of(state, facts, self.cut.at);
        let SessionOrigin { idp, idp_session, root_session, .. } = &state.origin;
        if let Some(id) = idp_session {
            let of = idp.as_ref().map_or("", |idp| idp.as_str());
            let from = pair(TermKind::IdpSession, of, id.as_str());
            let same = |known: &Known| {
                matches!(&known.fact.data, FactData::SessionStarted(d)
                    if d.idp_session.as_ref() == Some(id) && d.idp == *idp)
            };
            link.siblings = self.others(&from, &state.id, same).await?;
        }
        if let Some(id) = root_session {
            let from = term(TermKind::RootSession, id.as_str());
            let same = |known: &Known| names(known, ChainKind::RootSession, id.as_str());
            link.root_siblings = self.others(&from, &state.id, same).await?;
        }
        Ok(link)
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
            .filter(|known| known.fact.occurred.from <= self.cut.at)
            .filter_map(|known| known.fact.session)
            .collect();
        fits_a_page(&ids)?;
        let mut others = BTreeSet::new();
        for id in ids {
            others.insert(self.name_of(&id).await?);
        }
        others.remove(own);
        Ok(others.into_iter().collect())
    }
}

/// More sessions than a page may have are refused with their number.
fn fits_a_page(sessions: &BTreeSet<SessionId>) -> Result<(), AskError> {
    let asked = sessions.len() as u64;
    let limit = MAX_PAGE.into();
    if asked > limit { Err(AskError::PageTooLarge { asked, limit }) } else { Ok(()) }
}
