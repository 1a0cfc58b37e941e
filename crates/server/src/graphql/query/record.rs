//! `record`.

use crate::graphql::{
    Asker,
    answers::{Absence, Status},
    errors::{self, Result},
    scalars::Position,
    types::Record,
};
use async_graphql::{Context, ID, Lookahead, Object, SimpleObject};
use claimledger_app::model::{answer::RecordView, question::RecordBy};
use claimledger_facts::{
    ids::{RecordId, SourceEventId},
    vocabulary::Role,
};

/// One record. It depends on neither T nor K, so that nothing is `answered` for.
#[derive(SimpleObject)]
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
    /// One record, by its id or the source's own, or by position; null: no such record is known.
    /// What is sealed is opened where it is asked for and the role allows it.
    async fn record(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The record's id, or the id that its source gave it. Give this or `position`."
        )]
        id: Option<ID>,
        #[graphql(desc = "The position of the record in the log.")] position: Option<Position>,
    ) -> Result<Option<Record>> {
        let opens = opens_sealed(&ctx.look_ahead());
        Ok(find(ctx, id.as_ref(), position, opens).await?.map(Record))
    }

    /// The same, with why there may be none, as every other lookup says it.
    async fn record_answer(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The record's id, or the id that its source gave it. Give this or `position`."
        )]
        id: Option<ID>,
        #[graphql(desc = "The position of the record in the log.")] position: Option<Position>,
    ) -> Result<RecordAnswer> {
        let opens = opens_sealed(&ctx.look_ahead().field("record"));
        let record = find(ctx, id.as_ref(), position, opens).await?;
        let name = match (&id, position) {
            (Some(id), _) => id.to_string(),
            (None, at) => at.map(|at| at.0.to_string()).unwrap_or_default(),
        };
        let asker = ctx.data::<Asker>()?;
        let (absence, status) =
            asker.app.record_absence(&asker.caller, record.as_ref(), &name).await?;
        Ok(RecordAnswer {
            record: record.map(Record),
            status: (&status).into(),
            absence: (&absence).into(),
        })
    }
}

/// Whether a field is asked for that shows what is sealed.
fn opens_sealed(record: &Lookahead<'_>) -> bool {
    ["original", "personal", "sealed"].iter().any(|field| record.field(field).exists())
}

async fn find(
    ctx: &Context<'_>,
    id: Option<&ID>,
    position: Option<Position>,
    opens_sealed: bool,
) -> Result<Option<RecordView>> {
    let asker = ctx.data::<Asker>()?;
    let open = opens_sealed && asker.caller.has(Role::Investigate);
    let find = async |by| asker.app.record(&asker.caller, by, open).await;
    Ok(match (id, position) {
        (Some(id), None) => {
            let by_source = RecordBy::SourceId(SourceEventId::new(id.as_str()));
            // A source's own id may have the form of a record's.
            match id.parse() {
                Ok(uuid) => match find(RecordBy::Id(RecordId(uuid))).await? {
                    None => find(by_source).await?,
                    found => found,
                },
                Err(_) => find(by_source).await?,
            }
        }
        (None, Some(position)) => find(RecordBy::Position(position.0)).await?,
        (Some(_), Some(_)) | (None, None) => {
            return Err(errors::input("give either id or position").into());
        }
    })
}
