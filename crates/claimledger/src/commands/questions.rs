//! `why`, `session`, `sessions`.

use crate::{
    cli::{Format, SessionsArgs, WhyArgs},
    door::{Door, asking},
    settings::{Settings, time},
    show::{barrier, field, footing, inert, none, nothing, print, say, table, word, words},
};
use anyhow::Result;
use claimledger_domain::codes;
use serde_json::{Map, Value, json};

const WHY: &str = include_str!("../queries/why.graphql");
const SESSION: &str = concat!(
    include_str!("../queries/session.graphql"),
    include_str!("../queries/session_fields.graphql")
);
const SESSIONS: &str = include_str!("../queries/sessions.graphql");

/// Prints the explanation; status 1 if nothing by this id is known, or nothing of it fits what was
/// asked.
pub(crate) async fn why(settings: &Settings, args: &WhyArgs) -> Result<()> {
    let door = Door::open(settings).await?;
    let variables = json!({"session": args.session, "app": args.app, "decision": args.decision,
        "factor": args.factor, "asking": asking(&settings.asking)});
    let answer = door.ask(WHY, "why", variables).await;
    door.close().await;
    let answer = answer?;
    let is_empty = answer["because"].as_array().is_none_or(Vec::is_empty);
    if settings.format == Format::Json || !is_empty {
        say(&match settings.format {
            Format::Json => format!("{answer:#}"),
            Format::Text => answer["text"].as_str().unwrap_or_default().trim_end().to_owned(),
        });
    }
    if settings.format == Format::Text && !answer["session"].is_null() {
        // Standard output is the tree, word for word; what the answer holds for stands beside it.
        eprintln!("\n{}", footing(&answer));
    }
    barrier(&answer, is_empty)?;
    if is_empty {
        let what = if args.factor.is_some() { "factor or claim" } else { "decision" };
        return Err(nothing(
            &answer,
            format!("{} has no {what} that fits. {}", inert(&args.session), none(&answer)),
        ));
    }
    Ok(())
}

/// Prints a session; status 1 if nothing by this id is known.
pub(crate) async fn session(settings: &Settings, id: &str) -> Result<()> {
    let door = Door::open(settings).await?;
    let answer =
        door.ask(SESSION, "session", json!({"id": id, "asking": asking(&settings.asking)})).await;
    door.close().await;
    let answer = answer?;
    print(settings.format, &answer, answer["session"].is_null(), session_text)
}

/// Prints a page of sessions.
pub(crate) async fn sessions(settings: &Settings, args: &SessionsArgs) -> Result<()> {
    let variables = json!({"filter": filter(args)?, "asking": asking(&settings.asking),
        "first": args.first, "after": args.after});
    let door = Door::open(settings).await?;
    let answer = door.ask(SESSIONS, "sessions", variables).await;
    door.close().await;
    let answer = answer?;
    print(settings.format, &answer, is_empty(&answer["edges"]), sessions_text)
}

/// Whether a list has no rows.
pub(crate) fn is_empty(list: &Value) -> bool {
    list.as_array().is_none_or(Vec::is_empty)
}

fn filter(args: &SessionsArgs) -> Result<Value> {
    let mut map = Map::new();
    for (name, flag, value) in [
        ("activeAt", "--active-at", &args.active_at),
        ("reliedFrom", "--relied-from", &args.relied_from),
        ("reliedTo", "--relied-to", &args.relied_to),
    ] {
        if let Some(text) = value {
            map.insert(name.into(), json!(time(flag, text)?.to_string()));
        }
    }
    for (name, value) in [
        ("subject", &args.subject),
        ("idp", &args.idp),
        ("key", &args.key),
        ("amr", &args.amr),
        ("app", &args.app),
    ] {
        if let Some(text) = value {
            map.insert(name.into(), json!(text));
        }
    }
    for (name, value) in [
        ("ended", args.ended),
        ("differs", args.differs),
        ("retracted", args.retracted),
        ("outlived", args.outlived),
        ("falsifiedLater", args.falsified_later),
    ] {
        if let Some(value) = value {
            map.insert(name.into(), json!(value));
        }
    }
    Ok(if map.is_empty() { Value::Null } else { Value::Object(map) })
}

