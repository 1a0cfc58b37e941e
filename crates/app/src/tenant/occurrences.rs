//! Which stretches of the log hold facts of sessions that occurred at or after a time:
//! configuration that came in time is told from configuration that came late by these, without a
//! look at every session.
//!
//! Made from the log alone, as far as it is asked for, and kept in memory: eight bytes a stretch.
//! It does not care for the read models.

use crate::{model::record_summary::RecordSummary, read::reader::decode};
use claimledger_facts::{
    ids::{LogPosition, SessionId, TenantId},
    time::Time,
};
use claimledger_ledger::log::{Log, LogError};
use tokio::sync::Mutex;

/// So many records are a stretch.
pub(crate) const STRETCH: u64 = 256;

/// The latest fact of any session, by whole stretches from the beginning of the log on.
#[derive(Default)]
pub(crate) struct Occurrences(Mutex<Vec<Time>>);

impl Occurrences {
    /// The next stretch at or after `from`, and below `size`, in which a session's fact occurred at
    /// or after a time: its records that lie in that range.
    pub(crate) async fn next(
        &self,
        log: &dyn Log,
        tenant: &TenantId,
        mut from: u64,
        size: u64,
        time: Time,
    ) -> Result<Option<Vec<RecordSummary>>, LogError> {
        while from < size {
            let stretch = from / STRETCH;
            let end = (stretch + 1) * STRETCH;
            if end > size {
                return read(log, tenant, from, size).await.map(Some);
            }
            if self.latest(log, tenant, stretch).await? >= time {
                return read(log, tenant, from, end).await.map(Some);
            }
            from = end;
        }
        Ok(None)
    }

    /// When the latest fact of any session in a whole stretch occurred. Whoever asks first reads up
    /// to there; others wait.
    async fn latest(
        &self,
        log: &dyn Log,
        tenant: &TenantId,
        stretch: u64,
    ) -> Result<Time, LogError> {
        let at = usize::try_from(stretch).unwrap_or(usize::MAX);
        let mut known = self.0.lock().await;
        while known.len() <= at {
            let begin = known.len() as u64 * STRETCH;
            let records = read(log, tenant, begin, begin + STRETCH).await?;
            known.push(
                records
                    .iter()
                    .flat_map(|record| sessions_since(record, Time::MIN))
                    .map(|(_, _, time)| time)
                    .max()
                    .unwrap_or(Time::MIN),
            );
        }
        Ok(known.get(at).copied().unwrap_or(Time::MAX))
    }
}

/// The sessions of which a record has a fact that occurred at or after a time: which of those it
/// names, and when its latest such fact occurred.
pub(crate) fn sessions_since(
    record: &RecordSummary,
    time: Time,
) -> impl Iterator<Item = (u32, &SessionId, Time)> {
    (0..).zip(record.statement.sessions()).filter_map(move |(nth, session)| {
        let facts =
            record.statement.facts.iter().filter(|fact| fact.session.as_ref() == Some(session));
        let latest = facts.map(|fact| fact.occurred.to.unwrap_or(fact.occurred.from)).max()?;
        (latest >= time).then_some((nth, session, latest))
    })
}

/// The records of a range, decoded off the runtime's threads.
async fn read(
    log: &dyn Log,
    tenant: &TenantId,
    from: u64,
    to: u64,
) -> Result<Vec<RecordSummary>, LogError> {
    let mut entries = Vec::new();
    let mut next = from;
    while next < to {
        let some = log
            .read(tenant, LogPosition(next), usize::try_from(to - next).unwrap_or(usize::MAX))
            .await?;
        if some.is_empty() {
            return Err(LogError::Corrupt {
                position: LogPosition(next),
                what: "the log has no record here".to_owned(),
            });
        }
        next += some.len() as u64;
        entries.extend(some);
    }
    let tenant = tenant.clone();
    let work = move || {
        (from..)
            .zip(&entries)
            .map(|(at, entry)| decode(&tenant, LogPosition(at), entry))
            .collect::<Result<Vec<_>, _>>()
    };
    tokio::task::spawn_blocking(work).await.map_err(|error| LogError::Unavailable {
        reason: "decoding was cut off".to_owned(),
        source: Some(Box::new(error)),
    })?
}
