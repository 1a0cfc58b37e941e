//! The stylesheet and the script, compiled in: one of each for the browser, each made of a file a
//! part of the pages. A browser asks again and gets 304 if nothing changed.

use super::theme::Theme;
use axum::{
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// In order: a later part may override an earlier one.
pub(crate) const STYLE: &str = concat!(
    include_str!("../assets/css/tokens.css"),
    include_str!("../assets/css/base.css"),
    include_str!("../assets/css/frame.css"),
    include_str!("../assets/css/elements.css"),
    include_str!("../assets/css/find.css"),
    include_str!("../assets/css/timeline.css"),
    include_str!("../assets/css/zoom.css"),
    include_str!("../assets/css/drawer.css"),
    include_str!("../assets/css/configuration.css"),
    include_str!("../assets/css/verdict.css"),
    include_str!("../assets/css/walk.css"),
    include_str!("../assets/css/narrow.css"),
    // Twice: on paper, and on screen for `view=print`. Both selectors weigh the same, so that the
    // same rules win.
    "@media print { :root:root {\n",
    include_str!("../assets/css/print.css"),
    "} }\n:root[data-view=\"print\"] {\n",
    include_str!("../assets/css/print.css"),
    "}\n",
    include_str!("../assets/css/sheet.css"),
);

/// One module: the parts share its top level.
const SCRIPT: &str = concat!(
    include_str!("../assets/js/page.js"),
    include_str!("../assets/js/keys.js"),
    include_str!("../assets/js/timeline.js"),
    include_str!("../assets/js/slider.js"),
    include_str!("../assets/js/drawer.js"),
    include_str!("../assets/js/live.js"),
);

struct Asset {
    name: &'static str,
    /// For which choice of colours; none: it has none.
    theme: Option<Theme>,
    content_type: &'static str,
    text: String,
    etag: String,
}

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    let style = Theme::ALL.map(|theme| {
        let text = theme.of_stylesheet(STYLE);
        asset("style.css", Some(theme), "text/css; charset=utf-8", text)
    });
    let script = asset("page.js", None, "text/javascript; charset=utf-8", SCRIPT.to_owned());
    style.into_iter().chain([script]).collect()
});

fn asset(
    name: &'static str,
    theme: Option<Theme>,
    content_type: &'static str,
    text: String,
) -> Asset {
    let etag = format!("\"{}\"", data_encoding::HEXLOWER.encode(&Sha256::digest(text.as_bytes())));
    Asset { name, theme, content_type, text, etag }
}

pub(crate) async fn get(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let theme = Theme::of(&headers);
    let is_asked = |asset: &&Asset| asset.name == name && asset.theme.is_none_or(|of| of == theme);
    let Some(asset) = ASSETS.iter().find(is_asked) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let known = headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|etag| etag.as_bytes() == asset.etag.as_bytes());
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        asset.text.as_str().into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    if asset.theme.is_some() {
        headers.insert(header::VARY, HeaderValue::from_static("cookie"));
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    // Hexadecimal in quotes always is a header's value.
    if let Ok(etag) = HeaderValue::from_str(&asset.etag) {
        headers.insert(header::ETAG, etag);
    }
    response
}
