//! `source poll`, and what it shares with `serve`.

mod pollers;

pub(crate) use pollers::Pollers;

use super::sources_of;
use crate::{
    cli::Format,
    exit_status::{Refused, Unavailable},
    ledger_client::{Embedded, LedgerClient},
    settings::Settings,
    terminal::{escape, print_json, print_text, spinner},
};
use anyhow::Result;
use claimledger_app::{app::App, model::question::Caller};
use claimledger_facts::{ids::SourceId, random::SystemRandom};
use claimledger_ledger::clock::SystemClock;
use claimledger_okta::{
    Access, AppIntake, Client, ClientOptions, Poller, Progress, Source, Sources, Surroundings,
};
use serde_json::json;
use std::sync::Arc;

/// The machine's clock and randomness.
pub(super) fn surroundings() -> Surroundings {
    Surroundings { clock: Arc::new(SystemClock::default()), random: Arc::new(SystemRandom) }
}

/// A poller of a source that is set up.
fn poller(
    app: &App,
    caller: &Caller,
    sources: Sources,
    id: &SourceId,
    source: Source,
) -> Result<Poller> {
    let surroundings = surroundings();
    let intake = AppIntake {
        app: app.clone(),
        caller: caller.clone(),
        source: id.clone(),
        configuration: source.configuration_settings()?,
        clock: surroundings.clock.clone(),
    };
    let client = Client::new(
        source.org.clone(),
        source.token.clone(),
        ClientOptions::default(),
        surroundings,
    )?;
    Ok(Poller::new(id.clone(), source, client, Arc::new(intake), sources))
}

/// Polls once, or until Ctrl-C.
pub(super) async fn poll(settings: &Settings, id: &str, once: bool) -> Result<()> {
    let ledger = LedgerClient::open(settings).await?;
    let id = SourceId::new(id);
    let polled = match ledger.embedded("source poll") {
        Ok(owner) => polled(owner, &id, once).await,
        Err(error) => Err(error),
    };
    ledger.close().await;
    let (before, after) = polled?;
    let (counts, configuration) = (&after.counts, &after.configuration);
    let events = counts.stored - before.counts.stored;
    let repeated = counts.repeated - before.counts.repeated;
    let changes = configuration.stored - before.configuration.stored;
    match settings.format {
        Format::Json => print_json(
            &json!({"id": id, "stored": events, "repeated": repeated, "configuration": changes,
                "progress": after}),
        ),
        Format::Text => print_text(&format!(
            "{}: {events} events stored, {repeated} repeated; {changes} records of the \
             configuration stored.",
            escape(id.as_str())
        )),
    }
    if once { check_look(&before, &after) } else { Ok(()) }
}

/// An error where the look of this round left something unread: the log is in all the same. What
/// failed may work later; what is forbidden stays so until the token may read it.
fn check_look(before: &Progress, after: &Progress) -> Result<()> {
    if after.last_look == before.last_look {
        return Ok(());
    }
    let of = |access| {
        let reports = after.endpoints.iter().filter(move |(_, report)| report.state == access);
        reports.map(|(address, report)| format!("{}: {}", escape(address), escape(&report.why)))
    };
    let unread: Vec<String> = of(Access::Failed).chain(of(Access::Forbidden)).collect();
    if unread.is_empty() {
        return Ok(());
    }
    let words = format!("Of the configuration not everything was read: {}", unread.join("; "));
    match of(Access::Failed).next() {
        Some(_) => Err(Unavailable(words).into()),
        None => Err(Refused(words).into()),
    }
}

async fn polled(owner: &Embedded, id: &SourceId, once: bool) -> Result<(Progress, Progress)> {
    let sources = sources_of(owner).await?;
    let source = sources.get(id).await?;
    let before = sources.progress(id).await?;
    let mut poller = poller(&owner.app, &owner.caller, sources.clone(), id, source)?;
    if once {
        let bar = spinner();
        let outcome = poller
            .round(&mut |progress| {
                let at = progress.last_event.map(|at| format!(", at {at}")).unwrap_or_default();
                let stored = progress.counts.stored - before.counts.stored;
                bar.set_message(format!("{stored} events{at}"));
            })
            .await;
        bar.finish_and_clear();
        outcome?;
    } else {
        let stop = crate::commands::serve::stop_on_signal()?;
        poller.run(stop).await;
    }
    Ok((before, sources.progress(id).await?))
}
