//! `GET` and `POST /v1/credentials`, `DELETE /v1/credentials/{credential}`: who may do what, for
//! the role govern.

use super::{Server, Shared, auth, body, errors::Refused};
use axum::{
    Json,
    body::Body,
    extract::{Path, State, rejection::PathRejection},
    http::{HeaderMap, StatusCode},
};
use claimledger_app::{app::Credential, model::question::Caller};
use claimledger_facts::{ids::SourceId, vocabulary::Role};
use serde::Deserialize;
use serde_json::{Value, json};

/// Maximum size of a request for a credential, in bytes.
const MAX_BODY: usize = 16 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    roles: Vec<String>,
    #[serde(default)]
    source: Option<SourceId>,
}

/// Credentials of the tenant, revoked ones too; no tokens.
pub(crate) async fn list(
    State(server): State<Shared>,
    headers: HeaderMap,
) -> Result<Json<Value>, Refused> {
    let caller = admitted(&server, &headers).await?;
    let credentials = server.app.credentials(&caller).await?;
    Ok(Json(json!({"tenant": caller.tenant.as_str(),
        "credentials": credentials.iter().map(shown).collect::<Vec<_>>()})))
}

/// Creates a credential. Its token is in this answer, and nowhere else.
pub(crate) async fn grant(
    State(server): State<Shared>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Value>), Refused> {
    let caller = admitted(&server, &headers).await?;
    let example = "{\"roles\": [\"read\"], \"source\": null}";
    let Wanted { roles, source } = body::object(body, MAX_BODY, example).await?;
    let mut roles = roles.iter().map(|word| role(word)).collect::<Result<Vec<_>, _>>()?;
    roles.sort_unstable();
    roles.dedup();
    let (credential, token) = server.app.grant(&caller, &roles, source.as_ref()).await?;
    let answer = json!({"tenant": caller.tenant.as_str(), "credential": credential,
        "token": token, "roles": roles.iter().map(|role| role.as_str()).collect::<Vec<_>>(),
        "source": source});
    Ok((StatusCode::CREATED, Json(answer)))
}

/// Revokes a credential: at once on this node, on others within seconds. Again: the same answer.
pub(crate) async fn revoke(
    State(server): State<Shared>,
    headers: HeaderMap,
    credential: Result<Path<String>, PathRejection>,
) -> Result<Json<Value>, Refused> {
    let caller = admitted(&server, &headers).await?;
    let Path(credential) = credential?;
    if server.app.revoke(&caller, &credential).await? {
        return Ok(Json(json!({"credential": credential, "revoked": true})));
    }
    let message = "no credential of this tenant has this id";
    Err(Refused::new(StatusCode::NOT_FOUND, "not_found", message))
}

async fn admitted(server: &Server, headers: &HeaderMap) -> Result<Caller, Refused> {
    let caller = auth::by_token(server, headers).await?;
    server.questions.take(&caller).map_err(Refused::too_many)?;
    Ok(caller)
}

fn role(word: &str) -> Result<Role, Refused> {
    Role::parse(word).ok_or_else(|| {
        let words: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
        invalid(format!("roles: {word:?} is none of {}", words.join(", ")))
    })
}

fn invalid(message: String) -> Refused {
    Refused::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_field", message)
}

fn shown(credential: &Credential) -> Value {
    let roles: Vec<&str> = credential.roles.iter().map(|role| role.as_str()).collect();
    json!({"credential": credential.id, "roles": roles, "source": credential.source,
        "createdAt": credential.created_at, "revokedAt": credential.revoked_at})
}
