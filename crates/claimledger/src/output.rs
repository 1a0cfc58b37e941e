//! How answers look in a terminal. Text from outside is made escape: a terminal obeys control
//! characters.

use crate::{
    cli::Format,
    exit_status::{Lagging, No, Refused},
};
use serde_json::Value;
use std::{fmt::Write as _, io::Write as _};

/// Prints an answer. A reader that has gone away, such as `head`, wants no more of it, and that is
/// no failure.
pub(crate) fn print_line(text: &str) {
    try_print_line(text);
}

/// The same; whether whoever reads it is there yet.
pub(crate) fn try_print_line(text: &str) -> bool {
    let mut out = std::io::stdout().lock();
    let Err(error) = writeln!(out, "{text}").and_then(|()| out.flush()) else { return true };
    if error.kind() != std::io::ErrorKind::BrokenPipe {
        eprintln!("claimledger: standard output: {error}");
    }
    false
}

/// Text that a terminal will only show: control, bidi and zero-width characters in their escaped
/// form.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let dangerous = c.is_control()
            || matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' |
                '\u{2060}'..='\u{2069}' | '\u{FEFF}' | '\u{061C}');
        if dangerous {
            let _ = write!(out, "\\u{{{:X}}}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

/// A string field, escape; a dash where there is none.
pub(crate) fn field(value: &Value, name: &str) -> String {
    match &value[name] {
        Value::Null => "–".to_owned(),
        Value::String(text) => escape(text),
        other => escape(&other.to_string()),
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
        Format::Json => print_line(&format!("{answer:#}")),
        Format::Text if barrier.is_ok() => print_line(&text(answer)),
        Format::Text => {}
    }
    barrier
}

/// The words of a list of strings, with spaces between.
pub(crate) fn joined(value: &Value) -> String {
    let words: Vec<String> =
        value.as_array().into_iter().flatten().filter_map(Value::as_str).map(escape).collect();
    if words.is_empty() { "–".to_owned() } else { words.join(" ") }
}

/// An enum word of GraphQL in the contract's spelling.
pub(crate) fn lowercase(value: &Value, name: &str) -> String {
    field(value, name).to_lowercase()
}

/// The cut of an answer and how complete the sources were: one or two lines.
pub(crate) fn footer(answer: &Value) -> String {
    let answered = &answer["answered"];
    let mut line = format!(
        "true at {} · known at #{} (recorded {}) · rules {}",
        field(answered, "at"),
        field(answered, "position"),
        field(answered, "recordedAt"),
        field(answered, "rules")
    );
    line.push_str(if answered["provisional"] == true { " · provisional" } else { " · final" });
    if answered["rehearsal"] == true {
        line.push_str(" · rehearsal: recorded times were asserted");
    }
    let status = &answer["status"];
    if let (Some(assessed), Some(head)) = (status["assessedTo"].as_u64(), status["head"].as_u64())
        && assessed < head
    {
        let _ = write!(line, "\nread models are at position {assessed} of {head}");
    }
    for problem in problems(status) {
        let _ = write!(line, "\n{problem}");
    }
    if answered["complete"] == false {
        let _ = write!(line, "\n{}", field(answered, "completenessSummary"));
    }
    let sources: Vec<String> =
        answer["completeness"].as_array().into_iter().flatten().map(source).collect();
    if sources.is_empty() {
        line.push_str("\ncompleteness: nothing is stated by any source");
    } else {
        let _ = write!(
            line,
            "\n{}: {}",
            if answered["complete"] == true { "complete" } else { "heard" },
            sources.join(" · ")
        );
    }
    line
}

/// What of a ledger does not work: a line each.
pub(crate) fn problems(status: &Value) -> Vec<String> {
    let problems = status["problems"].as_array().into_iter().flatten();
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

fn source(source: &Value) -> String {
    let gaps: Vec<String> = source["gaps"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|gap| {
            let filled = if gap["backfilled"] == true { "back-filled" } else { "open" };
            format!("gap {} to {} {filled}", field(gap, "from"), field(gap, "until"))
        })
        .collect();
    let heard = match &source["heardUntil"] {
        Value::Null => "states nothing".to_owned(),
        _ => format!("to {}", field(source, "heardUntil")),
    };
    let gaps = if gaps.is_empty() { String::new() } else { format!(" ({})", gaps.join(", ")) };
    format!("{} {heard}{gaps}", field(source, "source"))
}

/// A table without lines around it.
pub(crate) fn table(header: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::NOTHING).set_header(header.iter().copied());
    for row in rows {
        table.add_row(row);
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn a_terminal_gets_no_escape_sequence() {
        assert_eq!(escape("a\u{1b}[31mb\u{202e}c"), "a\\u{1B}[31mb\\u{202E}c");
        assert_eq!(escape("Zoë 山"), "Zoë 山");
    }
}
