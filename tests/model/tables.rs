//! Tables of `domain.md`: what a value or a method is, and which characteristics it has.

pub(crate) const KNOWLEDGE: &str = "KNOWLEDGE";
pub(crate) const POSSESSION: &str = "POSSESSION";
pub(crate) const INHERENCE: &str = "INHERENCE";
pub(crate) const UNSPECIFIED: &str = "UNSPECIFIED";

const PRESENCE: &str = "user_presence";
const BOUND: &str = "device_bound";
const HARDWARE: &str = "hardware_protected";
const RESISTANT: &str = "phishing_resistant";
const VERIFYING: &str = "user_verifying";

/// `domain.md` 1.4: type, characteristics, and whether it describes a key and pools (14).
pub(crate) fn amr(value: &str) -> Option<(&'static str, &'static [&'static str], bool)> {
    Some(match value {
        "pwd" | "kba" => (KNOWLEDGE, &[], false),
        "face" | "fpt" | "iris" | "retina" | "vbm" => (INHERENCE, &[PRESENCE, VERIFYING], true),
        "hwk" => (POSSESSION, &[PRESENCE, BOUND, HARDWARE], true),
        "phr" => (POSSESSION, &[PRESENCE, BOUND, RESISTANT], true),
        "sc" | "swk" | "pop" => (POSSESSION, &[PRESENCE, BOUND], true),
        "otp" => (POSSESSION, &[PRESENCE, BOUND], false),
        "sms" | "tel" => (POSSESSION, &[PRESENCE], false),
        "mfa" => (UNSPECIFIED, &[], false),
        _ => return None,
    })
}

/// `domain.md` 1.5: one method is one factor type (39).
pub(crate) fn method_type(method: &str) -> &'static str {
    match method {
        "password" | "security_question" => KNOWLEDGE,
        _ => POSSESSION,
    }
}

/// `domain.md` 1.5: what a method is good for where nothing more was logged; "depends" is no.
pub(crate) fn method_characteristics(method: &str) -> &'static [&'static str] {
    match method {
        "password" | "security_question" | "email" | "sms" | "voice" => &[PRESENCE],
        "signed_nonce" | "webauthn" => &[PRESENCE, BOUND, RESISTANT],
        "smart_card" => &[PRESENCE, BOUND, RESISTANT, HARDWARE, VERIFYING],
        _ => &[PRESENCE, BOUND],
    }
}

/// 39: custom authenticators; from an Okta provider also the values `fed` and `sc`.
pub(crate) fn custom(word: &str) -> bool {
    ["external_idp", "smart_card", "custom_app", "custom_otp", "fed", "sc"].contains(&word)
}
