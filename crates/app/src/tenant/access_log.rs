//! The access log of a tenant: what was shown to whom. A log of its own, with the same records,
//! sequencer, tree and checkpoints as the log of the records.
//!
//! Invariant: what is shown was written here first. A failure to write is a failure to answer.

use crate::{
    model::{
        access::{AccessEntry, Part, Reason, Request},
        query::Disclosed,
        question::Caller,
    },
    read::reader::decode_record,
    tenant::{own_records::OwnRecords, parts::Parts, signed_log::access_error},
};
use async_trait::async_trait;
use claimledger_facts::{
    fact::FactData,
    ids::{LogPosition, LogSize, RecordId, SessionId, TenantId},
    personal::Personal,
    record::{Entry, Prepared},
    seal::open_personal,
    time::Time,
    types::access::RecordsDisclosed,
};
use claimledger_ledger::{
    access::{AccessIndex, AccessKey, AccessQuery, AccessRow, RECORDS_PER_KEY},
    append::{AppendRequest, SequencerError},
    clock::{Clock, ClockGuard, ClockSettings, OnJump},
    index::{Looked, RecordIndex},
    log::{Log, LogError},
    sequencer::{LedgerKind, Sequencer, SequencerConfig},
};
use data_encoding::BASE32_DNSSEC;
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// Bytes of the id of a request.
const REQUEST_BYTES: usize = 10;
/// Entries of one append. An entry has at most about 100 KiB.
const PARTS_PER_APPEND: usize = 4;
/// Entries per step of the index.
const BATCH_ENTRIES: usize = 256;
/// Interval at which the index follows new entries. A question fills it itself.
const INDEX_INTERVAL: Duration = Duration::from_secs(1);

/// The access log of one tenant.
pub(crate) struct AccessLog {
    tenant: TenantId,
    pub(crate) log: Arc<dyn Log>,
    index: Arc<dyn AccessIndex>,
    own: Arc<OwnRecords>,
    guard: Arc<ClockGuard>,
    /// None: the ledger can only be read, and reads are not recorded.
    sequencer: Option<Sequencer>,
    /// Held while the index is filled.
    indexing: tokio::sync::Mutex<()>,
}

impl AccessLog {
    pub(crate) async fn open(
        tenant: &TenantId,
        parts: &Parts,
        guard: &Arc<ClockGuard>,
        own: &Arc<OwnRecords>,
    ) -> Result<Self, LogError> {
        let (log, index) = (Arc::clone(&parts.access.log), Arc::clone(&parts.access.index));
        if index.covered(tenant).await.unwrap_or(LogSize(0)) > log.head(tenant).await? {
            index.clear(tenant).await?;
        }
        let sequencer = if parts.options.read_only.is_none() && parts.options.access_log {
            // A clock that jumped stops appends, but not reads. Accepting the believed time accepts
            // no jump: that clock has no steady one beside it.
            let settings = ClockSettings { on_jump: OnJump::Accept, ..parts.options.clock };
            let clock = Arc::new(BelievedClock(Arc::clone(guard)));
            let opened = Sequencer::open(SequencerConfig {
                tenant: tenant.clone(),
                log: Arc::clone(&log),
                index: Arc::new(Ids(Arc::clone(&index))),
                facts: Arc::clone(own) as Arc<_>,
                clock: Arc::new(ClockGuard::new(clock, settings)),
                kind: LedgerKind::Live,
                nodes: parts.options.nodes,
            });
            Some(opened.await.map_err(access_error)?)
        } else {
            None
        };
        let (tenant, own, guard) = (tenant.clone(), Arc::clone(own), Arc::clone(guard));
        Ok(Self {
            tenant,
            log,
            index,
            own,
            guard,
            sequencer,
            indexing: tokio::sync::Mutex::default(),
        })
    }

