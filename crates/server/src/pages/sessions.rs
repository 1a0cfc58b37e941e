//! `/sessions`: which sessions, and why each is in the list.

use super::{
    address::Address,
    error_page::PageError,
    names,
    parameters::{CutAsked, Parameters},
    pinned::PinnedPage,
    reader::Reader,
    sessions_filter as filter, sessions_list as list,
};
use crate::{cut_names::AFTER, filters};
use axum::{
    body::Body,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use claimledger_app::model::question::SessionFilter;
use claimledger_facts::ids::LogPosition;
use maud::html;

/// Rows of a page that names no number.
const FIRST: u32 = 50;
/// Maximum bytes of the filter's form.
const MAX_FORM_BYTES: usize = 16 * 1024;

/// The filter's fields, in the order of the form: parameter, label.
pub(crate) const FIELDS: [(&str, &str); 14] = [
    ("activeAt", "Active at"),
    ("subject", "Person"),
    ("idp", "IdP"),
    ("key", "Key"),
    ("supposesKey", "Claims without a key"),
    ("amr", "amr"),
    ("app", "App"),
    ("reliedFrom", "Relied from"),
    ("reliedTo", "Relied to"),
    ("ended", "Ended"),
    ("differs", "Differs"),
    ("retracted", "Retracted"),
    ("outlived", "Outlived IdP"),
    ("falsifiedLater", "Falsified later"),
];

pub(crate) async fn get(reader: Reader) -> Response {
    reader.shown(answer(&reader).await)
}

/// The filter's form. It comes by POST, because a login may be typed into it, and leads to the
/// address of the list, where the person is a pseudonym.
pub(crate) async fn post(reader: Reader, body: Body) -> Response {
    let answer = async {
        let sent = reader.sent(body, MAX_FORM_BYTES).await?;
        filter::sent(&reader.server, &reader.caller, &sent).await
    };
    reader.shown(answer.await)
}

/// What the address says.
pub(crate) struct SessionsView {
    pub(crate) cut: CutAsked,
    pub(crate) filter: SessionFilter,
    pub(crate) first: u32,
    pub(crate) cursor: Option<String>,
    /// The filter as it was written, for the form and for links.
    pub(crate) written: Vec<(&'static str, String)>,
    /// Whether names are asked for.
    pub(crate) names: bool,
}

impl SessionsView {
    fn read(parameters: &Parameters) -> Result<(Self, Option<LogPosition>), PageError> {
        // A filter that is spelled wrong would show every session.
        let fields = FIELDS.iter().map(|(name, _)| *name);
        let known: Vec<&str> = fields.chain(filter::KEPT).chain([AFTER]).collect();
        parameters.only(&known)?;
        let (wait, cursor) = parameters.after();
        let filter = filters::sessions(parameters)?;
        let first = parameters.number("first")?.map_or(Ok(FIRST), |first| {
            u32::try_from(first).map_err(|_| {
                PageError::refused(format!(
                    "{first} rows requested: use a filter or smaller pages."
                ))
            })
        })?;
        let written = written(parameters);
        let names = parameters.flag(names::NAMES)?.unwrap_or(false);
        Ok((Self { cut: parameters.cut()?, filter, first, cursor, written, names }, wait))
    }

    /// The address with filter and page size, without T, K, R and cursor.
    pub(crate) fn keep(&self) -> Address {
        let mut address = Address::new("/sessions");
        for (name, value) in &self.written {
            address = address.with(name, value.as_str());
        }
        if self.first != FIRST {
            address = address.with("first", self.first.to_string());
        }
        if self.names { address.with(names::NAMES, "1") } else { address }
    }
}

/// The filter as it was written, without fields that ask for nothing.
pub(crate) fn written(parameters: &Parameters) -> Vec<(&'static str, String)> {
    let written = |name| {
        let value = parameters.get(name).filter(|value| *value != "any")?;
        Some((name, value.to_owned()))
    };
    FIELDS.iter().filter_map(|(name, _)| written(*name)).collect()
}

async fn answer(reader: &Reader) -> Result<Response, PageError> {
    let Reader { server, caller, .. } = reader;
    let parameters = reader.parameters()?;
    let problems = filter::problems(&parameters);
    if !problems.is_empty() {
        return Ok(filter::refused(server, caller, &parameters, &problems).await);
    }
    let (view, wait) = SessionsView::read(&parameters)?;
    let asking = view.cut.asking(wait);
    let answer = server
        .app
        .sessions_state_only(caller, &view.filter, &asking, view.first, view.cursor.as_deref())
        .await?;
    let page = PinnedPage::of(caller, &view.cut, view.keep(), &answer);
    let here = &page.here;
    if !view.cut.is_pinned {
        let to = here.clone().with_some(AFTER, view.cursor.as_deref());
        return Ok(Redirect::to(&to.href()).into_response());
    }
    let people = answer.value.items.iter().filter_map(|hit| hit.session.origin.subject.as_ref());
    let names = if view.names {
        names::section(server, caller, people).await?
    } else {
        html! {}
    };
    let choices = filter::choices(server, caller, &asking).await?;
    let main = list::main(caller, &view, &answer, (here, &choices));
    Ok(page.show(StatusCode::OK, "Sessions", names, main))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<(SessionsView, Option<LogPosition>), PageError> {
        SessionsView::read(&Parameters::read(&format!("/sessions?{query}").parse().unwrap())?)
    }

    #[test]
    fn after_is_a_cursor_or_a_position() {
        let (view, wait) = read("after=82").ok().unwrap();
        assert_eq!((view.cursor, wait), (None, Some(LogPosition(82))));
        let (view, wait) = read("after=abc82").ok().unwrap();
        assert_eq!((view.cursor.as_deref(), wait), (Some("abc82"), None));
    }

    #[test]
    fn names_of_people_do_not_belong_into_addresses() {
        assert!(read("subject=alice%40acme.example").is_err());
        assert!(read("subject=p-4KD2").is_ok());
    }

    #[test]
    fn links_keep_the_filter() {
        let (view, _) =
            read("key=X1&ended=any&first=3&activeAt=2026-03-10T14:05:00Z&idp=").ok().unwrap();
        assert_eq!(view.keep().href(), "/sessions?activeAt=2026-03-10T14:05:00Z&key=X1&first=3");
    }
}
