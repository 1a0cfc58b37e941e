//! The `Host` header (RFC 9112, 3.2): which server a request is meant for. One that does not say
//! it, or says two things, is refused, so that nothing in front of this server and nothing behind
//! it can read it differently.

use super::errors::Refused;
use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, StatusCode, Version, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};

/// Answers 400 where the header is absent (HTTP/1.1), stands twice, or names no host.
pub(crate) async fn check(request: Request, next: Next) -> Response {
    match fault(request.version(), request.headers()) {
        None => next.run(request).await,
        Some(message) => {
            let mut response =
                Refused::new(StatusCode::BAD_REQUEST, "bad_host", message).into_response();
            // What else comes over this connection may be meant for others too.
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            response
        }
    }
}

fn fault(version: Version, headers: &HeaderMap) -> Option<&'static str> {
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        // HTTP/1.0 has no such header.
        (None, _) => (version >= Version::HTTP_11).then_some("the header Host is missing"),
        (Some(_), Some(_)) => Some("the header Host is given twice"),
        (Some(host), None) => {
            (!is_host(host.as_bytes())).then_some("the header Host is not HOST or HOST:PORT")
        }
    }
}

/// A host, with or without a port.
fn is_host(value: &[u8]) -> bool {
    let Ok(authority) = Authority::try_from(value) else { return false };
    let after_host = authority.as_str().strip_prefix(authority.host());
    let is_port = |port: &str| port.is_empty() || port.parse::<u16>().is_ok();
    let rest_is_port = after_host
        .is_some_and(|rest| rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port));
    !authority.host().is_empty() && rest_is_port
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(version: Version, hosts: &[&str], ok: bool) {
        let hosts = hosts
            .iter()
            .map(|host| (header::HOST, HeaderValue::from_bytes(host.as_bytes()).unwrap()));
        let mut headers = HeaderMap::new();
        hosts.for_each(|(name, value)| {
            headers.append(name, value);
        });
        assert_eq!(fault(version, &headers).is_none(), ok, "{version:?} {headers:?}");
    }

    #[test]
    fn one_host_is_named_or_the_request_is_refused() {
        for host in ["a", "ledger.example:443", "127.0.0.1:7070", "[::1]:7070", "[::1]", "a:"] {
            check(Version::HTTP_11, &[host], true);
            check(Version::HTTP_11, &[host, host], false);
            check(Version::HTTP_10, &[host], true);
            check(Version::HTTP_10, &[host, host], false);
        }
        for bad in
            ["", " ", "a b", "a/b", "user@a", "a:b", "a:99999", "a,b c", "http://a", "é", ":80"]
        {
            check(Version::HTTP_11, &[bad], false);
            check(Version::HTTP_10, &[bad], false);
        }
        check(Version::HTTP_11, &[], false);
        check(Version::HTTP_10, &[], true);
    }
}
