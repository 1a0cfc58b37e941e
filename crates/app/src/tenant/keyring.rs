//! The keys of people: looked up by blind index, created when a person is first seen, and durable
//! before a record is sealed with them.
//!
//! A new person gets a random pseudonym and a key in memory. [`Keyring::make_durable`] writes the
//! new keys of all requests to the key store in one transaction, before records are sealed.
//!
//! Invariant: one identifier has one pseudonym. Within a process this type ensures it; between
//! several writers of a key store the first row wins, and the others look it up again before
//! sealing.
//!
//! Invariant: a destroyed key stays destroyed. This type is a cache: it is cleared when a key was
//! destroyed (`docs/decisions/0031`), and the store never accepts the key again.

mod cache;
mod links;

use cache::{People, Person};
use claimledger_facts::{
    draft::DraftPerson,
    ids::{Pseudonym, TenantId},
    random::Random,
    record::Digest32,
    seal::{BlindKind, PersonKey, TenantKeys, new_pseudonym},
};
use claimledger_ledger::{
    keys::{KeyStore, PersonRow, StoredPerson},
    log::LogError,
    nodes::Nodes,
};
use parking_lot::Mutex;
use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

/// The key cache of one tenant.
pub(crate) struct Keyring {
    tenant: TenantId,
    keys: TenantKeys,
    store: Arc<dyn KeyStore>,
    random: Arc<dyn Random>,
    people: Mutex<People>,
    /// Held during a flush: a second flush must not return before the first one is durable.
    flushing: tokio::sync::Mutex<()>,
    /// Whether a link ever named a person before they were seen; none: not looked up yet. With
    /// several nodes "no" is not kept, because another one may ingest such a link.
    awaits: Mutex<Option<bool>>,
    nodes: Nodes,
}

/// The key of a pseudonym.
pub(crate) enum FoundKey {
    /// The key.
    Live(PersonKey),
    /// It was destroyed.
    Destroyed,
    /// The pseudonym is unknown.
    Unknown,
}

impl Keyring {
    pub(crate) fn new(
        tenant: TenantId,
        keys: TenantKeys,
        store: Arc<dyn KeyStore>,
        random: Arc<dyn Random>,
        nodes: Nodes,
    ) -> Self {
        Self {
            tenant,
            keys,
            store,
            random,
            nodes,
            people: Mutex::default(),
            flushing: tokio::sync::Mutex::default(),
            awaits: Mutex::default(),
        }
    }

    /// Starts lookups for a batch: clears the cache if a key was destroyed, and returns the value
    /// that [`Self::make_durable`] requires.
    pub(crate) async fn begin(&self) -> Result<u64, LogError> {
        self.forget_destroyed().await?;
        Ok(self.people.lock().replaced)
    }

