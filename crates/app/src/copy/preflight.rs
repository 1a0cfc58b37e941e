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
    let mut missing_keys = false;
    let mut behind = None;
    for (tenant, seen) in &seen.tenants {
        for kind in LogKind::ALL {
            let both = (&**source.log(kind), &**target.log(kind));
            let size = logs::compare_headers(both, kind, tenant, seen.size(kind)).await?;
            if size < seen.size(kind) {
                behind.get_or_insert((tenant, kind, size));
            }
        }
        missing_keys |= !keys::preflight(source, target, tenant, seen).await?;
        checkpoints::preflight(source, target, tenant).await?;
    }
    let has_records = |size| size > LogSize(0);
    let has_log = seen.tenants.values().any(|seen| has_records(seen.size(LogKind::Records)));
    if missing_keys || !has_log {
        return Ok(false);
    }
    if let Some((tenant, kind, size)) = behind {
        let (name, next) = (name(kind), LogPosition(size.0));
        let what = format!("{name} {next} is the first that the target does not have");
        return Err(CopyError::Outgrown { tenant: tenant.clone(), what });
    }
    Ok(true)
}
