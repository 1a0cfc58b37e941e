//! `chain`.

use super::{
    question::ask_and_print,
    rendering::{is_empty, rows},
};
use crate::{
    ledger_client::asking,
    output::{field, items, joined, lowercase, none_word},
    settings::Settings,
    table::table,
};
use anyhow::Result;
use serde_json::{Value, json};

const CHAIN: &str = concat!(
    include_str!("../queries/chain.graphql"),
    include_str!("../queries/record_fields.graphql")
);

/// Prints what is linked with an id; status 1 if nothing by it is known.
pub(crate) async fn chain(settings: &Settings, id: &str) -> Result<()> {
    let variables = json!({"id": id, "asking": asking(&settings.asking)});
    ask_and_print(settings, CHAIN, ("chain", "kinds"), variables, chain_text).await
}

fn chain_text(answer: &Value) -> String {
    let mut parts: Vec<String> = Vec::new();
    for link in items(&answer["items"]) {
        let mut list = rows(&link["appSessions"], |app| {
            step(&format!("application {}", field(app, "app")), app)
        });
        list.push(step("session", &link["session"]));
        if link["aliases"].as_array().is_some_and(|aliases| !aliases.is_empty()) {
            list.push(vec!["  other ids".to_owned(), joined(&link["aliases"]), String::new()]);
        }
        list.push(step("identity provider", &link["idp"]));
        list.push(step("IdP session", &link["idpSession"]));
        list.push(vec![
            "  other sessions".to_owned(),
            or_none(&link["siblings"], answer),
            String::new(),
        ]);
        list.push(step("root session", &link["rootSession"]));
        list.push(vec![
            "  other sessions".to_owned(),
            or_none(&link["rootSiblings"], answer),
            String::new(),
        ]);
        parts.push(table(&["hop", "id", "records"], list));
    }
    if parts.is_empty() && !is_empty(&answer["kinds"]) {
        let begins = match answer["begins"].as_str() {
            Some(begins) => format!(": it begins {begins}, after T"),
            None => String::new(),
        };
        return format!(
            "{} is known, and nothing of it had begun at T{begins}",
            field(answer, "id")
        );
    }
    if !parts.is_empty() {
        parts.push(format!("reached: {}", or_none(&answer["apps"], answer)));
    }
    parts.join("\n\n")
}

fn or_none(list: &Value, answer: &Value) -> String {
    let words = joined(list);
    if words == "–" { none_word(answer).to_owned() } else { words }
}

fn step(name: &str, hop: &Value) -> Vec<String> {
    let id = if hop["id"].is_null() {
        format!("unknown: {}", lowercase(hop, "reason").replace('_', " "))
    } else {
        field(hop, "id")
    };
    let records: Vec<String> =
        items(&hop["records"]).map(|r| format!("#{}", field(r, "position"))).collect();
    vec![name.to_owned(), id, records.join(" ")]
}
