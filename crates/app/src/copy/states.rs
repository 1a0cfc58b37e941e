//! States: their values. Versions are an engine's own.

use super::{
    CopyError, CopyParts,
    error::{Of, Side},
};
use claimledger_facts::ids::TenantId;
use claimledger_ledger::{
    duty::STATE_PREFIX,
    log::LogError,
    state::{StateError, StateStore},
};
use std::collections::BTreeSet;

/// Prefixes of states that belong to a running node. They are not copied.
pub const PER_NODE_STATES: &[&str] = &[STATE_PREFIX];

/// The keys that are copied.
async fn keys(state: &dyn StateStore, tenant: &TenantId) -> Result<BTreeSet<String>, LogError> {
    let keys = state.keys(tenant, "").await.map_err(unavailable)?;
    let is_shared = |key: &String| !PER_NODE_STATES.iter().any(|prefix| key.starts_with(prefix));
    Ok(keys.into_iter().filter(is_shared).collect())
}

fn unavailable(error: StateError) -> LogError {
    match error {
        StateError::Log(error) => error,
        StateError::Conflict { .. } | StateError::TooLarge { .. } | StateError::Key => {
            LogError::unavailable(error.to_string())
        }
    }
}

/// Makes the states of the target those of the source.
pub(super) async fn write(
    source: &CopyParts,
    target: &CopyParts,
    tenant: &TenantId,
) -> Result<(), CopyError> {
    let ours = keys(&*source.state, tenant).await.of(Side::Source)?;
    let theirs = keys(&*target.state, tenant).await.of(Side::Target)?;
    for key in ours.union(&theirs) {
        let our = source.state.load(tenant, key).await.map_err(unavailable).of(Side::Source)?;
        let their = target.state.load(tenant, key).await.map_err(unavailable).of(Side::Target)?;
        let version = their.as_ref().map_or(0, |their| their.version);
        let written = match (our, their) {
            (Some(our), Some(their)) if our.value == their.value => Ok(()),
            (Some(our), _) => target.state.store(tenant, key, version, &our.value).await.map(drop),
            // Removed in the source since an earlier copy.
            (None, _) => target.state.remove(tenant, key, version).await,
        };
        written.map_err(unavailable).of(Side::Target)?;
    }
    Ok(())
}

/// Compares the states. Returns their number.
///
/// # Errors
/// [`CopyError::Differs`].
pub(super) async fn compare(
    source: &CopyParts,
    target: &CopyParts,
    tenant: &TenantId,
) -> Result<u64, CopyError> {
    let differs = |what: String| CopyError::Differs { tenant: tenant.clone(), what };
    let ours = keys(&*source.state, tenant).await.of(Side::Source)?;
    if ours != keys(&*target.state, tenant).await.of(Side::Target)? {
        return Err(differs("the keys of the states".to_owned()));
    }
    for key in &ours {
        let our = source.state.load(tenant, key).await.map_err(unavailable).of(Side::Source)?;
        let their = target.state.load(tenant, key).await.map_err(unavailable).of(Side::Target)?;
        if our.map(|our| our.value) != their.map(|their| their.value) {
            return Err(differs(format!("the state `{key}`")));
        }
    }
    Ok(ours.len() as u64)
}
