//! `trust`, `policies`.

use super::{
    question::ask_and_print,
    rendering::{occurred, rows},
};
use crate::{
    ledger_client::asking,
    output::{absence, field, items, lowercase},
    settings::Settings,
    table::table,
};
use anyhow::Result;
use serde_json::{Value, json};

const TRUST: &str = concat!(
    include_str!("../queries/trust.graphql"),
    include_str!("../queries/changes_fields.graphql"),
    include_str!("../queries/record_fields.graphql")
);

const POLICIES: &str = concat!(
    include_str!("../queries/policies.graphql"),
    include_str!("../queries/changes_fields.graphql"),
    include_str!("../queries/record_fields.graphql")
);

/// Prints who changed what is trusted.
pub(crate) async fn trust(settings: &Settings, idp: Option<&str>) -> Result<()> {
    let variables = json!({"idp": idp, "asking": asking(&settings.asking)});
    ask_and_print(settings, TRUST, ("trust", "items"), variables, trust_text).await
}

/// Prints who changed what is asked for.
pub(crate) async fn policies(settings: &Settings, policy: Option<&str>) -> Result<()> {
    let variables = json!({"policy": policy, "asking": asking(&settings.asking)});
    ask_and_print(settings, POLICIES, ("policies", "items"), variables, changes).await
}

fn trust_text(answer: &Value) -> String {
    let mut parts = vec![changes(answer)];
    let retracted = |key: &Value| -> Vec<String> {
        items(&answer["retractions"])
            .filter(|of| of["idp"] == key["idp"])
            .filter(|of| of["key"].is_null() || of["key"] == key["key"])
            .map(|of| format!("from {}", field(of, "from")))
            .collect()
    };
    let mut heads = vec!["key", "of", "valid from", "until", "valid at T"];
    let any_retracted = items(&answer["keys"]).any(|key| !retracted(key).is_empty());
    if any_retracted {
        heads.push("retracted");
    }
    let keys = rows(&answer["keys"], |key| {
        let mut row = vec![
            field(key, "key"),
            field(key, "idp"),
            if key["span"].is_null() { "never added".to_owned() } else { from(&key["span"]) },
            if key["span"].is_null() { "–".to_owned() } else { until(&key["span"]) },
            if key["valid"].is_null() { "no".to_owned() } else { lowercase(key, "valid") },
        ];
        if any_retracted {
            let from = retracted(key);
            row.push(if from.is_empty() { "–".to_owned() } else { from.join(", ") });
        }
        row
    });
    if !keys.is_empty() {
        parts.push(table(&heads, keys));
    }
    let whole: Vec<String> = items(&answer["retractions"])
        .filter(|of| of["key"].is_null())
        .map(|of| {
            format!(
                "Trust in all of {} is retracted from {} on (#{}).",
                field(of, "idp"),
                field(of, "from"),
                field(&of["record"], "position")
            )
        })
        .collect();
    if !whole.is_empty() {
        parts.push(whole.join("\n"));
    }
    parts.join("\n\n")
}

/// Who changed what, and when: both clocks, before and after.
fn changes(answer: &Value) -> String {
    let list = rows(&answer["items"], |change| {
        let late = if change["late"] == true { " late" } else { "" };
        vec![
            occurred(change),
            format!("{}{late}", field(change, "recordedAt")),
            format!("#{}", field(&change["record"], "position")),
            field(change, "words"),
            fields(change),
            field(change, "actor"),
            field(change, "ticket"),
        ]
    });
    if list.is_empty() {
        return absence(answer);
    }
    table(&["occurred", "recorded", "record", "what", "before → after", "actor", "ticket"], list)
}

fn fields(change: &Value) -> String {
    let is_first = change["changes"]
        .as_array()
        .is_some_and(|list| !list.is_empty() && list.iter().all(|d| d["before"].is_null()));
    if is_first && change["unchanged"] == 0 {
        return "the first known".to_owned();
    }
    let list: Vec<String> = items(&change["changes"])
        .map(|d| format!("{} {} → {}", field(d, "field"), field(d, "before"), field(d, "after")))
        .collect();
    let unchanged = match change["unchanged"].as_u64() {
        None | Some(0) => String::new(),
        Some(n) => format!(" ({n} unchanged)"),
    };
    format!("{}{unchanged}", if list.is_empty() { "–".to_owned() } else { list.join("; ") })
}

/// Since when something held.
fn from(span: &Value) -> String {
    match &span["fromBounds"] {
        Value::Null => field(span, "from"),
        bounds => format!("between {} and {}", field(bounds, "from"), field(bounds, "to")),
    }
}

/// Until when something held.
fn until(span: &Value) -> String {
    match (&span["until"], &span["untilBounds"]) {
        (Value::Null, Value::Null) => "–".to_owned(),
        (Value::Null, bounds) => {
            format!("between {} and {}", field(bounds, "from"), field(bounds, "to"))
        }
        _ => field(span, "until"),
    }
}
