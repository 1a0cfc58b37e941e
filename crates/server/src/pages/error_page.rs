//! What a page says when it has no answer to show.

use super::{
    address::{Address, encode},
    elements, frame,
    text::count,
};
use crate::{
    cut_names::{AFTER, KNOWN_AT_POSITION},
    http::{auth::NotCaller, health::DamageSeen},
    parameters::Bad,
};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use claimledger_app::model::{
    answer::{AbsenceCode, Answer},
    question::{AskError, Caller},
};
use claimledger_ledger::log::LogError;
use maud::{Markup, html};
use std::sync::Arc;

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum PageError {
    /// The parameters are wrong; the message says how.
    Refused(String),
    /// The request names another tenant than that of its token; the message says so.
    OtherTenant(String),
    /// The browser is not signed in: the address of the sign-in page, which leads back here.
    SignIn(String),
    /// No credential has this token.
    Unauthenticated,
    /// The address is pinned to rules that this build does not have.
    OtherRules(String),
    /// Too many requests: the seconds to wait.
    TooMany(u64),
    /// The app refused the question.
    Asked(AskError),
}

impl PageError {
    /// The parameters are wrong; the message says how.
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self::Refused(message.into())
    }

    /// Why what was asked cannot be answered, where other values of a form could be; none: it is
    /// something else.
    pub(crate) fn refusal(&self) -> Option<String> {
        match self {
            Self::Refused(message) => Some(message.clone()),
            Self::Asked(error @ (AskError::BadInput { .. } | AskError::TooMany { .. })) => {
                Some(format!("{error}."))
            }
            _ => None,
        }
    }

    /// The caller is not authenticated.
    pub(crate) fn not_caller(reason: NotCaller, next: &str, with_token: bool) -> Self {
        match reason {
            NotCaller::Log(error) => Self::Asked(error.into()),
            NotCaller::OtherTenant(of) => Self::OtherTenant(NotCaller::other_tenant(&of)),
            NotCaller::Unauthenticated | NotCaller::Csrf if with_token => Self::Unauthenticated,
            NotCaller::Unauthenticated | NotCaller::Csrf => {
                let mut to = "/sign-in?next=".to_owned();
                encode(next, &mut to);
                Self::SignIn(to)
            }
        }
    }

    /// As a page.
    pub(crate) fn page(self, caller: Option<&Caller>) -> Response {
        match self {
            Self::SignIn(to) => Redirect::to(&to).into_response(),
            Self::Unauthenticated => {
                let main = html! { h1 { "Not signed in" } p {
                "Token not recognised. " a href="/sign-in" { "Sign in" } "." } };
                frame::page(StatusCode::UNAUTHORIZED, "Not signed in", None, html! {}, main)
                    .into_response()
            }
            Self::Refused(message) => show(
                StatusCode::UNPROCESSABLE_ENTITY,
                "Refused",
                caller,
                html! { p { (super::text::inert(&message)) } },
            ),
            Self::OtherTenant(message) => show(
                StatusCode::FORBIDDEN,
                "Not your tenant",
                caller,
                html! { p { (message) "." } },
            ),
            Self::OtherRules(rules) => {
                let body = html! { p { "Rules " (super::text::inert(&rules)) " are not in this \
                build; it answers by " (claimledger_domain::RULES) "." } };
                show(StatusCode::OK, "Old rules", caller, body)
            }
            Self::TooMany(secs) => {
                let body = html! { p { "Too many requests. Try again in " (secs) " s." } };
                let mut response = show(StatusCode::TOO_MANY_REQUESTS, "Refused", caller, body);
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(secs));
                response
            }
            Self::Asked(error) => asked(&error, caller),
        }
    }
}

impl From<Bad> for PageError {
    fn from(Bad(message): Bad) -> Self {
        Self::Refused(message)
    }
}

impl From<AskError> for PageError {
    fn from(error: AskError) -> Self {
        Self::Asked(error)
    }
}

/// Instead of a page that pins K: what is asked for may be in what the read models have not
/// reached, so that an address at which there is none must not be made.
pub(crate) fn lagging<T>(caller: &Caller, answer: &Answer<T>) -> Option<Response> {
    if answer.absence.code != AbsenceCode::Lagging {
        return None;
    }
    let read_to = answer.answered.position;
    let body = html! { p { "Nothing by this id is known up to " (read_to) ", and the read models \
    have not reached the end of the log yet." } };
    let mut response = show(StatusCode::SERVICE_UNAVAILABLE, "Lagging", Some(caller), body);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    Some(response)
}

