//! Routes of endpoints and pages, and the layers around them.

use crate::{
    graphql::schema,
    http::{
        Server, credentials, errors, evidence, export, facts, graphql, headers, health, hooks,
        host, log_files, rate::Limiter, rebuild, retractions, sources, stream,
    },
    options::ServerOptions,
    pages, recording,
};
use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::StatusCode,
    middleware,
    routing::{delete, get, post},
};
use claimledger_app::app::App;
use std::sync::{Arc, atomic::AtomicU64};
use tokio_util::sync::CancellationToken;
use tower_http::{catch_panic::CatchPanicLayer, timeout::TimeoutLayer};

pub(crate) fn router(app: App, options: ServerOptions, shutdown: CancellationToken) -> Router {
    let timeout = options.request_timeout;
    let panics = Arc::new(AtomicU64::new(0));
    let server = Arc::new(Server {
        schema: schema(&options),
        questions: Limiter::new(options.rate),
        facts: Limiter::new(options.facts_rate),
        subscription_slots: Arc::default(),
        live_slots: Arc::default(),
        shutdown,
        csp_reports: AtomicU64::new(0),
        panics: panics.clone(),
        app,
        options,
    });
    Router::new()
        .route("/graphql", post(graphql::post))
        .route("/graphql/stream", get(stream::get).post(stream::post))
        .route("/live", get(pages::live_events::get))
        .route("/v1/facts", post(facts::post))
        .route("/v1/export/{list}", get(export::get))
        .route("/v1/evidence", get(evidence::pack))
        .route("/v1/receipts", post(evidence::receipt))
        .route("/v1/receipts/check", post(evidence::check))
        .route("/v1/hooks/okta", get(hooks::verify).post(hooks::post))
        .route("/v1/rebuild", post(rebuild::post).get(rebuild::get))
        .route("/v1/sources", get(sources::get))
        .route("/v1/credentials", get(credentials::list).post(credentials::grant))
        .route("/v1/credentials/{credential}", delete(credentials::revoke))
        .route("/v1/retractions", post(retractions::post))
        .route("/log/{*path}", get(log_files::get))
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/csp-report", post(health::csp_report))
        .merge(pages::routes())
        .fallback(pages::no_such_page)
        .layer(middleware::from_fn_with_state(server.clone(), pages::sheet::around))
        .layer(middleware::from_fn_with_state(server.clone(), recording::record))
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
