//! Rows as the bytes of a file, in any format.

#[cfg(feature = "parquet")]
use crate::parquet::ParquetWriter;
use crate::{
    Format,
    digest::RowDigests,
    manifest::Writing,
    table::{Column, Row},
    text::TextWriter,
};
use std::io;

/// Writes rows, and takes the digests of them.
pub struct RowWriter {
    file: FileWriter,
    digests: RowDigests,
}

enum FileWriter {
    Text(TextWriter),
    #[cfg(feature = "parquet")]
    Parquet {
        writer: Box<ParquetWriter>,
        /// A row's digest is that of its line of JSON in UTC: what Parquet makes of it depends on
        /// the rows around it.
        lines: TextWriter,
    },
}

impl RowWriter {
    /// A writer of rows with these columns.
    ///
    /// # Errors
    /// If this build does not write the format.
    pub fn new(writing: &Writing, columns: Vec<Column>) -> io::Result<Self> {
        let file = match writing.format {
            #[cfg(feature = "parquet")]
            Format::Parquet => FileWriter::Parquet {
                lines: TextWriter::lines(columns.clone()),
                writer: Box::new(ParquetWriter::new(columns).map_err(io::Error::other)?),
            },
            #[cfg(not(feature = "parquet"))]
            Format::Parquet => {
                return Err(io::Error::other("this build does not write Parquet"));
            }
            Format::Csv | Format::Jsonl | Format::Ocsf => {
                FileWriter::Text(TextWriter::new(writing.format, columns, writing.zone))
            }
        };
        Ok(Self { file, digests: RowDigests::default() })
    }

    /// What stands before the first row.
    pub fn header(&self, out: &mut Vec<u8>) {
        match &self.file {
            FileWriter::Text(text) => text.header(out),
            #[cfg(feature = "parquet")]
            FileWriter::Parquet { .. } => {}
        }
    }

    /// Adds rows.
    ///
    /// # Errors
    /// If the library of the format refuses them.
    pub fn rows(&mut self, rows: &[Row], out: &mut Vec<u8>) -> io::Result<()> {
        match &mut self.file {
            FileWriter::Text(text) => {
                for row in rows {
                    let from = out.len();
                    text.row(row, out);
                    self.digests.add(&out[from..]);
                }
            }
            #[cfg(feature = "parquet")]
            FileWriter::Parquet { writer, lines } => {
                let mut line = Vec::new();
                for row in rows {
                    line.clear();
                    lines.row(row, &mut line);
                    self.digests.add(&line);
                    writer.row(row.clone(), out).map_err(io::Error::other)?;
                }
            }
        }
        Ok(())
    }

    /// What stands after the last row, and the digests of all; `stopped_at_limit` where there are
    /// more rows.
    ///
    /// # Errors
    /// If the library of the format fails.
    pub fn finish(
        self,
        stopped_at_limit: Option<u64>,
        out: &mut Vec<u8>,
    ) -> io::Result<RowDigests> {
        match self.file {
            FileWriter::Text(text) => {
                if let Some(limit) = stopped_at_limit {
                    text.stopped_at(limit, out);
                }
            }
            #[cfg(feature = "parquet")]
            FileWriter::Parquet { writer, .. } => {
                writer.finish(stopped_at_limit, out).map_err(io::Error::other)?;
            }
        }
        Ok(self.digests)
    }

    /// The number of rows.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.digests.rows()
    }

    /// Takes a row that is in the file already.
    pub(crate) fn written(&mut self, bytes: &[u8]) {
        self.digests.add(bytes);
    }
}
