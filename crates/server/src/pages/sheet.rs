//! Paper: what a printed page needs beside its answer. Every page has it, hidden on screen, so that
//! printing from the browser gives what `view=print` gives: on every sheet the cut above, and below
//! the reader, the time and the whole address (`docs/decisions/0054-visual-language.md`).

use super::address::encode;
use crate::http::{Server, Shared};
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Uri, header},
    middleware::Next,
    response::Response,
};
use claimledger_app::model::{
    answer::{Answered, Status},
    question::Caller,
};
use claimledger_facts::time::Time;
use maud::{Markup, html};

/// The parameter that asks for a page as it is printed.
const VIEW: &str = "view=print";
/// In microseconds.
const SECOND: i64 = 1_000_000;

tokio::task_local! {
    /// The request that is being answered. Set in one place, around every page.
    static ASKED: Asked;
}

/// What the frame of a page has to know of the request.
#[derive(Clone)]
pub(super) struct Asked {
    /// The path, which the head marks as the current one.
    pub(super) path: String,
    /// Whether the page is asked for as it is printed.
    pub(super) is_print: bool,
    /// The whole address without `view=print`.
    address: String,
    /// The same, from the path on.
    local: String,
    at: Time,
}

/// Runs a handler with what the frame has to know. The handler does not see `view=print`: the
/// answer is the same.
pub(crate) async fn around(
    State(server): State<Shared>,
    mut request: Request,
    next: Next,
) -> Response {
    let asked = Asked::of(&server, request.uri(), request.headers());
    let (path, is_print) = (asked.path.clone(), asked.is_print);
    if let (true, Ok(uri)) = (is_print, asked.local.parse()) {
        *request.uri_mut() = uri;
    }
    let mut response = ASKED.scope(asked, next.run(request)).await;
    if is_print && response.status().is_redirection() {
        keep_view(&path, response.headers_mut());
    }
    response
}

/// What is known of the request; none: in tests of single functions.
pub(super) fn asked() -> Option<Asked> {
    ASKED.try_with(Clone::clone).ok()
}

impl Asked {
    fn of(server: &Server, uri: &Uri, headers: &HeaderMap) -> Self {
        let scheme = if server.options.is_local { "http" } else { "https" };
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("");
        let pairs: Vec<&str> = uri.query().unwrap_or("").split('&').collect();
        let kept: Vec<&str> =
            pairs.iter().copied().filter(|pair| *pair != VIEW && !pair.is_empty()).collect();
        let query = if kept.is_empty() { String::new() } else { format!("?{}", kept.join("&")) };
        let local = format!("{}{query}", uri.path());
        Self {
            path: uri.path().to_owned(),
            is_print: pairs.contains(&VIEW),
            address: format!("{scheme}://{host}{local}"),
            local,
            // To the second, as times are shown.
            at: Time::from_micros(server.app.now().micros().div_euclid(SECOND) * SECOND),
        }
    }

    /// The same page, as it is printed, or as it is not.
    pub(super) fn other_view(&self) -> String {
        if self.is_print { self.local.clone() } else { with_view(&self.local) }
    }
}

fn with_view(local: &str) -> String {
    let joined = if local.contains('?') { '&' } else { '?' };
    format!("{local}{joined}{VIEW}")
}

/// A page pins its address by redirecting to itself, and one that needs a caller by way of the
/// sign-in page: what is printed stays what is printed.
fn keep_view(path: &str, headers: &mut HeaderMap) {
    let to = headers.get(header::LOCATION).and_then(|to| to.to_str().ok()).unwrap_or("");
    let kept = match to.split_once("?next=") {
        Some(("/sign-in", next)) => {
            let mut to = to.to_owned();
            encode(if next.contains("%3F") { "&" } else { "?" }, &mut to);
            encode(VIEW, &mut to);
            to
        }
        _ if to.split('?').next() == Some(path) => with_view(to),
        _ => return,
    };
    if let Ok(to) = HeaderValue::from_str(&kept) {
        headers.insert(header::LOCATION, to);
    }
}

/// Above every sheet: for which cut the answer holds, and the root that it can be proved to.
pub(super) fn head(answered: &Answered, known: &str, status: &Status) -> Markup {
    html! {
        header class="sheet-head" { div {
            span { "T " (answered.at) }
            span { "K " (known) @if known != answered.position.to_string() {
                " (" (answered.position) ")" } }
            span { "R " (answered.rules) }
            @if answered.provisional { span { "provisional" } }
            @if answered.rehearsal { span { "rehearsal ledger" } }
            @match &status.signed {
                // Not the root at K: the last that was signed.
                Some((size, root)) => span { "last signed: root of " (size) " records "
                    code { (root) } },
                None => span { "no root signed yet" },
            }
        } }
    }
}

/// Below every sheet: who read it, when, and where it is.
pub(super) fn foot(asked: &Asked, title: &str, caller: &Caller) -> Markup {
    html! {
        footer class="sheet-foot" { div {
            p { "claimledger · " (caller.tenant.as_str()) " · " (super::text::plain(title))
                " · read by " (super::text::plain(&caller.credential)) " at " (asked.at) }
            p class="address" { (super::text::uncut(&asked.address)) }
        } }
    }
}

/// Every fold open: what is closed is not on paper. Text from outside has no `<` in it.
pub(super) fn unfolded(main: &Markup) -> Markup {
    maud::PreEscaped(
        main.0.replace("<details open", "<details").replace("<details", "<details open"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fold_is_opened_once() {
        let folded = html! {
            details { summary { "<details>" } } details open { "b" } details class="c" {}
        };
        assert_eq!(
            unfolded(&folded).into_string(),
            "<details open><summary>&lt;details&gt;</summary></details><details open>b</details>\
             <details open class=\"c\"></details>"
        );
    }

    #[test]
    fn a_redirection_to_the_page_itself_stays_printed() {
        let to = |location: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::LOCATION, HeaderValue::from_static(location));
            keep_view("/session", &mut headers);
            headers[header::LOCATION].to_str().unwrap().to_owned()
        };
        assert_eq!(to("/session?id=S2"), "/session?id=S2&view=print");
        assert_eq!(to("/session"), "/session?view=print");
        assert_eq!(to("/sign-in?next=%2Fa"), "/sign-in?next=%2Fa%3Fview%3Dprint");
        assert_eq!(to("/sign-in?next=%2Fa%3Fb%3D1"), "/sign-in?next=%2Fa%3Fb%3D1%26view%3Dprint");
        assert_eq!(to("/other"), "/other");
    }
}
