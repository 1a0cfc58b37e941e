//! Deciding one request on top of everything that was decided before it.

use super::{
    Job, LedgerKind, body_bytes,
    state::{Found, NOT_HERE, NotStamped, State},
};
use crate::{
    append::{AppendOutcome, Receipt, SequencerError},
    clock::ClockGuard,
    log::{LogError, MAX_APPEND_BYTES, MAX_APPEND_ENTRIES},
};
use claimledger_facts::{
    ids::{LogPosition, RecordId, SessionId},
    record::{Entry, MAX_RECORD_BYTES, Prepared},
    time::Time,
    types::ledger::FactConflicted,
};

/// Requests that were decided together and form one append (group commit).
#[derive(Debug, Default)]
pub(crate) struct Group {
    pub(crate) entries: Vec<Entry>,
    /// The ids and session ids of the entries, in their order.
    pub(crate) rows: Vec<(RecordId, Vec<SessionId>)>,
    /// Requests and their answers, sent once the append is durable.
    pub(crate) answers: Vec<(Job, Result<Vec<Receipt>, SequencerError>)>,
    /// An answer is only valid if the head did not move.
    pub(crate) rests_on_head: bool,
    bytes: usize,
}

/// A savepoint: the group and the pending state before a request.
struct Mark {
    entries: usize,
    bytes: usize,
    last_time: Time,
}

impl Group {
    pub(crate) fn is_empty(&self) -> bool {
        self.answers.is_empty()
    }

    /// Whether a request may fit. An estimate, because headers have no size before the decision.
    pub(crate) fn has_room_for(&self, job: &Job) -> bool {
        let bodies: usize = job.request.records.iter().map(body_bytes).sum();
        self.entries.is_empty()
            || (self.entries.len() + job.request.records.len() <= MAX_APPEND_ENTRIES
                && self.bytes + bodies <= MAX_APPEND_BYTES)
    }
}

impl State {
    /// Decides a request and adds it to the group. Returns it if the group has no room for it.
    pub(crate) async fn decide(&mut self, job: Job, group: &mut Group) -> Option<Job> {
        let mark =
            Mark { entries: group.entries.len(), bytes: group.bytes, last_time: self.last_time };
        let mut answer = self.try_decide(&job, group, &mark).await;
        let (own, bytes) = (group.entries.len() - mark.entries, group.bytes - mark.bytes);
        if group.entries.len() > MAX_APPEND_ENTRIES || group.bytes > MAX_APPEND_BYTES {
            self.take_back(group, &mark);
            if own <= MAX_APPEND_ENTRIES && bytes <= MAX_APPEND_BYTES {
                return Some(job);
            }
            answer = Err(LogError::TooLarge.into());
        } else if matches!(
            answer,
            Err(SequencerError::StaleRevision { .. }
                | SequencerError::RecordedAt { .. }
                | SequencerError::Log(_))
        ) {
            self.take_back(group, &mark);
            group.rests_on_head |= !matches!(answer, Err(SequencerError::Log(_)));
        }
        group.answers.push((job, answer));
        None
    }

    async fn try_decide(
        &mut self,
        job: &Job,
        group: &mut Group,
        mark: &Mark,
    ) -> Result<Vec<Receipt>, SequencerError> {
        let records = &job.request.records;
        if self.config.kind == LedgerKind::Live
            && let Some(index) = records.iter().position(|record| record.recorded_at.is_some())
        {
            return Err(SequencerError::RecordedAt { index, reason: NOT_HERE.to_owned() });
        }
        self.make_room().await?;
        let revision = match &job.request.expected_revision {
            Some((session, expected)) => Some((session, *expected, self.revision(session).await?)),
            None => None,
        };
        let ids: Vec<_> = records.iter().map(|record| record.header.id).collect();
        let before = self.find(&ids).await?;
        let mut receipts = Vec::with_capacity(records.len());
        let mut conflicts = Vec::new();
        for (index, (record, before)) in records.iter().zip(before).enumerate() {
            // An earlier record of the same request may have the id.
            let found = self.pending.get(&record.header.id).copied().or(before);
            let receipt = match found {
                None => self.add(group, record, index, AppendOutcome::Stored)?,
                Some(found) if found.digest == record.header.content_digest => {
                    repeated(record, found)
                }
                Some(_) if record.variants_allowed => {
                    self.add_variant(group, record, index).await?
                }
                Some(found) => {
                    conflicts.push((index, found));
                    continue;
                }
            };
            receipts.push(receipt);
        }
        if let Some((index, found)) = conflicts.first().copied() {
            self.take_back(group, mark);
            for (index, found) in conflicts {
                self.add_conflict(group, &records[index], found).await?;
            }
            let Prepared { header, .. } = &records[index];
            return Err(SequencerError::Conflict {
                index,
                source_name: header.source.clone(),
                source_id: header.source_id.clone(),
                position: found.position,
                digest: header.content_digest,
                stored_digest: found.digest,
            });
        }
        let writes = group.entries.len() > mark.entries || records.is_empty();
        match revision {
            Some((session, expected, current)) if writes && current != expected => {
                Err(SequencerError::StaleRevision { session: session.clone(), expected, current })
            }
            _ => Ok(receipts),
        }
    }

