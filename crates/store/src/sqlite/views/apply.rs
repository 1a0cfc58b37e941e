//! Writing the read models: rows and checkpoint in one transaction.

use super::{
    checkpoint,
    generations::begin,
    record_summaries,
    rows::term_number,
    session_row::{self, Bound, Column, Written},
    sums::{self, Table, Tallies},
    terms::TermKey,
};
use claimledger_facts::ids::{LogSize, TenantId};
use claimledger_ledger::{
    generations::{MadeBy, Place},
    views::{IndexRow, SessionRow, TermKind},
};
use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection, sqlite::SqliteRow};
use std::collections::{HashMap, HashSet, hash_map::Entry};

/// Maximum terms in the cache of numbers; past it the cache is cleared.
const MAX_CACHED_TERMS: usize = 200_000;
/// Maximum rows per statement; smaller statements have a power of two, so that few are prepared and
/// they are reused.
const MAX_ROWS: usize = 256;

/// The write connection, with a cache of the dictionary.
pub(super) struct Writer {
    connection: SqliteConnection,
    known: Known,
    /// The number of the next new term; none: not read yet.
    next: Option<i64>,
}

/// Numbers of terms, by generation.
type Known = HashMap<i64, HashMap<TermKey, i64>>;

impl Writer {
    pub(super) fn new(connection: SqliteConnection) -> Self {
        Self { connection, known: HashMap::new(), next: None }
    }

    pub(super) async fn apply(
        &mut self,
        tenant: &TenantId,
        place: Place,
        from: LogSize,
        rows: &[IndexRow],
        session_rows: &[SessionRow],
    ) -> Result<Applied, sqlx::Error> {
        if self.known.values().map(HashMap::len).sum::<usize>() > MAX_CACHED_TERMS {
            self.known.clear();
        }
        // Taken until the commit is known: if this is dropped or fails before, the next batch reads
        // the dictionary again.
        let (known, next) = (std::mem::take(&mut self.known), self.next.take());
        // Dropped before its commit, the transaction is rolled back by the driver.
        let mut transaction = self.connection.begin_with("BEGIN IMMEDIATE").await?;
        let mut generation = match (checkpoint(&mut transaction, tenant, place).await?, place) {
            (Some(checkpoint), _) => checkpoint,
            (None, Place::Live) => begin(&mut transaction, tenant, place, &MadeBy::now("")).await?,
            (None, Place::Shadow) => return Ok(Applied::NotBegun),
        };
        if generation.covered as u64 != from.0 {
            transaction.rollback().await?;
            (self.known, self.next) = (known, next);
            return Ok(Applied::NotThere(generation.covered as u64));
        }
        let mut batch = Batch {
            connection: &mut transaction,
            generation: generation.number,
            known,
            next,
            tallies: generation.tallies,
        };
        let numbers = batch.add_terms(rows, session_rows).await?;
        batch.add_summaries(rows, &numbers).await?;
        batch.add_records(rows).await?;
        batch.add_postings(rows, &numbers).await?;
        batch.add_sessions(rows, &numbers).await?;
        batch.put_session_rows(session_rows, &numbers).await?;
        let Batch { known, next, tallies, .. } = batch;
        (generation.covered, generation.tallies) = ((from.0 + rows.len() as u64) as i64, tallies);
        generation.last_leaf = rows.last().map(|row| row.leaf).or(generation.last_leaf);
        generation.save(&mut transaction).await?;
        transaction.commit().await?;
        (self.known, self.next) = (known, next);
        Ok(Applied::Written)
    }

    /// The connection, for writes that change no terms. Before deleting terms call
    /// [`Self::forget`].
    pub(super) fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }

    /// Clears the cache of the dictionary.
    pub(super) fn forget(&mut self) {
        (self.known, self.next) = (HashMap::new(), None);
    }
}

/// The outcome of a batch.
pub(super) enum Applied {
    /// Written.
    Written,
    /// Nothing was written: the batch does not begin at the checkpoint.
    NotThere(u64),
    /// Nothing was written: there is no shadow.
    NotBegun,
}

/// The transaction of one batch.
struct Batch<'c> {
    connection: &'c mut SqliteConnection,
    generation: i64,
    known: Known,
    next: Option<i64>,
    tallies: Tallies,
}

