//! `views`.

use crate::{
    cli::Format,
    exit_status::Refused,
    settings::Settings,
    terminal::{print_json, print_text},
};
use anyhow::{Context, Result};
use claimledger_app::difference_of_logs;
use claimledger_facts::ids::TenantId;
use claimledger_ledger::{generations::Generations, log::Log};
use claimledger_store::sqlite::{load_views, save_views};
use serde_json::json;
use std::path::Path;

/// Writes a copy of the read models.
pub(crate) async fn save(settings: &Settings, file: &Path) -> Result<()> {
    let dir = settings.location()?.dir;
    let saved = save_views(&dir, file)
        .await
        .with_context(|| format!("the read models of {} are not saved", dir.display()))?;
    print(settings, &format!("Saved to {}", file.display()), &saved);
    Ok(())
}

/// Starts a node from a copy.
pub(crate) async fn load(settings: &Settings, file: &Path) -> Result<()> {
    let (shared, dir) = (settings.shared()?, settings.location()?.dir);
    let log = shared.connect().await?.log;
    let compared = async |tenants: &[(TenantId, Generations)]| compare(&*log, tenants).await;
    let loaded = load_views(file, &dir, compared)
        .await
        .with_context(|| format!("{} is not loaded", file.display()))?;
    print(settings, &format!("Loaded into {}", dir.display()), &loaded);
    Ok(())
}

/// Refuses read models that were folded from another log than this one.
async fn compare(log: &dyn Log, tenants: &[(TenantId, Generations)]) -> Result<()> {
    for (tenant, generations) in tenants {
        for generation in [&generations.live, &generations.shadow].into_iter().flatten() {
            let (size, leaf) = (generation.covered, generation.last_leaf);
            if let Some(difference) = difference_of_logs(log, tenant, size, leaf).await? {
                let text = format!("they were folded from another log of {tenant}: {difference}");
                return Err(Refused(text).into());
            }
        }
    }
    Ok(())
}

fn print(settings: &Settings, what: &str, tenants: &[(TenantId, Generations)]) {
    let records =
        |generations: &Generations| generations.live.as_ref().map_or(0, |it| it.covered.0);
    match settings.format {
        Format::Json => {
            let of = |(tenant, of): &(TenantId, Generations)| {
                let records = records(of);
                json!({"tenant": tenant.as_str(), "records": records})
            };
            print_json(&json!({"tenants": tenants.iter().map(of).collect::<Vec<_>>()}));
        }
        Format::Text => {
            let of = |(tenant, generations): &(TenantId, Generations)| {
                format!("{tenant} to record {}", records(generations))
            };
            let tenants: Vec<_> = tenants.iter().map(of).collect();
            print_text(&format!("{what}: {}.", tenants.join(", ")));
        }
    }
}
