//! Appends to a stream: compare-and-set, with outcomes that are determined where possible.

use crate::{
    connection::Deadline,
    failure::Failure,
    requests::{NewEvent, append, protect},
    streams::{Streams, corrupt, unavailable},
};
use claimledger_facts::ids::LogSize;
use claimledger_ledger::log::{AppendFailure, LogError};
use std::time::Duration;

/// Pause before the second attempt of an append; it doubles.
const FIRST_BACKOFF: Duration = Duration::from_millis(20);
/// Maximum pause between attempts of an append.
const MAX_BACKOFF: Duration = Duration::from_millis(500);

/// What is at the revisions of an append.
enum There {
    /// Its events.
    Ours,
    /// Other events.
    Others,
    /// Nothing, as far as was read.
    Nothing,
}

fn conflict(size: u64) -> AppendFailure {
    AppendFailure::Conflict { size: LogSize(size) }
}

impl Streams {
    /// Appends all events or none, if the stream has exactly `expected` events. Returns the size.
    ///
    /// An attempt with an unknown outcome is looked for by reading, and repeated with the same ids
    /// at the same revision: the server answers with success if the events are there.
    pub(crate) async fn append(
        &self,
        name: &str,
        expected: u64,
        events: &[NewEvent],
        deadline: Deadline,
    ) -> Result<u64, AppendFailure> {
        self.check(name, deadline).await?;
        let known = self.known_size(name);
        let Some(last) = events.last().map(|event| event.id) else {
            let size = self.size(name, deadline).await?;
            return if size == expected { Ok(size) } else { Err(conflict(size)) };
        };
        let after = expected + events.len() as u64;
        let (mut wait, mut may_be_there) = (FIRST_BACKOFF, false);
        loop {
            let failure = match self.append_once(name, expected, events, deadline).await {
                Ok(revision) if revision + 1 == after => {
                    self.grew(name, after, last);
                    return Ok(after);
                }
                Ok(revision) => {
                    let what = format!("an append to size {after} was written at {revision}");
                    return Err(corrupt(name, expected, &what).into());
                }
                Err(failure) => failure,
            };
            match &failure {
                Failure::Unknown(why) => {
                    may_be_there = true;
                    tracing::warn!(why, "an append to KurrentDB has an unknown outcome");
                    match self.there(name, expected, events, deadline).await? {
                        There::Ours => return Ok(after),
                        There::Others => return Err(conflict(self.size(name, deadline).await?)),
                        There::Nothing => {}
                    }
                }
                Failure::WrongRevision(current) => {
                    // The server recognises repeated events, so these are there only if it failed
                    // to.
                    if may_be_there
                        && let There::Ours = self.there(name, expected, events, deadline).await?
                    {
                        return Ok(after);
                    }
                    let size = current.map_or(0, |revision| revision + 1);
                    if size != expected && size >= known {
                        return Err(conflict(size));
                    }
                    let size = self.size(name, deadline).await?;
                    if size != expected {
                        return Err(conflict(size));
                    }
                }
                Failure::NotDone(_) | Failure::NoStream => {}
                Failure::Refused(_) | Failure::Tombstone => {
                    return Err(unavailable(name, failure).into());
                }
            }
            if !deadline.pause(wait).await {
                return Err(failure.to_log_error().into());
            }
            wait = (wait * 2).min(MAX_BACKOFF);
        }
    }

    async fn append_once(
        &self,
        name: &str,
        expected: u64,
        events: &[NewEvent],
        deadline: Deadline,
    ) -> Result<u64, Failure> {
        let session = self.connection.session(deadline).await?;
        let (name, events) = (name.to_owned(), events.to_vec());
        self.connection.call(&session, deadline, |c| append(c, name, expected, events)).await
    }

    async fn there(
        &self,
        name: &str,
        expected: u64,
        events: &[NewEvent],
        deadline: Deadline,
    ) -> Result<There, LogError> {
        let page = match self.page(name, expected, events.len() as u64, deadline).await {
            Ok(page) => page,
            // Another attempt is safe: had this one been written, it would be recognised.
            Err(LogError::Unavailable { .. }) => return Ok(There::Nothing),
            Err(other) => return Err(other),
        };
        if page.iter().zip(events).any(|(there, ours)| there.id != ours.id) {
            return Ok(There::Others);
        }
        Ok(if page.len() == events.len() { There::Ours } else { There::Nothing })
    }

    /// Prepares a stream that does not exist yet: denies its deletion and changes of its metadata
    /// to all but administrators.
    pub(crate) async fn prepare(&self, name: &str, deadline: Deadline) -> Result<(), LogError> {
        match self.connection.repeat(deadline, |caller| protect(caller, name.to_owned())).await {
            // It has metadata already; what they say was checked.
            Ok(()) | Err(Failure::WrongRevision(_)) => Ok(()),
            Err(Failure::Refused(why)) => {
                tracing::warn!(name, why, "the stream is not protected against deletion");
                Ok(())
            }
            Err(other) => Err(unavailable(name, other)),
        }
    }
}
