//! Why a database is not used.

/// Why a database was not connected or migrated. No text has the password.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    /// The URL has another form.
    #[error("the URL of the database is refused: {what}")]
    Url {
        /// The form that is expected.
        what: String,
    },
    /// TLS is disabled, and the server is not on this machine.
    #[error(
        "{host} is not this machine, so the connection to it needs TLS: disable it only for a \
             Unix socket or the loopback interface"
    )]
    Tls {
        /// The host.
        host: String,
    },
    /// The server did not answer, or refused the connection or a statement.
    #[error("the database {server} could not be used")]
    Database {
        /// The server and the database.
        server: String,
        /// The error of the driver.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The server is older than is supported.
    #[error("the database {server} is PostgreSQL {found}; {needed} or newer is needed")]
    ServerVersion {
        /// The server and the database.
        server: String,
        /// Its version.
        found: String,
        /// The lowest supported major version.
        needed: u32,
    },
    /// A setting that durability depends on has another value.
    #[error(
        "the database {server} has {setting} = {found}, and {needed} is needed: an \
             acknowledged record could be lost"
    )]
    Setting {
        /// The server and the database.
        server: String,
        /// The setting.
        setting: &'static str,
        /// Its value.
        found: String,
        /// What is needed.
        needed: &'static str,
    },
    /// The tables are of another version.
    #[error(
        "the database {server} has tables of version {found}, and this program needs version \
             {needed}: {remedy}"
    )]
    SchemaVersion {
        /// The server and the database.
        server: String,
        /// The version of its tables; 0: it has none.
        found: i64,
        /// The version that this program needs.
        needed: i64,
        /// What to do.
        remedy: &'static str,
    },
    /// The tables were changed by something else.
    #[error("the tables of the database {server} were not made by this program: {what}")]
    Tables {
        /// The server and the database.
        server: String,
        /// What was found.
        what: String,
    },
    /// The login is no member of a group role.
    #[error(
        "the login {login} may not write to the database {server}: run `GRANT \
             claimledger_writer TO {login}` as an administrator"
    )]
    NoWriter {
        /// The server and the database.
        server: String,
        /// The login.
        login: String,
    },
}

impl PostgresError {
    pub(super) fn database(server: &str, source: sqlx::Error) -> Self {
        Self::Database { server: server.to_owned(), source: Box::new(source) }
    }
}
