//! What is left of the settings after flags, environment and the config file.

mod shared;

use crate::{
    anchors,
    cli::{ClockJump, Common, Format},
    engine::{Location, SharedEngines},
    exit_status::usage,
};
use anyhow::Result;
use claimledger_app::{
    app::{Anchors, Options},
    model::{access::Reason, question::Asking},
};
use claimledger_facts::{ids::LogPosition, time::Time};
use claimledger_ledger::clock::{ClockSettings, OnJump};
pub(crate) use shared::NamedEngines;
use shared::{DatabaseSection, LogSection, SharedSettings};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

/// The config file: every key is optional, unknown keys are refused.
#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfigFile {
    pub(crate) data: Option<PathBuf>,
    pub(crate) tenant: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) token_file: Option<PathBuf>,
    pub(crate) format: Option<Format>,
    pub(crate) clock_jump: Option<ClockJump>,
    pub(crate) max_clock_jump_secs: Option<u64>,
    /// Why records are read.
    pub(crate) purpose: Option<String>,
    pub(crate) case: Option<String>,
    #[serde(default)]
    pub(crate) anchors: Vec<String>,
    pub(crate) master_key_file: Option<PathBuf>,
    #[serde(default)]
    pub(crate) serve: ServeSection,
    #[serde(default)]
    database: DatabaseSection,
    #[serde(default)]
    log: LogSection,
}

/// `[serve]`
#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServeSection {
    pub(crate) listen: Option<String>,
    pub(crate) behind_proxy: Option<bool>,
    /// GraphQL operations and requests per second and credential.
    pub(crate) rate_per_second: Option<u32>,
    /// How many may come at once.
    pub(crate) rate_burst: Option<u32>,
    pub(crate) introspection: Option<bool>,
}

/// Where an embedded ledger is, or that of a node.
struct LedgerSettings {
    data: Option<PathBuf>,
    master_key_file: Option<PathBuf>,
    shared: SharedSettings,
}

/// The settings of one run.
pub(crate) struct Settings {
    ledger: LedgerSettings,
    pub(crate) tenant: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) token_file: Option<PathBuf>,
    pub(crate) format: Format,
    pub(crate) asking: Asking,
    /// Where a receipt of the answer is written to.
    pub(crate) receipt: Option<PathBuf>,
    /// How an embedded ledger is opened.
    options: Options,
    /// Why records are read, for the access log.
    pub(crate) reason: Reason,
    pub(crate) serve: ServeSection,
}

impl Settings {
    /// Reads the config file and lays flags and environment over it.
    pub(crate) fn load(common: Common) -> Result<Self> {
        let file = read_file(common.config.as_deref())?;
        let clock = clock(
            common.clock_jump.or(file.clock_jump),
            common.max_clock_jump.or(file.max_clock_jump_secs),
        );
        let anchors = if common.anchor.is_empty() { &file.anchors } else { &common.anchor };
        let anchors = anchors::parse_all(anchors)?;
        Ok(Self {
            ledger: LedgerSettings {
                data: common.data.or(file.data),
                master_key_file: common.master_key_file.or(file.master_key_file),
                shared: SharedSettings::new(
                    file.database,
                    file.log,
                    common.database_url_file,
                    common.log_url_file,
                )?,
            },
            tenant: common.tenant.or(file.tenant),
            url: common.url.or(file.url),
            token_file: common.token_file.or(file.token_file),
            format: common.format.or(file.format).unwrap_or_default(),
            options: Options { clock, anchors: Anchors(anchors), ..Options::default() },
            receipt: common.receipt,
            asking: asking(common.at.as_deref(), common.known_at.as_deref())?,
            reason: Reason::new(
                common.purpose.or(file.purpose).as_deref(),
                common.case.or(file.case).as_deref(),
            )
            .map_err(usage)?,
            serve: file.serve,
        })
    }

    /// How an embedded ledger is opened.
    pub(crate) fn options(&self) -> Options {
        self.options.clone()
    }

    /// The directory of an embedded ledger or of a node; none: no setting names one.
    pub(crate) fn data(&self) -> Option<&Path> {
        self.ledger.data.as_deref()
    }

    /// What the nodes of a ledger share; none: no setting says where it is.
    pub(crate) fn shared_if_named(&self) -> Result<Option<SharedEngines>> {
        self.ledger.shared.engines()
    }

