//! `POST /v1/receipts`, `POST /v1/receipts/check` and `GET /v1/evidence`: answers that
//! are signed, and packs of an answer with its records.

use super::{Server, Shared, auth, body, errors::Refused, graphql::limits};
use crate::{
    cut_names::{AT, KNOWN_AT, KNOWN_AT_POSITION},
    graphql::{
        evidence::{Evidence, NotMade, question::Question},
        limits::MAX_BODY,
    },
    known_at::KnownAt,
    parameters::Parameters,
};
use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use claimledger_app::{
    Opened,
    model::question::{Asking, Caller},
};
use claimledger_facts::ids::SessionId;
use claimledger_proof::evidence::{to_html, to_json};
use serde_json::json;

/// Maximum size of a receipt that is checked, in bytes: the answer is in it.
const MAX_RECEIPT: usize = 16 * 1024 * 1024;

/// Asks a question of GraphQL and signs the answer.
pub(crate) async fn receipt(
    State(server): State<Shared>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refused> {
    let caller = admitted(&server, &headers).await?;
    let body = body::read(body, MAX_BODY).await?;
    let question: Question = serde_json::from_slice(&body).map_err(|error| {
        Refused::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid_field",
            format!("expected {{\"query\", \"variables\"}}: {error}"),
        )
    })?;
    made(evidence(&server, &caller).receipt(&question).await, |file| Ok(Json(file).into_response()))
}

/// Checks a receipt, asks its question again, and compares the bytes.
pub(crate) async fn check(
    State(server): State<Shared>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refused> {
    let caller = admitted(&server, &headers).await?;
    let file = body::read(body, MAX_RECEIPT).await?;
    made(evidence(&server, &caller).check(&file).await, |checked| Ok(Json(checked).into_response()))
}

/// The evidence pack of a session, as a page or as JSON.
pub(crate) async fn pack(
    State(server): State<Shared>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let caller = auth::of_page(&server, &headers).await?;
    server.questions.take(&caller).map_err(Refused::too_many)?;
    let asked = Asked::read(&uri).map_err(|message| {
        Refused::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_field", message)
    })?;
    let pack = evidence(&server, &caller).pack(&asked.session, &asked.asking, asked.opened).await;
    made(pack, |pack| {
        let unreadable =
            |error: String| Refused::new(StatusCode::INTERNAL_SERVER_ERROR, "unavailable", error);
        let (text, kind, extension) = if asked.is_json {
            (to_json(&pack).map_err(|error| unreadable(error.to_string()))?, JSON, "json")
        } else {
            (to_html(&pack).map_err(|error| unreadable(error.to_string()))?, HTML, "html")
        };
        // Saved, and not shown as a page of this server. A session's id can hold anything.
        let disposition = format!("attachment; filename=\"evidence.{extension}\"");
        let mut response = ([(header::CONTENT_TYPE, kind)], text).into_response();
        if let Ok(value) = HeaderValue::from_str(&disposition) {
            response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
        }
        Ok(response)
    })
}

const JSON: &str = "application/json";
const HTML: &str = "text/html; charset=utf-8";

/// What the address of a pack says.
struct Asked {
    session: SessionId,
    asking: Asking,
    opened: Opened,
    is_json: bool,
}

impl Asked {
    fn read(uri: &Uri) -> Result<Self, String> {
        let parameters = Parameters::read(uri).map_err(|bad| bad.0)?;
        parameters.own_rules().map_err(|bad| bad.0)?;
        let mut asking =
            Asking { at: parameters.time(AT).map_err(|bad| bad.0)?, ..Asking::default() };
        for name in [KNOWN_AT, KNOWN_AT_POSITION] {
            let Some(text) = parameters.get(name) else { continue };
            let known_at = KnownAt::parse(text)
                .ok_or_else(|| format!("{name}: {text} is neither a position nor a time"))?;
            known_at.put(&mut asking);
        }
        let session = parameters.get("session").ok_or("session: expected any of its ids")?;
        let session = SessionId::from(session);
        let is_json = match parameters.get("format") {
            None | Some("html") => false,
            Some("json") => true,
            Some(other) => return Err(format!("format: {other} is neither html nor json")),
        };
        let opened = opened(parameters.get("open").unwrap_or_default())?;
        Ok(Self { session, asking, opened, is_json })
    }
}

/// What is opened beside the facts: words with commas between.
fn opened(words: &str) -> Result<Opened, String> {
    let mut opened = Opened::default();
    for word in words.split(',').filter(|word| !word.is_empty()) {
        match word {
            "personal" => opened.personal = true,
            "originals" => opened.originals = true,
            _ => return Err(format!("open: {word} is neither personal nor originals")),
        }
    }
    Ok(opened)
}

async fn admitted(server: &Server, headers: &HeaderMap) -> Result<Caller, Refused> {
    let caller = auth::of_graphql(server, headers).await?;
    server.questions.take(&caller).map_err(Refused::too_many)?;
    Ok(caller)
}

/// Evidence for one caller.
pub(crate) fn evidence<'e>(server: &'e Server, caller: &'e Caller) -> Evidence<'e> {
    Evidence { app: &server.app, schema: &server.schema, caller, limits: limits(server) }
}

/// What was made; or the errors, as GraphQL has them, with the status of the first.
fn made<T>(
    made: Result<T, NotMade>,
    shown: impl FnOnce(T) -> Result<Response, Refused>,
) -> Result<Response, Refused> {
    match made {
        Ok(made) => shown(made),
        Err(not_made) => {
            let status = status(&not_made);
            Ok((status, Json(json!({"errors": not_made.0}))).into_response())
        }
    }
}

/// The status of the first error.
pub(crate) fn status(NotMade(errors): &NotMade) -> StatusCode {
    let code = errors.first().and_then(|error| match error.extensions.as_ref()?.get("code")? {
        async_graphql::Value::String(code) => Some(code.as_str()),
        _ => None,
    });
    match code {
        Some("FORBIDDEN") => StatusCode::FORBIDDEN,
        Some("UNAVAILABLE" | "LAGGING") => StatusCode::SERVICE_UNAVAILABLE,
        Some("CORRUPT") => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}
