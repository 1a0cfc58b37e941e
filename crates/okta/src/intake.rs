//! From what was read to records of the ledger.

use crate::progress::Counts;
use async_trait::async_trait;
use claimledger_app::{
    app::App,
    intake::{Batch, IngestError, Ingested, Looks, LooksMode, portions},
    model::question::Caller,
};
use claimledger_facts::{draft::Draft, ids::SourceId, vocabulary::Channel};
use claimledger_ledger::{
    append::{AppendOutcome, SequencerError},
    clock::Clock,
    log::LogError,
};
use claimledger_sources::{Dialect, Piece, SourceSettings, okta_event, translate};
use std::sync::Arc;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An event of the System Log.
    Event,
    /// A look at the configuration: an envelope with the time and path of a request and its answer.
    Look,
    /// A native fact of the poller about the source itself.
    Statement,
}

/// The ledger as a poller sees it.
#[async_trait]
pub trait Intake: Send + Sync {
    /// Appends values of one kind, in order; durable on return. A value that cannot be taken is
    /// counted, with why, and the others are appended. An event that cannot be read is appended as
    /// an event hook's is: sealed, and not understood.
    ///
    /// # Errors
    /// If the ledger takes nothing at the moment; some of the values may be in.
    async fn append(&self, kind: Kind, values: &[&[u8]]) -> Result<Taken, IntakeError>;
}

/// What the ledger took.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// How much.
    pub counts: Counts,
    /// The events that could not be read, in order.
    pub not_read: Vec<NotRead>,
}

/// An event that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotRead {
    /// Its place among the values, from 0.
    pub index: usize,
    /// Why.
    pub why: String,
    /// Whether it is stored all the same.
    pub stored: bool,
}

impl Taken {
    fn refused(&mut self, line: u64, why: &dyn std::fmt::Display) {
        self.counts.add(refused(why));
        self.not_read.push(NotRead { index: index(line), why: why.to_string(), stored: false });
    }

    fn add(&mut self, other: Self) {
        self.counts.add(other.counts);
        self.not_read.extend(other.not_read);
    }
}

/// Lines count from 1.
fn index(line: u64) -> usize {
    usize::try_from(line).unwrap_or(usize::MAX).saturating_sub(1)
}

/// The ledger takes nothing.
#[derive(Debug, thiserror::Error)]
#[error("the ledger takes no records: {0}")]
pub struct IntakeError(String);

impl IntakeError {
    /// For a reason.
    pub fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

/// The ledger of this process.
pub struct AppIntake {
    /// The ledger.
    pub app: App,
    /// On whose behalf.
    pub caller: Caller,
    /// As which source.
    pub source: SourceId,
    /// How its configuration is read.
    pub configuration: SourceSettings,
    /// What a rehearsal stamps records with.
    pub clock: Arc<dyn Clock>,
}

#[async_trait]
impl Intake for AppIntake {
    async fn append(&self, kind: Kind, values: &[&[u8]]) -> Result<Taken, IntakeError> {
        let settings = match kind {
            Kind::Look => {
                return Ok(Taken { counts: self.look(values).await?, ..Taken::default() });
            }
            Kind::Event => SourceSettings::of(Dialect::OktaSystemLog),
            Kind::Statement => SourceSettings::of(Dialect::Native),
        };
        let mut taken = Taken::default();
        let mut drafts: Vec<(u64, Draft)> = Vec::new();
        let mut kept = Vec::new();
        for (line, value) in (1..).zip(values) {
            let read = if kind == Kind::Event {
                let (read, why) = okta_event(&settings, value);
                kept.extend(why.map(|why| (line, why.to_string())));
                read
            } else {
                match translate(&settings, None, value) {
                    Ok(translation) => translation.drafts,
                    Err(refusal) => {
                        taken.refused(line, &refusal);
                        continue;
                    }
                }
            };
            drafts.extend(read.into_iter().map(|draft| (line, draft)));
        }
        for batch in portions(drafts) {
            taken.add(self.write(batch).await?);
        }
        for (line, why) in kept {
            let index = index(line);
            // What the ledger refuses as well is no more than refused.
            if taken.not_read.iter().all(|other| other.index != index) {
                taken.counts.unread += 1;
                taken.not_read.push(NotRead { index, why, stored: true });
            }
        }
        taken.not_read.sort_by_key(|event| event.index);
        taken.not_read.dedup_by_key(|event| event.index);
        Ok(taken)
    }
}

impl AppIntake {
    /// Values that are compared with the look before.
    async fn look(&self, values: &[&[u8]]) -> Result<Counts, IntakeError> {
        let numbered = (1..).zip(values);
        let looks = Looks {
            settings: self.configuration.clone(),
            values: numbered
                .map(|(line, value)| Piece { line, item: line, bytes: value.to_vec() })
                .collect(),
            channel: Channel::Poller,
            source: Some(self.source.clone()),
            rehearsal_now: Some(self.clock.now()),
            mode: LooksMode::Skip,
        };
        let looked = self.app.ingest_looks(&self.caller, looks).await;
        let looked = looked.map_err(|error| IntakeError(error.to_string()))?;
        let mut counts = counted(&looked.done);
        counts.contradicting = looked.contradicting;
        for error in looked.refused {
            counts.add(refused(&error));
        }
        Ok(counts)
    }

    /// Writes a batch. A draft that is refused is counted, and the rest is written without it.
    async fn write(&self, mut batch: Vec<(u64, Draft)>) -> Result<Taken, IntakeError> {
        let mut taken = Taken::default();
        while !batch.is_empty() {
            let attempt = Batch {
                drafts: batch.clone(),
                channel: Channel::Poller,
                source: Some(self.source.clone()),
                expected_revision: None,
                rehearsal_now: Some(self.clock.now()),
            };
            let error = match self.app.ingest(&self.caller, attempt).await {
                Ok(done) => {
                    taken.counts.add(counted(&done));
                    break;
                }
                Err(error) => error,
            };
            let is_too_large = matches!(
                error,
                IngestError::Sequencer { error: SequencerError::Log(LogError::TooLarge), .. }
            );
            // Of several, half is tried at a time; one alone is a record that no append carries.
            if is_too_large && batch.len() > 1 {
                let rest = batch.split_off(batch.len() / 2);
                taken.add(Box::pin(self.write(batch)).await?);
                batch = rest;
                continue;
            }
            let alone = batch.first().map(|(line, _)| *line).filter(|_| is_too_large);
            let line = error.refused_line().or(alone);
            let Some(line) = line else { return Err(IntakeError(error.to_string())) };
            taken.refused(line, &error);
            batch.retain(|(number, _)| *number != line);
        }
        Ok(taken)
    }
}

fn refused(why: &dyn std::fmt::Display) -> Counts {
    Counts { refused: 1, refusal: Some(why.to_string()), ..Counts::default() }
}

fn counted(done: &[Ingested]) -> Counts {
    let mut counts = Counts::default();
    for one in done {
        *match one.outcome {
            AppendOutcome::Stored => &mut counts.stored,
            AppendOutcome::Repeated => &mut counts.repeated,
            AppendOutcome::Variant => &mut counts.variants,
        } += 1;
    }
    counts
}
