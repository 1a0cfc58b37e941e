//! `first-seen`.

use super::{
    question::ask_and_print,
    rendering::{possible, record_position, rows, table_or_absence},
};
use crate::{
    cli::FirstSeenArgs,
    ledger_client::asking,
    output::{field, joined},
    settings::{Settings, instant},
};
use anyhow::Result;
use claimledger_domain::first_seen::FirstSeenKind;
use serde_json::{Value, json};

const FIRST_SEEN: &str = include_str!("../queries/first_seen.graphql");

/// Prints what appeared for the first time.
pub(crate) async fn first_seen(settings: &Settings, args: &FirstSeenArgs) -> Result<()> {
    let kind = FirstSeenKind::from(args.kind).as_str().to_uppercase();
    let from = instant("--from", args.from.as_deref())?;
    let to = instant("--to", args.to.as_deref())?;
    let variables =
        json!({"kind": kind, "from": from, "to": to, "asking": asking(&settings.asking)});
    ask_and_print(settings, FIRST_SEEN, ("firstSeen", "items"), variables, first_seen_text).await
}

fn first_seen_text(answer: &Value) -> String {
    let list = rows(&answer["items"], |item| {
        let value = match (&item["amr"], &item["key"]) {
            (Value::Array(amr), _) if amr.is_empty() => "(no value)".to_owned(),
            (Value::Array(_), _) => joined(&item["amr"]),
            (_, Value::String(_)) => format!("{} {}", field(item, "issuer"), field(item, "key")),
            _ => field(item, "issuer"),
        };
        let honored = match &item["honored"] {
            Value::Bool(true) => "honored".to_owned(),
            Value::Bool(false) => format!("not honored: {}", joined(&item["reasons"])),
            _ => "not seen".to_owned(),
        };
        vec![
            value,
            field(item, "at"),
            field(item, "session"),
            honored,
            record_position(&item["record"]),
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
    let text = table_or_absence(
        answer,
        &["value", "first seen", "session", "by record", "record", ""],
        list,
    );
    format!("{text}\n{looked}")
}
