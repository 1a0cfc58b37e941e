//! A page of one answer: its address, pinned to T, K and R of the answer, and what every such page
//! does with it.

use super::{
    address::Address,
    elements,
    error_page::{PageError, lagging},
    frame::{self, Strip},
    parameters::CutAsked,
    records, session_timeline,
};
use crate::http::Server;
use axum::{
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use claimledger_app::model::{answer::Answer, question::Caller};
use claimledger_facts::ids::LogPosition;
use maud::{Markup, html};

/// An answer, and the addresses of the page that shows it.
pub(super) struct PinnedPage<'a, T> {
    caller: &'a Caller,
    cut: &'a CutAsked,
    answer: &'a Answer<T>,
    /// The address without T, K and R.
    keep: Address,
    /// The same, pinned, with no record opened.
    pub(super) here: Address,
}

impl<'a, T> PinnedPage<'a, T> {
    /// Of an answer; `keep` is the address without T, K and R.
    pub(super) fn of(
        caller: &'a Caller,
        cut: &'a CutAsked,
        keep: Address,
        answer: &'a Answer<T>,
    ) -> Self {
        let here = cut.pin(keep.clone(), &answer.answered);
        Self { caller, cut, answer, keep, here }
    }

    /// The same page, where the pinned address has more than the other.
    pub(super) fn at(self, here: Address) -> Self {
        Self { here, ..self }
    }

    /// What is to be answered in place of the page: that it lags; or 303 to the pinned address,
    /// where the request was not at one. None: the page.
    pub(super) fn instead(&self) -> Option<Response> {
        self.instead_to(&self.here)
    }

    /// The same, where a record may be opened.
    pub(super) fn instead_opened(&self, open: Option<LogPosition>) -> Option<Response> {
        let open = open.map(|open| open.0.to_string());
        self.instead_to(&self.here.clone().with_some("open", open.as_deref()))
    }

    /// The same, where the pinned address has more.
    pub(super) fn instead_to(&self, pinned: &Address) -> Option<Response> {
        lagging(self.caller, self.answer)
            .or_else(|| (!self.cut.is_pinned).then(|| Redirect::to(&pinned.href()).into_response()))
    }

    /// Nothing by the requested id is known: one page for everything that is looked up by an id.
    /// The id is not repeated, and the app was asked the same questions, so that neither the bytes
    /// nor the time to answer show whether another tenant has it. `list` is the list to go to
    /// instead; `known_from` the position from which on it is known, where that is later than K.
    pub(super) fn unknown(&self, list: &'static str, known_from: Option<LogPosition>) -> Response {
        let answered = &self.answer.answered;
        let list = PinnedPage::of(self.caller, self.cut, Address::new(list), self.answer);
        let main = html! {
            h1 { "Not found" }
            (elements::panel(&html! {
                p {
                    "Nothing by this id is known at " (answered.position) " in your tenant."
                    @if let Some(from) = known_from { " It is known from " (from) "." }
                }
                @if !answered.completeness.complete { p { "Not every source is complete to \
                    T, see above." } }
                p { a href=(list.here.href()) { "To the list" } }
            }))
        };
        list.show(StatusCode::NOT_FOUND, "Not found", html! {}, main)
    }

    /// The drawer with the record that is opened; it says so where there is none up to K. None: no
    /// record is.
    ///
    /// # Errors
    /// If the record cannot be read, or the caller may not see it.
    pub(super) async fn drawer(
        &self,
        server: &Server,
        open: Option<LogPosition>,
    ) -> Result<Option<Markup>, PageError> {
        let Some(open) = open else { return Ok(None) };
        let is_known = open <= self.answer.answered.position;
        let record = if is_known { records::open(server, self.caller, open).await? } else { None };
        let around = record.as_ref().and_then(|record| {
            let pin = |address| self.cut.pin(address, &self.answer.answered).href();
            session_timeline::around(record, pin)
        });
        let ways = (&*self.here.href(), around.as_deref());
        Ok(Some(records::drawer(open, record.as_ref(), self.caller, ways)))
    }

    /// The page, with the strip before `outside`.
    pub(super) fn show(
        &self,
        status: StatusCode,
        title: &str,
        outside: Markup,
        main: Markup,
    ) -> Response {
        let strip = frame::strip(
            &Strip { keep: &self.keep, here: &self.here, known: self.cut.known },
            &self.answer.answered,
            &self.answer.completeness,
            &self.answer.status,
        );
        frame::page(status, title, Some(self.caller), html! { (strip) (outside) }, main)
    }
}
