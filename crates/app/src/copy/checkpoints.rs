//! The last signed checkpoints, as they were signed.

use super::{
    CopyError, CopyParts,
    error::{Of, Side, larger},
};
use crate::{model::proof::LogKind, tenant::signed_log::stored_as};
use claimledger_facts::ids::{LogSize, TenantId};
use claimledger_ledger::{
    log::LogError,
    tree::{CheckpointRow, PublishError},
};

/// The checkpoints of both sides.
async fn both(
    source: &CopyParts,
    target: &CopyParts,
    name: &TenantId,
) -> Result<[Option<CheckpointRow>; 2], CopyError> {
    let ours = source.checkpoints.checkpoint(name).await.of(Side::Source)?;
    let theirs = target.checkpoints.checkpoint(name).await.of(Side::Target)?;
    Ok([ours, theirs])
}

/// # Errors
/// [`CopyError::Foreign`] if the target has one that the source's cannot follow.
pub(super) async fn preflight(
    source: &CopyParts,
    target: &CopyParts,
    tenant: &TenantId,
) -> Result<(), CopyError> {
    let foreign = |what| Err(CopyError::Foreign { tenant: tenant.clone(), what });
    for kind in LogKind::ALL {
        let [ours, theirs] = both(source, target, &stored_as(kind, tenant)).await?;
        let Some(theirs) = theirs else { continue };
        let size = ours.as_ref().map_or(LogSize(0), |ours| ours.size);
        if theirs.size > size {
            return foreign(format!("a checkpoint of {}", larger(kind, theirs.size, size)));
        }
        if theirs.size == size && ours.as_ref() != Some(&theirs) {
            return foreign(format!("another checkpoint of {} entries", size.0));
        }
    }
    Ok(())
}

/// Publishes the source's, where they are not there.
pub(super) async fn write(
    source: &CopyParts,
    target: &CopyParts,
    tenant: &TenantId,
) -> Result<(), CopyError> {
    for kind in LogKind::ALL {
        let name = stored_as(kind, tenant);
        let [ours, theirs] = both(source, target, &name).await?;
        let Some(ours) = ours.filter(|ours| theirs.as_ref() != Some(ours)) else { continue };
        let expected = theirs.map(|theirs| theirs.size);
        match target.checkpoints.publish(&name, expected, &ours).await {
            Ok(()) => {}
            Err(PublishError::Log(error)) => return Err(error).of(Side::Target),
            Err(refused) => {
                return Err(LogError::unavailable(refused.to_string())).of(Side::Target);
            }
        }
    }
    Ok(())
}

/// Compares the checkpoints. Returns their number.
///
/// # Errors
/// [`CopyError::Differs`].
pub(super) async fn compare(
    source: &CopyParts,
    target: &CopyParts,
    tenant: &TenantId,
) -> Result<u64, CopyError> {
    let mut number = 0;
    for kind in LogKind::ALL {
        let [ours, theirs] = both(source, target, &stored_as(kind, tenant)).await?;
        if ours != theirs {
            let what = "the last checkpoints".to_owned();
            return Err(CopyError::Differs { tenant: tenant.clone(), what });
        }
        number += u64::from(ours.is_some());
    }
    Ok(number)
}
