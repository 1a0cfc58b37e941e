//! Intake: from the drafts of an endpoint to receipts.

mod looks;
mod retraction;
mod service_provider;
mod source_state;

pub use crate::model::ingest::{
    BATCH_BYTES, Batch, IngestError, Ingested, Places, RECORD_OVERHEAD_BYTES, portions,
};
pub use looks::{Looks, LooksIngested, LooksMode};
pub use service_provider::ServiceProvider;
pub use source_state::{SourceStates, SourceValue};

use crate::{
    app::{
        App,
        credentials::{lacks, log},
    },
    model::LEDGER_SOURCE,
    model::question::Caller,
    tenant::{Tenant, keyring::FoundKey},
};
use claimledger_facts::{
    draft::{Draft, DraftFact, DraftPerson},
    fact::FactData,
    ids::{Pseudonym, SourceId},
    record::Prepared,
    refusal::{Refusal, RefusalCode},
    seal::{PersonKey, SealInput, seal},
    vocabulary::{Channel, Note, Role},
};
use claimledger_ledger::{
    append::{AppendOutcome, AppendRequest, Receipt, SequencerError},
    log::{LogError, MAX_APPEND_BYTES, MAX_APPEND_ENTRIES},
};
use std::collections::BTreeSet;

/// Drafts sealed before yielding to other tasks, about 20 µs each.
const SEALED_PER_YIELD: usize = 16;

impl App {
    /// Appends a batch: all of it or nothing, durable on return. A batch has at most
    /// [`MAX_APPEND_ENTRIES`] drafts and [`MAX_APPEND_BYTES`] bytes.
    ///
    /// Dropping the future does not cancel the append.
    ///
    /// # Errors
    /// See [`IngestError`]. After `Unavailable` the outcome may be unknown: send the same batch
    /// again.
    pub async fn ingest(
        &self,
        caller: &Caller,
        batch: Batch,
    ) -> Result<Vec<Ingested>, IngestError> {
        if let Some(forbidden) = lacks(caller, Role::Ingest) {
            return Err(forbidden);
        }
        let Batch { mut drafts, channel, source, expected_revision, rehearsal_now } = batch;
        let too_large = || log(LogError::TooLarge);
        if drafts.len() > MAX_APPEND_ENTRIES {
            return Err(too_large());
        }
        let tenant = self.0.tenant(&caller.tenant).await.map_err(log)?;
        let default = default_source(caller, source)?;
        let _appending = tenant.appends.begin();
        let persons = self.persons_of_each(&tenant, &drafts).await?;
        let mut records = Vec::with_capacity(drafts.len());
        let mut bytes = 0;
        for (done, ((line, draft), persons)) in drafts.iter_mut().zip(persons).enumerate() {
            if done % SEALED_PER_YIELD == SEALED_PER_YIELD - 1 {
                tokio::task::yield_now().await;
            }
            name_linked(draft);
            let source =
                source_of(caller, draft, &default).map_err(|refusal| refusal.on_line(*line))?;
            let mut record = self
                .seal(&tenant, source, channel.clone(), draft, &persons)
                .map_err(|refusal| refusal.on_line(*line))?;
            if tenant.identity.rehearsal && record.recorded_at.is_none() {
                record.recorded_at = rehearsal_now;
            }
            bytes += record.size();
            if bytes > MAX_APPEND_BYTES {
                return Err(too_large());
            }
            records.push(record);
        }
        let request = AppendRequest { records, expected_revision };
        let written = tenant.sequencer.append(request).await;
        if let Err(SequencerError::Log(error)) = &written {
            tenant.report_damage(&*self.0.views, error);
        }
        let receipts = written.map_err(|error| refused(error, &drafts))?;
        receipts.iter().for_each(|receipt| tenant.recorded(receipt.recorded_at));
        let repeated = receipts.iter().filter(|one| one.outcome == AppendOutcome::Repeated);
        let repeated = repeated.map(|receipt| receipt.position);
        tenant.deliveries.count(repeated, &channel, tenant.identity.own.now()).await;
        if let Some(last) = receipts.iter().map(|receipt| receipt.position).max() {
            tenant.appends.wrote(&caller.credential, last.0 + 1);
        }
        Ok(drafts
            .into_iter()
            .zip(receipts)
            .map(|((line, draft), receipt)| ingested(line, draft, receipt))
            .collect())
    }

    fn seal(
        &self,
        tenant: &Tenant,
        source: &SourceId,
        channel: Channel,
        draft: &Draft,
        persons: &[(Pseudonym, PersonKey)],
    ) -> Result<Prepared, Refusal> {
        let input = SealInput {
            tenant: &tenant.id,
            source,
            channel,
            draft,
            persons,
            keys: &tenant.identity.keys,
            random: &*self.0.random,
        };
        Ok(seal(input)?)
    }

    /// The people of each draft, with durable keys.
    async fn persons_of_each(
        &self,
        tenant: &Tenant,
        drafts: &[(u64, Draft)],
    ) -> Result<Vec<Vec<(Pseudonym, PersonKey)>>, IngestError> {
        let keyring = &tenant.identity.keyring;
        let failed = |error: LogError| {
            tenant.report_damage(&*self.0.views, &error);
            log(error)
        };
        loop {
            let begun = keyring.begin().await.map_err(failed)?;
            let mut persons = Vec::with_capacity(drafts.len());
            for (done, (line, draft)) in drafts.iter().enumerate() {
                if done % SEALED_PER_YIELD == SEALED_PER_YIELD - 1 {
                    tokio::task::yield_now().await;
                }
                persons.push(self.persons(tenant, draft, *line).await?);
            }
            let people = persons.iter().flatten().map(|(pseudonym, _)| pseudonym);
            if keyring.make_durable(begun, people).await.map_err(failed)? {
                return Ok(persons);
            }
        }
    }

