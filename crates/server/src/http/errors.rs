//! Refusals as HTTP shows them.

use super::{auth::NotCaller, body::BodyError};
use crate::graphql::errors::log;
use axum::{
    Json,
    body::Body,
    extract::rejection::PathRejection,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use claimledger_app::{intake::IngestError, model::question::AskError};
use claimledger_facts::refusal::{Refusal, RefusalCode};
use claimledger_ledger::{append::SequencerError, log::LogError};
use serde_json::{Map, Value, json};
use std::{
    any::Any,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tower_http::catch_panic::ResponseForPanic;

/// `{"error": {"code", "message", …}}` with a status.
pub(crate) struct Refused {
    status: StatusCode,
    error: Map<String, Value>,
    retry_after: Option<u64>,
}

impl Refused {
    /// A refusal without numbers.
    pub(crate) fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        let error = Map::from_iter([
            ("code".to_owned(), json!(code)),
            ("message".to_owned(), json!(message.into())),
        ]);
        Self { status, error, retry_after: None }
    }

    /// With an additional field.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.error.insert(name.to_owned(), value.into());
        self
    }

    /// With the seconds after which the client may try again.
    pub(crate) const fn retry_after(mut self, secs: u64) -> Self {
        self.retry_after = Some(secs);
        self
    }

    /// For a sender that repeats nothing after a status from 400 to 499: what is not its own
    /// mistake is 503.
    pub(crate) fn into_retryable(mut self) -> Self {
        if self.status.is_server_error() || self.status == StatusCode::TOO_MANY_REQUESTS {
            self.status = StatusCode::SERVICE_UNAVAILABLE;
            self.retry_after = self.retry_after.or(Some(1));
        }
        self
    }

    /// Too many requests.
    pub(crate) fn too_many(secs: u64) -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "rate_limited",
            format!("too many requests: try again in {secs} s"),
        )
        .retry_after(secs)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(json!({"error": self.error}))).into_response();
        if let Some(secs) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(secs));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<PathRejection> for Refused {
    fn from(rejection: PathRejection) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed", rejection.body_text())
    }
}

impl From<NotCaller> for Refused {
    fn from(reason: NotCaller) -> Self {
        match reason {
            NotCaller::Unauthenticated => Self::new(
                StatusCode::UNAUTHORIZED,
                "unauthenticated",
                "token missing or not recognised: send Authorization: Bearer …",
            ),
            NotCaller::Csrf => Self::new(
                StatusCode::FORBIDDEN,
                "csrf",
                "a request with a cookie needs the header x-claimledger: 1",
            ),
            NotCaller::OtherTenant(of) => {
                Self::new(StatusCode::FORBIDDEN, "forbidden", NotCaller::other_tenant(&of))
            }
            NotCaller::Log(error) => error.into(),
        }
    }
}

impl From<LogError> for Refused {
    fn from(error: LogError) -> Self {
        let message = log(&error);
        match error {
            LogError::Unavailable { .. } => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message).retry_after(1)
            }
            LogError::Stopped { .. } => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message).retry_after(5)
            }
            // No 503: the same request will not succeed later.
            LogError::Corrupt { position, .. } => {
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "corrupt", message)
                    .with("file", "log")
                    .with("position", position.0)
            }
            LogError::Damaged { file, place, .. } => {
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "corrupt", message)
                    .with("file", file)
                    .with("place", place)
            }
            LogError::TooLarge => Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message),
        }
    }
}

impl From<AskError> for Refused {
    fn from(error: AskError) -> Self {
        let message = error.to_string();
        let refused = |status, code| Self::new(status, code, message.clone());
        match error {
            AskError::Log(error) => error.into(),
            AskError::Forbidden { needs } => {
                refused(StatusCode::FORBIDDEN, "forbidden").with("needs", needs.as_str())
            }
            AskError::PageTooLarge { limit, .. } => {
                refused(StatusCode::UNPROCESSABLE_ENTITY, "page_too_large").with("limit", limit)
            }
            AskError::BadCursor => refused(StatusCode::UNPROCESSABLE_ENTITY, "bad_cursor"),
            AskError::Restart | AskError::StaleCursor { .. } => {
                refused(StatusCode::UNPROCESSABLE_ENTITY, "restart")
            }
            AskError::PastHead { size, .. } => {
                refused(StatusCode::UNPROCESSABLE_ENTITY, "past_head").with("size", size)
            }
            AskError::Lagging { .. } => {
                refused(StatusCode::SERVICE_UNAVAILABLE, "lagging").retry_after(1)
            }
            AskError::BadInput { .. } => refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid_field"),
            AskError::TooMany { limit, .. } => {
                refused(StatusCode::UNPROCESSABLE_ENTITY, "too_many").with("limit", limit)
            }
        }
    }
}

