//! The generations of a tenant: live, shadow and retired ones.

use super::sums::{self, Tallies};
use crate::sqlite::failure::DamagedRow;
use claimledger_facts::{
    ids::{LogSize, TenantId},
    record::Digest32,
};
use claimledger_ledger::generations::{Generation, Generations, MadeBy, Place};
use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection, sqlite::SqliteRow};

/// A row of `generation`. Always read as a whole, to verify its checksum, and written as a whole.
#[derive(Clone, Debug)]
pub(super) struct GenerationRow {
    pub(super) number: i64,
    pub(super) tenant: String,
    /// None: retired.
    pub(super) place: Option<i64>,
    pub(super) made_by: MadeBy,
    pub(super) covered: i64,
    pub(super) last_leaf: Option<Digest32>,
    pub(super) report: Option<String>,
    pub(super) tallies: Tallies,
}

impl GenerationRow {
    pub(super) const COLUMNS: &'static str =
        "number, tenant, place, views, rules, covered, report, tallies, crc, last_leaf";

    /// A row of [`Self::COLUMNS`].
    pub(super) fn read(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        let tallies: &[u8] = row.try_get(7)?;
        let last_leaf: Option<&[u8]> = row.try_get(9)?;
        let last_leaf = last_leaf.map(<[u8; 32]>::try_from).transpose().map_err(|_| {
            damaged_row("generation", "the leaf of its last record has another length")
        })?;
        let generation = Self {
            number: row.try_get(0)?,
            tenant: row.try_get(1)?,
            place: row.try_get(2)?,
            made_by: MadeBy { views: row.try_get(3)?, rules: row.try_get(4)? },
            covered: row.try_get(5)?,
            last_leaf: last_leaf.map(Digest32),
            report: row.try_get(6)?,
            tallies: Tallies::from_bytes(tallies)
                .ok_or_else(|| damaged_row("generation", "the tallies have another length"))?,
        };
        sums::check(
            "generation",
            || generation.number.to_string(),
            row.try_get(8)?,
            generation.crc(),
        )?;
        Ok(generation)
    }

    fn crc(&self) -> i64 {
        let Self {
            number,
            tenant,
            place,
            made_by: MadeBy { views, rules },
            covered,
            last_leaf,
            report,
            tallies,
        } = self;
        sums::generation(
            [*number, place.unwrap_or(-1), *covered],
            [tenant, views, rules],
            report.as_deref(),
            &tallies.to_bytes(),
            last_leaf.as_ref().map(|leaf| leaf.0.as_slice()),
        )
    }

    /// Updates the columns that may change.
    pub(super) async fn save(&self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        let update = "UPDATE generation SET place = ?, views = ?, rules = ?, covered = ?, report = \
                      ?, tallies = ?, crc = ?, last_leaf = ? WHERE number = ? AND tenant = ?";
        let update = sqlx::query(update)
            .bind(self.place)
            .bind(self.made_by.views.as_str())
            .bind(self.made_by.rules.as_str())
            .bind(self.covered)
            .bind(self.report.as_deref())
            .bind(self.tallies.to_bytes())
            .bind(self.crc())
            .bind(self.last_leaf.as_ref().map(|leaf| leaf.0.as_slice()))
            .bind(self.number)
            .bind(self.tenant.as_str());
        update.execute(connection).await.map(|_| ())
    }

    fn named(self) -> Generation {
        Generation {
            number: self.number as u64,
            made_by: self.made_by,
            covered: LogSize(self.covered as u64),
            last_leaf: self.last_leaf,
            report: self.report,
        }
    }
}

pub(super) fn damaged_row(table: &str, what: &str) -> sqlx::Error {
    DamagedRow { place: table.to_owned(), what: what.to_owned() }.into()
}

/// Both generations of one size.
#[derive(Clone, Debug)]
pub(super) struct Both {
    pub(super) live: GenerationRow,
    pub(super) shadow: GenerationRow,
    pub(super) covered: i64,
}

/// The stored code of a place.
const fn place_code(place: Place) -> i64 {
    match place {
        Place::Live => 0,
        Place::Shadow => 1,
    }
}

