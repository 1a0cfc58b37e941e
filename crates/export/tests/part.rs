//! A file that is cut off while it is written, and continued.

use crate::common::{read, rows, writing};
use claimledger_export::{
    Format,
    manifest::Manifest,
    manifest_writer::ManifestWriter,
    part::{PartError, PartFile},
    table::Row,
    verify::verify,
};
use proptest::prelude::*;
use std::path::Path;

const PAGE: usize = 7;

/// Reads a list of rows after a cursor, which is the number of the row.
fn pages(rows: &[Row], after: Option<&str>) -> Vec<Vec<Row>> {
    let from = after.map_or(0, |cursor| cursor.parse().unwrap());
    rows[from..].chunks(PAGE).map(<[Row]>::to_vec).collect()
}

fn write(mut part: PartFile, rows: &[Row], pages_at_most: usize) -> Option<Manifest> {
    let mut done = part.rows() as usize;
    let pages = pages(rows, part.cursor());
    for page in pages.iter().take(pages_at_most) {
        done += page.len();
        part.add(page, Some(&done.to_string())).unwrap();
    }
    (pages.len() <= pages_at_most).then(|| part.finish(None).unwrap())
}

fn whole(dir: &Path, format: Format, rows: &[Row]) -> (Vec<u8>, Vec<u8>) {
    let file = dir.join("whole");
    let part = PartFile::begin(&file, read(), writing(format)).unwrap();
    write(part, rows, usize::MAX).unwrap();
    (std::fs::read(&file).unwrap(), std::fs::read(dir.join("whole.manifest.json")).unwrap())
}

fn cut(path: &Path, bytes: u64) {
    let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
    file.set_len(bytes.min(file.metadata().unwrap().len())).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Wherever part and journal end, and whatever byte of the part was lost, the file gets the
    /// same bytes.
    #[test]
    fn a_cut_off_file_ends_with_the_same_bytes(
        format in prop::sample::select(Format::ALL),
        count in 0_u64..60,
        pages_before in 0_usize..9,
        part_cut in 0_u64..6_000,
        journal_cut in 0_u64..3_000,
        flip in prop::option::of(0_usize..3_000),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let rows = rows(count);
        let (bytes, manifest) = whole(dir.path(), format, &rows);
        let file = dir.path().join("rows");
        let part = PartFile::begin(&file, read(), writing(format)).unwrap();
        prop_assert!(matches!(PartFile::is_free(&file), Err(PartError::PartExists(_))));
        if write(part, &rows, pages_before).is_none() {
            let part = dir.path().join("rows.part");
            let journal = dir.path().join("rows.part.journal");
            let first = std::fs::read(&journal).unwrap();
            let first = first.iter().position(|&byte| byte == b'\n').unwrap() as u64 + 1;
            cut(&part, part_cut);
            cut(&journal, first + journal_cut);
            let mut damaged = std::fs::read(&part).unwrap();
            if let Some(byte) = flip.and_then(|at| damaged.get_mut(at)) {
                *byte ^= 1;
                std::fs::write(&part, damaged).unwrap();
            }
            let resumed = PartFile::resume(&file).unwrap();
            prop_assert_eq!(resumed.read(), &read());
            write(resumed, &rows, usize::MAX).unwrap();
        }
        prop_assert_eq!(std::fs::read(&file).unwrap(), bytes);
        prop_assert_eq!(std::fs::read(dir.path().join("rows.manifest.json")).unwrap(), manifest);
        let left: Vec<_> = std::fs::read_dir(dir.path()).unwrap().collect();
        prop_assert_eq!(left.len(), 4, "two files with their manifests");
    }
}

#[test]
fn what_was_written_whole_is_not_read_again() {
    let dir = tempfile::tempdir().unwrap();
    let (file, rows) = (dir.path().join("rows"), rows(20));
    let part = PartFile::begin(&file, read(), writing(Format::Csv)).unwrap();
    assert_eq!(write(part, &rows, 2), None);
    let resumed = PartFile::resume(&file).unwrap();
    assert_eq!((resumed.rows(), resumed.cursor()), (14, Some("14")));
    drop(resumed);
    // A page whose line is not whole in the journal is read again.
    let journal = dir.path().join("rows.part.journal");
    cut(&journal, std::fs::metadata(&journal).unwrap().len() - 1);
    assert_eq!(PartFile::resume(&file).unwrap().rows(), 0);
}

