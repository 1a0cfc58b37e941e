//! `POST /graphql`: one operation a request, JSON only, no GET and no batch (a batch would multiply
//! every limit).
//!
//! Status, as GraphQL over HTTP has it: a request that was refused before it ran answers 200 with
//! `errors` and `data: null` as `application/json`, and 400 to clients that accept
//! `application/graphql-response+json`. 401, 403, 413, 415, 429 and 503 are about the request as
//! such, and carry `errors` too.

use super::{
    Server, Shared,
    auth::{self, NotCaller},
    body::{self, BodyError},
};
use crate::{
    graphql::{
        Asker, errors,
        limits::{Limits, MAX_BODY},
        run,
    },
    known_at::KnownAt,
};
use async_graphql::{Request, Response as Answer, ServerError};
use axum::{
    Json,
    body::Body,
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use claimledger_app::model::question::Caller;
use claimledger_facts::ids::LogPosition;
use claimledger_ledger::log::LogError;

const RESPONSE_JSON: &str = "application/graphql-response+json";

pub(crate) async fn post(
    State(server): State<Shared>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Response {
    match answer(&server, query.as_deref(), &headers, body).await {
        Ok(answer) => {
            let strict = headers
                .get(header::ACCEPT)
                .and_then(|accept| accept.to_str().ok())
                .is_some_and(|accept| accept.contains(RESPONSE_JSON));
            let refused = !answer.errors.is_empty()
                && answer.data == async_graphql::Value::Null
                && answer.errors.iter().all(|e| e.path.is_empty());
            let status = if strict && refused { StatusCode::BAD_REQUEST } else { StatusCode::OK };
            let mut response = (status, Json(answer)).into_response();
            if strict {
                response
                    .headers_mut()
                    .insert(header::CONTENT_TYPE, HeaderValue::from_static(RESPONSE_JSON));
            }
            response
        }
        Err(refused) => *refused,
    }
}

async fn answer(
    server: &Server,
    query: Option<&str>,
    headers: &HeaderMap,
    body: Body,
) -> Result<Answer, Box<Response>> {
    let caller = admitted(server, headers).await?;
    let after = after(query)?;
    let request = request(headers, body).await?;
    Ok(ask(server, caller, after, request).await)
}

/// Who asks, if it is not too often.
pub(crate) async fn admitted(
    server: &Server,
    headers: &HeaderMap,
) -> Result<Caller, Box<Response>> {
    let caller = auth::of_graphql(server, headers).await.map_err(not_caller)?;
    server.questions.take(&caller).map_err(|secs| {
        let error = errors::refused(
            "RATE_LIMITED",
            format!("too many operations: try again in {secs} s"),
            &[("retryAfter", secs)],
        );
        with_retry(refused(StatusCode::TOO_MANY_REQUESTS, error), secs)
    })?;
    Ok(caller)
}

/// The request of a body.
pub(crate) async fn request(headers: &HeaderMap, body: Body) -> Result<Request, Box<Response>> {
    let content_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(refused(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            errors::refused("NOT_JSON", "content-type must be application/json".to_owned(), &[]),
        ));
    }
    let bytes = body::read(body, MAX_BODY).await.map_err(bad_body)?;
    parse(&bytes)
}

/// Runs a request of a caller within the request's time.
pub(crate) async fn ask(
    server: &Server,
    caller: Caller,
    after: Option<LogPosition>,
    request: Request,
) -> Answer {
    run(&server.schema, Asker { app: server.app.clone(), caller, after }, request, limits(server))
        .await
}

/// The limits of this server.
pub(crate) fn limits(server: &Server) -> Limits {
    Limits { max_cost: server.options.max_cost, introspection: server.options.introspection }
}

fn after(query: Option<&str>) -> Result<Option<LogPosition>, Box<Response>> {
    let named = query.unwrap_or_default().split('&').find_map(|pair| pair.strip_prefix("after="));
    match named.map(KnownAt::parse) {
        None => Ok(None),
        Some(Some(KnownAt::Position(position))) => Ok(Some(position)),
        Some(Some(KnownAt::Time(_)) | None) => {
            Err(bad_request("after must be a position".to_owned()))
        }
    }
}

/// One request as JSON. An array is refused before its members are looked at.
pub(crate) fn parse(bytes: &[u8]) -> Result<Request, Box<Response>> {
    if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
        return Err(refused(
            StatusCode::BAD_REQUEST,
            errors::refused(
                "BATCH_REFUSED",
                "one operation per request: batches are not supported".to_owned(),
                &[],
            ),
        ));
    }
    // What serde says of a request may hold parts of it, but goes to nobody but its sender.
    serde_json::from_slice(bytes)
        .map_err(|error| bad_request(format!("the body is not a GraphQL request: {error}")))
}

pub(crate) fn bad_request(message: String) -> Box<Response> {
    refused(StatusCode::BAD_REQUEST, errors::refused("BAD_REQUEST", message, &[]))
}

/// What was asked cannot be recorded, and is not shown.
pub(crate) fn unavailable(error: &LogError) -> Box<Response> {
    not_caller(NotCaller::Log(error.again()))
}

fn bad_body(error: BodyError) -> Box<Response> {
    match error {
        BodyError::TooLarge(limit) => {
            let limit = limit as u64;
            let error = errors::refused(
                "BODY_TOO_LARGE",
                format!("the body has more than {limit} bytes"),
                &[("limit", limit)],
            );
            refused(StatusCode::PAYLOAD_TOO_LARGE, error)
        }
        BodyError::Cut | BodyError::NotGzip => bad_request("the body was cut off".to_owned()),
    }
}

fn not_caller(reason: NotCaller) -> Box<Response> {
    match reason {
        NotCaller::Unauthenticated => {
            let error = errors::refused(
                "UNAUTHENTICATED",
                "token missing or not recognised: send Authorization: Bearer …".to_owned(),
                &[],
            );
            let mut response = refused(StatusCode::UNAUTHORIZED, error);
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            response
        }
        NotCaller::Csrf => refused(
            StatusCode::FORBIDDEN,
            errors::refused(
                "CSRF",
                "a request with a cookie needs the header x-claimledger: 1".to_owned(),
                &[],
            ),
        ),
        NotCaller::OtherTenant(of) => refused(
            StatusCode::FORBIDDEN,
            errors::refused("FORBIDDEN", NotCaller::other_tenant(&of), &[]),
        ),
        NotCaller::Log(error) => {
            if error.is_damage() {
                return refused(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    errors::refused("CORRUPT", errors::log(&error), &[]),
                );
            }
            let response = refused(
                StatusCode::SERVICE_UNAVAILABLE,
                errors::refused("UNAVAILABLE", errors::log(&error), &[]),
            );
            with_retry(response, 1)
        }
    }
}

pub(crate) fn refused(status: StatusCode, error: ServerError) -> Box<Response> {
    Box::new((status, Json(Answer::from_errors(vec![error]))).into_response())
}

pub(crate) fn with_retry(mut response: Box<Response>, secs: u64) -> Box<Response> {
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(secs));
    response
}
