//! `/theme`: light or dark, whatever the device prefers. A cookie holds the choice; the stylesheet
//! alone looks at it, so that pages stay the same bytes.

use super::{
    address::{Address, is_local},
    error_page::PageError,
    form,
};
use crate::http::{Server, Shared, auth};
use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use serde::Deserialize;

/// The cookie.
const COOKIE: &str = "theme";
/// How long it is kept, in seconds: a year.
const KEPT: u32 = 365 * 24 * 60 * 60;
/// What the stylesheet says once: each colour is light or dark by it.
const SCHEME: &str = "color-scheme: light dark;";

/// Which colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Theme {
    /// What the device prefers.
    Device,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// Every choice.
    pub(crate) const ALL: [Self; 3] = [Self::Device, Self::Light, Self::Dark];

    /// The choice of the browser that asks.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        match auth::cookie_of(headers, COOKIE) {
            Some("light") => Self::Light,
            Some("dark") => Self::Dark,
            Some(_) | None => Self::Device,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The stylesheet for it.
    pub(crate) fn of_stylesheet(self, text: &str) -> String {
        let scheme = match self {
            Self::Device => return text.to_owned(),
            Self::Light => "color-scheme: light;",
            Self::Dark => "color-scheme: dark;",
        };
        text.replace(SCHEME, scheme)
    }
}

/// The choice, as a form that comes back to a page.
pub(crate) fn choice(here: &Address) -> Markup {
    html! {
        form class="theme" aria-label="Colours" method="post" action="/theme" {
            input type="hidden" name="next" value=(here.href());
            // No choice is shown as made: which one was is known to the stylesheet alone.
            "Colours: "
            @for theme in Theme::ALL { button type="submit" name="theme" value=(theme.word()) {
                (theme.word()) } " " }
        }
    }
}

#[derive(Deserialize)]
struct Form {
    theme: Theme,
    #[serde(default)]
    next: String,
}

pub(crate) async fn post(
    State(server): State<Shared>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, PageError> {
    let sent: Form = form::read(&headers, body, 16 * 1024).await?;
    let next = if is_local(&sent.next) { sent.next.as_str() } else { "/" };
    let mut response = Redirect::to(next).into_response();
    if let Ok(cookie) = HeaderValue::from_str(&cookie(&server, sent.theme)) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

fn cookie(server: &Server, theme: Theme) -> String {
    let secure = if server.options.is_local { "" } else { "; Secure" };
    let kept = if theme == Theme::Device { 0 } else { KEPT };
    format!("{COOKIE}={}; Path=/; HttpOnly; SameSite=Strict{secure}; Max-Age={kept}", theme.word())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::assets::STYLE;

    #[test]
    fn a_choice_beats_the_device() {
        assert_eq!(STYLE.matches(SCHEME).count(), 1);
        assert!(!STYLE.contains("prefers-color-scheme"), "each colour has both values");
        assert_eq!(Theme::Device.of_stylesheet(STYLE), STYLE);
        for theme in [Theme::Light, Theme::Dark] {
            let text = theme.of_stylesheet(STYLE);
            assert!(!text.contains(SCHEME), "{theme:?}");
            assert!(text.contains(&format!("color-scheme: {};", theme.word())), "{theme:?}");
        }
    }

    #[test]
    fn what_is_no_choice_is_the_device() {
        let of = |cookie: &'static str| {
            Theme::of(&[(header::COOKIE, HeaderValue::from_static(cookie))].into_iter().collect())
        };
        assert_eq!(
            [of("theme=dark"), of("a=b; theme=light"), of("theme=pink"), of("a=b")],
            [Theme::Dark, Theme::Light, Theme::Device, Theme::Device]
        );
    }
}