fn session_text(answer: &Value) -> String {
    let s = &answer["session"];
    let mut parts = vec![format!("{} · {} · {}", field(s, "id"), field(s, "subject"), state(s))];
    let behind = [
        ("aliases", words(&s["aliases"])),
        ("idp", field(s, "idp")),
        ("IdP session", field(s, "idpSession")),
        ("root", field(s, "rootSession")),
    ];
    parts.push(
        behind
            .iter()
            .map(|(name, value)| format!("{name} {value}"))
            .collect::<Vec<_>>()
            .join(" · "),
    );
    let factors: Vec<Vec<String>> = rows(&s["factors"], |f| {
        vec![
            name(f),
            word(f, "type"),
            if f["origin"] == "LOCAL" {
                "local".into()
            } else {
                format!("{} {}", field(f, "idp"), field(&f["key"], "id"))
            },
            field(f, "from"),
            until(f),
            word(f, "grade"),
            yes(&f["byRecord"]),
            by_rules(f),
            field(f, "trustVersion"),
            words(&f["characteristics"]),
        ]
    });
    if !factors.is_empty() {
        let header = [
            "factor",
            "type",
            "by",
            "from",
            "until",
            "grade",
            "by record",
            "by rules",
            "trust",
            "characteristics",
        ];
        parts.push(format!("\n{}", table(&header, factors)));
    }
    let ignored = rows(&s["ignored"], |c| {
        vec![name(c), field(c, "idp"), field(c, "receivedAt"), words(&c["reasons"])]
    });
    if !ignored.is_empty() {
        parts
            .push(format!("\n{}", table(&["ignored claim", "by", "received", "reasons"], ignored)));
    }
    let decisions = rows(&s["decisions"], |d| {
        vec![
            format!("#{}", field(&d["record"], "position")),
            field(d, "at"),
            field(d, "app"),
            word(d, "outcome"),
            word(d, "implied"),
            format!("{} {}", field(d, "rule"), field(d, "version")),
            field(d, "firstUnmet"),
            marks(d),
        ]
    });
    if !decisions.is_empty() {
        parts.push(format!(
            "\n{}",
            table(
                &["decision", "at", "app", "recorded", "implied", "rule", "first unmet", ""],
                decisions
            )
        ));
    }
    if let Some(outlived) = outlived(s) {
        parts.push(format!(
            "\n{outlived}, which ended {}",
            field(&s["outlived"]["idpSessionEnd"], "occurredAt")
        ));
    }
    let refused = rows(&s["refused"], |one| {
        vec![
            format!("#{}", field(&one["record"], "position")),
            field(one, "at"),
            field(one, "result"),
            field(one, "reason"),
            field(one, "method"),
            field(one, "app"),
        ]
    });
    if !refused.is_empty() {
        parts.push(format!(
            "\n{}",
            table(&["refused", "at", "result", "reason", "method", "app"], refused)
        ));
    }
    for falsifier in s["falsifiers"].as_array().into_iter().flatten() {
        parts.push(format!(
            "\n#{} {}",
            field(&falsifier["record"], "position"),
            field(falsifier, "words")
        ));
    }
    parts.push(format!("\n{}", footing(answer)));
    parts.join("\n")
}

