//! Terms as keys of the dictionary, and the values that it has.

use super::{SqliteViews, generations::GenerationRow, limit, read, rows::term_number};
use claimledger_facts::ids::TenantId;
use claimledger_ledger::{
    log::LogError,
    views::{Carried, Term, TermKind},
};
use sqlx::{AssertSqlSafe, Row, sqlite::SqliteRow};
use std::borrow::Borrow;

/// A kind's number, then the value: bytewise order is the order of [`Term`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct TermKey(Box<[u8]>);

impl TermKey {
    pub(super) fn of(term: &Term) -> Self {
        Self::new(term.kind, &term.value)
    }

    pub(super) fn of_session(session: &str) -> Self {
        Self::new(TermKind::Session, session)
    }

    fn new(kind: TermKind, value: &str) -> Self {
        let mut key = Vec::with_capacity(1 + value.len());
        Self::write(kind, value, &mut key);
        Self(key.into())
    }

    /// Replaces the key, reusing its buffer.
    pub(super) fn write(kind: TermKind, value: &str, into: &mut Vec<u8>) {
        into.clear();
        into.push(kind.code());
        into.extend_from_slice(value.as_bytes());
    }

    pub(super) fn from_bytes(key: Vec<u8>) -> Self {
        Self(key.into())
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0.into()
    }
}

/// Owned and borrowed keys have the same hash, so that a look-up needs no owned key.
impl Borrow<[u8]> for TermKey {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

/// Kind and value, formatted as in a dump.
pub(super) fn to_text(key: &[u8]) -> String {
    let (code, value) = key.split_first().map_or((0, key), |(code, value)| (*code, value));
    let kind = TermKind::from_code(code)
        .map_or_else(|| format!("kind {code}"), |kind| format!("{kind:?}"));
    format!("{kind} {}", String::from_utf8_lossy(value))
}

impl SqliteViews {
    /// The number of a term; none: no record carries it.
    pub(super) async fn term(
        &self,
        generation: i64,
        term: &TermKey,
    ) -> Result<Option<i64>, LogError> {
        let query = sqlx::query("SELECT number, crc FROM term_1 WHERE generation = ? AND term = ?")
            .bind(generation)
            .bind(term.as_slice());
        let row = query.fetch_optional(&self.shared.readers).await.map_err(read)?;
        row.map(|row| term_number(generation, term.as_slice(), &row, 0).map_err(read)).transpose()
    }
}

/// The values of a kind, in their order.
pub(super) async fn values_of(
    views: &SqliteViews,
    tenant: &TenantId,
    kind: TermKind,
    carried: Carried,
    after: Option<&str>,
    max: usize,
) -> Result<Vec<String>, LogError> {
    let often = match carried {
        Carried::Once => "",
        Carried::ByTwoRecords => {
            " AND EXISTS (SELECT 1 FROM posting_1 p WHERE p.term = t.number LIMIT 1 OFFSET 1)"
        }
        Carried::ByTwoSessions => {
            " AND EXISTS (SELECT 1 FROM term_session_1 s WHERE s.term = t.number LIMIT 1 \
             OFFSET 1)"
        }
    };
    let _reading = views.reading().await;
    let Some(GenerationRow { number, .. }) = views.checkpoint(tenant).await? else {
        return Ok(Vec::new());
    };
    // The terms of a kind are adjacent, before those of the next kind.
    let sql = format!(
        "SELECT t.term, t.number, t.crc FROM term_1 t
         WHERE t.generation = ? AND t.term >= ? AND t.term > ? AND t.term < ?{often} ORDER BY \
         t.term LIMIT ?"
    );
    let (first, next) = ([kind.code()], [kind.code() + 1]);
    let after = after.map_or_else(Vec::new, |after| {
        TermKey::of(&Term { kind, value: after.to_owned() }).into_bytes()
    });
    let query = sqlx::query(AssertSqlSafe(sql)).bind(number);
    let query = query.bind(first.as_slice()).bind(after).bind(next.as_slice()).bind(limit(max));
    let rows = query.fetch_all(&views.shared.readers).await.map_err(read)?;
    let value = |row: &SqliteRow| {
        let term: &[u8] = row.try_get(0)?;
        term_number(number, term, row, 1)?;
        Ok(String::from_utf8_lossy(&term[1..]).into_owned())
    };
    rows.iter().map(value).collect::<Result<_, _>>().map_err(read)
}
