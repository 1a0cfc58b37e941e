//! The Merkle tree of a tenant's log, its signed checkpoints and their anchors: built behind the
//! appends, never inside their transaction.
//!
//! The tree is derived from the log and can be deleted. A checkpoint is a promise and cannot: the
//! tree that is built must agree with it, or nothing is signed any more.

pub(crate) mod anchored;
pub(crate) mod another_log;
pub(crate) mod follower;
pub(crate) mod tiles;
mod verify;

pub use verify::{Finding, FindingKind, VerifiedLog, VerifyReport};
