//! What stands in the anchors: every checkpoint of a log, line by line.

use crate::tenant::signed_log::{Signed, SignedLog};
use claimledger_facts::ids::LogSize;
use claimledger_ledger::{
    log::LogError,
    tree::{Anchor, AnchorCursor, AnchorError, Anchored},
};
use claimledger_proof::tree::TreeHead;
use std::sync::Arc;

/// Reads an anchor from its beginning, and later what was written since. Memory is bounded by a
/// page of the anchor.
pub(crate) struct AnchorReader {
    pub(crate) anchor: Arc<dyn Anchor>,
    cursor: AnchorCursor,
    /// The last note, which is repeated while the log does not grow.
    last_note: String,
    /// The largest checkpoint, and its line.
    pub(crate) largest: Option<(LogSize, u64)>,
    is_end: bool,
}

/// A checkpoint of an anchor.
pub(crate) struct AnchoredLine {
    /// Its line, from 1.
    pub(crate) line: u64,
    /// The verified checkpoint, or what is wrong with it.
    pub(crate) signed: Result<Signed, String>,
    /// A larger one that comes before it, and its line: who wrote this one had an older copy.
    pub(crate) behind: Option<(LogSize, u64)>,
}

impl AnchorReader {
    pub(crate) fn new(anchor: &Arc<dyn Anchor>) -> Self {
        let (cursor, last_note) = (AnchorCursor::default(), String::new());
        Self { anchor: Arc::clone(anchor), cursor, last_note, largest: None, is_end: false }
    }

    pub(crate) fn all(anchors: &[Arc<dyn Anchor>]) -> Vec<Self> {
        anchors.iter().map(Self::new).collect()
    }

    /// The next checkpoints, without those that only repeat the one before; none: nothing more is
    /// there now.
    ///
    /// # Errors
    /// If the anchor cannot be read. The next call begins from its beginning.
    pub(crate) async fn next(
        &mut self,
        log: &SignedLog,
    ) -> Result<Option<Vec<AnchoredLine>>, AnchorError> {
        if std::mem::take(&mut self.is_end) {
            return Ok(None);
        }
        // A place without a cursor is read from its beginning each time.
        if self.cursor == AnchorCursor::default() {
            (self.last_note, self.largest) = (String::new(), None);
        }
        let page = match self.anchor.read(log.origin(), self.cursor).await {
            Ok(page) => page,
            Err(error) => {
                *self = Self::new(&self.anchor);
                return Err(error);
            }
        };
        (self.cursor, self.is_end) = (page.next, page.is_end);
        let mut lines = Vec::new();
        for (line, anchored) in page.checkpoints {
            if anchored.checkpoint.note == self.last_note {
                continue;
            }
            let signed = open(log, &anchored);
            let mut behind = None;
            if let Ok(signed) = &signed {
                let size = signed.head.size;
                behind = self.largest.filter(|(largest, _)| *largest > size);
                if self.largest.is_none_or(|(largest, _)| size > largest) {
                    self.largest = Some((size, line));
                }
            }
            lines.push(AnchoredLine { line, signed, behind });
            self.last_note = anchored.checkpoint.note;
        }
        Ok(Some(lines))
    }
}

/// What to say of a checkpoint that is not of this log: whether the anchor has another one of its
/// size, with its line.
///
/// # Errors
/// If the anchor cannot be read.
pub(crate) async fn fork_of(
    anchor: &Arc<dyn Anchor>,
    log: &SignedLog,
    line: u64,
    head: &TreeHead,
) -> Result<Option<String>, AnchorError> {
    let mut reader = AnchorReader::new(anchor);
    while let Some(lines) = reader.next(log).await? {
        let other = lines.iter().find(|other| {
            let signed = other.signed.as_ref().ok();
            signed.is_some_and(|it| it.head.size == head.size && it.head.root != head.root)
        });
        if let Some(other) = other {
            let (first, second) = (line.min(other.line), line.max(other.line));
            return Ok(Some(format!(
                "lines {first} and {second} of the anchor {} are two signed checkpoints of {} \
                 records with different roots: two copies of this ledger went on in different \
                 ways, and the anchor alone does not say which is the genuine one",
                anchor.name(),
                head.size.0
            )));
        }
    }
    Ok(None)
}

/// What to say of a checkpoint after a larger one.
pub(crate) fn behind(
    anchor: &Arc<dyn Anchor>,
    line: u64,
    signed: &Signed,
    (larger, earlier): (LogSize, u64),
) -> String {
    format!(
        "line {line} of the anchor {} is a checkpoint of {} records, after one of {} in line \
         {earlier}: an older copy of this ledger wrote there",
        anchor.name(),
        signed.head.size.0,
        larger.0
    )
}

/// The error of an anchor that cannot be read.
pub(crate) fn unreadable(error: &AnchorError) -> LogError {
    LogError::unavailable(error.to_string())
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
