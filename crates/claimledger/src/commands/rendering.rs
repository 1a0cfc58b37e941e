//! What the renderings of several answers share.

use crate::{
    output::{absence, field, items, named},
    table::table,
    terminal::escape,
};
use serde_json::Value;

/// Whether a list has no rows.
pub(super) fn is_empty(list: &Value) -> bool {
    list.as_array().is_none_or(Vec::is_empty)
}

pub(super) fn rows(list: &Value, row: impl Fn(&Value) -> Vec<String>) -> Vec<Vec<String>> {
    items(list).map(row).collect()
}

/// What is odd about a decision: that it differs, was falsified later, or was hit later.
pub(super) fn marks(decision: &Value) -> String {
    let mut marks: Vec<String> = Vec::new();
    if !decision["differs"].is_null() {
        marks.push(format!("differs: {}", field(&decision["differs"], "words")));
    }
    if !decision["falsifiedLater"].is_null() {
        marks.push(format!("falsified later: {}", field(&decision["falsifiedLater"], "words")));
    } else if let Some(later) = decision["later"].as_array() {
        marks.extend(later.iter().map(|falsifier| format!("later: {}", field(falsifier, "words"))));
    }
    marks.join("; ")
}

pub(super) fn factor_name(factor: &Value) -> String {
    if factor["amr"].is_null() { field(factor, "method") } else { field(factor, "amr") }
}

/// When something occurred: an instant, or an interval.
pub(super) fn occurred(row: &Value) -> String {
    some_time(field(row, "occurredAt"), row)
}

/// When a decision fell.
pub(super) fn decided(decision: &Value) -> String {
    some_time(field(decision, "at"), &decision["record"])
}

fn some_time(from: String, record: &Value) -> String {
    match &record["occurredTo"] {
        Value::Null => from,
        _ => format!("some time from {from} to {}", field(record, "occurredTo")),
    }
}

/// The rule of a decision, and each version of its policy that may have been in force: `r v2`,
/// `r v2 or v1`.
pub(super) fn rule_of_version(decision: &Value) -> String {
    let versions = items(&decision["versions"]).filter_map(Value::as_str).map(escape);
    let versions: Vec<String> = versions.collect();
    let versions =
        if versions.is_empty() { field(decision, "version") } else { versions.join(" or ") };
    format!("{} {versions}", named(decision, "rule"))
}

/// Bounds, in words.
pub(super) fn between(bounds: &Value) -> String {
    let to = field(bounds, "to");
    format!(
        "between {} and {}",
        field(bounds, "from"),
        if to == "–" { "unknown".to_owned() } else { to }
    )
}

/// A table, or what stands in its place.
pub(super) fn table_or_absence(answer: &Value, header: &[&str], list: Vec<Vec<String>>) -> String {
    if list.is_empty() { absence(answer) } else { table(header, list) }
}

/// Adds a table below what is there, if it has rows.
pub(super) fn add_table(parts: &mut Vec<String>, header: &[&str], list: Vec<Vec<String>>) {
    if !list.is_empty() {
        parts.push(format!("\n{}", table(header, list)));
    }
}

pub(super) fn record_position(record: &Value) -> String {
    format!("#{}", field(record, "position"))
}

pub(super) fn possible(item: &Value) -> String {
    if item["certainty"] == "POSSIBLE" { "possible".into() } else { String::new() }
}

/// A page of a list, and how to get the next one.
pub(super) fn page(answer: &Value, header: &[&str], list: Vec<Vec<String>>) -> String {
    let count = list.len();
    let text = table_or_absence(answer, header, list);
    if answer["pageInfo"]["hasNextPage"] != true {
        return text;
    }
    format!("{text}\n{count} shown, more with --after {}", field(&answer["pageInfo"], "endCursor"))
}
