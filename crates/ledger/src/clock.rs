//! The clock, as an argument: nothing else in the workspace asks the machine for the time. And the
//! guard that notices when it jumps, before a record is stamped with it
//! (`docs/decisions/0022-a-clock-that-jumps.md`).

use claimledger_facts::time::Time;
use parking_lot::Mutex;
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

/// A source of the current time.
pub trait Clock: Send + Sync {
    /// The current instant. It may jump in either direction: the sequencer never lets `recorded_at`
    /// decrease.
    fn now(&self) -> Time;

    /// A monotonic clock that cannot be set; none: the machine has none.
    fn steady(&self) -> Option<Steady> {
        None
    }

    /// The readings of both clocks that an earlier process on this machine stored.
    fn kept(&self) -> Option<Kept> {
        None
    }

    /// Stores the readings of both clocks for a later process. Best effort: without them a jump
    /// between two processes is not detected.
    fn keep(&self, _: &Kept) {}
}

/// A reading of the steady clock. Readings of the same boot are comparable across processes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Steady {
    /// The boot of the machine; none: only this process can compare the reading.
    pub boot: Option<Arc<str>>,
    /// Microseconds since an arbitrary moment, including the time the machine was suspended.
    pub micros: i64,
}

/// Both clocks at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The clock that records are stamped with.
    pub wall: Time,
    /// The steady one.
    pub steady: Option<Steady>,
}

/// What a process stores for the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Both clocks when a record was last stamped.
    pub reading: Reading,
    /// The last jump that was accepted.
    pub accepted: Option<Jump>,
}

/// A jump: the wall clock does not show the time that the elapsed steady time implies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Jump {
    /// The time that it should have shown.
    pub expected: Time,
    /// The time that it showed.
    pub found: Time,
}

impl fmt::Display for Jump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let direction = if self.found < self.expected { "back" } else { "ahead" };
        let by = distance(self.found, self.expected);
        write!(
            f,
            "the clock of this machine jumped {direction} by {by}: it showed {} where {} was \
             expected",
            self.found, self.expected
        )
    }
}

/// How to handle a jump.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnJump {
    /// Refuse to stamp records.
    #[default]
    Refuse,
    /// Accept the new time, and report the jump.
    Accept,
}

/// How a clock is guarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockSettings {
    /// Maximum difference that does not count as a jump.
    pub max_jump: Duration,
    /// How to handle a greater one.
    pub on_jump: OnJump,
}

impl Default for ClockSettings {
    fn default() -> Self {
        Self { max_jump: Duration::from_secs(15 * 60), on_jump: OnJump::Refuse }
    }
}

/// A problem with the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockTrouble {
    /// It jumped by more than the bound since the last reading.
    Jumped(Jump),
    /// It is behind the last record by more than the bound: new records would all get the time of
    /// that record.
    Behind {
        /// The time that it shows.
        found: Time,
        /// When the last record was recorded.
        last: Time,
    },
    /// An earlier jump was accepted: records were stamped with it.
    Accepted(Jump),
}

impl ClockTrouble {
    /// A sentence without its full stop. It names times of records: for callers of the tenant only.
    #[must_use]
    pub fn why(&self) -> String {
        match self {
            Self::Jumped(jump) => jump.to_string(),
            Self::Behind { found, last } => format!(
                "the clock of this machine shows {found}, {} behind the last record: until it \
                 reaches {last}, records are stamped with that time, and \
                 none of them is known before it",
                distance(*found, *last)
            ),
            Self::Accepted(jump) => format!("{jump}; that was accepted"),
        }
    }

    /// The same without times of records, for callers of no tenant.
    #[must_use]
    pub fn public(&self) -> String {
        match self {
            Self::Behind { .. } => {
                "the clock of this machine is behind the last record by more than is accepted"
                    .to_owned()
            }
            Self::Jumped(_) | Self::Accepted(_) => self.why(),
        }
    }
}

/// How an operator ends a refusal.
const WAY_OUT: &str = "set the clock right, or accept it with `--clock-jump accept`";

/// A clock with its last readings. One per process, shared by all tenants.
pub struct ClockGuard {
    clock: Arc<dyn Clock>,
    settings: ClockSettings,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// Both clocks at the last stamp, by this process or the one before.
    anchor: Option<Reading>,
    /// The steady clock when the readings were last stored for other processes.
    kept: Option<Steady>,
    accepted: Option<Jump>,
}

