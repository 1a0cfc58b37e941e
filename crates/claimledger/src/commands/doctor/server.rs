//! A running server: whether it is ready. It needs no credential.

use super::Finding;
use crate::{output::problems, settings::Settings};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::time::Duration;

const PART: &str = "server";
/// Maximum time of an answer.
const TIMEOUT: Duration = Duration::from_secs(5);

pub(super) async fn look(url: &str, settings: &Settings) -> Vec<Finding> {
    let url = url.trim_end_matches('/').to_owned();
    let asked = url.clone();
    let answer = tokio::task::spawn_blocking(move || ready(&asked)).await;
    let mut findings = match answer.map_err(anyhow::Error::new).flatten() {
        Ok((status, body)) => of(&url, status, &body),
        Err(error) => vec![Finding::error(PART, &error)],
    };
    if settings.token_file.is_some() {
        findings
            .push(progress(settings).await.unwrap_or_else(|error| Finding::error(PART, &error)));
    }
    findings
}

fn ready(url: &str) -> Result<(u16, Value)> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(TIMEOUT))
        .build()
        .into();
    let url = format!("{url}/readyz");
    let mut answer = agent.get(&url).call().with_context(|| format!("{url} does not answer"))?;
    let status = answer.status().as_u16();
    let text = answer.body_mut().read_to_string().with_context(|| url.clone())?;
    Ok((status, serde_json::from_str(&text).unwrap_or_default()))
}

fn of(url: &str, status: u16, body: &Value) -> Vec<Finding> {
    let causes = problems(&json!({"problems": body["causes"]}));
    let warnings = problems(&json!({"problems": body["warnings"]}));
    let mut findings: Vec<Finding> = causes
        .into_iter()
        .map(|cause| Finding::problem(PART, cause, "see the log of the server"))
        .collect();
    if findings.is_empty() {
        findings.push(match status {
            200 => Finding::ok(PART, format!("{url} is ready")),
            status => Finding::problem(
                PART,
                format!("{url} is not ready (status {status})"),
                "see the log of the server",
            ),
        });
    }
    findings.extend(
        warnings.into_iter().map(|warning| Finding::warning(PART, warning, "see docs/proofs.md")),
    );
    findings
}

/// How far the read models are: needs a credential.
async fn progress(settings: &Settings) -> Result<Finding> {
    let ledger = crate::ledger_client::LedgerClient::open(settings).await?;
    let status = ledger.ask("query Status { status { ...S } }", "status", Value::Null).await?;
    let (head, assessed) = (status["head"].as_u64(), status["assessedTo"].as_u64());
    let what = format!(
        "read models are at {} of {} records",
        assessed.unwrap_or_default(),
        head.unwrap_or_default()
    );
    Ok(match assessed >= head {
        true => Finding::ok(PART, what),
        false => Finding::warning(PART, what, "wait: it follows the log by itself"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::Level;

    #[test]
    fn causes_and_warnings_are_lines() {
        let cause = json!({"part": "log", "why": "the disk is full", "since": "T"});
        for (status, body, levels) in [
            (200, json!({"status": "ready"}), &[Level::Ok][..]),
            (200, json!({"status": "ready", "warnings": [cause]}), &[Level::Ok, Level::Warning]),
            (503, json!({"status": "not ready", "causes": [cause]}), &[Level::Problem]),
            (404, Value::Null, &[Level::Problem]),
        ] {
            let found = of("http://h", status, &body);
            let found: Vec<_> = found.iter().map(|finding| finding.level).collect();
            assert_eq!(found, levels, "{status}");
        }
    }
}
