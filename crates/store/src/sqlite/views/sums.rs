//! Checksums of the rows of the read models, and the tallies that a generation keeps of its rows.
//! See `docs/decisions/0020-damaged-files.md`.
//!
//! A checksum covers every column of its row, so a row that is read is known to be the one that was
//! written. It cannot show that a row is *missing*: for that a generation counts the rows of each
//! table and adds up their checksums, in the transaction that writes them, and [`super::check`]
//! counts again.

use crate::sqlite::failure::DamagedRow;
use claimledger_ledger::views::SessionRow;
use crc32fast::Hasher;

/// The tables, as [`Tallies`] counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Table {
    Record,
    Term,
    Posting,
    Session,
    SessionRow,
    RecordSummary,
}

impl Table {
    pub(super) const ALL: [Self; 6] = [
        Self::Record,
        Self::Term,
        Self::Posting,
        Self::Session,
        Self::SessionRow,
        Self::RecordSummary,
    ];

    /// Its name in SQL.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Record => "record_1",
            Self::Term => "term_1",
            Self::Posting => "posting_1",
            Self::Session => "term_session_1",
            Self::SessionRow => "session_row",
            Self::RecordSummary => "record_summary",
        }
    }
}

/// Rows of each table of one generation. Of tables whose rows change (`session_row`,
/// `record_summary`) the
/// checksums of the keys are added up: the content is checked where it is read, and the tally only
/// shows what is missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tallies([Tally; 6]);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    rows: u64,
    sum: u64,
}

impl Tallies {
    /// Counts a row.
    pub(super) fn add(&mut self, table: Table, crc: i64) {
        let Tally { rows, sum } = &mut self.0[table as usize];
        *rows = rows.wrapping_add(1);
        *sum = sum.wrapping_add((crc as u64) & 0xffff_ffff);
    }

    pub(super) fn rows(&self, table: Table) -> u64 {
        self.0[table as usize].rows
    }

    pub(super) fn to_bytes(self) -> Vec<u8> {
        self.0
            .iter()
            .flat_map(|tally| [tally.rows.to_le_bytes(), tally.sum.to_le_bytes()])
            .flatten()
            .collect()
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (numbers, rest) = bytes.as_chunks::<8>();
        let mut numbers = numbers.iter().map(|number| u64::from_le_bytes(*number));
        let mut tallies = Self::default();
        for tally in &mut tallies.0 {
            *tally = Tally { rows: numbers.next()?, sum: numbers.next()? };
        }
        (numbers.next().is_none() && rest.is_empty()).then_some(tallies)
    }

    /// Compares the rows that were found with those that were written.
    pub(super) fn compare(&self, found: &Self) -> Result<(), DamagedRow> {
        for table in Table::ALL {
            let (written, there) = (self.0[table as usize], found.0[table as usize]);
            if written != there {
                let what = match written.rows == there.rows {
                    true => {
                        format!("not every one of its {} rows is one that was written", there.rows)
                    }
                    false => {
                        format!("{} rows were written, and {} are there", written.rows, there.rows)
                    }
                };
                return Err(DamagedRow { place: table.name().to_owned(), what });
            }
        }
        Ok(())
    }
}

/// The checksum of the columns of one row.
struct Crc(Hasher);

impl Crc {
    /// Starts with the table's number, so that a row is not valid in another table.
    fn of(table: u8) -> Self {
        let mut hasher = Hasher::new();
        hasher.update(&[table]);
        Self(hasher)
    }

    fn number(mut self, number: i64) -> Self {
        self.0.update(&number.to_le_bytes());
        self
    }

    fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
        self
    }

    /// As the signed number that SQLite stores in four bytes.
    fn end(self) -> i64 {
        i64::from(self.0.finalize().cast_signed())
    }
}

const fn tag(table: Table) -> u8 {
    table as u8
}

pub(super) fn record(generation: i64, id: &[u8], position: i64) -> i64 {
    Crc::of(tag(Table::Record)).number(generation).bytes(id).number(position).end()
}

pub(super) fn term(generation: i64, term: &[u8], number: i64) -> i64 {
    Crc::of(tag(Table::Term)).number(generation).bytes(term).number(number).end()
}

