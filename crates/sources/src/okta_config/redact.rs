//! Secrets of configuration objects: client secrets, shared secrets, private keys, tokens. A digest
//! replaces each, so that a changed secret is seen and the secret itself is not kept, neither in
//! the original.

use crate::bearer::{self, Named};
use claimledger_facts::canonical;
use serde_json::{Map, Value};

/// Parts of the names of members that hold a secret; compared without regard to case, `_` and `-`.
const SECRET: &[&str] = &[
    "accesskey",
    "adminpassword",
    "apikey",
    "apitoken",
    "bearertoken",
    "hmackey",
    "passphrase",
    "privatekey",
    "secret",
    "setcookie",
    "sharedpassword",
];

/// Names of members whose text is a secret, as a whole; an object of such a name holds settings.
const SECRET_TEXTS: &[&str] = &["authorization", "cookie", "credential", "pin", "pwd"];

/// Members that hold a secret inside of a member of a name: of applications, and of hooks.
const INSIDE: &[(&str, &str)] = &[("password", "value"), ("authscheme", "value")];

/// Parts of the names of headers whose `value` is a secret, beside those of [`SECRET`].
const HEADERS: &[&str] = &["authorization", "cookie", "token", "password", "auth", "key"];

/// Words before a credential in a text: `Authorization: SSWS …`. White space follows, or what
/// stands for it in an address.
const SCHEMES: &[&str] = &["ssws", "bearer", "basic"];
const SPACES: &[&str] = &[" ", "\t", "\u{a0}", "%20", "+"];

/// Members of a JSON Web Key that are private.
const PRIVATE_JWK: &[&str] = &["d", "dp", "dq", "k", "oth", "p", "q", "qi"];

/// The bytes of an object, as they are kept: as received, unless they hold a secret. Then they are
/// written again with the keys sorted.
pub(super) fn original(bytes: &[u8]) -> Vec<u8> {
    let Ok(mut members) = serde_json::from_slice::<Map<String, Value>>(bytes) else {
        return bytes.to_vec();
    };
    if redact(&mut members) { canonical::object_to_vec(&members) } else { bytes.to_vec() }
}

/// Replaces every secret in an object. True if there was any.
pub(super) fn redact(members: &mut Map<String, Value>) -> bool {
    let named = by_name(members);
    bearer::redact(members, Named::Vendor) || named
}

fn by_name(members: &mut Map<String, Value>) -> bool {
    let is_key = members.contains_key("kty");
    let header = ["key", "name"].iter().find_map(|name| members.get(*name)?.as_str());
    let is_secret_header = header.is_some_and(|name| is_named(name, HEADERS) || is_secret(name));
    let mut any = false;
    for (name, member) in members.iter_mut() {
        let private = is_key && PRIVATE_JWK.contains(&name.as_str());
        let of_header = is_secret_header && name == "value";
        let of_text = member.is_string() && SECRET_TEXTS.contains(&plain(name).as_str());
        any |= if private || of_header || of_text || is_secret(name) {
            all(member)
        } else {
            inside(member)
        };
        if let Value::Object(inner) = member {
            let plain = plain(name);
            for (_, secret) in INSIDE.iter().filter(|(outer, _)| *outer == plain) {
                any |= inner.get_mut(*secret).is_some_and(all);
            }
        }
    }
    any
}

fn inside(value: &mut Value) -> bool {
    match value {
        Value::Object(members) => by_name(members),
        Value::Array(items) => items.iter_mut().fold(false, |any, item| inside(item) | any),
        Value::String(text) if text.contains("PRIVATE KEY-----") => put(text),
        Value::String(text) => in_text(text),
        _ => false,
    }
}

/// A text that stands in the clear, such as a display name, without the secrets in it.
pub(super) fn clear_text(text: &str) -> String {
    let mut text = text.to_owned();
    in_text(&mut text);
    text
}

