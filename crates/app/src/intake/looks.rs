//! Values of a source whose translator compares each look at a configuration with the one before.
//!
//! The look is stored after the records are durable. A crash in between loses the look only: the
//! next one is compared with the same look as before, gives the same source ids again, and the
//! records are recognised as repeats.

use crate::{
    app::{
        App,
        credentials::{lacks, log},
    },
    intake::{Batch, IngestError, Ingested, default_source, portions, service_provider::NotHeld},
    model::question::Caller,
    tenant::Tenant,
};
use claimledger_facts::{
    draft::Draft,
    ids::{LogPosition, SourceId},
    refusal::{Refusal, RefusalCode},
    time::Time,
    vocabulary::{Channel, Note, Role},
};
use claimledger_ledger::{
    log::LogError,
    state::{MAX_STATE_BYTES, StateError},
};
use claimledger_sources::{Look, MAX_LOOK_BYTES, Piece, SourceSettings, Translator};
use std::{collections::BTreeSet, sync::Arc};

/// What is kept of a configuration can be stored, with its time and its seal.
const _: () = assert!(MAX_LOOK_BYTES + 1024 <= MAX_STATE_BYTES);

/// Maximum attempts against other processes that store looks at the same source.
const MAX_ATTEMPTS: usize = 5;

/// Values of one source, in the order in which they were looked at.
#[derive(Clone, Debug)]
pub struct Looks {
    /// How they are read.
    pub settings: SourceSettings,
    /// The values. Refusals name the line of a value.
    pub values: Vec<Piece>,
    /// The channel through which they arrived.
    pub channel: Channel,
    /// The source. The default is the source of the credential, or the name of the tenant.
    pub source: Option<SourceId>,
    /// The time at which they are recorded, in a rehearsal. Ignored elsewhere.
    pub rehearsal_now: Option<Time>,
    /// What happens where a value is refused, or more is said than one append carries.
    pub mode: LooksMode,
}

/// How much of the values is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LooksMode {
    /// All of them in one append, or none.
    Atomic,
    /// In as many appends as are needed. A refused value ends it.
    Stop,
    /// The same, without the values that are refused.
    Skip,
}

/// The outcome of [`App::ingest_looks`].
#[derive(Debug, Default)]
pub struct LooksIngested {
    /// The outcome of each draft. A look that found no change has none.
    pub done: Vec<Ingested>,
    /// Objects that are as they were known to be, and have no record.
    pub unchanged: u64,
    /// Objects of which the time of their last save contradicts the looks
    /// ([`Note::ClocksContradict`]).
    pub contradicting: u64,
    /// Why values were skipped: [`LooksMode::Skip`].
    pub refused: Vec<IngestError>,
}

impl App {
    /// Translates values of a source in order, each against the look before it, and appends what
    /// changed. The last look is stored once the records are durable.
    ///
    /// A value that is older than the stored look is passed to the translator like any other.
    /// Values of another org than the tenant's ([`super::ServiceProvider`]) are refused as a whole,
    /// in every mode.
    ///
    /// # Errors
    /// See [`IngestError`]. After `Unavailable` some of it may be recorded: send the same values
    /// again.
    pub async fn ingest_looks(
        &self,
        caller: &Caller,
        looks: Looks,
    ) -> Result<LooksIngested, IngestError> {
        let translator = looks.settings.translator();
        self.ingest_looks_with(translator, caller, looks).await
    }

    pub(super) async fn ingest_looks_with(
        &self,
        translator: &'static dyn Translator,
        caller: &Caller,
        looks: Looks,
    ) -> Result<LooksIngested, IngestError> {
        if let Some(forbidden) = lacks(caller, Role::Ingest) {
            return Err(forbidden);
        }
        let source = default_source(caller, looks.source.clone())?;
        let tenant = self.0.tenant(&caller.tenant).await.map_err(log)?;
        let states = self.states_of(&tenant);
        let looks = Arc::new(looks);
        let _looking = tenant.looking.lock().await;
        let mut all = LooksIngested::default();
        // Values of which a record was refused: they are read as if they were not there, so that
        // the look that is kept knows only what is recorded.
        let mut skipped: Vec<(u64, IngestError)> = Vec::new();
        let mut conflicts = 0;
        while conflicts < MAX_ATTEMPTS {
            let failed = |error| state_failed(self, &tenant, error);
            let stored = states.look(&source).await.map_err(failed)?;
            let (version, previous) =
                stored.map_or((0, None), |(version, look)| (version, Some(Arc::new(look))));
            let reading = {
                let (looks, previous) = (Arc::clone(&looks), previous.clone());
                let without: BTreeSet<u64> = skipped.iter().map(|(line, _)| *line).collect();
                let read = move || Reading::of(translator, &looks, &without, previous.as_deref());
                tokio::task::spawn_blocking(read).await.map_err(|error| {
                    log(LogError::unavailable(format!("the values could not be read: {error}")))
                })??
            };
            // What an earlier attempt recorded is a repeat now, and was counted already.
            let counted: BTreeSet<LogPosition> =
                all.done.iter().map(|done| done.position).collect();
            if conflicts == 0 {
                all.unchanged = reading.unchanged;
                let drafts = reading.drafts.iter().map(|(_, draft)| draft);
                let contradicting =
                    drafts.filter(|draft| draft.notes.contains(&Note::ClocksContradict));
                all.contradicting = contradicting.count() as u64;
            }
            states.hold_to(&reading.orgs, &source).await.map_err(|error| match error {
                NotHeld::Other(refusal) => refusal.into(),
                NotHeld::State(error) => failed(error),
            })?;
            let of_values = reading.of_values;
            let (done, refused) = self.append_looks(caller, &looks, reading.drafts).await;
            all.done.extend(done.into_iter().filter(|done| !counted.contains(&done.position)));
            if let Some((nth, error)) = refused {
                let skips = looks.mode == LooksMode::Skip && nth < of_values;
                let line = error.refused_line().filter(|_| skips);
                let Some(line) = line else { return Err(error) };
                skipped.push((line, error));
                continue;
            }
            all.refused = reading.refused;
            let is_same = previous.as_deref() == reading.last.as_ref();
            let Some(last) = reading.last.filter(|_| !is_same) else {
                all.skip(skipped);
                return Ok(all);
            };
            match states.store_look(&source, version, &last).await {
                Ok(_) => {
                    all.skip(skipped);
                    return Ok(all);
                }
                // Another process stored a look: what changed since that one is less.
                Err(StateError::Conflict { .. }) => conflicts += 1,
                Err(error) => return Err(failed(error)),
            }
        }
        Err(log(LogError::unavailable(format!(
            "other processes write the configuration of {source} at the same time"
        ))))
    }

