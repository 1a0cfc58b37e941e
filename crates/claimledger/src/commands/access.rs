//! `access`.

use super::{question::ask, rendering::rows};
use crate::{
    cli::{AccessArgs, Format},
    output::{field, items, joined},
    settings::{Settings, instant},
    table::table,
    terminal::{print_json, print_text},
};
use anyhow::Result;
use serde_json::{Value, json};

const ACCESSES: &str = include_str!("../queries/accesses.graphql");

/// Prints entries of the access log, the last first. The first is that of this command.
pub(crate) async fn access(settings: &Settings, args: &AccessArgs) -> Result<()> {
    let variables = json!({
        "subject": args.subject,
        "session": args.session,
        "from": instant("--from", args.from.as_deref())?,
        "to": instant("--to", args.to.as_deref())?,
        "first": args.first,
        "after": args.after,
    });
    let list = ask(settings, ACCESSES, "accesses", variables).await?;
    match settings.format {
        Format::Json => print_json(&list),
        Format::Text => print_text(&text(&list)),
    }
    Ok(())
}

fn text(list: &Value) -> String {
    let lines = rows(&list["items"], |entry| {
        let part = if entry["part"] == 1 { String::new() } else { field(entry, "part") };
        vec![
            field(entry, "position"),
            field(entry, "at"),
            field(entry, "credential"),
            field(entry, "surface"),
            asked(entry),
            shown(entry),
            field(entry, "purpose"),
            field(entry, "case"),
            format!("{} {part}", field(entry, "request")).trim_end().to_owned(),
        ]
    });
    let header =
        ["", "written", "credential", "by", "asked", "shown", "purpose", "case", "request"];
    let mut parts = vec![if lines.is_empty() {
        "No entry of the access log is asked for.".to_owned()
    } else {
        table(&header, lines)
    }];
    if list["ownOnly"] == true {
        parts.push(
            "Only entries of your own credential; those of others need the role govern.".to_owned(),
        );
    }
    if !list["next"].is_null() {
        parts.push(format!("More: --after {}", field(list, "next")));
    }
    parts.join("\n")
}

/// The questions of an entry, and their cut.
fn asked(entry: &Value) -> String {
    let asked = items(&entry["questions"]).map(|question| {
        let known_at = field(question, "knownAt");
        let word = field(question, "question");
        if question["knownAt"].is_null() { word } else { format!("{word} {known_at}") }
    });
    asked.collect::<Vec<_>>().join(", ")
}

/// How much of what an entry names, and whether with names.
fn shown(entry: &Value) -> String {
    if !entry["refused"].is_null() {
        return format!("refused: needs {}", field(entry, "refused"));
    }
    if entry["wholeLog"] == true {
        return "everything".to_owned();
    }
    let records: u64 = items(&entry["records"])
        .map(|range| {
            let end = |name: &str| range[name].as_u64().unwrap_or_default();
            end("last") - end("first") + 1
        })
        .sum();
    let sessions = match entry["sessions"].as_array().map_or(0, Vec::len) {
        0 => None,
        1..=3 => Some(joined(&entry["sessions"])),
        many => Some(format!("{many} sessions")),
    };
    let records = (records > 0)
        .then(|| if records == 1 { "1 record".to_owned() } else { format!("{records} records") });
    let names = (entry["names"] == true).then(|| "names".to_owned());
    let all: Vec<String> = sessions.into_iter().chain(records).chain(names).collect();
    if all.is_empty() { "–".to_owned() } else { all.join(", ") }
}
