//! The files that SQLite keeps beside a database: the write-ahead log and its index in shared
//! memory: <https://www.sqlite.org/walformat.html>.

use std::path::{Path, PathBuf};

/// The header of a write-ahead log, in bytes.
const HEADER: u64 = 32;

/// The file beside a database whose name has this end.
pub(super) fn beside(database: &Path, end: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

/// Whether pages may be in the write-ahead log alone. A process that was killed may leave one that
/// has only its header: the database is whole then, and where nothing can be written SQLite would
/// refuse it after ten seconds ("locking protocol"), because it compares the header with an index
/// that it builds only from a log with more than that.
pub(super) fn has_frames(database: &Path) -> bool {
    std::fs::metadata(beside(database, "-wal")).is_ok_and(|file| file.len() > HEADER)
}