fn sessions_text(answer: &Value) -> String {
    let list = rows(&answer["edges"], |edge| {
        let s = &edge["node"];
        let factors: Vec<String> = s["factors"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|f| f["byRecord"] == true)
            .map(name)
            .collect();
        let flag = |d: &Value| {
            [("differs", "differs"), ("falsifiedLater", "falsified later")]
                .into_iter()
                .filter(|(name, _)| !d[*name].is_null())
                .map(|(name, words)| format!("{words} {}", field(&d[name], "code")))
                .collect::<Vec<_>>()
        };
        let outlived = outlived(s).map(str::to_owned);
        let flags: Vec<String> = s["decisions"]
            .as_array()
            .into_iter()
            .flatten()
            .flat_map(flag)
            .chain(outlived)
            .collect();
        vec![
            field(s, "id"),
            field(s, "subject"),
            field(s, "startedAt"),
            field(s, "idp"),
            if factors.is_empty() { "–".into() } else { factors.join(" ") },
            state(s),
            flags.join(", "),
            if edge["certainty"] == "POSSIBLE" { "possible".into() } else { String::new() },
        ]
    });
    let count = list.len();
    let mut text = if count == 0 {
        none(answer)
    } else {
        table(
            &["session", "subject", "started", "idp", "factors by record", "state", "flags", ""],
            list,
        )
    };
    if answer["pageInfo"]["hasNextPage"] == true {
        text.push_str(&format!(
            "\n{count} shown, more with --after {}",
            field(&answer["pageInfo"], "endCursor")
        ));
    }
    format!("{text}\n\n{}", footing(answer))
}

/// That a session outlived the IdP's session behind it, or may have.
fn outlived(session: &Value) -> Option<&'static str> {
    match session["outlived"]["certainty"].as_str()? {
        "CERTAIN" => Some("outlived its IdP session"),
        _ => Some("may have outlived its IdP session"),
    }
}

pub(crate) fn rows(list: &Value, row: impl Fn(&Value) -> Vec<String>) -> Vec<Vec<String>> {
    list.as_array().into_iter().flatten().map(row).collect()
}

/// What is odd about a decision: that it differs, was falsified later, or was hit later.
pub(crate) fn marks(decision: &Value) -> String {
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

pub(crate) fn name(factor: &Value) -> String {
    if factor["amr"].is_null() { field(factor, "method") } else { field(factor, "amr") }
}

fn yes(value: &Value) -> String {
    if value == true { "yes".into() } else { "no".into() }
}

fn by_rules(factor: &Value) -> String {
    let void: Vec<String> = factor["void"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(codes::words)
        .collect();
    if factor["byRules"] == true {
        if factor["certainty"] == "POSSIBLE" { "possibly".into() } else { "yes".into() }
    } else if void.is_empty() {
        "no".into()
    } else {
        format!("void: {}", void.join("; "))
    }
}

fn until(factor: &Value) -> String {
    let reason = match &factor["endReason"] {
        Value::Null => String::new(),
        _ => format!(" {}", field(factor, "endReason")),
    };
    match (&factor["until"], &factor["untilBounds"]) {
        (Value::String(_), _) => format!("{}{reason}", field(factor, "until")),
        (_, Value::Object(_)) => format!(
            "between {} and {}{reason}",
            field(&factor["untilBounds"], "from"),
            field(&factor["untilBounds"], "to")
        ),
        _ => "not ended".into(),
    }
}

fn state(s: &Value) -> String {
    let certainty = match words(&s["missing"]).as_str() {
        "–" => word(s, "certainty"),
        missing => format!("{}, missing: {missing}", word(s, "certainty")),
    };
    match (s["endedAt"].as_str(), s["endBounds"].as_object()) {
        (Some(ended), _) => format!("ended {ended}, {} · {certainty}", field(s, "endReason")),
        (None, Some(_)) => {
            let reason = if s["endReason"].is_null() {
                "no end stated".into()
            } else {
                field(s, "endReason")
            };
            let latest = field(&s["endBounds"], "to");
            let latest = if latest == "–" { "unknown".into() } else { latest };
            format!(
                "{}, {reason}: between {} and {latest} · {certainty}",
                word(s, "state"),
                field(&s["endBounds"], "from")
            )
        }
        (None, None) => format!("{} · {certainty}", word(s, "state")),
    }
}