/// Interval of storing the clocks for a later process, in microseconds.
const KEEP_EVERY_MICROS: i64 = 60_000_000;

impl ClockGuard {
    /// Guards a clock, starting from the readings that an earlier process stored.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, settings: ClockSettings) -> Self {
        let kept = clock.kept();
        let seen = Seen {
            accepted: kept.as_ref().and_then(|kept| kept.accepted),
            anchor: kept.map(|kept| kept.reading),
            kept: None,
        };
        Self { clock, settings, seen: Mutex::new(seen) }
    }

    /// The time to stamp a record with that follows one of `last`; [`Time::MIN`]: there is none.
    ///
    /// # Errors
    /// Why not, where the clock jumped and that is refused.
    pub fn stamp(&self, last: Time) -> Result<Time, ClockTrouble> {
        let reading = self.read();
        let mut seen = self.seen.lock();
        let trouble = self.judge(&seen, &reading, last);
        match (trouble, self.settings.on_jump) {
            (Some(trouble), OnJump::Refuse) => return Err(trouble),
            (Some(ClockTrouble::Jumped(jump)), OnJump::Accept) => {
                tracing::warn!("{jump}: accepted");
                (seen.accepted, seen.kept) = (Some(jump), None);
            }
            (Some(_) | None, _) => {}
        }
        let due = match (&seen.kept, &reading.steady) {
            (Some(kept), Some(now)) => now.micros - kept.micros >= KEEP_EVERY_MICROS,
            (None, Some(_)) => true,
            (_, None) => false,
        };
        let wall = reading.wall;
        if due {
            seen.kept.clone_from(&reading.steady);
            self.clock.keep(&Kept { reading: reading.clone(), accepted: seen.accepted });
        }
        seen.anchor = Some(reading);
        Ok(wall)
    }

    /// The problem that the clock has now, for a ledger whose last record was recorded at `last`.
    /// Read-only: changes no state.
    #[must_use]
    pub fn troubles(&self, last: Time) -> Vec<ClockTrouble> {
        let reading = self.read();
        let seen = self.seen.lock();
        let jumped = self.judge(&seen, &reading, Time::MIN);
        let behind = self.behind(&reading, last);
        [jumped, behind, seen.accepted.map(ClockTrouble::Accepted)].into_iter().flatten().collect()
    }

    /// Whether records are refused because of the problem.
    #[must_use]
    pub fn refuses(&self, trouble: &ClockTrouble) -> bool {
        self.settings.on_jump == OnJump::Refuse && !matches!(trouble, ClockTrouble::Accepted(_))
    }

    /// Why records are refused and how to end that, for callers of the tenant.
    #[must_use]
    pub fn refusal(trouble: &ClockTrouble) -> String {
        format!("{}; no record is taken: {WAY_OUT}", trouble.why())
    }

    /// The same for callers of no tenant.
    #[must_use]
    pub fn public_refusal(trouble: &ClockTrouble) -> String {
        format!("{}; no record is taken: {WAY_OUT}", trouble.public())
    }

    /// The current time. While a jump is refused, no later than the steady clock allows: a later
    /// time has not passed yet.
    #[must_use]
    pub fn believed_now(&self) -> Time {
        let reading = self.read();
        match self.judge(&self.seen.lock(), &reading, Time::MIN) {
            Some(ClockTrouble::Jumped(jump)) if self.settings.on_jump == OnJump::Refuse => {
                jump.expected.min(reading.wall)
            }
            _ => reading.wall,
        }
    }

    fn read(&self) -> Reading {
        Reading { wall: self.clock.now(), steady: self.clock.steady() }
    }

    fn judge(&self, seen: &Seen, reading: &Reading, last: Time) -> Option<ClockTrouble> {
        let expected = seen.anchor.as_ref().and_then(|anchor| expected(anchor, reading));
        match expected {
            Some(expected) if self.exceeds(reading.wall, expected) => {
                Some(ClockTrouble::Jumped(Jump { expected, found: reading.wall }))
            }
            _ => self.behind(reading, last),
        }
    }

    fn behind(&self, reading: &Reading, last: Time) -> Option<ClockTrouble> {
        let behind = reading.wall < last && self.exceeds(reading.wall, last);
        behind.then_some(ClockTrouble::Behind { found: reading.wall, last })
    }

    fn exceeds(&self, one: Time, other: Time) -> bool {
        u128::from(one.micros().abs_diff(other.micros())) > self.settings.max_jump.as_micros()
    }
}

