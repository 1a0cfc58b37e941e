//! What stands in the anchors.

use crate::tenant::signed_log::{Signed, SignedLog};
use claimledger_ledger::{
    log::LogError,
    tree::{Anchor, Anchored},
};
use std::sync::Arc;

/// The last checkpoint of a log in each anchor.
///
/// # Errors
/// If an anchor cannot be read, or holds something that is not a checkpoint of this log.
pub(crate) async fn last(
    anchors: &[Arc<dyn Anchor>],
    log: &SignedLog,
) -> Result<Vec<Signed>, LogError> {
    let mut found = Vec::new();
    for anchor in anchors {
        let last = anchor.last(log.origin()).await;
        let last = last.map_err(|error| LogError::unavailable(error.to_string()))?;
        if let Some(anchored) = last {
            found.push(
                open(log, &anchored)
                    .map_err(|what| LogError::damaged("anchor", anchor.name(), what))?,
            );
        }
    }
    Ok(found)
}

/// Verifies a checkpoint of an anchor.
///
/// # Errors
/// What is wrong with it.
pub(super) fn open(log: &SignedLog, anchored: &Anchored) -> Result<Signed, String> {
    let signed = log.open(&anchored.checkpoint.note).map_err(|error| error.to_string())?;
    if signed.head.size != anchored.checkpoint.size {
        let size = anchored.checkpoint.size.0;
        return Err(format!("it says {size} records, and its checkpoint is of another number"));
    }
    Ok(signed)
}
