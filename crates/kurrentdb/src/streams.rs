//! Streams of KurrentDB, as logs: sizes, pages and appends, with the rules that a log needs and the
//! server does not enforce.
//!
//! A stream only grows, starts at revision 0, and has no gaps. A server forgets events where the
//! stream's metadata says so (`$maxCount`, `$maxAge`, `$tb`): such a stream is refused.

use crate::{
    connection::{Connection, Deadline},
    failure::{Failure, possible},
    requests::{last, page},
};
use claimledger_facts::ids::LogPosition;
use claimledger_ledger::log::LogError;
use eventstore::RecordedEvent;
use parking_lot::Mutex;
use std::{collections::HashMap, time::Duration};
use tokio::time::Instant;
use uuid::Uuid;

/// Maximum events of one read request.
const MAX_PAGE_EVENTS: u64 = 500;
/// Bytes after which a read returns fewer events than requested.
const MAX_READ_BYTES: usize = 4 * 1024 * 1024;
/// Maximum reads of a stream that is shorter than before, until that is believed. A leader that
/// lost its office answers for a moment from an older state.
const MAX_SHORTER_READS: u32 = 5;
/// Pause between them.
const SHORTER_PAUSE: Duration = Duration::from_millis(500);
/// Interval at which a stream's metadata and first event are checked.
const CHECK_INTERVAL: Duration = Duration::from_secs(60);
/// Pause after an answer that ended too early.
const CUT_PAUSE: Duration = Duration::from_millis(20);

/// Keys of a stream's metadata by which a server removes events.
const FORGETS: [&str; 3] = ["$maxCount", "$maxAge", "$tb"];

/// What this process knows of a stream.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    /// Its largest size that was read or acknowledged.
    size: u64,
    /// The id of the last event at that size.
    last: Option<Uuid>,
    /// When its metadata and first event were last checked.
    checked_at: Option<Instant>,
}

pub(crate) struct Streams {
    pub(crate) connection: Connection,
    known: Mutex<HashMap<String, Known>>,
}

impl Streams {
    pub(crate) fn new(connection: Connection) -> Self {
        Self { connection, known: Mutex::default() }
    }

    fn known(&self, name: &str) -> Known {
        self.known.lock().get(name).copied().unwrap_or_default()
    }

    /// The largest size that was read or acknowledged.
    pub(crate) fn known_size(&self, name: &str) -> u64 {
        self.known(name).size
    }

    /// The streams that this process found or created, which have events.
    pub(crate) fn names(&self) -> Vec<String> {
        let known = self.known.lock();
        known.iter().filter(|(_, known)| known.size > 0).map(|(name, _)| name.clone()).collect()
    }

    pub(crate) fn grew(&self, name: &str, size: u64, last: Uuid) {
        let mut known = self.known.lock();
        let known = known.entry(name.to_owned()).or_default();
        if size > known.size {
            (known.size, known.last) = (size, Some(last));
        }
    }

    /// The size of a stream; 0: it does not exist.
    pub(crate) async fn size(&self, name: &str, deadline: Deadline) -> Result<u64, LogError> {
        self.check(name, deadline).await?;
        for reads in 1.. {
            let before = self.known(name);
            let (size, last) =
                match self.last(name, deadline).await.map_err(|f| unavailable(name, f))? {
                    Some((revision, id)) => (revision + 1, Some(id)),
                    None => (0, None),
                };
            if let Some(last) = last {
                self.grew(name, size, last);
            }
            let what = if size < before.size {
                format!("the stream has {size} events where {} were known", before.size)
            } else if size == before.size && last != before.last {
                "the stream has another last event than before".to_owned()
            } else {
                return Ok(size);
            };
            if reads >= MAX_SHORTER_READS || !deadline.pause(SHORTER_PAUSE).await {
                return Err(corrupt(name, size, &what));
            }
            self.connection.reconnect();
        }
        unreachable!("the loop returns")
    }

    /// The last revision of a stream, and the event's id.
    pub(crate) async fn last(
        &self,
        name: &str,
        deadline: Deadline,
    ) -> Result<Option<(u64, Uuid)>, Failure> {
        let last = self.connection.repeat(deadline, |caller| last(caller, name.to_owned())).await;
        match last {
            Ok(event) => Ok(Some((event.revision, event.id))),
            Err(Failure::NoStream) => Ok(None),
            Err(other) => Err(other),
        }
    }

