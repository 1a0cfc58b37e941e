//! Routes and what stands around every answer: limits of time and size, headers, panics.

pub(crate) mod auth;
pub(crate) mod body;
mod connections;
pub(crate) mod errors;
pub(crate) mod facts;
pub(crate) mod graphql;
pub(crate) mod headers;
pub(crate) mod health;
mod host;
pub(crate) mod listen;
pub(crate) mod rate;
pub(crate) mod rebuild;
pub(crate) mod stream;
pub(crate) mod subscription_slots;

#[cfg(test)]
mod tests;

use crate::{
    graphql::{LedgerSchema, schema},
    options::ServerOptions,
    pages,
};
use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::StatusCode,
    middleware,
    routing::{get, post},
};
use claimledger_app::app::App;
use rate::Limiter;
use std::sync::{Arc, atomic::AtomicU64};
use subscription_slots::SubscriptionSlots;
use tokio_util::sync::CancellationToken;
use tower_http::{catch_panic::CatchPanicLayer, timeout::TimeoutLayer};

/// What every handler shares.
pub(crate) struct Server {
    /// The ledger.
    pub app: App,
    /// How it runs.
    pub options: ServerOptions,
    /// The schema.
    pub schema: LedgerSchema,
    /// Questions, by credential.
    pub questions: Limiter,
    /// Requests with facts, by credential.
    pub facts: Limiter,
    /// Slots of subscriptions.
    pub subscription_slots: Arc<SubscriptionSlots>,
    /// Ends what would never end by itself.
    pub shutdown: CancellationToken,
    /// Reports of the content security policy since the start.
    pub csp_reports: AtomicU64,
    /// Panics that were caught since the start.
    pub panics: Arc<AtomicU64>,
}

/// The state of the router.
pub(crate) type Shared = Arc<Server>;

pub(crate) fn router(app: App, options: ServerOptions, shutdown: CancellationToken) -> Router {
    let timeout = options.request_timeout;
    let panics = Arc::new(AtomicU64::new(0));
    let server = Arc::new(Server {
        schema: schema(&options),
        questions: Limiter::new(options.rate),
        facts: Limiter::new(options.facts_rate),
        subscription_slots: Arc::default(),
        shutdown,
        csp_reports: AtomicU64::new(0),
        panics: panics.clone(),
        app,
        options,
    });
    Router::new()
        .route("/graphql", post(graphql::post))
        .route("/graphql/stream", get(stream::get).post(stream::post))
        .route("/v1/facts", post(facts::post))
        .route("/v1/rebuild", post(rebuild::post).get(rebuild::get))
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/csp-report", post(health::csp_report))
        .merge(pages::routes())
        .fallback(pages::no_such_page)
        .layer(middleware::from_fn_with_state(server.clone(), health::notice_damage))
        .with_state(server)
        // Each handler bounds its own body; this holds for those that take none.
        .layer(DefaultBodyLimit::max(256 * 1024))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, timeout))
        .layer(CatchPanicLayer::custom(errors::Panicked(panics)))
        .layer(middleware::from_fn(host::check))
        .layer(middleware::from_fn(headers::add))
        .layer(middleware::from_fn(headers::trace))
}
