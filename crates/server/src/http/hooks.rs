//! `/v1/hooks/okta`: Okta's event hooks, and log streams that are forwarded as HTTP requests.
//!
//! Okta waits 3 s and repeats once, but never after a status from 400 to 499. So the answer is 200
//! once the events are durable, before anything is projected; 503 for every fault of this side; and
//! 4xx for the sender's own mistakes alone. An event that cannot be read is stored as it is.

use super::{
    Server, Shared, auth, body,
    errors::Refused,
    facts::{malformed, packed},
};
use axum::{
    Json,
    body::Body,
    extract::{Query, State, rejection::QueryRejection},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use claimledger_app::{
    intake::{Batch, IngestError, portions},
    model::question::Caller,
};
use claimledger_facts::vocabulary::{Channel, Role};
use claimledger_sources::{Delivery, Dialect, SourceSettings, is_gzip, okta_delivery};
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;

/// Maximum bytes of a body: more than Okta puts into one request.
const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;
/// Within this time the events are durable, or the answer is 503: Okta gives up after 3 s, which
/// include the way there and back.
const DEADLINE: Duration = Duration::from_millis(2_500);
/// The header whose value a verification request wants back.
const CHALLENGE: &str = "x-okta-verification-challenge";

/// What the address may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Parameters {
    /// The IdP whose log this is; absent: the service provider's.
    idp: Option<String>,
}

/// Answers the verification of a hook, which carries the same credential as its deliveries.
pub(crate) async fn verify(
    State(server): State<Shared>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    caller(&server, &headers).await?;
    let value = headers.get(CHALLENGE).ok_or_else(|| {
        malformed("this address is called by Okta: the verification challenge is missing")
            .with("field", CHALLENGE)
    })?;
    let is_challenge = (1..=512).contains(&value.len())
        && value.as_bytes().iter().all(|byte| matches!(byte, b'!'..=b'~'));
    match value.to_str() {
        Ok(value) if is_challenge => Ok(Json(json!({"verification": value})).into_response()),
        _ => Err(malformed("this is no verification challenge of Okta")
            .with("field", CHALLENGE)
            .with("expected", "1 to 512 characters of ASCII, without spaces")),
    }
}

/// Stores what a hook delivers.
pub(crate) async fn post(
    State(server): State<Shared>,
    parameters: Result<Query<Parameters>, QueryRejection>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refused> {
    let delivered = deliver(&server, parameters, &headers, body);
    match tokio::time::timeout(DEADLINE, delivered).await {
        Ok(delivered) => delivered?,
        Err(_) => {
            let message = "the events are not durable yet: send them again";
            return Err(Refused::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message)
                .retry_after(1));
        }
    }
    Ok(StatusCode::OK.into_response())
}

async fn caller(server: &Server, headers: &HeaderMap) -> Result<Caller, Refused> {
    let caller =
        auth::by_hook(server, headers).await.map_err(|why| Refused::from(why).into_retryable())?;
    if !caller.has(Role::Ingest) {
        return Err(IngestError::Forbidden { needs: Role::Ingest }.into());
    }
    server.facts.take(&caller).map_err(|secs| Refused::too_many(secs).into_retryable())?;
    Ok(caller)
}

async fn deliver(
    server: &Server,
    parameters: Result<Query<Parameters>, QueryRejection>,
    headers: &HeaderMap,
    body: Body,
) -> Result<(), Refused> {
    let caller = caller(server, headers).await?;
    let Query(parameters) = parameters.map_err(|rejection| malformed(rejection.body_text()))?;
    let mut settings = SourceSettings::of(Dialect::OktaSystemLog);
    if let Some(idp) = &parameters.idp {
        settings = settings.with_idp(idp)?;
    }
    let packed = packed(headers)?;
    let bytes = body::read(body, MAX_BODY_BYTES).await?;
    let Delivery { drafts, unread, is_streamed } = tokio::task::spawn_blocking(move || {
        let packed = packed || is_gzip(&bytes);
        let bytes = if packed { body::gunzip(&bytes, MAX_BODY_BYTES)? } else { bytes };
        Ok::<_, Refused>(okta_delivery(&settings, &bytes)?)
    })
    .await
    .map_err(|_| unread().into_retryable())??;
    if !unread.is_empty() {
        let (source, of) = (caller.source.as_ref(), drafts.len());
        tracing::warn!(?source, places = ?unread, of, "events of a hook cannot be read");
    }
    let channel = if is_streamed { Channel::Stream } else { Channel::Hook };
    let mut refused = None;
    for mut drafts in portions((1..).zip(drafts).collect()) {
        while !drafts.is_empty() {
            let batch = Batch {
                drafts: drafts.clone(),
                channel: channel.clone(),
                source: None,
                expected_revision: None,
                rehearsal_now: None,
            };
            match server.app.ingest(&caller, batch).await {
                Ok(_) => break,
                // An event that cannot be stored, such as one that is too large, keeps no other
                // out; the answer says so once they are in.
                Err(IngestError::Refused(refusal)) => {
                    match refusal.line {
                        Some(line) => drafts.retain(|(number, _)| *number != line),
                        None => drafts.clear(),
                    }
                    refused = Some(Refused::from(refusal));
                }
                Err(error) => return Err(Refused::from(error).into_retryable()),
            }
        }
    }
    refused.map_or(Ok(()), Err)
}

fn unread() -> Refused {
    Refused::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the body could not be read")
}
