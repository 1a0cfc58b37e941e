//! What Okta's names of factors mean.
//!
//! A verification names its factor in up to four places, of which the code in `debugData.factor` is
//! the most exact and the text shown to the user the least. A name that is not in these tables
//! leaves the event not understood: a wrong method would be worse.

use super::event::{Event, Target, list};
use claimledger_facts::vocabulary::{Method, Property};

/// The method of a verification.
pub(super) fn method(event: &Event<'_>, enrollment: Option<Target<'_>>) -> Option<Method> {
    if let Some(method) = event.debug_text("factor").and_then(by_code) {
        return Some(method);
    }
    let enrollment = enrollment?;
    let shown = enrollment.detail_text("methodTypeUsed");
    let name = enrollment.text("displayName");
    match enrollment.detail_text("authenticatorKey") {
        Some(key) => by_key(key, shown),
        None => {
            shown.and_then(|shown| by_shown_text(shown, name)).or_else(|| name.and_then(by_name))
        }
    }
}

/// The method whose code a sentence of Okta names: `User set up EMAIL_FACTOR factor`.
pub(super) fn named_in(text: &str) -> Option<Method> {
    let is_code = |word: &&str| word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    text.split_whitespace().filter(is_code).find_map(by_code)
}

/// The characteristics that were logged for this verification; those that the vocabulary does not
/// know stay in the original.
pub(super) fn properties(enrollment: Option<Target<'_>>) -> Vec<Property> {
    let logged = enrollment
        .and_then(|e| e.detail("methodUsedVerifiedProperties"))
        .and_then(|logged| list(logged).ok().flatten())
        .unwrap_or_default();
    let mut properties: Vec<Property> =
        logged.into_iter().filter_map(|word| Property::parse(&word.to_ascii_lowercase())).collect();
    properties.sort_unstable();
    properties.dedup();
    properties
}

/// `debugData.factor`, and the factor types of the API.
fn by_code(code: &str) -> Option<Method> {
    Some(match code.to_ascii_uppercase().as_str() {
        "PASSWORD_AS_FACTOR" | "PASSWORD" => Method::Password,
        "SECURITY_QUESTION" | "QUESTION" => Method::SecurityQuestion,
        "EMAIL_FACTOR" | "EMAIL" => Method::Email,
        "SMS_FACTOR" | "SMS" => Method::Sms,
        "CALL_FACTOR" | "CALL" | "VOICE" => Method::Voice,
        "SOFT_TOKEN" | "OKTA_SOFT_TOKEN" | "OKTA_VERIFY_TOTP" | "TOTP" => Method::Totp,
        "OKTA_VERIFY_PUSH" | "PUSH" => Method::Push,
        "SIGNED_NONCE" => Method::SignedNonce,
        "FIDO2_WEBAUTHN" | "FIDO_WEBAUTHN" | "WEBAUTHN" | "FIDO_U2F" | "U2F" => Method::Webauthn,
        "GOOGLE_AUTH" | "GOOGLE_OTP" | "ONPREM_MFA" => Method::Otp,
        "DUO_SECURITY" | "DUO" => Method::Duo,
        "RSA_TOKEN" | "RSA_SECURID" => Method::Rsa,
        "SYMANTEC_VIP" => Method::Symantec,
        "YUBIKEY_TOKEN" | "YUBIKEY" => Method::Yubikey,
        "SMART_CARD" | "SMART_CARD_IDP" | "X509" => Method::SmartCard,
        "CUSTOM_APP" | "CUSTOM_PUSH" => Method::CustomApp,
        "CUSTOM_OTP" | "HOTP" => Method::CustomOtp,
        "CLAIMS_PROVIDER" | "EXTERNAL_IDP" | "GENERIC_SAML" | "GENERIC_OIDC" => Method::ExternalIdp,
        _ => return None,
    })
}

