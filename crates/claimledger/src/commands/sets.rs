//! `first-seen`, `reused`, `outlived`, `held-under`, `dependants`: questions about all sessions at
//! once.

use super::questions::is_empty;
use crate::{
    cli::{DependantsArgs, FirstSeenArgs, FirstSeenOf},
    door::{Door, asking},
    settings::{Settings, time},
    show::{field, footing, none, print, table, word, words},
};
use anyhow::Result;
use serde_json::{Value, json};

const FIRST_SEEN: &str = include_str!("../queries/first_seen.graphql");
const REUSED: &str = include_str!("../queries/reused.graphql");
const OUTLIVED: &str = include_str!("../queries/outlived.graphql");
const HELD_UNDER: &str = include_str!("../queries/held_under.graphql");
const DEPENDANTS: &str = include_str!("../queries/dependants.graphql");

/// Prints what appeared for the first time.
pub(crate) async fn first_seen(settings: &Settings, args: &FirstSeenArgs) -> Result<()> {
    let kind = match args.kind {
        FirstSeenOf::Issuer => "ISSUER",
        FirstSeenOf::Key => "KEY",
        FirstSeenOf::AmrSet => "AMR_SET",
    };
    let instant = |flag, text: &Option<String>| {
        text.as_ref().map(|text| time(flag, text).map(|time| time.to_string())).transpose()
    };
    let (from, to) = (instant("--from", &args.from)?, instant("--to", &args.to)?);
    let variables =
        json!({"kind": kind, "from": from, "to": to, "asking": asking(&settings.asking)});
    ask(settings, FIRST_SEEN, "firstSeen", variables, first_seen_text).await
}

/// Prints what was used more than once.
pub(crate) async fn reused(settings: &Settings) -> Result<()> {
    ask(settings, REUSED, "reused", json!({"asking": asking(&settings.asking)}), reused_text).await
}

/// Prints the sessions that outlived their IdP session.
pub(crate) async fn outlived(settings: &Settings) -> Result<()> {
    ask(settings, OUTLIVED, "outlived", json!({"asking": asking(&settings.asking)}), outlived_text)
        .await
}

/// Prints who kept access under a replaced version.
pub(crate) async fn held_under(settings: &Settings, policy: &str, version: &str) -> Result<()> {
    let variables =
        json!({"policy": policy, "version": version, "asking": asking(&settings.asking)});
    ask(settings, HELD_UNDER, "heldUnder", variables, held_text).await
}

/// Prints what an actor or a record changed, and what rested on it.
pub(crate) async fn dependants(settings: &Settings, args: &DependantsArgs) -> Result<()> {
    let variables =
        json!({"actor": args.actor, "record": args.record, "asking": asking(&settings.asking)});
    ask(settings, DEPENDANTS, "dependants", variables, dependants_text).await
}

async fn ask(
    settings: &Settings,
    query: &str,
    name: &str,
    variables: Value,
    text: impl Fn(&Value) -> String,
) -> Result<()> {
    let door = Door::open(settings).await?;
    let answer = door.ask(query, name, variables).await;
    door.close().await;
    let answer = answer?;
    print(settings.format, &answer, is_empty(&answer["items"]), |answer| {
        format!("{}\n\n{}", text(answer), footing(answer))
    })
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
        vec![
            value,
            field(item, "at"),
            field(item, "session"),
            honored,
            position(&item["record"]),
            possible(item),
        ]
    });
    let compared = &answer["comparedWith"];
    let window = match (&compared["windowFrom"], &compared["windowTo"]) {
        (Value::Null, Value::Null) => String::new(),
        _ => format!(
            " Shown: from {} to {}.",
            field(compared, "windowFrom"),
            field(compared, "windowTo")
        ),
    };
    let since = match &compared["since"] {
        Value::Null => "no claim shows any".to_owned(),
        _ => format!(
            "the first claim of {}, {} values in all",
            field(compared, "since"),
            field(compared, "values")
        ),
    };
    let looked = format!(
        "Compared with the whole log from #{} to #{}: {since}.{window}",
        field(compared, "from"),
        field(compared, "to")
    );
    let text =
        or_none(answer, &["value", "first seen", "session", "by record", "record", ""], list);
    format!("{text}\n{looked}")
}

