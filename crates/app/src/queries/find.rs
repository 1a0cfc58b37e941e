//! Where a text appears: by what stands in the clear, and for the role investigate by the blind
//! index of people.

use super::{View, barrier};
use crate::{
    app::{App, Inner},
    model::LEDGER_SOURCE,
    model::{
        answer::Answer,
        query::Query,
        question::{AskError, Asking, Caller},
        reached::{Found, FoundKind, FoundList},
        record_summary::RecordSummary,
        terms::{pair, term, variant_term},
    },
};
use claimledger_domain::history::HistoryCut;
use claimledger_facts::{
    fact::FactData,
    ids::{LogPosition, RecordId, SessionId, SourceEventId, SourceId},
    vocabulary::Role,
};
use claimledger_ledger::{
    log::LogError,
    views::{Term, TermKind},
};
use std::{collections::BTreeSet, sync::Arc};

/// So many records of one thing are shown; more are counted.
const SHOWN: usize = 100;
/// Counting stops here.
pub(super) const COUNTED: usize = 10_000;

/// What is found by one word.
const WORDS: &[(FoundKind, TermKind, &str)] = &[
    (FoundKind::Session, TermKind::Session, "session"),
    (FoundKind::AppSession, TermKind::AppSession, "application session"),
    (FoundKind::RootSession, TermKind::RootSession, "root session"),
    (FoundKind::Idp, TermKind::Idp, "identity provider"),
    (FoundKind::App, TermKind::App, "application"),
    (FoundKind::Policy, TermKind::Policy, "policy"),
    (FoundKind::Person, TermKind::Subject, "pseudonym"),
];

/// Ids of a vendor's log that join records: what is found, the name of the id, and what matched.
const JOINED: &[(FoundKind, &[&str], &str)] = &[
    (FoundKind::Transaction, &["authn_request", "transaction"], "transaction"),
    (FoundKind::Request, &["request"], "request"),
];

/// What is an IdP's: found by its own word, and named with the IdP.
const PAIRS: &[(FoundKind, TermKind, &str)] = &[
    (FoundKind::IdpSession, TermKind::IdpSession, "IdP session"),
    (FoundKind::Assertion, TermKind::Assertion, "assertion"),
    (FoundKind::Key, TermKind::Key, "key"),
];

/// What stands in the clear.
const CLEAR: &[&str] = &[
    "record id, position and source's own id",
    "session, application session, IdP session, root session",
    "assertion and key",
    "identity provider, application, policy",
    "pseudonym",
    "transaction and request of a vendor's log",
];
const PEOPLE: &str = "login, name or id of people";
const SEALED_INDEX: &str =
    "display name of applications, policies and identity providers, and address of clients";
const NEEDS_ROLE: &str = "login, name or id of people: that needs the role investigate";
const NOT_EVERYBODYS_ADDRESS: &str =
    "addresses of people past the first 100,000, or past the first 10,000 records";
const SEALED_INDEX_NEEDS_ROLE: &str = "display name and address: that needs the role investigate";
const SEALED: &str = "sealed texts, and people whose key was destroyed: that cannot be searched";

