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
    seal::open_personal,
};
use claimledger_ledger::{log::LogError, views::TermKind};
use serde_json::Value;
use std::collections::BTreeMap;

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
        self.disclose(caller, Query::Labels)?;
        let tenant = self.0.tenant(&caller.tenant).await?;
        let mut labels = BTreeMap::new();
        for person in people {
            if let Some(label) = self.0.label(&tenant, person).await? {
                labels.insert(person.clone(), label);
            }
        }
        self.0.record_disclosure(caller, Query::Labels, None, &());
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
                let corrupt = |what| LogError::Corrupt { position: *position, what };
                let header = entry.header.decode().map_err(|error| corrupt(error.what))?;
                let blocks = open_personal(&entry, &header, &tenant.identity.keys, &keys)
                    .map_err(|error| corrupt(error.what))?;
                for block in blocks.iter().filter(|block| block.pseudonym.as_ref() == Some(person))
                {
                    let text = |name| {
                        block
                            .data
                            .as_ref()
                            .and_then(|data| data.get(name))
                            .and_then(Value::as_str)
                            .map(str::to_owned)
                    };
                    label.login = label.login.or_else(|| text("login"));
                    label.name = label.name.or_else(|| text("name"));
                }
            }
            if label.login.is_some() && label.name.is_some() {
                break;
            }
        }
        Ok((label != Label::default()).then_some(label))
    }
}
