//! The Merkle tree of each log in tiles, in the file `tree`.

use super::{
    OpenError, connect::Files, failure::DamagedRow, owner::Owner, side_file::SideFile,
    writer::Migrations,
};
use async_trait::async_trait;
use claimledger_facts::{
    ids::{LogSize, TenantId},
    record::Digest32,
};
use claimledger_ledger::{
    log::LogError,
    tree::{TileRow, TileStore, TreeRow},
};
use sqlx::{Connection, Row, SqliteConnection, sqlite::SqliteRow};
use std::sync::Arc;

const MIGRATIONS: Migrations =
    &[(1, "tree", include_str!("../../../../migrations/sqlite/tree/0001_tree.sql"))];

const FILE: &str = "tree";
const BEGIN: &str = "BEGIN IMMEDIATE";

/// The trees of all tenants.
pub struct SqliteTiles(SideFile);

impl SqliteTiles {
    pub(super) async fn open(files: &Files, owner: &Arc<Owner>) -> Result<Self, OpenError> {
        SideFile::open(FILE, files.tree(), MIGRATIONS, owner).await.map(Self)
    }

    /// Opens the file for reading only, with the reason.
    pub(super) async fn open_for_reading(files: &Files, owner: &Arc<Owner>, why: &str) -> Self {
        Self(SideFile::open_for_reading(FILE, files.tree(), MIGRATIONS, owner, why).await)
    }
}

#[async_trait]
impl TileStore for SqliteTiles {
    async fn tree(&self, tenant: &TenantId) -> Result<Option<TreeRow>, LogError> {
        let Some(mut connection) = self.0.reader().await? else { return Ok(None) };
        stored(&mut connection, tenant).await.map_err(|error| self.0.read_failed(error))
    }

    async fn tile(
        &self,
        tenant: &TenantId,
        level: u8,
        number: u64,
    ) -> Result<Option<Vec<u8>>, LogError> {
        let Some(mut connection) = self.0.reader().await? else { return Ok(None) };
        let read = |error| self.0.read_failed(error);
        let sql = "SELECT tenant, level, number, hashes, sum FROM tile WHERE tenant = ? AND level \
                   = ? AND number = ?";
        let query = sqlx::query(sql).bind(tenant.as_str()).bind(level).bind(signed(number));
        let row = query.fetch_optional(&mut *connection).await.map_err(read)?;
        row.map(|row| tile(&row, tenant)).transpose().map_err(read)
    }

    async fn extend(
        &self,
        tenant: &TenantId,
        expected: LogSize,
        tiles: &[TileRow],
        tree: TreeRow,
    ) -> Result<bool, LogError> {
        let written = self.0.write(async |writer| {
            let mut transaction = writer.begin_with(BEGIN).await?;
            let current = stored(&mut transaction, tenant).await?;
            if current.map_or(LogSize(0), |tree| tree.size) != expected {
                return Ok(false);
            }
            for tile in tiles {
                put_tile(&mut transaction, tenant, tile).await?;
            }
            put_tree(&mut transaction, tenant, tree).await?;
            transaction.commit().await?;
            Ok(true)
        });
        written.await
    }

    async fn clear(&self, tenant: &TenantId) -> Result<(), LogError> {
        let written = self.0.write(async |writer| {
            let mut transaction = writer.begin_with(BEGIN).await?;
            for sql in ["DELETE FROM tree WHERE tenant = ?", "DELETE FROM tile WHERE tenant = ?"] {
                sqlx::query(sql).bind(tenant.as_str()).execute(&mut *transaction).await?;
            }
            transaction.commit().await
        });
        written.await
    }

    async fn check(&self) -> Result<(), LogError> {
        let Some(mut connection) = self.0.checked().await? else { return Ok(()) };
        let read = |error| self.0.read_failed(error);
        let trees = sqlx::query("SELECT tenant, size, root, sum FROM tree ORDER BY tenant");
        for row in trees.fetch_all(&mut *connection).await.map_err(read)? {
            tree(&row).map_err(read)?;
        }
        let last = sqlx::query("SELECT max(rowid) FROM tile").fetch_one(&mut *connection).await;
        let last: Option<i64> = last.and_then(|row| row.try_get(0)).map_err(read)?;
        let mut next = i64::MIN;
        while last.is_some_and(|last| next <= last) {
            let sql = "SELECT tenant, level, number, hashes, sum, rowid FROM tile WHERE rowid >= ? \
                       ORDER BY rowid LIMIT 256";
            let rows = sqlx::query(sql).bind(next).fetch_all(&mut *connection).await;
            let rows = rows.map_err(read)?;
            for row in &rows {
                let tenant = TenantId::new(row.try_get::<String, _>(0).map_err(read)?);
                tile(row, &tenant).map_err(read)?;
            }
            let Some(row) = rows.last() else { break };
            next = row.try_get::<i64, _>(5).map_err(read)?.saturating_add(1);
        }
        Ok(())
    }
}

