//! Records that the ledger itself writes. They use the same drafts, sealing and sequencer as all
//! others.

use crate::model::LEDGER_SOURCE;
use claimledger_facts::{
    canonical,
    draft::{Draft, DraftFact},
    fact::FactData,
    ids::{SourceEventId, SourceId, TenantId},
    personal::Personal,
    random::Random,
    record::Prepared,
    refusal::{Refusal, RefusalCode},
    seal::{SealInput, TenantKeys, seal},
    time::{Occurred, Time},
    types::ledger::FactConflicted,
    vocabulary::Channel,
};
use claimledger_ledger::{clock::Clock, sequencer::LedgerFacts};
use claimledger_sources::{Dialect, translate};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

/// Name and version of the translator of these records.
const TRANSLATOR: &str = "ledger/1";

/// Creates the ledger's own records of one tenant.
pub(crate) struct OwnRecords {
    pub(crate) tenant: TenantId,
    pub(crate) keys: TenantKeys,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) clock: Arc<dyn Clock>,
    /// In a rehearsal: when the last known record was recorded, because the clock of a rehearsal is
    /// that of its input.
    pub(crate) last_recorded: Option<Arc<AtomicI64>>,
}

impl OwnRecords {
    /// Seals a fact under an id of the ledger. The same id and fact always make the same record.
    pub(crate) fn seal(
        &self,
        id: &str,
        fact: FactData,
        occurred: Time,
    ) -> Result<Prepared, Refusal> {
        self.seal_with(id, fact, occurred, Personal::default())
    }

    /// The same of an event that several actors may ask for: the actor stands in the record and is
    /// no part of the content, so that what two ask for is recorded once, as of the first.
    pub(crate) fn seal_for_any_actor(
        &self,
        id: &str,
        fact: FactData,
        occurred: Time,
    ) -> Result<Prepared, Refusal> {
        let mut line = line(id, &fact);
        if let Some(data) = line.get_mut("data").and_then(Value::as_object_mut) {
            data.remove("actor");
        }
        self.seal_line(id, fact, occurred, (&line, Personal::default()))
    }

    /// The same with what belongs to it and may not stand in the clear.
    pub(crate) fn seal_with(
        &self,
        id: &str,
        fact: FactData,
        occurred: Time,
        unowned: Personal,
    ) -> Result<Prepared, Refusal> {
        let line = line(id, &fact);
        self.seal_line(id, fact, occurred, (&line, unowned))
    }

    /// Seals a fact whose content is a line.
    fn seal_line(
        &self,
        id: &str,
        fact: FactData,
        occurred: Time,
        (line, unowned): (&Value, Personal),
    ) -> Result<Prepared, Refusal> {
        let canonical = canonical::to_vec(line);
        self.seal_draft(&Draft {
            source: None,
            source_id: SourceEventId::new(id),
            kind: fact.type_name().to_owned(),
            occurred: Occurred::at(occurred),
            recorded_at: None,
            session: None,
            correlation: BTreeMap::new(),
            notes: Vec::new(),
            facts: vec![DraftFact {
                session: None,
                subject: None,
                occurred: None,
                data: fact,
                other: None,
            }],
            persons: Vec::new(),
            unowned,
            labels: Vec::new(),
            indicators: Vec::new(),
            original: canonical.clone(),
            canonical,
            unknown_fields: Vec::new(),
            translator: TRANSLATOR,
            variants_allowed: false,
        })
    }

    /// Seals a fact that a caller asks for, and returns it as it stands in the clear. It is read as
    /// a line of a source is, so that the same rules hold for ids, for texts, and for what is
    /// sealed. When it is asked for is no part of the content: asked for again, it is the same.
    pub(crate) fn seal_as_a_source(
        &self,
        id: &str,
        fact: &FactData,
        occurred: Time,
    ) -> Result<(Prepared, FactData), Refusal> {
        let line = json!({"id": id, "type": fact.type_name(), "occurred_at": occurred.to_string(),
            "data": fact.to_value().unwrap_or_default()});
        let translation = translate(&Dialect::Native.into(), None, line.to_string().as_bytes())
            .map_err(in_the_request)?;
        let one = || Refusal::whole(RefusalCode::Malformed, "one fact", "there is none");
        let mut draft = translation.drafts.into_iter().next().ok_or_else(one)?;
        let said = draft.facts.first().map(|fact| fact.data.clone()).ok_or_else(one)?;
        let mut content: Value = serde_json::from_slice(&draft.canonical).unwrap_or(line);
        if let Some(content) = content.as_object_mut() {
            content.remove("occurred_at");
        }
        draft.canonical = canonical::to_vec(&content);
        draft.original = draft.canonical.clone();
        draft.translator = TRANSLATOR;
        Ok((self.seal_draft(&draft)?, said))
    }

    /// Seals a draft about nobody.
    fn seal_draft(&self, draft: &Draft) -> Result<Prepared, Refusal> {
        let prepared = seal(SealInput {
            tenant: &self.tenant,
            source: &SourceId::new(LEDGER_SOURCE),
            channel: Channel::Ledger,
            draft,
            persons: &[],
            keys: &self.keys,
            random: &*self.random,
        })?;
        Ok(prepared)
    }

    /// Now, by the clock of the ledger.
    pub(crate) fn now(&self) -> Time {
        match &self.last_recorded {
            Some(last) => Time::from_micros(last.load(Ordering::Relaxed)),
            None => self.clock.now(),
        }
    }
}

impl LedgerFacts for OwnRecords {
    #[expect(
        clippy::expect_used,
        reason = "two ids and two digests: far below every limit, and no free text"
    )]
    fn conflicted(&self, _: &TenantId, fact: FactConflicted) -> Prepared {
        let id = format!("conflict/{}/{}/{}", fact.source, fact.id, fact.digest);
        self.seal(&id, FactData::FactConflicted(fact), self.now())
            .expect("a conflict can be sealed")
    }
}

/// A fact of the ledger as a source would write it.
fn line(id: &str, fact: &FactData) -> Value {
    json!({"id": id, "type": fact.type_name(), "data": fact.to_value().unwrap_or_default()})
}

/// A refusal of a line, as one of the request that it was made of.
fn in_the_request(mut refusal: Refusal) -> Refusal {
    (refusal.line, refusal.item) = (None, None);
    refusal.field = refusal.field.map(|field| match field.strip_prefix("data.") {
        Some(name) => name.to_owned(),
        None => field,
    });
    refusal
}
