//! `POST /v1/rebuild` and `GET /v1/rebuild`: the read models are rebuilt, while everything is
//! answered as before.

use super::{Shared, auth, errors::Refused};
use axum::{
    Json,
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use claimledger_app::rebuild::RebuildError;
use serde::Deserialize;
use serde_json::json;

/// What the address may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Parameters {
    /// Switch although the rows differ.
    replace: bool,
}

/// Starts one; it is not waited for.
pub(crate) async fn post(
    State(server): State<Shared>,
    parameters: Result<Query<Parameters>, axum::extract::rejection::QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let caller = auth::by_token(&server, &headers).await?;
    server.questions.take(&caller).map_err(Refused::too_many)?;
    let Query(Parameters { replace }) = parameters.map_err(|rejection| {
        Refused::new(StatusCode::BAD_REQUEST, "malformed", rejection.body_text())
    })?;
    server.app.start_rebuild(&caller, replace).await?;
    let rebuild = server.app.rebuild_state(&caller).await?;
    Ok((StatusCode::ACCEPTED, Json(json!({"rebuild": rebuild}))).into_response())
}

/// How the one goes that was started last, and what the last switch found.
pub(crate) async fn get(
    State(server): State<Shared>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let caller = auth::by_token(&server, &headers).await?;
    server.questions.take(&caller).map_err(Refused::too_many)?;
    let rebuild = server.app.rebuild_state(&caller).await?;
    let last = server.app.last_rebuild(&caller).await?;
    Ok(Json(json!({"rebuild": rebuild, "last": last})).into_response())
}

impl From<RebuildError> for Refused {
    fn from(error: RebuildError) -> Self {
        let message = error.to_string();
        match error {
            RebuildError::Forbidden { needs } => {
                Self::new(StatusCode::FORBIDDEN, "forbidden", message).with("needs", needs.as_str())
            }
            RebuildError::UnderWay => Self::new(StatusCode::CONFLICT, "under_way", message),
            RebuildError::Differs(_) => Self::new(StatusCode::CONFLICT, "differs", message),
            RebuildError::Log(error) => error.into(),
        }
    }
}
