//! `/graphql/stream`: a subscription as Server-Sent Events, one a connection, as the "distinct
//! connections mode" of GraphQL over SSE has it: `event: next` with a GraphQL response each,
//! `event: complete` when there will be no more, and a comment now and then so that both sides know
//! of each other.
//!
//! The body is made as it is read: what a slow client does not read is not made. Revoking the
//! credential ends it with an error. Stopping the server ends it without one: the client resumes
//! elsewhere, or later, after the last cursor that it got.

use super::{
    Server, Shared,
    auth::{self, NotCaller},
    graphql::{admitted, bad_request, limits, refused, request, with_retry},
    subscription_slots::{NoSlot, SubscriptionSlot, holder},
};
use crate::graphql::{Asker, errors, subscribe};
use async_graphql::{
    Request, Response as Told, ServerError,
    futures_util::{StreamExt, stream},
};
use axum::{
    body::{Body, Bytes},
    extract::{Query, State, rejection::QueryRejection},
    http::{HeaderMap, HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
};
use claimledger_app::{app::UseGuard, model::question::Caller};
use std::{convert::Infallible, sync::Arc};
use tokio::{sync::watch, time::Instant};

/// How long a client waits before it tries again, when there is no place.
const AGAIN_SECS: u64 = 5;

/// A subscription in the address: what a browser's `EventSource` can send.
#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InAddress {
    query: String,
    variables: Option<String>,
    operation_name: Option<String>,
}

pub(crate) async fn get(
    State(server): State<Shared>,
    headers: HeaderMap,
    address: Result<Query<InAddress>, QueryRejection>,
) -> Response {
    let caller = match admitted(&server, &headers).await {
        Ok(caller) => caller,
        Err(refused) => return *refused,
    };
    let Ok(Query(address)) = address else { return *bad_request("query is missing".to_owned()) };
    let mut request = Request::new(address.query);
    if let Some(name) = address.operation_name {
        request = request.operation_name(name);
    }
    match address.variables.as_deref().map(serde_json::from_str::<serde_json::Value>) {
        None => {}
        Some(Ok(variables)) => {
            request = request.variables(async_graphql::Variables::from_json(variables))
        }
        Some(Err(_)) => return *bad_request("variables is not valid JSON".to_owned()),
    }
    tell(server, headers, caller, request)
}

pub(crate) async fn post(State(server): State<Shared>, headers: HeaderMap, body: Body) -> Response {
    let caller = match admitted(&server, &headers).await {
        Ok(caller) => caller,
        Err(refused) => return *refused,
    };
    match request(&headers, body).await {
        Ok(request) => tell(server, headers, caller, request),
        Err(refused) => *refused,
    }
}

fn tell(server: Shared, headers: HeaderMap, caller: Caller, request: Request) -> Response {
    let most = (server.options.subscriptions_of_one, server.options.subscriptions);
    let slot = match server.subscription_slots.take(&holder(&caller), most) {
        Ok(place) => place,
        Err(full) => return *no_place(full),
    };
    let in_use = server.app.keep_in_use(&caller);
    let limits = limits(&server);
    let asker = Asker { app: server.app.clone(), caller, after: None };
    let told = match subscribe(&server.schema, asker, request, limits) {
        Ok(told) => told,
        Err(error) => stream::once(std::future::ready(Told::from_errors(vec![*error]))).boxed(),
    };
    let told = told.map(|told| next(&told)).boxed();
    respond(server, headers, (told, Door::Graphql), (slot, in_use))
}

/// By which door a client came in: how its credential is checked again, and the event of the end.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Door {
    Graphql,
    Page,
}

impl Door {
    /// The end, where there will be no more.
    const fn end(self) -> &'static str {
        match self {
            Self::Graphql => COMPLETE,
            Self::Page => "event: end\ndata:\n\n",
        }
    }

    fn refused(self, error: ServerError) -> String {
        match self {
            Self::Graphql => next(&Told::from_errors(vec![error])) + COMPLETE,
            Self::Page => self.end().to_owned(),
        }
    }
}

