//! Exit statuses: 0 done, 1 the answer is "no", 2 usage, 3 refused input, 4 unavailable, 5 corrupt.

use claimledger_app::{
    InitError,
    copy::CopyError,
    intake::IngestError,
    model::{question::AskError, retraction::RetractError},
    rebuild::RebuildError,
};
use claimledger_export::part::PartError;
use claimledger_ledger::{append::SequencerError, log::LogError, state::StateError};
use claimledger_okta::{ApiError, PollError, SourceError};
use claimledger_store::{postgres::PostgresError, sqlite::OpenError};

/// An error of usage: exit status 2.
pub(crate) fn usage(message: impl Into<String>) -> anyhow::Error {
    anyhow::Error::new(Usage(message.into()))
}

/// The command line does not make sense: exit status 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Usage(String);

/// Refused input: exit status 3. What there is to say has been said.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Refused(pub(crate) String);

/// Refused: exit status 3.
pub(crate) fn refused(message: impl Into<String>) -> anyhow::Error {
    anyhow::Error::new(Refused(message.into()))
}

/// The answer is "no": exit status 1.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct No(pub(crate) String);

/// The read models have not reached what was asked for: exit status 4.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Lagging(pub(crate) String);

/// Something else did not answer as it should, and may later: exit status 4.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unavailable(pub(crate) String);

/// Something stored is damaged, or gone: exit status 5.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Damaged(pub(crate) String);

/// The status for an error, by the first cause that has one.
pub(crate) fn of(error: &anyhow::Error) -> u8 {
    error.chain().find_map(of_cause).unwrap_or(4)
}

fn of_cause(cause: &(dyn std::error::Error + 'static)) -> Option<u8> {
    if cause.is::<No>() {
        return Some(1);
    }
    if cause.is::<Usage>() {
        return Some(2);
    }
    if cause.is::<Refused>() {
        return Some(3);
    }
    if cause.is::<Lagging>() || cause.is::<Unavailable>() {
        return Some(4);
    }
    if cause.is::<Damaged>() {
        return Some(5);
    }
    if let Some(error) = cause.downcast_ref::<OpenError>() {
        return Some(match error {
            OpenError::Corrupt { .. } | OpenError::Incomplete { .. } => 5,
            OpenError::Node { .. } => 2,
            OpenError::Owned { .. }
            | OpenError::Exists { .. }
            | OpenError::Setting { .. }
            | OpenError::Newer { .. }
            | OpenError::NotYours { .. }
            | OpenError::Older { .. }
            | OpenError::Io { .. }
            | OpenError::Database { .. } => 4,
        });
    }
    if let Some(error) = cause.downcast_ref::<CopyError>() {
        return Some(match error {
            CopyError::Engine { error, .. } => of_log(error),
            CopyError::OtherRecord { .. }
            | CopyError::Foreign { .. }
            | CopyError::NoKeys { .. }
            | CopyError::Outgrown { .. } => 3,
            CopyError::Differs { .. } => 5,
            CopyError::Written { .. } => 4,
        });
    }
    if let Some(error) = cause.downcast_ref::<PostgresError>() {
        return Some(match error {
            PostgresError::Url { .. } | PostgresError::Tls { .. } => 2,
            PostgresError::Tables { .. } => 5,
            PostgresError::Database { .. }
            | PostgresError::ServerVersion { .. }
            | PostgresError::Setting { .. }
            | PostgresError::SchemaVersion { .. }
            | PostgresError::NoWriter { .. } => 4,
        });
    }
    #[cfg(feature = "kurrentdb")]
    if let Some(claimledger_kurrentdb::ConnectError::Options(_)) = cause.downcast_ref() {
        return Some(2);
    }
    if let Some(error) = cause.downcast_ref::<ApiError>() {
        return Some(if error.is_transient() { 4 } else { 3 });
    }
    if let Some(error) = cause.downcast_ref::<PollError>() {
        return Some(match error {
            PollError::Api(error) if !error.is_transient() => 3,
            _ => 4,
        });
    }
    if let Some(error) = cause.downcast_ref::<SourceError>() {
        return Some(match error {
            SourceError::Exists { .. } => 3,
            SourceError::Unknown { .. } => 1,
            SourceError::Setting { .. } => 2,
            SourceError::Unreadable { .. } => 5,
            SourceError::State(StateError::Log(error)) => of_log(error),
            SourceError::State(_) => 4,
        });
    }
    if let Some(error) = cause.downcast_ref::<LogError>() {
        return Some(of_log(error));
    }
    if let Some(error) = cause.downcast_ref::<InitError>() {
        return Some(match error {
            InitError::Exists { .. } => 3,
            InitError::Name => 2,
            InitError::Log(error) => of_log(error),
        });
    }
    if let Some(error) = cause.downcast_ref::<AskError>() {
        return Some(match error {
            AskError::Log(error) => of_log(error),
            AskError::Lagging { .. } => 4,
            AskError::Forbidden { .. }
            | AskError::PageTooLarge { .. }
            | AskError::BadCursor
            | AskError::Restart
            | AskError::StaleCursor { .. }
            | AskError::PastHead { .. }
            | AskError::BadInput { .. }
            | AskError::TooMany { .. } => 3,
        });
    }
    if let Some(error) = cause.downcast_ref::<RetractError>() {
        return match error {
            RetractError::Asked(error) => of_cause(error),
            RetractError::Refused(error) => of_cause(error),
            RetractError::Already { .. } => Some(3),
        };
    }
    if let Some(error) = cause.downcast_ref::<PartError>() {
        return Some(match error {
            PartError::Exists(_) | PartError::PartExists(_) | PartError::NothingToResume(_) => 3,
            PartError::Io { .. } => 4,
        });
    }
    if let Some(error) = cause.downcast_ref::<RebuildError>() {
        return Some(match error {
            RebuildError::Differs(_) => 5,
            RebuildError::UnderWay => 4,
            RebuildError::Forbidden { .. } => 3,
            RebuildError::Log(error) => of_log(error),
        });
    }
    if let Some(error) = cause.downcast_ref::<IngestError>() {
        return Some(match error {
            IngestError::Sequencer { error: SequencerError::Log(error), .. } => of_log(error),
            _ => 3,
        });
    }
    None
}

const fn of_log(error: &LogError) -> u8 {
    match error {
        LogError::Unavailable { .. } | LogError::Stopped { .. } => 4,
        LogError::Corrupt { .. } | LogError::Damaged { .. } => 5,
        LogError::TooLarge => 3,
    }
}
