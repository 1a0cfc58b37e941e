//! `sessions`.

use super::{
    question::ask_and_print,
    rendering::{factor_name, page, rows},
};
use crate::{
    cli::SessionsArgs,
    ledger_client::{asking, given},
    output::{field, items, joined, lowercase, named},
    settings::{Settings, instant},
};
use anyhow::Result;
use serde_json::{Value, json};

const SESSIONS: &str = include_str!("../queries/sessions.graphql");

/// Prints a page of sessions.
pub(crate) async fn sessions(settings: &Settings, args: &SessionsArgs) -> Result<()> {
    let variables = json!({"filter": filter(args)?, "asking": asking(&settings.asking),
        "first": args.first, "after": args.after});
    ask_and_print(settings, SESSIONS, ("sessions", "edges"), variables, sessions_text).await
}

fn filter(args: &SessionsArgs) -> Result<Value> {
    let SessionsArgs { filter, indicator, .. } = args;
    Ok(given(json!({
        "activeAt": instant("--active-at", filter.active_at.as_deref())?,
        "reliedFrom": instant("--relied-from", filter.relied_from.as_deref())?,
        "reliedTo": instant("--relied-to", filter.relied_to.as_deref())?,
        "subject": filter.subject,
        "idp": filter.idp,
        "key": filter.key,
        "supposesKey": filter.supposes_key.then_some(true),
        "amr": filter.amr,
        "app": filter.app,
        "indicator": indicator,
        "ended": filter.ended,
        "differs": filter.differs,
        "retracted": filter.retracted,
        "outlived": filter.outlived,
        "falsifiedLater": filter.falsified_later,
    })))
}

fn sessions_text(answer: &Value) -> String {
    let list = rows(&answer["edges"], |edge| {
        let s = &edge["node"];
        let factors: Vec<String> =
            items(&s["factors"]).filter(|f| f["byRecord"] == true).map(factor_name).collect();
        let flag = |d: &Value| {
            [("differs", "differs"), ("falsifiedLater", "falsified later")]
                .into_iter()
                .filter(|(name, _)| !d[*name].is_null())
                .map(|(name, words)| format!("{words} {}", field(&d[name], "code")))
                .collect::<Vec<_>>()
        };
        let outlived = outlived(s).map(str::to_owned);
        let flags: Vec<String> = items(&s["decisions"]).flat_map(flag).chain(outlived).collect();
        vec![
            field(s, "id"),
            field(s, "subject"),
            field(s, "startedAt"),
            named(s, "idp"),
            if factors.is_empty() { "–".into() } else { factors.join(" ") },
            state(s),
            flags.join(", "),
            if edge["certainty"] == "POSSIBLE" { "possible".into() } else { String::new() },
        ]
    });
    let header =
        ["session", "subject", "started", "idp", "factors by record", "state", "flags", ""];
    page(answer, &header, list)
}

/// That a session outlived the IdP's session behind it, or may have.
pub(super) fn outlived(session: &Value) -> Option<&'static str> {
    match session["outlived"]["certainty"].as_str()? {
        "CERTAIN" => Some("outlived its IdP session"),
        _ => Some("may have outlived its IdP session"),
    }
}

pub(super) fn state(s: &Value) -> String {
    let certainty = match joined(&s["missing"]).as_str() {
        "–" => lowercase(s, "certainty"),
        missing => format!("{}, missing: {missing}", lowercase(s, "certainty")),
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
                lowercase(s, "state"),
                field(&s["endBounds"], "from")
            )
        }
        (None, None) => format!("{} · {certainty}", lowercase(s, "state")),
    }
}
