//! Records from rows of the log: which columns a read selects, and the checks of a row that every
//! engine makes.

use claimledger_facts::{
    ids::{LogPosition, RecordId},
    record::{BodyKind, Digest32, Entry, Removal, SealedBody, StoredHeader},
};
use claimledger_ledger::log::{LogError, no_record};
use std::collections::HashMap;
use uuid::Uuid;

/// Bytes after which a read returns fewer rows than requested.
pub(crate) const MAX_READ_BYTES: usize = 4 * 1024 * 1024;
/// Maximum rows per SELECT.
pub(crate) const MAX_SELECT_ROWS: usize = 128;
/// Maximum positions per SELECT.
pub(crate) const MAX_SELECT_POSITIONS: usize = 256;

/// A row of a driver.
pub(crate) trait Columns {
    /// The bytes of a column, by index, because looking a name up takes longer than reading; NULL:
    /// none. `Err`: it is no column of bytes.
    fn bytes(&self, at: usize) -> Result<Option<&[u8]>, sqlx::Error>;
}

/// Columns that a read selects, and the result of each row.
pub(crate) trait Part: Clone + Send {
    /// The columns after the position, in the order of [`Self::read`].
    const COLUMNS: &'static str;

    /// Reads and checks a row; column 0 is the position.
    fn read(position: LogPosition, row: &impl Columns) -> Result<Self, LogError>;

    /// Its size in bytes.
    fn size(&self) -> usize;
}

impl Part for StoredHeader {
    const COLUMNS: &'static str = "id, header, leaf";

    fn read(position: LogPosition, row: &impl Columns) -> Result<Self, LogError> {
        let id = Uuid::from_slice(blob(position, row, 1, "id")?)
            .map_err(|_| damaged(position, "log_entry.id has another length"))?;
        let leaf = blob(position, row, 3, "leaf")?
            .try_into()
            .map_err(|_| damaged(position, "log_entry.leaf has another length"))?;
        let bytes = blob(position, row, 2, "header")?.to_vec();
        Ok(Self { id: RecordId(id), bytes, leaf: Digest32(leaf) })
    }

    fn size(&self) -> usize {
        self.bytes.len()
    }
}

impl Part for Entry {
    const COLUMNS: &'static str =
        "id, header, leaf, personal_removed, original_removed, facts, personal, original";

    fn read(position: LogPosition, row: &impl Columns) -> Result<Self, LogError> {
        Ok(Self {
            header: StoredHeader::read(position, row)?,
            facts: blob(position, row, 6, "facts")?.to_vec(),
            personal: sealed(position, row, BodyKind::Personal, (7, 4))?,
            original: sealed(position, row, BodyKind::Original, (8, 5))?,
        })
    }

    fn size(&self) -> usize {
        Self::size(self)
    }
}

/// The error for a damaged row of the log.
pub(crate) fn damaged(position: LogPosition, what: impl Into<String>) -> LogError {
    LogError::Corrupt { position, what: what.into() }
}

fn blob<'r>(
    position: LogPosition,
    row: &'r impl Columns,
    at: usize,
    column: &str,
) -> Result<&'r [u8], LogError> {
    optional(position, row, at, column)?
        .ok_or_else(|| damaged(position, format!("log_entry.{column} does not read")))
}

fn optional<'r>(
    position: LogPosition,
    row: &'r impl Columns,
    at: usize,
    column: &str,
) -> Result<Option<&'r [u8]>, LogError> {
    row.bytes(at).map_err(|_| damaged(position, format!("log_entry.{column} does not read")))
}

/// A sealed body, or why it was removed: `columns` are those of its bytes and of the reason.
fn sealed(
    position: LogPosition,
    row: &impl Columns,
    body: BodyKind,
    (bytes, removed): (usize, usize),
) -> Result<SealedBody, LogError> {
    let column = body.as_str();
    match (optional(position, row, bytes, column)?, optional(position, row, removed, column)?) {
        (Some(bytes), None) => Ok(SealedBody::Present(bytes.to_vec())),
        (None, Some(removed)) => match Removal::decode(removed) {
            Ok(removal) => Ok(SealedBody::Removed(removal)),
            Err(error) => Err(damaged(position, error.what)),
        },
        (None, None) => {
            Err(damaged(position, format!("the {column} body is missing, and nothing says why")))
        }
        (Some(_), Some(_)) => {
            Err(damaged(position, format!("the {column} body is there and said to be removed")))
        }
    }
}

/// Assignments that remove bodies. `reason` names the parameter of the reason for the n-th body.
pub(crate) fn removals(bodies: &[BodyKind], reason: impl Fn(usize) -> String) -> String {
    let set: Vec<_> = bodies
        .iter()
        .enumerate()
        .map(|(n, body)| {
            let (column, reason) = (body.as_str(), reason(n));
            format!("{column} = NULL, {column}_removed = coalesce({column}_removed, {reason})")
        })
        .collect();
    set.join(", ")
}

/// Checks that the rows are those from `first` on without a gap.
pub(crate) fn check_dense<P>(first: u64, rows: &[(LogPosition, P)]) -> Result<(), LogError> {
    match (first..).zip(rows).find(|(n, (at, _))| at.0 != *n) {
        Some((missing, _)) => Err(no_record(LogPosition(missing))),
        None => Ok(()),
    }
}

/// Adds the rows in the order of `positions`, which may repeat.
pub(crate) fn arrange<P: Clone>(
    positions: &[LogPosition],
    rows: Vec<(LogPosition, P)>,
    into: &mut Vec<P>,
) -> Result<(), LogError> {
    let mut found: HashMap<_, P> = rows.into_iter().collect();
    let repeated = found.len() < positions.len();
    for position in positions {
        let part = if repeated { found.get(position).cloned() } else { found.remove(position) };
        into.push(part.ok_or_else(|| no_record(*position))?);
    }
    Ok(())
}
