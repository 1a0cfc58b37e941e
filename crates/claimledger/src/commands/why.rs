//! `why`.

use crate::{
    cli::{Format, WhyArgs},
    ledger_client::{LedgerClient, asking},
    output::{absence, check_absence, escape, footer, not_found, print_line},
    settings::Settings,
};
use anyhow::Result;
use serde_json::json;

const WHY: &str = include_str!("../queries/why.graphql");

/// Prints the explanation; status 1 if nothing by this id is known, or nothing of it fits what was
/// asked.
pub(crate) async fn why(settings: &Settings, args: &WhyArgs) -> Result<()> {
    let ledger = LedgerClient::open(settings).await?;
    let variables = json!({"session": args.session, "app": args.app, "decision": args.decision,
        "factor": args.factor, "asking": asking(&settings.asking)});
    let answer = ledger.ask(WHY, "why", variables).await;
    ledger.close().await;
    let answer = answer?;
    let is_empty = answer["because"].as_array().is_none_or(Vec::is_empty);
    if settings.format == Format::Json || !is_empty {
        print_line(&match settings.format {
            Format::Json => format!("{answer:#}"),
            Format::Text => answer["text"].as_str().unwrap_or_default().trim_end().to_owned(),
        });
    }
    if settings.format == Format::Text && !answer["session"].is_null() {
        // Standard output is the tree, word for word; what the answer holds for stands beside it.
        eprintln!("\n{}", footer(&answer));
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
