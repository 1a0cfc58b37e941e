//! `GET /log/<origin>/…`: the tiled log of the caller's tenant, as C2SP tlog-tiles lays it out.
//! Entries are the headers of records: commitments, and no content.

use super::{Shared, auth, errors::Refused};
use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};

/// A tile or a bundle of entries never changes.
const IMMUTABLE: &str = "private, max-age=31536000, immutable";
const NO_STORE: &str = "no-store";

/// The checkpoint, a tile or a bundle of entries.
pub(crate) async fn get(
    State(server): State<Shared>,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let caller = auth::by_token(&server, &headers).await?;
    server.questions.take(&caller).map_err(Refused::too_many)?;
    let Some(file) = server.app.log_file(&caller, &path).await? else {
        return Err(Refused::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "this log has no such file: expected /log/ORIGIN/checkpoint, /log/ORIGIN/tile/L/N or \
             /log/ORIGIN/tile/entries/N",
        ));
    };
    let (kind, cache) = match file.immutable {
        true => ("application/octet-stream", IMMUTABLE),
        false => ("text/plain; charset=utf-8", NO_STORE),
    };
    Ok(([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, cache)], file.bytes).into_response())
}
