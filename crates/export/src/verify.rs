//! Whether a file is the one of a manifest; if not, which rows differ. Needs no ledger.

use crate::{
    Format,
    digest::{self, FileDigest, ROW_BYTES, RowDigests},
    manifest::Manifest,
};
#[cfg(feature = "parquet")]
use crate::{table::Row, text::TextWriter};
use data_encoding::HEXLOWER;
use std::{
    collections::{HashMap, VecDeque},
    fmt,
    io::{self, BufRead},
};

/// A difference between a file and its manifest. Rows are numbered from 1, without the header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// The header row.
    Header,
    /// A row has other content.
    Changed {
        /// The row.
        row: u64,
        /// The begin of what is there now.
        begin: String,
    },
    /// A row is not there.
    Missing {
        /// The row.
        row: u64,
    },
    /// A row that was not exported.
    Added {
        /// Its place in the file.
        place: u64,
        /// Its begin.
        begin: String,
    },
    /// A row in another place.
    Moved {
        /// The row.
        row: u64,
        /// Its place in the file.
        place: u64,
        /// Its begin.
        begin: String,
    },
    /// What stands after the last row.
    End,
    /// Another length or digest, and every row has the digest that the manifest keeps of it.
    Bytes,
    /// The manifest is damaged.
    Manifest {
        /// What contradicts what.
        what: &'static str,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header => f.write_str("the header row differs"),
            Self::Changed { row, begin } => write!(f, "row {row} differs: {begin}"),
            Self::Missing { row } => write!(f, "row {row} is missing"),
            Self::Added { place, begin } => {
                write!(f, "a row was added, the {}: {begin}", ordinal(*place))
            }
            Self::Moved { row, place, begin } => {
                write!(f, "row {row} was moved, it is the {} now: {begin}", ordinal(*place))
            }
            Self::End => f.write_str("what stands after the last row differs"),
            Self::Bytes => f.write_str("the file has another digest"),
            Self::Manifest { what } => write!(f, "the manifest contradicts itself: {what}"),
        }
    }
}

