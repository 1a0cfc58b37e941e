//! `decisions`.

use super::{
    question::ask_and_print,
    rendering::{factor_name, marks, page, rows},
};
use crate::{
    cli::DecisionsArgs,
    ledger_client::asking,
    output::{field, lowercase, named},
    settings::{Settings, time, usage},
    terminal::escape,
};
use anyhow::Result;
use claimledger_facts::vocabulary::Outcome;
use serde_json::{Map, Value, json};

const DECISIONS: &str = include_str!("../queries/decisions.graphql");

/// Prints a page of decisions.
pub(crate) async fn decisions(settings: &Settings, args: &DecisionsArgs) -> Result<()> {
    let variables = json!({"filter": filter(args)?, "asking": asking(&settings.asking),
        "first": args.first, "after": args.after});
    ask_and_print(settings, DECISIONS, ("decisions", "edges"), variables, text).await.map(drop)
}

fn filter(args: &DecisionsArgs) -> Result<Value> {
    let mut map = Map::new();
    for (name, value) in
        [("session", &args.session), ("app", &args.app), ("idp", &args.idp), ("key", &args.key)]
    {
        if let Some(text) = value {
            map.insert(name.into(), json!(text));
        }
    }
    if let Some(text) = &args.outcome {
        let known = [Outcome::Allow, Outcome::Challenge, Outcome::Deny]
            .into_iter()
            .find(|outcome| outcome.as_str() == text);
        let outcome = known.ok_or_else(|| {
            usage(format!("--outcome {}: allow, challenge or deny", escape(text)))
        })?;
        map.insert("outcome".into(), json!(outcome.as_str().to_uppercase()));
    }
    for (name, flag, value) in [("from", "--from", &args.from), ("to", "--to", &args.to)] {
        if let Some(text) = value {
            map.insert(name.into(), json!(time(flag, text)?.to_string()));
        }
    }
    for (name, value) in [("differs", args.differs), ("falsifiedLater", args.falsified_later)] {
        if let Some(value) = value {
            map.insert(name.into(), json!(value));
        }
    }
    Ok(if map.is_empty() { Value::Null } else { Value::Object(map) })
}

fn text(answer: &Value) -> String {
    let list = rows(&answer["edges"], |edge| {
        let d = &edge["node"];
        let rested: Vec<String> =
            d["reliedOn"].as_array().into_iter().flatten().map(factor_name).collect();
        vec![
            format!("#{}", field(&d["record"], "position")),
            field(d, "session"),
            field(d, "at"),
            named(d, "app"),
            lowercase(d, "outcome"),
            reading(d),
            reading(&d["atK"]),
            format!("{} {}", named(d, "rule"), field(d, "version")),
            if rested.is_empty() { "–".into() } else { rested.join(" ") },
            marks(d),
            if edge["certainty"] == "POSSIBLE" { "possible".into() } else { String::new() },
        ]
    });
    let header = [
        "decision",
        "session",
        "at",
        "app",
        "recorded",
        "when decided",
        "at K",
        "rule",
        "rested on",
        "",
        "",
    ];
    page(answer, &header, list)
}

/// `deny (not_enough_factors)`.
fn reading(known: &Value) -> String {
    let implied = lowercase(known, "implied");
    if known["firstUnmet"].is_null() {
        implied
    } else {
        format!("{implied} ({})", field(known, "firstUnmet"))
    }
}
