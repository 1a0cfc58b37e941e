//! A file, one line a checkpoint: on another machine's file system, or copied there as it grows.

use super::{blocking, failed, from_json, to_json};
use async_trait::async_trait;
use claimledger_ledger::tree::{Anchor, AnchorError, Anchored};
use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

/// Bytes that are read at once, from the end.
const CHUNK_BYTES: u64 = 64 * 1024;

/// A file that is appended to.
pub(crate) struct FileAnchor {
    path: PathBuf,
    name: String,
}

impl FileAnchor {
    pub(crate) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), name: path.display().to_string() }
    }
}

#[async_trait]
impl Anchor for FileAnchor {
    fn name(&self) -> &str {
        &self.name
    }

    async fn write(&self, anchored: &Anchored) -> Result<(), AnchorError> {
        let (path, line) = (self.path.clone(), format!("{}\n", to_json(anchored)));
        let name = self.name.clone();
        blocking(&self.name, move || append(&path, &line).map_err(|error| failed(&name, error)))
            .await
    }

    async fn last(&self, origin: &str) -> Result<Option<Anchored>, AnchorError> {
        let (path, name, origin) = (self.path.clone(), self.name.clone(), origin.to_owned());
        blocking(&self.name, move || last(&path, &name, &origin)).await
    }
}

/// Appends a line durably. A line that a crash cut off stays a line of its own.
fn append(path: &Path, line: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
    let length = file.metadata()?.len();
    let mut end = [b'\n'];
    if length > 0 {
        file.seek(SeekFrom::Start(length - 1))?;
        file.read_exact(&mut end)?;
    }
    let torn = if end == *b"\n" { "" } else { "\n" };
    file.write_all(format!("{torn}{line}").as_bytes())?;
    file.sync_data()
}

/// The last checkpoint of an origin. A last line without its end was cut off by a crash.
fn last(path: &Path, name: &str, origin: &str) -> Result<Option<Anchored>, AnchorError> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(|error| failed(name, error))?,
    };
    let mut start = file.metadata().map_err(|error| failed(name, error))?.len();
    // What was read of the line that begins before `start`.
    let mut rest: Vec<u8> = Vec::new();
    let mut is_end = true;
    loop {
        let from = start.saturating_sub(CHUNK_BYTES);
        let mut chunk = vec![0; (start - from) as usize];
        let read = file.seek(SeekFrom::Start(from)).and_then(|_| file.read_exact(&mut chunk));
        read.map_err(|error| failed(name, error))?;
        chunk.append(&mut rest);
        let mut lines: Vec<&[u8]> = chunk.split(|byte| *byte == b'\n').collect();
        if is_end {
            lines.pop();
            is_end = lines.is_empty() && from > 0;
        }
        // The first may begin earlier.
        let first = if from > 0 && !lines.is_empty() { Some(lines.remove(0)) } else { None };
        for line in lines.into_iter().rev().filter(|line| !line.is_empty()) {
            match serde_json::from_slice(line).ok().as_ref().and_then(from_json) {
                Some(anchored) if anchored.origin == origin => return Ok(Some(anchored)),
                Some(_) => {}
                // Cut off by a crash, and continued by `append`.
                None if line.starts_with(b"{") && !line.ends_with(b"}") => {}
                None => {
                    let shown = String::from_utf8_lossy(&line[..line.len().min(80)]).into_owned();
                    return Err(failed(name, format!("this line is no checkpoint: {shown}")));
                }
            }
        }
        if from == 0 {
            return Ok(None);
        }
        rest = if is_end { chunk } else { first.unwrap_or_default().to_vec() };
        start = from;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use claimledger_facts::{ids::LogSize, time::Time};
    use claimledger_ledger::tree::CheckpointRow;

    fn anchored(origin: &str, size: u64, note: &str) -> Anchored {
        Anchored {
            at: Time::from_micros(size as i64),
            origin: origin.to_owned(),
            checkpoint: CheckpointRow { size: LogSize(size), note: note.to_owned() },
        }
    }

    #[tokio::test]
    async fn the_last_of_each_log_is_found_from_the_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("anchor");
        let file = FileAnchor::new(&path);
        assert_eq!(file.last("a").await.unwrap(), None, "no file yet");
        let long = format!("— {}\n", "x".repeat(1000));
        for size in 1..=300 {
            file.write(&anchored(if size == 7 { "a" } else { "b" }, size, &long)).await.unwrap();
        }
        assert_eq!(file.last("b").await.unwrap(), Some(anchored("b", 300, &long)));
        assert_eq!(file.last("a").await.unwrap(), Some(anchored("a", 7, &long)), "far from it");
        assert_eq!(file.last("c").await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_line_that_a_crash_cut_off_is_left_out() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("anchor");
        let file = FileAnchor::new(&path);
        file.write(&anchored("a", 1, "one\n")).await.unwrap();
        let whole = std::fs::read(&path).unwrap();
        for end in 1..whole.len() {
            let torn = [whole.as_slice(), &whole[..end]].concat();
            std::fs::write(&path, &torn).unwrap();
            let last = file.last("a").await.unwrap();
            assert_eq!(last, Some(anchored("a", 1, "one\n")), "{end}");
            file.write(&anchored("a", 2, "two\n")).await.unwrap();
            let last = file.last("a").await.unwrap();
            assert_eq!(last, Some(anchored("a", 2, "two\n")), "{end}");
            assert_eq!(file.last("b").await.unwrap(), None, "{end}");
        }
    }

    #[tokio::test]
    async fn what_is_no_checkpoint_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("anchor");
        for content in ["hello\n", "{}\n", "{\"origin\":\"a\"}\n", "[1]\n"] {
            std::fs::write(&path, content).unwrap();
            let refused = FileAnchor::new(&path).last("a").await.unwrap_err().to_string();
            assert!(refused.contains(content.trim_end()), "{refused}");
        }
    }
}
