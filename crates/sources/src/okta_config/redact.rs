//! Secrets of configuration objects: client secrets, shared secrets, private keys, tokens. A digest
//! replaces each, so that a changed secret is seen and the secret itself is not kept, neither in
//! the original.

use crate::bearer::{self, Named};
use claimledger_facts::canonical;
use serde_json::{Map, Value};

/// Parts of the names of members that hold a secret; compared without regard to case and `_`.
const SECRET: &[&str] = &["secret", "privatekey", "passphrase", "apikey", "apitoken"];

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
    let mut any = false;
    for (name, member) in members.iter_mut() {
        let private = is_key && PRIVATE_JWK.contains(&name.as_str());
        any |= if private || is_secret(name) { all(member) } else { inside(member) };
    }
    any
}

fn inside(value: &mut Value) -> bool {
    match value {
        Value::Object(members) => by_name(members),
        Value::Array(items) => items.iter_mut().fold(false, |any, item| inside(item) | any),
        Value::String(text) if text.contains("PRIVATE KEY-----") => put(text),
        _ => false,
    }
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
    let name: String = name.to_ascii_lowercase().replace('_', "");
    SECRET.iter().any(|part| name.contains(part))
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

    #[test]
    fn what_holds_no_secret_is_kept_as_received() {
        let bytes = br#"{"z": 1,  "a": null, "maxSessionIdleMinutes": 120}"#;
        assert_eq!(original(bytes), bytes);
    }
}
