//! The access log around every request: what its questions disclose is written as one entry before
//! its answer is sent. The parts of an answer that is sent in parts are written one by one.

use super::{Shared, errors::Refused, graphql};
use crate::{pages, parameters};
use axum::{
    extract::{Query, Request as HttpRequest, State},
    http::{HeaderMap, StatusCode},
    middleware::Next,
    response::{IntoResponse, Response},
};
use claimledger_app::model::{
    access::{Reason, Request},
    question::{AskError, Caller},
};
use claimledger_facts::vocabulary::Surface;
use claimledger_ledger::log::LogError;
use std::sync::Arc;

/// The header with the purpose.
const PURPOSE: &str = "claimledger-purpose";
/// The header with the id of the case.
const CASE: &str = "claimledger-case";

tokio::task_local! {
    /// The request that is being answered. Set in one place, so that no handler can forget it.
    static REQUEST: Arc<Request>;
}

/// Answers a request, and writes what it disclosed before the answer is sent.
pub(crate) async fn record(
    State(server): State<Shared>,
    request: HttpRequest,
    next: Next,
) -> Response {
    let surface = surface(request.uri().path());
    let reason = match reason(request.headers()) {
        Ok(reason) => reason,
        Err(what) => return refused(surface, what),
    };
    let asked = Request::gathering(surface, reason);
    let pairs = Query::<Vec<(String, String)>>::try_from_uri(request.uri());
    asked.state_parameters(parameters::recorded(
        pairs.map(|Query(pairs)| pairs).unwrap_or_default(),
    ));
    let response = REQUEST.scope(Arc::clone(&asked), next.run(request)).await;
    if response.status().is_redirection() {
        // Nothing was shown: the address that it leads to is a request of its own.
        return response;
    }
    match server.app.record_request(&asked).await {
        Ok(()) => response,
        Err(error) => not_recorded(surface, error),
    }
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

fn surface(path: &str) -> Surface {
    let first = path.trim_start_matches('/');
    if first.starts_with("graphql/stream") {
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
fn reason(headers: &HeaderMap) -> Result<Reason, String> {
    let text = |name: &str| match headers.get(name).map(|value| str::from_utf8(value.as_bytes())) {
        Some(Ok(text)) => Ok(Some(text)),
        Some(Err(_)) => Err(format!("the header {name} is not UTF-8")),
        None => Ok(None),
    };
    Reason::new(text(PURPOSE)?, text(CASE)?)
}

fn refused(surface: Surface, what: String) -> Response {
    match surface {
        Surface::Graphql | Surface::Subscription => *graphql::bad_request(what),
        Surface::Page => pages::refused(AskError::BadInput { what }),
        Surface::Cli | Surface::Http | Surface::Export => {
            Refused::new(StatusCode::BAD_REQUEST, "reason", what).into_response()
        }
    }
}

/// What was asked is not shown, because that could not be recorded.
fn not_recorded(surface: Surface, error: LogError) -> Response {
    match surface {
        Surface::Graphql | Surface::Subscription => *graphql::unavailable(&error),
        Surface::Page => pages::refused(error.into()),
        Surface::Cli | Surface::Http | Surface::Export => Refused::from(error).into_response(),
    }
}
