//! Which row of a file differs.

use crate::common::{read, row, rows, writing};
use claimledger_export::{
    Format,
    digest::{CHUNK_ROWS, FileDigest, RowDigests},
    manifest::Manifest,
    text::TextWriter,
    verify::{Difference, verify},
    zone::Zone,
};

/// Formats of lines.
const TEXT: [Format; 3] = [Format::Csv, Format::Jsonl, Format::Ocsf];

/// A file in its pieces: header, rows, end.
struct Pieces {
    format: Format,
    header: Vec<u8>,
    rows: Vec<Vec<u8>>,
    end: Vec<u8>,
}

impl Pieces {
    fn of(format: Format, count: u64) -> Self {
        let writer = TextWriter::new(format, read().columns, Zone::default());
        let mut header = Vec::new();
        writer.header(&mut header);
        let write = |number| {
            let mut out = Vec::new();
            writer.row(&row(number), &mut out);
            out
        };
        Self { format, header, rows: (1..=count).map(write).collect(), end: Vec::new() }
    }

    fn bytes(&self) -> Vec<u8> {
        [self.header.clone(), self.rows.concat(), self.end.clone()].concat()
    }

    fn manifest(&self, stopped_at_limit: Option<u64>) -> Manifest {
        let (mut file, mut digests) = (FileDigest::default(), RowDigests::default());
        file.add(&self.bytes());
        self.rows.iter().for_each(|row| digests.add(row));
        Manifest::new(read(), &writing(self.format), (&file, digests), stopped_at_limit)
    }
}

fn differences(manifest: &Manifest, bytes: &[u8]) -> Vec<Difference> {
    verify(manifest, bytes).unwrap()
}

fn words(manifest: &Manifest, bytes: &[u8]) -> Vec<String> {
    differences(manifest, bytes).iter().map(ToString::to_string).collect()
}

#[test]
fn the_file_that_was_written_passes_and_its_manifest_reads_back() {
    for format in &TEXT {
        for count in [0, 1, 20] {
            let pieces = Pieces::of(*format, count);
            let manifest = pieces.manifest(None);
            assert_eq!(differences(&manifest, &pieces.bytes()), [], "{format:?} {count}");
            let again: Manifest = serde_json::from_slice(&manifest.to_bytes()).unwrap();
            assert_eq!(again, manifest);
        }
    }
}

#[test]
fn every_changed_byte_is_found_and_its_row_named() {
    for format in &TEXT {
        let pieces = Pieces::of(*format, 9);
        let manifest = pieces.manifest(None);
        let whole = pieces.bytes();
        let mut from = pieces.header.len();
        for (index, bytes) in pieces.rows.iter().enumerate() {
            for at in from..from + bytes.len() {
                let mut other = whole.clone();
                other[at] ^= 1;
                let found = differences(&manifest, &other);
                let row = index as u64 + 1;
                // A quote or a line break less joins rows, or splits one.
                let is_named = found.iter().any(|difference| {
                    matches!(difference, Difference::Changed { row: changed, .. }
                        | Difference::Missing { row: changed } if *changed == row)
                });
                assert!(is_named, "{format:?}, byte {at} of row {row}: {found:?}");
            }
            from += bytes.len();
        }
        for at in 0..pieces.header.len() {
            let mut other = whole.clone();
            other[at] ^= 1;
            assert!(differences(&manifest, &other).contains(&Difference::Header), "byte {at}");
        }
    }
}

#[test]
fn a_row_that_is_missing_added_or_moved_is_named() {
    let pieces = Pieces::of(Format::Jsonl, 8);
    let manifest = pieces.manifest(None);
    let with = |change: &dyn Fn(&mut Vec<Vec<u8>>)| {
        let mut rows = pieces.rows.clone();
        change(&mut rows);
        words(&manifest, &rows.concat())
    };
    assert_eq!(with(&|rows| drop(rows.remove(2))), ["row 3 is missing"]);
    assert_eq!(with(&|rows| drop(rows.remove(0))), ["row 1 is missing"]);
    assert_eq!(with(&|rows| drop(rows.pop())), ["row 8 is missing"]);
    assert_eq!(with(&|rows| drop(rows.drain(2..4))), ["row 3 is missing", "row 4 is missing"]);
    assert_eq!(
        with(&|rows| rows.insert(4, b"{\"session\":\"S99\"}\n".to_vec())),
        ["a row was added, the 5th: {\"session\":\"S99\"}"]
    );
    let twice = with(&|rows| {
        let again = rows[1].clone();
        rows.push(again);
    });
    assert_eq!(twice.len(), 1, "{twice:?}");
    assert!(twice[0].starts_with("a row was added, the 9th: {\"session\":\"S2\""), "{twice:?}");
    let near = with(&|rows| rows.swap(2, 3));
    assert_eq!(near.len(), 1, "{near:?}");
    assert!(near[0].starts_with("row 4 was moved, it is the 3rd now"), "{near:?}");
    let far = with(&|rows| rows.swap(1, 6));
    let begins = ["row 2 was moved, it is the 7th now", "row 7 was moved, it is the 2nd now"];
    assert_eq!(far.len(), 2, "{far:?}");
    assert!(far.iter().zip(begins).all(|(words, begin)| words.starts_with(begin)), "{far:?}");
    assert!(
        with(&|rows| {
            rows.remove(6);
            rows[1] = b"{}\n".to_vec();
        }) == ["row 2 differs: {}", "row 7 is missing"]
    );
}

