//! The table `session_row`: its columns, the statements that are made from them, and a row that is
//! read or written.

use super::{
    generations::damaged_row,
    read,
    sums::{self, Table},
};
use claimledger_facts::{
    ids::{LogSize, SessionId},
    time::Time,
};
use claimledger_ledger::{log::LogError, session_flags::SessionFlags, views::SessionRow};
use sqlx::{
    Row, Sqlite,
    query::Query,
    sqlite::{SqliteArguments, SqliteRow},
};
use std::sync::LazyLock;

/// `over_at` of a session without a known end.
const NEVER_OVER: i64 = i64::MAX;
/// `length` of a session without a known end.
pub(super) const OPEN_END_LENGTH: u32 = 64;
/// Minimum length in bits. All sessions below 2^24 microseconds, some 17 seconds, share it, because
/// their range of the index is short enough.
pub(super) const MIN_LENGTH: u32 = 24;
/// Maximum length in bits: from the year 0 to 9999 there are fewer than 2^60 microseconds.
pub(super) const MAX_LENGTH: u32 = 60;

/// A query with its values.
pub(super) type Bound<'q> = Query<'q, Sqlite, SqliteArguments>;

/// A column; its number is its place in a row that is selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Name,
    FirstOccurred,
    FirstSource,
    FirstSourceId,
    AssessedTo,
    OverAt,
    State,
    Session,
    Generation,
    Length,
    Crc,
    Flags,
    LastOccurred,
    Span,
}

/// What a new assessment of a session does to a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    /// Never changes: the row is found by it.
    Never,
    /// Part of the sort key, the end or the flags: a row in which one changed moves in indexes.
    Moves,
    /// Computed from columns that move the row.
    Follows,
    /// Written with every assessment.
    Always,
}

impl Column {
    /// All columns, in the order in which they are selected and inserted.
    const ALL: [Self; 14] = [
        Self::Name,
        Self::FirstOccurred,
        Self::FirstSource,
        Self::FirstSourceId,
        Self::AssessedTo,
        Self::OverAt,
        Self::State,
        Self::Session,
        Self::Generation,
        Self::Length,
        Self::Crc,
        Self::Flags,
        Self::LastOccurred,
        Self::Span,
    ];
    /// The order of lists.
    pub(super) const SORT_KEY: [Self; 4] =
        [Self::FirstOccurred, Self::FirstSource, Self::FirstSourceId, Self::Name];
    /// The number of columns.
    pub(super) const COUNT: usize = Self::ALL.len();

    /// Its index in a row that is selected.
    pub(super) const fn at(self) -> usize {
        self as usize
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::FirstOccurred => "first_occurred",
            Self::FirstSource => "first_source",
            Self::FirstSourceId => "first_source_id",
            Self::AssessedTo => "assessed_to",
            Self::OverAt => "over_at",
            Self::State => "state",
            Self::Session => "session",
            Self::Generation => "generation",
            Self::Length => "length",
            Self::Crc => "crc",
            Self::Flags => "flags",
            Self::LastOccurred => "last_occurred",
            Self::Span => "span",
        }
    }

    const fn change(self) -> Change {
        match self {
            Self::Session | Self::Generation | Self::Name => Change::Never,
            Self::FirstOccurred
            | Self::FirstSource
            | Self::FirstSourceId
            | Self::OverAt
            | Self::Flags => Change::Moves,
            Self::Length => Change::Follows,
            Self::AssessedTo | Self::LastOccurred | Self::Span | Self::State | Self::Crc => {
                Change::Always
            }
        }
    }

    fn bind<'q>(self, query: Bound<'q>, of: &'q Written<'_>) -> Bound<'q> {
        match self {
            Self::Name => query.bind(of.row.session.as_str()),
            Self::FirstOccurred => query.bind(of.row.first_occurred.micros()),
            Self::FirstSource => query.bind(of.row.first_source.as_str()),
            Self::FirstSourceId => query.bind(of.row.first_source_id.as_str()),
            Self::AssessedTo => query.bind(of.row.assessed_to.0 as i64),
            Self::OverAt => query.bind(of.over_at),
            Self::State => query.bind(of.row.state.as_slice()),
            Self::Session => query.bind(of.session),
            Self::Generation => query.bind(of.generation),
            Self::Length => query.bind(of.length),
            Self::Crc => query.bind(of.crc),
            Self::Flags => query.bind(i64::from(of.row.flags.bits())),
            Self::LastOccurred => query.bind(of.row.last_occurred.micros()),
            Self::Span => query.bind(of.span),
        }
    }

    /// The columns of which this is so.
    fn that(is_so: impl Fn(Change) -> bool) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |column| is_so(column.change()))
    }

    /// The columns of a refresh: the session, what must not have changed, and what is written.
    fn refreshed() -> impl Iterator<Item = Self> {
        let others = Self::that(|change| matches!(change, Change::Moves | Change::Always));
        std::iter::once(Self::Session).chain(others)
    }
}

