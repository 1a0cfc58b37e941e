//! Health: which part of a ledger does not work, why, and since when. It is no part of an answer
//! (`design.md`, invariant 4) and names no tenant, so that an unauthenticated readiness probe may
//! show it.
//!
//! Three parts fail apart from each other. The *log* takes no records, while reads go on. The
//! *projection* does not move, while appends go on and answers fall behind. A stored record or row
//! is *damaged*. Nothing set: ready.

use crate::model::answer::Problem;
use claimledger_facts::{ids::LogPosition, time::Time};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What does not work. Each part is independent of the others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Nothing is appended.
    pub log: Option<Cause>,
    /// The read models do not move: the last attempt failed, and the next one comes by itself.
    pub projection: Option<Cause>,
    /// Something that is stored does not hold together.
    pub damage: Option<Damage>,
}

/// Why a part does not work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// A sentence without its end, for operators and clients alike: it names no tenant and counts
    /// nothing.
    pub why: String,
    /// When it was first noticed.
    pub since: Time,
}

/// Something stored that does not hold together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Where.
    pub place: DamagedPlace,
    /// What was found. Shown to callers of the tenant only.
    pub what: String,
    /// When it was first noticed.
    pub since: Time,
}

/// Where something is damaged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DamagedPlace {
    /// A record of the log: only a backup has it.
    Record(LogPosition),
    /// A row of the read models, as table and key: a rebuild makes it anew.
    View(String),
    /// A row of the key store, as table and key: only a backup has it.
    Key(String),
}

impl DamagedPlace {
    /// The file that it is in.
    #[must_use]
    pub const fn file(&self) -> &'static str {
        match self {
            Self::Record(_) => "log",
            Self::View(_) => "views",
            Self::Key(_) => "keys",
        }
    }
}

/// A part of a ledger, as `/readyz` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Appends.
    Log,
    /// The read models.
    Projection,
    /// What is stored.
    Damage,
    /// The clock that records are stamped with. It is shown to callers of the tenant; where it
    /// holds appends back, it is the log that is stopped.
    Clock,
}

impl Part {
    /// Its name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Projection => "projection",
            Self::Damage => "damage",
            Self::Clock => "clock",
        }
    }
}

impl Health {
    /// Whether everything works.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.causes().is_empty()
    }

    /// Every part that does not work, with words that may be shown to anybody: no tenant, no
    /// position.
    #[must_use]
    pub fn causes(&self) -> Vec<(Part, Cause)> {
        let damage = self.damage.as_ref().map(|damage| Cause {
            why: format!(
                "something in the file `{}` is damaged: `claimledger status` names it",
                damage.place.file()
            ),
            since: damage.since,
        });
        [
            (Part::Log, self.log.clone()),
            (Part::Projection, self.projection.clone()),
            (Part::Damage, damage),
        ]
        .into_iter()
        .filter_map(|(part, cause)| cause.map(|cause| (part, cause)))
        .collect()
    }

    /// The same for callers of the tenant, who may know which record it is.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut problems: Vec<_> =
            self.causes().into_iter().map(|(part, cause)| Problem { part, cause }).collect();
        if let (Some(problem), Some(damage)) =
            (problems.iter_mut().find(|problem| problem.part == Part::Damage), &self.damage)
        {
            problem.cause.why = match &damage.place {
                DamagedPlace::Record(position) => {
                    format!("the log does not hold together at {position}")
                }
                DamagedPlace::View(row) => format!(
                    "a row of the read models is damaged: {row}; `claimledger rebuild` makes it \
                     anew"
                ),
                DamagedPlace::Key(row) => format!("a row of the key store is damaged: {row}"),
            };
        }
        problems
    }

    /// What does not work in either of two ledgers; of two causes of one part the one that began
    /// first.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            log: earlier(self.log, other.log, |cause| cause.since),
            projection: earlier(self.projection, other.projection, |cause| cause.since),
            damage: earlier(self.damage, other.damage, |damage| damage.since),
        }
    }
}

