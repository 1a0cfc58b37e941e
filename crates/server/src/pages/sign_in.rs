//! `/sign-in`: a one-time code or a token becomes a cookie.
//!
//! The cookie holds a random value that the app knows for some hours, never the token. It is
//! `HttpOnly` and `SameSite=Strict`, and `Secure` unless the server listens on loopback without a
//! proxy in front, where there is no TLS.

use super::{
    address::is_local, elements, error_page::PageError, form, frame, parameters::Parameters,
    text::plain,
};
use crate::http::{Server, Shared, auth};
use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Redirect, Response},
};
use claimledger_app::model::question::Caller;
use maud::html;
use serde::Deserialize;

const NEXT: &str = "/sessions";

pub(crate) async fn get(State(server): State<Shared>, uri: Uri) -> Result<Response, PageError> {
    let parameters = Parameters::read(&uri)?;
    let next = local(parameters.get("next"));
    Ok(match parameters.get("code") {
        None => ask(StatusCode::OK, next, None),
        Some(code) => match server.app.redeem(code) {
            Some(caller) => enter(&server, &caller, next),
            None => ask(
                StatusCode::UNAUTHORIZED,
                next,
                Some("This link was used or has expired. It works once, within 5 minutes."),
            ),
        },
    })
}

#[derive(Deserialize)]
struct Form {
    token: String,
    #[serde(default)]
    next: String,
}

pub(crate) async fn post(
    State(server): State<Shared>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, PageError> {
    let sent: Form = form::read(&headers, body, 4 * 1024).await?;
    let next = local(Some(&sent.next));
    let holder = server.app.authenticate(sent.token.trim()).await;
    Ok(match holder.map_err(|error| PageError::Asked(error.into()))? {
        Some(caller) => enter(&server, &caller, next),
        None => ask(StatusCode::UNAUTHORIZED, next, Some("Token not recognised.")),
    })
}

pub(crate) async fn out(
    State(server): State<Shared>,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    // Another site could end a visitor's session, and have the browser forget its cookie.
    if !auth::is_own_form(&headers) {
        return Err(PageError::refused(form::OTHER_SITE));
    }
    if let Some(value) = auth::cookie(&headers) {
        server.app.end_page_session(value);
    }
    let mut response = Redirect::to("/sign-in").into_response();
    set_cookie(&mut response, &server, "", "; Max-Age=0");
    Ok(response)
}

fn local(next: Option<&str>) -> &str {
    next.filter(|next| is_local(next)).unwrap_or(NEXT)
}

fn enter(server: &Server, caller: &Caller, next: &str) -> Response {
    let value = server.app.page_session(caller);
    let mut response = Redirect::to(next).into_response();
    set_cookie(&mut response, server, &value, "");
    response
}

fn set_cookie(response: &mut Response, server: &Server, value: &str, more: &str) {
    let secure = if server.options.is_local { "" } else { "; Secure" };
    let cookie =
        format!("{}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{more}", auth::COOKIE);
    // The app's values are letters and digits, so this always is a header's value.
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

fn ask(status: StatusCode, next: &str, trouble: Option<&str>) -> Response {
    let main = html! {
        h1 { "Sign in" }
        @if let Some(trouble) = trouble { (elements::problem(&html! { (trouble) })) }
        (elements::panel(&html! {
            p { "The server prints a link that works once. Or paste a token:" }
            form class="filter" method="post" action="/sign-in" {
                input type="hidden" name="next" value=(plain(next));
                label { "Token " input type="password" name="token" size="60" autocomplete="off"
                    required; }
                button type="submit" class="main" { "Sign in" }
            }
        }))
    };
    frame::page(status, "Sign in", None, html! {}, main)
}
