//! What the texts of several answers share: fields, lists, what an empty answer means, and the
//! footer. Text from outside is escaped, because a terminal obeys control characters.

use crate::{
    cli::Format,
    exit_status::{Lagging, No, Refused},
    terminal::{dim, escape, print_json, print_text},
};
use serde_json::Value;
use std::fmt::Write as _;

/// A string field, escaped; a dash where there is none.
pub(crate) fn field(value: &Value, name: &str) -> String {
    match &value[name] {
        Value::Null => "–".to_owned(),
        Value::String(text) => escape(text),
        other => escape(&other.to_string()),
    }
}

/// An id with its display name, where one is known: `Payroll (0oa1)`.
pub(crate) fn named(value: &Value, name: &str) -> String {
    let id = field(value, name);
    match value[format!("{name}Name")].as_str().filter(|called| *called != id) {
        Some(called) => format!("{} ({id})", escape(called)),
        None => id,
    }
}

/// What stands in place of an empty list: "none" only where that may be said.
pub(crate) fn absence(answer: &Value) -> String {
    field(&answer["absence"], "words")
}

/// The same in the middle of a line.
pub(crate) fn none_word(answer: &Value) -> &'static str {
    if answer["absence"]["code"] == "NONE" { "none" } else { "none seen" }
}

/// The status that an empty answer ends with: 1 where nothing is known of what was named, 4 where
/// the read models have not reached the end of the log, which may hold it, 3 where the role does
/// not let it be looked for; else 0.
pub(crate) fn check_absence(answer: &Value, is_empty: bool) -> anyhow::Result<()> {
    match answer["absence"]["code"].as_str() {
        Some("NOT_KNOWN") if is_empty => Err(anyhow::Error::new(No(absence(answer)))),
        Some("LAGGING") if is_empty => Err(anyhow::Error::new(Lagging(absence(answer)))),
        Some("NOT_FOR_ROLE") if is_empty => Err(anyhow::Error::new(Refused(absence(answer)))),
        _ => Ok(()),
    }
}

/// That an answer is empty to a command that asks whether there is something: "no" only where the
/// read models have all of the log that was asked for.
pub(crate) fn not_found(answer: &Value, words: String) -> anyhow::Error {
    let (position, head) =
        (answer["answered"]["position"].as_u64(), answer["status"]["head"].as_u64());
    let is_behind = answer["answered"]["provisional"] == true
        && position.zip(head).is_some_and(|(position, head)| position + 1 < head);
    if is_behind {
        anyhow::Error::new(Lagging(absence(answer)))
    } else {
        anyhow::Error::new(No(words))
    }
}

/// Prints an answer; one that is empty because something stands in the way of the question says so
/// instead, and ends with its status.
pub(crate) fn print_answer(
    format: Format,
    answer: &Value,
    is_empty: bool,
    text: impl Fn(&Value) -> String,
) -> anyhow::Result<()> {
    let barrier = check_absence(answer, is_empty);
    match format {
        Format::Json => print_json(answer),
        Format::Text if barrier.is_ok() => print_text(&with_footer(answer, &text(answer))),
        Format::Text => {}
    }
    barrier
}

/// A record has no cut of its own, and so no footer.
fn with_footer(answer: &Value, text: &str) -> String {
    let text = text.trim_end();
    if answer["answered"].is_null() {
        return text.to_owned();
    }
    format!("{text}\n\n{}", footer(answer))
}

/// The values of a list; of what is no list, none.
pub(crate) fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

/// A list of strings, with spaces between.
pub(crate) fn joined(value: &Value) -> String {
    let words: Vec<String> = items(value).filter_map(Value::as_str).map(escape).collect();
    if words.is_empty() { "–".to_owned() } else { words.join(" ") }
}

/// An enum word of GraphQL in the contract's spelling.
pub(crate) fn lowercase(value: &Value, name: &str) -> String {
    field(value, name).to_lowercase()
}

/// Below an answer, in one line: T, K, the rules, and whether the sources are complete or what is
/// missing. What of the ledger does not work has lines of its own.
pub(crate) fn footer(answer: &Value) -> String {
    let (answered, status) = (&answer["answered"], &answer["status"]);
    let mut line = format!(
        "T {} · K #{} · rules {}",
        field(answered, "at"),
        field(answered, "position"),
        field(answered, "rules")
    );
    if answered["rehearsal"] == true {
        line.push_str(" · rehearsal");
    }
    if answered["provisional"] == true {
        line.push_str(" · provisional");
    }
    if let (Some(assessed), Some(head)) = (status["assessedTo"].as_u64(), status["head"].as_u64())
        && assessed < head
    {
        let _ = write!(line, " · read models are at position {assessed} of {head}");
    }
    let _ = write!(line, " · {}", field(answered, "completenessSummary"));
    let lines: Vec<String> = std::iter::once(line).chain(problems(status)).collect();
    dim(&lines.join("\n"))
}

/// What of a ledger does not work: a line each.
pub(crate) fn problems(status: &Value) -> Vec<String> {
    let problems = items(&status["problems"]);
    problems
        .map(|problem| {
            format!(
                "{}: {} (since {})",
                lowercase(problem, "part"),
                field(problem, "why"),
                field(problem, "since")
            )
        })
        .collect()
}
