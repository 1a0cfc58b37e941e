//! The interfaces behind the proofs of a log: its Merkle tree in tiles, which is derived from the
//! log and can be built again, and its last signed checkpoint, which is a promise and cannot.
//!
//! Engines store bytes. What they mean is in `claimledger_proof`.

use crate::log::{LogError, Stopped};
use async_trait::async_trait;
use claimledger_facts::{
    ids::{LogSize, TenantId},
    record::Digest32,
    time::Time,
};

/// The head of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeRow {
    /// The number of leaves.
    pub size: LogSize,
    /// The root hash.
    pub root: Digest32,
}

/// A tile with its hashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TileRow {
    /// Its level, from 0.
    pub level: u8,
    /// Its number in the level.
    pub number: u64,
    /// Its hashes, one after the other.
    pub hashes: Vec<u8>,
}

/// The trees of all tenants. A write may be lost in a power cut, but only with all later ones.
#[async_trait]
pub trait TileStore: Send + Sync + 'static {
    /// The tree that is stored; none: nothing is.
    async fn tree(&self, tenant: &TenantId) -> Result<Option<TreeRow>, LogError>;

    /// The hashes of a tile, as wide as it was ever stored.
    async fn tile(
        &self,
        tenant: &TenantId,
        level: u8,
        number: u64,
    ) -> Result<Option<Vec<u8>>, LogError>;

    /// Stores tiles and the tree that they are of, all or nothing, if the stored tree has the size
    /// `expected`; 0: none is stored. A stored tile is replaced. Returns whether it had.
    async fn extend(
        &self,
        tenant: &TenantId,
        expected: LogSize,
        tiles: &[TileRow],
        tree: TreeRow,
    ) -> Result<bool, LogError>;

    /// Deletes the tree, so that it is built again.
    async fn clear(&self, tenant: &TenantId) -> Result<(), LogError>;

    /// Reads and validates every row.
    async fn check(&self) -> Result<(), LogError> {
        Ok(())
    }
}

/// A signed checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckpointRow {
    /// The size of the tree that it signs.
    pub size: LogSize,
    /// The signed note.
    pub note: String,
}

/// Why a checkpoint was not published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// Another writer published one. Nothing was written.
    #[error("the last checkpoint is of {} records", current.map_or(0, |size| size.0))]
    Conflict {
        /// The size of the last checkpoint; none: there is none.
        current: Option<LogSize>,
    },
    /// Not larger than the last one. Nothing was written.
    #[error("a checkpoint of {} records does not follow one of {} records", next.0, current.0)]
    NotLarger {
        /// The size of the last checkpoint.
        current: LogSize,
        /// The size of the refused one.
        next: LogSize,
    },
    /// See [`LogError`]. The outcome may be unknown: load the checkpoint again.
    #[error(transparent)]
    Log(#[from] LogError),
}

/// The last checkpoint of each tenant's log. Writes are durable when they return, so that no two
/// checkpoints of one size are ever signed.
#[async_trait]
pub trait CheckpointStore: Send + Sync + 'static {
    /// The last checkpoint; none: there is none.
    async fn checkpoint(&self, tenant: &TenantId) -> Result<Option<CheckpointRow>, LogError>;

    /// Replaces the last checkpoint by a larger one, if it has the size `expected`; none: there is
    /// none.
    async fn publish(
        &self,
        tenant: &TenantId,
        expected: Option<LogSize>,
        next: &CheckpointRow,
    ) -> Result<(), PublishError>;

    /// Reads and validates every row.
    async fn check(&self) -> Result<(), LogError> {
        Ok(())
    }

    /// Why writes are refused; none: writes are accepted, as far as is known.
    fn stopped(&self) -> Option<Stopped> {
        None
    }
}

/// Whether a checkpoint may follow the last one.
///
/// # Errors
/// [`PublishError::Conflict`], [`PublishError::NotLarger`].
pub fn check_publish(
    current: Option<LogSize>,
    expected: Option<LogSize>,
    next: LogSize,
) -> Result<(), PublishError> {
    match current {
        _ if current != expected => Err(PublishError::Conflict { current }),
        Some(current) if next <= current => Err(PublishError::NotLarger { current, next }),
        _ => Ok(()),
    }
}

/// A checkpoint as it is written to an anchor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchored {
    /// When it was written there. The checkpoint itself states no time.
    pub at: Time,
    /// The origin of the log.
    pub origin: String,
    /// The checkpoint.
    pub checkpoint: CheckpointRow,
}

/// Why an anchor was not written or read.
#[derive(Debug, thiserror::Error)]
#[error("the anchor {anchor}: {what}")]
pub struct AnchorError {
    /// Which anchor.
    pub anchor: String,
    /// What happened.
    pub what: String,
}

/// Where reading an anchor continues. The default is its beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AnchorCursor {
    /// The place's own offset: of a file, its bytes.
    pub offset: u64,
    /// The number of lines before it, of all logs.
    pub line: u64,
}

/// What an anchor has from a cursor on, as far as one read goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AnchorPage {
    /// The checkpoints of the log that was asked about, in the order in which they were written,
    /// each with the number of its line, from 1.
    pub checkpoints: Vec<(u64, Anchored)>,
    /// Where the next read continues.
    pub next: AnchorCursor,
    /// Whether nothing more is there now.
    pub is_end: bool,
}

/// A place for checkpoints that the owner of the database does not control: a log that was
/// rewritten and signed again, or an older copy of it, does not agree with what is there.
#[async_trait]
pub trait Anchor: Send + Sync + 'static {
    /// Its name in messages.
    fn name(&self) -> &str;

    /// Writes a checkpoint. The same one is written again while the log does not grow, so that
    /// silence is noticed.
    async fn write(&self, anchored: &Anchored) -> Result<(), AnchorError>;

    /// The checkpoints of a log that were written there, from a cursor on; no more than fit into
    /// memory at once. A place that keeps only the last one gives that; one that cannot be read
    /// gives an empty page.
    async fn read(&self, origin: &str, from: AnchorCursor) -> Result<AnchorPage, AnchorError>;
}
