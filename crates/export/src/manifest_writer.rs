//! The manifest of a file, made from its rows without the file.

use crate::{
    digest::FileDigest,
    manifest::{Manifest, Read, Writing},
    table::Row,
    writer::RowWriter,
};
use std::io;

/// Takes the digests of the bytes that rows would be written as. A signed manifest is made of rows
/// that its signer read from the ledger, never of a file on the disk, which can have been edited.
pub struct ManifestWriter {
    read: Read,
    writing: Writing,
    rows: RowWriter,
    file: FileDigest,
    buffer: Vec<u8>,
}

impl ManifestWriter {
    /// Of a file without rows.
    ///
    /// # Errors
    /// If this build does not write the format.
    pub fn new(read: Read, writing: Writing) -> io::Result<Self> {
        let rows = RowWriter::new(&writing, read.columns.clone())?;
        let mut file = FileDigest::default();
        let mut buffer = Vec::new();
        rows.header(&mut buffer);
        file.add(&buffer);
        Ok(Self { read, writing, rows, file, buffer })
    }

    /// The number of rows.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.rows.count()
    }

    /// Adds rows.
    ///
    /// # Errors
    /// If the library of the format refuses them.
    pub fn add(&mut self, rows: &[Row]) -> io::Result<()> {
        self.buffer.clear();
        self.rows.rows(rows, &mut self.buffer)?;
        self.file.add(&self.buffer);
        Ok(())
    }

    /// The manifest; `stopped_at_limit` where there are more rows.
    ///
    /// # Errors
    /// If the library of the format fails.
    pub fn finish(self, stopped_at_limit: Option<u64>) -> io::Result<Manifest> {
        let Self { read, writing, rows, mut file, mut buffer } = self;
        buffer.clear();
        let rows = rows.finish(stopped_at_limit, &mut buffer)?;
        file.add(&buffer);
        Ok(Manifest::new(read, &writing, (&file, rows), stopped_at_limit))
    }
}
