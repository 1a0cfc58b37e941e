//! What was believed of a session, what is believed now, and the facts that made the difference
//! (`semantics.md` 28).
//!
//! Two states of one session at the same T are compared by what they say (`aspects`), aspect by
//! aspect. Of the records learned between the two positions, those are named without which an
//! aspect would read as it did: each alone where that is so, else the fewest that do it together.
//! It is found by leaving records out and assessing again, never by guessing from a record's type.

mod aspects;
mod change_points;
mod drawn;

pub use aspects::{Aspect, AspectKind};
pub use change_points::{ChangePoint, ChangePoints, Nearest, change_points};
pub use drawn::{Draw, Drawn, redrawn};

use crate::{
    assess::assess,
    explain::explain,
    history::{History, parts::Concerns},
    links::components,
    model::{Cut, Explained, Known, RecordRef, SessionState},
};
use aspects::Texts;
use claimledger_facts::{
    fact::FactData,
    ids::{AppId, IdpId, LogPosition, PolicyId, Pseudonym, SessionId},
    time::Time,
    vocabulary::ObjectKind,
};
use std::collections::{BTreeMap, BTreeSet};

/// Maximum records tried that could have changed the session.
pub const MAX_TRIED: usize = 500;

/// What is compared.
#[derive(Clone, Copy, Debug)]
pub struct Beliefs<'a> {
    /// The session, by any of its ids.
    pub session: &'a SessionId,
    /// What is known of it at the later position: the facts of all its ids, and of the IdP session
    /// that it names; in any order.
    pub facts: &'a [Known],
    /// The configuration, at least up to the later position.
    pub history: &'a History,
    /// T, of both.
    pub at: Time,
    /// The earlier K.
    pub before: LogPosition,
    /// The later K.
    pub after: LogPosition,
}

/// What was believed, what is believed, and why that is not the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BeliefDiff {
    /// The state as known at the earlier position; none: nothing was known.
    pub before: Option<Explained>,
    /// The state as known at the later position.
    pub after: Option<Explained>,
    /// The earlier one in a sentence.
    pub then: String,
    /// The later one in a sentence.
    pub later: String,
    /// What reads differently.
    pub changes: Vec<Change>,
    /// The records without which it would not, in the order of the log.
    pub causes: Vec<Cause>,
}

/// Something that the two states say differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What it is said of.
    pub aspect: Aspect,
    /// As it was; none: it was not there.
    pub before: Option<String>,
    /// As it is; none: it is not there.
    pub after: Option<String>,
}

/// A record that changed something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// The record.
    pub record: RecordRef,
    /// Indices into [`BeliefDiff::changes`]: what would read as before without this record alone.
    pub alone: Vec<usize>,
    /// The same: what would read as before without this record and others, and not without this one
    /// alone.
    pub together: Vec<usize>,
    /// Those others.
    pub with: Vec<RecordRef>,
}

/// More records could have changed the session than are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany {
    /// How many.
    pub records: usize,
}

/// Compares what was believed of a session with what is.
///
/// # Errors
/// If more than [`MAX_TRIED`] records between the two positions could have changed it.
pub fn belief_diff(beliefs: Beliefs<'_>) -> Result<BeliefDiff, TooMany> {
    let mut trial = Trial::new(beliefs, Names::LeftOut);
    let nothing = BTreeSet::new();
    let explained = |known_at| trial.assessed(known_at, &nothing, explain);
    let (before, after) = (explained(beliefs.before), explained(beliefs.after));
    let (was, is) =
        (before.as_ref().map(|before| &before.state), after.as_ref().map(|after| &after.state));
    let mut diff = BeliefDiff {
        then: aspects::sentence(was, beliefs, beliefs.before),
        later: aspects::sentence(is, beliefs, beliefs.after),
        changes: changes(&aspects::says(was), &aspects::says(is)),
        causes: Vec::new(),
        before,
        after,
    };
    if diff.changes.is_empty() {
        return Ok(diff);
    }
    if trial.candidates.len() > MAX_TRIED {
        return Err(TooMany { records: trial.candidates.len() });
    }
    diff.causes = trial.causes(&diff.changes);
    Ok(diff)
}

fn changes(before: &[(Aspect, String)], after: &[(Aspect, String)]) -> Vec<Change> {
    let (texts_before, texts_after) = (Texts::of(before), Texts::of(after));
    let gone = before.iter().filter(|(aspect, _)| texts_after.get(aspect).is_none());
    let all = after
        .iter()
        .chain(gone)
        .map(|(aspect, _)| (aspect, texts_before.get(aspect), texts_after.get(aspect)));
    let changed = all.filter(|(_, before, after)| before != after);
    changed
        .map(|(aspect, before, after)| Change {
            aspect: aspect.clone(),
            before: before.cloned(),
            after: after.cloned(),
        })
        .collect()
}