    /// Writes what a request was shown. When it returns, the entries are durable. Entries of
    /// requests at the same time share a transaction.
    pub(crate) async fn write(
        &self,
        caller: &Caller,
        request: &Request,
        disclosed: Disclosed,
    ) -> Result<(), LogError> {
        let Some(sequencer) = &self.sequencer else { return Ok(()) };
        let parts = disclosed.parts();
        for some in parts.chunks(PARTS_PER_APPEND) {
            let records = some
                .iter()
                .map(|part| self.seal(caller, request, part.clone()))
                .collect::<Result<_, _>>()?;
            let appended = sequencer.append(AppendRequest { records, expected_revision: None });
            appended.await.map_err(not_recorded)?;
        }
        Ok(())
    }

    fn seal(&self, caller: &Caller, request: &Request, part: Part) -> Result<Prepared, LogError> {
        let (id, number) = request.next_part(|| {
            let mut id = [0; REQUEST_BYTES];
            self.own.random.fill(&mut id);
            BASE32_DNSSEC.encode(&id)
        });
        let Reason { purpose, case } = request.reason();
        let mut reason = serde_json::Map::new();
        for (name, text) in [("case", case), ("purpose", purpose)] {
            if let Some(text) = text {
                reason.insert(name.to_owned(), text.into());
            }
        }
        let fact = FactData::RecordsDisclosed(RecordsDisclosed {
            request: id.clone(),
            part: number,
            credential: caller.credential.clone(),
            roles: caller.roles.clone(),
            surface: request.surface(),
            questions: part.questions,
            parameters: request.parameters(),
            sessions: part.sessions,
            subjects: part.subjects,
            records: part.records,
            whole_log: part.whole_log,
            names: part.names,
            refused: part.refused,
        });
        let id = format!("access/{id}/{number}");
        let now = self.guard.believed_now();
        self.own.seal_with(&id, fact, now, Personal::from(reason)).map_err(|refusal| {
            LogError::unavailable(format!("an entry of the access log cannot be sealed: {refusal}"))
        })
    }

    /// The number of entries.
    pub(crate) async fn size(&self) -> Result<LogSize, LogError> {
        self.log.head(&self.tenant).await.map_err(access_error)
    }

    /// The entries that a query finds, the last first.
    pub(crate) async fn find(&self, query: &AccessQuery) -> Result<Vec<AccessEntry>, LogError> {
        let positions = self.index.find(&self.tenant, query).await?;
        let entries = self.log.read_at(&self.tenant, &positions).await.map_err(access_error)?;
        let decoded = positions.iter().zip(&entries).map(|(at, entry)| self.decode(*at, entry));
        decoded.collect::<Result<_, _>>().map_err(access_error)
    }

    /// One entry; none: there is none at this position.
    pub(crate) async fn entry(
        &self,
        position: LogPosition,
    ) -> Result<Option<AccessEntry>, LogError> {
        if position.0 >= self.size().await?.0 {
            return Ok(None);
        }
        let entries = self.log.read_at(&self.tenant, &[position]).await.map_err(access_error)?;
        let entry = entries.first().map(|entry| self.decode(position, entry));
        entry.transpose().map_err(access_error)
    }

    fn decode(&self, position: LogPosition, entry: &Entry) -> Result<AccessEntry, LogError> {
        let corrupt = |what: &str| LogError::Corrupt { position, what: what.to_owned() };
        let record = decode_record(&self.tenant, position, entry)?;
        let fact = record.statement.facts.into_iter().next().map(|fact| fact.data);
        let Some(FactData::RecordsDisclosed(disclosed)) = fact else {
            return Err(corrupt("it is no entry of an access log"));
        };
        let blocks = open_personal(entry, &record.header, &self.own.keys, &[])
            .map_err(|error| corrupt(&error.what))?;
        let sealed = blocks.into_iter().find_map(|block| block.data).unwrap_or_default();
        let text = |name: &str| sealed.get(name).and_then(|text| text.as_str()).map(str::to_owned);
        Ok(AccessEntry {
            position,
            at: record.header.recorded_at,
            disclosed,
            reason: Reason { purpose: text("purpose"), case: text("case") },
        })
    }

