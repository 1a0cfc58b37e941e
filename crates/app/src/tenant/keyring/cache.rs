//! The people of a tenant in memory, with those that are not durable yet.

use claimledger_facts::{ids::Pseudonym, record::Digest32, seal::PersonKey};
use claimledger_ledger::keys::PersonRow;
use std::collections::HashMap;

/// Maximum people in each of the two generations of the cache, about 1 KiB each.
pub(super) const MAX_CACHED: usize = if cfg!(test) { 100 } else { 10_000 };

#[derive(Default)]
pub(super) struct People {
    pub(super) young: HashMap<Digest32, Person>,
    pub(super) old: HashMap<Digest32, Person>,
    /// Not durable yet. These keys exist nowhere else, so the rows are never evicted.
    pub(super) pending: HashMap<Digest32, PersonRow>,
    /// Being written.
    pub(super) leaving: HashMap<Digest32, PersonRow>,
    /// Counts evictions. A lookup that missed the store is valid only if this did not change
    /// meanwhile: the person may have been created, made durable and evicted in between.
    pub(super) evictions: u64,
    /// The store's `destructions` when the cache was last cleared. A row that was read before this
    /// changed may be destroyed.
    pub(super) destructions: u64,
    /// Counts returned keys that the store did not accept, because another writer was first or the
    /// key is destroyed.
    pub(super) replaced: u64,
}

#[derive(Clone)]
pub(super) struct Person {
    pub(super) pseudonym: Pseudonym,
    pub(super) key: PersonKey,
    pub(super) aliases: Vec<Digest32>,
}

impl People {
    /// Rows with this alias that are not durable yet.
    pub(super) fn unflushed(&self, alias: &Digest32) -> impl Iterator<Item = &PersonRow> {
        self.pending
            .values()
            .chain(self.leaving.values())
            .filter(move |row| row.alias_index.contains(alias))
    }

    /// A person in memory. People who are not durable yet are always found.
    pub(super) fn get(&mut self, index: &Digest32) -> Option<Person> {
        if let Some(person) = self.young.get(index) {
            return Some(person.clone());
        }
        let person = self.old.remove(index)?;
        self.keep(*index, person.clone());
        Some(person)
    }

    pub(super) fn keep(&mut self, index: Digest32, person: Person) {
        if self.young.len() >= MAX_CACHED {
            self.age();
        }
        self.young.insert(index, person);
    }

    /// Evicts the older generation, except people who are not durable yet.
    fn age(&mut self) {
        let gone = std::mem::replace(&mut self.old, std::mem::take(&mut self.young));
        for (index, person) in gone {
            if self.pending.contains_key(&index) || self.leaving.contains_key(&index) {
                self.old.entry(index).or_insert(person);
            }
        }
        self.evictions += 1;
    }

    /// Evicts both generations.
    pub(super) fn forget(&mut self) {
        self.age();
        self.age();
    }

    /// Drops a row for which the store has another one, also if it waits to be written.
    pub(super) fn replace(&mut self, row: &PersonRow) {
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
