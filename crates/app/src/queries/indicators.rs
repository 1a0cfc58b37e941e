//! Finds the records of clients with an indicator. Requires the role investigate, which the caller
//! has checked.
//!
//! A record has keyed digests of the indicators of its client (`docs/decisions/0029`), under the
//! key of the person whose client it is. So the keys of all people are tried, and when a key is
//! destroyed, its digests are meaningless.

use super::{View, find::MAX_COUNTED, find_sealed::index_term};
use crate::tenant::keyring::FoundKey;
use claimledger_facts::{
    ids::{LogPosition, Pseudonym},
    indicator::Indicator,
    seal::{PersonKey, open_personal},
};
use claimledger_ledger::{log::LogError, views::Term};
use std::collections::BTreeSet;

/// Maximum number of people whose keys are tried.
pub(super) const MAX_PEOPLE: usize = if cfg!(test) { 20 } else { 100_000 };
/// Maximum number of records found.
pub(super) const MAX_RECORDS: usize = if cfg!(test) { 30 } else { MAX_COUNTED };
/// Maximum keys read per query.
const KEYS_PER_QUERY: usize = if cfg!(test) { 8 } else { 500 };
/// Maximum people whose records are looked up per query. They may have many records with an
/// indicator such as a country, all of which are in memory.
const PEOPLE_PER_QUERY: usize = 50;
/// Maximum records opened per read.
const OPENED_PER_READ: usize = 100;

/// Records of clients with an indicator.
pub(super) struct WithIndicator {
    /// Their positions, ascending, up to [`MAX_RECORDS`].
    pub(super) positions: Vec<LogPosition>,
    /// There may be more records than these.
    pub(super) truncated: bool,
    /// Whether the keys of all people were tried, or of all that were asked for.
    pub(super) all_people: bool,
}

