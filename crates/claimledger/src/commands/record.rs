//! `record`.

use super::question::ask;
use crate::{
    exit_status::No,
    output::{field, items, joined, print_answer},
    settings::Settings,
    terminal::escape,
};
use anyhow::Result;
use serde_json::{Value, json};

const RECORD: &str = include_str!("../queries/record.graphql");

/// Prints one record; status 1 if there is none.
pub(crate) async fn record(settings: &Settings, which: &str) -> Result<()> {
    let position: Option<u64> = which.strip_prefix('#').unwrap_or(which).parse().ok();
    let variables = match position {
        Some(position) => json!({"position": position}),
        None => json!({"id": which}),
    };
    let answer = ask(settings, RECORD, "recordAnswer", variables).await?;
    if answer["record"].is_null() {
        return Err(anyhow::Error::new(No(field(&answer["absence"], "words"))));
    }
    print_answer(settings.format, &answer["record"], false, record_text)
}

fn record_text(record: &Value) -> String {
    let understood = if record["understood"] == true { "understood" } else { "not understood" };
    let mut parts = vec![
        format!(
            "#{} · {} · {} {}",
            field(record, "position"),
            field(record, "kind"),
            field(record, "source"),
            field(record, "sourceId")
        ),
        format!("id {} · leaf {}", field(record, "id"), field(record, "leafHash")),
        format!(
            "occurred {} · recorded {} · session {}",
            field(record, "occurredAt"),
            field(record, "recordedAt"),
            field(record, "session")
        ),
        format!(
            "by {} · {} · {understood} · notes {}",
            field(record, "channel"),
            field(record, "translator"),
            joined(&record["notes"])
        ),
    ];
    if record["variant"] == true {
        parts.push("a variant: the source said something else under the same id too".to_owned());
    }
    // Once by the channel of the header is no news.
    if let Some(deliveries) = record["deliveries"].as_array()
        && (deliveries.len() > 1 || deliveries.iter().any(|delivery| delivery["count"] != 1))
    {
        parts.extend(deliveries.iter().map(|delivery| {
            format!(
                "received by {} {}×, from {} to {}",
                field(delivery, "channel"),
                field(delivery, "count"),
                field(delivery, "firstAt"),
                field(delivery, "lastAt")
            )
        }));
    }
    for fact in items(&record["facts"]) {
        parts.push(format!("\n{}", escape(&fact.to_string())));
    }
    if let Some(people) = record["personal"].as_object() {
        parts.push("\nsealed:".to_owned());
        parts.extend(people.iter().map(|(whose, data)| {
            let data = if data.is_null() { "key destroyed" } else { &data.to_string() };
            format!("  {}: {}", escape(whose), escape(data))
        }));
    }
    // That the original was removed is what `sealed` says.
    let removed = items(&record["removed"]);
    for removed in removed.filter(|removed| removed["body"] == "personal") {
        parts.push(format!(
            "\nthe personal blocks were removed: {}, {}",
            field(removed, "reason"),
            field(removed, "at")
        ));
    }
    match record["original"].as_str() {
        Some(original) => parts.push(format!("\noriginal:\n{}", escape(original.trim_end()))),
        None => parts.push(format!("\n{}", field(record, "sealed"))),
    }
    parts.join("\n")
}
