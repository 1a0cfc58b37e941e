//! `/sources`: what was heard of each source, and what was not.

use super::{
    address::Address,
    error_page::{PageError, Unknown, lagging},
    export_form::export_form,
    frame::{self, Strip},
    parameters::{CutAsked, Parameters},
    records,
    session::caller,
    session_timeline,
    sources_all::{self, Listed},
    sources_list::{self, Links},
};
use crate::http::{Server, Shared};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Redirect, Response},
};
use claimledger_app::model::question::Caller;
use claimledger_facts::{
    ids::{LogPosition, SourceId},
    vocabulary::Role,
};
use maud::html;

pub(crate) async fn get(State(server): State<Shared>, uri: Uri, headers: HeaderMap) -> Response {
    let caller = match caller(&server, &uri, &headers).await {
        Ok(caller) => caller,
        Err(trouble) => return trouble.page(None),
    };
    answer(&server, &caller, &uri).await.unwrap_or_else(|trouble| trouble.page(Some(&caller)))
}

/// What the address says.
struct SourcesView {
    cut: CutAsked,
    source: Option<SourceId>,
    /// All of one kind of record, of the source.
    listed: Option<Listed>,
    open: Option<u64>,
}

impl SourcesView {
    /// The address without T, K, R and the drawer.
    fn keep(&self) -> Address {
        let address = Address::new("/sources")
            .with_some("source", self.source.as_ref().map(SourceId::as_str));
        match self.listed {
            Some(listed) => listed.keep(address),
            None => address,
        }
    }
}

async fn answer(server: &Server, caller: &Caller, uri: &Uri) -> Result<Response, PageError> {
    let parameters = Parameters::read(uri)?;
    let view = SourcesView {
        cut: parameters.cut()?,
        source: parameters.get("source").map(Into::into),
        listed: Listed::read(&parameters)?,
        open: parameters.number("open")?,
    };
    if view.listed.is_some() && view.source.is_none() {
        return Err(PageError::refused("A list is of one source: source is missing."));
    }
    let after = parameters.number("after")?.map(LogPosition);
    let answer = server.app.sources(caller, view.source.as_ref(), &view.cut.asking(after)).await?;
    let here = view.cut.pin(view.keep(), &answer.answered);
    if let Some(response) = lagging(caller, &answer) {
        return Ok(response);
    }
    if !parameters.is_pinned(&view.cut) {
        return Ok(Redirect::to(
            &here.with_some("open", view.open.map(|n| n.to_string()).as_deref()).href(),
        )
        .into_response());
    }
    if view.source.is_some() && answer.value.sources.is_empty() {
        return Ok(Unknown {
            cut: &view.cut,
            list: "/sources",
            known_from: answer.value.known_from,
        }
        .page(caller, &answer));
    }
    let record = match view.open.map(LogPosition) {
        Some(position) if position <= answer.answered.position => {
            records::open(server, caller, position).await?
        }
        Some(_) | None => None,
    };
    let around = record.as_ref().and_then(|record| {
        session_timeline::around(record, |address| view.cut.pin(address, &answer.answered).href())
    });
    let ways = (&*here.href(), around.as_deref());
    let drawer =
        view.open.map(|open| records::drawer(LogPosition(open), record.as_ref(), caller, ways));
    let strip = frame::strip(
        &Strip { keep: &view.keep(), here: &here, known: view.cut.known },
        &answer.answered,
        &answer.completeness,
        &answer.status,
    );
    let links = Links { here: &here, cut: &view.cut, answered: &answer.answered };
    let list = match (&view.source, view.listed) {
        (Some(source), Some(listed)) => {
            let (of, asking) = ((listed.what, listed.from), view.cut.asking(after));
            let found = server.app.unusual_records(caller, source, of, &asking).await?;
            sources_all::main(&links, (source, listed), &found.value)
        }
        _ => sources_list::main(&links, &answer.value, view.source.is_some()),
    };
    let main = html! {
        (list)
        @if caller.has(Role::Export) {
            (export_form("these", &view.cut.pin(Address::new("/v1/export/completeness"),
                &answer.answered), false))
        }
        @if let Some(drawer) = drawer { (drawer) }
    };
    let title = view
        .source
        .as_ref()
        .map_or_else(|| "Sources".to_owned(), |source| format!("Source {source}"));
    Ok(frame::page(StatusCode::OK, &title, Some(caller), strip, main))
}
