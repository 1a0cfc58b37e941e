//! The stylesheet and the script, compiled in. A browser asks again and is told that nothing changed.

use axum::{
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

struct Asset {
    name: &'static str,
    content_type: &'static str,
    text: &'static str,
    etag: String,
}

static ASSETS: LazyLock<[Asset; 2]> = LazyLock::new(|| {
    [
        ("style.css", "text/css; charset=utf-8", include_str!("../assets/style.css")),
        ("page.js", "text/javascript; charset=utf-8", include_str!("../assets/page.js")),
    ]
    .map(|(name, content_type, text)| Asset {
        name,
        content_type,
        text,
        etag: format!("\"{}\"", data_encoding::HEXLOWER.encode(&Sha256::digest(text.as_bytes()))),
    })
});

pub(crate) async fn get(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.name == name) else { return StatusCode::NOT_FOUND.into_response() };
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|etag| etag.as_bytes() == asset.etag.as_bytes());
    let mut response = if known { StatusCode::NOT_MODIFIED.into_response() } else { asset.text.into_response() };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    // Hexadecimal in quotes always is a header's value.
    if let Ok(etag) = HeaderValue::from_str(&asset.etag) {
        headers.insert(header::ETAG, etag);
    }
    response
}