    /// What the nodes of a ledger share, or what to say when no setting says where it is.
    pub(crate) fn shared(&self) -> Result<SharedEngines> {
        self.shared_if_named()?.ok_or_else(|| {
            usage(
                "no database is named: give --database-url-file FILE (or set \
                 CLAIMLEDGER_DATABASE_URL_FILE, or [database] in claimledger.toml)",
            )
        })
    }

    /// The servers whose conformance is checked: either, or both.
    pub(crate) fn conformance_engines(&self) -> Result<NamedEngines> {
        match self.ledger.shared.named()? {
            (None, None) => Err(usage(
                "no server is named: give --database-url-file FILE, --log-url-file FILE or both",
            )),
            named => Ok(named),
        }
    }

    /// The servers that are named, as they are: for what says what is wrong with them.
    pub(crate) fn named_engines(&self) -> Result<NamedEngines> {
        self.ledger.shared.named()
    }

    /// The file of the master key that a setting names.
    pub(crate) fn master_key_file(&self) -> Option<&Path> {
        self.ledger.master_key_file.as_deref()
    }

    /// Where the ledger is, or what to say when no setting says it.
    pub(crate) fn location(&self) -> Result<Location> {
        let LedgerSettings { data, master_key_file, shared } = &self.ledger;
        let dir = data.clone().ok_or_else(|| {
            usage(
                "no ledger is named: give --data DIR (or set CLAIMLEDGER_DATA, or `data` in \
                 claimledger.toml)",
            )
        })?;
        let (master_key_file, shared) = (master_key_file.clone(), shared.engines()?);
        Ok(Location { dir, master_key_file, shared })
    }
}

/// Where one side of a copy is: a directory, or what a config file names. Flags and environment do
/// not count, because they would for both sides.
pub(crate) fn place(flag: &str, path: &Path) -> Result<Location> {
    if path.extension().is_none_or(|end| end != "toml") {
        return Ok(Location::directory(path));
    }
    let file = read_file(Some(path))?;
    let shared = SharedSettings::of_file(file.database, file.log).engines()?;
    match (file.data, shared) {
        (data, Some(shared)) => Ok(Location::node(&data.unwrap_or_default(), shared)),
        (Some(dir), None) => Ok(Location::directory(&dir)),
        (None, None) => Err(usage(format!(
            "{flag} {}: it names neither `data` nor a [database]",
            path.display()
        ))),
    }
}

fn read_file(path: Option<&Path>) -> Result<ConfigFile> {
    let default = Path::new("claimledger.toml");
    let path = match path {
        Some(path) if !path.exists() => {
            return Err(usage(format!("config file {} does not exist", path.display())));
        }
        Some(path) => path,
        None if default.exists() => default,
        None => return Ok(ConfigFile::default()),
    };
    config::Config::builder()
        .add_source(config::File::from(path).format(config::FileFormat::Toml))
        .build()
        .and_then(config::Config::try_deserialize)
        .map_err(|error| usage(format!("config file {}: {error}", path.display())))
}

fn clock(jump: Option<ClockJump>, max_secs: Option<u64>) -> ClockSettings {
    let defaults = ClockSettings::default();
    let on_jump = match jump {
        Some(ClockJump::Refuse) => OnJump::Refuse,
        Some(ClockJump::Accept) => OnJump::Accept,
        None => defaults.on_jump,
    };
    ClockSettings { on_jump, max_jump: max_secs.map_or(defaults.max_jump, Duration::from_secs) }
}

fn asking(at: Option<&str>, known_at: Option<&str>) -> Result<Asking> {
    let known = known_at.map(|text| known_by("--known-at", text)).transpose()?.unwrap_or_default();
    Ok(Asking { at: at.map(|text| time("--at", text)).transpose()?, ..known })
}

/// K of a flag: a time or a position.
pub(crate) fn known_by(flag: &str, text: &str) -> Result<Asking> {
    Ok(match text.trim_start_matches('#').parse() {
        Ok(position) => {
            Asking { known_at_position: Some(LogPosition(position)), ..Asking::default() }
        }
        Err(_) => Asking { known_at: Some(time(flag, text)?), ..Asking::default() },
    })
}

/// A time of a flag; the error names the flag.
pub(crate) fn time(flag: &str, text: &str) -> Result<Time> {
    Time::parse(text).map_err(|error| usage(format!("{flag} {text}: {error}")))
}

/// The time of a flag that may be absent, as a variable of a question.
pub(crate) fn instant(flag: &str, text: Option<&str>) -> Result<Option<String>> {
    text.map(|text| time(flag, text).map(|time| time.to_string())).transpose()
}
