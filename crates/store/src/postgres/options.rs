//! How a database is reached.

use super::PostgresError;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use std::{fmt, net::IpAddr, path::PathBuf, str::FromStr, time::Duration};

/// Maximum connections of a store, without the one that waits for notifications.
pub const DEFAULT_POOL_SIZE: u32 = 10;
/// Time to wait for a connection: a new one, or a free one of the pool.
pub const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Maximum time of a statement.
pub const DEFAULT_STATEMENT_TIMEOUT: Duration = Duration::from_secs(10);
/// Time between two polls for appends of other nodes, for when their notification is lost.
pub const DEFAULT_POLL_INTERVAL: Duration = Duration::from_secs(1);

/// Options of a connected store. No output of it has the password.
#[derive(Clone)]
pub struct PostgresOptions {
    pub(super) connect: PgConnectOptions,
    /// Maximum connections, without the one that waits for notifications.
    pub pool_size: u32,
    /// Time to wait for a connection: a new one, or a free one of the pool.
    pub connect_timeout: Duration,
    /// Maximum time of a statement. A request ends after `connect_timeout`, this time and a second
    /// at the latest.
    pub statement_timeout: Duration,
    /// Time between two polls for appends of other nodes, for when their notification is lost.
    pub poll_interval: Duration,
}

/// Whether the connection is encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tls {
    /// Not at all: for a Unix socket or the loopback interface only.
    Disabled,
    /// With a certificate that is valid for the host (PostgreSQL's `verify-full`).
    Verified {
        /// Certificate authorities (PEM) that are trusted beside the public ones.
        ca_file: Option<PathBuf>,
    },
}

impl fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresOptions")
            .field("server", &self.server())
            .field("pool_size", &self.pool_size)
            .field("connect_timeout", &self.connect_timeout)
            .field("statement_timeout", &self.statement_timeout)
            .field("poll_interval", &self.poll_interval)
            .finish_non_exhaustive()
    }
}

impl PostgresOptions {
    /// Of a URL `postgres://user:password@host:port/database`; a Unix socket is
    /// `postgres://user@localhost/database?host=/run/postgresql`. A `password`, such as one read
    /// from a file, replaces that of the URL.
    ///
    /// # Errors
    /// [`PostgresError::Url`], [`PostgresError::Tls`].
    pub fn new(url: &str, password: Option<&str>, tls: &Tls) -> Result<Self, PostgresError> {
        let refused = |what: &str| PostgresError::Url { what: what.to_owned() };
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(refused("it begins with postgres:// or postgresql://"));
        }
        // TLS has one setting, outside of the URL: two could contradict each other.
        let parameters = url.split_once('?').map_or("", |(_, parameters)| parameters);
        if parameters.split('&').any(|parameter| parameter.starts_with("ssl")) {
            return Err(refused("it has no ssl parameters: TLS has a setting of its own"));
        }
        // The parser's own errors may quote the URL, with the password.
        let mut connect = PgConnectOptions::from_str(url)
            .map_err(|_| refused("it has the form postgres://user:password@host:port/database"))?;
        if let Some(password) = password {
            connect = connect.password(password);
        }
        let connect = match tls {
            Tls::Disabled if !is_local(&connect) => {
                return Err(PostgresError::Tls { host: connect.get_host().to_owned() });
            }
            Tls::Disabled => connect.ssl_mode(PgSslMode::Disable),
            Tls::Verified { ca_file } => {
                let connect = connect.ssl_mode(PgSslMode::VerifyFull);
                match ca_file {
                    Some(file) => connect.ssl_root_cert(file),
                    None => connect,
                }
            }
        };
        Ok(Self {
            connect,
            pool_size: DEFAULT_POOL_SIZE,
            connect_timeout: DEFAULT_CONNECT_TIMEOUT,
            statement_timeout: DEFAULT_STATEMENT_TIMEOUT,
            poll_interval: DEFAULT_POLL_INTERVAL,
        })
    }

    /// The server and the database, for messages.
    #[must_use]
    pub fn server(&self) -> String {
        let (connect, database) = (&self.connect, self.connect.get_database().unwrap_or_default());
        match connect.get_socket() {
            Some(socket) => format!("{}/{database}", socket.display()),
            None => format!("{}:{}/{database}", connect.get_host(), connect.get_port()),
        }
    }

    /// Another database of the same server.
    #[must_use]
    pub fn database(&self, name: &str) -> Self {
        Self { connect: self.connect.clone().database(name), ..self.clone() }
    }

    /// With the rights of this role, which the login is a member of, in each session.
    #[must_use]
    pub fn role(&self, name: &str) -> Self {
        Self { connect: self.connect.clone().options([("role", name)]), ..self.clone() }
    }

    /// A connection for statements that belong to no store, with the settings of the server.
    #[must_use]
    pub fn plain_connection(&self) -> PgConnectOptions {
        self.connect.clone()
    }

    /// With the settings of each session that stores depend on.
    pub(super) fn session(&self) -> PgConnectOptions {
        self.connect.clone().application_name("claimledger").options([
            ("search_path", "claimledger".to_owned()),
            ("statement_timeout", self.statement_timeout.as_millis().to_string()),
            // A connection that was cut while a transaction was open must not hold its locks.
            ("idle_in_transaction_session_timeout", "10000".to_owned()),
            ("default_transaction_isolation", "read committed".to_owned()),
        ])
    }

    /// With the settings of a migration: without a time limit.
    pub(super) fn migration(&self) -> PgConnectOptions {
        self.connect
            .clone()
            .application_name("claimledger migration")
            .options([("statement_timeout", "0")])
    }

    /// The maximum time of a request.
    pub(super) fn request_timeout(&self) -> Duration {
        // The server's own limit comes first, so that its answer usually arrives.
        self.connect_timeout + self.statement_timeout + Duration::from_secs(1)
    }
}