    /// Makes the keys of these people durable, which were returned since [`Self::begin`]. False:
    /// the store has another key for a person, so nothing may be sealed, and all people must be
    /// looked up again.
    pub(crate) async fn make_durable<'p>(
        &self,
        begun: u64,
        people: impl IntoIterator<Item = &'p Pseudonym>,
    ) -> Result<bool, LogError> {
        // Most requests are about known people. They must not wait while others write keys.
        let waits = {
            let held = self.people.lock();
            let pending: HashSet<&Pseudonym> =
                held.pending.values().chain(held.leaving.values()).map(|r| &r.pseudonym).collect();
            people.into_iter().any(|person| pending.contains(person))
        };
        if waits {
            self.flush().await?;
        }
        Ok(self.people.lock().replaced == begun)
    }

    /// Destroys a person's key permanently.
    pub(crate) async fn destroy(&self, pseudonym: &Pseudonym) -> Result<(), LogError> {
        let done = self.store.destroy(&self.tenant, pseudonym).await;
        // Also after an error, because the key may be destroyed.
        self.forget_destroyed().await?;
        done
    }

    /// Clears the cache if a key was destroyed since the last call. Keys that are not durable yet
    /// are kept; the store rejects those that are destroyed.
    async fn forget_destroyed(&self) -> Result<(), LogError> {
        let destructions = self.store.destructions(&self.tenant).await?;
        let mut people = self.people.lock();
        if people.destructions != destructions {
            people.destructions = destructions;
            people.forget();
        }
        Ok(())
    }

    /// Pseudonym and key of a person; created if they are new.
    pub(crate) async fn person(
        &self,
        draft: &DraftPerson,
    ) -> Result<(Pseudonym, PersonKey), LogError> {
        let index = self.keys.blind_index(BlindKind::Id, &draft.id);
        let mut aliases: Vec<Digest32> = draft
            .aliases
            .iter()
            .map(|alias| self.keys.blind_index(BlindKind::Alias, alias))
            .collect();
        aliases.sort_unstable();
        aliases.dedup();
        loop {
            let (evictions, destructions) = {
                let mut people = self.people.lock();
                if let Some(person) = people.get(&index) {
                    return Ok(self.known(&mut people, index, person, &aliases));
                }
                (people.evictions, people.destructions)
            };
            let mut stored = self.stored(&index).await?.map(|person| (index, person));
            if stored.is_none() && self.awaits().await? {
                stored = self.awaited(draft).await?;
            }
            let mut people = self.people.lock();
            if let Some(person) = people.get(&index) {
                return Ok(self.known(&mut people, index, person, &aliases));
            }
            if people.destructions != destructions {
                continue;
            }
            match stored {
                Some((own, person)) if own == index => {
                    people.keep(index, person.clone());
                    return Ok(self.known(&mut people, index, person, &aliases));
                }
                // Another person may have been created first: then this login belongs to them.
                Some((own, stored)) => {
                    // The store may have aliases of another node, memory those that are not
                    // durable yet.
                    let mut person = people.get(&own).unwrap_or_else(|| stored.clone());
                    person.aliases.extend(stored.aliases);
                    let id = self.other_id(&draft.id);
                    if person.aliases.contains(&id) || !person.aliases.contains(&self.seen()) {
                        aliases.push(id);
                        return Ok(self.known(&mut people, own, person, &aliases));
                    }
                }
                None => {}
            }
            if people.evictions == evictions {
                return Ok(self.make(&mut people, index, &aliases));
            }
        }
    }

    /// Rows with this alias that are not durable yet.
    fn unflushed(&self, alias: &Digest32) -> Vec<PersonRow> {
        self.people.lock().unflushed(alias).cloned().collect()
    }

    async fn stored(&self, index: &Digest32) -> Result<Option<Person>, LogError> {
        self.store.person_by_id(&self.tenant, index).await?.map(|row| self.unwrap(row)).transpose()
    }

    /// The key of a pseudonym. Always read from the store, so that a destroyed key is never used to
    /// open sealed data.
    pub(crate) async fn key(&self, pseudonym: &Pseudonym) -> Result<FoundKey, LogError> {
        Ok(match self.store.person(&self.tenant, pseudonym).await? {
            Some(StoredPerson::Live(row)) => FoundKey::Live(self.unwrap(row)?.key),
            Some(StoredPerson::Destroyed) => FoundKey::Destroyed,
            None => FoundKey::Unknown,
        })
    }

    /// The keys of these people; those whose key is destroyed are left out.
    pub(crate) async fn open(
        &self,
        pseudonyms: impl IntoIterator<Item = &Pseudonym>,
    ) -> Result<Vec<(Pseudonym, PersonKey)>, LogError> {
        let mut keys = Vec::new();
        for pseudonym in pseudonyms {
            if let FoundKey::Live(key) = self.key(pseudonym).await? {
                keys.push((pseudonym.clone(), key));
            }
        }
        Ok(keys)
    }

    /// Those of these pseudonyms that exist: that have a key, or had one.
    pub(crate) async fn existing(&self, people: &[Pseudonym]) -> Result<Vec<Pseudonym>, LogError> {
        let mut known = Vec::new();
        for person in people {
            if self.store.person(&self.tenant, person).await?.is_some() {
                known.push(person.clone());
            }
        }
        Ok(known)
    }

    /// The people that an identifier may refer to: by id, login or name.
    pub(crate) async fn find(&self, identifier: &str) -> Result<Vec<Pseudonym>, LogError> {
        let mut found = Vec::new();
        if let Some(row) = self
            .store
            .person_by_id(&self.tenant, &self.keys.blind_index(BlindKind::Id, identifier))
            .await?
        {
            found.push(row.pseudonym);
        }
        for alias in
            [self.keys.blind_index(BlindKind::Alias, identifier), self.other_id(identifier)]
        {
            found.extend(
                self.store
                    .persons_by_alias(&self.tenant, &alias)
                    .await?
                    .into_iter()
                    .map(|row| row.pseudonym),
            );
        }
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// Whether the key of one of these people was destroyed; none: of anybody.
    pub(crate) async fn destroyed_one_of(
        &self,
        people: Option<&[Pseudonym]>,
    ) -> Result<bool, LogError> {
        let Some(people) = people else {
            return self.store.has_destroyed(&self.tenant).await;
        };
        for person in people {
            if matches!(self.key(person).await?, FoundKey::Destroyed) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Up to `max` keys after a pseudonym, in the order of pseudonyms.
    pub(crate) async fn keys_after(
        &self,
        after: Option<&Pseudonym>,
        max: usize,
    ) -> Result<Vec<(Pseudonym, PersonKey)>, LogError> {
        let rows = self.store.persons(&self.tenant, after, max).await?;
        rows.into_iter()
            .map(|row| self.unwrap(row).map(|person| (person.pseudonym, person.key)))
            .collect()
    }

    /// A person in the cache. Records new aliases, and that a person named by a link was seen.
    fn known(
        &self,
        people: &mut People,
        index: Digest32,
        mut person: Person,
        aliases: &[Digest32],
    ) -> (Pseudonym, PersonKey) {
        let seen = Some(self.seen()).filter(|_| person.aliases.contains(&self.is_awaited()));
        let new: BTreeSet<Digest32> = aliases
            .iter()
            .copied()
            .chain(seen)
            .filter(|alias| !person.aliases.contains(alias))
            .collect();
        if !new.is_empty() {
            let row = people.pending.entry(index).or_insert_with(|| self.row(&person, index));
            row.alias_index.extend(&new);
            person.aliases.extend(&new);
            people.keep(index, person.clone());
        }
        (person.pseudonym, person.key)
    }

    fn make(
        &self,
        people: &mut People,
        index: Digest32,
        aliases: &[Digest32],
    ) -> (Pseudonym, PersonKey) {
        let person = Person {
            pseudonym: new_pseudonym(&*self.random),
            key: PersonKey::generate(&*self.random),
            aliases: aliases.to_vec(),
        };
        let mut row = self.row(&person, index);
        row.alias_index.extend(aliases);
        people.pending.insert(index, row);
        people.keep(index, person.clone());
        (person.pseudonym, person.key)
    }

    fn row(&self, person: &Person, index: Digest32) -> PersonRow {
        PersonRow {
            pseudonym: person.pseudonym.clone(),
            wrapped: person.key.wrap(&self.keys, &self.tenant, &person.pseudonym, &*self.random),
            id_index: index,
            alias_index: Vec::new(),
        }
    }

    fn unwrap(&self, row: PersonRow) -> Result<Person, LogError> {
        unwrap_person(&self.keys, &self.tenant, row)
    }

    /// Makes every key in memory durable, and drops those for which the store has another one.
    async fn flush(&self) -> Result<(), LogError> {
        let _flushing = self.flushing.lock().await;
        let (rows, destructions) = {
            let mut people = self.people.lock();
            let People { pending, leaving, destructions, .. } = &mut *people;
            // The rows of a dropped or failed flush are written first, so that none is lost.
            for (index, row) in pending.drain() {
                match leaving.entry(index) {
                    std::collections::hash_map::Entry::Occupied(mut waiting) => {
                        waiting.get_mut().alias_index.extend(row.alias_index)
                    }
                    std::collections::hash_map::Entry::Vacant(place) => {
                        place.insert(row);
                    }
                }
            }
            (leaving.values().cloned().collect::<Vec<PersonRow>>(), *destructions)
        };
        if rows.is_empty() {
            return Ok(());
        }
        let stored = self.store.add_persons(&self.tenant, &rows).await?;
        let mut people = self.people.lock();
        people.leaving.clear();
        people.evictions += 1;
        // What was being written was kept when the cache was cleared, and may be destroyed.
        if people.destructions != destructions {
            people.forget();
        }
        for (ours, stored) in rows.into_iter().zip(stored) {
            match stored {
                StoredPerson::Live(row) if row.pseudonym == ours.pseudonym => {}
                // A request that uses our key must look the person up again, and finds this row.
                StoredPerson::Live(_) | StoredPerson::Destroyed => people.replace(&ours),
            }
        }
        Ok(())
    }
}

fn unwrap_person(keys: &TenantKeys, tenant: &TenantId, row: PersonRow) -> Result<Person, LogError> {
    let key = PersonKey::unwrap(keys, tenant, &row.pseudonym, &row.wrapped).map_err(|error| {
        LogError::damaged("keys", format!("person, {}", row.pseudonym), error.to_string())
    })?;
    Ok(Person { pseudonym: row.pseudonym, key, aliases: row.alias_index })
}

#[cfg(test)]
mod tests;
