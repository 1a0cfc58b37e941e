//! Before anything is written: whether the target may be written.

use super::{
    CopyError, CopyParts, checkpoints,
    error::{Of, Side, name},
    keys, logs,
    seen::{Seen, tenants},
};
use crate::model::proof::LogKind;
use claimledger_facts::ids::{LogPosition, LogSize};

/// Whether the target is a whole copy, which is not written. Otherwise it is empty or an unfinished
/// copy.
///
/// # Errors
/// If it is anything else, or the source is not a whole ledger.
pub(super) async fn is_whole(
    source: &CopyParts,
    target: &CopyParts,
    seen: &Seen,
) -> Result<bool, CopyError> {
    for (tenant, seen) in &seen.tenants {
        let entries = seen.size(LogKind::Records).0 + seen.size(LogKind::Access).0;
        if entries > 0 && seen.keys.is_none() {
            return Err(CopyError::NoKeys { tenant: tenant.clone() });
        }
    }
    for tenant in tenants(target).await.of(Side::Target)? {
        if !seen.tenants.contains_key(&tenant) {
            let what = "a tenant that the source does not have".to_owned();
            return Err(CopyError::Foreign { tenant, what });
        }
    }
    // A copy writes the keys of tenants that have a log after all logs are complete.
    let (mut has_log, mut has_log_without_keys, mut behind) = (false, false, None);
    for (tenant, seen) in &seen.tenants {
        for kind in LogKind::ALL {
            let both = (&**source.log(kind), &**target.log(kind));
            let size = logs::compare_headers(both, kind, tenant, seen.size(kind)).await?;
            if size < seen.size(kind) {
                let (name, next) = (name(kind), LogPosition(size.0));
                let what = format!("{name} {next} is the first that the target does not have");
                behind.get_or_insert((tenant, what));
            }
        }
        let has_keys = keys::preflight(source, target, tenant, seen).await?;
        checkpoints::preflight(source, target, tenant).await?;
        if target.log.head(tenant).await.of(Side::Target)? > LogSize(0) {
            has_log = true;
            has_log_without_keys |= !has_keys;
        }
        if !has_keys {
            behind.get_or_insert((tenant, "its keys are not in the target".to_owned()));
        }
    }
    match behind {
        _ if !has_log || has_log_without_keys => Ok(false),
        Some((tenant, what)) => Err(CopyError::Outgrown { tenant: tenant.clone(), what }),
        None => Ok(true),
    }
}
