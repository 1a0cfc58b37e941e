//! What an operator wants to know of a database, without refusing it at the first thing that is
//! wrong.

use super::{
    PostgresError, PostgresOptions,
    migrate::{VERSION, version},
    settings::{MIN_SERVER_VERSION, ServerSettings, Setting},
};
use claimledger_ledger::clock::Clock;
use sqlx::{Connection, PgConnection, Row};

/// The code of a right that is missing.
const INSUFFICIENT_PRIVILEGE: &str = "42501";

/// What was found.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// The version of the server, as it prints it.
    pub server_version: String,
    /// Whether that version is supported.
    pub is_supported: bool,
    /// The settings that durability depends on.
    pub settings: Vec<Setting>,
    /// The version of the tables; 0: there are none. None: this login may not read it.
    pub tables: Option<i64>,
    /// The version of the tables that this program needs.
    pub tables_needed: i64,
    /// What the login may do.
    pub login: Login,
    /// How far the clocks are apart.
    pub skew: Skew,
    /// Whether the connection is encrypted.
    pub is_encrypted: bool,
    /// Bytes of the database on the server's disk.
    pub size_bytes: u64,
}

/// A login of the database.
#[derive(Clone, Debug)]
pub struct Login {
    /// Its name.
    pub name: String,
    /// Whether it may append.
    pub may_write: bool,
    /// Whether it may alter tables and triggers: it owns them, is a member of their owner, or is a
    /// superuser.
    pub may_alter: bool,
}

/// How far the database's clock is from this machine's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Skew {
    /// Microseconds by which the database's clock is ahead; negative: behind.
    pub micros: i64,
    /// Microseconds by which that may be wrong: half of the time that the answer took.
    pub uncertainty_micros: i64,
}

/// Connects once, changes nothing, and says what is there.
///
/// # Errors
/// [`PostgresError::Database`]: the server did not answer, or refused the login.
pub async fn inspect(
    options: &PostgresOptions,
    clock: &dyn Clock,
) -> Result<Inspection, PostgresError> {
    let server = options.server();
    let refused = |error| PostgresError::database(&server, error);
    let inspected = tokio::time::timeout(options.request_timeout(), async {
        let mut connection = PgConnection::connect_with(&options.session()).await?;
        let found = of(&mut connection, clock).await?;
        let _ = connection.close().await;
        Ok(found)
    });
    let late = |_| Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into());
    inspected.await.unwrap_or_else(late).map_err(refused)
}

async fn of(connection: &mut PgConnection, clock: &dyn Clock) -> Result<Inspection, sqlx::Error> {
    const FACTS: &str = "SELECT coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = \
        pg_backend_pid()), false), pg_database_size(current_database())";
    let server = ServerSettings::read(connection).await?;
    let facts = sqlx::query(FACTS).fetch_one(&mut *connection).await?;
    Ok(Inspection {
        server_version: server.version,
        is_supported: server.major >= MIN_SERVER_VERSION,
        settings: server.settings,
        tables: readable_version(connection).await?,
        tables_needed: VERSION,
        login: login(connection).await?,
        skew: skew(connection, clock).await?,
        is_encrypted: facts.try_get(0)?,
        size_bytes: u64::try_from(facts.try_get::<i64, _>(1)?).unwrap_or_default(),
    })
}

async fn readable_version(connection: &mut PgConnection) -> Result<Option<i64>, sqlx::Error> {
    match version(connection).await {
        Err(sqlx::Error::Database(error))
            if error.code().as_deref() == Some(INSUFFICIENT_PRIVILEGE) =>
        {
            Ok(None)
        }
        found => found.map(Some),
    }
}

/// Of the login of this connection. Holds for a database without tables, too.
pub(super) async fn login(connection: &mut PgConnection) -> Result<Login, sqlx::Error> {
    const LOGIN: &str = "WITH t AS (SELECT c.* FROM pg_class c \
            JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'claimledger') \
        SELECT current_user::text, \
        EXISTS (SELECT 1 FROM t WHERE relname = 'log_entry' \
            AND has_schema_privilege(relnamespace, 'USAGE') \
            AND has_table_privilege(oid, 'INSERT')), \
        EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'claimledger_owner' \
            AND pg_has_role(oid, 'MEMBER')) \
        OR EXISTS (SELECT 1 FROM t WHERE pg_has_role(relowner, 'MEMBER'))";
    let row = sqlx::query(LOGIN).fetch_one(connection).await?;
    Ok(Login { name: row.try_get(0)?, may_write: row.try_get(1)?, may_alter: row.try_get(2)? })
}

async fn skew(connection: &mut PgConnection, clock: &dyn Clock) -> Result<Skew, sqlx::Error> {
    const NOW: &str = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
    let before = clock.now().micros();
    let row = sqlx::query(NOW).fetch_one(connection).await?;
    let after = clock.now().micros();
    let there: i64 = row.try_get(0)?;
    let half = (after - before) / 2;
    Ok(Skew { micros: there - (before + half), uncertainty_micros: half.abs() })
}
