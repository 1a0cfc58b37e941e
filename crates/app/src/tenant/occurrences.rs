//! For each range of the log, the latest time of a session fact. A feed uses it to decide whether
//! configuration was recorded in time or late, without visiting every session.
//!
//! Derived from the log when needed and kept in memory: eight bytes per range. Independent of the
//! read models.

use crate::{model::record_summary::RecordSummary, read::reader::decode};
use claimledger_facts::{
    ids::{LogPosition, SessionId, TenantId},
    time::Time,
};
use claimledger_ledger::log::{Log, LogError};
use tokio::sync::Mutex;

/// Records per range.
pub(crate) const RANGE_RECORDS: u64 = 256;

/// The latest session fact of each complete range, from the start of the log.
#[derive(Default)]
pub(crate) struct Occurrences(Mutex<Vec<Time>>);

impl Occurrences {
    /// Finds the next range between `from` and `size` that has a session fact at or after a time,
    /// and returns its records within these bounds.
    pub(crate) async fn next(
        &self,
        log: &dyn Log,
        tenant: &TenantId,
        mut from: u64,
        size: u64,
        time: Time,
    ) -> Result<Option<Vec<RecordSummary>>, LogError> {
        while from < size {
            let stretch = from / RANGE_RECORDS;
            let end = (stretch + 1) * RANGE_RECORDS;
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

    /// The latest session fact of each complete range. The first caller reads the log; others wait.
    async fn latest(
        &self,
        log: &dyn Log,
        tenant: &TenantId,
        stretch: u64,
    ) -> Result<Time, LogError> {
        let at = usize::try_from(stretch).unwrap_or(usize::MAX);
        let mut known = self.0.lock().await;
        while known.len() <= at {
            let begin = known.len() as u64 * RANGE_RECORDS;
            let records = read(log, tenant, begin, begin + RANGE_RECORDS).await?;
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

/// The sessions that have a fact of this record at or after a time, with the latest time of such a
/// fact.
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

/// Reads records, and decodes them on a blocking thread.
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
        reason: "decoding was cancelled".to_owned(),
        source: Some(Box::new(error)),
    })?
}
