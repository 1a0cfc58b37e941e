//! `GET /v1/sources`: what is polled, and how that goes.

use super::{Shared, auth, errors::Refused};
use axum::{Json, extract::State, http::HeaderMap};
use claimledger_app::intake::SourceValue;
use claimledger_ledger::{log::LogError, state::StateError};
use serde_json::{Value, json};

/// Each source with its settings, which hold no secret, and what its poller has done.
pub(crate) async fn get(
    State(server): State<Shared>,
    headers: HeaderMap,
) -> Result<Json<Value>, Refused> {
    let caller = auth::by_token(&server, &headers).await?;
    server.questions.take(&caller).map_err(Refused::too_many)?;
    let states = server.app.source_states(&caller).await?;
    let mut sources = Vec::new();
    let failed = |error| match error {
        StateError::Log(error) => Refused::from(error),
        error => LogError::unavailable(error.to_string()).into(),
    };
    for id in states.sources(SourceValue::Settings).await.map_err(failed)? {
        let mut source = json!({"id": id});
        for (name, value) in
            [("settings", SourceValue::Settings), ("progress", SourceValue::Cursor)]
        {
            if let Some(stored) = states.load(value, &id).await.map_err(failed)? {
                source[name] = serde_json::from_slice(&stored.value).unwrap_or_default();
            }
        }
        sources.push(source);
    }
    Ok(Json(json!({"sources": sources})))
}
