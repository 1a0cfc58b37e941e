//! Asks a question and prints its answer.

use super::rendering::is_empty;
use crate::{
    ledger_client::LedgerClient,
    output::{footer, print_answer},
    settings::Settings,
};
use anyhow::Result;
use serde_json::Value;

/// Asks, and prints; `list` is the part of the answer that says whether it is empty.
pub(super) async fn answer(
    settings: &Settings,
    query: &str,
    (name, list): (&str, &str),
    variables: Value,
    text: impl Fn(&Value) -> String,
) -> Result<Value> {
    let ledger = LedgerClient::open(settings).await?;
    let answer = ledger.ask(query, name, variables).await;
    ledger.close().await;
    let answer = answer?;
    print_answer(settings.format, &answer, is_empty(&answer[list]), text)?;
    Ok(answer)
}

/// The same for an answer of `items`, with its footer below.
pub(super) async fn ask_items(
    settings: &Settings,
    query: &str,
    name: &str,
    variables: Value,
    text: impl Fn(&Value) -> String,
) -> Result<()> {
    let ledger = LedgerClient::open(settings).await?;
    let answer = ledger.ask(query, name, variables).await;
    ledger.close().await;
    let answer = answer?;
    print_answer(settings.format, &answer, is_empty(&answer["items"]), |answer| {
        format!("{}\n\n{}", text(answer), footer(answer))
    })
}