fn earlier<T>(one: Option<T>, other: Option<T>, since: impl Fn(&T) -> Time) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(if since(&other) < since(&one) { other } else { one }),
        (one, other) => one.or(other),
    }
}

/// What is known of one tenant's read models and records. The log's state is the engine's own.
#[derive(Debug, Default)]
pub(crate) struct HealthMonitor(Mutex<Noticed>);

#[derive(Clone, Debug, Default)]
struct Noticed {
    projection: Option<Cause>,
    damage: Option<Damage>,
}

impl HealthMonitor {
    /// An attempt to move the read models failed.
    pub(crate) fn projection_failed(&self, why: String, now: Time) {
        let mut noticed = self.lock();
        let since = noticed.projection.as_ref().map_or(now, |cause| cause.since);
        noticed.projection = Some(Cause { why, since });
    }

    /// The read models moved, or are where the log is. True if they did not before.
    pub(crate) fn projection_moves(&self) -> bool {
        self.lock().projection.take().is_some()
    }

    /// Something that is stored does not hold together. What was noticed first stays, until
    /// [`Self::mended`].
    pub(crate) fn damaged(&self, place: DamagedPlace, what: String, now: Time) {
        self.lock().damage.get_or_insert(Damage { place, what, since: now });
    }

    /// What was damaged in a file reads again. True if it did not before.
    pub(crate) fn mended(&self, file: &str) -> bool {
        let mut noticed = self.lock();
        let mended = noticed.damage.as_ref().is_some_and(|damage| damage.place.file() == file);
        if mended {
            noticed.damage = None;
        }
        mended
    }

    /// What does not work of this tenant, beside the log.
    pub(crate) fn health(&self) -> Health {
        let Noticed { projection, damage } = self.lock().clone();
        Health { log: None, projection, damage }
    }

    fn lock(&self) -> MutexGuard<'_, Noticed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> Time {
        Time::EPOCH.plus_secs(secs)
    }

    #[test]
    fn parts_fail_and_recover_apart_from_each_other() {
        let monitor = HealthMonitor::default();
        assert!(monitor.health().is_ready());
        monitor.projection_failed("the disk is full".to_owned(), at(1));
        monitor.projection_failed("the disk is still full".to_owned(), at(2));
        monitor.damaged(DamagedPlace::Record(LogPosition(7)), "its leaf differs".to_owned(), at(3));
        monitor.damaged(
            DamagedPlace::View("head_1 S3".to_owned()),
            "its checksum differs".to_owned(),
            at(4),
        );
        let health = monitor.health();
        let parts: Vec<_> =
            health.causes().into_iter().map(|(part, cause)| (part.as_str(), cause.since)).collect();
        assert_eq!(parts, [("projection", at(1)), ("damage", at(3))]);
        assert_eq!(health.projection.unwrap().why, "the disk is still full");
        assert_eq!(
            health.damage.unwrap().place,
            DamagedPlace::Record(LogPosition(7)),
            "what was noticed first"
        );
        assert!(monitor.projection_moves() && !monitor.projection_moves());
        assert!(!monitor.mended("views") && monitor.mended("log"));
        assert!(monitor.health().is_ready());
    }

    #[test]
    fn what_anybody_may_see_names_no_place() {
        let monitor = HealthMonitor::default();
        monitor.damaged(DamagedPlace::Record(LogPosition(4711)), "tenant acme".to_owned(), at(3));
        let (part, cause) = monitor.health().causes().remove(0);
        assert_eq!(part, Part::Damage);
        assert!(!cause.why.contains("4711") && !cause.why.contains("acme"), "{}", cause.why);
    }

    #[test]
    fn of_two_tenants_the_earlier_cause_is_shown() {
        let of = |secs| {
            let monitor = HealthMonitor::default();
            monitor.projection_failed(format!("at {secs}"), at(secs));
            monitor.health()
        };
        assert_eq!(of(5).or(of(3)).or(Health::default()).projection.unwrap().since, at(3));
    }
}
