//! `completeness`.

use super::{question::ask_and_print, rendering::rows};
use crate::{
    ledger_client::asking,
    output::{field, items, lowercase},
    settings::Settings,
    table::table,
};
use anyhow::Result;
use serde_json::{Value, json};

const COMPLETENESS: &str = include_str!("../queries/completeness.graphql");

/// Prints what has been heard of each source.
pub(crate) async fn completeness(settings: &Settings) -> Result<()> {
    let variables = json!({"asking": asking(&settings.asking)});
    ask_and_print(settings, COMPLETENESS, ("completeness", "items"), variables, completeness_text)
        .await
}

fn completeness_text(answer: &Value) -> String {
    let list = rows(&answer["items"], |source| {
        let gaps: Vec<String> = items(&source["gaps"])
            .map(|gap| {
                let state = if gap["backfilled"] == true { "back-filled" } else { "open" };
                let from = field(gap, "from");
                let span = match gap["until"].as_str() {
                    Some(until) => format!("{from} to {until} {state}"),
                    None => format!("since {from} {state}"),
                };
                match gap["cause"].as_str() {
                    None | Some("silent") => span,
                    Some(cause) => format!("{span} ({cause}, #{})", field(gap, "position")),
                }
            })
            .collect();
        vec![
            field(source, "source"),
            if source["heardUntil"].is_null() {
                "states nothing".to_owned()
            } else {
                field(source, "heardUntil")
            },
            lowercase(source, "basis"),
            if gaps.is_empty() { "–".to_owned() } else { gaps.join("; ") },
        ]
    });
    let list = if list.is_empty() {
        "No source is known.".to_owned()
    } else {
        table(&["source", "heard to", "basis", "silent"], list)
    };
    format!("{}\n\n{list}", field(&answer["answered"], "completenessSummary"))
}
