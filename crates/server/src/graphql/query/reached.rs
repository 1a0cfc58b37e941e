//! `timeline`, `find`, `chain`.

use super::{Asking, rows};
use crate::graphql::{
    Asker,
    answers::{
        Absence, Answered, Carried, PageInfo, SourceCompleteness, Status, carried, page_info,
    },
    errors::Result,
    limits::{connection_cost, list_cost},
    scalars::DateTime,
    types::{ChainKind, ChainLink, ClockOrder, FindHit, TimelineRow, vec},
};
use async_graphql::{Context, ID, Object, SimpleObject};
use claimledger_facts::ids::SessionId;

/// Records of a timeline, in the order that was asked.
#[derive(SimpleObject)]
pub(crate) struct RecordConnection {
    /// The session's name; null: nothing by this id is known at K.
    session: Option<ID>,
    /// By which clock.
    order: ClockOrder,
    /// The rows.
    edges: Vec<RecordEdge>,
    /// Where the page stands in the list.
    page_info: PageInfo,
    /// What every answer carries.
    #[graphql(flatten)]
    carried: Carried,
}

/// A record of a timeline.
#[derive(SimpleObject)]
pub(crate) struct RecordEdge {
    /// The cursor for `after`: the next page starts behind this row.
    cursor: String,
    /// The row.
    node: TimelineRow,
}

/// Where a text appears.
#[derive(SimpleObject)]
pub(crate) struct FoundList {
    /// What it was found as, exactly as it is spelled.
    #[graphql(complexity = "list_cost(child_complexity)")]
    items: Vec<FindHit>,
    /// What was searched.
    searched: Vec<&'static str>,
    /// What was not, or cannot be, and why.
    not_searched: Vec<&'static str>,
    /// What the answer holds for; a text is looked for in everything that is known at K, whatever
    /// The instant T that the answer is about.
    answered: Answered,
    /// How complete each source was.
    completeness: Vec<SourceCompleteness>,
    /// The state of the ledger, which may change from call to call.
    status: Status,
    /// Why something may be absent from the answer.
    absence: Absence,
}

/// Everything that is connected with an id.
#[derive(SimpleObject)]
pub(crate) struct Chain {
    /// The id that was asked.
    id: ID,
    /// What it is an id of; empty: nothing by it is known at K.
    kinds: Vec<ChainKind>,
    /// When the first of what is linked with it begins, where nothing of it had by T; null else,
    /// and where no start of it is known.
    begins: Option<DateTime>,
    /// The sessions behind it.
    #[graphql(complexity = "list_cost(child_complexity)")]
    items: Vec<ChainLink>,
    /// The applications that they reached.
    apps: Vec<ID>,
    /// What every answer carries.
    #[graphql(flatten)]
    carried: Carried,
}

/// What is reached from an id.
#[derive(Default)]
pub(crate) struct ReachedQuestions;

#[Object]
impl ReachedQuestions {
    /// A session's records, and what was said around it that concerns it, in one order.
    #[graphql(complexity = "connection_cost(first, child_complexity)")]
    async fn timeline(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Any id of the session.")] session: ID,
        #[graphql(desc = "By which clock rows are ordered; absent: `OCCURRED`.")] order: Option<
            ClockOrder,
        >,
        #[graphql(desc = "T and K; absent: now, and the head of the log.")] asking: Option<Asking>,
        #[graphql(desc = "Maximum rows of the page, 0 to 500; absent: 50.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the row that the page follows; absent: the first page.")]
        after: Option<String>,
    ) -> Result<RecordConnection> {
        let asker = ctx.data::<Asker>()?;
        let session = SessionId::new(session.as_str());
        let order = order.unwrap_or_default();
        let asking = Asking::into_app(asking, asker);
        let answer = asker
            .app
            .timeline(
                &asker.caller,
                &session,
                order.into(),
                &asking,
                rows(first)?,
                after.as_deref(),
            )
            .await?;
        let carried = carried(&answer);
        let page = &answer.value.page;
        let edges = page
            .items
            .iter()
            .zip(&page.cursors)
            .map(|(row, cursor)| RecordEdge { cursor: cursor.clone(), node: row.into() });
        Ok(RecordConnection {
            session: answer.value.session.as_ref().map(|id| ID(id.to_string())),
            order,
            edges: edges.collect(),
            page_info: page_info(page, after.as_deref()),
            carried,
        })
    }

    /// Where a text appears: any id that stands in the clear; for the role investigate also people
    /// by login, name or id.
    async fn find(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The text to find, spelled exactly as it is stored.")] text: String,
        #[graphql(desc = "T and K; absent: now, and the head of the log.")] asking: Option<Asking>,
    ) -> Result<FoundList> {
        let asker = ctx.data::<Asker>()?;
        let asking = Asking::into_app(asking, asker);
        let answer = asker.app.find(&asker.caller, &text, &asking).await?;
        let Carried { answered, completeness, status, absence } = carried(&answer);
        let found = answer.value;
        Ok(FoundList {
            items: vec(&found.items),
            searched: found.searched,
            not_searched: found.not_searched,
            answered,
            completeness,
            status,
            absence,
        })
    }

    /// Everything connected with an id: application sessions, the session, the IdP session and
    /// the root session, from any of them.
    async fn chain(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The id of an application session, a session, an IdP session or a root session."
        )]
        id: ID,
        #[graphql(desc = "T and K; absent: now, and the head of the log.")] asking: Option<Asking>,
    ) -> Result<Chain> {
        let asker = ctx.data::<Asker>()?;
        let asking = Asking::into_app(asking, asker);
        let answer = asker.app.chain(&asker.caller, id.as_str(), &asking).await?;
        let carried = carried(&answer);
        let chain = answer.value;
        Ok(Chain {
            id,
            kinds: chain.kinds.into_iter().map(ChainKind::from).collect(),
            begins: chain.begins.map(DateTime),
            items: vec(&chain.links),
            apps: chain.apps.iter().map(|app| ID(app.to_string())).collect(),
            carried,
        })
    }
}