impl App {
    /// Where a text appears, exactly as it is spelled, in what is known at K, whatever T.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn find(
        &self,
        caller: &Caller,
        text: &str,
        asking: &Asking,
    ) -> Result<Answer<FoundList>, AskError> {
        let view = self.ask(caller, Query::Find, asking).await?;
        let search = Search { view: &view, text };
        // Nothing is named by the empty text; terms use it where a name is missing.
        if text.is_empty() {
            let nothing = FoundList {
                items: Vec::new(),
                searched: CLEAR.to_vec(),
                not_searched: vec![SEALED],
            };
            return view.answer(nothing).await;
        }
        let mut items = search.records().await?;
        for (kind, of, matched) in WORDS {
            items.extend(search.term(*kind, text, &term(*of, text), matched).await?);
        }
        for (kind, of, matched) in PAIRS {
            for idp in search.idps_of(*of).await? {
                let name = if idp.is_empty() { text.to_owned() } else { format!("{idp}/{text}") };
                items.extend(search.term(*kind, &name, &pair(*of, &idp, text), matched).await?);
            }
        }
        for (kind, names, matched) in JOINED {
            let terms: Vec<Term> =
                names.iter().map(|name| pair(TermKind::Correlation, name, text)).collect();
            items.extend(search.terms(*kind, text, &terms, matched).await?);
        }
        let mut searched = CLEAR.to_vec();
        let mut not_searched = vec![SEALED];
        let mut barrier = None;
        if caller.has(Role::Investigate) {
            searched.push(PEOPLE);
            for person in view.tenant.identity.keyring.find(text).await? {
                let of = term(TermKind::Subject, person.as_str());
                items.extend(
                    search
                        .term(FoundKind::Person, person.as_str(), &of, "login, name or id")
                        .await?,
                );
            }
            self.disclose(caller, Query::Sealed)?;
            searched.push(SEALED_INDEX);
            items.extend(search.labelled().await?);
            let (at_address, all) = search.address().await?;
            items.extend(at_address);
            if !all {
                not_searched.push(NOT_EVERYBODYS_ADDRESS);
            }
        } else {
            not_searched.splice(0..0, [NEEDS_ROLE, SEALED_INDEX_NEEDS_ROLE]);
            barrier = items.is_empty().then_some(barrier::NAMES);
        }
        view.answer_with(FoundList { items, searched, not_searched }, barrier).await
    }
}

/// Whether a text names a record that is known: its position, its id, or its source's own id.
pub(super) async fn is_record(view: &View<'_>, text: &str) -> Result<bool, LogError> {
    Ok(!text.is_empty() && !Search { view, text }.records().await?.is_empty())
}

pub(super) struct Search<'v> {
    pub(super) view: &'v View<'v>,
    pub(super) text: &'v str,
}

impl Search<'_> {
    pub(super) fn known_at(&self) -> LogPosition {
        self.view.cut.known_at
    }

    pub(super) fn inner(&self) -> &Inner {
        self.view.inner
    }

    /// Records by position, id, or any known source's own id; with their variants.
    async fn records(&self) -> Result<Vec<Found>, LogError> {
        let tenant = self.view.tenant.clone();
        let reader = tenant.reader(&*self.inner().log, &*self.inner().views);
        let mut found = Vec::new();
        if let Ok(position) =
            self.text.strip_prefix('#').unwrap_or(self.text).parse().map(LogPosition)
            && position <= self.known_at()
        {
            found.extend(self.record(&[position], "position").await?);
        }
        if let Ok(id) = self.text.parse().map(RecordId)
            && let Some(position) = reader.position(id, self.known_at()).await?
        {
            found.extend(self.record(&[position], "record id").await?);
        }
        let event = SourceEventId::new(self.text);
        let own = SourceId::new(LEDGER_SOURCE);
        for source in tenant.knowledge.sources.known_at(self.known_at()).iter().chain([&own]) {
            let id = RecordId::derive(&tenant.id, source, &event);
            let first = reader.position(id, self.known_at()).await?;
            let mut positions: BTreeSet<LogPosition> = first.into_iter().collect();
            positions
                .extend(reader.positions(&variant_term(source, &event), self.known_at()).await?);
            let positions: Vec<_> = positions.into_iter().collect();
            found.extend(self.record(&positions, "source's own id").await?);
        }
        Ok(found)
    }

    async fn record(
        &self,
        positions: &[LogPosition],
        matched: &'static str,
    ) -> Result<Option<Found>, LogError> {
        let Some(first) = positions.first() else { return Ok(None) };
        let name = format!("#{}", first.0);
        Ok(Some(self.found(FoundKind::Record, &name, matched, positions, false).await?))
    }

    /// What has a term; none: nothing has.
    async fn term(
        &self,
        kind: FoundKind,
        name: &str,
        of: &Term,
        matched: &'static str,
    ) -> Result<Option<Found>, LogError> {
        self.terms(kind, name, std::slice::from_ref(of), matched).await
    }

    /// What has any of these terms; none: nothing has.
    pub(super) async fn terms(
        &self,
        kind: FoundKind,
        name: &str,
        any_of: &[Term],
        matched: &'static str,
    ) -> Result<Option<Found>, LogError> {
        let views = &self.inner().views;
        let mut all = BTreeSet::new();
        for of in any_of {
            all.extend(
                views
                    .positions_of(
                        &self.view.tenant.id,
                        of,
                        LogPosition(0),
                        self.known_at(),
                        COUNTED + 1,
                    )
                    .await?,
            );
        }
        let mut positions: Vec<LogPosition> = all.into_iter().collect();
        let at_least = positions.len() > COUNTED;
        positions.truncate(COUNTED);
        if positions.is_empty() {
            return Ok(None);
        }
        Ok(Some(self.found(kind, name, matched, &positions, at_least).await?))
    }

    pub(super) async fn found(
        &self,
        kind: FoundKind,
        name: &str,
        matched: &'static str,
        positions: &[LogPosition],
        at_least: bool,
    ) -> Result<Found, LogError> {
        let records = self.read(positions).await?;
        let mut sessions: Vec<SessionId> = Vec::new();
        for id in records.iter().flat_map(|record| record.statement.sessions()) {
            let name = self.view.name_of(id).await?;
            if !sessions.contains(&name) {
                sessions.push(name);
            }
        }
        Ok(Found {
            kind,
            name: name.to_owned(),
            matched,
            count: positions.len(),
            at_least,
            records: records.iter().map(|record| record.reference.clone()).collect(),
            sessions,
        })
    }

    async fn read(&self, positions: &[LogPosition]) -> Result<Vec<Arc<RecordSummary>>, LogError> {
        let reader = self.view.tenant.reader(&*self.inner().log, &*self.inner().views);
        reader.records(&positions[..positions.len().min(SHOWN)]).await
    }

    /// The IdPs with something of this name: those that a record names beside it, and those whose
    /// configuration does.
    async fn idps_of(&self, kind: TermKind) -> Result<BTreeSet<String>, LogError> {
        let history = self.view.history.at(self.known_at());
        let mut idps: BTreeSet<String> = BTreeSet::new();
        if kind == TermKind::Key {
            idps.extend(
                history
                    .trust()
                    .idps()
                    .filter(|idp| names_key(history, idp, self.text))
                    .map(|idp| idp.as_str().to_owned()),
            );
        }
        let bare = pair(kind, "", self.text);
        let positions = self
            .inner()
            .views
            .positions_of(&self.view.tenant.id, &bare, LogPosition(0), self.known_at(), COUNTED)
            .await?;
        for record in self.read(&positions).await? {
            idps.extend(
                record.statement.facts.iter().filter_map(|fact| named(&fact.data, self.text)),
            );
        }
        Ok(idps)
    }
}

