//! `/record`: one record, opened. Records of a session open beside it; this page is for those that
//! are of none, such as a change of a policy.

use super::{
    address::Address, decision, error_page::PageError, pinned::PinnedPage, reader::Reader, records,
    text::inert,
};
use axum::{http::StatusCode, response::Response};
use claimledger_app::model::answer::DecisionAt;
use claimledger_facts::ids::LogPosition;
use maud::html;

/// The page of a record, without T, K and R.
pub(super) fn address(position: LogPosition) -> Address {
    Address::new("/record").with("pos", position.0.to_string())
}

pub(crate) async fn get(reader: Reader) -> Response {
    reader.shown(answer(&reader).await)
}

async fn answer(reader: &Reader) -> Result<Response, PageError> {
    let Reader { server, caller, .. } = reader;
    let parameters = reader.parameters()?;
    let position = parameters
        .number("pos")?
        .map(LogPosition)
        .ok_or_else(|| PageError::refused("The address names no record: pos is missing."))?;
    let cut = parameters.cut()?;
    let after = parameters.wait()?;
    let answer = server.app.decision(caller, position, &cut.asking(after)).await?;
    let page = PinnedPage::of(caller, &cut, address(position), &answer);
    if let Some(response) = page.instead() {
        return Ok(response);
    }
    let known_from = match &answer.value {
        DecisionAt::NotYetKnown { from, .. } => Some(*from),
        _ => None,
    };
    let is_unknown = known_from.is_some() || answer.value == DecisionAt::Unknown;
    let view = if is_unknown { None } else { records::open(server, caller, position).await? };
    let Some(view) = view else {
        return Ok(page.unknown("/sessions", known_from));
    };
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
    Ok(page.show(StatusCode::OK, &title, html! {}, main))
}
