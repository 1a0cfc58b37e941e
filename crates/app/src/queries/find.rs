//! Finds the occurrences of a text: in clear data, and for the role investigate also by the blind
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
        terms::{OBJECT, pair, term, variant_term},
    },
};
use claimledger_domain::{completeness::Barrier, dependants::changes};
use claimledger_facts::{
    fact::FactData,
    ids::{AuthenticatorId, KeyId, LogPosition, RecordId, SessionId, SourceEventId, SourceId},
    indicator::Indicator,
    time::Time,
    vocabulary::Role,
};
use claimledger_ledger::{
    log::LogError,
    views::{Term, TermKind},
};
use std::{collections::BTreeSet, sync::Arc};

/// Maximum records returned per match; more are counted.
const MAX_SHOWN: usize = 100;
/// Maximum records counted per match.
pub(super) const MAX_COUNTED: usize = 10_000;

/// Kinds with terms of one component.
const SINGLE_TERMS: &[(FoundKind, TermKind, &str)] = &[
    (FoundKind::Session, TermKind::Session, "session"),
    (FoundKind::AppSession, TermKind::AppSession, "application session"),
    (FoundKind::RootSession, TermKind::RootSession, "root session"),
    (FoundKind::Idp, TermKind::Idp, "identity provider"),
    (FoundKind::App, TermKind::App, "application"),
    (FoundKind::Policy, TermKind::Policy, "policy"),
    (FoundKind::Person, TermKind::Subject, "pseudonym"),
];

/// Ids of a vendor's log that join records: kind, names of the id, and the matched property.
const JOIN_TERMS: &[(FoundKind, &[&str], &str)] = &[
    (FoundKind::Transaction, &["authn_request", "transaction"], "transaction"),
    (FoundKind::Request, &["request"], "request"),
    (FoundKind::Object, &[OBJECT, API_TOKEN], "configured object or API token"),
];

/// By which name a vendor's event names the API token of its request.
const API_TOKEN: &str = "api_token";

/// Kinds that belong to an IdP: terms of two components.
const PAIR_TERMS: &[(FoundKind, TermKind, &str)] = &[
    (FoundKind::IdpSession, TermKind::IdpSession, "IdP session"),
    (FoundKind::Assertion, TermKind::Assertion, "assertion"),
    (FoundKind::Key, TermKind::Key, "key"),
];

/// The clear data that is searched.
const SEARCHED_CLEAR: &[&str] = &[
    "record id, position and source's own id",
    "session, application session, IdP session, root session",
    "assertion and key",
    "identity provider, application, policy",
    "actor of a change, authenticator that was lost, source",
    "pseudonym",
    "transaction and request of a vendor's log",
    "configured object and API token",
];
const PEOPLE: &str = "login, name or id of people";
const SEALED_INDEX: &str = "display name of applications, policies and identity providers";
const CLIENTS: &str =
    "address of clients, and as KIND=VALUE: ip, asn, user_agent, device, country, city";
const NEEDS_ROLE: &str = "login, name or id of people: that needs the role investigate";
const TRUNCATED_CLIENTS: &str =
    "clients of people past the first 100,000, or past the first 10,000 records";
const NO_INDICATOR: &str = "clients: the text is no indicator that can be found";
const SEALED_INDEX_NEEDS_ROLE: &str =
    "display name, and address and other indicators of clients: that needs the role investigate";
const SEALED: &str = "sealed texts: those cannot be searched";
const OTHER_IDS: &str = "tickets, rules, versions, holds, credentials, actors that changed no \
                         configuration, authenticators that were not lost";
const OF_OTHERS: Barrier = Barrier::NotSearched {
    what: "tickets, rules, versions, holds and other ids that \"not searched\" names",
};
const DESTROYED: &str = "people whose key was destroyed: their login, name and id, their clients, \
                         and all else that was sealed about them was erased";
const OF_DESTROYED: Barrier = Barrier::KeyDestroyed { whose: "people and clients of people" };

