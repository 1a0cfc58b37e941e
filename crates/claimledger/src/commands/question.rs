//! Asks a question, and prints its answer.

use super::{evidence, rendering::is_empty};
use crate::{
    cli::Format,
    exit_status::usage,
    ledger_client::{LedgerClient, asking},
    output::{field, print_answer},
    settings::Settings,
};
use anyhow::Result;
use serde_json::{Value, json};

/// Needs the role investigate, unlike the answer that it is printed with.
const LABEL: &str = "query Label($id: ID!, $asking: Asking) { session(id: $id, asking: $asking) {
    session { subject label { keyDestroyed } } } }";

/// Asks the ledger that the settings name.
pub(super) async fn ask(
    settings: &Settings,
    query: &str,
    name: &str,
    variables: Value,
) -> Result<Value> {
    check_receipt(settings, query, name)?;
    let ledger = LedgerClient::open(settings).await?;
    let answer = answered(&ledger, settings, query, name, variables).await;
    ledger.close().await;
    answer
}

/// The same of a ledger that is open.
pub(super) async fn ask_open(
    ledger: &LedgerClient,
    settings: &Settings,
    query: &str,
    name: &str,
    variables: Value,
) -> Result<Value> {
    check_receipt(settings, query, name)?;
    answered(ledger, settings, query, name, variables).await
}

/// Refuses a receipt that cannot be, before anything is asked.
fn check_receipt(settings: &Settings, query: &str, name: &str) -> Result<()> {
    let Some(path) = &settings.receipt else { return Ok(()) };
    // Every question of one T and K takes them as this argument.
    if !query.contains("asking: $asking") {
        return Err(usage(match name {
            "beliefDiff" => {
                "--receipt: a receipt is of one K, and belief-diff compares two: take the receipts \
                 of `session ID --known-at K` for both"
            }
            _ => "--receipt: this answer is of no T and K, which a receipt signs",
        }));
    }
    evidence::check_absent(path)
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

/// The same about a session. Its text says that what is sealed about the subject was erased with
/// their key, where it was and the role may know; JSON has it as `label { keyDestroyed }`.
pub(super) async fn ask_of_session(
    settings: &Settings,
    query: &str,
    name: &str,
    variables: Value,
    session: &str,
) -> Result<Value> {
    check_receipt(settings, query, name)?;
    let ledger = LedgerClient::open(settings).await?;
    let mut answer = answered(&ledger, settings, query, name, variables).await;
    if let (Ok(answer), Format::Text) = (&mut answer, settings.format) {
        let of = json!({"id": session, "asking": asking(&settings.asking)});
        let label = ledger.ask(LABEL, "session", of).await.unwrap_or_default();
        if label["session"]["label"]["keyDestroyed"] == true {
            answer[ERASED] = label["session"]["subject"].clone();
        }
    }
    ledger.close().await;
    answer
}

/// The subject of which what was sealed was erased, in the answer about a session.
const ERASED: &str = "erased";

/// A text with what was erased below it.
pub(super) fn with_erased(answer: &Value, text: String) -> String {
    if answer[ERASED].is_null() {
        return text;
    }
    format!(
        "{text}\n\nThe key of {} was destroyed: login, name, clients and all else that was sealed \
         about this person was erased.",
        field(answer, ERASED)
    )
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
