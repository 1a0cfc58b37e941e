//! `record`.

use crate::graphql::{Asker, errors, scalars::Position, types::Record};
use async_graphql::{Context, ID, Object, Result};
use claimledger_app::ask::RecordBy;
use claimledger_facts::ids::RecordId;

/// One record.
#[derive(Default)]
pub(crate) struct RecordQuestion;

#[Object]
impl RecordQuestion {
    /// One record, by id or by position.
    async fn record(&self, ctx: &Context<'_>, id: Option<ID>, position: Option<Position>) -> Result<Option<Record>> {
        let asker = ctx.data::<Asker>()?;
        let by = match (id, position) {
            (Some(id), None) => match id.parse() {
                Ok(id) => RecordBy::Id(RecordId(id)),
                // No record has such an id.
                Err(_) => return Ok(None),
            },
            (None, Some(position)) => RecordBy::Position(position.0),
            (Some(_), Some(_)) | (None, None) => return Err(errors::input("name one of id and position")),
        };
        let record = asker.app.record(&asker.caller, by, false).await.map_err(|error| errors::asked(&error))?;
        Ok(record.map(Record))
    }
}