async fn stored(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
) -> Result<Option<TreeRow>, sqlx::Error> {
    let query = sqlx::query("SELECT tenant, size, root, sum FROM tree WHERE tenant = ?");
    let row = query.bind(tenant.as_str()).fetch_optional(connection).await?;
    row.map(|row| tree(&row)).transpose()
}

fn damaged(place: String) -> sqlx::Error {
    DamagedRow { place, what: "it does not match its checksum".to_owned() }.into()
}

/// A row of `tree`, compared with its checksum.
fn tree(row: &SqliteRow) -> Result<TreeRow, sqlx::Error> {
    let (tenant, size): (String, i64) = (row.try_get(0)?, row.try_get(1)?);
    let root: Vec<u8> = row.try_get(2)?;
    let damaged = || damaged(format!("tree, {tenant}"));
    let tree = TreeRow {
        size: LogSize(u64::try_from(size).map_err(|_| damaged())?),
        root: Digest32(root.try_into().map_err(|_| damaged())?),
    };
    if row.try_get::<i64, _>(3)? != i64::from(tree_sum(&TenantId::new(tenant.clone()), tree)) {
        return Err(damaged());
    }
    Ok(tree)
}

/// The hashes of a row of `tile`, compared with its checksum.
fn tile(row: &SqliteRow, tenant: &TenantId) -> Result<Vec<u8>, sqlx::Error> {
    let (level, number): (i64, i64) = (row.try_get(1)?, row.try_get(2)?);
    let hashes: Vec<u8> = row.try_get(3)?;
    if row.try_get::<i64, _>(4)? != i64::from(tile_sum(tenant, level, number, &hashes)) {
        return Err(damaged(format!("tile, {tenant}, level {level}, number {number}")));
    }
    Ok(hashes)
}

async fn put_tile(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
    tile: &TileRow,
) -> Result<(), sqlx::Error> {
    let sql = "INSERT INTO tile (tenant, level, number, hashes, sum) VALUES (?, ?, ?, ?, ?) ON \
               CONFLICT (tenant, level, number) DO UPDATE SET hashes = excluded.hashes, sum = \
               excluded.sum";
    let (level, number) = (i64::from(tile.level), signed(tile.number));
    sqlx::query(sql)
        .bind(tenant.as_str())
        .bind(level)
        .bind(number)
        .bind(tile.hashes.as_slice())
        .bind(i64::from(tile_sum(tenant, level, number, &tile.hashes)))
        .execute(connection)
        .await
        .map(drop)
}

async fn put_tree(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
    tree: TreeRow,
) -> Result<(), sqlx::Error> {
    let sql = "INSERT INTO tree (tenant, size, root, sum) VALUES (?, ?, ?, ?) ON CONFLICT (tenant) \
               DO UPDATE SET size = excluded.size, root = excluded.root, sum = excluded.sum";
    sqlx::query(sql)
        .bind(tenant.as_str())
        .bind(signed(tree.size.0))
        .bind(tree.root.0.as_slice())
        .bind(i64::from(tree_sum(tenant, tree)))
        .execute(connection)
        .await
        .map(drop)
}

/// As SQLite stores it. Trees have fewer than 2^63 leaves.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn tree_sum(tenant: &TenantId, tree: TreeRow) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(tenant.as_str().as_bytes());
    crc.update(&[0]);
    crc.update(&tree.size.0.to_le_bytes());
    crc.update(&tree.root.0);
    crc.finalize()
}

fn tile_sum(tenant: &TenantId, level: i64, number: i64, hashes: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(tenant.as_str().as_bytes());
    crc.update(&[0]);
    crc.update(&level.to_le_bytes());
    crc.update(&number.to_le_bytes());
    crc.update(hashes);
    crc.finalize()
}
