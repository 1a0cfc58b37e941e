//! Records of one source that stand out, all of them, a page at a time: reports about sources name
//! a few and count the others.

use crate::{
    app::App,
    model::{
        answer::Answer,
        query::Query,
        question::{AskError, Asking, Caller},
        source_report::{Unusual, UnusualRecords},
        terms::Told,
    },
};
use claimledger_facts::ids::{LogPosition, SourceId};

/// Records a page.
const PAGE: usize = 200;

impl App {
    /// Records of a source that stand out in one way, at or after a position, in the order of the
    /// log.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn unusual_records(
        &self,
        caller: &Caller,
        source: &SourceId,
        (what, from): (Unusual, LogPosition),
        asking: &Asking,
    ) -> Result<Answer<UnusualRecords>, AskError> {
        let view = self.ask(caller, Query::Sources, asking).await?;
        let term = match what {
            Unusual::Late => Told::Late,
            Unusual::Ahead => Told::Ahead,
            Unusual::NotUnderstood => Told::NotUnderstood,
            Unusual::Variant => Told::Variant,
        }
        .term(source);
        let mut positions = view
            .inner
            .views
            .positions_of(&view.tenant.id, &term, from, view.cut.known_at, PAGE + 1)
            .await?;
        let next = positions.get(PAGE).copied();
        positions.truncate(PAGE);
        let records = view.reader().records(&positions).await?;
        let records = records.iter().map(|record| record.reference.clone()).collect();
        view.answer(UnusualRecords { records, next }).await
    }
}
