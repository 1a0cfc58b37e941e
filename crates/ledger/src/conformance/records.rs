//! Sealed records for suites, tests and benches, under generated keys.

use claimledger_facts::{
    draft::{Draft, DraftFact},
    fact::FactData,
    ids::{SessionId, SourceEventId, SourceId, TenantId},
    random::SystemRandom,
    record::{Entry, Prepared},
    seal::{self, SealInput, TenantKeys},
    time::{Occurred, Time},
    types::{
        ledger::FactConflicted,
        session::{SessionEnded, SessionStarted},
    },
    vocabulary::{Channel, EndReason},
};

use crate::sequencer::LedgerFacts;

/// Makes records of one tenant.
pub struct Records {
    tenant: TenantId,
    source: SourceId,
    keys: TenantKeys,
}

impl Records {
    /// With new keys.
    #[must_use]
    pub fn new(tenant: &TenantId) -> Self {
        Self {
            tenant: tenant.clone(),
            source: SourceId::from("suite"),
            keys: TenantKeys::generate(&SystemRandom),
        }
    }

    /// The tenant.
    #[must_use]
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// A record with this source id. `content` determines the content digest and the original; the
    /// session starts at `occurred` seconds.
    ///
    /// # Panics
    /// If it cannot be sealed.
    #[must_use]
    pub fn record(
        &self,
        id: &str,
        session: Option<&str>,
        content: &str,
        occurred: u64,
    ) -> Prepared {
        let data = match session {
            Some(_) => FactData::SessionStarted(SessionStarted::default()),
            None => FactData::SessionEnded(SessionEnded { reason: EndReason::Other }),
        };
        self.sealed(id, session, content, Time::EPOCH.plus_secs(occurred), data)
    }

    /// A record with a position.
    ///
    /// # Panics
    /// If it cannot be sealed.
    #[must_use]
    pub fn entry(&self, id: &str, session: Option<&str>, content: &str, position: u64) -> Entry {
        let record = self.record(id, session, content, position);
        record.finish(
            claimledger_facts::ids::LogPosition(position),
            Time::EPOCH.plus_secs(position),
            false,
            false,
        )
    }

    fn sealed(
        &self,
        id: &str,
        session: Option<&str>,
        content: &str,
        occurred: Time,
        data: FactData,
    ) -> Prepared {
        let draft = Draft {
            source: None,
            source_id: SourceEventId::from(id),
            kind: data.type_name().to_owned(),
            occurred: Occurred::at(occurred),
            recorded_at: None,
            session: session.map(SessionId::from),
            correlation: Default::default(),
            notes: Vec::new(),
            facts: vec![DraftFact {
                session: None,
                subject: None,
                occurred: None,
                data,
                other: None,
            }],
            persons: Vec::new(),
            unowned: Default::default(),
            labels: Vec::new(),
            indicators: Vec::new(),
            canonical: content.as_bytes().to_vec(),
            original: content.as_bytes().to_vec(),
            unknown_fields: Vec::new(),
            translator: "suite/1",
            variants_allowed: false,
        };
        let input = SealInput {
            tenant: &self.tenant,
            source: &self.source,
            channel: Channel::Ledger,
            draft: &draft,
            persons: &[],
            keys: &self.keys,
            random: &SystemRandom,
        };
        seal::seal(input)
            .unwrap_or_else(|error| panic!("a record of the suite was not sealed: {error}"))
    }
}

impl LedgerFacts for Records {
    fn conflicted(&self, _: &TenantId, fact: FactConflicted) -> Prepared {
        let id = format!("conflict/{}/{}/{}", fact.source, fact.id, fact.digest);
        let content = format!("{id}/{}", fact.stored_digest);
        self.sealed(&id, None, &content, Time::EPOCH, FactData::FactConflicted(fact))
    }
}
