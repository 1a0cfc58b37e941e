//! Why a ledger was not copied.

use crate::model::proof::LogKind;
use claimledger_facts::{
    ids::{LogPosition, LogSize, TenantId},
    record::Digest32,
};
use claimledger_ledger::log::LogError;
use std::fmt;

/// One side of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Where it is copied from.
    Source,
    /// Where it is copied to.
    Target,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Source => "source",
            Self::Target => "target",
        })
    }
}

/// Why a ledger was not copied. The target is no ledger unless the message says so.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// An engine failed.
    #[error("the {side} of the copy failed")]
    Engine {
        /// Which side.
        side: Side,
        /// Its error.
        #[source]
        error: LogError,
    },
    /// The target has another record. Nothing was written if that was so at the beginning.
    #[error(
        "the target is not a copy of the source: of tenant {tenant}, {} {position} has the leaf \
         {source_leaf} in the source and {target_leaf} in the target", name(*log)
    )]
    OtherRecord {
        /// The tenant.
        tenant: TenantId,
        /// Which log.
        log: LogKind,
        /// The position.
        position: LogPosition,
        /// The leaf in the source.
        source_leaf: Digest32,
        /// The leaf in the target.
        target_leaf: Digest32,
    },
    /// The target has something that the source does not have. Nothing was written.
    #[error(
        "the target is neither empty nor an unfinished copy of the source: of tenant {tenant}, \
             it has {what}"
    )]
    Foreign {
        /// The tenant.
        tenant: TenantId,
        /// What it has.
        what: String,
    },
    /// The source has a log without keys: it is an unfinished copy, or damaged.
    #[error(
        "the source has records of tenant {tenant}, but not its keys: it is itself an \
             unfinished copy"
    )]
    NoKeys {
        /// The tenant.
        tenant: TenantId,
    },
    /// The target is a whole ledger already, and the source has changed since.
    #[error(
        "the target is a whole ledger now, and the source was written after it was compared: of \
         tenant {tenant}, {what}; what is new there is not in the target"
    )]
    Outgrown {
        /// The tenant.
        tenant: TenantId,
        /// What changed.
        what: String,
    },
    /// What was written is not what the target gives.
    #[error("the target does not equal the source: of tenant {tenant}, {what}")]
    Differs {
        /// The tenant.
        tenant: TenantId,
        /// What differs.
        what: String,
    },
    /// The source was written during each pass.
    #[error(
        "the source was written during {rounds} passes: stop its nodes, and run the copy again"
    )]
    Written {
        /// The number of passes.
        rounds: u32,
    },
}

/// An entry of a log, in messages.
pub(super) const fn name(log: LogKind) -> &'static str {
    match log {
        LogKind::Records => "record",
        LogKind::Access => "entry of the access log",
    }
}

/// The error for a log that is longer than it may be.
pub(super) fn larger(log: LogKind, target: LogSize, source: LogSize) -> String {
    let (log, next) = (name(log), LogPosition(source.0));
    format!("{log} {next} and later ({} in all), where the source has {}", target.0, source.0)
}

/// Says which side an error is of.
pub(super) trait Of<T> {
    /// # Errors
    /// [`CopyError::Engine`].
    fn of(self, side: Side) -> Result<T, CopyError>;
}

impl<T, E: Into<LogError>> Of<T> for Result<T, E> {
    fn of(self, side: Side) -> Result<T, CopyError> {
        self.map_err(|error| CopyError::Engine { side, error: error.into() })
    }
}