fn ordinal(place: u64) -> String {
    let ending = match (place % 100, place % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{place}{ending}")
}

/// Compares a file with its manifest: every difference, none where it is the file that was written.
///
/// # Errors
/// If the file cannot be read.
pub fn verify(manifest: &Manifest, file: impl BufRead) -> io::Result<Vec<Difference>> {
    let Some(expected) = expected(manifest) else {
        return Ok(vec![Difference::Manifest { what: "its chunks are not its rows" }]);
    };
    let read = Found::read(manifest, file)?;
    let is_whole =
        read.digest.sha256() == manifest.file.sha256 && read.digest.bytes() == manifest.file.bytes;
    let mut differences = Vec::new();
    if read.header != header_of(manifest) {
        differences.push(Difference::Header);
    }
    differences.extend(compare(&expected, &read));
    let end_differs = match manifest.stopped_at_limit {
        Some(limit) => read.end != end_of(manifest, limit),
        None => read.end.is_some(),
    };
    if end_differs {
        differences.push(Difference::End);
    }
    match (is_whole, differences.is_empty()) {
        (false, true) => differences.push(Difference::Bytes),
        (true, false) => {
            let what = "the digest of the file, and those of its rows";
            differences.insert(0, Difference::Manifest { what });
        }
        (true, true) | (false, false) => {}
    }
    if is_whole && differences.is_empty() && read.chunks.finish() != manifest.chunks {
        let what = "the digest of the file, and those of its chunks";
        differences.push(Difference::Manifest { what });
    }
    Ok(differences)
}

type RowDigest = [u8; ROW_BYTES];

/// The digests of rows that the manifest keeps; none: its chunks are not its rows.
fn expected(manifest: &Manifest) -> Option<Vec<RowDigest>> {
    let mut all = Vec::new();
    for chunk in &manifest.chunks {
        let bytes = HEXLOWER.decode(chunk.row_digests.as_bytes()).ok()?;
        let (rows, rest) = bytes.as_chunks::<ROW_BYTES>();
        if chunk.first != all.len() as u64 + 1
            || chunk.rows != rows.len() as u64
            || !rest.is_empty()
        {
            return None;
        }
        all.extend_from_slice(rows);
    }
    (all.len() as u64 == manifest.rows).then_some(all)
}

fn header_of(manifest: &Manifest) -> Option<Vec<u8>> {
    let mut header = Vec::new();
    manifest.writer().header(&mut header);
    (!header.is_empty()).then_some(header)
}

fn end_of(manifest: &Manifest, limit: u64) -> Option<Vec<u8>> {
    let mut end = Vec::new();
    manifest.writer().stopped_at(limit, &mut end);
    (!end.is_empty()).then_some(end)
}

/// A file, as it is.
struct Found {
    digest: FileDigest,
    header: Option<Vec<u8>>,
    rows: Vec<RowDigest>,
    /// The begin of each row that may have to be named.
    begins: HashMap<u64, String>,
    chunks: RowDigests,
    end: Option<Vec<u8>>,
}

impl Found {
    fn read(manifest: &Manifest, mut file: impl BufRead) -> io::Result<Self> {
        let expected = expected(manifest).unwrap_or_default();
        let mut found = Self {
            digest: FileDigest::default(),
            header: None,
            rows: Vec::new(),
            begins: HashMap::new(),
            chunks: RowDigests::default(),
            end: None,
        };
        if manifest.file.format == Format::Parquet {
            found.read_parquet(manifest, file, &expected)?;
            return Ok(found);
        }
        let has_end =
            manifest.stopped_at_limit.is_some_and(|limit| end_of(manifest, limit).is_some());
        let mut row = Vec::new();
        let mut before: Option<Vec<u8>> = None;
        while next_row(manifest.file.format, &mut file, &mut row)? {
            found.digest.add(&row);
            if found.header.is_none() && manifest.file.format == Format::Csv {
                found.header = Some(std::mem::take(&mut row));
                continue;
            }
            // The last row is no row where the limit ended the list.
            if has_end {
                match before.replace(std::mem::take(&mut row)) {
                    Some(earlier) => row = earlier,
                    None => continue,
                }
            }
            found.add(&row, &expected);
        }
        found.end = before;
        Ok(found)
    }

    /// Rows of Parquet have the digests of their lines of JSON.
    #[cfg(feature = "parquet")]
    fn read_parquet(
        &mut self,
        manifest: &Manifest,
        mut file: impl BufRead,
        expected: &[RowDigest],
    ) -> io::Result<()> {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        self.digest.add(&bytes);
        let lines = TextWriter::lines(manifest.columns.clone());
        for cells in crate::parquet::read(bytes, &manifest.columns).unwrap_or_default() {
            let mut line = Vec::new();
            lines.row(&Row { key: String::new(), cells, event: None }, &mut line);
            self.add(&line, expected);
        }
        Ok(())
    }

    #[cfg(not(feature = "parquet"))]
    fn read_parquet(&mut self, _: &Manifest, _: impl BufRead, _: &[RowDigest]) -> io::Result<()> {
        Err(io::Error::other("this build does not read Parquet"))
    }

    fn add(&mut self, row: &[u8], expected: &[RowDigest]) {
        let digest = digest::of_row(row);
        let place = self.rows.len();
        if expected.get(place) != Some(&digest) && self.begins.len() < NAMED {
            self.begins.insert(place as u64, begin(row));
        }
        self.rows.push(digest);
        self.chunks.add(row);
    }

    fn begin(&self, place: usize) -> String {
        self.begins.get(&(place as u64)).cloned().unwrap_or_default()
    }
}

/// Maximum rows of which the begin is kept.
const NAMED: usize = 1_000;

/// Maximum characters of a row that are shown.
const BEGIN_CHARS: usize = 60;

fn begin(row: &[u8]) -> String {
    let text = String::from_utf8_lossy(row);
    let text = text.trim_end();
    match text.char_indices().nth(BEGIN_CHARS) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// Reads the next row, with its line break; false: the end.
pub(crate) fn next_row(
    format: Format,
    file: &mut impl BufRead,
    row: &mut Vec<u8>,
) -> io::Result<bool> {
    row.clear();
    let mut quotes = 0;
    loop {
        let from = row.len();
        if file.read_until(b'\n', row)? == 0 {
            return Ok(from > 0);
        }
        // A line break between quotes belongs to a cell.
        quotes += row[from..].iter().filter(|&&byte| byte == b'"').count();
        if format != Format::Csv || quotes.is_multiple_of(2) {
            return Ok(true);
        }
    }
}

/// Differences of the rows: what keeps its order stays, and between two rows that stay, what is
/// there stands for what was there, one after the other.
fn compare(expected: &[RowDigest], found: &Found) -> Vec<Difference> {
    if expected == found.rows {
        return Vec::new();
    }
    let mut places: HashMap<RowDigest, VecDeque<usize>> = HashMap::new();
    for (row, digest) in expected.iter().enumerate() {
        places.entry(*digest).or_default().push_back(row);
    }
    // Of each row of the file, which row it is.
    let is: Vec<Option<usize>> = found
        .rows
        .iter()
        .map(|digest| places.get_mut(digest).and_then(VecDeque::pop_front))
        .collect();
    let known: Vec<(usize, usize)> =
        is.iter().enumerate().filter_map(|(place, row)| Some((place, (*row)?))).collect();
    let stays = in_order(&known);
    let mut differences = Vec::new();
    let mut is_there = vec![false; expected.len()];
    for (place, row) in &known {
        is_there[*row] = true;
        if !stays.contains_key(place) {
            differences.push((
                *row,
                Difference::Moved {
                    row: *row as u64 + 1,
                    place: *place as u64 + 1,
                    begin: found.begin(*place),
                },
            ));
        }
    }
    let (mut place, mut row) = (0, 0);
    let ends = std::iter::once((found.rows.len(), expected.len()));
    let mut anchors: Vec<(usize, usize)> = stays.into_iter().collect();
    anchors.sort_unstable();
    for (next_place, next_row) in anchors.into_iter().chain(ends) {
        let mut gone = (row..next_row).filter(|row| !is_there[*row]);
        for other in (place..next_place).filter(|place| is[*place].is_none()) {
            let begin = found.begin(other);
            differences.push(match gone.next() {
                Some(gone) => (gone, Difference::Changed { row: gone as u64 + 1, begin }),
                None => (row, Difference::Added { place: other as u64 + 1, begin }),
            });
        }
        differences.extend(gone.map(|gone| (gone, Difference::Missing { row: gone as u64 + 1 })));
        (place, row) = (next_place + 1, next_row + 1);
    }
    differences.sort_by_key(|(row, _)| *row);
    differences.into_iter().map(|(_, difference)| difference).collect()
}

/// A longest run of pairs whose second members increase.
fn in_order(pairs: &[(usize, usize)]) -> HashMap<usize, usize> {
    // The index of the least last pair of a run, by the run's length.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(pairs.len());
    for (index, (_, row)) in pairs.iter().enumerate() {
        let length = ends.partition_point(|&end| pairs[end].1 < *row);
        before.push(length.checked_sub(1).map(|shorter| ends[shorter]));
        if length == ends.len() {
            ends.push(index);
        } else {
            ends[length] = index;
        }
    }
    let mut run = HashMap::new();
    let mut at = ends.last().copied();
    while let Some(index) = at {
        run.insert(pairs[index].0, pairs[index].1);
        at = before[index];
    }
    run
}
