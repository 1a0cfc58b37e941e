//! What is checked of a file as a whole: the texts of its tables, by their checksum, and its pages.

use super::failure::DamagedRow;
use sqlx::{Row, SqliteConnection};

// After a change of `migrations` the error contains the new value.
pub(super) const LOG_SCHEMA: u32 = 0xa4d3_b3f2;
pub(super) const KEYS_SCHEMA: u32 = 0xe02b_4336;
pub(super) const STATE_SCHEMA: u32 = 0x4366_6beb;
pub(super) const CHECKPOINTS_SCHEMA: u32 = 0x1b49_f9eb;
pub(super) const TREE_SCHEMA: u32 = 0xeb27_5a4f;
pub(super) const ACCESS_INDEX_SCHEMA: u32 = 0x5d9c_912c;
pub(super) const VIEWS_SCHEMA: u32 = 0x0359_6821;

/// A checksum of the SQL that SQLite stores for tables, indexes and triggers. A flipped bit there
/// renames a column or disables a trigger without making a page malformed.
pub(super) async fn schema(connection: &mut SqliteConnection) -> Result<u32, sqlx::Error> {
    let sql = "SELECT type || ' ' || name || ' ' || tbl_name || ' ' || coalesce(sql, '') FROM \
               sqlite_schema ORDER BY type, name";
    let mut crc = crc32fast::Hasher::new();
    for row in sqlx::query(sql).fetch_all(connection).await? {
        crc.update(row.try_get::<&str, _>(0)?.as_bytes());
    }
    Ok(crc.finalize())
}

/// Runs SQLite's integrity check: page references, and whether each index matches its table.
pub(super) async fn check_pages(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let found: String =
        sqlx::query("PRAGMA integrity_check(1)").fetch_one(connection).await?.try_get(0)?;
    if found == "ok" {
        Ok(())
    } else {
        Err(DamagedRow { place: "pages".to_owned(), what: found }.into())
    }
}
