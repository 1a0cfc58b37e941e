//! `outlived`.

use super::{
    question::ask_and_print,
    rendering::{between, rows, table_or_absence},
};
use crate::{
    ledger_client::asking,
    output::{field, lowercase},
    settings::Settings,
};
use anyhow::Result;
use serde_json::{Value, json};

const OUTLIVED: &str = include_str!("../queries/outlived.graphql");

/// Prints the sessions that outlived their IdP session.
pub(crate) async fn outlived(settings: &Settings) -> Result<()> {
    let variables = json!({"asking": asking(&settings.asking)});
    ask_and_print(settings, OUTLIVED, ("outlived", "items"), variables, outlived_text).await
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
        let certainty = lowercase(item, "certainty");
        vec![
            field(item, "session"),
            idp_session,
            field(item, "idpSessionEndedAt"),
            field(item, "activeAt"),
            lowercase(item, "state"),
            end,
            certainty,
        ]
    });
    let header =
        ["session", "IdP session", "ended", "sign of life after", "state", "session's end", ""];
    table_or_absence(answer, &header, list)
}
