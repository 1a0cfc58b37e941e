//! `record`.

use crate::graphql::{
    Asker,
    answers::{Absence, Status},
    errors,
    scalars::Position,
    types::Record,
};
use async_graphql::{Context, ID, Object, Result, SimpleObject};
use claimledger_app::model::question::RecordBy;
use claimledger_facts::{
    ids::{RecordId, SourceEventId},
    vocabulary::Role,
};

/// One record. It depends on neither T nor K, so that nothing is `answered` for.
#[derive(SimpleObject)]
#[graphql(name = "RecordAnswer")]
pub(crate) struct RecordAnswer {
    /// Null: no such record is known.
    record: Option<Record>,
    /// The state of the ledger, which may change from call to call.
    status: Status,
    /// Why something may be absent from the answer.
    absence: Absence,
}

/// One record.
#[derive(Default)]
pub(crate) struct RecordQuestion;

#[Object]
impl RecordQuestion {
    /// One record, by its id or the source's own, or by position. What is sealed is opened where it
    /// is asked for and the role allows it.
    async fn record(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The record's id, or the id that its source gave it. Give this or `position`."
        )]
        id: Option<ID>,
        #[graphql(desc = "The position of the record in the log.")] position: Option<Position>,
    ) -> Result<RecordAnswer> {
        let asker = ctx.data::<Asker>()?;
        let name = match (&id, position) {
            (Some(id), _) => id.to_string(),
            (None, at) => at.map(|at| at.0.to_string()).unwrap_or_default(),
        };
        let by = match (id, position) {
            (Some(id), None) => match id.parse() {
                Ok(id) => RecordBy::Id(RecordId(id)),
                Err(_) => RecordBy::SourceId(SourceEventId::new(id.as_str())),
            },
            (None, Some(position)) => RecordBy::Position(position.0),
            (Some(_), Some(_)) | (None, None) => {
                return Err(errors::input("give either id or position"));
            }
        };
        let asked = ["original", "personal", "sealed"]
            .iter()
            .any(|field| ctx.look_ahead().field("record").field(field).exists());
        let open = asked && asker.caller.has(Role::Investigate);
        // A source's own id may have the form of ours.
        let other = match &by {
            RecordBy::Id(RecordId(id)) => {
                Some(RecordBy::SourceId(SourceEventId::new(id.to_string())))
            }
            RecordBy::Position(_) | RecordBy::SourceId(_) => None,
        };
        let find = async |by| {
            asker.app.record(&asker.caller, by, open).await.map_err(|error| errors::asked(&error))
        };
        let record = match (find(by).await?, other) {
            (None, Some(other)) => find(other).await?,
            (record, _) => record,
        };
        let (absence, status) = asker
            .app
            .record_absence(&asker.caller, record.as_ref(), &name)
            .await
            .map_err(|error| errors::asked(&error))?;
        Ok(RecordAnswer {
            record: record.map(Record),
            status: (&status).into(),
            absence: (&absence).into(),
        })
    }
}