    /// Pseudonyms and keys of the draft's people, in order, followed by those that a
    /// `subject.linked` names by pseudonym; [`name_linked`] adds these to the draft.
    async fn persons(
        &self,
        tenant: &Tenant,
        draft: &Draft,
        line: u64,
    ) -> Result<Vec<(Pseudonym, PersonKey)>, IngestError> {
        let mut persons = Vec::with_capacity(draft.persons.len());
        let subjects: BTreeSet<usize> =
            draft.facts.iter().filter_map(|fact| fact.subject).collect();
        for (index, person) in draft.persons.iter().enumerate() {
            let only_linked = !subjects.contains(&index)
                && draft.facts.iter().any(|fact| fact.other == Some(index));
            if !only_linked {
                persons.push(tenant.identity.keyring.person(person).await.map_err(log)?);
                continue;
            }
            let Some(person) =
                tenant.identity.keyring.named_by_link(&person.id).await.map_err(log)?
            else {
                let expected = "an id, the login of one person, or a pseudonym";
                let refusal = Refusal::field(
                    RefusalCode::InvalidField,
                    "data.other",
                    expected,
                    "several people have this login",
                );
                return Err(refusal.on_line(line).into());
            };
            persons.push(person);
        }
        for other in draft.facts.iter().filter_map(linked_by_pseudonym) {
            let message = match tenant.identity.keyring.key(other).await.map_err(log)? {
                FoundKey::Live(key) => {
                    persons.push((other.clone(), key));
                    continue;
                }
                FoundKey::Destroyed => "the key of this person was destroyed",
                FoundKey::Unknown => "no person has this pseudonym",
            };
            let expected = "an id, a login, or the pseudonym of a known person";
            let refusal =
                Refusal::field(RefusalCode::InvalidField, "data.other", expected, message);
            return Err(refusal.on_line(line).into());
        }
        Ok(persons)
    }
}

/// The person that a `subject.linked` names by a pseudonym.
fn linked_by_pseudonym(fact: &DraftFact) -> Option<&Pseudonym> {
    match (&fact.data, fact.other) {
        (FactData::SubjectLinked(linked), None) => Some(&linked.other),
        _ => None,
    }
}

/// Adds the people that a `subject.linked` names by pseudonym to the draft, in order.
fn name_linked(draft: &mut Draft) {
    for fact in &mut draft.facts {
        if linked_by_pseudonym(fact).is_some() {
            fact.other = Some(draft.persons.len());
            draft.persons.push(DraftPerson::default());
        }
    }
}

/// The source of drafts that name none.
fn default_source(caller: &Caller, asked: Option<SourceId>) -> Result<SourceId, Refusal> {
    if let Some(asked) = asked {
        may_append_as(caller, &asked)?;
        return Ok(asked);
    }
    Ok(own_source(caller))
}

fn source_of<'a>(
    caller: &Caller,
    draft: &'a Draft,
    default: &'a SourceId,
) -> Result<&'a SourceId, Refusal> {
    match &draft.source {
        Some(named) => may_append_as(caller, named).map(|()| named),
        None => Ok(default),
    }
}

/// A credential appends as its own source. With the role govern it may append records of any
/// source.
fn may_append_as(caller: &Caller, source: &SourceId) -> Result<(), Refusal> {
    if source.as_str().eq_ignore_ascii_case(LEDGER_SOURCE) {
        let message =
            format!("records of the source {LEDGER_SOURCE} are written by the ledger itself");
        return Err(Refusal::field(
            RefusalCode::Source,
            "source",
            "a source of this credential",
            message,
        ));
    }
    let own = own_source(caller);
    if *source == own || caller.has(Role::Govern) {
        return Ok(());
    }
    Err(Refusal::field(
        RefusalCode::Source,
        "source",
        format!("{own}, or none"),
        "the credential does not append as this source",
    ))
}

fn own_source(caller: &Caller) -> SourceId {
    caller.source.clone().unwrap_or_else(|| SourceId::new(caller.tenant.as_str()))
}

/// The sequencer reports the index of a record; clients count lines.
fn refused(error: SequencerError, drafts: &[(u64, Draft)]) -> IngestError {
    let index = match &error {
        SequencerError::Conflict { index, .. } | SequencerError::RecordedAt { index, .. } => {
            Some(*index)
        }
        SequencerError::StaleRevision { .. } | SequencerError::Log(_) => None,
    };
    let line = index.and_then(|index| drafts.get(index)).map(|(line, _)| *line);
    IngestError::Sequencer { line, item: None, error }
}

fn ingested(line: u64, draft: Draft, receipt: Receipt) -> Ingested {
    let understood = draft.is_understood();
    Ingested {
        line,
        id: receipt.source_id,
        kind: draft.kind,
        position: receipt.position,
        recorded_at: receipt.recorded_at,
        outcome: receipt.outcome,
        understood,
        facts: draft.facts.len(),
        time_assumed_utc: draft.notes.contains(&Note::TimeZoneAssumedUtc),
        unknown_fields: draft.unknown_fields,
    }
}