/// The number of each term of each row, and of each session row's name, in their order.
struct Numbers {
    /// Terms with this number and higher ones are new.
    new: i64,
    terms: Vec<i64>,
    session_rows: Vec<i64>,
}

/// All terms of a batch, in order.
fn terms<'b>(
    rows: &'b [IndexRow],
    session_rows: &'b [SessionRow],
) -> impl Iterator<Item = (TermKind, &'b str)> {
    let of_rows =
        rows.iter().flat_map(|row| row.terms.iter().map(|term| (term.kind, term.value.as_str())));
    of_rows.chain(session_rows.iter().map(|row| (TermKind::Session, row.session.as_str())))
}

/// The uncached terms, without duplicates, in order.
fn unknown(
    rows: &[IndexRow],
    session_rows: &[SessionRow],
    known: &HashMap<TermKey, i64>,
) -> Vec<TermKey> {
    let (mut key, mut unknown, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
    for (kind, value) in terms(rows, session_rows) {
        TermKey::write(kind, value, &mut key);
        if !known.contains_key(key.as_slice()) && !seen.contains(key.as_slice()) {
            let key = TermKey::from_bytes(key.clone());
            unknown.push(key.clone());
            seen.insert(key);
        }
    }
    unknown
}

impl Numbers {
    /// Every term of the batch is in the cache.
    fn of_batch(
        rows: &[IndexRow],
        session_rows: &[SessionRow],
        known: &HashMap<TermKey, i64>,
        new: i64,
    ) -> Self {
        let mut key = Vec::new();
        let mut numbers = terms(rows, session_rows).map(|(kind, value)| {
            TermKey::write(kind, value, &mut key);
            known.get(key.as_slice()).copied().unwrap_or_default()
        });
        let of_rows = rows.iter().map(|row| row.terms.len()).sum();
        Self {
            new,
            terms: numbers.by_ref().take(of_rows).collect(),
            session_rows: numbers.collect(),
        }
    }

    /// Each row with the numbers of its terms.
    fn of<'n>(&'n self, rows: &'n [IndexRow]) -> impl Iterator<Item = (&'n IndexRow, &'n [i64])> {
        let mut left = self.terms.as_slice();
        rows.iter().map(move |row| {
            let (own, rest) = left.split_at(row.terms.len());
            left = rest;
            (row, own)
        })
    }
}