/// What is said of each column, with a separator between them.
fn joined(
    columns: impl IntoIterator<Item = Column>,
    each: impl Fn(&str) -> String,
    separator: &str,
) -> String {
    let texts: Vec<String> = columns.into_iter().map(|column| each(column.name())).collect();
    texts.join(separator)
}

/// The columns of a row `h`, in the order that [`session_row`] reads.
pub(super) static SELECTED: LazyLock<String> = LazyLock::new(|| selected_of("h"));

/// The same of a row with this name.
pub(super) fn selected_of(row: &str) -> String {
    joined(Column::ALL, |name| format!("{row}.{name}"), ", ")
}

/// The beginning of an INSERT, up to its values.
pub(super) fn insert() -> String {
    format!("INSERT INTO session_row ({}) VALUES", joined(Column::ALL, str::to_owned, ", "))
}

/// The end of that INSERT: what it does to a row of the same session.
pub(super) fn on_conflict() -> String {
    let changed = Column::that(|change| change != Change::Never);
    let set = joined(changed, |name| format!("{name} = excluded.{name}"), ", ");
    format!(" ON CONFLICT (session) DO UPDATE SET {set}")
}

/// Binds the values of an INSERT.
pub(super) fn bind_inserted<'q>(query: Bound<'q>, of: &'q Written<'_>) -> Bound<'q> {
    Column::ALL.into_iter().fold(query, |query, column| column.bind(query, of))
}

/// Updates the rows that do not move in their indexes but for what is written with every
/// assessment, and returns their sessions.
pub(super) fn refresh(rows: usize) -> String {
    let columns = joined(Column::refreshed(), str::to_owned, ", ");
    let values = format!("(?{})", ",?".repeat(Column::refreshed().count() - 1));
    let more = format!(",{values}").repeat(rows - 1);
    let written = Column::that(|change| change == Change::Always);
    let set = joined(written, |name| format!("{name} = v.{name}"), ", ");
    let same = std::iter::once(Column::Session).chain(Column::that(|it| it == Change::Moves));
    let same = joined(same, |name| format!("session_row.{name} = v.{name}"), " AND ");
    format!(
        "WITH v ({columns}) AS (VALUES {values}{more}) UPDATE session_row SET {set} FROM v \
         WHERE {same} RETURNING session_row.session"
    )
}

/// Binds the values of one row of a refresh.
pub(super) fn bind_refreshed<'q>(query: Bound<'q>, of: &'q Written<'_>) -> Bound<'q> {
    Column::refreshed().fold(query, |query, column| column.bind(query, of))
}

/// A row to write, with what its columns have beside it.
#[derive(Clone, Copy)]
pub(super) struct Written<'r> {
    /// The number of the session's term.
    pub(super) session: i64,
    generation: i64,
    over_at: i64,
    length: i64,
    span: i64,
    crc: i64,
    row: &'r SessionRow,
}

impl<'r> Written<'r> {
    pub(super) fn new(session: i64, generation: i64, row: &'r SessionRow) -> Self {
        let over_at = row.over_at.map_or(NEVER_OVER, Time::micros);
        let length = length(row.first_occurred, row.over_at);
        let span = length_until(row.first_occurred, row.last_occurred);
        let crc = sums::session_row(session, generation, row, [over_at, length, span]);
        Self { session, generation, over_at, length, span, crc, row }
    }
}

