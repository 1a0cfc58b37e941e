//! `demo`: a rehearsal ledger with a day of two organisations and of an Okta org, three
//! explanations, and then the server.

use crate::{
    cli::DemoArgs,
    commands::serve,
    engine,
    exit_status::usage,
    settings::Settings,
    terminal::{bold, print_text},
};
use anyhow::{Context, Result};
use claimledger_app::{
    app::App,
    intake::{Batch, Looks, LooksMode},
    model::question::{Asking, Caller, WhyFilter},
};
use claimledger_domain::explain;
use claimledger_facts::{
    ids::{AppId, SessionId, SourceId, TenantId},
    vocabulary::{Channel, Role},
};
use claimledger_sources::{Dialect, Piece, Splitter, translate};
use std::path::Path;

/// The demo's data: tenant, dialect, source, lines. The day is that of the acceptance tests.
pub(crate) const FILES: [(&str, Dialect, Option<&str>, &str); 5] = [
    ("acme", Dialect::Native, None, include_str!("../../../../tests/fixture/acme.jsonl")),
    ("globex", Dialect::Native, None, include_str!("../../../../tests/fixture/globex.jsonl")),
    (
        "acme",
        Dialect::OktaSystemLog,
        Some("okta-acme"),
        include_str!("../../../../examples/okta-system-log.jsonl"),
    ),
    (
        OKTA_ORG,
        Dialect::OktaConfig,
        Some("okta"),
        include_str!("../../../../tests/fixture/okta/config.jsonl"),
    ),
    (
        OKTA_ORG,
        Dialect::OktaSystemLog,
        Some("okta"),
        include_str!("../../../../tests/fixture/okta/system_log.jsonl"),
    ),
];

/// The tenant of an org that connects nothing but its own Okta.
const OKTA_ORG: &str = "okta-org";
const TENANTS: [&str; 3] = ["acme", "globex", OKTA_ORG];
/// What is explained: tenant, session, application, question.
const EXPLAINED: [(&str, &str, &str, &str); 3] = [
    ("acme", "S3", "payroll", "Why was S3 let into payroll?"),
    ("acme", "S4", "payroll", "Why was S4 not?"),
    (
        OKTA_ORG,
        "idxA",
        "0oaPayroll",
        "Known from Okta's log and configuration alone: why was idxA let into Payroll?",
    ),
];
/// The file with the reading token. Its presence says that the ledger beside it is a demo's.
const TOKEN: &str = "demo-token";

/// Fills, explains, serves (or exits). Without `--data` the ledger goes with the demo.
pub(crate) async fn demo(settings: &Settings, args: &DemoArgs) -> Result<()> {
    if let Some(dir) = settings.data() {
        return run(settings, args, dir).await;
    }
    let dir = std::env::temp_dir().join(format!("claimledger-demo-{}", std::process::id()));
    let outcome = run(settings, args, &dir).await;
    let _ = std::fs::remove_dir_all(&dir);
    outcome
}

async fn run(settings: &Settings, args: &DemoArgs, dir: &Path) -> Result<()> {
    if engine::is_ledger(dir)? && !dir.join(TOKEN).exists() {
        // Invented facts must not end up among real ones.
        return Err(usage(format!(
            "{} holds a ledger that the demo did not make: give an empty directory",
            dir.display()
        )));
    }
    let app = engine::create_or_open(&engine::Location::directory(dir), settings.options()).await?;
    let outcome = fill_explain_serve(settings, args, &app, dir).await;
    app.close().await;
    outcome
}

