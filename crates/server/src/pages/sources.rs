//! `/sources`: what was heard of each source, and what was not.

use super::{
    address::Address,
    error_page::PageError,
    export_form::export_form,
    parameters::CutAsked,
    pinned::PinnedPage,
    reader::Reader,
    sources_all::{self, Listed},
    sources_list::{self, Links},
};
use axum::{http::StatusCode, response::Response};
use claimledger_facts::{
    ids::{LogPosition, SourceId},
    vocabulary::Role,
};
use maud::html;

pub(crate) async fn get(reader: Reader) -> Response {
    reader.shown(answer(&reader).await)
}

/// What the address says.
struct SourcesView {
    cut: CutAsked,
    source: Option<SourceId>,
    /// All of one kind of record, of the source.
    listed: Option<Listed>,
    open: Option<LogPosition>,
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

async fn answer(reader: &Reader) -> Result<Response, PageError> {
    let Reader { server, caller, .. } = reader;
    let parameters = reader.parameters()?;
    let view = SourcesView {
        cut: parameters.cut()?,
        source: parameters.get("source").map(Into::into),
        listed: Listed::read(&parameters)?,
        open: parameters.number("open")?.map(LogPosition),
    };
    if view.listed.is_some() && view.source.is_none() {
        return Err(PageError::refused("A list is of one source: source is missing."));
    }
    let after = parameters.wait()?;
    let answer = server.app.sources(caller, view.source.as_ref(), &view.cut.asking(after)).await?;
    let page = PinnedPage::of(caller, &view.cut, view.keep(), &answer);
    if let Some(response) = page.instead_opened(view.open) {
        return Ok(response);
    }
    if view.source.is_some() && answer.value.sources.is_empty() {
        return Ok(page.unknown("/sources", answer.value.known_from));
    }
    let drawer = page.drawer(server, view.open).await?;
    let links = Links { here: &page.here, cut: &view.cut, answered: &answer.answered };
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
    Ok(page.show(StatusCode::OK, &title, html! {}, main))
}
