//! `find`.

use super::{question::ask_and_print, rendering::rows};
use crate::{
    ledger_client::asking,
    output::{absence, field, joined, lowercase, not_found},
    settings::Settings,
    table::table,
    terminal::escape,
};
use anyhow::Result;
use serde_json::{Value, json};

const FIND: &str = concat!(
    include_str!("../queries/find.graphql"),
    include_str!("../queries/record_fields.graphql")
);

/// Prints where a text appears; status 1 if nowhere.
pub(crate) async fn find(settings: &Settings, text: &str) -> Result<()> {
    let answer = ask_and_print(
        settings,
        FIND,
        ("find", "items"),
        json!({"text": text, "asking": asking(&settings.asking)}),
        find_text,
    )
    .await?;
    if answer["items"].as_array().is_some_and(Vec::is_empty) {
        let words = format!(
            "Nothing is known as {} at #{}.",
            escape(text),
            field(&answer["answered"], "position")
        );
        return Err(not_found(&answer, words));
    }
    Ok(())
}

fn find_text(answer: &Value) -> String {
    let list = rows(&answer["items"], |hit| {
        let records: Vec<String> = hit["records"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|r| format!("#{} {}", field(r, "position"), field(r, "type")))
            .collect();
        let more = if records.len() > 5 { ", …" } else { "" };
        let least = if hit["atLeast"] == true { "at least " } else { "" };
        vec![
            lowercase(hit, "kind").replace('_', " "),
            field(hit, "name"),
            field(hit, "matched"),
            format!("{least}{}", field(hit, "count")),
            format!("{}{more}", records.into_iter().take(5).collect::<Vec<_>>().join(", ")),
            joined(&hit["sessions"]),
        ]
    });
    let found = if list.is_empty() {
        absence(answer)
    } else {
        table(&["kind", "name", "matched", "records", "first", "sessions"], list)
    };
    let lines = |name: &str| {
        answer[name]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(escape)
            .collect::<Vec<_>>()
            .join("; ")
    };
    format!("{found}\n\nsearched: {}\nnot searched: {}", lines("searched"), lines("notSearched"))
}
