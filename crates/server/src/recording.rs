//! The access log around every request: what its questions disclose is written as one entry before
//! its answer is sent. The parts of an answer that is sent in parts are written one by one.

use crate::{
    http::{Shared, access, errors::Refused, graphql},
    pages, parameters,
};
use axum::{
    extract::{Query, Request as HttpRequest, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};
use claimledger_app::model::{access::Request, question::AskError};
use claimledger_facts::vocabulary::Surface;
use claimledger_ledger::log::LogError;

/// Answers a request, and writes what it disclosed before the answer is sent.
pub(crate) async fn record(
    State(server): State<Shared>,
    request: HttpRequest,
    next: Next,
) -> Response {
    let surface = access::surface(request.uri().path());
    let reason = match access::reason(request.headers()) {
        Ok(reason) => reason,
        Err(what) => return refused(surface, what),
    };
    let asked = Request::gathering(surface, reason);
    let pairs = Query::<Vec<(String, String)>>::try_from_uri(request.uri());
    asked.state_parameters(parameters::recorded(
        pairs.map(|Query(pairs)| pairs).unwrap_or_default(),
    ));
    let response = access::answering(&asked, next.run(request)).await;
    let shows_nothing = response.extensions().get::<access::Disclosing>().is_none();
    if response.status().is_redirection() && shows_nothing {
        // Nothing was shown: the address that it leads to is a request of its own.
        return response;
    }
    match server.app.record_request(&asked).await {
        Ok(()) => response,
        Err(error) => not_recorded(surface, error),
    }
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
