//! Copies a ledger from the engines that it is on to others: all tenants, to the same positions,
//! ids, leaves and roots.
//!
//! What is copied: both logs (with removed bodies and their reasons), wrapped keys, the pseudonyms
//! whose keys are destroyed, credentials, states and the last checkpoints. Keys stay wrapped, so no
//! master key is needed and nothing is unsealed. What is not: read models, trees and indexes, which
//! each node derives, and states that belong to a running node ([`PER_NODE_STATES`]).
//!
//! # Crashes
//! A tenant's keys are written last, after the logs of all tenants and everything else are equal to
//! the source's. A log without keys is refused by every start of a ledger, so no crash leaves a
//! target that is taken for a whole ledger; the next copy compares what is there with the source
//! and continues.
//!
//! # Writers
//! Nothing may write the source or the target meanwhile. An embedded engine ensures that by its
//! owner's lock. Of a shared one, sizes of logs and numbers of destroyed keys are read again at the
//! end, and the copy goes on where they changed; a change after that is reported as an error. The
//! removal of a body is no such change: one that was removed after it was copied is found when the
//! copy is run again, which compares a whole target without writing it.

mod checkpoints;
mod entries;
mod error;
mod keys;
mod logs;
mod preflight;
mod seen;
mod states;

pub use error::{CopyError, Side};
pub use states::PER_NODE_STATES;

use crate::model::proof::LogKind;
use claimledger_facts::{
    ids::{LogSize, TenantId},
    record::Digest32,
};
use claimledger_ledger::{keys::KeyStore, log::Log, state::StateStore, tree::CheckpointStore};
use error::Of;
use logs::Checked;
use seen::{Seen, TenantSeen};
use std::{collections::BTreeMap, sync::Arc};

/// Maximum passes over a source that is written meanwhile.
const MAX_ROUNDS: u32 = 10;

/// The engines of one side.
#[derive(Clone)]
pub struct CopyParts {
    /// The log of the records.
    pub log: Arc<dyn Log>,
    /// The access log.
    pub access: Arc<dyn Log>,
    /// Keys and credentials.
    pub keys: Arc<dyn KeyStore>,
    /// States.
    pub state: Arc<dyn StateStore>,
    /// The last signed checkpoints.
    pub checkpoints: Arc<dyn CheckpointStore>,
}

impl CopyParts {
    fn log(&self, kind: LogKind) -> &Arc<dyn Log> {
        match kind {
            LogKind::Records => &self.log,
            LogKind::Access => &self.access,
        }
    }
}

/// What a copy is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyStep {
    /// Appending to the target and reading it back, or comparing what it has.
    Copying,
    /// Computing roots from the headers of the target.
    Comparing,
}

/// A log that is equal on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CopiedLog {
    /// The number of entries.
    pub size: LogSize,
    /// The root of the Merkle tree over the headers that the target gives.
    pub root: Digest32,
}

/// A tenant that is equal on both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopiedTenant {
    /// The tenant.
    pub tenant: TenantId,
    /// The log of the records.
    pub records: CopiedLog,
    /// The access log.
    pub access: CopiedLog,
    /// Persons with a key.
    pub persons: u64,
    /// Persons whose key is destroyed.
    pub destroyed: u64,
    /// Credentials, with revoked ones.
    pub credentials: u64,
    /// States.
    pub states: u64,
    /// Logs with a signed checkpoint.
    pub checkpoints: u64,
}

/// What a copy did. Everything that it names was compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyReport {
    /// The tenants, bytewise.
    pub tenants: Vec<CopiedTenant>,
    /// Passes over the source: more than one if it was written meanwhile. 0: the target was a whole
    /// copy already, and was only compared.
    pub rounds: u32,
}

/// Receives the step, and the number of log entries done and of all.
pub type Progress<'a> = &'a mut (dyn FnMut(CopyStep, u64, u64) + Send);

