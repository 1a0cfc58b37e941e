//! `session`.

use super::{
    question::{ask_of_session, with_erased},
    rendering::{add_table, decided, factor_name, marks, rows, rule_of_version},
    sessions::{outlived, state},
};
use crate::{
    ledger_client::asking,
    output::{field, items, joined, lowercase, named, print_answer},
    settings::Settings,
    terminal::escape,
};
use anyhow::Result;
use serde_json::{Value, json};

const SESSION: &str = concat!(
    include_str!("../queries/session.graphql"),
    include_str!("../queries/session_fields.graphql")
);

/// Prints a session; status 1 if nothing by this id is known.
pub(crate) async fn session(settings: &Settings, id: &str) -> Result<()> {
    let variables = json!({"id": id, "asking": asking(&settings.asking)});
    let answer = ask_of_session(settings, SESSION, "session", variables, id).await?;
    let text = |answer: &Value| with_erased(answer, session_text(answer));
    print_answer(settings.format, &answer, answer["session"].is_null(), text)
}

fn session_text(answer: &Value) -> String {
    let s = &answer["session"];
    let mut parts = vec![format!("{} · {} · {}", field(s, "id"), field(s, "subject"), state(s))];
    let behind = [
        ("aliases", joined(&s["aliases"])),
        ("idp", named(s, "idp")),
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
    let factors = rows(&s["factors"], |f| {
        vec![
            factor_name(f),
            lowercase(f, "type"),
            match (f["origin"] == "LOCAL", f["authenticatorName"].as_str()) {
                (true, None) => "local".into(),
                (true, Some(_)) => format!("local, {}", named(f, "authenticator")),
                (false, _) => format!("{} {}", named(f, "idp"), field(&f["key"], "id")),
            },
            field(f, "from"),
            until(f),
            lowercase(f, "grade"),
            yes(&f["byRecord"]),
            by_rules(f),
            trust(f),
            joined(&f["characteristics"]),
        ]
    });
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
    add_table(&mut parts, &header, factors);
    let ignored = rows(&s["ignored"], |c| {
        vec![factor_name(c), field(c, "idp"), field(c, "receivedAt"), joined(&c["reasons"])]
    });
    add_table(&mut parts, &["ignored claim", "by", "received", "reasons"], ignored);
    let decisions = rows(&s["decisions"], |d| {
        vec![
            format!("#{}", field(&d["record"], "position")),
            decided(d),
            named(d, "app"),
            lowercase(d, "outcome"),
            lowercase(d, "implied"),
            rule_of_version(d),
            field(d, "firstUnmet"),
            marks(d),
        ]
    });
    let header = ["decision", "at", "app", "recorded", "implied", "rule", "first unmet", ""];
    add_table(&mut parts, &header, decisions);
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
    add_table(&mut parts, &["refused", "at", "result", "reason", "method", "app"], refused);
    for falsifier in items(&s["falsifiers"]) {
        parts.push(format!(
            "\n#{} {}",
            field(&falsifier["record"], "position"),
            field(falsifier, "words")
        ));
    }
    parts.join("\n")
}

fn yes(value: &Value) -> String {
    if value == true { "yes".into() } else { "no".into() }
}

/// The versions of its IdP that it came under: `tx1`, `possibly tx1`.
fn trust(factor: &Value) -> String {
    let labels = items(&factor["trustVersions"]).filter_map(Value::as_str).map(escape);
    let labels: Vec<String> = labels.collect();
    let labels = labels.join(" or ");
    match factor["trustCertainty"].as_str() {
        Some("POSSIBLE") if labels.is_empty() => "possibly, between versions".to_owned(),
        Some("POSSIBLE") => format!("possibly {labels}"),
        Some(_) => labels,
        None if labels.is_empty() => labels,
        None => format!("{labels} (not trusted)"),
    }
}

fn by_rules(factor: &Value) -> String {
    let void: Vec<String> = items(&factor["void"])
        .filter_map(Value::as_str)
        .map(claimledger_domain::codes::words)
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