/// The time that the wall clock should show according to the steady clock; none: the readings are
/// of different boots, where a long pause and a jump look alike.
fn expected(anchor: &Reading, now: &Reading) -> Option<Time> {
    let (before, after) = (anchor.steady.as_ref()?, now.steady.as_ref()?);
    let passed = after.micros - before.micros;
    (before.boot == after.boot && passed >= 0)
        .then(|| Time::from_micros(anchor.wall.micros().saturating_add(passed)))
}

/// The difference of two times, in the largest unit that fits.
fn distance(one: Time, other: Time) -> String {
    let secs = one.micros().abs_diff(other.micros()) / 1_000_000;
    match secs {
        172_800.. => format!("{} days", secs / 86_400),
        7_200.. => format!("{} hours", secs / 3_600),
        120.. => format!("{} minutes", secs / 60),
        _ => format!("{secs} s"),
    }
}

/// The machine's clocks.
#[derive(Clone, Debug)]
pub struct SystemClock {
    boot: Option<Arc<str>>,
}

impl Default for SystemClock {
    fn default() -> Self {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok();
        Self { boot: boot.map(|id| id.trim().into()) }
    }
}

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the machine is asked for the time"
    )]
    fn now(&self) -> Time {
        Time::from(chrono::Utc::now())
    }

    /// Linux: the time since the boot, suspended or not. A direct system call, because the standard
    /// library does not offer this clock.
    #[cfg(target_os = "linux")]
    fn steady(&self) -> Option<Steady> {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        Some(Steady {
            boot: self.boot.clone(),
            micros: now.tv_sec * 1_000_000 + now.tv_nsec / 1_000,
        })
    }
}

/// A clock that stands still until it is set.
#[derive(Debug)]
pub struct FixedClock(AtomicI64);

impl FixedClock {
    /// Standing at this instant.
    #[must_use]
    pub const fn new(time: Time) -> Self {
        Self(AtomicI64::new(time.micros()))
    }

