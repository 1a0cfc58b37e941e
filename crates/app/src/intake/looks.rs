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
    intake::{Batch, IngestError, Ingested, default_source, portions},
    model::question::Caller,
    tenant::Tenant,
};
use claimledger_facts::{
    draft::Draft,
    ids::{LogPosition, SourceId},
    refusal::{Refusal, RefusalCode},
    time::Time,
    vocabulary::{Channel, Role},
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
    /// Why values were skipped: [`LooksMode::Skip`].
    pub refused: Vec<IngestError>,
}

impl App {
    /// Translates values of a source in order, each against the look before it, and appends what
    /// changed. The last look is stored once the records are durable.
    ///
    /// A value that is older than the stored look is passed to the translator like any other.
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
        for _ in 0..MAX_ATTEMPTS {
            let failed = |error| state_failed(self, &tenant, error);
            let stored = states.look(&source).await.map_err(failed)?;
            let (version, previous) =
                stored.map_or((0, None), |(version, look)| (version, Some(Arc::new(look))));
            let reading = {
                let (looks, previous) = (Arc::clone(&looks), previous.clone());
                let read = move || Reading::of(translator, &looks, previous.as_deref());
                tokio::task::spawn_blocking(read).await.map_err(|error| {
                    log(LogError::unavailable(format!("the values could not be read: {error}")))
                })??
            };
            // What an earlier attempt recorded is a repeat now, and was counted already.
            let counted: BTreeSet<LogPosition> =
                all.done.iter().map(|done| done.position).collect();
            all.refused = reading.refused;
            let done = self.append_looks(caller, &looks, reading.drafts, &mut all.refused).await?;
            all.done.extend(done.into_iter().filter(|done| !counted.contains(&done.position)));
            let Some(last) = reading.last else { return Ok(all) };
            if previous.as_deref() == Some(&last) {
                return Ok(all);
            }
            match states.store_look(&source, version, &last).await {
                Ok(_) => return Ok(all),
                // Another process stored a look: what changed since that one is less.
                Err(StateError::Conflict { .. }) => {}
                Err(error) => return Err(failed(error)),
            }
        }
        Err(log(LogError::unavailable(format!(
            "other processes write the configuration of {source} at the same time"
        ))))
    }

    /// Appends the drafts, and returns the outcome of each.
    async fn append_looks(
        &self,
        caller: &Caller,
        looks: &Looks,
        drafts: Vec<(u64, Draft)>,
        refused: &mut Vec<IngestError>,
    ) -> Result<Vec<Ingested>, IngestError> {
        let mut done = Vec::with_capacity(drafts.len());
        let batches = if looks.mode == LooksMode::Atomic { vec![drafts] } else { portions(drafts) };
        for mut drafts in batches.into_iter().filter(|drafts| !drafts.is_empty()) {
            loop {
                let again = (looks.mode == LooksMode::Skip).then(|| drafts.clone());
                let batch = Batch {
                    drafts,
                    channel: looks.channel.clone(),
                    source: looks.source.clone(),
                    expected_revision: None,
                    rehearsal_now: looks.rehearsal_now,
                };
                let error = match self.ingest(caller, batch).await {
                    Ok(appended) => {
                        done.extend(appended);
                        break;
                    }
                    Err(error) => error,
                };
                let (Some(line), Some(again)) = (error.refused_line(), again) else {
                    return Err(error);
                };
                drafts = again;
                drafts.retain(|(of, _)| *of != line);
                refused.push(error);
            }
        }
        Ok(done)
    }
}

/// What all values say, each against the one before it.
struct Reading {
    drafts: Vec<(u64, Draft)>,
    refused: Vec<IngestError>,
    /// The look that the next one is compared with; none: there was none, and no value was read.
    last: Option<Look>,
}

impl Reading {
    fn of(
        translator: &dyn Translator,
        looks: &Looks,
        previous: Option<&Look>,
    ) -> Result<Self, Refusal> {
        let mut reading = Self { drafts: Vec::new(), refused: Vec::new(), last: None };
        let mut reader = translator.reader(&looks.settings, previous);
        let mut last_line = 0;
        for value in &looks.values {
            match reader.read(&value.bytes) {
                Ok(drafts) => {
                    reading.drafts.extend(drafts.into_iter().map(|draft| (value.line, draft)));
                    last_line = value.line;
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
        let rest = reader.finish();
        reading.drafts.extend(rest.drafts.into_iter().map(|draft| (last_line, draft)));
        reading.last = rest.look.or_else(|| previous.cloned());
        Ok(reading)
    }
}

fn state_failed(app: &App, tenant: &Tenant, error: StateError) -> IngestError {
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
