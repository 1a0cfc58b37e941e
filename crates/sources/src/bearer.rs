//! Bearer material: tokens and assertions, which let any holder act as their subject. The ledger
//! keeps digests of them, never the material itself.
//!
//! Found are: members and URL parameters named like a token, an assertion or a secret (also one
//! level of percent-encoding deep, and in Okta's `{k=v, …}` texts), JSON Web Tokens anywhere in a
//! text, and SAML assertions as XML. Each is replaced by `sha256:<hex>` of its text. Not found are
//! tokens in the path of a URL, and what is encoded twice.

use crate::json::{Json, Object};
use claimledger_facts::canonical;
use data_encoding::HEXLOWER;
use memchr::{memchr, memchr3, memmem};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// Members that hold bearer material; compared without regard to case. Ids of tokens
/// (`tokenId`, `jti`) are not among them.
const MEMBERS: &[&str] = &[
    "accessToken",
    "access_token",
    "activationToken",
    "assertion",
    "authorizationCode",
    "clientSecret",
    "client_assertion",
    "client_secret",
    "deviceSecret",
    "idToken",
    "id_token",
    "interactionHandle",
    "interaction_handle",
    "oneTimeToken",
    "passCode",
    "password",
    "recoveryToken",
    "refreshToken",
    "refresh_token",
    "samlResponse",
    "sessionToken",
    "stateHandle",
    "stateToken",
    "token",
];

/// Further parameters of URLs and forms that hold bearer material.
const PARAMETERS: &[&str] =
    &["code", "code_verifier", "device_code", "okta_key", "otp", "sid_token"];

/// The digest that replaces bearer material.
pub(crate) fn digest(text: &str) -> String {
    format!("sha256:{}", HEXLOWER.encode(&Sha256::digest(text.as_bytes())))
}

/// Which members of an object are known by their name alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// As vendors name them.
    Vendor,
    /// In the native contract `assertion` is an id or a digest.
    Native,
}

/// Replaces all bearer material in an object. True if there was any.
pub(crate) fn redact(members: &mut Map<String, Value>, named: Named) -> bool {
    let mut any = false;
    for (key, member) in members.iter_mut() {
        any |= match member {
            Value::String(text) if is_named_bearer(key, named) => put(replaced(text), text),
            other => redact_value(other, named),
        };
    }
    any
}