    /// Sets it, forwards or backwards.
    pub fn set(&self, time: Time) {
        self.0.store(time.micros(), Ordering::SeqCst);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Time {
        Time::from_micros(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine: its clock, its steady clock, its boot, and what was noted.
    struct Machine {
        wall: AtomicI64,
        steady: AtomicI64,
        boot: Mutex<Option<Arc<str>>>,
        kept: Mutex<Option<Kept>>,
    }

    const HOUR: i64 = 3_600;
    const DAY: i64 = 24 * HOUR;
    const START: i64 = 1_700_000_000;

    impl Machine {
        fn new() -> Arc<Self> {
            let boot = Mutex::new(Some("boot-1".into()));
            Arc::new(Self {
                wall: AtomicI64::new(START),
                steady: AtomicI64::new(100),
                boot,
                kept: Mutex::default(),
            })
        }

        /// Time passes.
        fn pass(&self, secs: i64) {
            self.wall.fetch_add(secs, Ordering::SeqCst);
            self.steady.fetch_add(secs, Ordering::SeqCst);
        }

        /// Sets the wall clock.
        fn jump(&self, secs: i64) {
            self.wall.fetch_add(secs, Ordering::SeqCst);
        }

        fn reboot(&self, away: i64) {
            self.wall.fetch_add(away, Ordering::SeqCst);
            self.steady.store(5, Ordering::SeqCst);
            *self.boot.lock() = Some("boot-2".into());
        }

        fn guard(self: &Arc<Self>, on_jump: OnJump) -> ClockGuard {
            ClockGuard::new(self.clone(), ClockSettings { on_jump, ..ClockSettings::default() })
        }
    }

    impl Clock for Machine {
        fn now(&self) -> Time {
            at(self.wall.load(Ordering::SeqCst))
        }
        fn steady(&self) -> Option<Steady> {
            Some(Steady {
                boot: self.boot.lock().clone(),
                micros: self.steady.load(Ordering::SeqCst) * 1_000_000,
            })
        }
        fn kept(&self) -> Option<Kept> {
            self.kept.lock().clone()
        }
        fn keep(&self, kept: &Kept) {
            *self.kept.lock() = Some(kept.clone());
        }
    }

    fn at(secs: i64) -> Time {
        Time::from_micros(secs * 1_000_000)
    }

    #[test]
    fn a_pause_is_no_jump_and_a_jump_is_no_pause() {
        // Within a process, and from one process to the next of the same boot.
        for restart in [false, true] {
            for (pass, jump, refused) in [
                (1, 0, false),
                (400 * DAY, 0, false),
                (10, 14 * 60, false),
                (10, -14 * 60, false),
                (10, 16 * 60, true),
                (10, -16 * 60, true),
                (30 * DAY, 3650 * DAY, true),
            ] {
                let machine = Machine::new();
                let mut guard = machine.guard(OnJump::Refuse);
                let last = guard.stamp(Time::MIN).unwrap();
                machine.pass(pass);
                machine.jump(jump);
                if restart {
                    guard = machine.guard(OnJump::Refuse);
                }
                let found = guard.stamp(last);
                assert_eq!(
                    found.is_err(),
                    refused,
                    "restart {restart}, {pass} s, then {jump} s: {found:?}"
                );
                assert_eq!(guard.troubles(last).is_empty(), !refused);
                if refused {
                    // It recovers by itself once the clock is right again.
                    machine.jump(-jump);
                    assert!(guard.stamp(last).is_ok());
                }
            }
        }
    }

    #[test]
    fn after_a_boot_only_a_clock_behind_the_last_record_counts_as_a_jump() {
        for (away, refused) in [(400 * DAY, false), (-DAY, true)] {
            let machine = Machine::new();
            let last = machine.guard(OnJump::Refuse).stamp(Time::MIN).unwrap();
            machine.reboot(away);
            let guard = machine.guard(OnJump::Refuse);
            let found = guard.stamp(last);
            assert_eq!(found.is_err(), refused, "{found:?}");
            if let Err(trouble) = found {
                assert!(matches!(trouble, ClockTrouble::Behind { .. }));
                assert!(
                    trouble.why().contains("hours behind the last record"),
                    "{}",
                    trouble.why()
                );
                assert!(!trouble.public().contains(&last.to_string()), "{}", trouble.public());
            }
        }
    }

    #[test]
    fn an_accepted_jump_is_shown_from_then_on() {
        let machine = Machine::new();
        let last = machine.guard(OnJump::Refuse).stamp(Time::MIN).unwrap();
        machine.jump(3650 * DAY);
        let ahead = machine.guard(OnJump::Accept).stamp(last).unwrap();
        assert_eq!(ahead, at(START + 3650 * DAY));
        // The next process does not refuse it again, and still shows it.
        let guard = machine.guard(OnJump::Refuse);
        assert!(guard.stamp(ahead).is_ok());
        let shown = guard.troubles(ahead);
        assert!(matches!(shown[..], [ClockTrouble::Accepted(_)]), "{shown:?}");
        assert!(shown[0].why().contains("ahead by 3650 days"), "{}", shown[0].why());
        // Set right, it is behind what was stamped meanwhile.
        machine.jump(-3650 * DAY);
        assert!(matches!(guard.stamp(ahead), Err(ClockTrouble::Jumped(_))));
        assert_eq!(guard.believed_now(), at(START), "no time after it has passed");
        let accepting = machine.guard(OnJump::Accept);
        assert_eq!(accepting.stamp(ahead).unwrap(), at(START));
        assert!(
            accepting
                .troubles(ahead)
                .iter()
                .any(|trouble| matches!(trouble, ClockTrouble::Behind { .. })),
            "stamps stand still: that is shown"
        );
        assert!(!accepting.troubles(ahead).iter().any(|trouble| accepting.refuses(trouble)));
    }

    #[test]
    fn a_time_that_only_a_jumped_clock_shows_has_not_passed() {
        let machine = Machine::new();
        let guard = machine.guard(OnJump::Refuse);
        guard.stamp(Time::MIN).unwrap();
        machine.pass(60);
        machine.jump(DAY);
        assert_eq!(guard.believed_now(), at(START + 60));
    }
}