#[test]
fn the_line_that_says_where_the_limit_was_belongs_to_the_file() {
    for format in [Format::Csv, Format::Jsonl] {
        let mut pieces = Pieces::of(format, 3);
        let writer = TextWriter::new(format, read().columns, Zone::default());
        writer.stopped_at(3, &mut pieces.end);
        let manifest = pieces.manifest(Some(3));
        assert_eq!(differences(&manifest, &pieces.bytes()), []);
        pieces.end.clear();
        let found = differences(&manifest, &pieces.bytes());
        assert!(found.contains(&Difference::End), "{found:?}");
    }
}

#[test]
fn a_manifest_that_was_changed_contradicts_itself() {
    let pieces = Pieces::of(Format::Csv, 12);
    let manifest = pieces.manifest(None);
    let is_found = |change: &dyn Fn(&mut Manifest)| {
        let mut other = manifest.clone();
        change(&mut other);
        !differences(&other, &pieces.bytes()).is_empty()
    };
    assert!(!is_found(&|_| {}));
    assert!(is_found(&|other| other.rows += 1));
    assert!(is_found(&|other| other.file.bytes += 1));
    assert!(is_found(&|other| other.chunks[0].first = 2));
    assert!(is_found(&|other| other.chunks[0].rows = 2));
    assert!(is_found(&|other| other.chunks[0].sha256.replace_range(0..1, "x")));
    assert!(is_found(&|other| other.chunks[0].row_digests.replace_range(0..2, "00")));
    assert!(is_found(&|other| other.chunks[0].row_digests.truncate(12)));
    assert!(is_found(&|other| other.file.sha256.replace_range(0..1, "x")));
    assert!(is_found(&|other| other.stopped_at_limit = Some(12)));
    assert!(is_found(&|other| other.columns[0].name.push('x')));
}

#[test]
fn rows_are_chunked() {
    let mut digests = RowDigests::default();
    let count = 2 * CHUNK_ROWS + 5;
    for number in 0..count {
        digests.add(&number.to_le_bytes());
    }
    let chunks = digests.finish();
    let shape: Vec<_> = chunks.iter().map(|chunk| (chunk.first, chunk.rows)).collect();
    assert_eq!(shape, [(1, CHUNK_ROWS), (CHUNK_ROWS + 1, CHUNK_ROWS), (2 * CHUNK_ROWS + 1, 5)]);
    assert!(chunks.iter().all(|chunk| chunk.row_digests.len() as u64 == 12 * chunk.rows));
    assert_eq!(rows(3).len(), 3);
}

/// Values of every type, and of none, come back.
#[cfg(feature = "parquet")]
#[test]
fn a_row_of_parquet_that_differs_is_named() {
    use claimledger_export::{
        table::{Cell, Column, Kind},
        writer::RowWriter,
    };
    let mut columns = read().columns;
    let late =
        Column { name: "late".to_owned(), kind: Kind::Flag, meaning: "whether it is".to_owned() };
    columns.push(late);
    let source = claimledger_export::manifest::Read { columns: columns.clone(), ..read() };
    let file = |change: &dyn Fn(u64, &mut Vec<Cell>)| {
        let writing = writing(Format::Parquet);
        let mut writer = RowWriter::new(&writing, columns.clone()).unwrap();
        let mut rows = rows(9);
        for (number, row) in (1..).zip(&mut rows) {
            row.cells.push(if number == 4 { Cell::Empty } else { Cell::Flag(number > 4) });
            change(number, &mut row.cells);
        }
        let mut bytes = Vec::new();
        writer.rows(&rows, &mut bytes).unwrap();
        let digests = writer.finish(None, &mut bytes).unwrap();
        let mut digest = FileDigest::default();
        digest.add(&bytes);
        (bytes, Manifest::new(source.clone(), &writing, (&digest, digests), None))
    };
    let (bytes, manifest) = file(&|_, _| {});
    assert_eq!(differences(&manifest, &bytes), []);
    for (column, other) in [
        (0, Cell::from("other")),
        (1, Cell::Empty),
        (2, Cell::List(Vec::new())),
        (2, Cell::Empty),
        (3, Cell::Number(77)),
        (4, Cell::Flag(true)),
        (4, Cell::Empty),
    ] {
        let (changed, _) = file(&|number, cells| {
            if number == 3 {
                cells[column] = other.clone();
            }
        });
        let found = words(&manifest, &changed);
        assert_eq!(found.len(), 1, "{column} {other:?}: {found:?}");
        assert!(found[0].starts_with("row 3 differs"), "{found:?}");
    }
    let mut damaged = bytes.clone();
    let middle = damaged.len() - 9;
    damaged[middle] ^= 0x55;
    assert!(!differences(&manifest, &damaged).is_empty());
}
