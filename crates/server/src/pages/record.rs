//! `/record`: one record, opened. Records of a session open beside it; this page is for those that
//! are of none, such as a change of a policy.

use super::{
    address::Address,
    decision,
    error_page::{PageError, Unknown, lagging},
    frame::{self, Strip},
    parameters::Parameters,
    records,
    session::caller,
    text::inert,
};
use crate::http::{Server, Shared};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Redirect, Response},
};
use claimledger_app::model::{answer::DecisionAt, question::Caller};
use claimledger_facts::ids::LogPosition;
use maud::html;

/// The page of a record, without T, K and R.
pub(super) fn address(position: LogPosition) -> Address {
    Address::new("/record").with("pos", position.0.to_string())
}

pub(crate) async fn get(State(server): State<Shared>, uri: Uri, headers: HeaderMap) -> Response {
    let caller = match caller(&server, &uri, &headers).await {
        Ok(caller) => caller,
        Err(trouble) => return trouble.page(None),
    };
    answer(&server, &caller, &uri).await.unwrap_or_else(|trouble| trouble.page(Some(&caller)))
}

async fn answer(server: &Server, caller: &Caller, uri: &Uri) -> Result<Response, PageError> {
    let parameters = Parameters::read(uri)?;
    let position = parameters
        .number("pos")?
        .map(LogPosition)
        .ok_or_else(|| PageError::refused("The address names no record: pos is missing."))?;
    let cut = parameters.cut()?;
    let after = parameters.number("after")?.map(LogPosition);
    let answer = server.app.decision(caller, position, &cut.asking(after)).await?;
    if let Some(response) = lagging(caller, &answer) {
        return Ok(response);
    }
    let (keep, list) = (address(position), "/sessions");
    let here = cut.pin(keep.clone(), &answer.answered);
    if !parameters.is_pinned(&cut) {
        return Ok(Redirect::to(&here.href()).into_response());
    }
    let known_from = match &answer.value {
        DecisionAt::NotYetKnown { from, .. } => Some(*from),
        _ => None,
    };
    let is_unknown = known_from.is_some() || answer.value == DecisionAt::Unknown;
    let view = if is_unknown { None } else { records::open(server, caller, position).await? };
    let Some(view) = view else {
        return Ok(Unknown { cut: &cut, list, known_from }.page(caller, &answer));
    };
    let strip = frame::strip(
        &Strip { keep: &keep, here: &here, known: cut.known },
        &answer.answered,
        &answer.completeness,
        &answer.status,
    );
    let pinned = |address: Address| cut.pin(address, &answer.answered).href();
    let main = html! {
        h1 { "Record " (position) " · " (inert(&view.reference.kind)) }
        p class="facts" {
            "from " (inert(view.reference.source.as_str()))
            @for id in view.statement.sessions() {
                " · session "
                a href=(pinned(Address::new("/session").with("id", id.as_str()))) {
                    (inert(id.as_str())) }
            }
            @if matches!(answer.value, DecisionAt::Found(_)) {
                " · " a href=(pinned(decision::address(position))) { "the decision" } }
        }
        div class="columns" {
            section class="drawer" aria-labelledby="record-h" {
                h2 id="record-h" { "What it says" }
                (records::whole(position, &view, caller))
            }
        }
    };
    let title = format!("Record {position}");
    Ok(frame::page(StatusCode::OK, &title, Some(caller), strip, main))
}