/// Copies a ledger, or continues an unfinished copy of it, and compares both sides.
///
/// # Errors
/// See [`CopyError`]. A failed copy can be run again.
pub async fn copy(
    source: &CopyParts,
    target: &CopyParts,
    progress: Progress<'_>,
) -> Result<CopyReport, CopyError> {
    let mut seen = Seen::read(source).await.of(Side::Source)?;
    let mut run = Run { source, target, checked: BTreeMap::new() };
    if preflight::is_whole(source, target, &seen).await? {
        run.compare_logs(&seen, progress).await?;
        return Ok(CopyReport { tenants: run.compare(&seen, progress).await?, rounds: 0 });
    }
    let mut failed_before = false;
    for rounds in 1..=MAX_ROUNDS {
        run.write(&seen, progress).await?;
        let compared = run.compare(&seen, progress).await;
        let now = Seen::read(source).await.of(Side::Source)?;
        let is_still = now == seen;
        seen = now;
        match compared {
            Ok(tenants) if is_still => {
                open(target, &seen).await?;
                let now = Seen::read(source).await.of(Side::Source)?;
                seen.outgrown_by(&now)?;
                return Ok(CopyReport { tenants, rounds });
            }
            Ok(_) => {}
            // A source that was written between the two steps: the next round finds it equal.
            Err(CopyError::Differs { .. }) if !(is_still && failed_before) => failed_before = true,
            Err(error) => return Err(error),
        }
    }
    Err(CopyError::Written { rounds: MAX_ROUNDS })
}

/// Both sides, and what of the logs was found equal.
struct Run<'a> {
    source: &'a CopyParts,
    target: &'a CopyParts,
    checked: BTreeMap<(TenantId, LogKind), Checked>,
}

impl Run<'_> {
    fn checked(&mut self, tenant: &TenantId, kind: LogKind) -> &mut Checked {
        let of = (tenant.clone(), kind);
        self.checked.entry(of).or_insert_with(|| Checked::new(tenant, kind))
    }

    /// Compares both logs of a target that is not written.
    async fn compare_logs(&mut self, seen: &Seen, progress: Progress<'_>) -> Result<(), CopyError> {
        let (mut done, of) = (0, seen.entries());
        let mut read = |number| {
            done += number;
            progress(CopyStep::Copying, done, of);
        };
        for (tenant, seen) in &seen.tenants {
            for kind in LogKind::ALL {
                let logs = (self.source.log(kind), self.target.log(kind));
                let checked = self.checked(tenant, kind);
                checked.compare(logs, seen.size(kind), None, &mut read).await?;
            }
        }
        Ok(())
    }

    /// Writes everything but the keys of tenants. Logs first: from its first record on, the target
    /// is refused as a ledger.
    async fn write(&mut self, seen: &Seen, progress: Progress<'_>) -> Result<(), CopyError> {
        let (source, target) = (self.source, self.target);
        let (mut done, of) = (0, seen.entries());
        for (tenant, seen) in &seen.tenants {
            for kind in LogKind::ALL {
                let checked = self.checked(tenant, kind);
                done += checked.size().0;
                let mut written = |number| {
                    done += number;
                    progress(CopyStep::Copying, done, of);
                };
                let logs = (source.log(kind), target.log(kind));
                checked.write(logs, seen.size(kind), &mut written).await?;
            }
        }
        for tenant in seen.tenants.keys() {
            keys::write(source, target, tenant).await?;
            states::write(source, target, tenant).await?;
            checkpoints::write(source, target, tenant).await?;
        }
        Ok(())
    }

    /// Compares the roots of the logs, and every row but the keys of tenants.
    async fn compare(
        &mut self,
        seen: &Seen,
        progress: Progress<'_>,
    ) -> Result<Vec<CopiedTenant>, CopyError> {
        let (source, target) = (self.source, self.target);
        let (mut done, of) = (0, seen.entries());
        let mut read = |number| {
            done += number;
            progress(CopyStep::Comparing, done, of);
        };
        let mut tenants = Vec::new();
        for tenant in seen.tenants.keys() {
            let log = self.checked(tenant, LogKind::Records);
            let records = log.compare_roots(&*target.log, &mut read).await?;
            let log = self.checked(tenant, LogKind::Access);
            let access = log.compare_roots(&*target.access, &mut read).await?;
            let keys = keys::compare(source, target, tenant).await?;
            tenants.push(CopiedTenant {
                tenant: tenant.clone(),
                records,
                access,
                persons: keys.persons,
                destroyed: keys.destroyed,
                credentials: keys.credentials,
                states: states::compare(source, target, tenant).await?,
                checkpoints: checkpoints::compare(source, target, tenant).await?,
            });
        }
        Ok(tenants)
    }
}

/// Writes the keys of all tenants: the last of those that have a log makes the target a ledger.
async fn open(target: &CopyParts, seen: &Seen) -> Result<(), CopyError> {
    let has_log = |seen: &TenantSeen| seen.size(LogKind::Records) > LogSize(0);
    for with_log in [false, true] {
        for seen in seen.tenants.values().filter(|seen| has_log(seen) == with_log) {
            keys::open(target, seen).await?;
        }
    }
    Ok(())
}