/// The key of an authenticator, with the method where it has several.
pub(crate) fn by_key(key: &str, shown: Option<&str>) -> Option<Method> {
    Some(match key {
        "okta_password" => Method::Password,
        "security_question" => Method::SecurityQuestion,
        "okta_email" => Method::Email,
        "webauthn" => Method::Webauthn,
        "google_otp" | "onprem_mfa" => Method::Otp,
        "duo" => Method::Duo,
        "symantec_vip" => Method::Symantec,
        "rsa_token" => Method::Rsa,
        "yubikey_token" => Method::Yubikey,
        "custom_app" => Method::CustomApp,
        "custom_otp" => Method::CustomOtp,
        "external_idp" => Method::ExternalIdp,
        "smart_card_idp" => Method::SmartCard,
        "phone_number" => return by_shown_text(shown?, Some("Phone")),
        "okta_verify" => return by_shown_text(shown?, Some("Okta Verify")),
        _ => return None,
    })
}

/// `methodTypeUsed`: a word of the API, or what the user reads on the button.
fn by_shown_text(shown: &str, name: Option<&str>) -> Option<Method> {
    let shown = shown.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| shown.contains(word));
    Some(match shown.as_str() {
        "totp" => Method::Totp,
        "otp" => return name.and_then(by_name).or(Some(Method::Otp)),
        "cert" => Method::SmartCard,
        "idp" => Method::ExternalIdp,
        _ if has(&["fastpass", "signed_nonce", "signed nonce"]) => Method::SignedNonce,
        _ if has(&["push"]) => match name {
            Some("Okta Verify") | None => Method::Push,
            Some(_) => Method::CustomApp,
        },
        _ if has(&["password"]) => Method::Password,
        _ if has(&["security question", "security_question"]) => Method::SecurityQuestion,
        _ if has(&["webauthn", "passkey", "fido", "security key"]) => Method::Webauthn,
        _ if has(&["smart card", "piv"]) => Method::SmartCard,
        _ if has(&["sms", "text message"]) => Method::Sms,
        _ if has(&["voice", "call"]) => Method::Voice,
        _ if has(&["email"]) => Method::Email,
        _ if has(&["enter a code", "enter code"]) => match name {
            Some("Okta Verify") => Method::Totp,
            _ => return name.and_then(by_name),
        },
        _ => return name.and_then(by_name),
    })
}

/// The name of an authenticator, where it has one method only. Administrators can rename most of
/// them: these are the names they come with.
fn by_name(name: &str) -> Option<Method> {
    Some(match name {
        "Password" => Method::Password,
        "Security Question" => Method::SecurityQuestion,
        "Email" => Method::Email,
        "Google Authenticator" => Method::Otp,
        "Security Key or Biometric" | "Security Key or Biometric Authenticator" | "Passkey" => {
            Method::Webauthn
        }
        "Duo Security" => Method::Duo,
        "Symantec VIP" => Method::Symantec,
        "RSA SecurID" => Method::Rsa,
        "YubiKey Authenticator" | "YubiKey" => Method::Yubikey,
        "Smart Card IdP" | "Smart Card Authenticator" => Method::SmartCard,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_keys_and_shown_texts_name_the_method() {
        assert_eq!(by_code("PASSWORD_AS_FACTOR"), Some(Method::Password));
        assert_eq!(by_code("OKTA_SOFT_TOKEN"), Some(Method::Totp));
        assert_eq!(by_code("SOMETHING_NEW"), None);
        assert_eq!(by_key("okta_verify", Some("Get a push notification")), Some(Method::Push));
        assert_eq!(by_key("okta_verify", Some("Use Okta FastPass")), Some(Method::SignedNonce));
        assert_eq!(by_key("okta_verify", Some("Enter a code")), Some(Method::Totp));
        assert_eq!(by_key("okta_verify", None), None);
        assert_eq!(by_key("phone_number", Some("SMS")), Some(Method::Sms));
        assert_eq!(by_key("phone_number", Some("Voice call")), Some(Method::Voice));
        assert_eq!(by_shown_text("Enter a code", Some("Google Authenticator")), Some(Method::Otp));
        assert_eq!(by_shown_text("Enter a code", Some("Our own token")), None);
        assert_eq!(
            by_shown_text("Get a push notification", Some("Acme Push")),
            Some(Method::CustomApp)
        );
    }
}
