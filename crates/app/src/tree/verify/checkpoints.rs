//! Compares the heads that a log must have had with its tree: of its last checkpoint, and of every
//! checkpoint in the anchors.

use super::{
    log_tree::LogTree,
    report::{FindingKind, VerifyReport},
};
use crate::{
    app::Inner,
    model::proof::LogKind,
    tenant::{Tenant, signed_log::SignedLog},
    tree::anchored::{self, AnchorReader, AnchoredLine},
};
use claimledger_facts::{ids::LogPosition, time::Time};
use claimledger_ledger::{
    log::LogError,
    tree::{Anchor, Anchored},
};
use claimledger_proof::tree::TreeHead;
use std::sync::Arc;

/// Compares the last checkpoint.
///
/// # Errors
/// If the checkpoints cannot be read.
pub(super) async fn compare_last(
    app: &Inner,
    tenant: &Tenant,
    tree: &mut LogTree<'_>,
    kind: LogKind,
    report: &mut VerifyReport,
) -> Result<(), LogError> {
    let log = tenant.identity.signed(kind);
    let mut found = |position, what| report.found(kind, FindingKind::Checkpoint, position, what);
    let by = "the last signed checkpoint";
    let row = match app.proofs.checkpoints.checkpoint(log.stored_as()).await {
        Ok(Some(row)) => row,
        Ok(None) => return Ok(()),
        Err(error) if error.is_damage() => {
            found(None, error.to_string());
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    let size = row.size.0;
    let anchored = Anchored { at: Time::EPOCH, origin: log.origin().to_owned(), checkpoint: row };
    match anchored::open(log, &anchored) {
        Ok(signed) => {
            if let Some((position, what)) = differs(tree, &signed.head, by).await {
                found(Some(position), what);
            }
        }
        Err(what) => found(None, format!("{by}: {what}")),
    }
    report.of(kind).checkpoint = Some(size);
    Ok(())
}

/// Compares every checkpoint of an anchor.
pub(super) async fn compare_anchor(
    anchor: &Arc<dyn Anchor>,
    log: &SignedLog,
    tree: &mut LogTree<'_>,
    report: &mut VerifyReport,
) {
    let kind = log.kind();
    let by = format!("the anchor {}", anchor.name());
    let mut reader = AnchorReader::new(anchor);
    let mut misfits = Misfits::default();
    loop {
        let lines = match reader.next(log).await {
            Ok(Some(lines)) => lines,
            Ok(None) => break,
            Err(error) => {
                return report.found(kind, FindingKind::Checkpoint, None, error.to_string());
            }
        };
        for AnchoredLine { line, signed, behind } in lines {
            report.of(kind).compared += 1;
            let mut found = |what| report.found(kind, FindingKind::Checkpoint, None, what);
            let signed = match signed {
                Ok(signed) => signed,
                Err(what) => {
                    found(format!("line {line} of {by}: {what}"));
                    continue;
                }
            };
            if let Some(larger) = behind {
                found(anchored::behind(anchor, line, &signed, larger));
            }
            let by = format!("line {line} of {by}");
            if let Some((position, what)) = differs(tree, &signed.head, &by).await {
                misfits.note(Misfit { line, head: signed.head, position, what });
            }
        }
    }
    match reader.largest {
        Some((size, _)) => report.of(kind).anchored.push(size.0),
        // Reads that were not anchored are no reason to doubt the records.
        None if kind == LogKind::Access || report.of(kind).compared > 0 => {}
        None => {
            let what = format!("{by} has no checkpoint of this log");
            report.found(kind, FindingKind::Checkpoint, None, what);
        }
    }
    let Some(first) = misfits.first else { return };
    let fork = anchored::fork_of(anchor, log, first.line, &first.head).await.ok().flatten();
    let mut what = first.what;
    if let Some(fork) = fork {
        what = format!("{what}: {fork}");
    }
    if misfits.count > 1 {
        what = format!("{what} (so do {} more of its checkpoints)", misfits.count - 1);
    }
    report.found(kind, FindingKind::Checkpoint, Some(first.position), what);
}

/// The checkpoints of an anchor that do not fit. All after a fork do not: the smallest says most.
#[derive(Default)]
struct Misfits {
    first: Option<Misfit>,
    count: u64,
}

struct Misfit {
    line: u64,
    head: TreeHead,
    position: LogPosition,
    what: String,
}

impl Misfits {
    fn note(&mut self, misfit: Misfit) {
        self.count += 1;
        if self.first.as_ref().is_none_or(|first| misfit.head.size < first.head.size) {
            self.first = Some(misfit);
        }
    }
}

/// What of a head is not that of the log, and where.
async fn differs(
    tree: &mut LogTree<'_>,
    head: &TreeHead,
    by: &str,
) -> Option<(LogPosition, String)> {
    let size = head.size;
    if size > tree.size() {
        let what = format!("the log ends here, and {by} has {} records", size.0);
        return Some((LogPosition(tree.size().0), what));
    }
    let last = LogPosition(size.0.saturating_sub(1));
    match tree.head_at(size).await {
        Ok(found) if found == *head => None,
        Ok(found) => {
            let what = format!(
                "the records up to here have the root {}, and {by} says {}",
                found.root, head.root
            );
            Some((last, what))
        }
        Err(error) => Some((last, format!("{by} cannot be compared: {error}"))),
    }
}
