//! The words of policies for methods.

use crate::okta::factor;
use claimledger_facts::vocabulary::Method;
use serde_json::Value;

pub(super) const KNOWLEDGE: &[Method] = &[Method::Password, Method::SecurityQuestion];

/// Every method that is a possession factor.
pub(super) fn possession() -> impl Iterator<Item = Method> {
    Method::ALL.iter().copied().filter(|method| !KNOWLEDGE.contains(method))
}

/// The methods of an entry of `authenticationMethods`, or of an authenticator: its key, and one of
/// its methods where it is named. None: the vocabulary has no such method.
pub(super) fn of_entry(key: &str, method: Option<&str>) -> Option<Vec<Method>> {
    if method.is_none() {
        match key {
            "okta_verify" => return Some(vec![Method::Totp, Method::Push, Method::SignedNonce]),
            "phone_number" => return Some(vec![Method::Sms, Method::Voice]),
            _ => {}
        }
    }
    factor::by_key(key, method).map(|method| vec![method])
}

/// A word of `methods`.
pub(super) fn of_method(word: &str) -> Option<&'static [Method]> {
    Some(match word.to_ascii_uppercase().as_str() {
        "PASSWORD" => &[Method::Password],
        "SECURITY_QUESTION" => &[Method::SecurityQuestion],
        "SMS" => &[Method::Sms],
        "VOICE" => &[Method::Voice],
        "EMAIL" => &[Method::Email],
        "PUSH" => &[Method::Push, Method::CustomApp],
        "SIGNED_NONCE" => &[Method::SignedNonce],
        "OTP" => &[Method::Otp, Method::Rsa, Method::Symantec, Method::Yubikey, Method::CustomOtp],
        "TOTP" => &[Method::Totp],
        "WEBAUTHN" => &[Method::Webauthn],
        "DUO" => &[Method::Duo],
        "IDP" => &[Method::ExternalIdp],
        "CERT" => &[Method::SmartCard],
        _ => return None,
    })
}

/// A word of `types`.
pub(super) fn of_type(word: &str) -> Option<&'static [Method]> {
    Some(match word.to_ascii_uppercase().as_str() {
        "PASSWORD" => &[Method::Password],
        "SECURITY_QUESTION" => &[Method::SecurityQuestion],
        "PHONE" => &[Method::Sms, Method::Voice],
        "EMAIL" => &[Method::Email],
        "APP" => &[
            Method::Otp,
            Method::Totp,
            Method::Push,
            Method::SignedNonce,
            Method::Duo,
            Method::Symantec,
            Method::CustomApp,
        ],
        "SECURITY_KEY" => {
            &[Method::Otp, Method::Webauthn, Method::Rsa, Method::Yubikey, Method::CustomOtp]
        }
        "FEDERATED" => &[Method::SmartCard, Method::ExternalIdp],
        _ => return None,
    })
}

/// The methods that a list of words names. None: a word is not known.
pub(super) fn of_words(
    list: &Value,
    read: fn(&str) -> Option<&'static [Method]>,
) -> Option<Vec<Method>> {
    let words = list.as_array()?.iter().map(|word| read(word.as_str()?));
    Some(words.collect::<Option<Vec<_>>>()?.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_methods_name_what_they_name_in_the_log() {
        assert_eq!(of_entry("okta_verify", Some("signed_nonce")), Some(vec![Method::SignedNonce]));
        assert_eq!(of_entry("phone_number", Some("voice")), Some(vec![Method::Voice]));
        assert_eq!(of_entry("custom_otp", Some("otp")), Some(vec![Method::CustomOtp]));
        assert_eq!(of_entry("external_idp", Some("idp")), Some(vec![Method::ExternalIdp]));
        assert_eq!(of_entry("okta_verify", None).map(|all| all.len()), Some(3));
        assert_eq!(of_entry("made_up", Some("otp")), None);
    }

    /// Every method is in one class, and in one type.
    #[test]
    fn every_method_has_a_class_and_a_type() {
        assert_eq!(possession().count() + KNOWLEDGE.len(), Method::ALL.len());
        let types = ["password", "SECURITY_QUESTION", "PHONE", "EMAIL", "APP", "SECURITY_KEY"];
        let of_types: Vec<Method> =
            types.iter().chain(&["FEDERATED"]).flat_map(|t| of_type(t).unwrap()).copied().collect();
        assert!(Method::ALL.iter().all(|method| of_types.contains(method)), "{of_types:?}");
    }
}
