//! Everything that is known of one session up to K: its own records, the records of sessions it is
//! linked with, and what is said of its IdP session.
//!
//! A session is a connected component of ids and links (`semantics.md` 25). Links are followed in
//! both directions, to a fixed point.

use crate::{
    model::{
        record_summary::RecordSummary,
        terms::{IDP_SESSION_TOLD, LINKS, VARIANT, link_term, pair, term, variant_term},
    },
    read::reader::Reader,
};
use claimledger_domain::{
    links::{self, Target},
    model::Known,
};
use claimledger_facts::{
    fact::{Fact, FactData},
    ids::{LogPosition, RecordId, SessionId, SourceEventId, SourceId, TenantId},
    types::session::SessionLinked,
};
use claimledger_ledger::{
    log::LogError,
    views::{Term, TermKind, Views},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

mod requests;

/// What is known of one session.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    /// Every id of the session that a record names.
    pub(crate) ids: BTreeSet<SessionId>,
    /// Its facts, and those of its IdP session; in the order of the log.
    pub(crate) facts: Vec<Known>,
    /// Its own records, in the order of the log.
    pub(crate) records: Vec<Arc<RecordSummary>>,
    /// Their positions.
    pub(crate) positions: BTreeSet<LogPosition>,
}

/// What can be left out for a tenant that has nothing of the kind up to K: most tenants save
/// themselves a look-up a record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Traits {
    links: bool,
    variants: bool,
    idp_sessions: bool,
}

/// From which position on a tenant has something of a kind, as far as the read models are: so that
/// no question looks it up.
#[derive(Debug)]
pub(crate) struct FirstOfKind {
    link: AtomicU64,
    variant: AtomicU64,
    idp_session: AtomicU64,
}

impl FirstOfKind {
    /// Looks them up.
    pub(crate) async fn load(tenant: &TenantId, views: &dyn Views) -> Result<Self, LogError> {
        let first = async |term: Term| {
            let first =
                views.positions_of(tenant, &term, LogPosition(0), LogPosition(u64::MAX), 1).await?;
            Ok::<_, LogError>(AtomicU64::new(first.first().map_or(u64::MAX, |first| first.0)))
        };
        Ok(Self {
            link: first(term(TermKind::Correlation, LINKS)).await?,
            variant: first(term(TermKind::Note, VARIANT)).await?,
            idp_session: first(term(TermKind::IdpSession, IDP_SESSION_TOLD)).await?,
        })
    }

    /// Takes note of a record, before the read models have it. That records come again changes
    /// nothing.
    pub(crate) fn note(&self, record: &RecordSummary) {
        let position = record.reference.position.0;
        if record.variant {
            self.variant.fetch_min(position, Ordering::Relaxed);
        }
        for fact in &record.statement.facts {
            match fact.data {
                FactData::SessionLinked(_) => self.link.fetch_min(position, Ordering::Relaxed),
                FactData::IdpSessionStarted(_) | FactData::IdpSessionEnded(_) => {
                    self.idp_session.fetch_min(position, Ordering::Relaxed)
                }
                _ => continue,
            };
        }
    }

    /// What may be there at a position.
    pub(crate) fn at(&self, known_at: LogPosition) -> Traits {
        let by = |first: &AtomicU64| first.load(Ordering::Relaxed) <= known_at.0;
        Traits {
            links: by(&self.link),
            variants: by(&self.variant),
            idp_sessions: by(&self.idp_session),
        }
    }
}

impl Traits {
    /// Whether sessions may have more than one id.
    pub(crate) fn links(self) -> bool {
        self.links
    }

    /// Whether anything is said of IdP sessions beside the sessions that came from them.
    pub(crate) fn idp_sessions(self) -> bool {
        self.idp_sessions
    }
}

/// Gathers a session by any of its ids; none where nothing names the id up to `known_at`.
pub(crate) async fn session(
    reader: &Reader<'_>,
    traits: Traits,
    id: &SessionId,
    known_at: LogPosition,
) -> Result<Option<Gathered>, LogError> {
    let mut gathered = Gathered::default();
    let mut records: BTreeMap<LogPosition, Arc<RecordSummary>> = BTreeMap::new();
    let mut named: BTreeSet<SessionId> = BTreeSet::from([id.clone()]);
    let mut queue = vec![id.clone()];
    let mut requests = requests::Requests::default();
    while let Some(id) = queue.pop() {
        let found = reader.records_of(&id, known_at).await?;
        if !found.is_empty() {
            gathered.ids.insert(id.clone());
        }
        let mut reached = Vec::new();
        let mut link_keys = vec![id.as_str().to_owned()];
        for record in found {
            if records.contains_key(&record.reference.position) {
                continue;
            }
            link_keys.push(record.reference.source_id.as_str().to_owned());
            for (session, link) in session_links(&record) {
                if *session == id {
                    reached.extend(resolve(reader, &record, &link.to, known_at).await?);
                }
            }
            reached.extend(requests.joined(reader, &record, &id, known_at).await?);
            records.insert(record.reference.position, record);
        }
        if traits.links {
            for key in link_keys {
                reached.extend(linking_to(reader, &key, &id, known_at).await?);
            }
        }
        for other in reached {
            if named.insert(other.clone()) {
                queue.push(other);
            }
        }
    }
    if gathered.ids.is_empty() {
        return Ok(None);
    }
    gathered.positions = records.keys().copied().collect();
    gathered.records = records.values().cloned().collect();
    for record in records.values() {
        let variant = has_variant(reader, traits, record, known_at).await?;
        gathered.facts.extend(known(record, variant, |fact| {
            fact.session.as_ref().is_none_or(|id| named.contains(id))
        }));
    }
    if traits.idp_sessions {
        add_idp_sessions(reader, traits, &mut gathered, known_at).await?;
    }
    Ok(Some(gathered))
}

