//! A file that is being written: whole under its name, or not there.
//!
//! Rows go to `FILE.part`. Beside it, `FILE.part.journal` holds what the rows are read from, and a
//! line after each page: how long the part is, its digest, and the cursor of its last row. After a
//! kill, or where a part was cut off, the last line whose bytes are there is where reading goes on,
//! at the same T, K and R: the file gets the bytes that it would have got. At the end the manifest
//! gets its name first, then the file: a file that is there has its manifest.
//!
//! Anyone who can write in the folder can edit part and journal together. So what a resumed file
//! holds is compared with a manifest that was made from the ledger ([`EndedFile::differences`])
//! before the file gets its name.

use crate::{
    digest::FileDigest,
    manifest::{Manifest, Read, Writing},
    table::Row,
    verify::{self, Difference, next_row},
    writer::RowWriter,
};
use serde::{Deserialize, Serialize};
use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Read as _, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

/// Why a file is not written.
#[derive(Debug, thiserror::Error)]
pub enum PartError {
    /// The file is there.
    #[error("{} is there already: name another file, or remove it", .0.display())]
    Exists(PathBuf),
    /// A part of it is there.
    #[error("{} is there already: an export was cut off. Go on with --resume, or remove it",
        .0.display())]
    PartExists(PathBuf),
    /// There is no part that can be continued.
    #[error("there is nothing to resume: no {}, or it was cut off in its first line", .0.display())]
    NothingToResume(PathBuf),
    /// See [`io::Error`].
    #[error("{}: {error}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What failed.
        error: io::Error,
    },
}

/// The first line of a journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Begin {
    read: Read,
    writing: Writing,
}

/// A place at which a page ends.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mark {
    bytes: u64,
    sha256: String,
    cursor: Option<String>,
}

/// Paths of one file.
#[derive(Clone, Debug)]
struct Paths {
    file: PathBuf,
    part: PathBuf,
    journal: PathBuf,
    manifest: PathBuf,
}

impl Paths {
    fn of(file: &Path) -> Self {
        let with = |ending: &str| {
            let mut name = file.as_os_str().to_owned();
            name.push(ending);
            PathBuf::from(name)
        };
        Self {
            file: file.to_owned(),
            part: with(".part"),
            journal: with(".part.journal"),
            manifest: with(".manifest.json"),
        }
    }
}

/// A file that is being written.
pub struct PartFile {
    paths: Paths,
    begin: Begin,
    part: File,
    journal: File,
    rows: RowWriter,
    digest: FileDigest,
    cursor: Option<String>,
    buffer: Vec<u8>,
}

impl PartFile {
    /// Checks that nothing is in the way of a new file.
    ///
    /// # Errors
    /// If the file, or a part of it, is there.
    pub fn is_free(file: &Path) -> Result<(), PartError> {
        let paths = Paths::of(file);
        if paths.file.exists() {
            return Err(PartError::Exists(paths.file));
        }
        if paths.part.exists() || paths.journal.exists() {
            return Err(PartError::PartExists(paths.part));
        }
        Ok(())
    }

    /// Begins a file.
    ///
    /// # Errors
    /// If it, or a part of it, is there, or cannot be written.
    pub fn begin(file: &Path, read: Read, writing: Writing) -> Result<Self, PartError> {
        Self::is_free(file)?;
        let paths = Paths::of(file);
        let begin = Begin { read, writing };
        let journal = create(&paths.journal)?;
        let part = create(&paths.part)?;
        let mut this = Self::of(paths, begin, part, journal)?;
        this.write_begin()?;
        this.write_header()?;
        Ok(this)
    }

    fn of(paths: Paths, begin: Begin, part: File, journal: File) -> Result<Self, PartError> {
        let rows = RowWriter::new(&begin.writing, begin.read.columns.clone());
        Ok(Self {
            rows: rows.map_err(|error| at(&paths.part, error))?,
            paths,
            begin,
            part,
            journal,
            digest: FileDigest::default(),
            cursor: None,
            buffer: Vec::new(),
        })
    }

