//! Validation of a database file's header before SQLite opens it:
//! <https://www.sqlite.org/fileformat2.html#the_database_header>.
//!
//! The header has no checksum, and SQLite trusts it: with a flipped bit there it refuses to write,
//! reads the wrong pages, or treats pages in use as free. In files of this program nearly every
//! byte of it has only one valid value.

use super::wal;
use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

const HEADER: usize = 100;

/// Compares the header of a file with what this program writes. The inner error describes the
/// damage.
///
/// # Errors
/// If the file cannot be read; a missing or empty file is valid, because it will be created.
pub(super) fn check(path: &Path, page_size: u32) -> io::Result<Result<(), String>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Ok(())),
        Err(error) => return Err(error),
    };
    let length = file.metadata()?.len();
    if length == 0 {
        return Ok(Ok(()));
    }
    let mut header = [0; HEADER];
    if let Err(error) = file.read_exact(&mut header) {
        return if error.kind() == io::ErrorKind::UnexpectedEof {
            Ok(Err(format!("it has only {length} bytes")))
        } else {
            Err(error)
        };
    }
    Ok(look(&header, page_size, (!wal::has_frames(path)).then_some(length)))
}

/// `length` is given where the whole database is in the file.
fn look(header: &[u8; HEADER], page_size: u32, length: Option<u64>) -> Result<(), String> {
    let wrong = |what: &str| Err(format!("its header has another {what} than this program writes"));
    let u32_at =
        |at: usize| header[at..].first_chunk::<4>().map_or(0, |bytes| u32::from_be_bytes(*bytes));
    if header[..16] != *b"SQLite format 3\0" {
        return Err("it is no database".to_owned());
    }
    if u32::from(header[16]) << 8 | u32::from(header[17]) != page_size {
        return wrong("page size");
    }
    if !matches!(header[18..20], [1, 1] | [2, 2]) {
        return wrong("format version");
    }
    if header[20..24] != [0, 64, 32, 32] {
        return wrong("layout of pages");
    }
    // Without a table yet both are 0.
    if !matches!((u32_at(44), u32_at(56)), (4, 1) | (0, 0)) {
        return wrong("schema format or text encoding");
    }
    // No auto-vacuum, no incremental vacuum, no application id; the rest is reserved.
    if u32_at(52) != 0
        || u32_at(64) != 0
        || u32_at(68) != 0
        || header[72..92].iter().any(|byte| *byte != 0)
    {
        return wrong("value in a field that is not used");
    }
    if let Some(length) = length
        && u64::from(u32_at(28)) * u64::from(page_size) != length
    {
        return Err(format!(
            "its header counts {} pages of {page_size} bytes, and it has {length} bytes",
            u32_at(28)
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flipped_bit_of_the_header_is_noticed_or_means_nothing() {
        let mut header = [0; HEADER];
        header[..16].copy_from_slice(b"SQLite format 3\0");
        header[16..24].copy_from_slice(&[0x10, 0, 2, 2, 0, 64, 32, 32]);
        header[31] = 9;
        header[47] = 4;
        header[59] = 1;
        assert_eq!(look(&header, 4096, Some(9 * 4096)), Ok(()));
        let mut noticed = 0;
        for (byte, bit) in (0..HEADER).flat_map(|byte| (0..8).map(move |bit| (byte, bit))) {
            header[byte] ^= 1 << bit;
            match byte {
                // Change counter, free pages, schema cookie, cache size, user version, version
                // numbers: hints, or covered by SQLite's integrity check.
                24..=27 | 32..=43 | 48..=51 | 60..=63 | 92..=99 => {}
                _ => {
                    assert!(look(&header, 4096, Some(9 * 4096)).is_err(), "byte {byte}, bit {bit}");
                    noticed += 1;
                }
            }
            header[byte] ^= 1 << bit;
        }
        assert_eq!(noticed, (HEADER - 4 - 12 - 4 - 4 - 8) * 8);
    }
}