    /// Appends the drafts up to one that is refused. Returns the outcome of each, and the place of
    /// that one with why.
    async fn append_looks(
        &self,
        caller: &Caller,
        looks: &Looks,
        drafts: Vec<(u64, Draft)>,
    ) -> (Vec<Ingested>, Option<(usize, IngestError)>) {
        let mut done = Vec::with_capacity(drafts.len());
        let batches = if looks.mode == LooksMode::Atomic { vec![drafts] } else { portions(drafts) };
        for drafts in batches.into_iter().filter(|drafts| !drafts.is_empty()) {
            let lines: Vec<u64> = drafts.iter().map(|(line, _)| *line).collect();
            let batch = Batch {
                drafts,
                channel: looks.channel.clone(),
                source: looks.source.clone(),
                expected_revision: None,
                rehearsal_now: looks.rehearsal_now,
            };
            match self.ingest(caller, batch).await {
                Ok(appended) => done.extend(appended),
                Err(error) => {
                    let of = error.refused_line();
                    let nth = lines.iter().position(|line| Some(*line) == of).unwrap_or(0);
                    let nth = done.len() + nth;
                    return (done, Some((nth, error)));
                }
            }
        }
        (done, None)
    }
}

impl LooksIngested {
    fn skip(&mut self, skipped: Vec<(u64, IngestError)>) {
        self.refused.extend(skipped.into_iter().map(|(_, error)| error));
        self.refused.sort_by_key(IngestError::refused_line);
    }
}

/// What all values say, each against the one before it.
struct Reading {
    drafts: Vec<(u64, Draft)>,
    /// How many of the drafts one value alone says. The rest is what all of them say together.
    of_values: usize,
    unchanged: u64,
    refused: Vec<IngestError>,
    /// The orgs that the values name, each with the line of the first one that does.
    orgs: Vec<(u64, String)>,
    /// The look that the next one is compared with; none: there was none, and no value was read.
    last: Option<Look>,
}

impl Reading {
    fn of(
        translator: &dyn Translator,
        looks: &Looks,
        without: &BTreeSet<u64>,
        previous: Option<&Look>,
    ) -> Result<Self, Refusal> {
        let mut reading = Self {
            drafts: Vec::new(),
            of_values: 0,
            unchanged: 0,
            refused: Vec::new(),
            orgs: Vec::new(),
            last: None,
        };
        let mut reader = translator.reader(&looks.settings, previous);
        let mut last_line = 0;
        for value in looks.values.iter().filter(|value| !without.contains(&value.line)) {
            match reader.read(&value.bytes) {
                Ok(drafts) => {
                    reading.drafts.extend(drafts.into_iter().map(|draft| (value.line, draft)));
                    last_line = value.line;
                    let new = reader.orgs().iter().skip(reading.orgs.len());
                    reading.orgs.extend(new.map(|org| (value.line, org.clone())));
                }
                Err(refusal) => {
                    let refusal = refusal.on_line(value.line);
                    if looks.mode != LooksMode::Skip {
                        return Err(refusal);
                    }
                    reading.refused.push(refusal.into());
                }
            }
        }
        reading.of_values = reading.drafts.len();
        reading.unchanged = reader.unchanged();
        let rest = reader.finish();
        reading.drafts.extend(rest.drafts.into_iter().map(|draft| (last_line, draft)));
        reading.last = rest.look.or_else(|| previous.cloned());
        Ok(reading)
    }
}

pub(super) fn state_failed(app: &App, tenant: &Tenant, error: StateError) -> IngestError {
    match error {
        StateError::Log(error) => {
            tenant.report_damage(&*app.0.views, &error);
            log(error)
        }
        StateError::Key => Refusal::field(
            RefusalCode::InvalidField,
            "source",
            "a name without control characters",
            error.to_string(),
        )
        .into(),
        StateError::TooLarge { .. } | StateError::Conflict { .. } => Refusal::whole(
            RefusalCode::TooLarge,
            "a configuration that can be compared as a whole",
            error.to_string(),
        )
        .into(),
    }
}

#[cfg(test)]
mod tests;
