//! `reused`.

use super::{
    question::ask_and_print,
    rendering::{possible, record_position, rows, table_or_absence},
};
use crate::{
    ledger_client::asking,
    output::{field, items},
    settings::Settings,
};
use anyhow::Result;
use serde_json::{Value, json};

const REUSED: &str = include_str!("../queries/reused.graphql");

/// Prints what was used more than once.
pub(crate) async fn reused(settings: &Settings) -> Result<()> {
    let variables = json!({"asking": asking(&settings.asking)});
    ask_and_print(settings, REUSED, ("reused", "items"), variables, reused_text).await
}

fn reused_text(answer: &Value) -> String {
    let mut list = Vec::new();
    for item in items(&answer["items"]) {
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
                record_position(&one["record"]),
                possible(item),
            ]
        }));
    }
    table_or_absence(answer, &["reused", "idp", "id", "session", "at", "record", ""], list)
}