    /// Checks from time to time that the server removes nothing from a stream.
    pub(crate) async fn check(&self, name: &str, deadline: Deadline) -> Result<(), LogError> {
        let now = Instant::now();
        if self.known(name).checked_at.is_some_and(|at| now - at < CHECK_INTERVAL) {
            return Ok(());
        }
        let metadata = format!("$${name}");
        let metadata = self.connection.repeat(deadline, |c| last(c, metadata.clone())).await;
        match metadata {
            Ok(event) => check_metadata(name, &event.data)?,
            Err(Failure::NoStream) => {}
            Err(other) => return Err(unavailable(name, other)),
        }
        self.page(name, 0, 1, deadline).await?;
        self.known.lock().entry(name.to_owned()).or_default().checked_at = Some(now);
        Ok(())
    }

    /// Up to `max` events from a revision on; fewer if they are large, empty only past the end.
    pub(crate) async fn read(
        &self,
        name: &str,
        from: u64,
        max: usize,
        deadline: Deadline,
    ) -> Result<Vec<RecordedEvent>, LogError> {
        let mut read: Vec<RecordedEvent> = Vec::new();
        let mut bytes = 0;
        if max == 0 || possible(from).is_none() {
            return Ok(read);
        }
        self.check(name, deadline).await?;
        while read.len() < max && bytes < MAX_READ_BYTES {
            let next = from + read.len() as u64;
            let wanted = ((max - read.len()) as u64).min(MAX_PAGE_EVENTS);
            let page = self.page(name, next, wanted, deadline).await?;
            if page.is_empty() {
                // At the end, or the answer was cut: an answer without events proves nothing.
                if self.size(name, deadline).await? <= next {
                    break;
                }
                if !deadline.pause(CUT_PAUSE).await {
                    return Err(LogError::unavailable("KurrentDB ends its answers too early"));
                }
                continue;
            }
            bytes += page.iter().map(|event| event.data.len()).sum::<usize>();
            read.extend(page);
            if from + read.len() as u64 >= self.known_size(name) {
                break;
            }
        }
        Ok(read)
    }

    pub(crate) async fn page(
        &self,
        name: &str,
        from: u64,
        max: u64,
        deadline: Deadline,
    ) -> Result<Vec<RecordedEvent>, LogError> {
        let page = self.connection.repeat(deadline, |c| page(c, name.to_owned(), from, max)).await;
        let page = match page {
            Ok(page) => page,
            Err(Failure::NoStream) => Vec::new(),
            Err(other) => return Err(unavailable(name, other)),
        };
        for (event, expected) in page.iter().zip(from..) {
            if event.revision != expected {
                let what = format!("event {} is there: events were removed", event.revision);
                return Err(corrupt(name, expected, &what));
            }
        }
        if let Some(last) = page.last() {
            self.grew(name, last.revision + 1, last.id);
        }
        Ok(page)
    }
}

fn check_metadata(name: &str, data: &[u8]) -> Result<(), LogError> {
    let metadata: Option<serde_json::Value> = serde_json::from_slice(data).ok();
    let Some(metadata) = metadata.as_ref().and_then(serde_json::Value::as_object) else {
        return Err(corrupt(name, 0, "its metadata is no JSON object"));
    };
    match FORGETS.iter().find(|key| metadata.get(**key).is_some_and(|value| !value.is_null())) {
        Some(key) => {
            let what = format!(
                "its metadata sets {key}, by which the server removes events: remove that setting, \
                 and restore what is missing from a backup"
            );
            Err(corrupt(name, 0, &what))
        }
        None => Ok(()),
    }
}

/// A stream that is not what was acknowledged.
pub(crate) fn corrupt(name: &str, position: u64, what: &str) -> LogError {
    let what = format!("KurrentDB, stream {name}: {what}");
    LogError::Corrupt { position: LogPosition(position), what }
}

/// A call that failed where no answer was expected but the asked one.
pub(crate) fn unavailable(name: &str, failure: Failure) -> LogError {
    match failure {
        Failure::Tombstone => corrupt(name, 0, "it was deleted permanently"),
        other => other.to_log_error(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_by_which_a_server_forgets_is_refused() {
        let acl = r#"{"$acl": {"$d": "$admins"}, "$tb": null, "own": 1}"#;
        assert!(check_metadata("s", acl.as_bytes()).is_ok());
        for refused in [r#"{"$maxCount": 5}"#, r#"{"$maxAge": 1}"#, r#"{"$tb": 0}"#, "[]", "x"] {
            assert!(check_metadata("s", refused.as_bytes()).is_err(), "{refused}");
        }
    }
}
