//! People's keys: found by blind index, made at first sight, and durable before the record that
//! needs them.
//!
//! A person who is new gets a random pseudonym and a key in memory at once, so that sealing does
//! not wait for a disk. [`KeysFirst::flush`], which the sequencer calls before each append, makes
//! all of them durable in one transaction. If we stop before it, no record that needs them is in
//! the log.
//!
//! Invariant: one identifier gives one pseudonym. Within a process this ring sees to it; the key
//! store of an engine has one owner process.

use async_trait::async_trait;
use claimledger_facts::{
    draft::DraftPerson,
    ids::{Pseudonym, TenantId},
    random::Random,
    record::Digest32,
    seal::{BlindKind, PersonKey, TenantKeys, new_pseudonym},
};
use claimledger_ledger::{
    keys::{KeyStore, KeysFirst, PersonRow},
    log::LogError,
};
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// So many people are kept in memory, at most twice over: some 1 KiB each.
const KEPT: usize = if cfg!(test) { 100 } else { 10_000 };

/// The people of one tenant.
pub(crate) struct Keyring {
    tenant: TenantId,
    keys: TenantKeys,
    store: Arc<dyn KeyStore>,
    random: Arc<dyn Random>,
    people: Mutex<People>,
    /// Held while rows are on their way to the disk: a second flush must not return before the
    /// first is done.
    flushing: tokio::sync::Mutex<()>,
    /// Whether anybody was ever named by a link before they were seen; not asked yet: none.
    awaits: Mutex<Option<bool>>,
}

#[derive(Default)]
struct People {
    young: HashMap<Digest32, Person>,
    old: HashMap<Digest32, Person>,
    /// Not durable yet. The keys of these rows live nowhere else, so they are never dropped.
    pending: HashMap<Digest32, PersonRow>,
    /// On their way to the disk.
    leaving: HashMap<Digest32, PersonRow>,
    /// Moves whenever somebody may have left memory: a miss in the store counts only while it
    /// stands still.
    left: u64,
}

#[derive(Clone)]
struct Person {
    pseudonym: Pseudonym,
    key: PersonKey,
    aliases: Vec<Digest32>,
}

impl Keyring {
    pub(crate) fn new(
        tenant: TenantId,
        keys: TenantKeys,
        store: Arc<dyn KeyStore>,
        random: Arc<dyn Random>,
    ) -> Self {
        Self {
            tenant,
            keys,
            store,
            random,
            people: Mutex::default(),
            flushing: tokio::sync::Mutex::default(),
            awaits: Mutex::default(),
        }
    }

