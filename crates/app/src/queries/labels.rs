//! Labels of people, which are returned beside answers and never inside.

use crate::{
    app::{App, Inner, Label},
    model::{
        query::Query,
        question::{AskError, Caller},
        terms::term,
    },
    tenant::{Tenant, keyring::FoundKey},
};
use claimledger_facts::{
    ids::{LogPosition, Pseudonym},
    record::{Entry, Header},
    seal::{PersonKey, TenantKeys, open_personal},
    time::Time,
};
use claimledger_ledger::{log::LogError, views::TermKind};
use serde_json::Value;
use std::collections::BTreeMap;

/// Records that are read at once for a history of labels.
const HISTORY_BATCH: usize = 64;
/// Maximum records of a person, from the latest, that are searched for a label.
const MAX_RECORDS: usize = 20;

impl App {
    /// The labels of these people from their latest records. Requires the role investigate. People
    /// who are unknown or without a label are left out.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn labels(
        &self,
        caller: &Caller,
        people: &[Pseudonym],
    ) -> Result<BTreeMap<Pseudonym, Label>, AskError> {
        self.disclose(caller, Query::Labels).await?;
        let tenant = self.0.tenant(&caller.tenant).await?;
        let mut labels = BTreeMap::new();
        for person in people {
            if let Some(label) = self.0.label(&tenant, person).await? {
                labels.insert(person.clone(), label);
            }
        }
        let shown: Vec<Pseudonym> = labels.keys().cloned().collect();
        self.0.record_disclosure(caller, Query::Labels, None, &shown).await?;
        Ok(labels)
    }
}

impl Inner {
    async fn label(&self, tenant: &Tenant, person: &Pseudonym) -> Result<Option<Label>, LogError> {
        let keys = match tenant.identity.keyring.key(person).await? {
            FoundKey::Live(key) => [(person.clone(), key)],
            FoundKey::Destroyed => {
                return Ok(Some(Label { key_destroyed: true, ..Label::default() }));
            }
            FoundKey::Unknown => return Ok(None),
        };
        let Some(last) = tenant.progress.assessed_to().checked_sub(1) else { return Ok(None) };
        let reader = tenant.reader(&*self.log, &*self.views);
        let positions =
            reader.positions(&term(TermKind::Subject, person.as_str()), LogPosition(last)).await?;
        let mut label = Label::default();
        for position in positions.iter().rev().take(MAX_RECORDS) {
            for entry in self.log.read_at(&tenant.id, &[*position]).await? {
                let header = decoded(&entry, *position)?;
                let stated = stated(&tenant.identity.keys, &keys, &entry, &header, *position)?;
                label.login = label.login.or(stated.login);
                label.name = label.name.or(stated.name);
            }
            if label.login.is_some() && label.name.is_some() {
                break;
            }
        }
        Ok((label != Label::default()).then_some(label))
    }
}

fn decoded(entry: &Entry, position: LogPosition) -> Result<Header, LogError> {
    let corrupt = |what| LogError::Corrupt { position, what };
    entry.header.decode().map_err(|error| corrupt(error.what))
}

/// The label of the person with this key that a record states.
fn stated(
    tenant: &TenantKeys,
    person: &[(Pseudonym, PersonKey); 1],
    entry: &Entry,
    header: &Header,
    position: LogPosition,
) -> Result<Label, LogError> {
    let blocks = open_personal(entry, header, tenant, person)
        .map_err(|error| LogError::Corrupt { position, what: error.what })?;
    let mut label = Label::default();
    for block in blocks.iter().filter(|block| block.pseudonym.as_ref() == Some(&person[0].0)) {
        let text = |name| block.data.as_ref()?.get(name).and_then(Value::as_str).map(str::to_owned);
        label.login = label.login.or_else(|| text("login"));
        label.name = label.name.or_else(|| text("name"));
    }
    Ok(label)
}

/// The labels of a person, as records that are known at one K state them.
#[derive(Clone, Debug, Default)]
pub(crate) struct LabelHistory {
    key_destroyed: bool,
    /// In the order in which they occurred, a change each.
    changes: Vec<(Time, LogPosition, Label)>,
}

impl LabelHistory {
    /// The label by a time: what the last record that had occurred by then states.
    pub(crate) fn by(&self, time: Time) -> Label {
        let until = self.changes.partition_point(|(occurred, ..)| *occurred <= time);
        let latest = |part: fn(&Label) -> &Option<String>| {
            self.changes[..until].iter().rev().find_map(|(.., label)| part(label).clone())
        };
        Label {
            login: latest(|label| &label.login),
            name: latest(|label| &label.name),
            key_destroyed: self.key_destroyed,
        }
    }
}

impl App {
    /// How the labels of a person changed. Requires the role investigate.
    ///
    /// # Errors
    /// See [`AskError`].
    pub(crate) async fn label_history(
        &self,
        caller: &Caller,
        person: &Pseudonym,
        known_at: LogPosition,
    ) -> Result<LabelHistory, AskError> {
        self.disclose(caller, Query::Labels).await?;
        let tenant = self.0.tenant(&caller.tenant).await?;
        let history = self.0.label_history(&tenant, person, known_at).await?;
        self.0.record_disclosure(caller, Query::Labels, None, person).await?;
        Ok(history)
    }
}

impl Inner {
    async fn label_history(
        &self,
        tenant: &Tenant,
        person: &Pseudonym,
        known_at: LogPosition,
    ) -> Result<LabelHistory, LogError> {
        let mut history = LabelHistory::default();
        let keys = match tenant.identity.keyring.key(person).await? {
            FoundKey::Live(key) => [(person.clone(), key)],
            FoundKey::Destroyed => return Ok(LabelHistory { key_destroyed: true, ..history }),
            FoundKey::Unknown => return Ok(history),
        };
        let reader = tenant.reader(&*self.log, &*self.views);
        let subject = term(TermKind::Subject, person.as_str());
        let positions = reader.positions(&subject, known_at).await?;
        for batch in positions.chunks(HISTORY_BATCH) {
            let entries = self.log.read_at(&tenant.id, batch).await?;
            for (entry, position) in entries.iter().zip(batch) {
                let header = decoded(entry, *position)?;
                let label = stated(&tenant.identity.keys, &keys, entry, &header, *position)?;
                if label != Label::default() {
                    history.changes.push((header.occurred.from, *position, label));
                }
            }
        }
        history.changes.sort_by_key(|(occurred, position, _)| (*occurred, *position));
        history.changes.dedup_by(|later, earlier| later.2 == earlier.2);
        Ok(history)
    }
}