fn reused_text(answer: &Value) -> String {
    let mut list = Vec::new();
    for item in answer["items"].as_array().into_iter().flatten() {
        let (kind, id) = if item["kind"] == "ASSERTION" {
            ("assertion", "assertion")
        } else {
            ("IdP session", "idpSession")
        };
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
    or_none(answer, &["reused", "idp", "id", "session", "at", "record", ""], list)
}

fn outlived_text(answer: &Value) -> String {
    let list = rows(&answer["items"], |item| {
        let end = match (&item["endedAt"], &item["endBounds"]) {
            (Value::String(_), _) => {
                format!("{} {}", field(item, "endedAt"), field(item, "endReason"))
            }
            (_, Value::Object(_)) => between(&item["endBounds"]),
            _ => "–".to_owned(),
        };
        let idp_session = format!("{} {}", field(item, "idp"), field(item, "idpSession"));
        let certainty = word(item, "certainty");
        vec![
            field(item, "session"),
            idp_session,
            field(item, "idpSessionEndedAt"),
            field(item, "activeAt"),
            word(item, "state"),
            end,
            certainty,
        ]
    });
    let header =
        ["session", "IdP session", "ended", "sign of life after", "state", "session's end", ""];
    or_none(answer, &header, list)
}

fn held_text(answer: &Value) -> String {
    let list = rows(&answer["items"], |item| {
        let until = match (&item["until"], &item["untilBounds"]) {
            (Value::String(_), _) => field(item, "until"),
            (_, Value::Object(_)) => between(&item["untilBounds"]),
            _ => "not ended".to_owned(),
        };
        let by = match item["endedBy"].as_str() {
            Some("DECIDED") => format!(
                "decided again under {}: {}",
                field(item, "decidedUnder"),
                word(item, "nextOutcome")
            ),
            Some("SESSION_ENDED") => format!("session ended: {}", field(item, "endReason")),
            _ => "still open".to_owned(),
        };
        let next = field(item, "nextVersion");
        let would = match &item["wouldPass"] {
            Value::Bool(true) => format!("would have passed {next}"),
            Value::Bool(false) => {
                format!("would have failed {next}: {}", field(item, "firstUnmet"))
            }
            _ => format!("{next}: undetermined, missing {}", words(&item["missing"])),
        };
        let (session, app) = (field(item, "session"), field(item, "app"));
        vec![
            session,
            app,
            position(&item["decision"]),
            field(item, "from"),
            until,
            by,
            would,
            possible(item),
        ]
    });
    if list.is_empty() && is_empty(&answer["replaced"]) {
        return format!(
            "{}\nAs far as is known, no version of this policy with this label was replaced by \
             then.",
            none(answer)
        );
    }
    let header = ["session", "app", "let in by", "kept from", "until", "ended by", "", ""];
    or_none(answer, &header, list)
}

fn dependants_text(answer: &Value) -> String {
    let mut parts = Vec::new();
    for item in answer["items"].as_array().into_iter().flatten() {
        let named = ["idp", "key", "policy", "version", "subject"]
            .iter()
            .filter(|name| !item[**name].is_null())
            .map(|name| field(item, name));
        let what: Vec<String> =
            std::iter::once(word(item, "kind").replace('_', " ")).chain(named).collect();
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
            position(&item["record"])
        ));
        let sessions = rows(&item["sessions"], |of| {
            vec![
                field(of, "session"),
                word(of, "state"),
                field(of, "startedAt"),
                words(&of["factors"]),
                possible(of),
            ]
        });
        let decisions = rows(&item["decisions"], |of| {
            vec![
                field(of, "session"),
                field(of, "app"),
                word(of, "outcome"),
                field(of, "at"),
                position(&of["record"]),
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
                format!("nothing seen that rested on it: {}", none(answer))
            });
        }
    }
    if parts.is_empty() { none(answer) } else { parts.join("\n") }
}

/// Bounds, in words.
fn between(bounds: &Value) -> String {
    let to = field(bounds, "to");
    format!(
        "between {} and {}",
        field(bounds, "from"),
        if to == "–" { "unknown".to_owned() } else { to }
    )
}

/// A table, or what stands in its place.
fn or_none(answer: &Value, header: &[&str], list: Vec<Vec<String>>) -> String {
    if list.is_empty() { none(answer) } else { table(header, list) }
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
