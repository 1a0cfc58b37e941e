//! The follower's anchors: what they have is compared with the log, at the start and before each
//! checkpoint, and checkpoints are written to them.

use super::{Follower, another_log};
use crate::{
    model::proof::LogKind,
    tenant::signed_log::Signed,
    tree::{
        anchored::{self, AnchorReader, AnchoredLine},
        tiles,
    },
};
use claimledger_ledger::{
    log::LogError,
    tree::{Anchor, Anchored},
};
use std::sync::Arc;
use tokio::time::Instant;

/// When anchors are compared.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// When the log is opened: an anchor that cannot be read prevents it.
    Start,
    /// The same of a ledger that can only be read, whose tree is not built.
    ReadOnly,
    /// While it is open: an anchor that cannot be read is reported, and appends go on.
    Running,
}

impl Follower {
    /// Compares every checkpoint that the anchors got since they were read last with the log.
    pub(super) async fn compare_with_anchors(&mut self, moment: Moment) -> Result<(), LogError> {
        let mut readers = std::mem::take(&mut self.anchors);
        let mut compared = Ok(());
        for reader in &mut readers {
            compared = self.compare_with(reader, moment).await;
            if compared.is_err() {
                break;
            }
        }
        self.anchors = readers;
        compared
    }

    async fn compare_with(
        &mut self,
        reader: &mut AnchorReader,
        moment: Moment,
    ) -> Result<(), LogError> {
        let tenant = Arc::clone(&self.tenant);
        let log = tenant.identity.signed(self.kind);
        loop {
            let lines = match reader.next(log).await {
                Ok(Some(lines)) => lines,
                Ok(None) => break,
                Err(error) if moment == Moment::Running => {
                    self.anchor_failed("read", reader.anchor.name(), error.to_string());
                    return Ok(());
                }
                Err(error) => return Err(anchored::unreadable(&error)),
            };
            for line in lines {
                self.compare_line(&reader.anchor, &line, moment).await?;
            }
        }
        self.tenant.health.anchor_works(&self.anchor_key("read", reader.anchor.name()));
        Ok(())
    }

    async fn compare_line(
        &mut self,
        anchor: &Arc<dyn Anchor>,
        line: &AnchoredLine,
        moment: Moment,
    ) -> Result<(), LogError> {
        let damaged = |what: String| LogError::damaged("anchor", anchor.name(), what);
        let number = line.line;
        let signed =
            line.signed.as_ref().map_err(|what| damaged(format!("line {number}: {what}")))?;
        if let Some(larger) = line.behind {
            let what = anchored::behind(anchor, number, signed, larger);
            self.anchor_failed("behind", anchor.name(), what);
        }
        let Err(error) = self.check_anchored(signed, moment).await else { return Ok(()) };
        let LogError::Corrupt { position, what } = error else { return Err(error) };
        let fork = anchored::fork_of(anchor, self.signed(), number, &signed.head).await;
        let what = fork.ok().flatten().unwrap_or(what);
        Err(match moment {
            Moment::Running => damaged(format!("at {position}: {what}")),
            Moment::Start | Moment::ReadOnly => LogError::Corrupt { position, what },
        })
    }

    /// Refuses a checkpoint that is not of the log.
    async fn check_anchored(&mut self, signed: &Signed, moment: Moment) -> Result<(), LogError> {
        self.check_size(Some(signed)).await?;
        if moment == Moment::ReadOnly {
            // The tree is not written: what it does not have is not compared.
            let found =
                tiles::head_at(&*self.proofs.tiles, self.signed().stored_as(), signed.head.size);
            return match found.await {
                Ok(found) if found != signed.head => Err(another_log(&signed.head)),
                _ => Ok(()),
            };
        }
        let mut tree = match self.tree.take() {
            Some(tree) => tree,
            None => self.stored_tree().await?,
        };
        self.extend(&mut tree, signed.head.size, &|| false).await?;
        self.tree = Some(tree);
        self.check_head(&signed.head).await
    }

    fn anchor_key(&self, what: &str, anchor: &str) -> String {
        format!("{what} {} {anchor}", self.signed().stored_as())
    }

    /// Records what is wrong with an anchor, for `status` and `/readyz`.
    fn anchor_failed(&self, key: &str, anchor: &str, why: String) {
        tracing::error!(tenant = %self.tenant.id, why, "an anchor does not agree or does not work");
        let why = match self.kind {
            LogKind::Records => why,
            LogKind::Access => format!("{why} (checkpoints of the access log)"),
        };
        let now = self.tenant.identity.own.clock.now();
        self.tenant.health.anchor_failed(&self.anchor_key(key, anchor), why, now);
    }

    /// Writes the last checkpoint to every anchor.
    pub(super) async fn write_to_anchors(&mut self) {
        let log = self.signed();
        let Some(last) = log.last() else { return };
        let anchored = Anchored {
            at: self.tenant.identity.own.clock.now(),
            origin: log.origin().to_owned(),
            checkpoint: last.row(),
        };
        for reader in &self.anchors {
            // A line that comes late would look like that of an older copy.
            if !self.has_duty() {
                return;
            }
            // Another process of this log has written a later one.
            if reader.largest.is_some_and(|(largest, _)| largest > last.head.size) {
                continue;
            }
            let name = reader.anchor.name();
            match reader.anchor.write(&anchored).await {
                Ok(()) => self.tenant.health.anchor_works(&self.anchor_key("write", name)),
                Err(error) => {
                    let why =
                        format!("a checkpoint was not written, which is tried again: {error}");
                    self.anchor_failed("write", name, why);
                }
            }
        }
        self.anchored = Some(Instant::now());
    }
}
