//! `dependants`.

use super::{
    question::ask_and_print,
    rendering::{possible, record_position, rows},
};
use crate::{
    cli::DependantsArgs,
    ledger_client::asking,
    output::{absence, field, items, joined, lowercase},
    settings::Settings,
    table::table,
};
use anyhow::Result;
use serde_json::{Value, json};

const DEPENDANTS: &str = include_str!("../queries/dependants.graphql");

/// Prints what an actor or a record changed, and what rested on it.
pub(crate) async fn dependants(settings: &Settings, args: &DependantsArgs) -> Result<()> {
    let variables =
        json!({"actor": args.actor, "record": args.record, "asking": asking(&settings.asking)});
    ask_and_print(settings, DEPENDANTS, ("dependants", "items"), variables, dependants_text).await
}

fn dependants_text(answer: &Value) -> String {
    let mut parts = Vec::new();
    for item in items(&answer["items"]) {
        let named = ["idp", "key", "policy", "version", "subject"]
            .iter()
            .filter(|name| !item[**name].is_null())
            .map(|name| field(item, name));
        let what: Vec<String> =
            std::iter::once(lowercase(item, "kind").replace('_', " ")).chain(named).collect();
        let replaced = if item["replacedAt"].is_null() {
            String::new()
        } else {
            format!(", replaced {}", field(item, "replacedAt"))
        };
        let effect = if item["effectiveFrom"] == item["at"] {
            String::new()
        } else {
            format!(", from {}", field(item, "effectiveFrom"))
        };
        parts.push(format!(
            "{} · {} (recorded {}){effect}{replaced} · {} {} · {}",
            what.join(" "),
            field(item, "at"),
            field(item, "recordedAt"),
            field(item, "actor"),
            field(item, "ticket"),
            record_position(&item["record"])
        ));
        let sessions = rows(&item["sessions"], |of| {
            vec![
                field(of, "session"),
                lowercase(of, "state"),
                field(of, "startedAt"),
                joined(&of["factors"]),
                possible(of),
            ]
        });
        let decisions = rows(&item["decisions"], |of| {
            vec![
                field(of, "session"),
                field(of, "app"),
                lowercase(of, "outcome"),
                field(of, "at"),
                record_position(&of["record"]),
                possible(of),
            ]
        });
        let empty = sessions.is_empty() && decisions.is_empty();
        if !sessions.is_empty() {
            parts.push(table(&["session", "state", "started", "factors", ""], sessions));
        }
        if !decisions.is_empty() {
            parts.push(table(&["session", "app", "recorded", "at", "record", ""], decisions));
        }
        if empty {
            parts.push(if answer["absence"]["code"] == "NONE" {
                "nothing rested on it".to_owned()
            } else {
                format!("nothing seen that rested on it: {}", absence(answer))
            });
        }
    }
    if parts.is_empty() { absence(answer) } else { parts.join("\n") }
}
