//! People that a link names: perhaps before they were seen.

use super::{Keyring, cache::Person};
use claimledger_facts::{
    draft::DraftPerson,
    ids::Pseudonym,
    record::Digest32,
    seal::{BlindKind, PersonKey},
};
use claimledger_ledger::log::LogError;

impl Keyring {
    /// The person that a link names: by id, or by the login of exactly one person. If there is
    /// none, a person is created, and the first subject seen with this id or login becomes this
    /// person. None: several people have this login.
    pub(crate) async fn named_by_link(
        &self,
        name: &str,
    ) -> Result<Option<(Pseudonym, PersonKey)>, LogError> {
        let index = self.keys.blind_index(BlindKind::Id, name);
        let alias = self.keys.blind_index(BlindKind::Alias, name);
        loop {
            let evictions = {
                let mut people = self.people.lock();
                if let Some(person) = people.get(&index) {
                    return Ok(Some((person.pseudonym, person.key)));
                }
                people.evictions
            };
            if let Some(person) = self.stored(&index).await? {
                return Ok(Some((person.pseudonym, person.key)));
            }
            let mut found = self.store.persons_by_alias(&self.tenant, &self.other_id(name)).await?;
            if found.is_empty() {
                found = self.store.persons_by_alias(&self.tenant, &alias).await?;
            }
            let mut people = self.people.lock();
            if people.evictions != evictions || people.get(&index).is_some() {
                continue;
            }
            for row in people.unflushed(&alias) {
                if !found.iter().any(|known| known.pseudonym == row.pseudonym) {
                    found.push(row.clone());
                }
            }
            return match found.as_slice() {
                [] => {
                    *self.awaits.lock() = Some(true);
                    Ok(Some(self.make(&mut people, index, &[alias, self.is_awaited()])))
                }
                [one] => {
                    self.unwrap(one.clone()).map(|person| Some((person.pseudonym, person.key)))
                }
                _ => Ok(None),
            };
        }
    }

    /// The person whom a link named by a login of this draft, before they were seen, or who was
    /// identified with it earlier; with the index of the row.
    pub(super) async fn awaited(
        &self,
        draft: &DraftPerson,
    ) -> Result<Option<(Digest32, Person)>, LogError> {
        let id = self.other_id(&draft.id);
        let mut rows = self.store.persons_by_alias(&self.tenant, &id).await?;
        rows.extend(self.unflushed(&id));
        if let Some(row) = rows.into_iter().next() {
            return Ok(Some((row.id_index, self.unwrap(row)?)));
        }
        for alias in
            draft.aliases.iter().map(|alias| self.keys.blind_index(BlindKind::Alias, alias))
        {
            let mut rows = self.store.persons_by_alias(&self.tenant, &alias).await?;
            rows.extend(self.unflushed(&alias));
            if let Some(row) =
                rows.into_iter().find(|row| row.alias_index.contains(&self.is_awaited()))
            {
                return Ok(Some((row.id_index, self.unwrap(row)?)));
            }
        }
        Ok(None)
    }

    /// Whether a link ever named a person before they were seen. In most tenants none did, which
    /// saves the lookups.
    pub(super) async fn awaits(&self) -> Result<bool, LogError> {
        if let Some(known) = *self.awaits.lock() {
            return Ok(known);
        }
        let any = !self.store.persons_by_alias(&self.tenant, &self.is_awaited()).await?.is_empty();
        if !any && self.nodes.are_many() {
            return Ok(self.awaits.lock().unwrap_or(false));
        }
        Ok(*self.awaits.lock().get_or_insert(any))
    }

    /// Marker for a person whom a link named before they were seen. It is stored as an alias, and
    /// cannot equal the index of an identifier: aliases and ids have separate indices, and no id
    /// contains a NUL.
    pub(super) fn is_awaited(&self) -> Digest32 {
        self.keys.blind_index(BlindKind::Id, "\0awaited")
    }

    /// Marker for such a person after they were seen.
    pub(super) fn seen(&self) -> Digest32 {
        self.keys.blind_index(BlindKind::Id, "\0seen")
    }

    /// Index of the id of a person whose row is stored under the login that a link gave.
    pub(super) fn other_id(&self, id: &str) -> Digest32 {
        self.keys.blind_index(BlindKind::Id, &format!("\0id\0{id}"))
    }
}
