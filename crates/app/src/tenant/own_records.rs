//! Records that the ledger itself writes: they go through the same translation form, sealing and
//! sequencer as everything else.

use crate::model::LEDGER_SOURCE;
use claimledger_facts::{
    canonical,
    draft::{Draft, DraftFact},
    fact::FactData,
    ids::{SourceEventId, SourceId, TenantId},
    personal::Personal,
    random::Random,
    record::Prepared,
    refusal::Refusal,
    seal::{SealInput, TenantKeys, seal},
    time::{Occurred, Time},
    types::ledger::FactConflicted,
    vocabulary::Channel,
};
use claimledger_ledger::{clock::Clock, sequencer::LedgerFacts};
use serde_json::json;
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

/// The name and version of what makes them.
const TRANSLATOR: &str = "ledger/1";

/// Makes the ledger's own records of one tenant.
pub(crate) struct OwnRecords {
    pub(crate) tenant: TenantId,
    pub(crate) keys: TenantKeys,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) clock: Arc<dyn Clock>,
    /// In a rehearsal: when the last record that we know of was recorded. Its clock is the input's.
    pub(crate) last_recorded: Option<Arc<AtomicI64>>,
}

impl OwnRecords {
    /// Seals a fact under an id of ours. The same id with the same fact is the same record,
    /// whenever it is made.
    pub(crate) fn seal(
        &self,
        id: &str,
        fact: FactData,
        occurred: Time,
    ) -> Result<Prepared, Refusal> {
        let kind = fact.type_name().to_owned();
        let line = json!({"id": id, "type": kind, "data": fact.to_value().unwrap_or_default()});
        let canonical = canonical::to_vec(&line);
        let draft = Draft {
            source: None,
            source_id: SourceEventId::new(id),
            kind,
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
            unowned: Personal::default(),
            labels: Vec::new(),
            address: None,
            original: canonical.clone(),
            canonical,
            unknown_fields: Vec::new(),
            translator: TRANSLATOR,
            variants_allowed: false,
        };
        let prepared = seal(SealInput {
            tenant: &self.tenant,
            source: &SourceId::new(LEDGER_SOURCE),
            channel: Channel::Ledger,
            draft: &draft,
            persons: &[],
            keys: &self.keys,
            random: &*self.random,
        })?;
        Ok(prepared)
    }

    /// Now, by the ledger's clock.
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