/// Sends events, each as it is to stand in the body, while the credential is valid.
pub(crate) fn respond(
    server: Shared,
    headers: HeaderMap,
    (told, door): (stream::BoxStream<'static, String>, Door),
    (slot, in_use): (SubscriptionSlot, UseGuard),
) -> Response {
    let revocations = server.app.revocations();
    let heartbeat = Instant::now() + server.options.heartbeat;
    let telling = Telling {
        server,
        headers,
        told,
        door,
        revocations,
        heartbeat,
        completed: false,
        _slot: slot,
        _in_use: in_use,
    };
    let events = stream::unfold(telling, |mut telling| async move {
        let event = telling.next().await?;
        Some((Ok::<_, Infallible>(Bytes::from(event)), telling))
    });
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream; charset=utf-8"),
        // A proxy that collects answers would keep news back.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    (headers, Body::from_stream(events)).into_response()
}

fn no_place(full: NoSlot) -> Box<Response> {
    let of = if full.by_one { " of this credential" } else { "" };
    let message = format!("there are {} subscriptions{of} already, which is the limit", full.limit);
    let error = errors::refused(
        "TOO_MANY_SUBSCRIPTIONS",
        message,
        &[("limit", full.limit as u64), ("retryAfter", AGAIN_SECS)],
    );
    with_retry(refused(StatusCode::TOO_MANY_REQUESTS, error), AGAIN_SECS)
}

/// A subscription that is being sent to its client.
struct Telling {
    server: Arc<Server>,
    /// Those that it came with: they name the credential.
    headers: HeaderMap,
    told: stream::BoxStream<'static, String>,
    door: Door,
    revocations: watch::Receiver<u64>,
    heartbeat: Instant,
    completed: bool,
    _slot: SubscriptionSlot,
    /// So that a revocation by another node is noticed.
    _in_use: UseGuard,
}

/// What happened while a subscription waited.
enum Woken {
    Stopping,
    Revocation,
    Heartbeat,
    Told(Option<String>),
}

impl Telling {
    /// The next event, as bytes; none: the end.
    async fn next(&mut self) -> Option<String> {
        while !self.completed {
            let woken = tokio::select! {
                biased;
                () = self.server.shutdown.cancelled() => Woken::Stopping,
                Ok(()) = self.revocations.changed() => Woken::Revocation,
                told = self.told.next() => Woken::Told(told),
                () = tokio::time::sleep_until(self.heartbeat) => Woken::Heartbeat,
            };
            self.heartbeat = match &woken {
                Woken::Revocation => self.heartbeat,
                _ => Instant::now() + self.server.options.heartbeat,
            };
            let event = match woken {
                Woken::Stopping => return None,
                Woken::Revocation => None,
                Woken::Heartbeat => Some(":\n\n".to_owned()),
                Woken::Told(Some(told)) => Some(told),
                Woken::Told(None) => {
                    self.completed = true;
                    return Some(self.door.end().to_owned());
                }
            };
            if let Err(error) = self.still_allowed().await {
                self.completed = true;
                return Some(self.door.refused(error));
            }
            if event.is_some() {
                return event;
            }
        }
        None
    }

    /// Whether the credential is still valid. Checked before anything is sent.
    async fn still_allowed(&mut self) -> Result<(), ServerError> {
        let caller = match self.door {
            Door::Graphql => auth::of_graphql(&self.server, &self.headers).await,
            Door::Page => auth::of_page(&self.server, &self.headers).await,
        };
        match caller {
            Ok(_) => Ok(()),
            Err(NotCaller::Unauthenticated | NotCaller::Csrf) => Err(errors::refused(
                "UNAUTHENTICATED",
                "the credential was revoked".to_owned(),
                &[],
            )),
            Err(NotCaller::OtherTenant(of)) => {
                Err(errors::refused("FORBIDDEN", NotCaller::other_tenant(&of), &[]))
            }
            Err(NotCaller::Log(error)) => Err(errors::refused(
                if error.is_damage() { "CORRUPT" } else { "UNAVAILABLE" },
                errors::log(&error),
                &[],
            )),
        }
    }
}

const COMPLETE: &str = "event: complete\ndata:\n\n";

/// A response as an event. JSON has no line breaks of its own.
fn next(told: &Told) -> String {
    // A response is JSON by construction.
    format!("event: next\ndata: {}\n\n", serde_json::to_string(told).unwrap_or_default())
}