/// A manifest of rows that were read again is that of the file, and names what was edited in it.
#[test]
fn a_file_is_compared_with_rows_that_were_read_again() {
    for format in Format::ALL.iter().copied() {
        for limit in [None, Some(20)] {
            let dir = tempfile::tempdir().unwrap();
            let file = dir.path().join("rows");
            let rows = rows(20);
            let mut again = ManifestWriter::new(read(), writing(format)).unwrap();
            let mut part = PartFile::begin(&file, read(), writing(format)).unwrap();
            for page in rows.chunks(PAGE) {
                again.add(page).unwrap();
                part.add(page, None).unwrap();
            }
            assert_eq!(again.rows(), 20);
            let again = again.finish(limit).unwrap();
            let ended = part.end(limit).unwrap();
            assert_eq!(ended.manifest, again, "{format:?}");
            assert_eq!(ended.differences(&again).unwrap(), []);
            if format == Format::Parquet {
                continue;
            }
            let part = dir.path().join("rows.part");
            let bytes = std::fs::read_to_string(&part).unwrap();
            // The number of a row is in its cells and in its event.
            std::fs::write(&part, bytes.replacen("13", "99", 1)).unwrap();
            let differences = ended.differences(&again).unwrap();
            assert_eq!(differences.len(), 1, "{differences:?}");
            assert!(differences[0].to_string().starts_with("row 13 differs"), "{differences:?}");
        }
    }
}

#[test]
fn nothing_is_written_over() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("rows");
    let begin = || PartFile::begin(&file, read(), writing(Format::Csv));
    assert!(matches!(PartFile::resume(&file), Err(PartError::NothingToResume(_))));
    let part = begin().unwrap();
    assert!(matches!(begin(), Err(PartError::PartExists(_))));
    part.finish(None).unwrap();
    assert!(matches!(begin(), Err(PartError::Exists(_))));
    assert!(matches!(PartFile::resume(&file), Err(PartError::Exists(_))));
}

#[test]
fn a_list_that_the_limit_ended_says_so_in_file_and_manifest() {
    for format in [Format::Csv, Format::Jsonl] {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("rows");
        let mut part = PartFile::begin(&file, read(), writing(format)).unwrap();
        part.add(&rows(3), Some("3")).unwrap();
        let manifest = part.finish(Some(3)).unwrap();
        assert_eq!((manifest.rows, manifest.stopped_at_limit), (3, Some(3)));
        let text = std::fs::read_to_string(&file).unwrap();
        let last = text.lines().last().unwrap();
        let expected = match format {
            Format::Csv => "stopped at the limit of 3 rows: there are more,,,",
            _ => "{\"stopped_at_limit\":3}",
        };
        assert_eq!(last, expected);
        assert_eq!(verify(&manifest, text.as_bytes()).unwrap(), []);
    }
}

#[test]
fn what_stands_behind_the_last_whole_page_is_cut_off() {
    let dir = tempfile::tempdir().unwrap();
    let (file, rows) = (dir.path().join("rows"), rows(20));
    let part = PartFile::begin(&file, read(), writing(Format::Jsonl)).unwrap();
    assert_eq!(write(part, &rows, 2), None);
    let journal = dir.path().join("rows.part.journal");
    cut(&journal, std::fs::metadata(&journal).unwrap().len() - 1);
    let resumed = PartFile::resume(&file).unwrap();
    assert_eq!(resumed.rows(), 7);
    let manifest = resumed.finish(Some(7)).unwrap();
    let bytes = std::fs::read(&file).unwrap();
    assert_eq!(bytes.iter().filter(|&&byte| byte == b'\n').count(), 8);
    assert_eq!(verify(&manifest, &*bytes).unwrap(), []);
}
