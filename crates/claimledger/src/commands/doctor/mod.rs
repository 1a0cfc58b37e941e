//! `doctor`: what is wrong with a deployment, and what to do about it. It changes nothing of the
//! ledger; what is stored in it, `verify` reads.

mod anchors;
mod disk;
mod engines;
mod files;
mod server;
mod stores;

use crate::{
    cli::Format,
    exit_status::No,
    settings::Settings,
    terminal::{escape, print_json, print_text},
};
use anyhow::Result;
use serde_json::json;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    /// As it should be.
    Ok,
    /// Works, and needs attention.
    Warning,
    /// Does not work, or records or secrets are at risk.
    Problem,
}

impl Level {
    const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

/// One line of the report.
#[derive(Clone, Debug)]
struct Finding {
    level: Level,
    /// What it is about: `directory`, `master key`, `disk` and so on.
    part: &'static str,
    what: String,
    /// What to do; none where nothing is wrong.
    remedy: Option<String>,
}

impl Finding {
    fn ok(part: &'static str, what: impl Into<String>) -> Self {
        Self { level: Level::Ok, part, what: what.into(), remedy: None }
    }

    fn warning(part: &'static str, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        let remedy = Some(remedy.into());
        Self { level: Level::Warning, part, what: what.into(), remedy }
    }

    fn problem(part: &'static str, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        let remedy = Some(remedy.into());
        Self { level: Level::Problem, part, what: what.into(), remedy }
    }

    fn is_ok(&self) -> bool {
        matches!(self.level, Level::Ok)
    }

    /// A problem that an error of the program's own describes, with its remedy.
    fn error(part: &'static str, error: &anyhow::Error) -> Self {
        let mut causes: Vec<String> = error.chain().map(ToString::to_string).collect();
        causes.dedup();
        Self { level: Level::Problem, part, what: causes.join(": "), remedy: None }
    }
}

/// Looks at everything that the settings name. Status 1 if there is a problem.
pub(crate) async fn doctor(settings: &Settings) -> Result<()> {
    let findings = match &settings.url {
        Some(url) => server::look(url, settings).await,
        None => of_engines(settings).await?,
    };
    let count = |level| findings.iter().filter(|finding| finding.level == level).count();
    let (problems, warnings) = (count(Level::Problem), count(Level::Warning));
    match settings.format {
        Format::Json => print_json(&json!({
            "problems": problems,
            "warnings": warnings,
            "findings": findings.iter().map(|finding| json!({
                "level": finding.level.word(), "part": finding.part, "what": finding.what,
                "remedy": finding.remedy,
            })).collect::<Vec<_>>(),
        })),
        Format::Text => findings.iter().for_each(print),
    }
    match problems {
        0 => Ok(()),
        1 => Err(No("there is a problem".to_owned()).into()),
        problems => Err(No(format!("there are {problems} problems")).into()),
    }
}

fn print(finding: &Finding) {
    let Finding { level, part, what, remedy } = finding;
    let remedy =
        remedy.as_ref().map_or_else(String::new, |remedy| format!(" → {}", escape(remedy)));
    print_text(&format!("{:7} {part}: {}{remedy}", level.word(), escape(what)));
}

/// Outside first: what opens nothing says most while nothing can be opened.
async fn of_engines(settings: &Settings) -> Result<Vec<Finding>> {
    let (database, log) = settings.named_engines()?;
    let mut findings = Vec::new();
    if settings.data().is_none() && database.is_none() && log.is_none() {
        // The error that says what to name.
        settings.location()?;
    }
    if let Some(dir) = settings.data() {
        findings.extend(files::look(dir));
        if dir.is_dir() {
            findings.extend(disk::look(dir));
        }
    }
    let has_database = database.is_some();
    if let Some(options) = database {
        findings.extend(engines::database(&options).await);
    }
    #[cfg(feature = "kurrentdb")]
    if let Some(logs) = log {
        if !has_database {
            findings.push(engines::log_alone());
        }
        findings.extend(engines::kurrentdb(logs.records).await);
    }
    if settings.data().is_some() && settings.location().is_ok() {
        findings.extend(stores::look(settings, has_database).await);
    }
    Ok(findings)
}
