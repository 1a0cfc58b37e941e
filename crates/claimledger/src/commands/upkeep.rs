//! `rebuild`, `status`.

use crate::{cli::Format, door::Door, settings::Settings};
use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

/// Throws the read models of the tenant away and folds them from the log again.
pub(crate) async fn rebuild(settings: &Settings) -> Result<()> {
    let door = Door::open(settings).await?;
    let owner = door.owner("rebuild")?;
    let bar = progress("records");
    let began = std::time::Instant::now();
    let done = owner
        .app
        .rebuild(&owner.caller, |done, of| {
            bar.set_length(of);
            bar.set_position(done);
        })
        .await;
    let tenant = owner.caller.tenant.clone();
    bar.finish_and_clear();
    door.close().await;
    let records = done?;
    let millis = began.elapsed().as_millis();
    match settings.format {
        Format::Json => println!("{:#}", json!({"tenant": tenant.as_str(), "records": records, "millis": millis})),
        Format::Text => println!("{tenant}: read models rebuilt from {records} records in {millis} ms."),
    }
    Ok(())
}

/// Prints where log and read models stand.
pub(crate) async fn status(settings: &Settings, rows: bool) -> Result<()> {
    let door = Door::open(settings).await?;
    let owner = door.owner("status")?;
    let status = owner.app.settled_status(&owner.caller).await;
    let dump = if rows { Some(owner.app.dump_views(&owner.caller).await) } else { None };
    let tenant = owner.caller.tenant.clone();
    let rehearsal = owner.app.is_rehearsal(&owner.caller).await;
    door.close().await;
    let (status, rehearsal) = (status?, rehearsal?);
    if let Some(dump) = dump {
        for row in dump? {
            crate::show::say(&row.to_string());
        }
        return Ok(());
    }
    match settings.format {
        Format::Json => println!(
            "{:#}",
            json!({"tenant": tenant.as_str(), "head": status.head, "assessedTo": status.assessed_to, "views": status.views, "rehearsal": rehearsal})
        ),
        Format::Text => {
            let kind = if rehearsal { "rehearsal ledger" } else { "ledger" };
            println!("{tenant}: {kind}, {} records; read models v{} are at {}.", status.head, status.views, status.assessed_to);
        }
    }
    Ok(())
}

/// A progress bar on standard error; silent where that is no terminal.
pub(crate) fn progress(unit: &'static str) -> ProgressBar {
    let bar = ProgressBar::new(0);
    let template = format!("{{bar:40}} {{human_pos}} of {{human_len}} {unit}, {{per_sec}}, {{eta}} left");
    if let Ok(style) = ProgressStyle::with_template(&template) {
        bar.set_style(style);
    }
    bar
}
