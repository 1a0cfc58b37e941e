//! A file, one line a checkpoint: on another machine's file system, or copied there as it grows.

use super::{blocking, failed, from_json, to_json};
use async_trait::async_trait;
use claimledger_ledger::tree::{Anchor, AnchorCursor, AnchorError, AnchorPage, Anchored};
use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

/// Bytes that are read at once, and the maximum of a line.
const CHUNK_BYTES: u64 = if cfg!(test) { 2048 } else { 1024 * 1024 };

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

    async fn read(&self, origin: &str, from: AnchorCursor) -> Result<AnchorPage, AnchorError> {
        let (path, name, origin) = (self.path.clone(), self.name.clone(), origin.to_owned());
        blocking(&self.name, move || read(&path, &name, &origin, from)).await
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

/// The checkpoints of an origin in the next lines. A last line without its end was cut off by a
/// crash, or is still being written: the next read begins with it.
fn read(
    path: &Path,
    name: &str,
    origin: &str,
    from: AnchorCursor,
) -> Result<AnchorPage, AnchorError> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && from.offset == 0 => {
            return Ok(AnchorPage { is_end: true, ..AnchorPage::default() });
        }
        opened => opened.map_err(|error| failed(name, error))?,
    };
    let length = file.metadata().map_err(|error| failed(name, error))?.len();
    if length < from.offset {
        return Err(failed(name, "lines were removed from it since it was read last"));
    }
    let mut chunk = Vec::new();
    let read = file
        .seek(SeekFrom::Start(from.offset))
        .and_then(|_| file.take(CHUNK_BYTES).read_to_end(&mut chunk));
    read.map_err(|error| failed(name, error))?;
    let is_end = from.offset + chunk.len() as u64 >= length;
    let end = chunk.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    if end == 0 && !is_end {
        return Err(failed(name, format!("a line of it has more than {CHUNK_BYTES} bytes")));
    }
    let mut page = AnchorPage { is_end, next: from, ..AnchorPage::default() };
    page.next.offset += end as u64;
    for line in chunk[..end].split_inclusive(|byte| *byte == b'\n') {
        page.next.line += 1;
        let line = line.trim_ascii_end();
        if line.is_empty() {
            continue;
        }
        match serde_json::from_slice(line).ok().as_ref().and_then(from_json) {
            Some(anchored) if anchored.origin == origin => {
                page.checkpoints.push((page.next.line, anchored));
            }
            Some(_) => {}
            // Cut off by a crash, and continued by `append`.
            None if line.starts_with(b"{") && !line.ends_with(b"}") => {}
            None => {
                let shown = String::from_utf8_lossy(&line[..line.len().min(80)]).into_owned();
                let what = format!("line {} is no checkpoint: {shown}", page.next.line);
                return Err(failed(name, what));
            }
        }
    }
    Ok(page)
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

    /// All checkpoints of an origin, with their lines.
    async fn all(file: &FileAnchor, origin: &str) -> Vec<(u64, Anchored)> {
        let (mut found, mut from) = (Vec::new(), AnchorCursor::default());
        loop {
            let page = file.read(origin, from).await.unwrap();
            found.extend(page.checkpoints);
            from = page.next;
            if page.is_end {
                return found;
            }
        }
    }

    #[tokio::test]
    async fn every_checkpoint_of_each_log_is_read_with_its_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("anchor");
        let file = FileAnchor::new(&path);
        assert_eq!(all(&file, "a").await, [], "no file yet");
        let long = format!("— {}\n", "x".repeat(1000));
        let mut expect = Vec::new();
        for size in 1..=300 {
            let written = anchored(if size % 7 == 0 { "a" } else { "b" }, size, &long);
            file.write(&written).await.unwrap();
            if size % 7 == 0 {
                expect.push((size, written));
            }
        }
        assert_eq!(all(&file, "a").await, expect);
        assert_eq!(all(&file, "b").await.len(), 300 - expect.len());
        assert_eq!(all(&file, "c").await, []);
    }

    #[tokio::test]
    async fn a_read_continues_after_what_was_read_and_notices_what_was_removed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("anchor");
        let file = FileAnchor::new(&path);
        file.write(&anchored("a", 1, "one\n")).await.unwrap();
        let first = file.read("a", AnchorCursor::default()).await.unwrap();
        let again = file.read("a", first.next).await.unwrap();
        assert_eq!((again.checkpoints.len(), again.next, again.is_end), (0, first.next, true));
        file.write(&anchored("a", 2, "two\n")).await.unwrap();
        let next = file.read("a", first.next).await.unwrap();
        assert_eq!(next.checkpoints, [(2, anchored("a", 2, "two\n"))]);
        std::fs::write(&path, "").unwrap();
        let refused = file.read("a", next.next).await.unwrap_err().to_string();
        assert!(refused.contains("removed"), "{refused}");
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
            let one = (1, anchored("a", 1, "one\n"));
            assert_eq!(all(&file, "a").await, std::slice::from_ref(&one), "{end}");
            file.write(&anchored("a", 2, "two\n")).await.unwrap();
            let found = all(&file, "a").await;
            // The whole line without its end is one once the next is written.
            assert_eq!(found.first(), Some(&one), "{end}");
            assert_eq!(found.last(), Some(&(3, anchored("a", 2, "two\n"))), "{end}");
            assert_eq!(found.len() == 2, end < whole.len() - 1, "{end}");
            assert_eq!(all(&file, "b").await, [], "{end}");
        }
    }

    #[tokio::test]
    async fn what_is_no_checkpoint_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("anchor");
        for content in ["hello\n", "{}\n", "{\"origin\":\"a\"}\n", "[1]\n"] {
            std::fs::write(&path, content).unwrap();
            let from = AnchorCursor::default();
            let refused = FileAnchor::new(&path).read("a", from).await.unwrap_err().to_string();
            assert!(refused.contains(content.trim_end()), "{refused}");
        }
        std::fs::write(&path, "x".repeat(CHUNK_BYTES as usize + 1)).unwrap();
        let refused = FileAnchor::new(&path).read("a", AnchorCursor::default()).await;
        assert!(refused.unwrap_err().to_string().contains("more than"));
    }
}
