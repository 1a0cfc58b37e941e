//! `belief-diff`.

use super::{
    question::ask,
    rendering::{add_table, rows},
};
use crate::{
    cli::BeliefDiffArgs,
    ledger_client::asking,
    output::{field, items, lowercase, print_answer},
    settings::{Settings, known_by},
};
use anyhow::Result;
use serde_json::{Value, json};

const BELIEF_DIFF: &str = include_str!("../queries/belief_diff.graphql");

/// Prints what was believed, what is, and which facts changed it; status 1 if nothing by this id is
/// known at either.
pub(crate) async fn belief_diff(settings: &Settings, args: &BeliefDiffArgs) -> Result<()> {
    let from = asking(&known_by("--from", &args.from)?);
    let to = match asking(&settings.asking) {
        Value::Null => json!({}),
        to => to,
    };
    let at = settings.asking.at.map(|at| at.to_string());
    let answer = ask(
        settings,
        BELIEF_DIFF,
        "beliefDiff",
        json!({"session": args.session, "at": at, "from": from, "to": to}),
    )
    .await?;
    print_answer(settings.format, &answer, answer["session"].is_null(), belief_text)
}

fn belief_text(answer: &Value) -> String {
    let mut parts = vec![field(&answer["from"], "sentence"), field(&answer["to"], "sentence")];
    let changes = rows(&answer["changes"], |change| {
        vec![aspect(change), field(change, "before"), field(change, "after")]
    });
    if changes.is_empty() {
        parts.push("Nothing reads differently.".to_owned());
    } else {
        add_table(&mut parts, &["", "before", "after"], changes);
    }
    let header = ["fact", "type", "source id", "occurred", "recorded", "changed"];
    add_table(&mut parts, &header, rows(&answer["facts"], fact));
    parts.join("\n")
}

fn fact(fact: &Value) -> Vec<String> {
    let record = &fact["record"];
    let occurred = match &record["occurredTo"] {
        Value::Null => field(record, "occurredAt"),
        _ => format!("between {} and {}", field(record, "occurredAt"), field(record, "occurredTo")),
    };
    let mut changed: Vec<String> = items(&fact["changed"]).map(aspect).collect();
    let together: Vec<String> = items(&fact["changedTogether"]).map(aspect).collect();
    let others: Vec<String> =
        items(&fact["others"]).map(|record| format!("#{}", field(record, "position"))).collect();
    if !others.is_empty() {
        changed.push(format!("with {}: {}", others.join(" "), together.join(", ")));
    }
    vec![
        format!("#{}", field(record, "position")),
        field(record, "type"),
        field(record, "sourceId"),
        occurred,
        field(record, "recordedAt"),
        changed.join(", "),
    ]
}

fn aspect(change: &Value) -> String {
    if change["of"].is_null() {
        lowercase(change, "aspect")
    } else {
        format!("{} {}", lowercase(change, "aspect"), field(change, "of"))
    }
}
