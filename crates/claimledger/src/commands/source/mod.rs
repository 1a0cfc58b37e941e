//! `source`: what is polled.

mod add;
pub(crate) mod poll;
mod status;

use crate::{
    cli::{AddCommand, Format, SourceCommand},
    ledger_client::{Embedded, LedgerClient},
    settings::Settings,
    table::table,
    terminal::{escape, print_json, print_text},
};
use anyhow::Result;
use claimledger_facts::ids::SourceId;
use claimledger_okta::{Source, Sources};
use serde_json::json;

/// Runs one of its commands.
pub(crate) async fn source(settings: &Settings, command: &SourceCommand) -> Result<()> {
    match command {
        SourceCommand::Add { vendor: AddCommand::Okta(args) } => add::okta(settings, args).await,
        SourceCommand::List => list(settings).await,
        SourceCommand::Status { id } => status::status(settings, id.as_deref()).await,
        SourceCommand::Poll { id, once } => poll::poll(settings, id, *once).await,
        SourceCommand::Remove { id } => remove(settings, id).await,
    }
}

async fn list(settings: &Settings) -> Result<()> {
    let sources = status::read(settings).await?;
    match settings.format {
        Format::Json => {
            let list: Vec<_> = sources
                .iter()
                .map(|(id, source, _)| json!({"id": id, "settings": source}))
                .collect();
            print_json(&json!({"sources": list}));
        }
        Format::Text if sources.is_empty() => print_text(NONE),
        Format::Text => {
            let row = |(id, source, _): &(SourceId, Source, _)| {
                vec![
                    escape(id.as_str()),
                    source.org.to_string(),
                    escape(&source.token.to_string()),
                    source.interval.to_string(),
                    source.look_interval.to_string(),
                ]
            };
            let header = ["source", "org", "token", "log every", "configuration every"];
            print_text(&table(&header, sources.iter().map(row).collect()));
        }
    }
    Ok(())
}

const NONE: &str = "No source is polled. Set one up: claimledger source add okta --help";

async fn remove(settings: &Settings, id: &str) -> Result<()> {
    let ledger = LedgerClient::open(settings).await?;
    let removed = async {
        let owner = ledger.embedded("source remove")?;
        Ok::<_, anyhow::Error>(sources_of(owner).await?.remove(&SourceId::new(id)).await?)
    }
    .await;
    ledger.close().await;
    removed?;
    match settings.format {
        Format::Json => print_json(&json!({"removed": id})),
        Format::Text => {
            print_text(&format!("{} is no longer polled. What it has recorded stays.", escape(id)))
        }
    }
    Ok(())
}

async fn sources_of(owner: &Embedded) -> Result<Sources> {
    Ok(Sources::of(&owner.app, &owner.caller).await?)
}
