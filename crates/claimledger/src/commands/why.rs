//! `why`.

use super::question::ask;
use crate::{
    cli::{Format, WhyArgs},
    ledger_client::asking,
    output::{absence, check_absence, footer, not_found},
    settings::Settings,
    terminal::{bold, escape, print_json, print_note, print_text},
};
use anyhow::Result;
use serde_json::json;

const WHY: &str = include_str!("../queries/why.graphql");

/// Prints the explanation; status 1 if nothing by this id is known, or nothing of it fits what was
/// asked.
pub(crate) async fn why(settings: &Settings, args: &WhyArgs) -> Result<()> {
    let variables = json!({"session": args.session, "app": args.app, "decision": args.decision,
        "factor": args.factor, "asking": asking(&settings.asking)});
    let answer = ask(settings, WHY, "why", variables).await?;
    let is_empty = answer["because"].as_array().is_none_or(Vec::is_empty);
    if settings.format == Format::Json || !is_empty {
        match settings.format {
            Format::Json => print_json(&answer),
            Format::Text => print_text(&trees(answer["text"].as_str().unwrap_or_default())),
        }
    }
    if settings.format == Format::Text && !answer["session"].is_null() {
        // Standard output is the tree alone, so that it can be kept and compared.
        print_note(&format!("\n{}", footer(&answer)));
    }
    check_absence(&answer, is_empty)?;
    if is_empty {
        let what = if args.factor.is_some() { "factor or claim" } else { "decision" };
        return Err(not_found(
            &answer,
            format!("{} has no {what} that fits. {}", escape(&args.session), absence(&answer)),
        ));
    }
    Ok(())
}

/// The trees, each with its first line in bold.
fn trees(text: &str) -> String {
    let line = |line: &str| {
        let line = escape(line);
        let is_first = line.starts_with(|c: char| !c.is_whitespace() && !"│├└".contains(c));
        if is_first { bold(&line) } else { line }
    };
    text.trim_end().lines().map(line).collect::<Vec<_>>().join("\n")
}
