//! What an error of the client means for the call that got it.

use claimledger_ledger::log::LogError;
use eventstore::{CurrentRevision, Endpoint, Error};

/// The largest revision that a stream can have. The server's internal numbers are signed; what is
/// larger is a marker for "none" that leaked (`u64::MAX`) and must not be stored.
const MAX_REVISION: u64 = i64::MAX as u64 - 1;

/// Why a call failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Temporary, and nothing was written.
    NotDone(String),
    /// Temporary; whether something was written is unknown.
    Unknown(String),
    /// The stream has another last revision; none: it does not exist. Nothing was written.
    WrongRevision(Option<u64>),
    /// The stream does not exist.
    NoStream,
    /// The stream was deleted permanently.
    Tombstone,
    /// The same call will fail again.
    Refused(String),
}

impl Failure {
    /// Whether the same call may succeed later.
    pub(crate) const fn is_temporary(&self) -> bool {
        matches!(self, Self::NotDone(_) | Self::Unknown(_))
    }

    /// As an error of the log, where no other meaning is known.
    pub(crate) fn to_log_error(&self) -> LogError {
        let reason = match self {
            Self::NotDone(why) | Self::Unknown(why) | Self::Refused(why) => why.clone(),
            Self::WrongRevision(_) => "KurrentDB refused the revision of a stream".to_owned(),
            Self::NoStream => "KurrentDB has no such stream".to_owned(),
            Self::Tombstone => "the stream was deleted from KurrentDB permanently".to_owned(),
        };
        LogError::unavailable(reason)
    }
}

/// A failure, and what it says about the connection.
#[derive(Debug)]
pub(crate) struct Classified {
    pub(crate) failure: Failure,
    /// The client must be replaced: it does not recover by itself.
    pub(crate) reconnect: bool,
    /// The leader that the server named. The client moves there by itself.
    pub(crate) leader: Option<Endpoint>,
}

/// Classifies an error of the client.
///
/// The text of a server's error is never interpreted: an append that may have been written is
/// determined by reading, and repeating it is safe.
pub(crate) fn classify(error: Error) -> Classified {
    let (failure, reconnect) = match error {
        Error::NotLeaderException(leader) => {
            let why = format!("the node is not the leader; {}:{} is", leader.host, leader.port);
            let failure = Failure::NotDone(why);
            return Classified { failure, reconnect: false, leader: Some(leader) };
        }
        Error::WrongExpectedVersion { current, .. } => {
            let current = match current {
                CurrentRevision::Current(revision) => possible(revision),
                CurrentRevision::NoStream => None,
            };
            (Failure::WrongRevision(current), false)
        }
        Error::ResourceNotFound => (Failure::NoStream, false),
        Error::ResourceDeleted => (Failure::Tombstone, false),
        Error::AccessDenied => (
            Failure::Refused(
                "KurrentDB denied access: check the user name, the password and its rights on the \
                 ledger's streams"
                    .to_owned(),
            ),
            false,
        ),
        Error::UnsupportedFeature => {
            (Failure::Refused("the server does not have this call".to_owned()), false)
        }
        Error::Grpc { code, message } => {
            // Numbers of gRPC: 3 INVALID_ARGUMENT, 10 ABORTED (a write timeout on the server).
            match i32::from(code) {
                3 => (Failure::Refused(format!("KurrentDB refused the call: {message}")), false),
                10 => (Failure::Unknown(format!("KurrentDB gave up: {message}")), false),
                other => (Failure::Unknown(format!("gRPC status {other}: {message}")), true),
            }
        }
        // The connection may be dead without the operating system knowing it yet.
        Error::DeadlineExceeded => {
            (Failure::Unknown("KurrentDB did not answer in time".to_owned()), true)
        }
        other => (Failure::Unknown(other.to_string()), true),
    };
    Classified { failure, reconnect, leader: None }
}

/// A revision that a stream can have.
pub(crate) const fn possible(revision: u64) -> Option<u64> {
    if revision <= MAX_REVISION { Some(revision) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_does_not_recover_is_replaced() {
        for (error, reconnect) in [
            (Error::ConnectionClosed, true),
            (Error::ServerError("gone".to_owned()), true),
            (Error::DeadlineExceeded, true),
            (Error::ResourceNotFound, false),
            (Error::AccessDenied, false),
        ] {
            let said = format!("{error:?}");
            assert_eq!(classify(error).reconnect, reconnect, "{said}");
        }
    }

    #[test]
    fn a_marker_for_none_is_no_revision() {
        assert_eq!(possible(u64::MAX), None);
        assert_eq!(possible(i64::MAX as u64), None);
        assert_eq!(possible(7), Some(7));
    }

    #[test]
    fn a_redirect_names_the_leader() {
        let leader = Endpoint { host: "node-2".to_owned(), port: 2113 };
        let classified = classify(Error::NotLeaderException(leader));
        assert!(matches!(&classified.failure, Failure::NotDone(why) if why.contains("node-2")));
        assert!(!classified.reconnect && classified.leader.is_some());
    }
}
