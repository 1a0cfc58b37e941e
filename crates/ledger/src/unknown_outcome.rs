//! Appends whose outcome an engine does not know: a connection was lost before the answer.

use crate::log::{AppendFailure, Log, LogError};
use claimledger_facts::{
    ids::{LogPosition, LogSize, TenantId},
    record::Entry,
};
use std::time::Duration;

/// Maximum attempts of an append with an unknown outcome.
const MAX_TRIES: u32 = 4;
/// Backoff before the second attempt; it doubles.
const FIRST_BACKOFF: Duration = Duration::from_millis(10);

/// Appends. Where the engine reports an unknown outcome, reads the log to determine it: either the
/// same records are there, or the append is tried again at the same expected size.
///
/// # Errors
/// As of [`Log::append`]; `Unavailable` if the outcome remains unknown.
pub async fn append(
    log: &dyn Log,
    tenant: &TenantId,
    expected: LogSize,
    entries: &[Entry],
) -> Result<(), AppendFailure> {
    let after = LogSize(expected.0 + entries.len() as u64);
    let mut wait = FIRST_BACKOFF;
    let mut tries = 1;
    loop {
        let error = match log.append(tenant, expected, entries).await {
            Ok(size) if size == after => return Ok(()),
            Ok(size) => {
                let what = format!(
                    "the engine says that an append to size {} gave size {}",
                    after.0, size.0
                );
                return Err(LogError::Corrupt { position: LogPosition(expected.0), what }.into());
            }
            Err(AppendFailure::Log(error @ LogError::Unavailable { .. })) if tries < MAX_TRIES => {
                error
            }
            Err(other) => return Err(other),
        };
        tracing::warn!(%error, tries, "an append has an unknown outcome: reading the log for it");
        tokio::time::sleep(wait).await;
        wait *= 2;
        tries += 1;
        // If this read fails, another attempt is safe: had this append been written, the next one
        // would be refused because of its expected size.
        let Ok(size) = log.head(tenant).await else { continue };
        if size == expected {
            continue;
        }
        let there = log.headers(tenant, LogPosition(expected.0), entries.len()).await?;
        let same = there.iter().eq(entries.iter().map(|entry| &entry.header));
        if size >= after && same {
            return Ok(());
        }
        return Err(AppendFailure::Conflict { size });
    }
}
