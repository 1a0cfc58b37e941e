//! Health, and reports of the content security policy.

use super::{Shared, body, errors::Refused};
use axum::{
    Json,
    body::Body,
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};
use claimledger_app::model::health::{Cause, Part};
use claimledger_facts::ids::TenantId;
use claimledger_ledger::log::LogError;
use serde_json::{Value, json};
use std::sync::{Arc, atomic::Ordering};

/// Damage that a page met: the middleware has the ledger take note of it.
#[derive(Clone)]
pub(crate) struct DamageSeen {
    pub(crate) tenant: TenantId,
    pub(crate) damage: Arc<LogError>,
}

/// The process lives.
pub(crate) async fn live(State(server): State<Shared>) -> Json<Value> {
    Json(json!({
        "status": "live",
        "cspReports": server.csp_reports.load(Ordering::Relaxed),
        "panics": server.panics.load(Ordering::Relaxed),
    }))
}

/// Whether records are taken and answers are up to date; else 503 with the parts that do not work.
/// What leaves the ledger ready is beside it, as warnings.
/// Nobody is authenticated here: it names no tenant and no position.
pub(crate) async fn ready(State(server): State<Shared>) -> Result<Response, Refused> {
    server.app.tenants().await?;
    let health = server.app.health();
    let listed = |parts: Vec<(Part, Cause)>| {
        let in_json = |(part, cause): (Part, Cause)| {
            let since = cause.since.to_string();
            json!({"part": part.as_str(), "why": cause.why, "since": since})
        };
        parts.into_iter().map(in_json).collect::<Vec<Value>>()
    };
    let (causes, warnings) = (listed(health.causes()), listed(health.warnings()));
    let (status, mut body) = match causes.is_empty() {
        true => (StatusCode::OK, json!({"status": "ready"})),
        false => {
            (StatusCode::SERVICE_UNAVAILABLE, json!({"status": "not ready", "causes": causes}))
        }
    };
    if !warnings.is_empty() {
        body["warnings"] = warnings.into();
    }
    Ok((status, Json(body)).into_response())
}

/// Has the ledger take note of damage that a page met.
pub(crate) async fn notice_damage(
    State(server): State<Shared>,
    request: Request,
    next: Next,
) -> Response {
    let response = next.run(request).await;
    if let Some(DamageSeen { tenant, damage }) = response.extensions().get() {
        server.app.damage_seen(tenant, damage).await;
    }
    response
}

/// A browser refused something of a page. There should never be one: counted, and logged without
/// the address it happened at.
pub(crate) async fn csp_report(State(server): State<Shared>, body: Body) -> Response {
    let Ok(bytes) = body::read(body, 16 * 1024).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let report: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let directive = report["csp-report"]["effective-directive"]
        .as_str()
        .or(report["csp-report"]["violated-directive"].as_str())
        .unwrap_or("unknown");
    // The word comes from outside, so only its letters and hyphens are written down.
    let directive: String =
        directive.chars().filter(|c| c.is_ascii_alphabetic() || *c == '-').take(40).collect();
    server.csp_reports.fetch_add(1, Ordering::Relaxed);
    tracing::warn!(directive, "content security policy report");
    StatusCode::NO_CONTENT.into_response()
}
