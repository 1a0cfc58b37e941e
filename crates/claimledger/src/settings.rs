//! What is left of the settings after flags, environment and the config file.

use crate::{
    anchors,
    cli::{ClockJump, Common, Format},
    exit_status::usage,
};
use anyhow::Result;
use claimledger_app::{
    app::{Anchors, Options},
    model::{access::Reason, question::Asking},
};
use claimledger_facts::{ids::LogPosition, time::Time};
use claimledger_ledger::clock::{ClockSettings, OnJump};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

/// The config file: every key is optional, unknown keys are refused.
#[derive(Debug, Default, serde::Deserialize)]
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
    #[serde(default)]
    pub(crate) serve: ServeSection,
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

/// The settings of one run.
pub(crate) struct Settings {
    pub(crate) data: Option<PathBuf>,
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
            data: common.data.or(file.data),
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

    /// The directory, or what to say when there is none.
    pub(crate) fn data_dir(&self) -> Result<&Path> {
        self.data.as_deref().ok_or_else(|| {
            usage(
                "no ledger is named: give --data DIR (or set \
            CLAIMLEDGER_DATA, or `data` in claimledger.toml)",
            )
        })
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
