//! What a method is, and which characteristics it has where the source did not log them.
//!
//! Source: Okta, product help, factor types and authenticator characteristics. The logged set is
//! preferred; the table is for sources that log less. What depends on the device is kept apart: it
//! can neither be taken as given nor ruled out.

use super::value::ordered;
use crate::model::FactorType;
use claimledger_facts::{
    types::authenticator::AuthenticatorConfigured,
    vocabulary::{AllowedFor, Method, Property, Status},
};

pub(crate) const ID: &str = "authenticators";

/// A method is one factor type (`semantics.md` 39).
pub(crate) const fn factor_type(method: Method) -> FactorType {
    match method {
        Method::Password | Method::SecurityQuestion => FactorType::Knowledge,
        Method::Email
        | Method::Sms
        | Method::Voice
        | Method::Otp
        | Method::Totp
        | Method::Push
        | Method::SignedNonce
        | Method::Webauthn
        | Method::SmartCard
        | Method::Duo
        | Method::Rsa
        | Method::Symantec
        | Method::Yubikey
        | Method::CustomApp
        | Method::CustomOtp
        | Method::ExternalIdp => FactorType::Possession,
    }
}

/// Whether an authenticator serves signing in while it is active. One that is kept for recovery of
/// the account is active and cannot be asked for at a sign-in.
pub(crate) fn allows_sign_in(authenticator: &AuthenticatorConfigured) -> bool {
    !matches!(authenticator.allowed_for, Some(AllowedFor::Recovery | AllowedFor::None))
}

/// What an active authenticator is kept for instead of signing in, in words.
pub(crate) fn kept_for(authenticator: &AuthenticatorConfigured) -> Option<&'static str> {
    match authenticator.allowed_for.filter(|_| authenticator.status == Status::Active)? {
        AllowedFor::Any | AllowedFor::Sso => None,
        AllowedFor::Recovery => Some("kept for recovery"),
        AllowedFor::None => Some("allowed for nothing"),
    }
}

/// The characteristics of a verification: those it certainly has, and those that depend on the
/// device. A logged set settles both.
pub(crate) fn characteristics(
    method: Method,
    logged: &[Property],
) -> (Vec<Property>, Vec<Property>) {
    if !logged.is_empty() {
        return (ordered(logged.to_vec()), Vec::new());
    }
    let (has, perhaps) = table(method);
    (has.to_vec(), perhaps.to_vec())
}

const fn table(method: Method) -> (&'static [Property], &'static [Property]) {
    use Property::{
        DeviceBound, HardwareProtected, PhishingResistant, UserPresence, UserVerifying,
    };
    match method {
        Method::Password
        | Method::SecurityQuestion
        | Method::Email
        | Method::Sms
        | Method::Voice
        | Method::ExternalIdp => (&[UserPresence], &[]),
        Method::Otp | Method::Totp | Method::Duo | Method::CustomOtp => {
            (&[DeviceBound, UserPresence], &[])
        }
        Method::Rsa | Method::Symantec | Method::Yubikey => {
            (&[DeviceBound, UserPresence], &[HardwareProtected])
        }
        Method::Push | Method::CustomApp => {
            (&[DeviceBound, UserPresence], &[HardwareProtected, UserVerifying])
        }
        Method::SignedNonce => {
            (&[DeviceBound, PhishingResistant, UserPresence], &[HardwareProtected, UserVerifying])
        }
        Method::Webauthn => {
            (&[DeviceBound, PhishingResistant, UserPresence], &[HardwareProtected, UserVerifying])
        }
        Method::SmartCard => {
            (&[DeviceBound, HardwareProtected, PhishingResistant, UserPresence, UserVerifying], &[])
        }
    }
}
