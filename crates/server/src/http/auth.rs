//! Who calls: a bearer token, or a page session's cookie.

use super::{Server, access};
use axum::http::{HeaderMap, header};
use claimledger_app::model::question::Caller;
use claimledger_facts::ids::TenantId;
use claimledger_ledger::log::LogError;

/// The cookie of a page session.
pub(crate) const COOKIE: &str = "claimledger";
/// A form or link of another site cannot send this header: with a cookie, GraphQL asks for it.
pub(crate) const CSRF: &str = "x-claimledger";

/// The tenant that a client of several means. A credential has one; another one is a mistake, and
/// is refused before anything is read or done.
const TENANT: &str = "claimledger-tenant";

/// Why there is no caller.
#[derive(Debug)]
pub(crate) enum NotCaller {
    /// No credential, or one that nobody holds. Said alike.
    Unauthenticated,
    /// A cookie without the header that other sites cannot send.
    Csrf,
    /// The request names another tenant than that of its credential, which this is.
    OtherTenant(TenantId),
    /// The credential could not be looked up.
    Log(LogError),
}

impl NotCaller {
    /// What is said of another tenant than that of the credential.
    pub(crate) fn other_tenant(of: &TenantId) -> String {
        let of = of.as_str();
        format!(
            "the request names another tenant ({TENANT}, --tenant): this token belongs to \
             tenant {of}"
        )
    }
}

/// The holder of a bearer token.
pub(crate) async fn by_token(server: &Server, headers: &HeaderMap) -> Result<Caller, NotCaller> {
    holder(server, headers, bearer(headers).ok_or(NotCaller::Unauthenticated)?).await
}

/// The holder of a token, whose tenant is the one that the headers name, if they name one.
async fn holder(server: &Server, headers: &HeaderMap, token: &str) -> Result<Caller, NotCaller> {
    let caller = match server.app.authenticate(token).await {
        Ok(Some(caller)) => access::asking(caller),
        Ok(None) => return Err(NotCaller::Unauthenticated),
        Err(error) => return Err(NotCaller::Log(error)),
    };
    match headers.get(TENANT) {
        Some(named) if named.as_bytes() != caller.tenant.as_str().as_bytes() => {
            Err(NotCaller::OtherTenant(caller.tenant))
        }
        Some(_) | None => Ok(caller),
    }
}

/// The holder of a page session.
pub(crate) fn by_cookie(server: &Server, headers: &HeaderMap) -> Result<Caller, NotCaller> {
    let value = cookie(headers).ok_or(NotCaller::Unauthenticated)?;
    let caller = server.app.caller_of_page_session(value).ok_or(NotCaller::Unauthenticated)?;
    Ok(access::asking(caller))
}

/// For a page: by token or by cookie.
pub(crate) async fn of_page(server: &Server, headers: &HeaderMap) -> Result<Caller, NotCaller> {
    if headers.contains_key(header::AUTHORIZATION) {
        by_token(server, headers).await
    } else {
        by_cookie(server, headers)
    }
}

/// For GraphQL: by token, or by cookie with the header.
pub(crate) async fn of_graphql(server: &Server, headers: &HeaderMap) -> Result<Caller, NotCaller> {
    if headers.contains_key(header::AUTHORIZATION) || cookie(headers).is_none() {
        return by_token(server, headers).await;
    }
    if headers.get(CSRF).is_none_or(|value| value != "1") {
        return Err(NotCaller::Csrf);
    }
    by_cookie(server, headers)
}

/// Whether a form came from a page of this server. For a browser that sends neither header,
/// `SameSite=Strict` alone protects.
pub(crate) fn is_own_form(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if text("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none") {
        return false;
    }
    match (text("origin"), text("host")) {
        // `null` comes from a page under `no-referrer`, which all of ours are; then the fetch
        // header above has decided.
        (None | Some("null"), _) => true,
        (Some(origin), Some(host)) => {
            origin.split_once("://").is_some_and(|(_, rest)| rest == host)
        }
        (Some(_), None) => false,
    }
}

/// The holder of a token that a hook sends: bare, or as a bearer token.
pub(crate) async fn by_hook(server: &Server, headers: &HeaderMap) -> Result<Caller, NotCaller> {
    let token = bearer(headers).or_else(|| bare(headers)).ok_or(NotCaller::Unauthenticated)?;
    holder(server, headers, token).await
}

fn bare(headers: &HeaderMap) -> Option<&str> {
    let token = headers.get(header::AUTHORIZATION)?.to_str().ok()?.trim();
    (!token.is_empty() && token.len() <= 512 && !token.contains(' ')).then_some(token)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && token.len() <= 512)
        .then_some(token)
}

/// The value of a page session's cookie.
pub(crate) fn cookie(headers: &HeaderMap) -> Option<&str> {
    cookie_of(headers, COOKIE)
}

/// The value of the cookie of a name.
pub(crate) fn cookie_of<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(';')).find_map(|pair| {
        let (named, value) = pair.trim().split_once('=')?;
        (named == name && !value.is_empty() && value.len() <= 512).then_some(value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn tokens_and_cookies_are_read() {
        assert_eq!(bearer(&headers(&[("authorization", "Bearer abc")])), Some("abc"));
        assert_eq!(bearer(&headers(&[("authorization", "bearer  abc ")])), Some("abc"));
        for other in ["Basic abc", "Bearer", "Bearer ", "abc"] {
            assert_eq!(bearer(&headers(&[("authorization", other)])), None, "{other}");
        }
        assert_eq!(bare(&headers(&[("authorization", " abc ")])), Some("abc"));
        for other in ["Basic abc", "", &"a".repeat(513)] {
            let value = other.parse().unwrap();
            let headers = HeaderMap::from_iter([(header::AUTHORIZATION, value)]);
            assert_eq!(bare(&headers), None, "{other}");
        }
        assert_eq!(cookie(&headers(&[("cookie", "a=b; claimledger=xyz; c=d")])), Some("xyz"));
        assert_eq!(cookie(&headers(&[("cookie", "xclaimledger=xyz")])), None);
    }

    #[test]
    fn forms_of_other_sites_are_known() {
        let check = |pairs: &[(&'static str, &'static str)], expected| {
            assert_eq!(is_own_form(&headers(pairs)), expected, "{pairs:?}")
        };
        check(&[("host", "127.0.0.1:7070")], true);
        check(&[("host", "127.0.0.1:7070"), ("origin", "http://127.0.0.1:7070")], true);
        check(&[("host", "127.0.0.1:7070"), ("origin", "http://evil.example")], false);
        check(
            &[("host", "127.0.0.1:7070"), ("origin", "http://127.0.0.1:7070.evil.example")],
            false,
        );
        check(&[("host", "127.0.0.1:7070"), ("sec-fetch-site", "cross-site")], false);
        check(
            &[("host", "127.0.0.1:7070"), ("origin", "null"), ("sec-fetch-site", "same-origin")],
            true,
        );
        check(
            &[("host", "127.0.0.1:7070"), ("origin", "null"), ("sec-fetch-site", "same-site")],
            false,
        );
    }
}
