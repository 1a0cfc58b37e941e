//! `decisions`.

use super::{
    question::ask_and_print,
    rendering::{decided, factor_name, marks, page, possible, rows, rule_of_version},
};
use crate::{
    cli::{DecisionFilterArgs, DecisionsArgs},
    exit_status::usage,
    ledger_client::{asking, given},
    output::{field, items, lowercase, named},
    settings::{Settings, instant},
    terminal::escape,
};
use anyhow::Result;
use claimledger_facts::vocabulary::Outcome;
use serde_json::{Value, json};

const DECISIONS: &str = include_str!("../queries/decisions.graphql");

/// Prints a page of decisions.
pub(crate) async fn decisions(settings: &Settings, args: &DecisionsArgs) -> Result<()> {
    let variables = json!({"filter": filter(&args.filter)?, "asking": asking(&settings.asking),
        "first": args.first, "after": args.after});
    ask_and_print(settings, DECISIONS, ("decisions", "edges"), variables, text).await
}

fn filter(args: &DecisionFilterArgs) -> Result<Value> {
    Ok(given(json!({
        "session": args.session,
        "app": args.app,
        "idp": args.idp,
        "key": args.key,
        "outcome": args.outcome.as_deref().map(outcome).transpose()?,
        "from": instant("--from", args.from.as_deref())?,
        "to": instant("--to", args.to.as_deref())?,
        "differs": args.differs,
        "falsifiedLater": args.falsified_later,
    })))
}

fn outcome(text: &str) -> Result<String> {
    [Outcome::Allow, Outcome::Challenge, Outcome::Deny]
        .into_iter()
        .find(|outcome| outcome.as_str() == text)
        .map(|outcome| outcome.as_str().to_uppercase())
        .ok_or_else(|| usage(format!("--outcome {}: allow, challenge or deny", escape(text))))
}

fn text(answer: &Value) -> String {
    let list = rows(&answer["edges"], |edge| {
        let d = &edge["node"];
        let rested: Vec<String> = items(&d["reliedOn"]).map(factor_name).collect();
        vec![
            format!("#{}", field(&d["record"], "position")),
            field(d, "session"),
            decided(d),
            named(d, "app"),
            lowercase(d, "outcome"),
            reading(d),
            reading(&d["atK"]),
            rule_of_version(d),
            if rested.is_empty() { "–".into() } else { rested.join(" ") },
            marks(d),
            possible(edge),
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