/// Replaces credentials after the word of their scheme, and passwords in addresses.
fn in_text(text: &mut String) -> bool {
    let mut any = false;
    let mut replace = |text: &mut String, from: usize, to: usize| {
        if from < to && !text[from..to].starts_with("sha256:") {
            text.replace_range(from..to, &bearer::digest(&text[from..to]));
            any = true;
        }
    };
    // ASCII alone changes its case, so places stay.
    let lower = text.to_ascii_lowercase();
    let at_word = |at: usize| at == 0 || !lower.as_bytes()[at - 1].is_ascii_alphanumeric();
    let found = SCHEMES.iter().find_map(|scheme| {
        let at = lower.find(scheme).filter(|at| at_word(*at))?;
        let from = at + scheme.len();
        let mut rest = &text[from..];
        while let Some(after) = SPACES.iter().find_map(|space| rest.strip_prefix(space)) {
            rest = after;
        }
        Some(text.len() - rest.len()).filter(|start| *start > from)
    });
    if let Some(from) = found {
        let end = text[from..].find(|c: char| c.is_whitespace() || "\"',;".contains(c));
        let to = end.map_or(text.len(), |end| from + end);
        // Prose such as "bearer tokens" is none: a credential is long.
        if to - from >= 16 {
            replace(text, from, to);
        }
    }
    if let Some(at) = text.find("://") {
        let from = at + 3;
        let end = text[from..].find(['/', '?', '#']).map_or(text.len(), |end| from + end);
        if let Some((user, _)) = text[from..end].rsplit_once('@') {
            // A user that was replaced as a whole has a colon too.
            let is_digest = user.len() == 71 && user.starts_with("sha256:");
            let of_user = user.find(':').filter(|_| !is_digest).map_or(0, |colon| colon + 1);
            let to = from + user.len();
            replace(text, from + of_user, to);
        }
    }
    any
}

/// Replaces every text and number in a value whose name says that it is secret. Settings inside of
/// an object of such a name, such as the rules for passwords, are no secrets.
fn all(value: &mut Value) -> bool {
    match value {
        Value::Object(members) => by_name(members),
        Value::Array(items) => items.iter_mut().fold(false, |any, item| all(item) | any),
        Value::String(text) => put(text),
        Value::Number(number) => {
            *value = Value::String(bearer::digest(&number.to_string()));
            true
        }
        Value::Null | Value::Bool(_) => false,
    }
}

fn put(text: &mut String) -> bool {
    if text.is_empty() || text.starts_with("sha256:") {
        return false;
    }
    *text = bearer::digest(text);
    true
}

fn is_secret(name: &str) -> bool {
    is_named(name, SECRET)
}

fn is_named(name: &str, parts: &[&str]) -> bool {
    let name = plain(name);
    parts.iter().any(|part| name.contains(part))
}