pub(super) fn posting(term: i64, position: i64) -> i64 {
    Crc::of(tag(Table::Posting)).number(term).number(position).end()
}

pub(super) fn session(term: i64, session: i64) -> i64 {
    Crc::of(tag(Table::Session)).number(term).number(session).end()
}

/// `over_at`, `length` and `span` are as the table has them.
pub(super) fn session_row(
    session: i64,
    generation: i64,
    row: &SessionRow,
    [over_at, length, span]: [i64; 3],
) -> i64 {
    Crc::of(tag(Table::SessionRow))
        .number(session)
        .number(generation)
        .bytes(row.session.as_str().as_bytes())
        .number(row.first_occurred.micros())
        .bytes(row.first_source.as_bytes())
        .bytes(row.first_source_id.as_bytes())
        .number(row.assessed_to.0.cast_signed())
        .number(over_at)
        .number(length)
        .number(row.last_occurred.micros())
        .number(span)
        .number(row.flags.bits().into())
        .bytes(&row.state)
        .end()
}

pub(super) fn summary(slot: i64, part: &[u8]) -> i64 {
    Crc::of(tag(Table::RecordSummary)).number(slot).bytes(part).end()
}

/// The checksum of the key of a row of `session_row` or `record_summary`, for the tallies.
pub(super) fn key(table: Table, key: i64) -> i64 {
    Crc::of(0x80 | tag(table)).number(key).end()
}

/// The checksum of a row of `generation`; `place` is -1 for a retired one.
pub(super) fn generation(
    numbers: [i64; 3],
    texts: [&str; 3],
    report: Option<&str>,
    tallies: &[u8],
    last_leaf: Option<&[u8]>,
) -> i64 {
    let crc = numbers.into_iter().fold(Crc::of(0x40), Crc::number);
    let crc = texts.into_iter().fold(crc, |crc, text| crc.bytes(text.as_bytes()));
    let crc = crc
        .bytes(report.map_or(b"-", str::as_bytes))
        .number(i64::from(report.is_some()))
        .bytes(tallies);
    last_leaf.into_iter().fold(crc, Crc::bytes).end()
}

/// Compares the checksum of a row with the one that was stored with it.
pub(super) fn check(
    table: &str,
    key: impl FnOnce() -> String,
    stored: i64,
    computed: i64,
) -> Result<(), sqlx::Error> {
    if stored == computed {
        return Ok(());
    }
    let damaged = DamagedRow {
        place: format!("{table}, {}", key()),
        what: "the row does not fit its checksum".to_owned(),
    };
    Err(damaged.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flipped_bit_of_a_row_changes_its_checksum() {
        let (term_number, position) = (123_456, 98_765);
        for bit in 0..64 {
            assert_ne!(posting(term_number ^ (1 << bit), position), posting(term_number, position));
            assert_ne!(session(term_number, position ^ (1 << bit)), session(term_number, position));
        }
        let text = b"\x01S3".to_vec();
        for (byte, bit) in (0..text.len()).flat_map(|byte| (0..8).map(move |bit| (byte, bit))) {
            let mut flipped = text.clone();
            flipped[byte] ^= 1 << bit;
            assert_ne!(term(1, &flipped, 7), term(1, &text, 7));
            assert_ne!(summary(1, &flipped), summary(1, &text));
        }
    }

    #[test]
    fn tallies_come_back_and_show_what_is_missing_and_what_was_exchanged() {
        let mut written = Tallies::default();
        written.add(Table::Posting, posting(1, 2));
        written.add(Table::Posting, posting(1, 3));
        assert_eq!(Tallies::from_bytes(&written.to_bytes()), Some(written));
        assert_eq!(Tallies::from_bytes(&written.to_bytes()[1..]), None);
        let mut found = Tallies::default();
        found.add(Table::Posting, posting(1, 2));
        assert_eq!(
            written.compare(&found).unwrap_err().what,
            "2 rows were written, and 1 are there"
        );
        found.add(Table::Posting, posting(1, 4));
        assert_eq!(written.compare(&found).unwrap_err().place, "posting_1");
        assert!(written.compare(&written).is_ok());
    }
}