fn is_local(connect: &PgConnectOptions) -> bool {
    let host = connect.get_host();
    // An address of IPv6 is in brackets in a URL.
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    connect.get_socket().is_some()
        || host.starts_with('/')
        || host == "localhost"
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(url: &str, tls: &Tls) -> Result<PostgresOptions, PostgresError> {
        PostgresOptions::new(url, None, tls)
    }

    #[test]
    fn without_tls_only_this_machine_is_reached() {
        for url in [
            "postgres://me:word@localhost/ledger",
            "postgres://me:word@127.0.0.1:5433/ledger",
            "postgres://me:word@[::1]/ledger",
            "postgres://me@localhost/ledger?host=/run/postgresql",
        ] {
            made(url, &Tls::Disabled).unwrap();
        }
        for url in ["postgres://me:word@db.example/ledger", "postgresql://me:word@10.0.0.7/ledger"]
        {
            let refused = made(url, &Tls::Disabled).unwrap_err().to_string();
            assert!(refused.contains("TLS") && !refused.contains("word"), "{refused}");
            made(url, &Tls::Verified { ca_file: None }).unwrap();
        }
    }

    #[test]
    fn tls_has_one_setting() {
        let url = "postgres://me:word@db.example/ledger?sslmode=disable";
        let refused = made(url, &Tls::Verified { ca_file: None }).unwrap_err().to_string();
        assert!(refused.contains("ssl parameters"), "{refused}");
    }

    #[test]
    fn another_database_and_a_role_change_nothing_else() {
        let options = made("postgres://me:word@localhost:5433/ledger", &Tls::Disabled).unwrap();
        let other = options.database("scratch").role("claimledger_writer");
        assert_eq!(other.server(), "localhost:5433/scratch");
        let session = other.session();
        assert_eq!(session.get_username(), "me");
        let settings = session.get_options().unwrap();
        assert!(settings.starts_with("-c role=claimledger_writer "), "{settings}");
        assert!(settings.contains("-c search_path=claimledger "), "{settings}");
        assert_eq!(options.plain_connection().get_options(), None);
    }

    #[test]
    fn no_text_has_the_password() {
        let options = made("postgres://me:s3cret@localhost:99999/ledger", &Tls::Disabled);
        let refused = format!("{options:?} {}", options.as_ref().unwrap_err());
        assert!(!refused.contains("s3cret"), "{refused}");
        let options = PostgresOptions::new(
            "postgres://me:s3cret@localhost/ledger",
            Some("s3cond"),
            &Tls::Disabled,
        );
        let options = format!("{:?}", options.unwrap());
        assert!(!options.contains("s3cret") && !options.contains("s3cond"), "{options}");
        assert!(options.contains("localhost:5432/ledger"), "{options}");
    }
}