/// The generation of a tenant in this place.
pub(super) async fn at(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
    place: Place,
) -> Result<Option<GenerationRow>, sqlx::Error> {
    let sql =
        format!("SELECT {} FROM generation WHERE tenant = ? AND place = ?", GenerationRow::COLUMNS);
    let query = sqlx::query(AssertSqlSafe(sql)).bind(tenant.as_str()).bind(place_code(place));
    query.fetch_optional(connection).await?.as_ref().map(GenerationRow::read).transpose()
}

/// A tenant's generations.
pub(super) async fn all(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
) -> Result<Generations, sqlx::Error> {
    let live = at(&mut *connection, tenant, Place::Live).await?;
    let shadow = at(connection, tenant, Place::Shadow).await?;
    Ok(Generations {
        live: live.map(GenerationRow::named),
        shadow: shadow.map(GenerationRow::named),
    })
}

/// Both, if there are two at one size.
pub(super) async fn both(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
) -> Result<Option<Both>, sqlx::Error> {
    let (live, shadow) = (
        at(&mut *connection, tenant, Place::Live).await?,
        at(connection, tenant, Place::Shadow).await?,
    );
    Ok(live
        .zip(shadow)
        .filter(|(live, shadow)| live.covered == shadow.covered)
        .map(|(live, shadow)| Both { covered: live.covered, live, shadow }))
}

/// A new generation without rows.
pub(super) async fn begin(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
    place: Place,
    made_by: &MadeBy,
) -> Result<GenerationRow, sqlx::Error> {
    let mut row = GenerationRow {
        number: 0,
        tenant: tenant.as_str().to_owned(),
        place: Some(place_code(place)),
        made_by: made_by.clone(),
        covered: 0,
        last_leaf: None,
        report: None,
        tallies: Tallies::default(),
    };
    let insert = sqlx::query(
        "INSERT INTO generation (tenant, place, views, rules, tallies, crc) VALUES (?, ?, ?, ?, ?, \
         0)",
    );
    let insert = insert
        .bind(tenant.as_str())
        .bind(row.place)
        .bind(made_by.views.as_str())
        .bind(made_by.rules.as_str());
    row.number =
        insert.bind(row.tallies.to_bytes()).execute(&mut *connection).await?.last_insert_rowid();
    // The checksum covers the number, which is known only now.
    row.save(connection).await?;
    Ok(row)
}

/// Begins an empty generation. Of an existing live one only `made_by` changes.
pub(super) async fn begin_or_relabel(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
    place: Place,
    made_by: &MadeBy,
) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    match (place, at(&mut transaction, tenant, place).await?) {
        (Place::Live, Some(mut live)) => {
            live.made_by = made_by.clone();
            live.save(&mut transaction).await?;
        }
        (Place::Shadow, Some(shadow)) => {
            put_out_of_use(&mut transaction, shadow).await?;
            begin(&mut transaction, tenant, place, made_by).await?;
        }
        (_, None) => drop(begin(&mut transaction, tenant, place, made_by).await?),
    }
    transaction.commit().await
}

/// Retires the shadow.
pub(super) async fn abandon_shadow(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    if let Some(shadow) = at(&mut transaction, tenant, Place::Shadow).await? {
        put_out_of_use(&mut transaction, shadow).await?;
    }
    transaction.commit().await
}

async fn put_out_of_use(
    connection: &mut SqliteConnection,
    mut generation: GenerationRow,
) -> Result<(), sqlx::Error> {
    generation.place = None;
    generation.save(connection).await
}

/// Makes the shadow live. False, without any change, if there are not two generations at this size.
pub(super) async fn switch(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
    at: LogSize,
    report: &str,
) -> Result<bool, sqlx::Error> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let Some(both) =
        both(&mut transaction, tenant).await?.filter(|both| both.covered as u64 == at.0)
    else {
        transaction.rollback().await?;
        return Ok(false);
    };
    let Both { live, mut shadow, .. } = both;
    put_out_of_use(&mut transaction, live).await?;
    shadow.place = Some(place_code(Place::Live));
    shadow.report = Some(report.to_owned());
    shadow.save(&mut transaction).await?;
    transaction.commit().await?;
    Ok(true)
}
