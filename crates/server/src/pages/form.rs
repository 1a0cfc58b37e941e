//! Forms that our own pages send.

use super::error_page::PageError;
use crate::http::{auth, body};
use axum::{body::Body, http::HeaderMap};
use serde::de::DeserializeOwned;

/// The message for a form that was not sent from a page of this server.
pub(crate) const OTHER_SITE: &str = "This form was sent from another site.";

/// Reads a form, up to a maximum of bytes.
///
/// # Errors
/// If another site sent it, it is longer, or it cannot be read as such a form.
pub(crate) async fn read<T: DeserializeOwned>(
    headers: &HeaderMap,
    body: Body,
    most: usize,
) -> Result<T, PageError> {
    // Another site could have a visitor of its own send it, signed in as it likes.
    if !auth::is_own_form(headers) {
        return Err(PageError::refused(OTHER_SITE));
    }
    let bytes = body::read(body, most)
        .await
        .map_err(|_| PageError::refused(format!("The form has more than {most} bytes.")))?;
    let text = std::str::from_utf8(&bytes).ok();
    let form = text.and_then(|text| serde_urlencoded::from_str(text).ok());
    form.ok_or_else(|| PageError::refused("The form cannot be read."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::StatusCode;
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Eq, Deserialize)]
    struct Sent {
        query: String,
        variables: String,
    }

    async fn read(
        headers: &[(&'static str, &'static str)],
        body: &[u8],
    ) -> Result<Sent, StatusCode> {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect();
        super::read(&headers, Body::from(body.to_vec()), 100)
            .await
            .map_err(|trouble| trouble.page(None).status())
    }

    #[tokio::test]
    async fn forms_are_read() {
        let form =
            read(&[], b"query=%7B+session(id%3A+%22S%231%22)+%7B+x+%7D+%7D%0D%0A&variables=%7B%7D")
                .await
                .unwrap();
        assert_eq!(
            form,
            Sent {
                query: "{ session(id: \"S#1\") { x } }\r\n".to_owned(),
                variables: "{}".to_owned()
            }
        );
        for body in [&b"nothing=1"[..], &[0xff], &[b'a'; 101]] {
            assert_eq!(read(&[], body).await, Err(StatusCode::UNPROCESSABLE_ENTITY), "{body:?}");
        }
        let elsewhere = [("origin", "https://evil.example"), ("host", "127.0.0.1")];
        assert_eq!(
            read(&elsewhere, b"query=&variables=").await,
            Err(StatusCode::UNPROCESSABLE_ENTITY)
        );
    }
}
