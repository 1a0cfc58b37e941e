//! Read models that a node folded from another log than the one that is there: the shared log was
//! restored from an older copy, and may have grown since.
//!
//! Restoring is the owner's right, and what a node derived is disposable, so it is derived again. A
//! log that is not the one that was signed is refused all the same: by its checkpoints and anchors.
//! An embedded ledger is one directory, where such a difference is damage.

use crate::tenant::parts::Parts;
use claimledger_facts::{
    ids::{LogPosition, LogSize, TenantId},
    record::Digest32,
};
use claimledger_ledger::{
    log::{ANOTHER_LOG, Log, LogError},
    views::Views,
};

/// Deletes a tenant's read models if they were folded from another log.
pub(crate) async fn discard_views(parts: &Parts, tenant: &TenantId) -> Result<(), LogError> {
    if !parts.options.nodes.are_many() {
        return Ok(());
    }
    let generations = parts.views.generations(tenant).await?;
    for generation in [generations.live, generations.shadow].into_iter().flatten() {
        let (size, leaf) = (generation.covered, generation.last_leaf);
        if let Some(difference) = difference(&*parts.log, tenant, size, leaf).await? {
            tracing::warn!(%tenant, difference, "the read models were folded from another log: \
                they are deleted and folded again");
            return parts.views.reset(tenant).await;
        }
    }
    Ok(())
}

/// Refuses a log that was replaced since its records were folded into the live read models.
pub(crate) async fn check_views(
    log: &dyn Log,
    views: &dyn Views,
    tenant: &TenantId,
) -> Result<(), LogError> {
    let Some(live) = views.generations(tenant).await?.live else { return Ok(()) };
    match difference(log, tenant, live.covered, live.last_leaf).await? {
        None => Ok(()),
        Some(_) => Err(LogError::Corrupt {
            position: LogPosition(live.covered.0.saturating_sub(1)),
            what: ANOTHER_LOG.to_owned(),
        }),
    }
}

/// How a log differs from the one that had this leaf at the end of its first `size` records; none:
/// it does not. Where no leaf is known, only the sizes are compared.
///
/// # Errors
/// If the log cannot be read.
pub async fn difference(
    log: &dyn Log,
    tenant: &TenantId,
    size: LogSize,
    leaf: Option<Digest32>,
) -> Result<Option<String>, LogError> {
    let Some(last) = size.0.checked_sub(1) else { return Ok(None) };
    let head = log.head(tenant).await?;
    if head < size {
        let text = format!("the log has {} records, and {} were derived from it", head.0, size.0);
        return Ok(Some(text));
    }
    let headers = log.headers(tenant, LogPosition(last), 1).await?;
    let found = headers.first().map(|header| header.leaf);
    let is_same = leaf.is_none_or(|leaf| found == Some(leaf));
    Ok((!is_same).then(|| format!("record #{last} is another one")))
}
