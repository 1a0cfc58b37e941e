//! Health, and reports of the content security policy.

use super::{Shared, body, errors::Refused};
use axum::{
    Json,
    body::Body,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use std::sync::atomic::Ordering;

/// The process lives.
pub(crate) async fn live(State(server): State<Shared>) -> Json<Value> {
    Json(json!({
        "status": "live",
        "cspReports": server.csp_reports.load(Ordering::Relaxed),
        "panics": server.panics.load(Ordering::Relaxed),
    }))
}

/// The log can be read.
pub(crate) async fn ready(State(server): State<Shared>) -> Result<Json<Value>, Refused> {
    server.app.tenants().await?;
    Ok(Json(json!({"status": "ready"})))
}

/// A browser refused something of a page. There should never be one: counted, and logged without the address it happened at.
pub(crate) async fn csp_report(State(server): State<Shared>, body: Body) -> Response {
    let Ok(bytes) = body::read(body, 16 * 1024).await else { return StatusCode::PAYLOAD_TOO_LARGE.into_response() };
    let report: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let directive = report["csp-report"]["effective-directive"].as_str().or(report["csp-report"]["violated-directive"].as_str()).unwrap_or("unknown");
    // The word comes from outside, so only its letters and hyphens are written down.
    let directive: String = directive.chars().filter(|c| c.is_ascii_alphabetic() || *c == '-').take(40).collect();
    server.csp_reports.fetch_add(1, Ordering::Relaxed);
    tracing::warn!(directive, "content security policy report");
    StatusCode::NO_CONTENT.into_response()
}
