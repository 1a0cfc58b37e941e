//! Databases of one benchmark on a PostgreSQL server: created, and dropped at its end.
//!
//! Records are never deleted from a ledger's tables, so a benchmark cannot clean up inside of a
//! database that holds others. It creates databases instead, and touches nothing in those that it
//! found.

use crate::exit_status::usage;
use anyhow::{Context, Result};
use claimledger_store::postgres::{self, PostgresOptions};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection, Executor, PgConnection};

/// The rights of a node's login.
const NODE_ROLE: &str = "claimledger_writer";
/// Settings that a figure depends on.
const SETTINGS: [&str; 13] = [
    "checkpoint_timeout",
    "commit_delay",
    "fsync",
    "full_page_writes",
    "max_connections",
    "max_wal_size",
    "shared_buffers",
    "synchronous_commit",
    "synchronous_standby_names",
    "wal_buffers",
    "wal_compression",
    "wal_level",
    "wal_sync_method",
];

/// Databases of this process on one server.
pub(crate) struct ScratchDatabases {
    server: PostgresOptions,
    connection: PgConnection,
    /// Those that are not dropped yet.
    names: Vec<String>,
    count: usize,
}

/// The server that a figure is from.
#[derive(Debug)]
pub(crate) struct About {
    /// Its version.
    pub(crate) version: String,
    /// Names and values.
    pub(crate) settings: Vec<(String, String)>,
}

impl ScratchDatabases {
    /// Connects to a server. The login may create databases and roles: it is a superuser.
    ///
    /// # Errors
    /// Refuses a database that holds a ledger: measuring would slow down its nodes.
    pub(crate) async fn connect(server: &PostgresOptions) -> Result<Self> {
        let what = || format!("the database {}", server.server());
        // Databases are created and dropped outside of what is measured: how long takes no notice.
        let options = server.plain_connection().application_name("claimledger bench");
        let options = options.disable_statement_logging();
        let mut connection = PgConnection::connect_with(&options).await.with_context(what)?;
        let tenants = tenants(&mut connection).await.with_context(what)?;
        if tenants > 0 {
            return Err(usage(format!(
                "{} holds a ledger ({tenants} tenants): measure on a server of its own, such as \
                 the one that scripts/bench-postgres.sh starts",
                what()
            )));
        }
        Ok(Self { server: server.clone(), connection, names: Vec::new(), count: 0 })
    }

    /// The server's version, and the settings that figures depend on.
    pub(crate) async fn about(&mut self) -> Result<About> {
        let version = sqlx::query_scalar("SELECT current_setting('server_version')")
            .fetch_one(&mut self.connection)
            .await?;
        let settings = sqlx::query_as(
            "SELECT name, current_setting(name) FROM pg_settings WHERE name = ANY($1) ORDER BY 1",
        )
        .bind(SETTINGS.as_slice())
        .fetch_all(&mut self.connection)
        .await?;
        Ok(About { version, settings })
    }

    /// A new database without tables. What was written before is checkpointed, so that no
    /// measurement pays for the one before it.
    pub(crate) async fn empty(&mut self) -> Result<PostgresOptions> {
        let name = format!("claimledger_bench_{}_{}", std::process::id(), self.count);
        self.count += 1;
        self.run(format!("CREATE DATABASE {name}")).await?;
        self.names.push(name.clone());
        self.run("CHECKPOINT".to_owned()).await?;
        Ok(self.server.database(&name))
    }

    /// A new database with the tables of a ledger, to be used as a node uses it.
    pub(crate) async fn migrated(&mut self) -> Result<PostgresOptions> {
        let database = self.empty().await?;
        postgres::migrate(&database).await?;
        Ok(database.role(NODE_ROLE))
    }

    /// Drops all of them, with the connections that still use them.
    pub(crate) async fn drop_all(&mut self) -> Result<()> {
        while let Some(name) = self.names.last() {
            self.run(format!("DROP DATABASE {name} WITH (FORCE)")).await?;
            self.names.pop();
        }
        Ok(())
    }

    /// Runs a statement whose names are those of this type.
    async fn run(&mut self, sql: String) -> Result<()> {
        let what = sql.clone();
        self.connection.execute(AssertSqlSafe(sql)).await.with_context(|| what)?;
        Ok(())
    }
}

/// Tenants of the ledger in a database: 0 where there is none.
async fn tenants(connection: &mut PgConnection) -> Result<i64, sqlx::Error> {
    let has_tables: bool =
        sqlx::query_scalar("SELECT to_regclass('claimledger.log_head') IS NOT NULL")
            .fetch_one(&mut *connection)
            .await?;
    if !has_tables {
        return Ok(0);
    }
    sqlx::query_scalar("SELECT count(*) FROM claimledger.log_head").fetch_one(connection).await
}
