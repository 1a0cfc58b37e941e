//! Records: as an answer names them, and one of them opened.

use super::{Proof, id};
use crate::graphql::{
    Asker,
    errors::Refusal,
    mirror::mirror,
    scalars::{DateTime, Json, Position},
};
use async_graphql::{Context, ID, Object, Result, SimpleObject};
use claimledger_app::model::{
    answer::{self, RecordView},
    question::RecordBy,
};
use claimledger_domain::model;
use claimledger_facts::record::{BodyKind, Removal};

mirror! {
    /// A record, as an answer names it.
    #[derive(SimpleObject, Clone)]
    pub(crate) struct RecordRef of model::RecordRef as record;
    /// Its id.
    id: ID,
    /// The source.
    source: String,
    /// The id that the source gave it.
    source_id: String,
    /// The source's name for this kind of event.
    #[graphql(name = "type")]
    kind: String,
    /// Its position in the log.
    position: Position,
    /// When it occurred, as the source states it; of an interval, its start.
    occurred_at: DateTime = record.occurred.from,
    /// The end of the interval, if the time is one.
    occurred_to: Option<DateTime> = record.occurred.to,
    /// When it was recorded.
    recorded_at: DateTime,
}

/// A sealed body of a record that was removed.
#[derive(SimpleObject)]
pub(crate) struct RemovedBody {
    /// Which: `personal` (all personal blocks) or `original`.
    body: &'static str,
    /// The stated reason: `retention`, `erasure`, or a word of a later version.
    reason: String,
    /// When it was removed.
    at: DateTime,
}

impl From<&(BodyKind, Removal)> for RemovedBody {
    fn from((body, removal): &(BodyKind, Removal)) -> Self {
        Self {
            body: body.as_str(),
            reason: removal.reason.as_str().to_owned(),
            at: removal.at.into(),
        }
    }
}

/// How often a record was received through a channel, with the same content.
#[derive(SimpleObject)]
#[graphql(name = "Delivery")]
pub(crate) struct Delivery {
    /// The channel: a word as in `channel`.
    channel: String,
    /// How often.
    count: u64,
    /// The first time.
    first_at: DateTime,
    /// The last time.
    last_at: DateTime,
}

impl From<&answer::Delivery> for Delivery {
    fn from(delivery: &answer::Delivery) -> Self {
        Self {
            channel: delivery.channel.as_str().to_owned(),
            count: delivery.count,
            first_at: delivery.first_at.into(),
            last_at: delivery.last_at.into(),
        }
    }
}

/// A record.
pub(crate) struct Record(pub RecordView);

/// A record, as far as the caller may see it.
#[Object(name = "Record")]
impl Record {
    /// Its id.
    async fn id(&self) -> ID {
        id(self.0.reference.id)
    }
    /// Its position in the log.
    async fn position(&self) -> Position {
        self.0.reference.position.into()
    }
    /// SHA-256(0x00 ‖ header bytes), in hexadecimal.
    async fn leaf_hash(&self) -> String {
        self.0.leaf.to_string()
    }
    /// The header's bytes, in base64.
    async fn header(&self) -> String {
        data_encoding::BASE64.encode(&self.0.header)
    }
    /// What it says in the clear; empty: it states nothing, or was not understood (`understood`).
    async fn facts(&self) -> Vec<Json> {
        crate::record::facts(&self.0.statement).into_iter().map(Json).collect()
    }
    /// The source.
    async fn source(&self) -> &str {
        self.0.reference.source.as_str()
    }
    /// The id that the source gave it.
    async fn source_id(&self) -> &str {
        self.0.reference.source_id.as_str()
    }
    /// The source's name for this kind of event.
    async fn kind(&self) -> &str {
        &self.0.reference.kind
    }
    /// The session that the event names.
    async fn session(&self) -> Option<ID> {
        self.0.statement.session.as_ref().map(id)
    }
    /// When it occurred, as the source states it; of an interval, its start.
    async fn occurred_at(&self) -> DateTime {
        self.0.reference.occurred.from.into()
    }
    /// The end of the interval, if the time is one.
    async fn occurred_to(&self) -> Option<DateTime> {
        self.0.reference.occurred.to.map(DateTime)
    }
    /// When it was recorded.
    async fn recorded_at(&self) -> DateTime {
        self.0.reference.recorded_at.into()
    }
    /// Whether its translator understood it.
    async fn understood(&self) -> bool {
        self.0.statement.is_understood()
    }
    /// What was received, as text; null with the reason in `sealed`.
    async fn original(&self) -> Option<String> {
        self.0.original.as_deref().map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }
    /// Names, addresses, user agents and texts: an object by pseudonym, with `nobody` for what
    /// belongs to no person; null with the reason in `sealed` or `removed`. A person whose key was
    /// destroyed has null in the object.
    async fn personal(&self) -> Option<Json> {
        self.0.personal.clone().map(Json)
    }
    /// Why the original cannot be seen: it was removed, the role is missing, or the key of a person
    /// it is about was destroyed; null: it can.
    async fn sealed(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(crate::record::sealed(&self.0, &ctx.data::<Asker>()?.caller))
    }
    /// Sealed bodies that were removed, by retention or erasure: the facts and the proof stay.
    #[graphql(complexity = "crate::graphql::limits::list_cost(child_complexity)")]
    async fn removed(&self) -> Vec<RemovedBody> {
        self.0.removed.iter().map(RemovedBody::from).collect()
    }
    /// How it came in: `file`, `http`, `hook`, `poller`, `stream`, `ledger`, `copy`, or a word of a
    /// later version.
    async fn channel(&self) -> &str {
        self.0.channel.as_str()
    }
    /// How it was read: codes.
    async fn notes(&self) -> Vec<&str> {
        self.0.statement.notes.iter().map(|note| note.as_str()).collect()
    }
    /// Whether the source also gave other content under the same id.
    async fn variant(&self) -> bool {
        self.0.variant
    }
    /// The proof that it is in the log; null: this ledger signs nothing.
    #[graphql(complexity = "child_complexity + 20")]
    async fn proof(&self, ctx: &Context<'_>) -> Result<Option<Proof>> {
        let asker = ctx.data::<Asker>()?;
        let by = RecordBy::Position(self.0.reference.position);
        let proof = asker.app.prove(&asker.caller, by).await;
        Ok(proof.map_err(Refusal::from)?.as_ref().map(Proof::from))
    }
    /// How often it was received, by channel, the first first; null: the counts cannot be read.
    /// They are no evidence, and may change from call to call.
    #[graphql(complexity = "crate::graphql::limits::list_cost(child_complexity)")]
    async fn deliveries(&self) -> Option<Vec<Delivery>> {
        self.0.deliveries.as_ref().map(|all| all.iter().map(Delivery::from).collect())
    }
    /// Which translator read it.
    async fn translator(&self) -> &str {
        &self.0.translator
    }
}
