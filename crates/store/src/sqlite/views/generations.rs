//! Which generations a tenant has, and which of them is asked.

use super::place_code;
use claimledger_facts::ids::{LogSize, TenantId};
use claimledger_ledger::generations::{Generation, Generations, MadeBy, Place};
use sqlx::{Connection, Row, SqliteConnection};

/// The numbers of a tenant's two generations, both at one size.
#[derive(Clone, Copy, Debug)]
pub(super) struct Both {
    pub(super) live: i64,
    pub(super) shadow: i64,
    pub(super) covered: i64,
}

/// A tenant's generations.
pub(super) async fn all(connection: &mut SqliteConnection, tenant: &TenantId) -> Result<Generations, sqlx::Error> {
    let query = sqlx::query("SELECT place, number, views, rules, covered, report FROM generation WHERE tenant = ? AND place IS NOT NULL");
    let mut found = Generations::default();
    for row in query.bind(tenant.as_str()).fetch_all(connection).await? {
        let generation = Generation {
            number: row.try_get::<i64, _>(1)? as u64,
            made_by: MadeBy { views: row.try_get(2)?, rules: row.try_get(3)? },
            covered: LogSize(row.try_get::<i64, _>(4)? as u64),
            report: row.try_get(5)?,
        };
        let place = if row.try_get::<i64, _>(0)? == place_code(Place::Live) { &mut found.live } else { &mut found.shadow };
        *place = Some(generation);
    }
    Ok(found)
}

/// Both, if there are two at one size.
pub(super) async fn both(connection: &mut SqliteConnection, tenant: &TenantId) -> Result<Option<Both>, sqlx::Error> {
    let sql = "SELECT live.number, shadow.number, live.covered FROM generation live JOIN generation shadow ON shadow.tenant = live.tenant
               WHERE live.tenant = ? AND live.place = ? AND shadow.place = ? AND live.covered = shadow.covered";
    let query = sqlx::query(sql).bind(tenant.as_str()).bind(place_code(Place::Live)).bind(place_code(Place::Shadow));
    let row = query.fetch_optional(connection).await?;
    row.map(|row| Ok(Both { live: row.try_get(0)?, shadow: row.try_get(1)?, covered: row.try_get(2)? })).transpose()
}

/// A new generation without rows; its number.
pub(super) async fn begin(connection: &mut SqliteConnection, tenant: &TenantId, place: Place, made_by: &MadeBy) -> Result<i64, sqlx::Error> {
    let insert = sqlx::query("INSERT INTO generation (tenant, place, views, rules) VALUES (?, ?, ?, ?)");
    let insert = insert.bind(tenant.as_str()).bind(place_code(place)).bind(made_by.views.as_str()).bind(made_by.rules.as_str());
    Ok(insert.execute(connection).await?.last_insert_rowid())
}

/// A new generation without rows; of a live one that is there only what made it changes.
pub(super) async fn begin_or_relabel(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
    place: Place,
    made_by: &MadeBy,
) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    match place {
        Place::Live => {
            let relabel = sqlx::query("UPDATE generation SET views = ?, rules = ? WHERE tenant = ? AND place = ?");
            let relabel = relabel.bind(made_by.views.as_str()).bind(made_by.rules.as_str()).bind(tenant.as_str()).bind(place_code(place));
            if relabel.execute(&mut *transaction).await?.rows_affected() == 0 {
                begin(&mut transaction, tenant, place, made_by).await?;
            }
        }
        Place::Shadow => {
            abandon_shadow(&mut transaction, tenant).await?;
            begin(&mut transaction, tenant, place, made_by).await?;
        }
    }
    transaction.commit().await
}

/// Takes the shadow out of use.
pub(super) async fn abandon_shadow(connection: &mut SqliteConnection, tenant: &TenantId) -> Result<(), sqlx::Error> {
    let query = sqlx::query("UPDATE generation SET place = NULL WHERE tenant = ? AND place = ?");
    query.bind(tenant.as_str()).bind(place_code(Place::Shadow)).execute(connection).await.map(|_| ())
}

/// Puts the shadow in the live one's place. False, and nothing changes, if there are not two at this size.
pub(super) async fn switch(connection: &mut SqliteConnection, tenant: &TenantId, at: LogSize, report: &str) -> Result<bool, sqlx::Error> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let Some(both) = both(&mut transaction, tenant).await?.filter(|both| both.covered as u64 == at.0) else {
        transaction.rollback().await?;
        return Ok(false);
    };
    sqlx::query("UPDATE generation SET place = NULL WHERE number = ?").bind(both.live).execute(&mut *transaction).await?;
    let to_live = sqlx::query("UPDATE generation SET place = ?, report = ? WHERE number = ?");
    to_live.bind(place_code(Place::Live)).bind(report).bind(both.shadow).execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(true)
}
