//! Anchors: places for signed checkpoints that the owner of the database does not control. One JSON
//! object a checkpoint, the same in a file, to an HTTP endpoint and in a syslog line.

mod file;
mod http;
mod syslog;

use crate::exit_status::usage;
use anyhow::Result;
use claimledger_facts::{ids::LogSize, time::Time};
use claimledger_ledger::tree::{Anchor, AnchorError, Anchored, CheckpointRow};
use serde_json::{Value, json};
use std::{path::Path, sync::Arc};

/// The anchor that an argument names: `syslog:…`, a URL, or the path of a file.
pub(crate) fn parse(argument: &str) -> Result<Arc<dyn Anchor>> {
    if let Some(to) = argument.strip_prefix("syslog:") {
        let syslog = syslog::SyslogAnchor::new(to).ok_or_else(|| {
            usage(format!(
                "--anchor {argument}: expected syslog:ADDRESS:PORT (UDP) or syslog:/dev/log"
            ))
        })?;
        return Ok(Arc::new(syslog));
    }
    if argument.starts_with("http://") || argument.starts_with("https://") {
        return Ok(Arc::new(http::HttpAnchor::new(argument)?));
    }
    if argument.contains("://") {
        return Err(usage(format!(
            "--anchor {argument}: expected the path of a file, an http or https URL, or syslog:…"
        )));
    }
    Ok(Arc::new(file::FileAnchor::new(Path::new(argument))))
}

/// Each argument's anchor.
pub(crate) fn parse_all(arguments: &[String]) -> Result<Vec<Arc<dyn Anchor>>> {
    arguments.iter().map(|argument| parse(argument)).collect()
}

/// What is written.
fn to_json(anchored: &Anchored) -> Value {
    json!({
        "at": anchored.at.to_string(),
        "origin": anchored.origin,
        "size": anchored.checkpoint.size.0,
        "checkpoint": anchored.checkpoint.note,
    })
}

/// What was written; none: it is not of the form.
fn from_json(value: &Value) -> Option<Anchored> {
    let text = |name: &str| value[name].as_str().map(str::to_owned);
    Some(Anchored {
        at: Time::parse(value["at"].as_str()?).ok()?,
        origin: text("origin")?,
        checkpoint: CheckpointRow {
            size: LogSize(value["size"].as_u64()?),
            note: text("checkpoint")?,
        },
    })
}

fn failed(anchor: &str, what: impl std::fmt::Display) -> AnchorError {
    AnchorError { anchor: anchor.to_owned(), what: what.to_string() }
}

/// Runs what blocks on another thread.
async fn blocking<T: Send + 'static>(
    anchor: &str,
    run: impl FnOnce() -> Result<T, AnchorError> + Send + 'static,
) -> Result<T, AnchorError> {
    let done = tokio::task::spawn_blocking(run).await;
    done.map_err(|error| failed(anchor, error))?
}
