//! Summaries of a session's records in the read models, in parts of about a thousand bytes, so that
//! one range scan reads a session, and a new record rewrites only one part.

use crate::log::LogError;
use claimledger_facts::ids::LogPosition;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Size from which a part is full, in bytes. Three or four full parts fill a database page.
const FULL_BYTES: usize = 1_000;

/// Bytes before each summary: position and length.
const FRAME_BYTES: usize = 12;

/// One part: ascending positions, each with the summary of the record there. The boundaries of
/// parts depend on the summaries only, not on the batches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordSummaries(Vec<u8>);

impl RecordSummaries {
    /// A part, as [`Self::as_bytes`] gave it.
    #[must_use]
    pub const fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The stored form.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Appends a summary; false: the part is full, and the summary belongs in the next one.
    ///
    /// # Errors
    /// If the summary's length exceeds 32 bits.
    pub fn push(&mut self, position: LogPosition, summary: &[u8]) -> Result<bool, LogError> {
        if self.0.len() >= FULL_BYTES {
            return Ok(false);
        }
        let length = u32::try_from(summary.len())
            .map_err(|_| LogError::unavailable("a summary is too long to be stored"))?;
        self.0.extend(position.0.to_le_bytes());
        self.0.extend(length.to_le_bytes());
        self.0.extend(summary);
        Ok(true)
    }

    /// Each position with its summary. A damaged part gives an error and then ends.
    pub fn iter(&self) -> impl Iterator<Item = Result<(LogPosition, &[u8]), LogError>> {
        let mut left = self.0.as_slice();
        std::iter::from_fn(move || {
            if left.is_empty() {
                return None;
            }
            let next = split(left);
            left = next.as_ref().map_or(&[], |(_, rest)| *rest);
            Some(next.map(|(found, _)| found))
        })
    }

    /// Formats the part as in a dump.
    #[must_use]
    pub fn to_text(&self, session: &str, part: u64) -> String {
        let mut hasher = DefaultHasher::new();
        self.0.hash(&mut hasher);
        let positions: Vec<_> =
            self.iter().filter_map(Result::ok).map(|(position, _)| position.to_string()).collect();
        format!(
            "record_summary {session} {part} {} {} bytes {:016x}",
            positions.join(" "),
            self.0.len(),
            hasher.finish()
        )
    }
}

type Found<'b> = (LogPosition, &'b [u8]);

fn split(bytes: &[u8]) -> Result<(Found<'_>, &[u8]), LogError> {
    let damaged =
        || LogError::damaged("views", "the summaries of a session", "a part is truncated");
    let (frame, rest) = bytes.split_first_chunk::<FRAME_BYTES>().ok_or_else(damaged)?;
    let (position, length) = frame.split_first_chunk::<8>().ok_or_else(damaged)?;
    let length = length.first_chunk::<4>().map_or(u32::MAX, |length| u32::from_le_bytes(*length));
    let (summary, rest) =
        rest.split_at_checked(usize::try_from(length).unwrap_or(usize::MAX)).ok_or_else(damaged)?;
    Ok(((LogPosition(u64::from_le_bytes(*position)), summary), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(summaries: &RecordSummaries) -> Vec<(u64, Vec<u8>)> {
        summaries
            .iter()
            .map(|found| found.map(|(position, summary)| (position.0, summary.to_vec())).unwrap())
            .collect()
    }

    #[test]
    fn a_part_returns_its_summaries_and_accepts_more_until_it_is_full() {
        let (mut summaries, mut put) = (RecordSummaries::default(), Vec::new());
        for position in 0.. {
            let summary = vec![position as u8; position as usize * 7];
            if !summaries.push(LogPosition(position), &summary).unwrap() {
                break;
            }
            put.push((position, summary));
        }
        assert_eq!(all(&summaries), put);
        assert_eq!(all(&RecordSummaries::from_bytes(summaries.as_bytes().to_vec())), put);
        assert!(
            (FULL_BYTES..FULL_BYTES + 200).contains(&summaries.as_bytes().len()),
            "{}",
            summaries.as_bytes().len()
        );
        assert!(
            RecordSummaries::default().push(LogPosition(1), &[0; 100_000]).unwrap(),
            "one that is longer than a part has a part of its own"
        );
    }

    #[test]
    fn a_damaged_part_is_reported_as_damaged() {
        let mut summaries = RecordSummaries::default();
        summaries.push(LogPosition(3), b"one").unwrap();
        summaries.push(LogPosition(4), b"two").unwrap();
        for length in 1..summaries.as_bytes().len() {
            let cut = RecordSummaries::from_bytes(summaries.as_bytes()[..length].to_vec());
            let found: Vec<_> = cut.iter().collect();
            let whole = usize::from(length >= FRAME_BYTES + 3);
            assert_eq!(found.iter().filter(|found| found.is_ok()).count(), whole, "{length} bytes");
            assert_eq!(
                found.iter().filter(|found| found.is_err()).count(),
                usize::from(length != FRAME_BYTES + 3),
                "{length} bytes"
            );
        }
    }
}
