//! Asks a question, and prints its answer.

use super::rendering::is_empty;
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
    let ledger = LedgerClient::open(settings).await?;
    let answer = ledger.ask(query, name, variables).await;
    ledger.close().await;
    answer
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