/// The length of a session: the bits of its duration in microseconds.
fn length(first_occurred: Time, over_at: Option<Time>) -> i64 {
    over_at.map_or(OPEN_END_LENGTH.into(), |over| length_until(first_occurred, over))
}

/// The bits of the microseconds from a session's first fact to a time.
fn length_until(first_occurred: Time, until: Time) -> i64 {
    let micros = until.micros().saturating_sub(first_occurred.micros()).max(0).unsigned_abs();
    (u64::BITS - micros.leading_zeros()).clamp(MIN_LENGTH, MAX_LENGTH).into()
}

/// A row of the columns of [`SELECTED`].
pub(super) fn session_row(row: &SqliteRow) -> Result<SessionRow, LogError> {
    checked(row).map_err(read)
}

/// The same, verified with its checksum.
pub(super) fn checked(row: &SqliteRow) -> Result<SessionRow, sqlx::Error> {
    let number = |column: Column| row.try_get::<i64, _>(column.at());
    let text = |column: Column| row.try_get::<String, _>(column.at());
    let over_at = number(Column::OverAt)?;
    let flags = u8::try_from(number(Column::Flags)?).ok().and_then(SessionFlags::from_bits);
    let found = SessionRow {
        session: SessionId::new(text(Column::Name)?),
        first_occurred: Time::from_micros(number(Column::FirstOccurred)?),
        first_source: text(Column::FirstSource)?,
        first_source_id: text(Column::FirstSourceId)?,
        assessed_to: LogSize(number(Column::AssessedTo)? as u64),
        over_at: Some(over_at).filter(|over| *over != NEVER_OVER).map(Time::from_micros),
        last_occurred: Time::from_micros(number(Column::LastOccurred)?),
        flags: flags
            .ok_or_else(|| damaged_row(Table::SessionRow.name(), "a flag is not one of ours"))?,
        state: row.try_get(Column::State.at())?,
    };
    let (session, generation) = (number(Column::Session)?, number(Column::Generation)?);
    let ends = [over_at, number(Column::Length)?, number(Column::Span)?];
    sums::check(
        Table::SessionRow.name(),
        || found.session.to_string(),
        number(Column::Crc)?,
        sums::session_row(session, generation, &found, ends),
    )?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_selected_where_its_number_says() {
        for (at, column) in Column::ALL.into_iter().enumerate() {
            assert_eq!(column.at(), at, "{column:?}");
        }
    }

    #[test]
    fn statements_name_every_column_that_they_read_or_write() {
        assert_eq!(
            selected_of("h"),
            "h.name, h.first_occurred, h.first_source, h.first_source_id, h.assessed_to, \
             h.over_at, h.state, h.session, h.generation, h.length, h.crc, h.flags, \
             h.last_occurred, h.span"
        );
        assert_eq!(
            insert(),
            "INSERT INTO session_row (name, first_occurred, first_source, first_source_id, \
             assessed_to, over_at, state, session, generation, length, crc, flags, last_occurred, \
             span) VALUES"
        );
        assert_eq!(
            on_conflict(),
            " ON CONFLICT (session) DO UPDATE SET first_occurred = excluded.first_occurred, \
             first_source = excluded.first_source, first_source_id = excluded.first_source_id, \
             assessed_to = excluded.assessed_to, over_at = excluded.over_at, state = \
             excluded.state, length = excluded.length, crc = excluded.crc, flags = \
             excluded.flags, last_occurred = excluded.last_occurred, span = excluded.span"
        );
        assert_eq!(
            refresh(2),
            "WITH v (session, first_occurred, first_source, first_source_id, assessed_to, over_at, \
             state, crc, flags, last_occurred, span) AS (VALUES (?,?,?,?,?,?,?,?,?,?,?),\
             (?,?,?,?,?,?,?,?,?,?,?)) UPDATE session_row SET assessed_to = v.assessed_to, state = \
             v.state, crc = v.crc, last_occurred = v.last_occurred, span = v.span FROM v WHERE \
             session_row.session = v.session AND session_row.first_occurred = v.first_occurred \
             AND session_row.first_source = v.first_source AND session_row.first_source_id = \
             v.first_source_id AND session_row.over_at = v.over_at AND session_row.flags = \
             v.flags RETURNING session_row.session"
        );
    }
}