/// The facts of a record that a test lets through.
pub(crate) fn known<'a>(
    record: &'a RecordSummary,
    variant: bool,
    wanted: impl Fn(&Fact) -> bool + 'a,
) -> impl Iterator<Item = Known> + 'a {
    record.statement.facts.iter().filter(move |fact| wanted(fact)).map(move |fact| Known {
        record: record.reference.clone(),
        variant,
        notes: record.statement.notes.clone(),
        root_session: record.statement.root_session().map(Into::into),
        fact: fact.clone(),
    })
}

fn session_links(record: &RecordSummary) -> impl Iterator<Item = (&SessionId, &SessionLinked)> {
    record.statement.facts.iter().filter_map(links::link)
}

/// The sessions that a link's `to` means at K ([`links::target`]).
async fn resolve(
    reader: &Reader<'_>,
    record: &RecordSummary,
    to: &str,
    known_at: LogPosition,
) -> Result<Vec<SessionId>, LogError> {
    let named = reader.records_of(&SessionId::new(to), known_at).await?;
    let is_session = named.iter().any(|record| names(record, to));
    match links::target(&record.reference.source, to, is_session) {
        Target::Session(session) => Ok(vec![session]),
        Target::Record(source, id) => record_sessions(reader, &source, &id, known_at).await,
    }
}

/// Whether a fact of a record names a session: a record that nothing was read from makes no session
/// known.
fn names(record: &RecordSummary, session: &str) -> bool {
    record
        .statement
        .facts
        .iter()
        .any(|fact| fact.session.as_ref().is_some_and(|id| id.as_str() == session))
}

/// The sessions that the facts of a source's record name, and of its variants.
async fn record_sessions(
    reader: &Reader<'_>,
    source: &SourceId,
    id: &SourceEventId,
    known_at: LogPosition,
) -> Result<Vec<SessionId>, LogError> {
    let mut positions = reader.positions(&variant_term(source, id), known_at).await?;
    positions.extend(reader.position(RecordId::derive(reader.tenant, source, id), known_at).await?);
    let mut sessions = Vec::new();
    for record in reader.records(&positions).await? {
        sessions.extend(record.statement.facts.iter().filter_map(|fact| fact.session.clone()));
    }
    Ok(sessions)
}

/// The sessions whose links meant records of other sessions as long as no session of this name was
/// known ([`links::target`]): once it is, they are parted.
pub(crate) async fn parted_by(
    reader: &Reader<'_>,
    session: &SessionId,
    known_at: LogPosition,
) -> Result<Vec<SessionId>, LogError> {
    let mut parted = Vec::new();
    let positions = reader.positions(&link_term(session.as_str()), known_at).await?;
    for record in reader.records(&positions).await? {
        for (linked, link) in session_links(&record) {
            if link.to == session.as_str() {
                parted.push(linked.clone());
                parted.extend(
                    record_sessions(
                        reader,
                        &record.reference.source,
                        &SourceEventId::new(&*link.to),
                        known_at,
                    )
                    .await?,
                );
            }
        }
    }
    Ok(parted)
}

/// The sessions with a link to this one, named by its id or by the source's id of one of its
/// records.
async fn linking_to(
    reader: &Reader<'_>,
    key: &str,
    id: &SessionId,
    known_at: LogPosition,
) -> Result<Vec<SessionId>, LogError> {
    let mut reached = Vec::new();
    let positions = reader.positions(&link_term(key), known_at).await?;
    for record in reader.records(&positions).await? {
        for (session, link) in session_links(&record) {
            if link.to == key && resolve(reader, &record, &link.to, known_at).await?.contains(id) {
                reached.push(session.clone());
            }
        }
    }
    Ok(reached)
}

/// Whether the source said something else under the same id too, as known at K (`semantics.md` 32).
/// Which of the two counts, the domain decides.
async fn has_variant(
    reader: &Reader<'_>,
    traits: Traits,
    record: &RecordSummary,
    known_at: LogPosition,
) -> Result<bool, LogError> {
    Ok(record.variant
        || (traits.variants
            && reader
                .any(&variant_term(&record.reference.source, &record.reference.source_id), known_at)
                .await?))
}

/// Adds what is said of the IdP sessions that the session's facts name.
async fn add_idp_sessions(
    reader: &Reader<'_>,
    traits: Traits,
    gathered: &mut Gathered,
    known_at: LogPosition,
) -> Result<(), LogError> {
    let named: BTreeSet<_> = gathered
        .facts
        .iter()
        .filter_map(|known| match &known.fact.data {
            FactData::SessionStarted(start) => {
                Some((start.idp.clone()?, start.idp_session.clone()?))
            }
            _ => None,
        })
        .collect();
    for (idp, idp_session) in named {
        let positions = reader
            .positions(&pair(TermKind::IdpSession, idp.as_str(), idp_session.as_str()), known_at)
            .await?;
        for record in reader.records(&positions).await? {
            if gathered.positions.contains(&record.reference.position) {
                continue;
            }
            let variant = has_variant(reader, traits, &record, known_at).await?;
            gathered.facts.extend(known(&record, variant, |fact| match &fact.data {
                FactData::IdpSessionStarted(d) => d.idp == idp && d.idp_session == idp_session,
                FactData::IdpSessionEnded(d) => d.idp == idp && d.idp_session == idp_session,
                _ => false,
            }));
        }
    }
    gathered.facts.sort_by_key(|known| known.record.position);
    Ok(())
}