fn redact_value(value: &mut Value, named: Named) -> bool {
    match value {
        Value::Object(members) => redact(members, named),
        Value::Array(items) => {
            items.iter_mut().fold(false, |any, item| redact_value(item, named) | any)
        }
        Value::String(text) => put(redacted_text(text), text),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The same in an object that borrows.
pub(crate) fn redact_borrowed(members: &mut Object<'_>, named: Named) -> bool {
    let mut any = false;
    for (key, member) in members.iter_mut() {
        any |= match member {
            Json::Text(text) if is_named_bearer(key, named) => put(replaced(text), text),
            other => redact_json(other, named),
        };
    }
    any
}

fn redact_json(value: &mut Json<'_>, named: Named) -> bool {
    match value {
        Json::Object(members) => redact_borrowed(members, named),
        Json::List(items) => {
            items.iter_mut().fold(false, |any, item| redact_json(item, named) | any)
        }
        Json::Text(text) => put(redacted_text(text), text),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Exact(_) => false,
    }
}

fn put<T: From<String>>(new: Option<String>, text: &mut T) -> bool {
    new.is_some_and(|new| {
        *text = new.into();
        true
    })
}

/// An original without its bearer material: written again, with the keys sorted.
pub(crate) fn without(bytes: &[u8], named: Named) -> Vec<u8> {
    let mut members: Map<String, Value> = serde_json::from_slice(bytes).unwrap_or_default();
    redact(&mut members, named);
    canonical::object_to_vec(&members)
}

/// Whether the text is, or holds, a JSON Web Token or a SAML assertion.
pub(crate) fn is_token(text: &str) -> bool {
    web_token(text, 0).is_some() || is_assertion(text)
}

fn is_named_bearer(key: &str, named: Named) -> bool {
    is_named(key, MEMBERS) && !(named == Named::Native && key == "assertion")
}

/// The replacement of a text that is bearer material as a whole; none: it is not.
fn replaced(text: &str) -> Option<String> {
    if text.is_empty() || is_digest(text) { None } else { Some(digest(text)) }
}

fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:")
        .is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn is_named(name: &str, names: &[&str]) -> bool {
    // Without the number of a key that stood twice (`strict::Duplicates::Numbered`).
    let name = name.split_once(" (").map_or(name, |(name, _)| name);
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

fn is_assertion(text: &str) -> bool {
    memchr(b'<', text.as_bytes()).is_some()
        && (text.contains(":Assertion") || text.contains("<Assertion"))
}

/// The text with digests in place of what is bearer material in it; none: there is none.
fn redacted_text(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    if memchr3(b'<', b'=', b'%', bytes).is_none() {
        return with_each_replaced(text, web_token);
    }
    if is_assertion(text) {
        return replaced(text);
    }
    let has_parameters = memchr(b'=', bytes).is_some()
        || (memchr(b'%', bytes).is_some() && (text.contains("%3D") || text.contains("%3d")));
    let parameters = if has_parameters { with_each_replaced(text, parameter) } else { None };
    with_each_replaced(parameters.as_deref().unwrap_or(text), web_token).or(parameters)
}

/// Puts digests in place of everything that `find` finds from a position on, in one pass; none:
/// there is nothing.
fn with_each_replaced(
    text: &str,
    find: impl Fn(&str, usize) -> Option<(usize, usize)>,
) -> Option<String> {
    let (mut out, mut done) = (String::new(), 0);
    while let Some((from, to)) = find(text, done) {
        out.push_str(&text[done..from]);
        out.push_str(&digest(&text[from..to]));
        done = to;
    }
    if done == 0 {
        return None;
    }
    out.push_str(&text[done..]);
    Some(out)
}

/// Where the next value of a parameter with bearer material is.
fn parameter(text: &str, mut start: usize) -> Option<(usize, usize)> {
    loop {
        let next = delimiter(text, start);
        let end = next.map_or(text.len(), |(at, _)| at);
        let pair = &text[start..end];
        let equals = pair
            .find('=')
            .map(|at| (at, 1))
            .or_else(|| pair.find("%3D").or_else(|| pair.find("%3d")).map(|at| (at, 3)));
        if let Some((at, width)) = equals {
            let (name, value) = (&pair[..at], &pair[at + width..]);
            if !value.is_empty()
                && !is_digest(value)
                && (is_named(name, MEMBERS) || is_named(name, PARAMETERS))
            {
                return Some((start + at + width, end));
            }
        }
        let (at, width) = next?;
        start = at + width;
    }
}

/// The next byte or escape that ends a parameter, and its width.
fn delimiter(text: &str, from: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    (from..bytes.len()).find_map(|at| match bytes[at] {
        b'?' | b'&' | b'#' | b';' | b',' | b'{' | b'}' | b' ' => Some((at, 1)),
        b'%' => match bytes.get(at + 1..at + 3) {
            Some([b'3', b'f' | b'F'] | [b'2', b'6' | b'3']) => Some((at, 3)),
            _ => None,
        },
        _ => None,
    })
}

/// Where a JSON Web Token is: its first part is an object, so it begins with `eyJ`; at least
/// three parts.
fn web_token(text: &str, mut from: usize) -> Option<(usize, usize)> {
    const SHORTEST: usize = 40;
    // Shorter texts hold none, and most texts are short.
    while let Some(at) = (text.len() - from >= SHORTEST)
        .then(|| memmem::find(&text.as_bytes()[from..], b"eyJ"))
        .flatten()
        .map(|at| from + at)
    {
        let run = text[at..]
            .bytes()
            .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'='))
            .count();
        let token = &text[at..at + run];
        if run >= SHORTEST && token.bytes().filter(|b| *b == b'.').count() >= 2 {
            return Some((at, at + run));
        }
        from = at + run.max(3);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn redacted(text: &str) -> String {
        let mut value = json!(text);
        redact_value(&mut value, Named::Vendor);
        value.as_str().unwrap().to_owned()
    }

    #[test]
    fn named_members_give_way_to_their_digest_and_their_ids_stay() {
        let mut value = json!({"debugData": {"assertion": "PHNhbWw", "tokenId": "t-1", "jti": "j",
            "list": [{"StateToken": "x"}]}});
        assert!(redact_value(&mut value, Named::Vendor));
        let expected = json!({"debugData": {"assertion": digest("PHNhbWw"), "tokenId": "t-1",
            "jti": "j", "list": [{"StateToken": digest("x")}]}});
        assert_eq!(value, expected);
        assert!(!redact_value(&mut json!({"data": {"assertion": "as-S1"}}), Named::Native));
        assert!(!redact_value(&mut value, Named::Vendor), "a digest stands for itself");
    }

    #[test]
    fn parameters_are_found_in_urls_forms_and_maps_also_encoded_once() {
        assert_eq!(
            redacted("/login/token/redirect?stateToken=02.id.a&x=1"),
            format!("/login/token/redirect?stateToken={}&x=1", digest("02.id.a"))
        );
        assert_eq!(redacted("/cb#id_token=abc"), format!("/cb#id_token={}", digest("abc")));
        assert_eq!(
            redacted("/a?fromURI=%2Fcb%3Fcode%3Dsecret%26state%3Ds"),
            format!("/a?fromURI=%2Fcb%3Fcode%3D{}%26state%3Ds", digest("secret"))
        );
        assert_eq!(
            redacted("{token=abc, level=LOW}"),
            format!("{{token={}, level=LOW}}", digest("abc"))
        );
        for kept in [
            "/authorize?response_type=code&state=s&code_challenge=c",
            "{level=LOW}",
            "code",
            "token=",
            "/a?b=%",
        ] {
            assert_eq!(redacted(kept), kept);
        }
    }

    #[test]
    fn a_text_full_of_secrets_takes_one_pass() {
        let one = format!("/a?code={}&code={}", digest("x"), digest("y"));
        assert_eq!(redacted("/a?code=x&code=y"), one);
        // Looking from the beginning again for each would take hours.
        let many = redacted(&"code=a&".repeat(40_000));
        assert_eq!(many.matches("sha256:").count(), 40_000);
        let token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl ";
        assert_eq!(redacted(&token.repeat(5_000)).matches("sha256:").count(), 5_000);
    }

    #[test]
    fn tokens_and_assertions_are_found_wherever_they_stand() {
        let token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl";
        assert!(is_token(token) && !is_token("eyJ.a.b") && !is_token("as-S1"));
        assert_eq!(
            redacted(&format!("Bearer {token} seen")),
            format!("Bearer {} seen", digest(token))
        );
        let assertion = "<saml2:Assertion ID=\"a\">…</saml2:Assertion>";
        assert_eq!(redacted(assertion), digest(assertion));
    }
}
