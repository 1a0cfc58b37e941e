//! Health: which part of a ledger does not work, why, and since when. It is not part of an answer
//! (`design.md`, invariant 4) and names no tenant, so an unauthenticated readiness probe may show
//! it.
//!
//! Three parts fail independently. *Log*: appends fail, reads work. *Projection*: the read models
//! do not advance, appends work and answers fall behind. *Damage*: a stored record or row is
//! corrupt. If none is set, the ledger is ready. Beside them *anchors*: a checkpoint is missing
//! there, or an older copy wrote one. Appends and answers work, so the ledger stays ready.

use crate::model::answer::Problem;
use claimledger_facts::{ids::LogPosition, time::Time};
use claimledger_ledger::log::remedy;
use parking_lot::Mutex;
use std::collections::BTreeMap;

/// The parts that do not work. Each is independent of the others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Appends fail.
    pub log: Option<Cause>,
    /// The read models do not advance: the last attempt failed and will be repeated.
    pub projection: Option<Cause>,
    /// Stored data is corrupt.
    pub damage: Option<Damage>,
    /// What is wrong with anchors, for callers of the tenant: a cause may name one and a position.
    pub anchors: Vec<Cause>,
}

/// Why a part does not work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// A sentence without its full stop, for operators and clients: it contains no tenant and no
    /// numbers.
    pub why: String,
    /// When it was first noticed.
    pub since: Time,
}

/// Corrupt stored data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Where it is stored.
    pub place: DamagedPlace,
    /// What was found. Shown only to callers of the tenant.
    pub what: String,
    /// When it was first noticed.
    pub since: Time,
}

/// The location of corrupt data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DamagedPlace {
    /// A record of the log: it can only be restored from a backup.
    Record(LogPosition),
    /// A row of the read models, as table and key: a rebuild creates it again.
    View(String),
    /// A row of the key store, as table and key: it can only be restored from a backup.
    Key(String),
    /// A row of the state store, as table and keys. No record depends on it.
    State(String),
    /// A row of the Merkle trees, as table and keys: they are built again from the log.
    Tree(String),
    /// An entry of the access log: it can only be restored from a backup.
    Access(String),
    /// A row of the index of the access log: it is filled again from that.
    AccessIndex(String),
    /// A signed checkpoint: it can only be restored from a backup.
    Checkpoint(String),
    /// An anchor that has a checkpoint of another log under this log's key.
    Anchor(String),
}

impl DamagedPlace {
    /// The name of the database file.
    #[must_use]
    pub const fn file(&self) -> &'static str {
        match self {
            Self::Record(_) => "log",
            Self::View(_) => "views",
            Self::Key(_) => "keys",
            Self::State(_) => "state",
            Self::Tree(_) => "tree",
            Self::Access(_) => "access",
            Self::AccessIndex(_) => "access_index",
            Self::Checkpoint(_) => "checkpoints",
            Self::Anchor(_) => "anchor",
        }
    }
}

/// A part of a ledger, as named by `/readyz`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Appends.
    Log,
    /// The read models.
    Projection,
    /// Stored data.
    Damage,
    /// The clock that stamps records. Shown only to callers of the tenant; if the clock blocks
    /// appends, the log is reported as stopped.
    Clock,
    /// The anchors of checkpoints. The ledger stays ready.
    Anchor,
}

impl Part {
    /// Its name in responses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Projection => "projection",
            Self::Damage => "damage",
            Self::Clock => "clock",
            Self::Anchor => "anchor",
        }
    }
}

impl Health {
    /// Whether every part works.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.causes().is_empty()
    }

    /// Every part that does not work, with text that may be public: no tenant, no position.
    #[must_use]
    pub fn causes(&self) -> Vec<(Part, Cause)> {
        let damage = self.damage.as_ref().map(|damage| Cause {
            why: match &damage.place {
                DamagedPlace::Anchor(_) => {
                    "an anchor has a checkpoint that is not of this log, so \
                                            nothing is signed any more: `claimledger status` shows \
                                            which"
                        .to_owned()
                }
                place => format!(
                    "data in `{}` is damaged: `claimledger status` shows where",
                    place.file()
                ),
            },
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

    /// What does not work and leaves the ledger ready, with text that may be public.
    #[must_use]
    pub fn warnings(&self) -> Vec<(Part, Cause)> {
        let since = self.anchors.iter().map(|cause| cause.since).min();
        let why = "the anchors do not have the checkpoints that they should have: `claimledger \
                   status` shows which";
        since
            .map(|since| (Part::Anchor, Cause { why: why.to_owned(), since }))
            .into_iter()
            .collect()
    }

    /// The same for callers of the tenant, who may see the position of a damaged record.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut problems: Vec<_> =
            self.causes().into_iter().map(|(part, cause)| Problem { part, cause }).collect();
        let anchors = self.anchors.iter().cloned();
        problems.extend(anchors.map(|cause| Problem { part: Part::Anchor, cause }));
        if let (Some(problem), Some(damage)) =
            (problems.iter_mut().find(|problem| problem.part == Part::Damage), &self.damage)
        {
            problem.cause.why = match &damage.place {
                DamagedPlace::Record(position) => {
                    format!("the log is corrupt at {position}")
                }
                DamagedPlace::View(row) => format!(
                    "a row of the read models is damaged: {row}; `claimledger rebuild` \
                     recreates it"
                ),
                DamagedPlace::Key(row) => format!("a row of the key store is damaged: {row}"),
                DamagedPlace::Tree(row) => {
                    format!("a row of the Merkle trees is damaged: {row}{}", remedy("tree"))
                }
                DamagedPlace::Checkpoint(row) => {
                    format!("a signed checkpoint is damaged: {row}{}", remedy("checkpoints"))
                }
                // What was found names the lines: nobody else learns of them.
                DamagedPlace::Anchor(anchor) => format!(
                    "the anchor {anchor} has a checkpoint that is not of this log, so nothing is \
                     signed any more: {}{}",
                    damage.what,
                    remedy("anchor")
                ),
                DamagedPlace::Access(entry) => {
                    format!("the access log is damaged: {entry}{}", remedy("access"))
                }
                DamagedPlace::AccessIndex(row) => format!(
                    "the index of the access log is damaged: {row}{}",
                    remedy("access_index")
                ),
                DamagedPlace::State(row) => format!(
                    "what a source keeps between two runs is damaged: {row}{}",
                    remedy("state")
                ),
            };
        }
        problems
    }

    /// Combines the health of two ledgers; for each part the earlier cause wins.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            log: earlier(self.log, other.log, |cause| cause.since),
            projection: earlier(self.projection, other.projection, |cause| cause.since),
            damage: earlier(self.damage, other.damage, |damage| damage.since),
            anchors: [self.anchors, other.anchors].concat(),
        }
    }
}

