//! Digests of a file, of its chunks and of its rows.

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Rows of a chunk.
pub const CHUNK_ROWS: u64 = 10_000;

/// Bytes of a row's digest that a manifest keeps. They name the row that differs; that something
/// differs is said by the whole digests of file and chunk.
pub const ROW_BYTES: usize = 6;

/// SHA-256 of some bytes, as text.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}

/// The first bytes of the SHA-256 of a row.
#[must_use]
pub fn of_row(bytes: &[u8]) -> [u8; ROW_BYTES] {
    let mut short = [0; ROW_BYTES];
    short.copy_from_slice(&Sha256::digest(bytes)[..ROW_BYTES]);
    short
}

/// Consecutive rows and their digests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Chunk {
    /// The number of the first row, from 1.
    pub first: u64,
    /// The number of rows.
    pub rows: u64,
    /// SHA-256 over the bytes of the rows.
    pub sha256: String,
    /// The first 12 hexadecimal digits of the SHA-256 of each row, one after the other.
    pub row_digests: String,
}

/// Digests of a list of rows that grows.
#[derive(Clone, Debug, Default)]
pub struct RowDigests {
    done: Vec<Chunk>,
    open: Sha256,
    open_rows: String,
    rows: u64,
}

impl RowDigests {
    /// Adds a row.
    pub fn add(&mut self, bytes: &[u8]) {
        self.open.update(bytes);
        self.open_rows.push_str(&HEXLOWER.encode(&of_row(bytes)));
        self.rows += 1;
        if self.rows.is_multiple_of(CHUNK_ROWS) {
            self.close();
        }
    }

    /// The number of rows.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    fn close(&mut self) {
        let rows = (self.open_rows.len() / (2 * ROW_BYTES)) as u64;
        if rows == 0 {
            return;
        }
        self.done.push(Chunk {
            first: self.rows - rows + 1,
            rows,
            sha256: HEXLOWER.encode(&std::mem::take(&mut self.open).finalize()),
            row_digests: std::mem::take(&mut self.open_rows),
        });
    }

    /// The chunks.
    #[must_use]
    pub fn finish(mut self) -> Vec<Chunk> {
        self.close();
        self.done
    }
}

/// SHA-256 and length of a file that is written.
#[derive(Clone, Debug, Default)]
pub struct FileDigest {
    hash: Sha256,
    bytes: u64,
}

impl FileDigest {
    /// Adds bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
    }

    /// Length.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The digest up to here, as text.
    #[must_use]
    pub fn sha256(&self) -> String {
        HEXLOWER.encode(&self.hash.clone().finalize())
    }
}
