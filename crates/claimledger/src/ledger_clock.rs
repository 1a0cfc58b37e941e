//! The machine's clocks, with what the last process noted of them in the ledger's directory: so
//! that a jump between two commands differs from a long pause. The file is no source: without it
//! such a jump is not noticed.

use claimledger_facts::time::Time;
use claimledger_ledger::clock::{Clock, Jump, Kept, Reading, Steady, SystemClock};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The clocks of a ledger's directory.
pub(crate) struct LedgerClock {
    system: SystemClock,
    file: PathBuf,
}

/// The file: times in microseconds since the Unix epoch.
#[derive(Serialize, Deserialize)]
struct Noted {
    wall: i64,
    boot: String,
    steady: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    accepted: Option<NotedJump>,
}

#[derive(Serialize, Deserialize)]
struct NotedJump {
    expected: i64,
    found: i64,
}

impl LedgerClock {
    /// Of this directory.
    pub(crate) fn of(dir: &Path) -> Self {
        Self { system: SystemClock::default(), file: dir.join("clock") }
    }
}

impl Clock for LedgerClock {
    fn now(&self) -> Time {
        self.system.now()
    }

    fn steady(&self) -> Option<Steady> {
        self.system.steady()
    }

    fn kept(&self) -> Option<Kept> {
        let noted: Noted = serde_json::from_slice(&std::fs::read(&self.file).ok()?).ok()?;
        let steady = Steady { boot: Some(noted.boot.into()), micros: noted.steady };
        let jump = |jump: NotedJump| Jump {
            expected: Time::from_micros(jump.expected),
            found: Time::from_micros(jump.found),
        };
        Some(Kept {
            reading: Reading { wall: Time::from_micros(noted.wall), steady: Some(steady) },
            accepted: noted.accepted.map(jump),
        })
    }

    fn keep(&self, kept: &Kept) {
        // Without the name of the boot another process could not compare it.
        let Some((steady, boot)) = kept
            .reading
            .steady
            .as_ref()
            .and_then(|steady| Some((steady.micros, steady.boot.as_ref()?)))
        else {
            return;
        };
        let accepted = kept
            .accepted
            .map(|jump| NotedJump { expected: jump.expected.micros(), found: jump.found.micros() });
        let noted =
            Noted { wall: kept.reading.wall.micros(), boot: boot.to_string(), steady, accepted };
        let Ok(bytes) = serde_json::to_vec(&noted) else { return };
        // Renamed into place: a half-written file would look like none.
        let new = self.file.with_extension("new");
        if let Err(error) =
            std::fs::write(&new, bytes).and_then(|()| std::fs::rename(&new, &self.file))
        {
            tracing::debug!(%error, "the clocks are not noted");
            let _ = std::fs::remove_file(&new);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_process_notes_the_next_one_reads() {
        let dir = tempfile::tempdir().unwrap();
        let clock = LedgerClock::of(dir.path());
        assert_eq!(clock.kept(), None);
        let steady = Some(Steady { boot: Some("b".into()), micros: 7 });
        let jump = Jump { expected: Time::from_micros(1), found: Time::from_micros(2) };
        for accepted in [None, Some(jump)] {
            let kept = Kept {
                reading: Reading { wall: Time::from_micros(5), steady: steady.clone() },
                accepted,
            };
            clock.keep(&kept);
            assert_eq!(clock.kept(), Some(kept));
        }
        std::fs::write(dir.path().join("clock"), b"{").unwrap();
        assert_eq!(clock.kept(), None, "damaged: as if there were none");
    }
}
