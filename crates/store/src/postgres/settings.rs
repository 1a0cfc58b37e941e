//! The settings of a server that durability depends on, and which values are refused.

use super::PostgresError;
use sqlx::{PgConnection, Row};

/// The lowest supported version: the oldest that the suites run on.
pub(super) const MIN_SERVER_VERSION: u32 = 15;

/// A setting of the server, as a session of this login has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// Its value.
    pub found: String,
    /// The value that is needed instead; none: this one is accepted.
    pub needed: Option<&'static str>,
}

/// What a server says of itself.
pub(super) struct ServerSettings {
    /// Its version, as it prints it.
    pub(super) version: String,
    /// Its major version.
    pub(super) major: u32,
    pub(super) settings: Vec<Setting>,
}

impl ServerSettings {
    pub(super) async fn read(connection: &mut PgConnection) -> Result<Self, sqlx::Error> {
        const SETTINGS: &str = "SELECT current_setting('server_version_num')::int, \
            current_setting('server_version'), current_setting('fsync'), \
            current_setting('full_page_writes'), current_setting('synchronous_commit'), \
            current_setting('synchronous_standby_names'), pg_is_in_recovery()";
        let row = sqlx::query(SETTINGS).fetch_one(connection).await?;
        let text = |at: usize| row.try_get::<String, _>(at);
        let setting = |name, found: String, needed, accepted: bool| Setting {
            name,
            found,
            needed: (!accepted).then_some(needed),
        };
        let on = |name, found: String| {
            let accepted = found == "on";
            setting(name, found, "on", accepted)
        };
        let is_standby: bool = row.try_get(6)?;
        Ok(Self {
            major: u32::try_from(row.try_get::<i32, _>(0)?).unwrap_or_default() / 10_000,
            version: text(1)?,
            settings: vec![
                on("fsync", text(2)?),
                on("full_page_writes", text(3)?),
                commit(text(4)?, !text(5)?.is_empty()),
                setting(
                    "pg_is_in_recovery()",
                    is_standby.to_string(),
                    "false (the primary)",
                    !is_standby,
                ),
            ],
        })
    }

    /// Refuses a server that is too old, or the first setting that has another value than needed.
    pub(super) fn check(&self, server: &str) -> Result<(), PostgresError> {
        if self.major < MIN_SERVER_VERSION {
            return Err(PostgresError::ServerVersion {
                server: server.to_owned(),
                found: self.version.clone(),
                needed: MIN_SERVER_VERSION,
            });
        }
        for setting in &self.settings {
            if let Some(needed) = setting.needed {
                return Err(PostgresError::Setting {
                    server: server.to_owned(),
                    setting: setting.name,
                    found: setting.found.clone(),
                    needed,
                });
            }
        }
        Ok(())
    }
}

/// Without standbys every value but `off` waits for the local disk. With standbys only two survive
/// the loss of the primary: `remote_write` waits for no disk of a standby.
fn commit(found: String, standbys: bool) -> Setting {
    let needed = match found.as_str() {
        "on" | "remote_apply" => None,
        "local" | "remote_write" if !standbys => None,
        _ if standbys => Some("on or remote_apply"),
        _ => Some("on"),
    };
    Setting { name: "synchronous_commit", found, needed }
}