impl View<'_> {
    /// The records known at K of clients with an indicator; of these people, or of everybody and
    /// nobody.
    pub(super) async fn with_indicator(
        &self,
        indicator: &Indicator,
        of: Option<&[Pseudonym]>,
    ) -> Result<WithIndicator, LogError> {
        let keyring = &self.tenant.identity.keyring;
        let mut positions = BTreeSet::new();
        let mut all_people = true;
        if let Some(of) = of {
            for person in of {
                if let FoundKey::Live(key) = keyring.key(person).await? {
                    positions.extend(self.of_people(indicator, &[(person.clone(), key)]).await?);
                }
            }
        } else {
            positions.extend(self.of_nobody(indicator).await?);
            let (mut last, mut tried) = (None::<Pseudonym>, 0);
            all_people = false;
            while !all_people && tried < MAX_PEOPLE && positions.len() <= MAX_RECORDS {
                let people = keyring.keys_after(last.as_ref(), KEYS_PER_QUERY).await?;
                all_people = people.len() < KEYS_PER_QUERY;
                tried += people.len();
                for some in people.chunks(PEOPLE_PER_QUERY) {
                    if positions.len() <= MAX_RECORDS {
                        positions.extend(self.of_people(indicator, some).await?);
                    }
                }
                last = people.into_iter().next_back().map(|(pseudonym, _)| pseudonym);
            }
        }
        let truncated = positions.len() > MAX_RECORDS;
        let mut positions: Vec<LogPosition> = positions.into_iter().take(MAX_RECORDS).collect();
        if !indicator.is_told_by_digest() {
            positions = self.opened_with(indicator, &positions).await?;
        }
        Ok(WithIndicator { positions, truncated, all_people })
    }

    async fn of_people(
        &self,
        indicator: &Indicator,
        people: &[(Pseudonym, PersonKey)],
    ) -> Result<Vec<LogPosition>, LogError> {
        let entry = [indicator.entry()];
        let digests = people.iter().flat_map(|(_, key)| key.client_index(&entry));
        let terms: Vec<Term> = digests.map(|digest| index_term(entry[0].name, digest)).collect();
        let known_at = self.cut.known_at;
        let views = &self.inner.views;
        let found = views.positions_of_each(&self.tenant.id, &terms, known_at).await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// The records whose client belongs to no person.
    async fn of_nobody(&self, indicator: &Indicator) -> Result<Vec<LogPosition>, LogError> {
        let entry = [indicator.entry()];
        let mut positions = Vec::new();
        for digest in self.tenant.identity.keys.client_index(&entry) {
            let term = index_term(entry[0].name, digest);
            let (from, known_at) = (LogPosition(0), self.cut.known_at);
            let views = &self.inner.views;
            positions.extend(
                views.positions_of(&self.tenant.id, &term, from, known_at, MAX_RECORDS + 1).await?,
            );
        }
        Ok(positions)
    }

    /// Those of these records whose sealed client has the indicator.
    async fn opened_with(
        &self,
        indicator: &Indicator,
        positions: &[LogPosition],
    ) -> Result<Vec<LogPosition>, LogError> {
        let identity = &self.tenant.identity;
        let mut with = Vec::new();
        for some in positions.chunks(OPENED_PER_READ) {
            let entries = self.inner.log.read_at(&self.tenant.id, some).await?;
            for (entry, position) in entries.iter().zip(some) {
                let corrupt = |what| LogError::Corrupt { position: *position, what };
                let header = entry.header.decode().map_err(|error| corrupt(error.what))?;
                let people = entry.persons().map_err(|error| corrupt(error.what))?;
                let keys = identity.keyring.open(&people).await?;
                let blocks = open_personal(entry, &header, &identity.keys, &keys)
                    .map_err(|error| corrupt(error.what))?;
                let mut clients = blocks
                    .iter()
                    .filter_map(|block| block.data.as_ref()?.get("client")?.as_object());
                if clients.any(|client| indicator.is_of(client)) {
                    with.push(*position);
                }
            }
        }
        Ok(with)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        app::App,
        model::question::{AskError, Asking, SessionFilter},
        testing::{World, drafts, ingest, owner, tenant},
    };
    use serde_json::{Value, json};

    /// A ledger with a session of each of `people`, each with `records`, all from one address.
    async fn ledger(people: usize, records: usize) -> App {
        let app = World::new().open().await;
        app.init_tenant(&tenant("acme"), false, None).await.unwrap();
        for person in 0..people {
            let line = |n: usize| -> Value {
                json!({"id": format!("{person}-{n}"), "type": "app.accessed",
                    "occurred_at": "2026-03-10T10:00:00Z", "session": format!("S{person}"),
                    "subject": {"id": format!("u-{person}")}, "data": {"app": "wiki"},
                    "client": {"ip": "203.0.113.7"}})
            };
            let lines: Vec<String> = (0..records).map(|n| line(n).to_string()).collect();
            ingest(&app, "acme", drafts(&lines)).await.unwrap();
        }
        app
    }

    async fn sessions(app: &App, subject: Option<&str>) -> Result<usize, AskError> {
        let filter = SessionFilter {
            indicator: Some(Indicator::parse("ip=203.0.113.7").unwrap()),
            subject: subject.map(str::to_owned),
            ..SessionFilter::default()
        };
        let asked = app.sessions(&owner("acme"), &filter, &Asking::default(), 100, None).await;
        asked.map(|answer| answer.value.items.len())
    }

    #[tokio::test]
    async fn a_list_over_more_people_than_are_tried_is_refused_and_may_be_narrowed() {
        let app = ledger(MAX_PEOPLE - 1, 1).await;
        assert_eq!(sessions(&app, None).await.unwrap(), MAX_PEOPLE - 1);
        let app = ledger(MAX_PEOPLE + KEYS_PER_QUERY, 1).await;
        let refused = sessions(&app, None).await.unwrap_err();
        assert_eq!(
            refused.to_string(),
            "21 people or more, whose keys have to be tried, 20 is the limit: narrow the question"
        );
        assert_eq!(sessions(&app, Some("u-25")).await.unwrap(), 1);
        let found = app.find(&owner("acme"), "203.0.113.7", &Asking::default()).await.unwrap();
        let hit = &found.value.items[0];
        assert!(hit.at_least && hit.count >= MAX_PEOPLE, "{hit:?}");
        let not = found.value.not_searched.join("; ");
        assert!(not.contains("clients of people past the first"), "{not}");
    }

    #[tokio::test]
    async fn a_list_from_more_records_than_are_read_is_refused() {
        let app = ledger(2, MAX_RECORDS / 2).await;
        assert_eq!(sessions(&app, None).await.unwrap(), 2);
        let app = ledger(2, MAX_RECORDS / 2 + 1).await;
        let refused = sessions(&app, None).await.unwrap_err().to_string();
        assert!(refused.starts_with("31 records or more with this indicator, 30 is"), "{refused}");
        assert_eq!(sessions(&app, Some("u-1")).await.unwrap(), 1);
    }
}