fn asked(error: &AskError, caller: Option<&Caller>) -> Response {
    let again = html! { a href="/sessions" { "start again" } };
    match error {
        AskError::Forbidden { needs } => {
            let body = html! { p { "This page needs the role " (needs.as_str()) ". A caller with \
            the role govern can grant it." } };
            show(StatusCode::FORBIDDEN, "Not for your role", caller, body)
        }
        AskError::PageTooLarge { asked, limit } => {
            let body = html! { p { (asked) " rows requested, the limit is " (limit)
            ": use a filter or smaller pages." } };
            show(StatusCode::UNPROCESSABLE_ENTITY, "Refused", caller, body)
        }
        AskError::BadCursor | AskError::Restart => {
            let body = html! { p {
            "This cursor belongs to another query, or is no longer valid: " (again)
            " at the first page." } };
            show(StatusCode::UNPROCESSABLE_ENTITY, "Refused", caller, body)
        }
        AskError::StaleCursor { pinned, pinned_rules, at, rules } => {
            let start = Address::new("/sessions").with(KNOWN_AT_POSITION, at.0.to_string()).href();
            let body = html! {
                p { "Stale cursor: pinned to " (pinned) ", " (super::text::inert(pinned_rules)) ": "
                    a href=(start) { "restart at " (at) } ", " (rules) "." }
            };
            show(StatusCode::UNPROCESSABLE_ENTITY, "Refused", caller, body)
        }
        AskError::PastHead { asked, size } => {
            let body = html! { p {
            "Position #" (asked) " is past the head: the log has " (count(*size, "record")) "." } };
            show(StatusCode::UNPROCESSABLE_ENTITY, "Refused", caller, body)
        }
        AskError::BadInput { .. } | AskError::TooMany { .. } => show(
            StatusCode::UNPROCESSABLE_ENTITY,
            "Refused",
            caller,
            html! { p { (error.to_string()) "." } },
        ),
        AskError::Lagging { assessed_to, wanted } => {
            let read_at = assessed_to.saturating_sub(1);
            let at = Address::new("/sessions").with(KNOWN_AT_POSITION, read_at.to_string()).href();
            let wait = Address::new("/sessions").with(AFTER, wanted.to_string()).href();
            let body = html! {
                p { "Assessed to #" (read_at) ", and not to #" (wanted) " in time." }
                p { a href=(at) { "Read at #" (read_at) } " · " a href=(wait) {
                    "Wait for #" (wanted) } }
            };
            show(StatusCode::OK, "Lagging", caller, body)
        }
        AskError::Log(failure) => log_failed(error, failure, caller),
    }
}

/// The log failed: for good, or for now.
fn log_failed(error: &AskError, failure: &LogError, caller: Option<&Caller>) -> Response {
    let not_now = |retry_after: &'static str, words: &str| {
        let body = html! { p { (words) "." } };
        let mut response = show(StatusCode::SERVICE_UNAVAILABLE, "Not now", caller, body);
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(retry_after));
        response
    };
    match failure {
        damage @ (LogError::Corrupt { .. } | LogError::Damaged { .. }) => {
            let said = crate::graphql::errors::log(damage);
            let tenant = caller.map_or("", |caller| caller.tenant.as_str());
            let body = html! { p { (super::text::inert(&said)) " (" (tenant) ")." } };
            let mut response = show(StatusCode::INTERNAL_SERVER_ERROR, "Damaged", caller, body);
            if let Some(caller) = caller {
                response.extensions_mut().insert(DamageSeen {
                    tenant: caller.tenant.clone(),
                    damage: Arc::new(damage.again()),
                });
            }
            response
        }
        LogError::Stopped { .. } => not_now("5", &error.to_string()),
        LogError::Unavailable { .. } | LogError::TooLarge => {
            crate::graphql::errors::log_ask(error);
            not_now("1", "Not now. The same request may succeed later")
        }
    }
}

fn show(status: StatusCode, title: &str, caller: Option<&Caller>, body: Markup) -> Response {
    let main = html! { h1 { (title) } (elements::panel(&body)) };
    frame::page(status, title, caller, html! {}, main).into_response()
}
