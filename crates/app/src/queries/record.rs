//! One record, with the parts that the caller may see.

use super::barrier::not_known;
use crate::{
    app::{App, Inner},
    model::LEDGER_SOURCE,
    model::{
        answer::{Absence, RecordView, Status},
        query::Query,
        question::{AskError, Caller, RecordBy},
        record_summary,
        terms::variant_term,
    },
    read::reader::decode_record,
    tenant::Tenant,
};
use claimledger_domain::completeness::{absence, summary};
use claimledger_facts::{
    ids::{LogPosition, LogSize, RecordId, SourceId},
    record::{BodyKind, Entry, Header, Removal},
    seal::{OpenError, open_original, open_personal},
};
use claimledger_ledger::log::LogError;
use serde_json::{Map, Value};

/// The name in [`RecordView::personal`] of data that belongs to no person.
const NO_PERSON: &str = "nobody";

impl App {
    /// One record; none: the caller's tenant has no such record. Sealed data is opened only if
    /// requested, and only for the role investigate.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn record(
        &self,
        caller: &Caller,
        by: RecordBy,
        open_original: bool,
    ) -> Result<Option<RecordView>, AskError> {
        self.disclose(caller, Query::Record).await?;
        if open_original {
            self.disclose(caller, Query::Sealed).await?;
        }
        let tenant = self.0.tenant(&caller.tenant).await?;
        let Some(position) = self.0.locate(&tenant, by).await? else { return Ok(None) };
        let Some(entry) = self.0.log.read(&tenant.id, position, 1).await?.into_iter().next() else {
            return Ok(None);
        };
        let record = decode_record(&tenant.id, position, &entry)?;
        let sealed = if open_original {
            Some(self.0.open(&tenant, position, &entry, &record.header).await?)
        } else {
            None
        };
        let (original, personal) = sealed.unwrap_or_default();
        let reader = tenant.reader(&*self.0.log, &*self.0.views);
        let others = variant_term(&record.header.source, &record.header.source_id);
        let variant =
            record.header.variant || reader.any(&others, LogPosition(u64::MAX >> 1)).await?;
        let (channel, recorded_at) = (&record.header.channel, record.header.recorded_at);
        let deliveries = tenant.deliveries.of(position, channel, recorded_at).await;
        // The record itself can be read without them.
        let deliveries = deliveries.inspect_err(|error| {
            tracing::warn!(tenant = %tenant.id, %error, "the counts of repeats cannot be read");
            tenant.report_damage(&*self.0.views, error);
        });
        let view = RecordView {
            reference: record_summary::reference(&record.header, &record.statement.kind),
            leaf: record.leaf,
            removed: removed(&entry, &record.header),
            header: entry.header.bytes,
            channel: record.header.channel,
            translator: record.header.translator,
            statement: record.statement,
            original,
            personal,
            variant,
            deliveries: deliveries.ok(),
        };
        let query = if open_original { Query::Sealed } else { Query::Record };
        self.0.record_disclosure(caller, query, None, &view).await?;
        Ok(Some(view))
    }
}

/// The removed bodies. A record without personal blocks has no removed personal data.
fn removed(entry: &Entry, header: &Header) -> Vec<(BodyKind, Removal)> {
    BodyKind::ALL
        .into_iter()
        .filter(|body| *body != BodyKind::Personal || !header.personal.is_empty())
        .filter_map(|body| Some((body, entry.sealed(body).removal()?.clone())))
        .collect()
}

impl App {
    /// What it means that something is not in the answer to a lookup of one record, and the status
    /// beside it. A record depends on neither T nor K.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn record_absence(
        &self,
        caller: &Caller,
        record: Option<&RecordView>,
        name: &str,
    ) -> Result<(Absence, Status), AskError> {
        let tenant = self.0.tenant(&caller.tenant).await?;
        let status = self.0.status_of(&tenant).await?;
        let known_at = LogPosition(status.assessed_to.saturating_sub(1));
        let at = record.map_or_else(|| self.0.clock.now(), |record| record.reference.recorded_at);
        let sources = summary(&tenant.knowledge.completeness(known_at), at);
        let barrier = record.is_none().then(|| not_known("record", name));
        Ok((absence(&sources, barrier.as_ref(), None), status))
    }
}

impl Inner {
    /// The position of a record. A position may be ahead of the read models; an id is looked up
    /// there, after they contain the current head of the log.
    pub(super) async fn locate(
        &self,
        tenant: &Tenant,
        by: RecordBy,
    ) -> Result<Option<LogPosition>, AskError> {
        let head = self.log.head(&tenant.id).await?;
        match by {
            RecordBy::Position(position) => Ok((position.0 < head.0).then_some(position)),
            RecordBy::Id(id) => self.first_of(tenant, head, &[id]).await,
            RecordBy::SourceId(event) => {
                let own = SourceId::new(LEDGER_SOURCE);
                let sources = tenant.knowledge.sources.known_at(LogPosition(u64::MAX >> 1));
                let ids: Vec<RecordId> = sources
                    .iter()
                    .chain([&own])
                    .map(|source| RecordId::derive(&tenant.id, source, &event))
                    .collect();
                self.first_of(tenant, head, &ids).await
            }
        }
    }

    async fn first_of(
        &self,
        tenant: &Tenant,
        head: LogSize,
        ids: &[RecordId],
    ) -> Result<Option<LogPosition>, AskError> {
        let found = self.views.positions(&tenant.id, ids).await?.into_iter().flatten().min();
        if found.is_some() {
            return Ok(found);
        }
        if let Some(last) = head.last() {
            self.wait_for(tenant, last).await?;
        }
        Ok(self.views.positions(&tenant.id, ids).await?.into_iter().flatten().min())
    }

    /// The original and the personal blocks, as far as their keys exist.
    async fn open(
        &self,
        tenant: &Tenant,
        position: LogPosition,
        entry: &Entry,
        header: &Header,
    ) -> Result<(Option<Vec<u8>>, Option<Value>), LogError> {
        let corrupt = |what: String| LogError::Corrupt { position, what };
        let persons = entry.persons().map_err(|error| corrupt(error.what))?;
        let keys = tenant.identity.keyring.open(&persons).await?;
        let original = match open_original(entry, header, &tenant.identity.keys, &keys) {
            Ok(original) => Some(original),
            Err(OpenError::Erased { .. } | OpenError::Removed(_)) => None,
            Err(OpenError::Corrupt(error)) => return Err(corrupt(error.what)),
        };
        if entry.personal.removal().is_some() {
            return Ok((original, None));
        }
        let mut personal = Map::new();
        for block in open_personal(entry, header, &tenant.identity.keys, &keys)
            .map_err(|error| corrupt(error.what))?
        {
            let whose = block
                .pseudonym
                .map_or_else(|| NO_PERSON.to_owned(), |pseudonym| pseudonym.as_str().to_owned());
            // An erased block is shown as null: its existence is not secret.
            personal.insert(whose, block.data.unwrap_or(Value::Null));
        }
        Ok((original, Some(Value::Object(personal))))
    }
}
