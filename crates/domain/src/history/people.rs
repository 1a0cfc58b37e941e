//! Which identities are one person (`semantics.md` 11).
//!
//! `subject.linked` says of two identities that they are one person, or are not. Of each pair the
//! last statement in the total order holds; identities that such pairs connect, directly or through
//! others, are one person. A link counts once known, whatever T (`semantics.md` 3).

use super::{HistoryCut, Stated, put};
use claimledger_facts::{
    ids::Pseudonym,
    types::{
        authenticator::AuthenticatorLost,
        subject::{SubjectLinked, SubjectSessionsEnded},
    },
};
use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
};

/// Two identities, the lower pseudonym first.
pub(crate) type Pair = (Pseudonym, Pseudonym);

/// Every `subject.linked`.
#[derive(Clone, Debug, Default)]
pub(super) struct SubjectLinks {
    by_pair: BTreeMap<Pair, Vec<Stated<SubjectLinked>>>,
    /// With whom an identity stands in a pair, whatever was said of it.
    neighbours: BTreeMap<Pseudonym, BTreeSet<Pseudonym>>,
}

impl SubjectLinks {
    /// Adds a statement about an identity. That it is one person with itself says nothing.
    pub(super) fn insert(&mut self, subject: &Pseudonym, link: Stated<SubjectLinked>) {
        let other = link.data.other.clone();
        let Some(pair) = pair(subject, &other) else { return };
        self.neighbours.entry(subject.clone()).or_default().insert(other.clone());
        self.neighbours.entry(other).or_default().insert(subject.clone());
        put(self.by_pair.entry(pair).or_default(), link);
    }

    /// The same pairs with other lists of statements.
    pub(super) fn map(
        &self,
        mut list: impl FnMut(&Pair, &[Stated<SubjectLinked>]) -> Vec<Stated<SubjectLinked>>,
    ) -> Self {
        let by_pair =
            self.by_pair.iter().map(|(pair, stated)| (pair.clone(), list(pair, stated))).collect();
        Self { by_pair, neighbours: self.neighbours.clone() }
    }

    /// An identity and those that it is connected with by pairs whose statements `hold`.
    fn connected(
        &self,
        person: &Pseudonym,
        hold: impl Fn(&[Stated<SubjectLinked>]) -> bool,
    ) -> BTreeSet<Pseudonym> {
        let mut people = BTreeSet::from([person.clone()]);
        let mut open = vec![person.clone()];
        while let Some(person) = open.pop() {
            for other in self
                .neighbours
                .get(&person)
                .into_iter()
                .flatten()
                .filter(|other| !people.contains(*other))
                .collect::<Vec<_>>()
            {
                let stated = pair(&person, other).and_then(|pair| self.by_pair.get(&pair));
                if stated.is_some_and(|stated| hold(stated)) {
                    people.insert(other.clone());
                    open.push(other.clone());
                }
            }
        }
        people
    }
}

fn pair(one: &Pseudonym, other: &Pseudonym) -> Option<Pair> {
    match one.cmp(other) {
        Ordering::Less => Some((one.clone(), other.clone())),
        Ordering::Equal => None,
        Ordering::Greater => Some((other.clone(), one.clone())),
    }
}

/// What is stated of people: which identities are one person, what they lost, and when all their
/// sessions were ended.
#[derive(Clone, Copy, Debug)]
pub struct People<'a>(pub(super) HistoryCut<'a>);

impl<'a> People<'a> {
    /// Every identity that is one person with this one, itself included, as known at K.
    #[must_use]
    pub fn same_as(self, person: &Pseudonym) -> BTreeSet<Pseudonym> {
        self.0.history.people.links.connected(person, |stated| {
            self.0.counting(stated).last().is_some_and(|link| link.data.same)
        })
    }

    /// Every identity that was one with a person's by any statement that is known at K: whom a
    /// link, a parting or a loss can concern.
    #[must_use]
    pub fn ever_one_with(self, person: &Pseudonym) -> BTreeSet<Pseudonym> {
        let ever = |link: &Stated<SubjectLinked>| {
            link.data.same && link.record.position <= self.0.known_at
        };
        self.0.history.people.links.connected(person, |stated| stated.iter().any(ever))
    }

    /// Lost authenticators of a person, by whichever of their identities they were said
    /// (`semantics.md` 11), and those that a question supposes; in the total order.
    pub fn losses(
        self,
        subject: &Pseudonym,
    ) -> impl Iterator<Item = &'a Stated<AuthenticatorLost>> + use<'a> {
        let people = self.same_as(subject);
        let stated = people.iter().filter_map(|person| self.0.history.people.losses.get(person));
        let mut losses: Vec<&'a Stated<AuthenticatorLost>> =
            stated.flat_map(|list| self.0.counting(list)).collect();
        if people.len() > 1 {
            losses.sort_by(|a, b| a.place().cmp(&b.place()));
        }
        let supposed = self.0.supposed.map_or(&[] as &[_], |s| s.losses.as_slice());
        losses.extend(
            supposed.iter().filter(|loss| {
                loss.subject.as_ref().is_some_and(|subject| people.contains(subject))
            }),
        );
        losses.into_iter()
    }

    /// Every loss that is stated, person by person.
    pub fn all_losses(self) -> impl Iterator<Item = &'a Stated<AuthenticatorLost>> {
        self.0.history.people.losses.values().flat_map(move |list| self.0.counting(list))
    }

    /// When all sessions of a person were ended, by whichever of their identities that was said
    /// (`semantics.md` 11); in the total order.
    pub fn sessions_ended(
        self,
        subject: &Pseudonym,
    ) -> impl Iterator<Item = &'a Stated<SubjectSessionsEnded>> + use<'a> {
        let mut ended: Vec<&'a Stated<SubjectSessionsEnded>> = Vec::new();
        // Every assessment asks, and most ledgers have none.
        if !self.0.history.people.sessions_ended.is_empty() {
            let people = self.same_as(subject);
            let stated =
                people.iter().filter_map(|person| self.0.history.people.sessions_ended.get(person));
            ended.extend(stated.flat_map(|list| self.0.counting(list)));
            ended.sort_by(|a, b| a.place().cmp(&b.place()));
        }
        ended.into_iter()
    }
}
