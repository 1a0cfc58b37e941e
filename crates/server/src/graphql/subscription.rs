//! The subscription. The connection to the client pulls each change when it can write it, so that
//! nothing is queued.

use super::{
    Asker,
    errors::{self, Result},
    types::SessionChange,
};
use async_graphql::{
    Context, ServerError, Subscription as GraphqlSubscription,
    futures_util::{Stream, stream},
    parser::types::{ExecutableDocument, OperationType, Selection},
};

/// The subscriptions of the credential's tenant.
#[derive(Default)]
pub(crate) struct Subscription;

/// The subscriptions of the credential's tenant.
#[GraphqlSubscription(name = "Subscription")]
impl Subscription {
    /// What each record changes of sessions, in the order of the log: first what was recorded after
    /// the cursor, then what is recorded from now on. Resuming after the cursor of the last change
    /// received neither loses nor repeats one. Without `after`: from now on. An invalid cursor ends
    /// the subscription with the code `RESTART`. Time alone sends nothing: no record says that a
    /// session passes its limit.
    async fn session_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cursor of the last change received; absent: from now on.")]
        after: Option<String>,
    ) -> Result<impl Stream<Item = Result<SessionChange>>> {
        let asker = ctx.data::<Asker>()?;
        let feed = asker.app.session_changes(&asker.caller, after.as_deref()).await?;
        Ok(stream::unfold(Some(feed), |feed| async {
            let mut feed = feed?;
            match feed.next().await {
                Ok(change) => Some((Ok(SessionChange(change)), Some(feed))),
                // It can be taken up again after the last change that arrived.
                Err(error) => Some((Err(error.into()), None)),
            }
        }))
    }
}

/// Refuses what is no subscription of one field: each field would be a feed of its own.
///
/// # Errors
/// The refusal.
pub(crate) fn check(document: &ExecutableDocument) -> Result<(), ServerError> {
    for (_, operation) in document.operations.iter() {
        if operation.node.ty != OperationType::Subscription {
            let message =
                "refused before it ran: this is for subscriptions; POST /graphql answers questions"
                    .to_owned();
            return Err(errors::refused("NOT_A_SUBSCRIPTION", message, &[]));
        }
        let fields = &operation.node.selection_set.node.items;
        if !matches!(fields.as_slice(), [field] if matches!(field.node, Selection::Field(_))) {
            let message = "refused before it ran: a subscription has one field".to_owned();
            return Err(errors::refused("ONE_FIELD", message, &[("fields", fields.len() as u64)]));
        }
    }
    Ok(())
}
