//! `POST /v1/retractions`: records a retraction of trust, for the role govern.

use super::{Shared, auth, body, errors::Refused};
use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use claimledger_app::model::{
    question::AskError,
    retraction::{RetractError, Retracts, WantedRetraction},
};
use claimledger_facts::{
    ids::{IdpId, KeyId, TicketId},
    refusal::Refusal,
    time::Time,
};
use claimledger_ledger::append::AppendOutcome;
use serde::Deserialize;
use serde_json::Value;

/// Maximum size of a request, in bytes.
const MAX_BODY: usize = 64 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Sent {
    id: String,
    idp: IdpId,
    key: Option<KeyId>,
    whole_idp: Option<bool>,
    from: String,
    reason: String,
    ticket: Option<TicketId>,
}

/// Records it, once for each id. 201: it is new; 200: it was recorded already.
pub(crate) async fn post(
    State(server): State<Shared>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Value>), Refused> {
    let caller = auth::by_token(&server, &headers).await?;
    server.questions.take(&caller).map_err(Refused::too_many)?;
    let example = "{\"id\": \"leak-1\", \"idp\": \"idp-x\", \"key\": \"X1\", \"from\": \
                   \"2026-03-10T13:40:00Z\", \"reason\": \"key_leaked\"}";
    let sent: Sent = body::object(body, MAX_BODY, example).await?;
    let wanted = sent.wanted()?;
    let recorded = server.app.retract(&caller, &wanted).await?;
    let status = match recorded.outcome {
        AppendOutcome::Stored => StatusCode::CREATED,
        AppendOutcome::Repeated | AppendOutcome::Variant => StatusCode::OK,
    };
    Ok((status, Json(recorded.to_value(&wanted.id))))
}

impl Sent {
    fn wanted(self) -> Result<WantedRetraction, Refusal> {
        let from = Time::parse(&self.from).map_err(|error| {
            Refusal::invalid("from", "a time with an offset", format!("{} is {error}", self.from))
        })?;
        Ok(WantedRetraction {
            retracts: retracts(self.key, self.whole_idp == Some(true))?,
            id: self.id,
            idp: self.idp,
            from,
            reason: self.reason,
            ticket: self.ticket,
            // The answer names what was retracted already.
            shown: None,
        })
    }
}

/// One key or the whole IdP: one of the two has to be said.
fn retracts(key: Option<KeyId>, whole_idp: bool) -> Result<Retracts, Refusal> {
    let expected = "a key, or \"wholeIdp\": true";
    match (key, whole_idp) {
        (Some(key), false) => Ok(Retracts::Key(key)),
        (None, true) => Ok(Retracts::WholeIdp),
        (None, false) => Err(Refusal::missing("key", expected)),
        (Some(_), true) => {
            Err(Refusal::invalid("wholeIdp", expected, "a key and the whole IdP are both named"))
        }
    }
}

impl From<RetractError> for Refused {
    fn from(error: RetractError) -> Self {
        match error {
            RetractError::Asked(error) => error.into(),
            RetractError::Refused(error) => error.into(),
            already @ RetractError::Already { .. } => {
                AskError::BadInput { what: already.to_string() }.into()
            }
        }
    }
}
