//! `rebuild`, `status`.

use crate::{
    cli::{Format, RebuildArgs},
    exit_status::{Damaged, Refused},
    ledger_client::{LedgerClient, Remote},
    output::{field, items, problems},
    settings::Settings,
    terminal::{print_json, print_line, print_text, progress},
};
use anyhow::{Context, Result, bail};
use claimledger_app::{
    model::answer::Problem,
    rebuild::{RebuildError, RebuildReport, RebuildState},
};
use serde_json::{Value, json};
use std::time::Duration;

/// Maximum records that `status` reads and compares with what they commit to: some 0.2 s.
const MAX_CHECKED: u64 = 10_000;
/// How often a server is asked how far it is.
const POLL_INTERVAL: Duration = Duration::from_millis(200);

/// Folds the read models of the tenant from the log again, beside those that are asked, and
/// switches if they are equal.
pub(crate) async fn rebuild(settings: &Settings, args: &RebuildArgs) -> Result<()> {
    let (ledger, thrown_away) = LedgerClient::open_and_heal(settings).await?;
    let bar = progress("records");
    let began = std::time::Instant::now();
    let moved = |done, of| {
        bar.set_length(of);
        bar.set_position(done);
    };
    let done = match &ledger {
        LedgerClient::Embedded(owner) => {
            owner.app.rebuild(&owner.caller, args.replace, moved).await.map_err(anyhow::Error::new)
        }
        LedgerClient::Remote(remote) => on_server(remote, args.replace, moved).await,
    };
    bar.finish_and_clear();
    ledger.close().await;
    let (report, refused) = match done {
        Ok(report) => (report, None),
        Err(error) => match error.downcast::<RebuildError>()? {
            RebuildError::Differs(report) => {
                ((*report).clone(), Some(RebuildError::Differs(report)))
            }
            other => return Err(other.into()),
        },
    };
    let millis = began.elapsed().as_millis();
    match settings.format {
        Format::Json => {
            print_json(&json!({"records": report.at, "millis": millis, "healed": thrown_away,
                "report": report}))
        }
        Format::Text if refused.is_some() => print_report("", &report),
        Format::Text => {
            let healed = thrown_away.map_or_else(String::new, |what| {
                format!(
                    "The file `views` was damaged ({what}): it was deleted, and the read \
                         models were folded again from the log.\n"
                )
            });
            print_report(
                &format!("{healed}Read models rebuilt from {} records in {millis} ms. ", report.at),
                &report,
            );
        }
    }
    refused.map_or(Ok(()), |refused| Err(refused.into()))
}

/// Has a server do it, and looks how far it is.
async fn on_server(
    remote: &Remote,
    replace: bool,
    mut moved: impl FnMut(u64, u64),
) -> Result<RebuildReport> {
    let (status, body) =
        remote.send(&format!("/v1/rebuild?replace={replace}"), "application/json", b"")?;
    if status != 202 {
        return Err(Refused(crate::output::field(&body["error"], "message")).into());
    }
    loop {
        let (_, body) = remote.get("/v1/rebuild")?;
        match serde_json::from_value(body["rebuild"].clone())
            .context("the server does not say how its rebuild goes")?
        {
            RebuildState::Done { report } => return Ok(report),
            RebuildState::Refused { report } => {
                return Err(RebuildError::Differs(Box::new(report)).into());
            }
            RebuildState::Running { done, of } => moved(done, of),
            RebuildState::Failed { message } => {
                bail!("the rebuild failed: {}", crate::terminal::escape(&message))
            }
            RebuildState::Idle => {
                bail!("the server was started again meanwhile: the rebuild is gone")
            }
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

/// A report in a terminal: its rows hold text from outside.
fn print_report(before: &str, report: &RebuildReport) {
    let lines: Vec<_> = format!("{before}{report}.").lines().map(crate::terminal::escape).collect();
    print_line(&lines.join("\n"));
}

/// Prints where log and read models stand, and what of them does not work.
pub(crate) async fn status(settings: &Settings, rows: bool) -> Result<()> {
    let ledger = LedgerClient::open(settings).await?;
    if matches!(ledger, LedgerClient::Remote(_)) && !rows {
        return status_of_server(settings, &ledger).await;
    }
    let owner = ledger.embedded("status --rows")?;
    let status = owner.app.settled_status(&owner.caller).await;
    let checked = owner.app.check_records(&owner.caller, MAX_CHECKED).await;
    let dump = if rows { Some(owner.app.dump_views(&owner.caller).await) } else { None };
    let tenant = owner.caller.tenant.clone();
    let rehearsal = owner.app.is_rehearsal(&owner.caller).await;
    let last = owner.app.last_rebuild(&owner.caller).await;
    ledger.close().await;
    let (status, checked, rehearsal, last) = (status?, checked?, rehearsal?, last?);
    if let Some(dump) = dump {
        for row in dump? {
            print_line(&row.to_string());
        }
        return Ok(());
    }
    let problem = |problem: &Problem| {
        let part = problem.part.as_str().to_uppercase();
        json!({"part": part, "why": problem.cause.why, "since": problem.cause.since.to_string()})
    };
    let listed = json!({"problems": status.problems.iter().map(problem).collect::<Vec<_>>()});
    match settings.format {
        Format::Json => print_json(&json!({"tenant": tenant.as_str(), "head": status.head,
                "assessedTo": status.assessed_to, "views": status.views, "rehearsal": rehearsal,
                "checked": checked, "rebuilt": last, "problems": listed["problems"]})),
        Format::Text => {
            let kind = if rehearsal { "rehearsal ledger" } else { "ledger" };
            print_text(&format!(
                "{tenant}: {kind}, {} records; read models ({}) are at {}.",
                status.head, status.views, status.assessed_to
            ));
            if checked < status.head {
                print_text(&format!(
                    "The last {checked} records were read, and none of them is damaged; a server \
                     reads the rest in the background."
                ));
            }
            problems(&listed).iter().for_each(|line| print_text(line));
            if let Some(report) = last {
                print_report("Last rebuild: ", &report);
            }
        }
    }
    check_damage(&listed)
}

/// Damage that a server found in the background ends the command like damage found here.
fn check_damage(status: &Value) -> Result<()> {
    let mut listed = items(&status["problems"]);
    match listed.find(|problem| problem["part"] == "DAMAGE") {
        Some(damage) => Err(Damaged(field(damage, "why")).into()),
        None => Ok(()),
    }
}

/// The same from a server: what every role may know.
async fn status_of_server(settings: &Settings, ledger: &LedgerClient) -> Result<()> {
    let status = ledger.ask("query Status { status { ...S } }", "status", Value::Null).await?;
    match settings.format {
        Format::Json => print_json(&status),
        Format::Text => {
            let (head, views, assessed) =
                (field(&status, "head"), field(&status, "views"), field(&status, "assessedTo"));
            print_text(&format!("{head} records; read models ({views}) are at {assessed}."));
            problems(&status).iter().for_each(|line| print_text(line));
        }
    }
    check_damage(&status)
}
