//! `source status`: from the directory, or from the server that polls.

use super::{NONE, sources_of};
use crate::{
    cli::Format,
    exit_status::{No, Refused},
    ledger_client::LedgerClient,
    output::field,
    settings::Settings,
    table::table,
    terminal::{bold, escape, print_json, print_text},
};
use anyhow::{Context, Result};
use claimledger_facts::{ids::SourceId, time::Time};
use claimledger_ledger::clock::{Clock, SystemClock};
use claimledger_okta::{Counts, Progress, Source, SourceError, troubles, unread};
use serde::Deserialize;
use serde_json::json;

pub(super) type Known = (SourceId, Source, Progress);

/// Every source with what its poller has done.
pub(super) async fn read(settings: &Settings) -> Result<Vec<Known>> {
    let ledger = LedgerClient::open(settings).await?;
    let sources = match &ledger {
        LedgerClient::Embedded(owner) => match sources_of(owner).await {
            Ok(sources) => sources.all().await.map_err(Into::into),
            Err(error) => Err(error),
        },
        LedgerClient::Remote(remote) => remote.get("/v1/sources").and_then(|(status, body)| {
            if status != 200 {
                return Err(Refused(field(&body["error"], "message")).into());
            }
            let answer: Answer =
                serde_json::from_value(body).context("the server's answer about its sources")?;
            Ok(answer.sources.into_iter().map(|s| (s.id, s.settings, s.progress)).collect())
        }),
    };
    ledger.close().await;
    sources
}

#[derive(Deserialize)]
struct Answer {
    sources: Vec<AnsweredSource>,
}

#[derive(Deserialize)]
struct AnsweredSource {
    id: SourceId,
    settings: Source,
    #[serde(default)]
    progress: Progress,
}

/// Prints each source; an error where something is wrong with one.
pub(super) async fn status(settings: &Settings, only: Option<&str>) -> Result<()> {
    let mut sources = read(settings).await?;
    if let Some(only) = only {
        sources.retain(|(id, ..)| id.as_str() == only);
        if sources.is_empty() {
            return Err(SourceError::Unknown { id: SourceId::new(only) }.into());
        }
    }
    let now = SystemClock::default().now();
    let wrong: Vec<Vec<String>> =
        sources.iter().map(|(_, source, progress)| troubles(source, progress, now)).collect();
    match settings.format {
        Format::Json => {
            let list: Vec<_> = sources
                .iter()
                .zip(&wrong)
                .map(|((id, source, progress), wrong)| {
                    json!({"id": id, "settings": source, "progress": progress, "wrong": wrong})
                })
                .collect();
            print_json(&json!({"sources": list}));
        }
        Format::Text if sources.is_empty() => print_text(NONE),
        Format::Text => {
            let texts: Vec<String> =
                sources.iter().zip(&wrong).map(|(known, wrong)| text(known, wrong, now)).collect();
            print_text(&texts.join("\n\n"));
        }
    }
    match wrong.iter().filter(|wrong| !wrong.is_empty()).count() {
        0 => Ok(()),
        1 => Err(No("Something is wrong with one source.".to_owned()).into()),
        n => Err(No(format!("Something is wrong with {n} sources.")).into()),
    }
}

fn text((id, source, progress): &Known, wrong: &[String], now: Time) -> String {
    let time = |time: Option<Time>| match time {
        Some(time) => format!("{time}, {} ago", ago(time, now)),
        None => "–".to_owned(),
    };
    let came = |counts: &Counts| {
        let variants = match counts.variants {
            0 => String::new(),
            n => format!(", {n} variants"),
        };
        format!("{} stored, {} repeated{variants}", counts.stored, counts.repeated)
    };
    let is_behind = progress.last_answer.is_some() && !progress.caught_up;
    let end = if is_behind { "; there is more to read" } else { "" };
    let mut lines = vec![
        format!("{}  {}, {}", bold(&escape(id.as_str())), source.org, source.token),
        format!("  heard to       {}", time(progress.heard_until)),
        format!("  last event     {}{end}", time(progress.last_event)),
        format!("  last answer    {}", time(progress.last_answer)),
        format!("  last look      {}", time(progress.last_look)),
        format!("  events         {}", came(&progress.counts)),
        format!("  configuration  {}", came(&progress.configuration)),
    ];
    lines.extend(unread(progress).map(|unread| format!("  unread         {}", escape(&unread))));
    if let Some(next) = progress.failure.as_ref().and_then(|failure| failure.next_attempt) {
        lines.push(format!("  next attempt   {next}"));
    }
    if !progress.endpoints.is_empty() {
        let row = |(address, report): (&String, &claimledger_okta::Report)| {
            vec![
                format!("  {address}"),
                report.state.as_str().to_owned(),
                report.objects.to_string(),
                report.at.to_string(),
            ]
        };
        let rows = progress.endpoints.iter().map(row).collect();
        lines.push(table(&["  endpoint", "access", "objects", "looked at"], rows));
    }
    match wrong {
        [] => lines.push("  Nothing is wrong.".to_owned()),
        wrong => lines.extend(wrong.iter().map(|wrong| format!("  Wrong: {}", escape(wrong)))),
    }
    lines.join("\n")
}

/// How long ago, in the largest unit that it has.
fn ago(time: Time, now: Time) -> String {
    let secs = now.micros().saturating_sub(time.micros()).max(0) / 1_000_000;
    match secs {
        0..120 => format!("{secs} s"),
        120..7_200 => format!("{} min", secs / 60),
        7_200..172_800 => format!("{} h", secs / 3_600),
        _ => format!("{} days", secs / 86_400),
    }
}