fn earlier<T>(one: Option<T>, other: Option<T>, since: impl Fn(&T) -> Time) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(if since(&other) < since(&one) { other } else { one }),
        (one, other) => one.or(other),
    }
}

/// What is known about the read models and records of one tenant. The engine keeps the state of the
/// log itself.
#[derive(Debug, Default)]
pub(crate) struct HealthMonitor(Mutex<Reported>);

#[derive(Clone, Debug, Default)]
struct Reported {
    projection: Option<Cause>,
    damage: Option<Damage>,
    anchors: BTreeMap<String, Cause>,
}

impl HealthMonitor {
    /// Records a failed attempt to advance the read models.
    pub(crate) fn projection_failed(&self, why: String, now: Time) {
        let mut reported = self.0.lock();
        let since = reported.projection.as_ref().map_or(now, |cause| cause.since);
        reported.projection = Some(Cause { why, since });
    }

    /// Records that the read models advanced or are up to date. True if they did not before.
    pub(crate) fn projection_moves(&self) -> bool {
        self.0.lock().projection.take().is_some()
    }

    /// Records corrupt data. The first report is kept until [`Self::mended`].
    pub(crate) fn damaged(&self, place: DamagedPlace, what: String, now: Time) {
        self.0.lock().damage.get_or_insert(Damage { place, what, since: now });
    }

    /// Records that a file that was damaged can be read again. True if it could not before.
    pub(crate) fn mended(&self, file: &str) -> bool {
        let mut reported = self.0.lock();
        let mended = reported.damage.as_ref().is_some_and(|damage| damage.place.file() == file);
        if mended {
            reported.damage = None;
        }
        mended
    }

    /// Records what is wrong with an anchor, under a name by which it is cleared again.
    pub(crate) fn anchor_failed(&self, name: &str, why: String, now: Time) {
        let mut reported = self.0.lock();
        let since = reported.anchors.get(name).map_or(now, |cause| cause.since);
        reported.anchors.insert(name.to_owned(), Cause { why, since });
    }

    /// Records that what was wrong with an anchor is no longer.
    pub(crate) fn anchor_works(&self, name: &str) {
        self.0.lock().anchors.remove(name);
    }

    /// The parts of this tenant that do not work, without the log.
    pub(crate) fn health(&self) -> Health {
        let Reported { projection, damage, anchors } = self.0.lock().clone();
        Health { log: None, projection, damage, anchors: anchors.into_values().collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> Time {
        Time::EPOCH.plus_secs(secs)
    }

    #[test]
    fn parts_fail_and_recover_independently() {
        let monitor = HealthMonitor::default();
        assert!(monitor.health().is_ready());
        monitor.projection_failed("the disk is full".to_owned(), at(1));
        monitor.projection_failed("the disk is still full".to_owned(), at(2));
        monitor.damaged(DamagedPlace::Record(LogPosition(7)), "its leaf differs".to_owned(), at(3));
        monitor.damaged(
            DamagedPlace::View("session_row S3".to_owned()),
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
            "the first report is kept"
        );
        assert!(monitor.projection_moves() && !monitor.projection_moves());
        assert!(!monitor.mended("views") && monitor.mended("log"));
        assert!(monitor.health().is_ready());
    }

    #[test]
    fn an_anchor_that_fails_leaves_the_ledger_ready() {
        let monitor = HealthMonitor::default();
        monitor.anchor_failed("write /mnt/a", "/mnt/a: permission denied".to_owned(), at(1));
        monitor.anchor_failed("write /mnt/a", "/mnt/a: no space".to_owned(), at(2));
        monitor.anchor_failed("line /mnt/b", "/mnt/b: an older copy".to_owned(), at(3));
        let health = monitor.health();
        assert!(health.is_ready());
        let problems: Vec<_> =
            health.problems().into_iter().map(|it| (it.part, it.cause)).collect();
        let of = |why: &str, secs| (Part::Anchor, Cause { why: why.to_owned(), since: at(secs) });
        assert_eq!(problems, [of("/mnt/b: an older copy", 3), of("/mnt/a: no space", 1)]);
        let [(Part::Anchor, public)] = &health.warnings()[..] else { panic!("{health:?}") };
        assert!(public.since == at(1) && !public.why.contains("/mnt"), "{public:?}");
        monitor.anchor_works("write /mnt/a");
        monitor.anchor_works("line /mnt/b");
        assert_eq!(monitor.health(), Health::default());
    }

    #[test]
    fn public_causes_name_no_place() {
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
