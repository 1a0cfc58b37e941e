//! `rehearse`.

use crate::{
    cli::{ChangeKind, Format, RehearseArgs},
    door::{Door, asking},
    settings::{Settings, time, usage},
    show::{field, footing, say, table, word, words},
};
use anyhow::Result;
use serde_json::{Value, json};

const REHEARSE: &str = include_str!("../queries/rehearse.graphql");

/// Prints what would change. Nothing is written.
pub(crate) async fn rehearse(settings: &Settings, args: &RehearseArgs) -> Result<()> {
    let (from, to) = (time("--from", &args.from)?, time("--to", &args.to)?);
    let since = args.since.as_deref().map(|text| time("--since", text)).transpose()?;
    let kind = match args.change {
        ChangeKind::TrustOff if args.key.is_some() || since.is_some() => {
            return Err(usage("trust off is of a whole IdP, over the window: leave out --key and --since"));
        }
        ChangeKind::TrustOff => "TRUST_OFF",
        ChangeKind::Retraction => "RETRACTION",
    };
    let change = json!({"kind": kind, "idp": args.idp, "key": args.key, "from": since.map(|since| since.to_string())});
    let variables = json!({"change": change, "from": from.to_string(), "to": to.to_string(), "asking": asking(&settings.asking)});
    let door = Door::open(settings).await?;
    let answer = door.ask(REHEARSE, "rehearse", variables).await;
    door.close().await;
    let answer = answer?;
    match settings.format {
        Format::Json => say(&format!("{answer:#}")),
        Format::Text => say(&text(&answer)),
    }
    Ok(())
}

fn text(answer: &Value) -> String {
    let mut parts = Vec::new();
    let mut part = |title: &str, header: &[&str], list: &Value, row: &dyn Fn(&Value) -> Vec<String>| {
        let rows: Vec<Vec<String>> = list.as_array().into_iter().flatten().map(row).collect();
        match rows.len() {
            0 => parts.push(format!("{title}: none.\n")),
            count => parts.push(format!("{title}: {count}\n{}\n", table(header, rows))),
        }
    };
    part("Flips", &["decision", "session", "at", "app", "recorded", "implied"], &answer["flips"], &|flip| {
        let mut row = decision(flip);
        row.push(field(flip, "words"));
        row
    });
    part("Falls", &["decision", "session", "at", "app", "recorded", "as known, with it", "first unmet", ""], &answer["falls"], &|fall| {
        let mut row = decision(fall);
        row.extend([format!("{}, then {}", word(fall, "before"), word(fall, "after")), field(fall, "firstUnmet"), possible(fall)]);
        row
    });
    part("Live sessions that rest on it", &["session", "subject", "factors", ""], &answer["live"], &|live| {
        vec![field(live, "session"), field(live, "subject"), words(&live["factors"]), possible(live)]
    });
    part("Locked out", &["session", "subject", "app", "implied"], &answer["lockedOut"], &|out| {
        vec![field(out, "session"), field(out, "subject"), field(out, "app"), word(out, "implied")]
    });
    part("Unchanged", &["decision", "session", "at", "app", "recorded", "why"], &answer["unchanged"], &|unchanged| {
        let mut row = decision(unchanged);
        row.push(field(unchanged, "words"));
        row
    });
    for warning in answer["warnings"].as_array().into_iter().flatten() {
        parts.push(format!("Warning: {}\n", field(warning, "sentence")));
    }
    parts.push(format!("Nothing was written; {} sessions were looked at.\n{}", field(answer, "sessionsSeen"), footing(answer)));
    parts.join("\n")
}

fn decision(of: &Value) -> Vec<String> {
    let d = &of["decision"];
    vec![format!("#{}", field(&d["record"], "position")), field(d, "session"), field(d, "at"), field(d, "app"), word(d, "outcome")]
}

fn possible(of: &Value) -> String {
    if of["certainty"] == "POSSIBLE" { "possible".into() } else { String::new() }
}
