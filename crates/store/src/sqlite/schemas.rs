//! The texts of all tables, by their checksums: the expected ones, and those of a file.

use sqlx::{Row, SqliteConnection};

// After a change of `migrations` the error contains the new value.
pub(super) const LOG_SCHEMA: u32 = 0xa4d3_b3f2;
pub(super) const KEYS_SCHEMA: u32 = 0xe02b_4336;
pub(super) const STATE_SCHEMA: u32 = 0x4366_6beb;
pub(super) const CHECKPOINTS_SCHEMA: u32 = 0x1b49_f9eb;
pub(super) const TREE_SCHEMA: u32 = 0xeb27_5a4f;
pub(super) const ACCESS_INDEX_SCHEMA: u32 = 0x5d9c_912c;
pub(super) const VIEWS_SCHEMA: u32 = 0x894e_77d9;

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