impl Batch<'_> {
    /// Numbers of terms rise with their first record, independently of the batches.
    async fn add_terms(
        &mut self,
        rows: &[IndexRow],
        session_rows: &[SessionRow],
    ) -> Result<Numbers, sqlx::Error> {
        let generation = self.generation;
        let mut known = self.known.remove(&generation).unwrap_or_default();
        let unknown = unknown(rows, session_rows, &known);
        for some in unknown.chunks(MAX_ROWS) {
            // Padded with the last to a power of two, to reuse prepared statements.
            let asked = some.len().next_power_of_two();
            let sql = format!(
                "SELECT term, number, crc FROM term_1 WHERE generation = ? AND term IN (?{})",
                ",?".repeat(asked - 1)
            );
            let mut query = sqlx::query(AssertSqlSafe(sql)).bind(generation);
            for key in
                some.iter().chain(std::iter::repeat_n(&some[some.len() - 1], asked - some.len()))
            {
                query = query.bind(key.as_slice());
            }
            for row in query.fetch_all(&mut *self.connection).await? {
                let term: Vec<u8> = row.try_get(0)?;
                let number = term_number(generation, &term, &row, 1)?;
                known.insert(TermKey::from_bytes(term), number);
            }
        }
        let mut next = match self.next {
            Some(next) => next,
            None => sqlx::query("SELECT coalesce(max(number), 0) + 1 FROM term_1")
                .fetch_one(&mut *self.connection)
                .await?
                .try_get(0)?,
        };
        let first_new = next;
        let mut new = Vec::new();
        for key in unknown {
            if let Entry::Vacant(vacant) = known.entry(key.clone()) {
                vacant.insert(next);
                let crc = sums::term(generation, key.as_slice(), next);
                self.tallies.add(Table::Term, crc);
                new.push((key, next, crc));
                next += 1;
            }
        }
        self.next = Some(next);
        self.insert(
            "INSERT INTO term_1 (generation, term, number, crc) VALUES",
            4,
            "",
            &new,
            |query, (key, number, crc)| {
                query.bind(generation).bind(key.as_slice()).bind(*number).bind(*crc)
            },
        )
        .await?;

        let numbers = Numbers::of_batch(rows, session_rows, &known, first_new);
        self.known.insert(generation, known);
        Ok(numbers)
    }

    async fn add_records(&mut self, rows: &[IndexRow]) -> Result<(), sqlx::Error> {
        let generation = self.generation;
        // In the order of the index, so that neighbours share pages.
        let mut rows: Vec<_> = rows.iter().map(|row| (row.id, row.position)).collect();
        rows.sort_unstable();
        let into = "INSERT OR IGNORE INTO record_1 (generation, id, position, crc) VALUES";
        self.insert_new(Table::Record, into, 4, &rows, |query, (id, position)| {
            let (id, position) = (id.0.as_bytes().as_slice(), position.0 as i64);
            query
                .bind(generation)
                .bind(id)
                .bind(position)
                .bind(sums::record(generation, id, position))
        })
        .await
    }

    async fn add_postings(
        &mut self,
        rows: &[IndexRow],
        numbers: &Numbers,
    ) -> Result<(), sqlx::Error> {
        let mut postings: Vec<_> = numbers
            .of(rows)
            .flat_map(|(row, terms)| terms.iter().map(|term| (*term, row.position.0 as i64)))
            .collect();
        postings.sort_unstable();
        postings.dedup();
        // Each is new: no earlier batch had its position.
        for (term, position) in &postings {
            self.tallies.add(Table::Posting, sums::posting(*term, *position));
        }
        self.insert(
            "INSERT INTO posting_1 (term, position, crc) VALUES",
            3,
            "",
            &postings,
            |query, (term, position)| {
                query.bind(*term).bind(*position).bind(sums::posting(*term, *position))
            },
        )
        .await
        .map(drop)
    }

    async fn add_sessions(
        &mut self,
        rows: &[IndexRow],
        numbers: &Numbers,
    ) -> Result<(), sqlx::Error> {
        let mut pairs = Vec::new();
        for (row, numbers) in numbers.of(rows) {
            let terms = || row.terms.iter().zip(numbers);
            for (_, session) in terms().filter(|(term, _)| term.kind == TermKind::Session) {
                pairs.extend(
                    terms()
                        .filter(|(term, _)| term.kind.lists_sessions())
                        .map(|(_, term)| (*term, *session)),
                );
            }
        }
        pairs.sort_unstable();
        pairs.dedup();
        let into = "INSERT OR IGNORE INTO term_session_1 (term, session, crc) VALUES";
        self.insert_new(Table::Session, into, 3, &pairs, |query, (term, session)| {
            query.bind(*term).bind(*session).bind(sums::session(*term, *session))
        })
        .await
    }

    async fn add_summaries(
        &mut self,
        rows: &[IndexRow],
        numbers: &Numbers,
    ) -> Result<(), sqlx::Error> {
        let mut added = record_summaries::Added::new();
        for (row, terms) in numbers.of(rows).filter(|(row, _)| !row.summary.is_empty()) {
            for (_, session) in
                row.terms.iter().zip(terms).filter(|(term, _)| term.kind == TermKind::Session)
            {
                added.entry(*session).or_default().push((row.position, row.summary.as_slice()));
            }
        }
        let changed = record_summaries::changed(self.connection, added, numbers.new).await?;
        for record_summaries::Changed { slot, .. } in changed.iter().filter(|changed| changed.new) {
            self.tallies.add(Table::RecordSummary, sums::key(Table::RecordSummary, *slot));
        }
        let update = " ON CONFLICT (slot) DO UPDATE SET brief = excluded.brief, crc = excluded.crc";
        self.insert(
            "INSERT INTO record_summary (slot, brief, crc) VALUES",
            3,
            update,
            &changed,
            |query, record_summaries::Changed { slot, part, .. }| {
                query.bind(*slot).bind(part.as_bytes()).bind(sums::summary(*slot, part.as_bytes()))
            },
        )
        .await
        .map(drop)
    }

    async fn put_session_rows(
        &mut self,
        session_rows: &[SessionRow],
        numbers: &Numbers,
    ) -> Result<(), sqlx::Error> {
        let generation = self.generation;
        let mut rows: Vec<Written<'_>> = std::iter::zip(&numbers.session_rows, session_rows)
            .map(|(number, row)| Written::new(*number, generation, row))
            .collect();
        // A session whose name is new has no row.
        let before: Vec<_> = rows.iter().copied().filter(|row| row.session < numbers.new).collect();
        let there = self.refresh_session_rows(&before).await?;
        rows.retain(|row| !there.contains(&row.session));
        // The rest has no row, or one with another sort key.
        let mut left: HashSet<i64> = rows.iter().map(|row| row.session).collect();
        let asked: Vec<i64> = left.iter().copied().filter(|number| *number < numbers.new).collect();
        for some in asked.chunks(MAX_ROWS) {
            let sql = format!(
                "SELECT session FROM session_row WHERE session IN (?{})",
                ",?".repeat(some.len() - 1)
            );
            let query = some
                .iter()
                .fold(sqlx::query(AssertSqlSafe(sql)).persistent(false), |query, number| {
                    query.bind(*number)
                });
            for row in query.fetch_all(&mut *self.connection).await? {
                left.remove(&row.try_get(0)?);
            }
        }
        for session in &left {
            self.tallies.add(Table::SessionRow, sums::key(Table::SessionRow, *session));
        }
        self.insert(
            &session_row::insert(),
            Column::COUNT,
            &session_row::on_conflict(),
            &rows,
            session_row::bind_inserted,
        )
        .await
        .map(drop)
    }

    /// Updates only the state and the last fact of rows whose sort key, end and flags are
    /// unchanged: otherwise SQLite would delete and insert them in every index. Returns the
    /// sessions of these rows.
    async fn refresh_session_rows(
        &mut self,
        rows: &[Written<'_>],
    ) -> Result<HashSet<i64>, sqlx::Error> {
        let mut there = HashSet::with_capacity(rows.len());
        for some in rows.chunks(MAX_ROWS) {
            // Padded with the last to a power of two, to reuse prepared statements.
            let asked = some.len().next_power_of_two();
            let padding = std::iter::repeat_n(&some[some.len() - 1], asked - some.len());
            let query = some.iter().chain(padding).fold(
                sqlx::query(AssertSqlSafe(session_row::refresh(asked))),
                session_row::bind_refreshed,
            );
            for row in query.fetch_all(&mut *self.connection).await? {
                there.insert(row.try_get(0)?);
            }
        }
        Ok(there)
    }

    /// Inserts the rows that do not exist yet, and adds them to the tallies.
    async fn insert_new<T>(
        &mut self,
        table: Table,
        into: &str,
        columns: usize,
        rows: &[T],
        bind: impl for<'q> Fn(Bound<'q>, &'q T) -> Bound<'q>,
    ) -> Result<(), sqlx::Error> {
        for row in self.insert(into, columns, " RETURNING crc", rows, bind).await? {
            self.tallies.add(table, row.try_get(0)?);
        }
        Ok(())
    }

    /// Inserts rows in statements of many rows each, and returns their results.
    async fn insert<T>(
        &mut self,
        into: &str,
        columns: usize,
        tail: &str,
        rows: &[T],
        bind: impl for<'q> Fn(Bound<'q>, &'q T) -> Bound<'q>,
    ) -> Result<Vec<SqliteRow>, sqlx::Error> {
        let mut returned = Vec::new();
        let row = format!("(?{})", ",?".repeat(columns - 1));
        let mut left = rows;
        while !left.is_empty() {
            let count = if left.len() >= MAX_ROWS { MAX_ROWS } else { 1 << left.len().ilog2() };
            let (some, rest) = left.split_at(count);
            let sql = format!("{into} {row}{}{tail}", format!(",{row}").repeat(count - 1));
            let query = some.iter().fold(sqlx::query(AssertSqlSafe(sql)), &bind);
            returned.extend(query.fetch_all(&mut *self.connection).await?);
            left = rest;
        }
        Ok(returned)
    }
}
