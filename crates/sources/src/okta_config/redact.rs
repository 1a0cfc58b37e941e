//! Secrets of configuration objects: client secrets, shared secrets, private keys, tokens. A digest
//! replaces each, so that a changed secret is seen and the secret itself is not kept, neither in
//! the original.

use crate::{
    bearer::{self, Named},
    secrets,
};
use claimledger_facts::canonical;
use serde_json::{Map, Value};

/// Members that hold a secret inside of a member of a name: of applications, and of hooks.
const INSIDE: &[(&str, &str)] = &[("password", "value"), ("authscheme", "value")];

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
    let is_secret_header = header.is_some_and(secrets::is_header);
    let mut any = false;
    for (name, member) in members.iter_mut() {
        let private = is_key && secrets::is_private_of_key(name);
        let of_header = is_secret_header && name == "value";
        let of_text = member.is_string() && secrets::is_configured_text(name);
        any |= if private || of_header || of_text || secrets::is_configured(name) {
            all(member)
        } else {
            inside(member)
        };
        if let Value::Object(inner) = member {
            for (_, secret) in INSIDE.iter().filter(|(outer, _)| outer.eq_ignore_ascii_case(name)) {
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
        // A text that is an object itself, with members that are known by a part of their name.
        Value::String(text) => in_text(text),
        _ => false,
    }
}

fn in_text(text: &mut String) -> bool {
    let Ok(mut members) = serde_json::from_str::<Map<String, Value>>(text) else { return false };
    let any = by_name(&mut members);
    if any {
        *text = String::from_utf8(canonical::object_to_vec(&members)).unwrap_or_default();
    }
    any
}

/// A text that stands in the clear, such as a display name, without the secrets in it.
pub(super) fn clear_text(text: &str) -> String {
    bearer::clear_text(text)
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
    if text.is_empty() || secrets::is_digest(text) {
        return false;
    }
    *text = bearer::digest(text);
    true
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
            (
                "/configuration/integrationKey",
                json!({"configuration": {"integrationKey": "s3cr3t"}}),
            ),
            ("/profile/hashedPassword", json!({"profile": {"hashedPassword": "s3cr3t"}})),
            ("/settings/smtpApiToken", json!({"settings": {"smtpApiToken": "s3cr3t"}})),
            ("/headers/X-Vendor-Key", json!({"headers": {"X-Vendor-Key": "s3cr3t"}})),
            ("/headers/0/value", json!({"headers": [{"key": "X-Vendor-Key", "value": "s3cr3t"}]})),
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
            json!({"clientSecretId": "ocs1", "apiKeyName": "n", "kid": "k", "publicKey": "p"}),
            json!({"text": "{\"minLength\":  8}", "secretExpiresIn": 3600, "x5c": ["MIIC"]}),
            json!({"pin": {"minLength": 4}, "spin": "left", "text": "Basics of MFA"}),
        ] {
            let mut value = kept.clone();
            assert!(!redact(value.as_object_mut().unwrap()), "{value}");
            assert_eq!(value, kept);
        }
    }

    #[test]
    fn a_text_that_is_an_object_is_read_like_one() {
        let text = json!({"smtp": {"smtpSharedSecret": "s3cr3t", "pin": "s3cr3t", "host": "h"}});
        let mut value = json!({"settings": text.to_string()});
        assert!(redact(value.as_object_mut().unwrap()));
        let d = bearer::digest("s3cr3t");
        let expected = format!(r#"{{"smtp":{{"host":"h","pin":"{d}","smtpSharedSecret":"{d}"}}}}"#);
        assert_eq!(value["settings"], expected);
    }

    #[test]
    fn what_holds_no_secret_is_kept_as_received() {
        let bytes = br#"{"z": 1,  "a": null, "maxSessionIdleMinutes": 120}"#;
        assert_eq!(original(bytes), bytes);
    }
}
