//! Entries of a log in order, read ahead while the ones before them are used.

use crate::tree::follower::leaves;
use claimledger_facts::{
    ids::{LogPosition, LogSize, TenantId},
    record::Entry,
};
use claimledger_ledger::log::{Log, LogError, MAX_APPEND_BYTES, MAX_APPEND_ENTRIES, no_record};
use std::{sync::Arc, vec};
use tokio::sync::mpsc;

/// Batches that are read ahead.
const BATCHES_AHEAD: usize = 2;

type Batch = Result<Vec<Entry>, LogError>;

/// Entries of a log, each batch within the limits of one append.
pub(super) struct Entries {
    batches: mpsc::Receiver<Batch>,
    batch: vec::IntoIter<Entry>,
}

impl Entries {
    /// Begins to read the entries from one size to another. Reading stops when this is dropped.
    pub(super) fn read(log: &Arc<dyn Log>, tenant: &TenantId, from: LogSize, to: LogSize) -> Self {
        let (sender, batches) = mpsc::channel(BATCHES_AHEAD);
        let (log, tenant) = (Arc::clone(log), tenant.clone());
        tokio::spawn(async move {
            if let Err(error) = read(&*log, &tenant, (from.0, to.0), &sender).await {
                let _ = sender.send(Err(error)).await;
            }
        });
        Self { batches, batch: Vec::new().into_iter() }
    }

    /// The next batch; none: all were read.
    pub(super) async fn next_batch(&mut self) -> Result<Option<Vec<Entry>>, LogError> {
        self.batches.recv().await.transpose()
    }

    /// The next entry; none: all were read.
    pub(super) async fn next(&mut self) -> Result<Option<Entry>, LogError> {
        loop {
            if let Some(entry) = self.batch.next() {
                return Ok(Some(entry));
            }
            match self.next_batch().await? {
                Some(batch) => self.batch = batch.into_iter(),
                None => return Ok(None),
            }
        }
    }
}

/// Reads, checks leaves, and sends batches. Ends early if nobody receives them.
async fn read(
    log: &dyn Log,
    tenant: &TenantId,
    (mut next, to): (u64, u64),
    sender: &mpsc::Sender<Batch>,
) -> Result<(), LogError> {
    let (mut batch, mut bytes) = (Vec::new(), 0);
    while next < to {
        let most = usize::try_from(to - next).unwrap_or(usize::MAX).min(MAX_APPEND_ENTRIES);
        let entries = log.read(tenant, LogPosition(next), most).await?;
        if entries.is_empty() {
            return Err(no_record(LogPosition(next)));
        }
        for entry in entries {
            leaves(std::slice::from_ref(&entry.header), LogSize(next))?;
            next += 1;
            let size = entry.size();
            if batch.len() == MAX_APPEND_ENTRIES || bytes + size > MAX_APPEND_BYTES {
                if sender.send(Ok(std::mem::take(&mut batch))).await.is_err() {
                    return Ok(());
                }
                bytes = 0;
            }
            bytes += size;
            batch.push(entry);
        }
    }
    if !batch.is_empty() {
        let _ = sender.send(Ok(batch)).await;
    }
    Ok(())
}