    /// Pseudonym and key of a person, made now if they are new.
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
            let left = {
                let mut people = self.lock();
                if let Some(person) = people.get(&index) {
                    return Ok(self.known(&mut people, index, person, &aliases));
                }
                people.left
            };
            let mut stored = self.stored(&index).await?.map(|person| (index, person));
            if stored.is_none() && self.awaits().await? {
                stored = self.awaited(draft).await?;
            }
            let mut people = self.lock();
            if let Some(person) = people.get(&index) {
                return Ok(self.known(&mut people, index, person, &aliases));
            }
            match stored {
                Some((own, person)) if own == index => {
                    people.keep(index, person.clone());
                    return Ok(self.known(&mut people, index, person, &aliases));
                }
                // Somebody may have come first: with this login, another person is meant.
                Some((own, person)) => {
                    let person = people.get(&own).unwrap_or(person);
                    let id = self.other_id(&draft.id);
                    if person.aliases.contains(&id) || !person.aliases.contains(&self.seen()) {
                        aliases.push(id);
                        return Ok(self.known(&mut people, own, person, &aliases));
                    }
                }
                None => {}
            }
            if people.left == left {
                return Ok(self.make(&mut people, index, &aliases));
            }
        }
    }

    /// The person that a link names: by id, or by the login of exactly one person. If nobody has
    /// either, a person is created now, and gets the first subject seen with this id or login.
    /// None: several people have this login.
    pub(crate) async fn named_by_link(
        &self,
        name: &str,
    ) -> Result<Option<(Pseudonym, PersonKey)>, LogError> {
        let index = self.keys.blind_index(BlindKind::Id, name);
        let alias = self.keys.blind_index(BlindKind::Alias, name);
        loop {
            let left = {
                let mut people = self.lock();
                if let Some(person) = people.get(&index) {
                    return Ok(Some((person.pseudonym, person.key)));
                }
                people.left
            };
            if let Some(person) = self.stored(&index).await? {
                return Ok(Some((person.pseudonym, person.key)));
            }
            let mut found = self.store.persons_by_alias(&self.tenant, &self.other_id(name)).await?;
            if found.is_empty() {
                found = self.store.persons_by_alias(&self.tenant, &alias).await?;
            }
            let mut people = self.lock();
            if people.left != left || people.get(&index).is_some() {
                continue;
            }
            for row in people.unflushed(&alias) {
                if !found.iter().any(|known| known.pseudonym == row.pseudonym) {
                    found.push(row.clone());
                }
            }
            return match found.as_slice() {
                [] => {
                    *self.awaits.lock().unwrap_or_else(PoisonError::into_inner) = Some(true);
                    Ok(Some(self.make(&mut people, index, &[alias, self.is_awaited()])))
                }
                [one] => {
                    self.unwrap(one.clone()).map(|person| Some((person.pseudonym, person.key)))
                }
                _ => Ok(None),
            };
        }
    }

    /// Somebody whom a link named by a login of this person, or who was found to be this person
    /// before; with the index they stand under.
    async fn awaited(&self, draft: &DraftPerson) -> Result<Option<(Digest32, Person)>, LogError> {
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

    /// Whether anybody was ever named by a link before they were seen: most tenants save themselves
    /// the look-ups.
    async fn awaits(&self) -> Result<bool, LogError> {
        if let Some(known) = *self.awaits.lock().unwrap_or_else(PoisonError::into_inner) {
            return Ok(known);
        }
        let any = !self.store.persons_by_alias(&self.tenant, &self.is_awaited()).await?.is_empty();
        Ok(*self.awaits.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(any))
    }

    /// Rows with an alias that are not durable yet.
    fn unflushed(&self, alias: &Digest32) -> Vec<PersonRow> {
        self.lock().unflushed(alias).cloned().collect()
    }

    async fn stored(&self, index: &Digest32) -> Result<Option<Person>, LogError> {
        self.store.person_by_id(&self.tenant, index).await?.map(|row| self.unwrap(row)).transpose()
    }

    /// Marks somebody whom a link named before they were seen. The marks stand among the aliases,
    /// and are the index of none: aliases and ids have indices of their own, and no id has a NUL in
    /// it.
    fn is_awaited(&self) -> Digest32 {
        self.keys.blind_index(BlindKind::Id, "\0awaited")
    }

    /// Marks that they have been seen since.
    fn seen(&self) -> Digest32 {
        self.keys.blind_index(BlindKind::Id, "\0seen")
    }

    /// An id of somebody who stands under the login that a link gave them.
    fn other_id(&self, id: &str) -> Digest32 {
        self.keys.blind_index(BlindKind::Id, &format!("\0id\0{id}"))
    }

    /// The keys of these people, as far as they are there: a person whose key is destroyed is left
    /// out.
    pub(crate) async fn open(
        &self,
        pseudonyms: impl IntoIterator<Item = &Pseudonym>,
    ) -> Result<Vec<(Pseudonym, PersonKey)>, LogError> {
        let mut keys = Vec::new();
        for pseudonym in pseudonyms {
            if let Some(row) = self.store.person(&self.tenant, pseudonym).await? {
                let person = self.unwrap(row)?;
                keys.push((person.pseudonym, person.key));
            }
        }
        Ok(keys)
    }

    /// The people that an identifier may mean: by id, login or name.
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

    /// The keys of people after one, in the order of their pseudonyms, at most `max`.
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

    /// Somebody who is in memory; takes note of new aliases, and that somebody whom a link named
    /// was seen.
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

    fn lock(&self) -> MutexGuard<'_, People> {
        self.people.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl KeysFirst for Keyring {
    async fn flush(&self, tenant: &TenantId) -> Result<(), LogError> {
        debug_assert_eq!(tenant, &self.tenant);
        let _flushing = self.flushing.lock().await;
        let rows: Vec<PersonRow> = {
            let mut people = self.lock();
            let People { pending, leaving, .. } = &mut *people;
            // What a dropped or failed flush left behind goes first: nobody may be lost on the way.
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
            leaving.values().cloned().collect()
        };
        if rows.is_empty() {
            return Ok(());
        }
        self.store.add_persons(&self.tenant, &rows).await?;
        let mut people = self.lock();
        people.leaving.clear();
        people.left += 1;
        Ok(())
    }
}

impl People {
    /// Rows with an alias that are not durable yet.
    fn unflushed(&self, alias: &Digest32) -> impl Iterator<Item = &PersonRow> {
        self.pending
            .values()
            .chain(self.leaving.values())
            .filter(move |row| row.alias_index.contains(alias))
    }

    /// Somebody in memory. Whoever is not durable yet is always found.
    fn get(&mut self, index: &Digest32) -> Option<Person> {
        if let Some(person) = self.young.get(index) {
            return Some(person.clone());
        }
        let person = self.old.remove(index)?;
        self.keep(*index, person.clone());
        Some(person)
    }

    fn keep(&mut self, index: Digest32, person: Person) {
        if self.young.len() >= KEPT {
            let gone = std::mem::replace(&mut self.old, std::mem::take(&mut self.young));
            // Whoever is not durable yet stays.
            for (index, person) in gone {
                if self.pending.contains_key(&index) || self.leaving.contains_key(&index) {
                    self.old.entry(index).or_insert(person);
                }
            }
            self.left += 1;
        }
        self.young.insert(index, person);
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