/// Assesses the session without some of the records.
struct Trial<'a> {
    asked: Beliefs<'a>,
    /// What can concern the session, and no more: it is taken apart again and again.
    history: History,
    /// The records learned between the two positions that can have changed it.
    candidates: BTreeMap<LogPosition, RecordRef>,
    /// What each of them says, in a word or two a fact.
    what: BTreeMap<LogPosition, Vec<&'static str>>,
    /// Whether it has other ids too, by links.
    linked: bool,
}

/// Whether display names are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Names {
    /// They are, as far as the session may show them.
    Shown,
    /// No assessment needs them.
    LeftOut,
}

/// With reasons or without.
type Assess<S> = fn(&[Known], &History, Cut) -> Option<S>;

/// Records to leave out, by their positions.
type Out = BTreeSet<LogPosition>;

impl<'a> Trial<'a> {
    fn new(asked: Beliefs<'a>, names: Names) -> Self {
        let (mut idps, mut policies): (BTreeSet<&IdpId>, BTreeSet<&PolicyId>) = Default::default();
        let mut apps: BTreeSet<&AppId> = BTreeSet::new();
        let named: BTreeSet<&Pseudonym> =
            asked.facts.iter().filter_map(|known| known.fact.subject.as_ref()).collect();
        let known_after = asked.history.at(asked.after);
        let people: BTreeSet<Pseudonym> = named
            .into_iter()
            .flat_map(|person| known_after.people().ever_one_with(person))
            .collect();
        let mut candidates = BTreeMap::new();
        let mut what: BTreeMap<LogPosition, Vec<&'static str>> = BTreeMap::new();
        let mut say = |position, word| {
            let words = what.entry(position).or_default();
            if !words.contains(&word) {
                words.push(word);
            }
        };
        let between =
            |record: &RecordRef| record.position > asked.before && record.position <= asked.after;
        for known in asked.facts {
            match &known.fact.data {
                FactData::ClaimsReceived(claim) => _ = idps.insert(&claim.idp),
                FactData::SessionStarted(start) => idps.extend(&start.idp),
                FactData::PolicyDecided(decided) => {
                    apps.insert(&decided.app);
                    policies.insert(known_after.policies().meant(&decided.policy));
                }
                FactData::AppAccessed(accessed) => _ = apps.insert(&accessed.app),
                _ => {}
            }
            if between(&known.record) {
                candidates.insert(known.record.position, known.record.clone());
                say(known.record.position, known.fact.data.fact_type().words);
            }
        }
        let history = asked.history.part(&mut |record, concerns, word| {
            let concerned = match concerns {
                Concerns::Everyone => true,
                Concerns::Idp(idp) => idps.contains(idp),
                Concerns::Policy(policy) => policies.contains(policy),
                Concerns::Person(person) => person.is_some_and(|person| people.contains(person)),
                Concerns::People((one, other)) => people.contains(one) || people.contains(other),
                Concerns::Name(_) if names == Names::LeftOut => false,
                Concerns::Name(named) => match named.kind {
                    ObjectKind::Idp => idps.iter().any(|idp| idp.as_str() == named.object),
                    ObjectKind::Policy => policies.iter().any(|of| of.as_str() == named.object),
                    ObjectKind::App => apps.iter().any(|app| app.as_str() == named.object),
                    // Which of these are shown follows from policies and claims.
                    ObjectKind::Authenticator | ObjectKind::Rule => true,
                    _ => false,
                },
                Concerns::Nobody => false,
            };
            if concerned && between(record) {
                candidates.insert(record.position, record.clone());
                say(record.position, word);
            }
            concerned
        });
        let linked = asked
            .facts
            .iter()
            .any(|known| known.fact.session.as_ref().is_some_and(|id| id != asked.session));
        Self { asked, history, candidates, what, linked }
    }

    fn state(&self, known_at: LogPosition, out: &Out) -> Option<SessionState> {
        self.assessed(known_at, out, assess)
    }

