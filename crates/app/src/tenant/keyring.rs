//! People's keys: found by blind index, made at first sight, and durable before a record is sealed
//! with them.
//!
//! A person who is new gets a random pseudonym and a key in memory. [`Keyring::make_durable`]
//! writes them to the key store before anything is sealed with them: all that wait, of every
//! request, in one transaction.
//!
//! Invariant: one identifier gives one pseudonym. Within a process this ring holds it; between
//! writers of one key store the first row wins, and the loser looks again before sealing.
//!
//! Invariant: a destroyed key stays destroyed. What is held here is a cache: it is dropped once a
//! key was destroyed (`docs/decisions/0031`), and the store takes nothing back.

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
    /// The store's [`KeyStore::destructions`] when memory was last cleared: a row that was read
    /// before it moved may be destroyed by now.
    destructions: u64,
    /// Counts keys that were given out, and are not those of the store: another writer was first,
    /// or they are destroyed.
    replaced: u64,
}

#[derive(Clone)]
struct Person {
    pseudonym: Pseudonym,
    key: PersonKey,
    aliases: Vec<Digest32>,
}

/// What there is of a pseudonym's key.
pub(crate) enum FoundKey {
    /// The key.
    Live(PersonKey),
    /// It was destroyed.
    Destroyed,
    /// There never was one.
    Unknown,
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

    /// Begins to look people up for records: drops what was destroyed, and gives what
    /// [`Self::make_durable`] asks for.
    pub(crate) async fn begin(&self) -> Result<u64, LogError> {
        self.forget_destroyed().await?;
        Ok(self.lock().replaced)
    }

    /// Makes every key durable that was given out since [`Self::begin`]. False: some key is not the
    /// one that the store has, so nothing may be sealed, and everybody must be looked up again.
    pub(crate) async fn make_durable(&self, begun: u64) -> Result<bool, LogError> {
        self.flush().await?;
        Ok(self.lock().replaced == begun)
    }

    /// Destroys a person's key for good.
    pub(crate) async fn destroy(&self, pseudonym: &Pseudonym) -> Result<(), LogError> {
        let done = self.store.destroy(&self.tenant, pseudonym).await;
        // After an error too: the key may be destroyed.
        self.forget_destroyed().await?;
        done
    }

    /// Drops everybody from memory, except persons whose keys are not durable yet, if a key was
    /// destroyed since the last time. The store refuses those of them that are destroyed.
    async fn forget_destroyed(&self) -> Result<(), LogError> {
        let destructions = self.store.destructions(&self.tenant).await?;
        let mut people = self.lock();
        if people.destructions != destructions {
            people.destructions = destructions;
            people.forget();
        }
        Ok(())
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
            let (left, destructions) = {
                let mut people = self.lock();
                if let Some(person) = people.get(&index) {
                    return Ok(self.known(&mut people, index, person, &aliases));
                }
                (people.left, people.destructions)
            };
            let mut stored = self.stored(&index).await?.map(|person| (index, person));
            if stored.is_none() && self.awaits().await? {
                stored = self.awaited(draft).await?;
            }
            let mut people = self.lock();
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

    /// The key of a pseudonym. Always asked of the store: what is sealed must not be opened with a
    /// key that is destroyed meanwhile.
    pub(crate) async fn key(&self, pseudonym: &Pseudonym) -> Result<FoundKey, LogError> {
        Ok(match self.store.person(&self.tenant, pseudonym).await? {
            Some(StoredPerson::Live(row)) => FoundKey::Live(self.unwrap(row)?.key),
            Some(StoredPerson::Destroyed) => FoundKey::Destroyed,
            None => FoundKey::Unknown,
        })
    }

    /// The keys of these people, as far as they are there: a person whose key is destroyed is left
    /// out.
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

    /// Makes every key in memory durable, and takes over what the store has instead.
    async fn flush(&self) -> Result<(), LogError> {
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
        let stored = self.store.add_persons(&self.tenant, &rows).await?;
        let mut people = self.lock();
        people.leaving.clear();
        people.left += 1;
        for (ours, stored) in rows.into_iter().zip(stored) {
            match stored {
                StoredPerson::Live(row) if row.pseudonym == ours.pseudonym => {}
                // A request that got our key must look again, and finds the row of the store.
                StoredPerson::Live(_) | StoredPerson::Destroyed => people.replace(&ours),
            }
        }
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
            self.age();
        }
        self.young.insert(index, person);
    }

    /// Drops the older half, except persons who are not durable yet.
    fn age(&mut self) {
        let gone = std::mem::replace(&mut self.old, std::mem::take(&mut self.young));
        for (index, person) in gone {
            if self.pending.contains_key(&index) || self.leaving.contains_key(&index) {
                self.old.entry(index).or_insert(person);
            }
        }
        self.left += 1;
    }

    /// Drops both halves.
    fn forget(&mut self) {
        self.age();
        self.age();
    }

    /// Drops a row that is not the store's, with what waited to be written of it.
    fn replace(&mut self, row: &PersonRow) {
        for people in [&mut self.young, &mut self.old] {
            if people.get(&row.id_index).is_some_and(|held| held.pseudonym == row.pseudonym) {
                people.remove(&row.id_index);
            }
        }
        if self.pending.get(&row.id_index).is_some_and(|held| held.pseudonym == row.pseudonym) {
            self.pending.remove(&row.id_index);
        }
        self.replaced += 1;
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
