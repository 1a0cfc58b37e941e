//! Rows as Parquet: typed columns, times in microseconds of UTC, lists as lists.

use crate::table::{Cell, Column, Kind, Row};
use claimledger_facts::time::Time;
use parquet::{
    basic::{Compression, ZstdLevel},
    column::writer::ColumnWriter,
    data_type::ByteArray,
    errors::ParquetError,
    file::{
        metadata::KeyValue,
        properties::{EnabledStatistics, WriterProperties},
        reader::{FileReader, SerializedFileReader},
        writer::SerializedFileWriter,
    },
    record::Field,
    schema::{parser::parse_message_type, types::Type},
};
use std::{
    io::{self, Write},
    mem,
    sync::{Arc, Mutex, PoisonError},
};

/// Rows of a group: what is kept in memory.
const GROUP_ROWS: usize = 10_000;

/// Bytes that were written and not yet taken.
#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Sink {
    fn take(&self, out: &mut Vec<u8>) {
        out.append(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes rows as Parquet.
pub(crate) struct ParquetWriter {
    columns: Vec<Column>,
    sink: Sink,
    file: SerializedFileWriter<Sink>,
    group: Vec<Row>,
}

impl ParquetWriter {
    pub(crate) fn new(columns: Vec<Column>) -> Result<Self, ParquetError> {
        let sink = Sink::default();
        let file = SerializedFileWriter::new(sink.clone(), schema(&columns)?, properties()?)?;
        Ok(Self { columns, sink, file, group: Vec::new() })
    }

    /// Adds a row, and takes what is written by now.
    pub(crate) fn row(&mut self, row: Row, out: &mut Vec<u8>) -> Result<(), ParquetError> {
        self.group.push(row);
        if self.group.len() >= GROUP_ROWS {
            self.write_group()?;
        }
        self.take(out)
    }

    /// Writes what is left and the end; `stopped_at_limit` stands in its metadata.
    pub(crate) fn finish(
        mut self,
        stopped_at_limit: Option<u64>,
        out: &mut Vec<u8>,
    ) -> Result<(), ParquetError> {
        self.write_group()?;
        if let Some(limit) = stopped_at_limit {
            let words = format!("stopped at the limit of {limit} rows: there are more");
            self.file.append_key_value_metadata(KeyValue::new("claimledger".to_owned(), words));
        }
        let Self { sink, file, .. } = self;
        file.close()?;
        sink.take(out);
        Ok(())
    }

    fn take(&mut self, out: &mut Vec<u8>) -> Result<(), ParquetError> {
        self.file.flush()?;
        self.sink.take(out);
        Ok(())
    }

    fn write_group(&mut self) -> Result<(), ParquetError> {
        if self.group.is_empty() {
            return Ok(());
        }
        let rows = mem::take(&mut self.group);
        let mut group = self.file.next_row_group()?;
        let mut index = 0;
        while let Some(mut column) = group.next_column()? {
            let cells = rows.iter().filter_map(|row| row.cells.get(index));
            write_column(column.untyped(), self.columns[index].kind, cells)?;
            column.close()?;
            index += 1;
        }
        group.close().map(|_| ())
    }
}

fn properties() -> Result<Arc<WriterProperties>, ParquetError> {
    let properties = WriterProperties::builder()
        .set_created_by(concat!("claimledger ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        .set_statistics_enabled(EnabledStatistics::Chunk);
    Ok(Arc::new(properties.build()))
}

fn schema(columns: &[Column]) -> Result<Arc<Type>, ParquetError> {
    let fields = columns.iter().map(|Column { name, kind, .. }| match kind {
        Kind::Text => format!("OPTIONAL BYTE_ARRAY {name} (STRING);"),
        Kind::Number => format!("OPTIONAL INT64 {name} (INTEGER(64,false));"),
        Kind::Time => format!("OPTIONAL INT64 {name} (TIMESTAMP(MICROS,true));"),
        Kind::Flag => format!("OPTIONAL BOOLEAN {name};"),
        Kind::List => format!(
            "OPTIONAL group {name} (LIST) {{ REPEATED group list {{ \
             REQUIRED BYTE_ARRAY element (STRING); }} }}"
        ),
    });
    let fields: Vec<String> = fields.collect();
    parse_message_type(&format!("message rows {{ {} }}", fields.join(" "))).map(Arc::new)
}

/// Values of a column with their levels: which are there, and in lists where a row begins.
#[derive(Default)]
struct Levels {
    defined: Vec<i16>,
    repeated: Vec<i16>,
}

impl Levels {
    fn add(&mut self, defined: i16, repeated: i16) {
        self.defined.push(defined);
        self.repeated.push(repeated);
    }
}

fn write_column<'c>(
    writer: &mut ColumnWriter<'_>,
    kind: Kind,
    cells: impl Iterator<Item = &'c Cell>,
) -> Result<(), ParquetError> {
    let mut levels = Levels::default();
    match writer {
        ColumnWriter::BoolColumnWriter(writer) => {
            let mut flags = Vec::new();
            for cell in cells {
                let flag = if let Cell::Flag(flag) = cell { Some(*flag) } else { None };
                levels.add(flag.is_some().into(), 0);
                flags.extend(flag);
            }
            writer.write_batch(&flags, Some(&levels.defined), None)?;
        }
        ColumnWriter::Int64ColumnWriter(writer) => {
            let mut numbers = Vec::new();
            for cell in cells {
                let number = match cell {
                    Cell::Time(time) => Some(time.micros()),
                    Cell::Number(number) => i64::try_from(*number).ok(),
                    _ => None,
                };
                levels.add(number.is_some().into(), 0);
                numbers.extend(number);
            }
            writer.write_batch(&numbers, Some(&levels.defined), None)?;
        }
        ColumnWriter::ByteArrayColumnWriter(writer) => {
            let mut texts = Vec::new();
            for cell in cells {
                match cell {
                    Cell::Text(text) => {
                        levels.add(1, 0);
                        texts.push(ByteArray::from(text.as_str()));
                    }
                    Cell::List(list) => {
                        if list.is_empty() {
                            levels.add(1, 0);
                        }
                        for (index, text) in list.iter().enumerate() {
                            levels.add(2, (index > 0).into());
                            texts.push(ByteArray::from(text.as_str()));
                        }
                    }
                    _ => levels.add(0, 0),
                }
            }
            let repeated = (kind == Kind::List).then_some(levels.repeated.as_slice());
            writer.write_batch(&texts, Some(&levels.defined), repeated)?;
        }
        _ => return Err(ParquetError::General("a column of another type".to_owned())),
    }
    Ok(())
}

/// The rows of a file; none: it cannot be read, or has other columns.
pub(crate) fn read(file: Vec<u8>, columns: &[Column]) -> Option<Vec<Vec<Cell>>> {
    let reader = SerializedFileReader::new(bytes::Bytes::from(file)).ok()?;
    let mut rows = Vec::new();
    for row in reader.get_row_iter(None).ok()? {
        let row = row.ok()?;
        let mut fields = row.get_column_iter();
        let cells = columns.iter().map(|column| {
            let (name, field) = fields.next()?;
            if *name == column.name { cell(field) } else { None }
        });
        rows.push(cells.collect::<Option<_>>()?);
    }
    Some(rows)
}

fn cell(field: &Field) -> Option<Cell> {
    Some(match field {
        Field::Null => Cell::Empty,
        Field::Str(text) => Cell::Text(text.clone()),
        Field::Bool(flag) => Cell::Flag(*flag),
        Field::ULong(number) => Cell::Number(*number),
        Field::TimestampMicros(micros) => Cell::Time(Time::from_micros(*micros)),
        Field::ListInternal(list) => {
            let texts = list.elements().iter().map(|text| match text {
                Field::Str(text) => Some(text.clone()),
                _ => None,
            });
            Cell::List(texts.collect::<Option<_>>()?)
        }
        _ => return None,
    })
}