    /// Continues a file that was cut off, after the last page of which every byte is there.
    ///
    /// # Errors
    /// If the file is there, there is no part of it, or it cannot be read.
    pub fn resume(file: &Path) -> Result<Self, PartError> {
        let paths = Paths::of(file);
        if paths.file.exists() {
            return Err(PartError::Exists(paths.file));
        }
        let nothing = || PartError::NothingToResume(paths.journal.clone());
        if !paths.journal.exists() {
            return Err(nothing());
        }
        let (begin, marks) = read_journal(&paths.journal)?.ok_or_else(nothing)?;
        let part = open(&paths.part)?;
        let kept = last_whole(&part, marks).map_err(|error| at(&paths.part, error))?;
        let journal = open(&paths.journal)?;
        let mut this = Self::of(paths, begin, part, journal)?;
        let part = this.paths.part.clone();
        let bytes = kept.as_ref().map_or(0, |mark| mark.bytes);
        this.read_again(bytes).map_err(|error| at(&part, error))?;
        this.cursor = kept.and_then(|mark| mark.cursor);
        // The journal begins again, with what is there.
        this.journal
            .set_len(0)
            .and_then(|()| this.journal.seek(SeekFrom::Start(0)).map(|_| ()))
            .map_err(|error| at(&this.paths.journal, error))?;
        this.write_begin()?;
        if bytes == 0 {
            this.write_header()?
        } else {
            this.mark()?
        }
        Ok(this)
    }

    /// Reads the bytes that are kept into the digests, and cuts off what stands behind them.
    fn read_again(&mut self, bytes: u64) -> io::Result<()> {
        self.part.seek(SeekFrom::Start(0))?;
        let mut file = BufReader::new((&self.part).take(bytes));
        let mut header = Vec::new();
        self.rows.header(&mut header);
        let (mut row, mut in_header) = (Vec::new(), !header.is_empty());
        while next_row(self.begin.writing.format, &mut file, &mut row)? {
            self.digest.add(&row);
            if !in_header {
                self.rows.written(&row);
            }
            in_header = false;
        }
        self.part.set_len(bytes)?;
        self.part.seek(SeekFrom::Start(bytes)).map(|_| ())
    }

    /// What its rows are read from.
    #[must_use]
    pub const fn read(&self) -> &Read {
        &self.begin.read
    }

    /// Replaces what the journal says that the rows are read from by what the ledger says.
    pub fn set_read(&mut self, read: Read) {
        self.begin.read = read;
    }

    /// How they are written down.
    #[must_use]
    pub const fn writing(&self) -> &Writing {
        &self.begin.writing
    }

    /// The cursor of the last row; none: no row is there.
    #[must_use]
    pub fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }

    /// The number of rows.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.rows.count()
    }

    /// Adds rows, and the cursor of the last of them; none: the list can only be read from its
    /// begin.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn add(&mut self, rows: &[Row], cursor: Option<&str>) -> Result<(), PartError> {
        let mut page = std::mem::take(&mut self.buffer);
        self.rows.rows(rows, &mut page).map_err(|error| at(&self.paths.part, error))?;
        self.write(&page)?;
        page.clear();
        self.buffer = page;
        match cursor {
            Some(cursor) if self.begin.writing.format.has_marks() => {
                self.cursor = Some(cursor.to_owned());
                self.mark()
            }
            // It can only be written again from its begin.
            Some(_) | None => Ok(()),
        }
    }

    /// Ends the file, and gives it and its manifest their names.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn finish(self, stopped_at_limit: Option<u64>) -> Result<Manifest, PartError> {
        self.end(stopped_at_limit)?.finish()
    }

    /// Ends the file; `stopped_at_limit` where the list has more rows than the limit, which the
    /// last row of the file says then.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn end(self, stopped_at_limit: Option<u64>) -> Result<EndedFile, PartError> {
        let Self { paths, begin, mut part, mut digest, rows, .. } = self;
        let mut end = Vec::new();
        let rows = rows
            .finish(stopped_at_limit, &mut end)
            .and_then(|rows| part.write_all(&end).map(|()| rows))
            .map_err(|error| at(&paths.part, error))?;
        digest.add(&end);
        part.sync_all().map_err(|error| at(&paths.part, error))?;
        let manifest = Manifest::new(begin.read, &begin.writing, (&digest, rows), stopped_at_limit);
        Ok(EndedFile { manifest, paths })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), PartError> {
        self.digest.add(bytes);
        self.part.write_all(bytes).map_err(|error| at(&self.paths.part, error))
    }

    fn write_header(&mut self) -> Result<(), PartError> {
        let mut header = Vec::new();
        self.rows.header(&mut header);
        self.write(&header)?;
        if self.begin.writing.format.has_marks() { self.mark() } else { Ok(()) }
    }

    fn write_begin(&mut self) -> Result<(), PartError> {
        let begin = serde_json::to_string(&self.begin).unwrap_or_default();
        self.write_journal(&begin)
    }

    fn mark(&mut self) -> Result<(), PartError> {
        let mark = Mark {
            bytes: self.digest.bytes(),
            sha256: self.digest.sha256(),
            cursor: self.cursor.clone(),
        };
        let mark = serde_json::to_string(&mark).unwrap_or_default();
        self.write_journal(&mark)
    }

    fn write_journal(&mut self, line: &str) -> Result<(), PartError> {
        let line = format!("{line}\n");
        self.journal.write_all(line.as_bytes()).map_err(|error| at(&self.paths.journal, error))
    }
}

