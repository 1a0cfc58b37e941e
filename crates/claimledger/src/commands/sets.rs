//! `first-seen`, `reused`: questions about all sessions at once.

use crate::{
    cli::{FirstSeenArgs, FirstSeenOf, Format},
    door::{Door, asking},
    settings::{Settings, time},
    show::{field, footing, say, table, words},
};
use anyhow::Result;
use serde_json::{Value, json};

const FIRST_SEEN: &str = include_str!("../queries/first_seen.graphql");
const REUSED: &str = include_str!("../queries/reused.graphql");

/// Prints what appeared for the first time.
pub(crate) async fn first_seen(settings: &Settings, args: &FirstSeenArgs) -> Result<()> {
    let kind = match args.kind {
        FirstSeenOf::Issuer => "ISSUER",
        FirstSeenOf::Key => "KEY",
        FirstSeenOf::AmrSet => "AMR_SET",
    };
    let instant = |flag, text: &Option<String>| text.as_ref().map(|text| time(flag, text).map(|time| time.to_string())).transpose();
    let (from, to) = (instant("--from", &args.from)?, instant("--to", &args.to)?);
    let variables = json!({"kind": kind, "from": from, "to": to, "asking": asking(&settings.asking)});
    ask(settings, FIRST_SEEN, "firstSeen", variables, first_seen_text).await
}

/// Prints what was used more than once.
pub(crate) async fn reused(settings: &Settings) -> Result<()> {
    ask(settings, REUSED, "reused", json!({"asking": asking(&settings.asking)}), reused_text).await
}

async fn ask(settings: &Settings, query: &str, name: &str, variables: Value, text: impl Fn(&Value) -> String) -> Result<()> {
    let door = Door::open(settings).await?;
    let answer = door.ask(query, name, variables).await;
    door.close().await;
    let answer = answer?;
    match settings.format {
        Format::Json => say(&format!("{answer:#}")),
        Format::Text => say(&format!("{}\n\n{}", text(&answer), footing(&answer))),
    }
    Ok(())
}

fn first_seen_text(answer: &Value) -> String {
    let list = rows(&answer["items"], |item| {
        let value = match (&item["amr"], &item["key"]) {
            (Value::Array(amr), _) if amr.is_empty() => "(no value)".to_owned(),
            (Value::Array(_), _) => words(&item["amr"]),
            (_, Value::String(_)) => format!("{} {}", field(item, "issuer"), field(item, "key")),
            _ => field(item, "issuer"),
        };
        let honored = match &item["honored"] {
            Value::Bool(true) => "honored".to_owned(),
            Value::Bool(false) => format!("not honored: {}", words(&item["reasons"])),
            _ => "not seen".to_owned(),
        };
        vec![value, field(item, "at"), field(item, "session"), honored, position(&item["record"]), possible(item)]
    });
    let compared = &answer["comparedWith"];
    let window = match (&compared["windowFrom"], &compared["windowTo"]) {
        (Value::Null, Value::Null) => String::new(),
        _ => format!(" Shown: from {} to {}.", field(compared, "windowFrom"), field(compared, "windowTo")),
    };
    let since = match &compared["since"] {
        Value::Null => "no claim shows any".to_owned(),
        _ => format!("the first claim of {}, {} values in all", field(compared, "since"), field(compared, "values")),
    };
    let looked = format!("Compared with the whole log from #{} to #{}: {since}.{window}", field(compared, "from"), field(compared, "to"));
    let text = none(answer, &list).unwrap_or_else(|| table(&["value", "first seen", "session", "by record", "record", ""], list));
    format!("{text}\n{looked}")
}

fn reused_text(answer: &Value) -> String {
    let mut list = Vec::new();
    for item in answer["items"].as_array().into_iter().flatten() {
        let (kind, id) = if item["kind"] == "ASSERTION" { ("assertion", "assertion") } else { ("IdP session", "idpSession") };
        list.extend(rows(&item["uses"], |one| {
            vec![
                kind.to_owned(),
                field(item, "idp"),
                field(item, id),
                field(one, "session"),
                field(one, "at"),
                position(&one["record"]),
                possible(item),
            ]
        }));
    }
    none(answer, &list).unwrap_or_else(|| table(&["reused", "idp", "id", "session", "at", "record", ""], list))
}

/// What stands for an empty list: none, where every source was complete; else none *seen*, and what was not heard.
fn none(answer: &Value, list: &[Vec<String>]) -> Option<String> {
    if !list.is_empty() {
        return None;
    }
    let mut open = Vec::new();
    for source in answer["completeness"].as_array().into_iter().flatten() {
        for gap in source["gaps"].as_array().into_iter().flatten().filter(|gap| gap["backfilled"] != true) {
            open.push(format!("{} silent {} to {}", field(source, "source"), field(gap, "from"), field(gap, "until")));
        }
    }
    let stated = answer["completeness"].as_array().is_some_and(|sources| !sources.is_empty());
    Some(match (open.is_empty(), stated) {
        (true, true) => "None: complete as far as the sources say.".to_owned(),
        (true, false) => "None seen: no source says how complete it is.".to_owned(),
        (false, _) => format!("None seen: incomplete, {}.", open.join(", ")),
    })
}

fn rows(list: &Value, row: impl Fn(&Value) -> Vec<String>) -> Vec<Vec<String>> {
    list.as_array().into_iter().flatten().map(row).collect()
}

fn position(record: &Value) -> String {
    format!("#{}", field(record, "position"))
}

fn possible(item: &Value) -> String {
    if item["certainty"] == "POSSIBLE" { "possible".into() } else { String::new() }
}
