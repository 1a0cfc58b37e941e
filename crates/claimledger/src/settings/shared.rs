//! Where the engines are that several nodes share: `[database]` and `[log]` of the config file, and
//! the environment over them.

use crate::{engine::SharedEngines, exit_status::usage};
use anyhow::Result;
use claimledger_store::postgres::{PostgresError, PostgresOptions, Tls};
use std::path::{Path, PathBuf};

/// `[database]`: PostgreSQL.
#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DatabaseSection {
    /// `postgres://user@host/database`.
    url: Option<String>,
    /// A file with the URL.
    url_file: Option<PathBuf>,
    /// A file with the password, in place of that of the URL.
    password_file: Option<PathBuf>,
    /// Certificate authorities that are trusted beside the public ones, in PEM.
    ca_file: Option<PathBuf>,
    tls: Option<TlsWord>,
}

/// Whether the connection to the database is encrypted.
#[derive(Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum TlsWord {
    /// With a certificate that is valid for the host.
    Verify,
    /// Not at all: a Unix socket, or this machine.
    Off,
}

/// `[log]`: KurrentDB.
#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogSection {
    /// `kurrentdb://host:port,host:port`.
    url: Option<String>,
    /// A file with the URL.
    url_file: Option<PathBuf>,
    username_file: Option<PathBuf>,
    password_file: Option<PathBuf>,
    /// The authority that signed the server's certificate, in PEM.
    ca_file: Option<PathBuf>,
}

/// The sections, after flags and environment.
#[derive(Default)]
pub(super) struct SharedSettings {
    database: DatabaseSection,
    log: LogSection,
}

impl SharedSettings {
    /// Lays flags and environment over the sections of the config file.
    pub(super) fn new(
        mut database: DatabaseSection,
        mut log: LogSection,
        database_url_file: Option<PathBuf>,
        log_url_file: Option<PathBuf>,
    ) -> Result<Self> {
        let (url, file) = (&mut database.url, &mut database.url_file);
        lay_over("CLAIMLEDGER_DATABASE_URL", "--database-url-file", database_url_file, url, file)?;
        let (url, file) = (&mut log.url, &mut log.url_file);
        lay_over("CLAIMLEDGER_LOG_URL", "--log-url-file", log_url_file, url, file)?;
        Ok(Self { database, log })
    }

    /// The sections of a config file alone.
    pub(super) fn of_file(database: DatabaseSection, log: LogSection) -> Self {
        Self { database, log }
    }

    /// What is named, complete or not.
    pub(super) fn named(&self) -> Result<NamedEngines> {
        Ok((self.database.options()?, self.log.options()?))
    }

    /// The engines that are named; none: the ledger is in one directory.
    pub(super) fn engines(&self) -> Result<Option<SharedEngines>> {
        match self.named()? {
            (None, None) => Ok(None),
            (None, Some(_)) => Err(usage(
                "a log on KurrentDB needs a database for keys and shared state: give its URL with \
                 --database-url-file (or CLAIMLEDGER_DATABASE_URL_FILE, or [database] in \
                 claimledger.toml)",
            )),
            #[cfg(feature = "kurrentdb")]
            (Some(database), kurrentdb) => Ok(Some(SharedEngines { database, kurrentdb })),
            #[cfg(not(feature = "kurrentdb"))]
            (Some(database), None) => Ok(Some(SharedEngines { database })),
        }
    }
}

/// A flag (or the variable of its name) beats the variable with the URL itself; both beat the file.
fn lay_over(
    variable: &str,
    flag: &str,
    given: Option<PathBuf>,
    url: &mut Option<String>,
    file: &mut Option<PathBuf>,
) -> Result<()> {
    let in_environment = std::env::var(variable).ok().filter(|text| !text.is_empty());
    match (given, in_environment) {
        (Some(_), Some(_)) => {
            return Err(usage(format!("{flag} and {variable} are both given: one is enough")));
        }
        (Some(path), None) => (*url, *file) = (None, Some(path)),
        (None, Some(text)) => (*url, *file) = (Some(text), None),
        (None, None) => {}
    }
    Ok(())
}

/// A URL of a section, or of the file that it names.
fn url_of(section: &str, url: Option<&str>, file: Option<&Path>) -> Result<Option<String>> {
    match (url, file) {
        (Some(_), Some(_)) => {
            Err(usage(format!("[{section}] has `url` and `url_file`: one is enough")))
        }
        (Some(url), None) => Ok(Some(url.trim().to_owned())),
        (None, Some(file)) => secret(file).map(Some),
        (None, None) => Ok(None),
    }
}

/// The text of a file that holds one secret.
fn secret(file: &Path) -> Result<String> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| usage(format!("{}: {error}", file.display())))?;
    match text.trim() {
        "" => Err(usage(format!("{} is empty: one line is expected", file.display()))),
        text => Ok(text.to_owned()),
    }
}

/// A database and a log on KurrentDB, as far as they are named.
#[cfg(feature = "kurrentdb")]
pub(crate) type NamedEngines = (Option<PostgresOptions>, Option<crate::engine::KurrentLogs>);
/// A database, as far as it is named.
#[cfg(not(feature = "kurrentdb"))]
pub(crate) type NamedEngines = (Option<PostgresOptions>, Option<std::convert::Infallible>);

impl DatabaseSection {
    fn options(&self) -> Result<Option<PostgresOptions>> {
        let url = url_of("database", self.url.as_deref(), self.url_file.as_deref())?;
        let Some(url) = url else { return Ok(None) };
        let password = self.password_file.as_deref().map(secret).transpose()?;
        let verified = Tls::Verified { ca_file: self.ca_file.clone() };
        let made = |tls: &Tls| PostgresOptions::new(&url, password.as_deref(), tls);
        let options = match self.tls {
            Some(TlsWord::Verify) => made(&verified),
            Some(TlsWord::Off) => made(&Tls::Disabled),
            None if self.ca_file.is_some() => made(&verified),
            // On this machine there is nothing to encrypt; elsewhere it is not optional.
            None => match made(&Tls::Disabled) {
                Err(PostgresError::Tls { .. }) => made(&verified),
                made => made,
            },
        };
        Ok(Some(options.map_err(|error| usage(error.to_string()))?))
    }
}

impl LogSection {
    #[cfg(feature = "kurrentdb")]
    fn options(&self) -> Result<Option<crate::engine::KurrentLogs>> {
        use claimledger_kurrentdb::KurrentOptions;
        let url = url_of("log", self.url.as_deref(), self.url_file.as_deref())?;
        let Some(url) = url else { return Ok(None) };
        let named = |prefix: &str| KurrentOptions {
            username_file: self.username_file.clone(),
            password_file: self.password_file.clone(),
            ca_file: self.ca_file.clone(),
            ..KurrentOptions::new(url.clone(), prefix)
        };
        Ok(Some(crate::engine::KurrentLogs { records: named("ledger"), access: named("access") }))
    }

    #[cfg(not(feature = "kurrentdb"))]
    fn options(&self) -> Result<Option<std::convert::Infallible>> {
        match url_of("log", self.url.as_deref(), self.url_file.as_deref())? {
            Some(_) => {
                Err(usage("this build has no KurrentDB: build it with the feature kurrentdb"))
            }
            None => Ok(None),
        }
    }
}