impl From<BodyError> for Refused {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge(limit) => Self::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "too_large",
                format!("the body has more than {limit} bytes"),
            )
            .with("limit", limit),
            BodyError::Cut => {
                Self::new(StatusCode::BAD_REQUEST, "malformed", "the body was cut off")
            }
            BodyError::NotGzip => Self::new(
                StatusCode::BAD_REQUEST,
                "malformed",
                "this looks like gzip, by its first bytes or its content-encoding, and cannot be \
                 unpacked",
            ),
        }
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal.code {
            RefusalCode::Malformed => StatusCode::BAD_REQUEST,
            RefusalCode::MissingField
            | RefusalCode::InvalidField
            | RefusalCode::UnknownWord
            | RefusalCode::UnknownType
            | RefusalCode::Reserved
            | RefusalCode::RecordedAt => StatusCode::UNPROCESSABLE_ENTITY,
            RefusalCode::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            RefusalCode::Source => StatusCode::FORBIDDEN,
        };
        let error = match serde_json::to_value(&refusal) {
            Ok(Value::Object(error)) => error,
            // A refusal is a plain struct; if serde ever disagrees the message still stands.
            Ok(_) | Err(_) => Map::from_iter([("message".to_owned(), json!(refusal.to_string()))]),
        };
        Self { status, error, retry_after: None }
    }
}

impl From<IngestError> for Refused {
    fn from(error: IngestError) -> Self {
        let message = error.to_string();
        match error {
            IngestError::Refused(refusal) => refusal.into(),
            IngestError::Forbidden { needs } => {
                Self::new(StatusCode::FORBIDDEN, "forbidden", message).with("needs", needs.as_str())
            }
            IngestError::Sequencer { line, item, error } => {
                let places = [("line", line), ("item", item)];
                let known = places.into_iter().filter_map(|(name, place)| Some((name, place?)));
                known.fold(sequencer(error, message), |refused, (name, at)| refused.with(name, at))
            }
        }
    }
}

fn sequencer(error: SequencerError, message: String) -> Refused {
    match error {
        SequencerError::Conflict {
            source_name,
            source_id,
            position,
            digest,
            stored_digest,
            ..
        } => Refused::new(StatusCode::CONFLICT, "conflict", message)
            .with("id", source_id.as_str())
            .with("source", source_name.as_str())
            .with("position", position.0)
            .with("digest", digest.to_string())
            .with("storedDigest", stored_digest.to_string()),
        SequencerError::StaleRevision { session, expected, current } => {
            Refused::new(StatusCode::CONFLICT, "stale_revision", message)
                .with("session", session.as_str())
                .with("expected", expected)
                .with("current", current)
        }
        SequencerError::RecordedAt { .. } => {
            Refused::new(StatusCode::UNPROCESSABLE_ENTITY, "recorded_at", message)
                .with("field", "recorded_at")
        }
        SequencerError::Log(error) => error.into(),
    }
}

/// Answers a panic with its number, and nothing else of it.
#[derive(Clone)]
pub(crate) struct Panicked(pub Arc<AtomicU64>);

impl ResponseForPanic for Panicked {
    type ResponseBody = Body;

    fn response_for_panic(&mut self, _: Box<dyn Any + Send + 'static>) -> Response {
        // What a panic says may hold what a source said, so it goes nowhere; the hook of the
        // process writes where it happened.
        let id = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        tracing::error!(panic.id = id, "a request panicked");
        let message = format!(
            "an internal error, number {id} since the start; the server's log has its place"
        );
        Refused::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message)
            .with("id", id)
            .into_response()
    }
}