/// A file that has all its rows, and no name yet.
pub struct EndedFile {
    /// Its manifest, to which a signature may be added.
    pub manifest: Manifest,
    paths: Paths,
}

impl EndedFile {
    /// How the bytes on the disk differ from a manifest that was made from the ledger: none where
    /// it is the manifest of these bytes.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn differences(&self, manifest: &Manifest) -> Result<Vec<Difference>, PartError> {
        let part = &self.paths.part;
        File::open(part)
            .and_then(|file| verify::verify(manifest, BufReader::new(file)))
            .map_err(|error| at(part, error))
    }

    /// Gives the file and its manifest their names.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn finish(self) -> Result<Manifest, PartError> {
        let Self { manifest, paths } = self;
        let mut draft = paths.manifest.clone().into_os_string();
        draft.push(".part");
        let draft = PathBuf::from(draft);
        File::create(&draft)
            .and_then(|mut file| {
                file.write_all(&manifest.to_bytes()).and_then(|()| file.sync_all())
            })
            .map_err(|error| at(&draft, error))?;
        rename(&draft, &paths.manifest)?;
        rename(&paths.part, &paths.file)?;
        std::fs::remove_file(&paths.journal).map_err(|error| at(&paths.journal, error))?;
        Ok(manifest)
    }
}

/// What a journal says, up to its last whole line; none: its first line is not whole.
fn read_journal(path: &Path) -> Result<Option<(Begin, Vec<Mark>)>, PartError> {
    let text = std::fs::read(path).map_err(|error| at(path, error))?;
    let mut lines =
        text.split_inclusive(|&byte| byte == b'\n').filter(|line| line.ends_with(b"\n"));
    let Some(begin) = lines.next().and_then(|line| serde_json::from_slice(line).ok()) else {
        return Ok(None);
    };
    Ok(Some((begin, lines.map_while(|line| serde_json::from_slice(line).ok()).collect())))
}

/// The last mark up to which the part has the bytes that were written.
fn last_whole(part: &File, marks: Vec<Mark>) -> io::Result<Option<Mark>> {
    let mut file = BufReader::new(part);
    let mut digest = FileDigest::default();
    let mut last = None;
    for mark in marks {
        let mut left = mark.bytes.saturating_sub(digest.bytes());
        while left > 0 {
            let buffer = file.fill_buf()?;
            let some = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            if some == 0 {
                return Ok(last);
            }
            digest.add(&buffer[..some]);
            file.consume(some);
            left -= some as u64;
        }
        if digest.bytes() != mark.bytes || digest.sha256() != mark.sha256 {
            return Ok(last);
        }
        last = Some(mark);
    }
    Ok(last)
}

fn create(path: &Path) -> Result<File, PartError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).open(path).map_err(|error| at(path, error))
}

fn open(path: &Path) -> Result<File, PartError> {
    let mut options = OpenOptions::new();
    let options = options.read(true).write(true).create(true).truncate(false);
    options.open(path).map_err(|error| at(path, error))
}

/// A rename that a power cut does not undo.
fn rename(from: &Path, to: &Path) -> Result<(), PartError> {
    std::fs::rename(from, to).map_err(|error| at(to, error))?;
    let folder = to.parent().filter(|parent| !parent.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| at(folder, error))
}

fn at(path: &Path, error: io::Error) -> PartError {
    PartError::Io { path: path.to_owned(), error }
}
