//! `guard`.

use super::{
    question::ask,
    rehearse::{feature, rehearsed},
};
use crate::{
    cli::GuardArgs,
    exit_status::No,
    ledger_client::asking,
    output::{absence, field, print_answer},
    settings::{Settings, time},
    terminal::escape,
};
use anyhow::Result;
use serde_json::{Value, json};

const GUARD: &str = concat!(
    include_str!("../queries/guard.graphql"),
    include_str!("../queries/rehearse_fields.graphql")
);

/// Prints whether a change is allowed, and what it would have done; status 1 where it is not, or
/// where that is not known.
pub(crate) async fn guard(settings: &Settings, args: &GuardArgs) -> Result<()> {
    let read = |name: &str, text: &Option<String>| {
        text.as_deref().map(|text| time(name, text)).transpose()
    };
    let (from, to) = (read("--from", &args.from)?, read("--to", &args.to)?);
    let kind = if args.deactivate {
        "DEACTIVATE"
    } else if args.delete {
        "DELETE"
    } else if args.untrust {
        "UNTRUST"
    } else {
        "FEATURE_OFF"
    };
    let change = json!({"kind": kind, "idp": args.idp, "feature": args.feature_off.map(feature)});
    let variables = json!({"change": change, "from": from.map(|from| from.to_string()),
        "to": to.map(|to| to.to_string()), "asking": asking(&settings.asking)});
    let answer = ask(settings, GUARD, "guard", variables).await?;
    // Lag is no verdict: it has a status of its own.
    print_answer(settings.format, &answer, answer["absence"]["code"] == "LAGGING", text)?;
    match answer["verdict"].as_str() {
        Some("ALLOWED") => Ok(()),
        Some("REFUSED") => Err(No("the change is not allowed".to_owned()).into()),
        _ => Err(No("whether the change is allowed is not known".to_owned()).into()),
    }
}

fn text(answer: &Value) -> String {
    let lines = answer["text"].as_str().unwrap_or_default().lines();
    let mut parts = vec![lines.map(escape).collect::<Vec<_>>().join("\n")];
    parts.push(format!(
        "\nIf it had been made for the time from {} until {}:",
        field(answer, "from"),
        field(answer, "to")
    ));
    parts.push(match &answer["rehearsal"] {
        Value::Null => format!("not evaluated: {}", field(answer, "notRehearsed")),
        found => rehearsed(found),
    });
    if answer["absence"]["code"] != "NONE" {
        parts.push(format!("\n{}", absence(answer)));
    }
    parts.join("\n")
}
