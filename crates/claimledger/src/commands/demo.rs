//! `demo`: a rehearsal ledger in a temporary directory, a day of two organisations, the two
//! explanations, and then the server.

use crate::{cli::DemoArgs, commands::serve, engine, settings::Settings, show::say};
use anyhow::{Context, Result};
use claimledger_app::{
    app::App,
    intake::Batch,
    model::question::{Asking, Caller, WhyFilter},
};
use claimledger_domain::explain;
use claimledger_facts::{
    ids::{AppId, SessionId, SourceId, TenantId},
    vocabulary::Door,
};
use claimledger_sources::{Dialect, Limits, Splitter, translate};

/// The demo's own data: tenant, dialect, source, lines.
pub(crate) const FILES: [(&str, Dialect, Option<&str>, &str); 3] = [
    ("acme", Dialect::Native, None, include_str!("../../demo/acme.jsonl")),
    ("globex", Dialect::Native, None, include_str!("../../demo/globex.jsonl")),
    ("acme", Dialect::OktaSystemLog, Some("okta-acme"), include_str!("../../demo/okta.jsonl")),
];

/// Fills, explains, serves (or exits).
pub(crate) async fn demo(settings: &Settings, args: &DemoArgs) -> Result<()> {
    let dir = std::env::temp_dir().join(format!("claimledger-demo-{}", std::process::id()));
    let outcome = run(settings, args, &dir).await;
    // The demo's ledger is scratch: it goes with the demo.
    let _ = std::fs::remove_dir_all(&dir);
    outcome
}

async fn run(settings: &Settings, args: &DemoArgs, dir: &std::path::Path) -> Result<()> {
    let app = engine::create_or_open(dir, None, settings.clock).await?;
    let outcome = fill_explain_serve(settings, args, &app, dir).await;
    app.close().await;
    outcome
}

async fn fill_explain_serve(
    settings: &Settings,
    args: &DemoArgs,
    app: &App,
    dir: &std::path::Path,
) -> Result<()> {
    for tenant in ["acme", "globex"] {
        app.init_tenant(&TenantId::new(tenant), true, None).await?;
    }
    say(&format!(
        "A rehearsal ledger of two organisations, acme and globex, in {}.",
        dir.display()
    ));
    for (tenant, dialect, source, text) in FILES {
        let (records, not_understood) = fill(app, tenant, dialect, source, text)
            .await
            .with_context(|| format!("demo data of {tenant}"))?;
        let kept = if not_understood > 0 {
            format!(", {not_understood} of them stored and not understood")
        } else {
            String::new()
        };
        say(&format!("  {tenant}: {records} {} records{kept}", dialect.as_str()));
    }
    for (session, question) in [("S3", "Why was S3 let into payroll?"), ("S4", "Why was S4 not?")] {
        let filter = WhyFilter { app: Some(AppId::new("payroll")), ..WhyFilter::default() };
        let answer = app
            .why(
                &Caller::owner(TenantId::new("acme")),
                &SessionId::new(session),
                &filter,
                &Asking::default(),
            )
            .await?;
        say(&format!("\n{question}\n"));
        for reason in &answer.value.because {
            say(&explain::text(reason));
        }
    }
    say("");
    if args.once { Ok(()) } else { serve::on(settings, app, &args.listen, false).await }
}

/// Takes a file in. Returns how many records it gave, and how many of them were not understood.
pub(crate) async fn fill(
    app: &App,
    tenant: &str,
    dialect: Dialect,
    source: Option<&str>,
    text: &str,
) -> Result<(usize, usize)> {
    let mut splitter = Splitter::new(Limits::default());
    splitter.push(text.as_bytes());
    splitter.finish();
    let mut drafts = Vec::new();
    for piece in &mut splitter {
        let piece = piece?;
        let read = translate(&dialect.into(), None, &piece.bytes)
            .map_err(|refusal| refusal.on_line(piece.line))?;
        drafts.extend(read.drafts.into_iter().map(|draft| (piece.line, draft)));
    }
    let batch = Batch {
        drafts,
        door: Door::File,
        source: source.map(SourceId::new),
        expected_revision: None,
        rehearsal_now: None,
    };
    let done = app.ingest(&Caller::owner(TenantId::new(tenant)), batch).await?;
    let not_understood = done.iter().filter(|one| !one.understood).count();
    Ok((done.len(), not_understood))
}
