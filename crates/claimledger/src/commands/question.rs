//! Asks a question, and prints its answer.

use super::{evidence, rendering::is_empty};
use crate::{ledger_client::LedgerClient, output::print_answer, settings::Settings};
use anyhow::Result;
use serde_json::Value;

/// Asks the ledger that the settings name.
pub(super) async fn ask(
    settings: &Settings,
    query: &str,
    name: &str,
    variables: Value,
) -> Result<Value> {
    if let Some(path) = &settings.receipt {
        evidence::check_absent(path)?;
    }
    let ledger = LedgerClient::open(settings).await?;
    let answer = answered(&ledger, settings, query, name, variables).await;
    ledger.close().await;
    answer
}

async fn answered(
    ledger: &LedgerClient,
    settings: &Settings,
    query: &str,
    name: &str,
    variables: Value,
) -> Result<Value> {
    let Some(path) = &settings.receipt else { return ledger.ask(query, name, variables).await };
    let answer = ledger.ask(query, name, variables.clone()).await?;
    evidence::write_receipt(ledger, path, query, variables, &answer).await?;
    Ok(answer)
}

/// Asks, and prints; `list` is the part of the answer that says whether it is empty.
pub(super) async fn ask_and_print(
    settings: &Settings,
    query: &str,
    (name, list): (&str, &str),
    variables: Value,
    text: impl Fn(&Value) -> String,
) -> Result<()> {
    let answer = ask(settings, query, name, variables).await?;
    print_answer(settings.format, &answer, is_empty(&answer[list]), text)
}