    /// Takes all entries into the index.
    pub(crate) async fn fill_index(&self) -> Result<(), LogError> {
        let _indexing = self.indexing.lock().await;
        let head = self.size().await?;
        loop {
            let covered = self.index.covered(&self.tenant).await?;
            if covered >= head {
                return Ok(());
            }
            let from = LogPosition(covered.0);
            let entries = self.log.read(&self.tenant, from, BATCH_ENTRIES).await;
            let entries = entries.map_err(access_error)?;
            let rows = (from.0..)
                .zip(&entries)
                .map(|(position, entry)| self.decode(LogPosition(position), entry).map(row))
                .collect::<Result<Vec<_>, _>>()
                .map_err(access_error)?;
            if rows.is_empty() || !self.index.extend(&self.tenant, covered, &rows).await? {
                return Err(LogError::unavailable("another process fills this index"));
            }
        }
    }
}

/// Fills the index while entries are written.
pub(crate) async fn run_index(tenant: Arc<super::Tenant>, stop: CancellationToken) {
    let mut changes = tenant.identity.access.log.changes();
    loop {
        if let Err(error) = tenant.identity.access.fill_index().await {
            tracing::warn!(tenant = %tenant.id, error = &error as &dyn std::error::Error,
                "the index of the access log was not filled, which will be tried again");
        }
        let next = async {
            tokio::time::sleep(INDEX_INTERVAL).await;
            // The sender lives as long as the log.
            let _ = changes.changed().await;
        };
        tokio::select! {
            () = next => {}
            () = stop.cancelled() => return,
        }
    }
}

/// What the index keeps of an entry.
fn row(entry: AccessEntry) -> AccessRow {
    let disclosed = entry.disclosed;
    let mut keys: Vec<AccessKey> = disclosed.sessions.into_iter().map(AccessKey::Session).collect();
    keys.extend(disclosed.subjects.into_iter().map(AccessKey::Subject));
    let blocks = disclosed
        .records
        .iter()
        .flat_map(|range| range.first.0 / RECORDS_PER_KEY..=range.last.0 / RECORDS_PER_KEY);
    keys.extend(blocks.collect::<BTreeSet<_>>().into_iter().map(AccessKey::Records));
    keys.extend(disclosed.whole_log.then_some(AccessKey::WholeLog));
    AccessRow { recorded_at: entry.at, credential: disclosed.credential, keys }
}

/// The error of a request that cannot be recorded.
fn not_recorded(error: SequencerError) -> LogError {
    let error = match error {
        SequencerError::Log(error) => access_error(error),
        other => LogError::unavailable(other.to_string()),
    };
    if error.is_damage() {
        return error;
    }
    // The reason why the engine does not answer is for operators.
    let cause = match &error {
        LogError::Stopped { why, .. } => why.as_str(),
        _ => "it does not answer at the moment",
    };
    LogError::Stopped {
        why: format!("nothing is shown that cannot be recorded in the access log: {cause}"),
        source: Some(Box::new(error)),
    }
}

/// The time that is believed while the clock may have jumped.
struct BelievedClock(Arc<ClockGuard>);

impl Clock for BelievedClock {
    fn now(&self) -> Time {
        self.0.believed_now()
    }
}

/// The ids of entries, as the sequencer asks for them: each is drawn at random, so none is there.
struct Ids(Arc<dyn AccessIndex>);

#[async_trait]
impl RecordIndex for Ids {
    async fn covered(&self, tenant: &TenantId) -> Result<LogSize, LogError> {
        self.0.covered(tenant).await
    }

    async fn look_up(
        &self,
        tenant: &TenantId,
        ids: &[RecordId],
        sessions: &[SessionId],
    ) -> Result<Looked, LogError> {
        Ok(Looked {
            covered: self.0.covered(tenant).await?,
            positions: vec![None; ids.len()],
            revisions: vec![0; sessions.len()],
        })
    }

    async fn ids_after(
        &self,
        _: &TenantId,
        _: Option<RecordId>,
        _: usize,
    ) -> Result<Option<Vec<RecordId>>, LogError> {
        Ok(Some(Vec::new()))
    }
}
