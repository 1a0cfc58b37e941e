//! `find`.

use super::{
    question::ask,
    rendering::{is_empty, rows},
};
use crate::{
    ledger_client::asking,
    output::{absence, field, items, joined, lowercase, not_found, print_answer},
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
    let variables = json!({"text": text, "asking": asking(&settings.asking)});
    let answer = ask(settings, FIND, "find", variables).await?;
    let found_nothing = is_empty(&answer["items"]);
    print_answer(settings.format, &answer, found_nothing, find_text)?;
    if found_nothing {
        let words = format!(
            "Nothing that was searched is called {} at #{}.",
            escape(text),
            field(&answer["answered"], "position")
        );
        return Err(not_found(&answer, words));
    }
    Ok(())
}

fn find_text(answer: &Value) -> String {
    let list = rows(&answer["items"], |hit| {
        let records: Vec<String> = items(&hit["records"])
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
        items(&answer[name]).filter_map(Value::as_str).map(escape).collect::<Vec<_>>().join("; ")
    };
    format!("{found}\n\nsearched: {}\nnot searched: {}", lines("searched"), lines("notSearched"))
}