impl App {
    /// Exact occurrences of a text, in what is known at K, at any T.
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
        // The empty text identifies nothing: terms use it for a missing component.
        if text.is_empty() {
            let nothing = FoundList {
                items: Vec::new(),
                searched: SEARCHED_CLEAR.to_vec(),
                not_searched: vec![OTHER_IDS, SEALED],
            };
            return view.answer_with(nothing, Some(OF_OTHERS)).await;
        }
        let mut items = search.records().await?;
        items.extend(search.stated().await?);
        for (kind, of, matched) in SINGLE_TERMS {
            items.extend(search.term(*kind, text, &term(*of, text), matched).await?);
        }
        for (kind, of, matched) in PAIR_TERMS {
            for idp in search.idps_of(*of).await? {
                let name = if idp.is_empty() { text.to_owned() } else { format!("{idp}/{text}") };
                items.extend(search.term(*kind, &name, &pair(*of, &idp, text), matched).await?);
            }
        }
        for (kind, names, matched) in JOIN_TERMS {
            let terms: Vec<Term> =
                names.iter().map(|name| pair(TermKind::Correlation, name, text)).collect();
            items.extend(search.terms(*kind, text, &terms, matched).await?);
        }
        let mut searched = SEARCHED_CLEAR.to_vec();
        let mut not_searched = vec![OTHER_IDS, SEALED];
        let is_destroyed = view.tenant.identity.keyring.destroyed_one_of(None).await?;
        not_searched.extend(is_destroyed.then_some(DESTROYED));
        let barrier;
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
            self.disclose(caller, Query::Sealed).await?;
            searched.extend([SEALED_INDEX, CLIENTS]);
            items.extend(search.labelled().await?);
            match Indicator::of_text(text) {
                None => {}
                Some(Ok(indicator)) => {
                    let (of_client, all) = search.client(&indicator).await?;
                    items.extend(of_client);
                    if !all {
                        not_searched.push(TRUNCATED_CLIENTS);
                    }
                }
                // An id may look like an indicator: where nothing has it, one was meant.
                Some(Err(what)) if items.is_empty() => return Err(AskError::BadInput { what }),
                Some(Err(_)) => not_searched.push(NO_INDICATOR),
            }
            barrier =
                items.is_empty().then_some(if is_destroyed { OF_DESTROYED } else { OF_OTHERS });
        } else {
            not_searched.splice(0..0, [NEEDS_ROLE, SEALED_INDEX_NEEDS_ROLE]);
            barrier = items.is_empty().then_some(barrier::SEALED_TEXT);
        }
        view.answer_with(FoundList { items, searched, not_searched }, barrier).await
    }
}

/// Whether a text identifies a known record: by position, id, or source id.
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

    /// Records by position, id, or the id of any known source; with their variants.
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

    /// The actor, the authenticator and the source with this name.
    async fn stated(&self) -> Result<Vec<Found>, LogError> {
        let history = self.view.history.at(self.known_at());
        let made: BTreeSet<LogPosition> = changes(history, Time::MAX)
            .into_iter()
            .filter(|change| change.actor.as_ref().is_some_and(|it| it.as_str() == self.text))
            .map(|change| change.record.position)
            .collect();
        let is_it = |id: &AuthenticatorId| id.as_str() == self.text;
        let lost: BTreeSet<LogPosition> = history
            .people()
            .all_losses()
            .filter(|loss| loss.data.authenticator.as_ref().is_some_and(is_it))
            .map(|loss| loss.record.position)
            .collect();
        let mut found = Vec::new();
        for (kind, matched, positions) in [
            (FoundKind::Actor, "actor of a change", made),
            (FoundKind::Authenticator, "authenticator that was lost", lost),
        ] {
            let mut positions: Vec<LogPosition> = positions.into_iter().collect();
            let at_least = positions.len() > MAX_COUNTED;
            positions.truncate(MAX_COUNTED);
            if !positions.is_empty() {
                found.push(self.found(kind, self.text, matched, &positions, at_least).await?);
            }
        }
        let source = SourceId::new(self.text);
        let tenant = &self.view.tenant;
        if tenant.knowledge.sources.known_at(self.known_at()).contains(&source)
            && let Some(first) = tenant.knowledge.sources.since(&source)
        {
            // Of a source only its first record is looked up.
            found.push(self.found(FoundKind::Source, self.text, "source", &[first], true).await?);
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

    /// The match of a term; none: no record has it.
    async fn term(
        &self,
        kind: FoundKind,
        name: &str,
        of: &Term,
        matched: &'static str,
    ) -> Result<Option<Found>, LogError> {
        self.terms(kind, name, std::slice::from_ref(of), matched).await
    }

    /// The match of any of these terms; none: no record has one.
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
                        MAX_COUNTED + 1,
                    )
                    .await?,
            );
        }
        let mut positions: Vec<LogPosition> = all.into_iter().collect();
        let at_least = positions.len() > MAX_COUNTED;
        positions.truncate(MAX_COUNTED);
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
        reader.records(&positions[..positions.len().min(MAX_SHOWN)]).await
    }

    /// The IdPs that have something with this name, from records and from their configuration.
    async fn idps_of(&self, kind: TermKind) -> Result<BTreeSet<String>, LogError> {
        let history = self.view.history.at(self.known_at());
        let mut idps: BTreeSet<String> = BTreeSet::new();
        if kind == TermKind::Key {
            let key = KeyId::new(self.text);
            idps.extend(
                history
                    .trust()
                    .idps()
                    .filter(|idp| history.trust().names_key(idp, &key))
                    .map(|idp| idp.as_str().to_owned()),
            );
        }
        let bare = pair(kind, "", self.text);
        let positions = self
            .inner()
            .views
            .positions_of(&self.view.tenant.id, &bare, LogPosition(0), self.known_at(), MAX_COUNTED)
            .await?;
        for record in self.read(&positions).await? {
            idps.extend(
                record.statement.facts.iter().filter_map(|fact| named(&fact.data, self.text)),
            );
        }
        Ok(idps)
    }
}

/// The IdP of the thing that a fact identifies by this text; empty if the fact names no IdP.
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
    /// The name of the session that has an id.
    pub(super) async fn name_of(&self, id: &SessionId) -> Result<SessionId, LogError> {
        // Without links each id is the name of its session.
        if !self.traits.links() {
            return Ok(id.clone());
        }
        Ok(self.session(id, None).await?.map_or_else(|| id.clone(), |assessed| assessed.state.id))
    }
}
