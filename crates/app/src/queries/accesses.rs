//! Who was shown what: entries of the access log.

use super::View;
use crate::{
    app::App,
    model::{
        access::{AccessEntry, AccessFilter, AccessPage},
        query::{Disclosed, Discloses, Query},
        question::{AskError, Asking, Caller},
        terms::term,
    },
};
use claimledger_facts::{
    ids::{LogPosition, Pseudonym, SessionId},
    vocabulary::Role,
};
use claimledger_ledger::{
    access::{AccessKey, AccessQuery, RECORDS_PER_KEY},
    log::LogError,
    views::TermKind,
};
use std::collections::BTreeSet;

/// Maximum entries of a page.
const MAX_ENTRIES: u64 = 500;
/// Maximum records of a person or session that entries are compared with.
const MAX_RECORDS: usize = 20_000;

/// What an entry must name one of.
#[derive(Debug, Default)]
struct Named {
    sessions: BTreeSet<SessionId>,
    subjects: BTreeSet<Pseudonym>,
    records: BTreeSet<LogPosition>,
}

impl App {
    /// Entries of the access log, the last first. Those of all credentials need the role govern;
    /// everybody sees their own. The entry of this very question is among them: it is written
    /// before the log is read.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn accesses(
        &self,
        caller: &Caller,
        filter: &AccessFilter,
        first: u64,
        after: Option<LogPosition>,
    ) -> Result<AccessPage, AskError> {
        if first > MAX_ENTRIES {
            return Err(AskError::PageTooLarge { asked: first, limit: MAX_ENTRIES });
        }
        let view = self.ask(caller, Query::Accesses, &Asking::default()).await?;
        let named = view.named(filter).await?;
        // Of those who may read nothing else, the entry names nothing else.
        let shown = Query::Session.missing_role(|role| caller.has(role)).is_none()
            || caller.has(Role::Govern);
        let shown = shown.then_some(&named);
        self.0.record_disclosure(caller, Query::Accesses, None, &Shown(shown)).await?;
        if let Some(request) = caller.request()
            && let Some((caller, disclosed)) = request.gathered()
        {
            self.0.write_entry(&caller, request, disclosed).await?;
        }
        let log = &view.tenant.identity.access;
        log.fill_index().await?;
        let own_only = !caller.has(Role::Govern);
        let max = usize::try_from(first).unwrap_or(usize::MAX);
        let is_any = filter.subject.is_none() && filter.session.is_none();
        let mut query = AccessQuery {
            keys: if is_any { Vec::new() } else { named.keys() },
            credential: own_only.then(|| caller.credential.clone()),
            from: filter.from,
            to: filter.to,
            before: after,
            max: max + 1,
        };
        let mut entries: Vec<AccessEntry> = Vec::new();
        // A key of records leads to entries that name only records beside them.
        while entries.len() <= max {
            let found = log.find(&query).await?;
            let is_last = found.len() < query.max;
            query.before = found.last().map(|entry| entry.position).or(query.before);
            entries.extend(found.into_iter().filter(|entry| is_any || named.are_in(entry)));
            if is_last {
                break;
            }
        }
        let has_next = entries.len() > max;
        entries.truncate(max);
        Ok(AccessPage { entries, has_next, own_only, size: log.size().await?.0 })
    }
}

impl View<'_> {
    /// The ids, people and records that a filter is about.
    async fn named(&self, filter: &AccessFilter) -> Result<Named, AskError> {
        let mut named = Named::default();
        if let Some(session) = &filter.session {
            self.add_session(session, &mut named).await?;
        }
        let Some(subject) = &filter.subject else { return Ok(named) };
        // What was typed may be a name: an entry names only whom the ledger knows.
        let known = self.tenant.identity.keyring.existing(std::slice::from_ref(subject)).await?;
        named.subjects.extend(known);
        let reader = self.reader();
        let of_subject = term(TermKind::Subject, subject.as_str());
        let positions = reader.positions(&of_subject, self.cut.known_at).await?;
        if positions.len() > MAX_RECORDS {
            return Err(AskError::TooMany {
                what: "records of this person",
                found: positions.len() as u64,
                limit: MAX_RECORDS as u64,
            });
        }
        let mut sessions = BTreeSet::new();
        for record in reader.records(&positions).await? {
            sessions.extend(record.statement.sessions().cloned());
        }
        named.records.extend(positions);
        for session in sessions {
            if !named.sessions.contains(&session) {
                self.add_session(&session, &mut named).await?;
            }
        }
        Ok(named)
    }

    async fn add_session(&self, id: &SessionId, named: &mut Named) -> Result<(), LogError> {
        let Some(gathered) = self.gathered(id, self.cut.known_at, None).await? else {
            return Ok(());
        };
        named.sessions.extend(gathered.ids);
        named.records.extend(gathered.positions);
        Ok(())
    }
}

impl Named {
    fn keys(&self) -> Vec<AccessKey> {
        let blocks: BTreeSet<u64> = self.records.iter().map(|at| at.0 / RECORDS_PER_KEY).collect();
        let sessions = self.sessions.iter().cloned().map(AccessKey::Session);
        let subjects = self.subjects.iter().cloned().map(AccessKey::Subject);
        let records = blocks.into_iter().map(AccessKey::Records);
        sessions.chain(subjects).chain(records).chain([AccessKey::WholeLog]).collect()
    }

    /// Whether an entry names one of them.
    fn are_in(&self, entry: &AccessEntry) -> bool {
        let shown = &entry.disclosed;
        shown.whole_log
            || shown.sessions.iter().any(|id| self.sessions.contains(id))
            || shown.subjects.iter().any(|person| self.subjects.contains(person))
            || shown
                .records
                .iter()
                .any(|range| self.records.range(range.first..=range.last).next().is_some())
    }
}

/// Those whose entries were shown.
struct Shown<'a>(Option<&'a Named>);

impl Discloses for Shown<'_> {
    fn add_to(&self, disclosed: &mut Disclosed) {
        let Some(named) = self.0 else { return };
        disclosed.sessions.extend(named.sessions.iter().cloned());
        disclosed.subjects.extend(named.subjects.iter().cloned());
    }
}
