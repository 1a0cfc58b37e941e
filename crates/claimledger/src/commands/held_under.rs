//! `held-under`.

use super::{
    question::ask_and_print,
    rendering::{between, is_empty, possible, record_position, rows, table_or_absence},
};
use crate::{
    ledger_client::asking,
    output::{absence, field, joined, lowercase},
    settings::Settings,
};
use anyhow::Result;
use serde_json::{Value, json};

const HELD_UNDER: &str = include_str!("../queries/held_under.graphql");

/// Prints who kept access under a replaced version.
pub(crate) async fn held_under(settings: &Settings, policy: &str, version: &str) -> Result<()> {
    let variables =
        json!({"policy": policy, "version": version, "asking": asking(&settings.asking)});
    ask_and_print(settings, HELD_UNDER, ("heldUnder", "items"), variables, held_text).await
}

fn held_text(answer: &Value) -> String {
    let list = rows(&answer["items"], |item| {
        let until = match (&item["until"], &item["untilBounds"]) {
            (Value::String(_), _) => field(item, "until"),
            (_, Value::Object(_)) => between(&item["untilBounds"]),
            _ => "not ended".to_owned(),
        };
        let kept_from = match &item["fromLatest"] {
            Value::String(latest) => format!("between {} and {latest}", field(item, "from")),
            _ => field(item, "from"),
        };
        let by = match item["endedBy"].as_str() {
            Some("DECIDED") => format!(
                "decided again under {}: {}",
                field(item, "decidedUnder"),
                lowercase(item, "nextOutcome")
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
            _ => format!("{next}: undetermined, missing {}", joined(&item["missing"])),
        };
        let (session, app) = (field(item, "session"), field(item, "app"));
        vec![
            session,
            app,
            record_position(&item["decision"]),
            kept_from,
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
            absence(answer)
        );
    }
    let header = ["session", "app", "let in by", "kept from", "until", "ended by", "", ""];
    table_or_absence(answer, &header, list)
}
