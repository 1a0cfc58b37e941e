//! The tables: made and migrated by the owner, in a step of its own.

use super::{PostgresError, PostgresOptions};
use sqlx::{
    AssertSqlSafe, Connection, Executor, PgConnection, Row, SqlSafeStr,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
};
use std::{borrow::Cow, cmp::Ordering};

/// The command that migrates, for messages.
const COMMAND: &str = "run `claimledger database migrate` of this version first";

const ROLES: &str = include_str!("../../../../migrations/postgres/roles.sql");
const LOG: &str = include_str!("../../../../migrations/postgres/0001_log.sql");
const KEYS: &str = include_str!("../../../../migrations/postgres/0003_keys.sql");
const STATE: &str = include_str!("../../../../migrations/postgres/0004_state_and_checkpoints.sql");

/// The version of the tables that this program needs.
pub(super) const VERSION: i64 = 4;

fn migrations() -> Vec<Migration> {
    let access = LOG.replace("log_", "access_");
    [(1, "log", LOG.to_owned()), (2, "access", access), (3, "keys", KEYS.to_owned())]
        .into_iter()
        .chain([(VERSION, "state and checkpoints", STATE.to_owned())])
        .map(|(version, name, sql)| {
            let sql = AssertSqlSafe(sql).into_sql_str();
            Migration::new(version, Cow::Borrowed(name), MigrationType::Simple, sql, false)
        })
        .collect()
}

/// Makes the group roles, the schema and the tables, or migrates them to this version. The login
/// is the owner or an administrator: one that may create roles and schemas. Changes nothing when
/// the tables have this version.
///
/// # Errors
/// See [`PostgresError`].
pub async fn migrate(options: &PostgresOptions) -> Result<(), PostgresError> {
    let server = options.server();
    let refused = |error| PostgresError::database(&server, error);
    let mut connection = PgConnection::connect_with(&options.migration()).await.map_err(refused)?;
    connection.execute(ROLES).await.map_err(refused)?;
    // The group owns the tables, whichever login migrates.
    connection
        .execute("SET ROLE claimledger_owner; SET search_path = claimledger")
        .await
        .map_err(refused)?;
    let migrated = Migrator::with_migrations(migrations()).run(&mut connection).await;
    migrated.map_err(|error| match error {
        MigrateError::VersionMissing(found) => other_version(&server, found),
        MigrateError::VersionMismatch(version) => PostgresError::Tables {
            server: server.clone(),
            what: format!("step {version} of another program made them"),
        },
        MigrateError::Dirty(version) => PostgresError::Tables {
            server: server.clone(),
            what: format!("step {version} of making them was not finished"),
        },
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => refused(error),
        other => PostgresError::Database { server: server.clone(), source: Box::new(other) },
    })?;
    connection
        .execute(
            "GRANT USAGE ON SCHEMA claimledger TO claimledger_writer, claimledger_reader; \
                  GRANT SELECT ON _sqlx_migrations TO claimledger_writer, claimledger_reader",
        )
        .await
        .map_err(refused)?;
    connection.close().await.map_err(refused)
}

/// Compares the version of the tables with that of this program.
pub(super) async fn check_version(
    connection: &mut PgConnection,
    server: &str,
) -> Result<(), PostgresError> {
    let found = version(connection).await;
    match found.map_err(|error| PostgresError::database(server, error))? {
        VERSION => Ok(()),
        found => Err(other_version(server, found)),
    }
}

/// The version of the tables; 0: there are none.
pub(super) async fn version(connection: &mut PgConnection) -> Result<i64, sqlx::Error> {
    // From the catalog, which every login may read: `to_regclass` needs a right to the schema.
    let exists = "SELECT EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = \
                  c.relnamespace WHERE n.nspname = 'claimledger' AND c.relname = \
                  '_sqlx_migrations')";
    let exists: bool = sqlx::query(exists).fetch_one(&mut *connection).await?.get(0);
    if !exists {
        return Ok(0);
    }
    let version = "SELECT coalesce(max(version), 0) FROM claimledger._sqlx_migrations WHERE \
                   success";
    sqlx::query(version).fetch_one(connection).await?.try_get(0)
}

fn other_version(server: &str, found: i64) -> PostgresError {
    let remedy = match found.cmp(&VERSION) {
        Ordering::Greater => "use the newer version of this program that migrated it",
        _ => COMMAND,
    };
    PostgresError::SchemaVersion { server: server.to_owned(), found, needed: VERSION, remedy }
}