async fn fill_explain_serve(
    settings: &Settings,
    args: &DemoArgs,
    app: &App,
    dir: &Path,
) -> Result<()> {
    let token = prepare(app, dir).await?;
    print_text(&format!(
        "A rehearsal ledger of two organisations, acme and globex, and of an Okta org, in {}.",
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
        print_text(&format!("  {tenant}: {records} {} records{kept}", dialect.as_str()));
    }
    for (tenant, session, app_id, question) in EXPLAINED {
        let filter = WhyFilter { app: Some(AppId::new(app_id)), ..WhyFilter::default() };
        let owner = Caller::owner(TenantId::new(tenant));
        let answer = app.why(&owner, &SessionId::new(session), &filter, &Asking::default()).await?;
        print_text(&format!("\n{}\n", bold(question)));
        for reason in &answer.value.because {
            print_text(&explain::text(reason));
        }
    }
    print_text("");
    if args.once {
        return Ok(());
    }
    let hints = |url: &str| how_to_ask(url, &dir.join(TOKEN), &token);
    serve::on(settings, app, &args.listen, false, hints).await
}

/// Opens the tenants, and makes a token that may read and see what is sealed; a directory that is
/// used again has both.
async fn prepare(app: &App, dir: &Path) -> Result<String> {
    let known = app.tenants().await?;
    for tenant in TENANTS.map(TenantId::new) {
        if !known.contains(&tenant) {
            app.init_tenant(&tenant, true, None).await?;
        }
    }
    let file = dir.join(TOKEN);
    if let Ok(token) = std::fs::read_to_string(&file) {
        return Ok(token);
    }
    let owner = Caller::owner(TenantId::new("acme"));
    let (_, token) = app.grant(&owner, &[Role::Read, Role::Investigate], None).await?;
    engine::write_private(&file, token.as_bytes())?;
    Ok(token.to_string())
}

/// Lines to paste into a shell, by the name that this program was called by.
fn how_to_ask(url: &str, token_file: &Path, token: &str) -> String {
    let program = std::env::args().next().unwrap_or_else(|| "claimledger".to_owned());
    let ask = format!(
        "{} --url {url} --token-file {}",
        quoted(&program),
        quoted(&token_file.to_string_lossy())
    );
    let body = r#"{"query": "{ why(session: \"S4\", app: \"payroll\") { text } }"}"#;
    let post = format!(
        "curl -s {url}/graphql -H 'authorization: Bearer {token}' \
         -H 'content-type: application/json'"
    );
    format!(
        "\nToken for acme (roles read, investigate): {token}\n\
         Ask in another terminal:\n  \
         {ask} why S3 --app payroll\n  \
         {ask} sessions --active-at 2026-03-10T14:05:00Z\n  \
         {post} -d '{body}'\n"
    )
}

/// A word for a shell.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:@%".contains(c);
    if word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// Takes a file in. Returns how many records it gave, and how many of them were not understood.
pub(crate) async fn fill(
    app: &App,
    tenant: &str,
    dialect: Dialect,
    source: Option<&str>,
    text: &str,
) -> Result<(usize, usize)> {
    let mut splitter = Splitter::new(dialect.limits());
    splitter.push(text.as_bytes());
    splitter.finish();
    let values: Vec<Piece> = (&mut splitter).collect::<Result<_, _>>()?;
    let (owner, source) = (Caller::owner(TenantId::new(tenant)), source.map(SourceId::new));
    let done = if dialect == Dialect::OktaConfig {
        let looks = Looks {
            settings: dialect.into(),
            values,
            channel: Channel::File,
            source,
            rehearsal_now: None,
            mode: LooksMode::Stop,
        };
        app.ingest_looks(&owner, looks).await?.done
    } else {
        let mut drafts = Vec::new();
        for value in values {
            let read = translate(&dialect.into(), None, &value.bytes)
                .map_err(|refusal| refusal.on_line(value.line))?;
            drafts.extend(read.drafts.into_iter().map(|draft| (value.line, draft)));
        }
        let batch = Batch {
            drafts,
            channel: Channel::File,
            source,
            expected_revision: None,
            rehearsal_now: None,
        };
        app.ingest(&owner, batch).await?
    };
    let not_understood = done.iter().filter(|one| !one.understood).count();
    Ok((done.len(), not_understood))
}
