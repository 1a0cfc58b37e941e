//! `init`.

use crate::{
    cli::{Format, InitArgs},
    engine,
    exit_status::usage,
    settings::{Settings, time},
    terminal::{print_json, print_text},
};
use anyhow::Result;
use claimledger_facts::ids::TenantId;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Creates the directory if need be, opens the tenant, and writes its operator token to a file that
/// only the owner can read.
pub(crate) async fn init(settings: &Settings, args: &InitArgs) -> Result<()> {
    let location = settings.location()?;
    let dir = &*location.dir;
    let tenant = settings.tenant.as_deref().ok_or_else(|| usage("init needs --tenant NAME"))?;
    let now = args.now.as_deref().map(|text| time("--now", text)).transpose()?;
    let app = engine::create_or_open(&location, settings.options()).await?;
    let opened = app.init_tenant(&TenantId::new(tenant), args.rehearsal, now).await;
    let token = match opened {
        Ok(token) => token,
        Err(error) => {
            app.close().await;
            return Err(error.into());
        }
    };
    let file = write_token(dir, tenant, &token)?;
    app.close().await;
    match settings.format {
        Format::Json => {
            print_json(&json!({"tenant": tenant, "rehearsal": args.rehearsal, "tokenFile": file}))
        }
        Format::Text => {
            let kind = if args.rehearsal { "A rehearsal ledger" } else { "A ledger" };
            let place = match &location.shared {
                None => format!("{}", dir.display()),
                Some(shared) => format!("the database {}", shared.database.server()),
            };
            print_text(&format!(
                "{kind} for tenant {tenant} is in {place}.\nOperator token (all roles), readable \
                 by you only: {file}\nNext: claimledger --data {dir} --tenant {tenant} ingest FILE",
                dir = dir.display(),
                file = file.display()
            ));
        }
    }
    Ok(())
}

fn write_token(dir: &Path, tenant: &str, token: &str) -> Result<PathBuf> {
    // A tenant's name is the operator's own text, but it must not become a path.
    let name: String = tenant
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' })
        .collect();
    let path = dir.join(format!("{name}.operator-token"));
    engine::write_private(&path, format!("{token}\n").as_bytes())?;
    Ok(path)
}
