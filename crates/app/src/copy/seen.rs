//! What of a source shows whether it was written: the sizes of its logs, and the number of
//! destroyed keys. A change of a credential is also a record of the log.

use super::{CopyError, CopyParts};
use crate::model::proof::LogKind;
use claimledger_facts::ids::{LogSize, TenantId};
use claimledger_ledger::{keys::TenantKeysRow, log::LogError};
use std::collections::{BTreeMap, BTreeSet};

/// A source at one moment.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) tenants: BTreeMap<TenantId, TenantSeen>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct TenantSeen {
    records: LogSize,
    access: LogSize,
    destructions: u64,
    pub(super) keys: Option<TenantKeysRow>,
}

impl TenantSeen {
    pub(super) const fn size(&self, kind: LogKind) -> LogSize {
        match kind {
            LogKind::Records => self.records,
            LogKind::Access => self.access,
        }
    }
}

/// The tenants that any of the engines has.
pub(super) async fn tenants(parts: &CopyParts) -> Result<BTreeSet<TenantId>, LogError> {
    let mut tenants: BTreeSet<_> = parts.log.tenants().await?.into_iter().collect();
    tenants.extend(parts.access.tenants().await?);
    tenants.extend(parts.keys.tenants().await?);
    Ok(tenants)
}

impl Seen {
    pub(super) async fn read(parts: &CopyParts) -> Result<Self, LogError> {
        let mut seen = BTreeMap::new();
        for tenant in tenants(parts).await? {
            let of_tenant = TenantSeen {
                records: parts.log.head(&tenant).await?,
                access: parts.access.head(&tenant).await?,
                destructions: parts.keys.destructions(&tenant).await?,
                keys: parts.keys.tenant(&tenant).await?,
            };
            seen.insert(tenant, of_tenant);
        }
        Ok(Self { tenants: seen })
    }

    /// Log entries of all tenants.
    pub(super) fn entries(&self) -> u64 {
        self.tenants.values().map(|seen| seen.records.0 + seen.access.0).sum()
    }

    /// # Errors
    /// [`CopyError::Outgrown`] if the source is not as it was.
    pub(super) fn outgrown_by(&self, now: &Self) -> Result<(), CopyError> {
        for (tenant, now) in &now.tenants {
            let Some(then) = self.tenants.get(tenant) else {
                let what = "the source has the tenant, and the target does not".to_owned();
                return Err(CopyError::Outgrown { tenant: tenant.clone(), what });
            };
            if then != now {
                let of = |seen: &TenantSeen| {
                    let (records, access) = (seen.records.0, seen.access.0);
                    format!("{records} records and {access} accesses")
                };
                let mut what = format!("the source has {}, not {}", of(now), of(then));
                if then.destructions != now.destructions {
                    what.push_str(", and keys were destroyed in it");
                }
                return Err(CopyError::Outgrown { tenant: tenant.clone(), what });
            }
        }
        Ok(())
    }
}