    async fn add_variant(
        &mut self,
        group: &mut Group,
        record: &Prepared,
        index: usize,
    ) -> Result<Receipt, SequencerError> {
        let header = &record.header;
        let id = RecordId::derive_variant(
            &header.tenant,
            &header.source,
            &header.source_id,
            &header.content_digest.0,
        );
        match self.find(&[id]).await?.first().copied().flatten() {
            Some(found) => Ok(repeated(record, found)),
            None => self.add(group, record, index, AppendOutcome::Variant),
        }
    }

    async fn add_conflict(
        &mut self,
        group: &mut Group,
        record: &Prepared,
        found: Found,
    ) -> Result<(), SequencerError> {
        let fact = FactConflicted {
            source: record.header.source.clone(),
            id: record.header.source_id.clone(),
            digest: record.header.content_digest.to_string(),
            stored_digest: found.digest.to_string(),
        };
        let record = self.config.facts.conflicted(&self.config.tenant, fact);
        if self.find(&[record.header.id]).await?.first().copied().flatten().is_none() {
            self.add(group, &record, 0, AppendOutcome::Stored)?;
        }
        Ok(())
    }

    fn add(
        &mut self,
        group: &mut Group,
        record: &Prepared,
        index: usize,
        outcome: AppendOutcome,
    ) -> Result<Receipt, SequencerError> {
        let position = LogPosition(self.size);
        let stamped = self.stamp(record.header.occurred.from, record.recorded_at);
        let (recorded_at, asserted) = stamped.map_err(|error| match error {
            NotStamped::Asserted(reason) => SequencerError::RecordedAt { index, reason },
            NotStamped::Clock(trouble) => LogError::stopped(ClockGuard::refusal(&trouble)).into(),
        })?;
        // Keeps the record unstamped: if another writer appended first, it is decided again.
        let entry =
            record.finish(position, recorded_at, asserted, outcome == AppendOutcome::Variant);
        if entry.size() > MAX_RECORD_BYTES {
            return Err(LogError::TooLarge.into());
        }
        self.size += 1;
        self.last_time = recorded_at;
        self.pending.insert(
            entry.header.id,
            Found { position, digest: record.header.content_digest, recorded_at },
        );
        for session in &record.sessions {
            *self.pending_sessions.entry(session.clone()).or_default() += 1;
        }
        group.bytes += entry.size();
        group.rows.push((entry.header.id, record.sessions.clone()));
        group.entries.push(entry);
        Ok(Receipt { source_id: record.header.source_id.clone(), position, recorded_at, outcome })
    }

    fn take_back(&mut self, group: &mut Group, mark: &Mark) {
        for (id, sessions) in group.rows.drain(mark.entries..) {
            self.pending.remove(&id);
            for session in &sessions {
                self.release(session);
            }
            self.size -= 1;
        }
        group.entries.truncate(mark.entries);
        group.bytes = mark.bytes;
        self.last_time = mark.last_time;
    }
}

fn repeated(record: &Prepared, found: Found) -> Receipt {
    Receipt {
        source_id: record.header.source_id.clone(),
        position: found.position,
        recorded_at: found.recorded_at,
        outcome: AppendOutcome::Repeated,
    }
}
