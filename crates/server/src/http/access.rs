//! The request that is being answered, for the access log: set in one place around all routes
//! (`crate::recording`), so that no handler can forget it.

use axum::http::HeaderMap;
use claimledger_app::model::{
    access::{Reason, Request},
    question::Caller,
};
use claimledger_facts::vocabulary::Surface;
use std::sync::Arc;

/// The header with the purpose.
const PURPOSE: &str = "claimledger-purpose";
/// The header with the id of the case.
const CASE: &str = "claimledger-case";

/// Marks a redirection that is itself an answer: it leads to what a text was found as, so that it
/// is recorded like any other answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Disclosing;

tokio::task_local! {
    /// The request that is being answered. Set in one place, so that no handler can forget it.
    static REQUEST: Arc<Request>;
}

/// Runs what answers a request.
pub(crate) async fn answering<T>(request: &Arc<Request>, answer: impl Future<Output = T>) -> T {
    REQUEST.scope(Arc::clone(request), answer).await
}

/// The caller, with the request that is being answered.
pub(crate) fn asking(caller: Caller) -> Caller {
    let Ok(request) = REQUEST.try_with(Arc::clone) else { return caller };
    if let Some(kept) = caller.request() {
        // A reader of pages states the reason once, for the session.
        request.state_reason(kept.reason());
    }
    caller.with_request(request)
}

/// How a request to this path came.
pub(crate) fn surface(path: &str) -> Surface {
    let first = path.trim_start_matches('/');
    if first.starts_with("graphql/stream") || first == "live" {
        Surface::Subscription
    } else if first.starts_with("graphql") {
        Surface::Graphql
    } else if first.starts_with("v1/export") {
        Surface::Export
    } else if first.starts_with("v1/") || first.starts_with("log/") {
        Surface::Http
    } else {
        Surface::Page
    }
}

/// The reason that the headers state.
pub(crate) fn reason(headers: &HeaderMap) -> Result<Reason, String> {
    let text = |name: &str| match headers.get(name).map(|value| str::from_utf8(value.as_bytes())) {
        Some(Ok(text)) => Ok(Some(text)),
        Some(Err(_)) => Err(format!("the header {name} is not UTF-8")),
        None => Ok(None),
    };
    Reason::new(text(PURPOSE)?, text(CASE)?)
}