    fn assessed<S>(&self, known_at: LogPosition, out: &Out, assess: Assess<S>) -> Option<S> {
        let counts =
            |record: &RecordRef| record.position <= known_at && !out.contains(&record.position);
        let mut facts: Vec<Known> =
            self.asked.facts.iter().filter(|known| counts(&known.record)).cloned().collect();
        if self.linked {
            // Without a link that is left out, or not known yet, another session's facts are its
            // own again.
            let name = self.asked.session;
            let own = components(&facts)
                .into_iter()
                .find(|component| component.name == *name || component.aliases.contains(name))?;
            facts.retain(|known| {
                known
                    .fact
                    .session
                    .as_ref()
                    .is_none_or(|id| *id == own.name || own.aliases.contains(id))
            });
        }
        let cut = Cut { at: self.asked.at, known_at };
        if out.is_empty() {
            return assess(&facts, &self.history, cut);
        }
        assess(&facts, &self.history.part(&mut |record, _, _| counts(record)), cut)
    }

    /// Which of the changes are undone when these records are left out.
    fn undone(&self, changes: &[Change], out: &Out) -> Vec<bool> {
        let says = aspects::says(self.state(self.asked.after, out).as_ref());
        let now = Texts::of(&says);
        changes.iter().map(|change| now.get(&change.aspect) == change.before.as_ref()).collect()
    }

    /// Whether what is said without these records is all as it was before.
    fn as_before(&self, out: &Out) -> bool {
        let nothing = BTreeSet::new();
        let (before, now) =
            (self.state(self.asked.before, &nothing), self.state(self.asked.after, out));
        changes(&aspects::says(before.as_ref()), &aspects::says(now.as_ref())).is_empty()
    }

    fn causes(&mut self, changes: &[Change]) -> Vec<Cause> {
        let mut causes: BTreeMap<LogPosition, Cause> = BTreeMap::new();
        let cause = |position: LogPosition, record: &RecordRef| {
            (
                position,
                Cause {
                    record: record.clone(),
                    alone: Vec::new(),
                    together: Vec::new(),
                    with: Vec::new(),
                },
            )
        };
        let mut open: BTreeSet<usize> = (0..changes.len()).collect();
        for (position, record) in &self.candidates {
            let undone = self.undone(changes, &Out::from([*position]));
            let alone: Vec<usize> = (0..changes.len()).filter(|at| undone[*at]).collect();
            if !alone.is_empty() {
                open.retain(|at| !undone[*at]);
                let (position, new) = cause(*position, record);
                causes.insert(position, Cause { alone, ..new });
            }
        }
        let mut sets: Vec<(Out, Vec<bool>)> = Vec::new();
        for at in open {
            let known = sets.iter().position(|(_, undone)| undone[at]);
            let set = known.unwrap_or_else(|| {
                let set = self.fewest(|out| self.undone(changes, out)[at]);
                sets.push((set.clone(), self.undone(changes, &set)));
                sets.len() - 1
            });
            self.name(&mut causes, &sets[set].0, Some(at));
        }
        // Each aspect is accounted for. All of them at once may take more: records can stand in for
        // each other.
        if !self.as_before(&causes.keys().copied().collect()) {
            let named: Out = causes.keys().copied().collect();
            let more = self.fewest(|out| self.as_before(&named.union(out).copied().collect()));
            self.name(&mut causes, &more.difference(&named).copied().collect(), None);
        }
        causes.into_values().collect()
    }

    /// Names the records of a set as causes that act together.
    fn name(&self, causes: &mut BTreeMap<LogPosition, Cause>, set: &Out, change: Option<usize>) {
        for position in set {
            let Some(record) = self.candidates.get(position) else { continue };
            let others = set
                .iter()
                .filter(|other| *other != position)
                .filter_map(|other| self.candidates.get(other));
            let cause = causes.entry(*position).or_insert_with(|| Cause {
                record: record.clone(),
                alone: Vec::new(),
                together: Vec::new(),
                with: Vec::new(),
            });
            cause.together.extend(change);
            for other in others {
                if !cause.with.contains(other) {
                    cause.with.push(other.clone());
                }
            }
        }
    }

    /// Of all candidates a set that does it, and does not without any one of its members. Halves
    /// are tried first: few records matter of many.
    fn fewest(&self, does_it: impl Fn(&Out) -> bool) -> Out {
        let mut set: Vec<LogPosition> = self.candidates.keys().copied().collect();
        let mut size = set.len().div_ceil(2).max(1);
        loop {
            let (mut from, before) = (0, set.len());
            while from < set.len() {
                let rest: Vec<LogPosition> = set
                    .iter()
                    .enumerate()
                    .filter(|(at, _)| *at < from || *at >= from + size)
                    .map(|(_, p)| *p)
                    .collect();
                if rest.len() < set.len() && does_it(&rest.iter().copied().collect()) {
                    set = rest;
                } else {
                    from += size;
                }
            }
            if size > 1 {
                size = size.div_ceil(2).min(size - 1);
            } else if set.len() == before {
                return set.into_iter().collect();
            }
        }
    }
}
