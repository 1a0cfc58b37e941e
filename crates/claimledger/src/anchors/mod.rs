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
    if has_scheme(argument) {
        return Err(usage(format!(
            "--anchor {argument}: expected the path of a file, an http or https URL, or syslog:…; \
             for a file whose name has a colon, write ./{argument}"
        )));
    }
    Ok(Arc::new(file::FileAnchor::new(Path::new(argument))))
}

/// Whether a word and a colon come first (RFC 3986, 3.1), so that a misspelled scheme is not taken
/// for a file.
fn has_scheme(argument: &str) -> bool {
    argument.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_that_is_not_known_is_refused() {
        for argument in ["foo:bar", "ftp://host/a", "HTTPS:x", "syslog6:127.0.0.1:514", "s3:b/k"] {
            assert!(parse(argument).is_err(), "{argument}");
        }
        for (argument, name) in [
            ("anchor", "anchor"),
            ("./foo:bar", "./foo:bar"),
            ("/mnt/a:b", "/mnt/a:b"),
            ("https://host/log?key=1", "https://host/log"),
            ("syslog:127.0.0.1:514", "syslog:127.0.0.1:514"),
        ] {
            assert_eq!(parse(argument).unwrap().name(), name);
        }
    }
}