fn plain(name: &str) -> String {
    name.to_ascii_lowercase().replace(['_', '-'], "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn secrets_are_replaced_at_any_depth_and_settings_stay() {
        let mut value = json!({
            "credentials": {"client": {"client_id": "c", "client_secret": "s3cr3t-a"}},
            "provider": {"configuration": {"sharedSecret": "s3cr3t-b"}},
            "jwks": {"keys": [{"kty": "RSA", "kid": "k1", "n": "nnn", "d": "s3cr3t-c"}]},
            "pem": "-----BEGIN RSA PRIVATE KEY-----s3cr3t-d",
            "settings": {"token": "s3cr3t-e", "password": {"minLength": 8}},
            "types": ["password"], "d": "no key", "pin_secret": 8_123_456,
        });
        let members = value.as_object_mut().unwrap();
        assert!(redact(members));
        let text = value.to_string();
        assert!(!text.contains("s3cr3t") && !text.contains("8123456"), "{text}");
        assert_eq!(value["credentials"]["client"]["client_id"], "c");
        assert_eq!(value["settings"]["password"]["minLength"], 8);
        assert_eq!((&value["types"][0], &value["d"]), (&json!("password"), &json!("no key")));
        assert_eq!(value["jwks"]["keys"][0]["n"], "nnn");
        assert!(!redact(value.as_object_mut().unwrap()), "a digest stands for itself");
    }

    /// One row a shape of Okta's objects.
    #[test]
    fn secrets_are_known_by_the_shape_around_them() {
        for (path, mut value) in [
            (
                "/credentials/password/value",
                json!({"credentials": {"password": {"value": "s3cr3t"}}}),
            ),
            (
                "/channel/config/authScheme/value",
                json!({"channel": {"config": {"authScheme": {"type": "HEADER", "key": "X-Any",
                    "value": "s3cr3t"}}}}),
            ),
            ("/headers/0/value", json!({"headers": [{"key": "Authorization", "value": "s3cr3t"}]})),
            ("/headers/0/value", json!({"headers": [{"key": "X-Api-Key", "value": "s3cr3t"}]})),
            ("/headers/0/value", json!({"headers": [{"name": "Cookie", "value": "s3cr3t"}]})),
            ("/settings/client-secret", json!({"settings": {"client-secret": "s3cr3t"}})),
            ("/client_secret", json!({"client_secret": "s3cr3t"})),
            ("/token", json!({"token": "s3cr3t"})),
            ("/headers/Authorization", json!({"headers": {"Authorization": "s3cr3t"}})),
            ("/headers/Set-Cookie", json!({"headers": {"Set-Cookie": "s3cr3t"}})),
            ("/settings/bearerToken", json!({"settings": {"bearerToken": "s3cr3t"}})),
            ("/settings/pin", json!({"settings": {"pin": "s3cr3t"}})),
            ("/jwk/k", json!({"jwk": {"kty": "oct", "k": "s3cr3t"}})),
            ("/jwk/qi", json!({"jwk": {"kty": "RSA", "qi": "s3cr3t"}})),
        ] {
            assert!(redact(value.as_object_mut().unwrap()), "{path}");
            assert_eq!(value.pointer(path), Some(&json!(bearer::digest("s3cr3t"))), "{value}");
        }
        let long = "s3cr3t-of-many-characters";
        let digest = bearer::digest(long);
        for (text, expected) in [
            (format!("Authorization: SSWS {long}"), format!("Authorization: SSWS {digest}")),
            (format!("curl -H 'bearer {long}' x"), format!("curl -H 'bearer {digest}' x")),
            (format!("SSWS  \t{long}"), format!("SSWS  \t{digest}")),
            (format!("a=SSWS%20{long}"), format!("a=SSWS%20{digest}")),
            (format!("SSWS\u{a0}{long}"), format!("SSWS\u{a0}{digest}")),
            (format!("https://u:{long}@a.example/p"), format!("https://u:{digest}@a.example/p")),
            (format!("https://{long}@a.example"), format!("https://{digest}@a.example")),
        ] {
            let mut value = json!({"description": text});
            assert!(redact(value.as_object_mut().unwrap()), "{expected}");
            assert_eq!(value["description"], expected);
            assert!(!redact(value.as_object_mut().unwrap()), "a digest stands for itself");
        }
        for kept in [
            json!({"headers": [{"key": "X-Region", "value": "eu"}], "password": {"minLength": 8}}),
            json!({"url": "https://a.example/@user", "text": "bearer tokens, basic auth"}),
            json!({"authScheme": {"type": "HEADER", "key": "Authorization"}}),
            json!({"pin": {"minLength": 4}, "spin": "left", "text": "Basics of MFA"}),
        ] {
            let mut value = kept.clone();
            assert!(!redact(value.as_object_mut().unwrap()), "{value}");
            assert_eq!(value, kept);
        }
    }

    #[test]
    fn what_holds_no_secret_is_kept_as_received() {
        let bytes = br#"{"z": 1,  "a": null, "maxSessionIdleMinutes": 120}"#;
        assert_eq!(original(bytes), bytes);
    }
}