pub(super) fn names_key(
    history: HistoryCut<'_>,
    idp: &claimledger_facts::ids::IdpId,
    key: &str,
) -> bool {
    history.trust().key_changes(idp).any(|change| change.data.key.as_str() == key)
        || history.trust().retractions(idp).any(|retraction| {
            retraction.data.key.as_ref().is_some_and(|named| named.as_str() == key)
        })
}

/// The IdP of whatever a fact names by this word; empty where it names none.
fn named(data: &FactData, text: &str) -> Option<String> {
    let idp = match data {
        FactData::SessionStarted(d)
            if d.idp_session.as_ref().is_some_and(|id| id.as_str() == text) =>
        {
            return Some(d.idp.as_ref().map_or_else(String::new, |idp| idp.as_str().to_owned()));
        }
        FactData::IdpSessionStarted(d) if d.idp_session.as_str() == text => &d.idp,
        FactData::IdpSessionEnded(d) if d.idp_session.as_str() == text => &d.idp,
        FactData::ClaimsReceived(d)
            if d.assertion.as_ref().is_some_and(|id| id.as_str() == text)
                || d.key.as_ref().is_some_and(|id| id.as_str() == text) =>
        {
            &d.idp
        }
        _ => return None,
    };
    Some(idp.as_str().to_owned())
}

impl View<'_> {
    /// The name of the session that an id is an id of.
    pub(super) async fn name_of(&self, id: &SessionId) -> Result<SessionId, LogError> {
        // Where nothing links ids, each is its session's name.
        if !self.traits.links() {
            return Ok(id.clone());
        }
        Ok(self.session(id, None).await?.map_or_else(|| id.clone(), |assessed| assessed.state.id))
    }
}
