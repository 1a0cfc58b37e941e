//! The disk under the directory: room, and whether a flush takes as long as one does.

use super::Finding;
use std::{
    fs::{File, OpenOptions},
    io::Write,
    path::Path,
    time::{Duration, Instant},
};

const PART: &str = "disk";
/// Free bytes below which records may soon be refused.
const MIN_FREE_BYTES: u64 = 1024 * 1024 * 1024;
/// Free bytes below which they are about to be.
const NO_ROOM_BYTES: u64 = 64 * 1024 * 1024;
/// Flushes that are measured; the median counts.
const FLUSHES: usize = 15;
/// A flush that is faster reached no disk: flash with a protected cache takes some 20 µs.
const MIN_FLUSH: Duration = Duration::from_micros(10);
/// A flush that is slower bounds appends to a few a second.
const MAX_FLUSH: Duration = Duration::from_millis(100);

/// Of a directory that exists.
pub(super) fn look(dir: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    match rustix::fs::statvfs(dir) {
        Ok(found) => findings.push(room(found.f_bavail.saturating_mul(found.f_frsize))),
        Err(error) => findings.push(Finding::warning(
            PART,
            format!("its free room is not known: {error}"),
            "look at it with df",
        )),
    }
    findings.push(flushes(dir));
    findings
}

fn room(free: u64) -> Finding {
    let what = format!("{} MiB are free", free / (1024 * 1024));
    match free {
        ..NO_ROOM_BYTES => Finding::problem(
            PART,
            what,
            "make room: appends are refused when the disk is full, and go on without a restart",
        ),
        NO_ROOM_BYTES..MIN_FREE_BYTES => {
            Finding::warning(PART, what, "make room before appends are refused")
        }
        _ => Finding::ok(PART, what),
    }
}

/// Writes a block and flushes it, some times.
fn flushes(dir: &Path) -> Finding {
    let path = dir.join(format!(".doctor.{}", std::process::id()));
    let timed = time_flushes(&path);
    let _ = std::fs::remove_file(&path);
    match timed {
        Ok(median) => judge(median),
        Err(error) => Finding::problem(
            PART,
            format!("{} cannot be written: {error}", dir.display()),
            "a server needs write access; a copy that cannot be written can be asked and verified",
        ),
    }
}

fn judge(median: Duration) -> Finding {
    let what = format!("a flush takes {} µs (median of {FLUSHES})", median.as_micros());
    if median < MIN_FLUSH {
        return Finding::warning(
            PART,
            format!("{what}: it probably reaches no disk"),
            "keep a ledger on a disk that keeps what it acknowledged when the power fails, not in \
             memory; check the settings of the virtual machine's disk cache",
        );
    }
    if median > MAX_FLUSH {
        return Finding::warning(PART, what, "appends wait for it: use a faster disk");
    }
    Finding::ok(PART, what)
}

fn time_flushes(path: &Path) -> std::io::Result<Duration> {
    let mut file: File = OpenOptions::new().write(true).create_new(true).open(path)?;
    let mut times = Vec::with_capacity(FLUSHES);
    for _ in 0..FLUSHES {
        let began = Instant::now();
        file.write_all(&[7; 4096])?;
        file.sync_data()?;
        times.push(began.elapsed());
    }
    times.sort();
    Ok(times[FLUSHES / 2])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::Level;

    #[test]
    fn room_and_flushes_are_judged() {
        for (free, level) in [
            (0, Level::Problem),
            (NO_ROOM_BYTES - 1, Level::Problem),
            (NO_ROOM_BYTES, Level::Warning),
            (MIN_FREE_BYTES - 1, Level::Warning),
            (MIN_FREE_BYTES, Level::Ok),
        ] {
            assert_eq!(room(free).level, level, "{free}");
        }
        for (micros, level) in
            [(0, Level::Warning), (10, Level::Ok), (100_000, Level::Ok), (100_001, Level::Warning)]
        {
            assert_eq!(judge(Duration::from_micros(micros)).level, level, "{micros}");
        }
    }

    #[test]
    fn the_probe_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let found = look(dir.path());
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[1].what.starts_with("a flush takes"), "{found:?}");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        assert_eq!(flushes(&dir.path().join("nowhere")).level, Level::Problem);
    }
}
