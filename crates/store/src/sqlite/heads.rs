//! The head of each log: read from the tables, and compared with the anchor of an earlier process.

use super::{
    OpenError,
    connect::Database,
    log_rows::{POSITION_BITS, position_of},
};
use claimledger_facts::ids::TenantId;
use sqlx::{AssertSqlSafe, Row, SqliteConnection, sqlite::SqliteRow};
use std::collections::BTreeMap;

/// The end of a tenant's log.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    /// The tenant's number.
    pub(super) number: i64,
    /// The number of records.
    pub(super) size: u64,
}

/// The heads of all logs.
pub(super) async fn heads(
    connection: &mut SqliteConnection,
) -> Result<BTreeMap<TenantId, Head>, sqlx::Error> {
    Ok(ends(connection)
        .await?
        .into_iter()
        .map(|end| (end.tenant, Head { number: end.number, size: end.size }))
        .collect())
}

struct End {
    tenant: TenantId,
    number: i64,
    first: Option<u64>,
    size: u64,
    anchor: u64,
}

async fn ends(connection: &mut SqliteConnection) -> Result<Vec<End>, sqlx::Error> {
    let keys = "FROM log_entry WHERE key >= number << 40 AND key < (number + 1) << 40";
    let sql = format!(
        "SELECT name, number, size, (SELECT min(key) {keys}), (SELECT max(key) {keys}) FROM \
         log_tenant"
    );
    let end = |row: &SqliteRow| {
        let number: i64 = row.try_get(1)?;
        let position = |column| {
            Ok::<_, sqlx::Error>(
                row.try_get::<Option<i64>, _>(column)?.map(|key| position_of(number, key)),
            )
        };
        Ok(End {
            tenant: TenantId::new(row.try_get::<String, _>(0)?),
            number,
            first: position(3)?,
            size: position(4)?.map_or(0, |last| last + 1),
            anchor: row.try_get::<i64, _>(2)? as u64,
        })
    };
    sqlx::query(AssertSqlSafe(sql)).fetch_all(connection).await?.iter().map(end).collect()
}

/// The heads, each compared with its anchor. Cheap: reads of records check the rest of the log.
pub(super) async fn checked_heads(
    connection: &mut SqliteConnection,
    database: &Database,
) -> Result<BTreeMap<TenantId, Head>, OpenError> {
    let ends = ends(connection).await.map_err(|error| database.refused(error))?;
    for End { tenant, first, size, anchor, .. } in &ends {
        if first.is_some_and(|first| first != 0) {
            return Err(
                database.corrupt(format!("the log of tenant {tenant} does not begin at #0"))
            );
        }
        if size < anchor {
            return Err(database.corrupt(format!(
                "the log of tenant {tenant} had {anchor} records, \
                and the last one is the {size}th now"
            )));
        }
    }
    let last = ends.iter().map(|end| end.number).max().unwrap_or(0);
    let stray = sqlx::query("SELECT max(key) FROM log_entry")
        .fetch_one(connection)
        .await
        .and_then(|row| row.try_get::<Option<i64>, _>(0));
    if stray
        .map_err(|error| database.refused(error))?
        .is_some_and(|key| key >> POSITION_BITS > last)
    {
        return Err(database.corrupt("there are records of a tenant that has no head"));
    }
    Ok(ends
        .into_iter()
        .map(|end| (end.tenant, Head { number: end.number, size: end.size }))
        .collect())
}

/// Updates the anchors to the heads; true if one changed.
pub(super) async fn move_anchors(
    connection: &mut SqliteConnection,
    heads: &BTreeMap<TenantId, Head>,
) -> Result<bool, sqlx::Error> {
    let mut moved = false;
    for head in heads.values() {
        let update = sqlx::query("UPDATE log_tenant SET size = ? WHERE number = ? AND size < ?");
        let size = head.size as i64;
        moved |= update
            .bind(size)
            .bind(head.number)
            .bind(size)
            .execute(&mut *connection)
            .await?
            .rows_affected()
            > 0;
    }
    Ok(moved)
}
