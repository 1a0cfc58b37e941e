//! The closed codes of an answer (`semantics.md` 45), and each in words.

/// The key was never added.
pub const KEY_UNKNOWN: &str = "key_unknown";
/// The key was retired when the assertion arrived.
pub const KEY_RETIRED: &str = "key_retired";
/// Trust in the key was retracted from before the assertion arrived.
pub const KEY_RETRACTED: &str = "key_retracted";
/// Trust in the IdP was retracted from before the assertion arrived.
pub const IDP_RETRACTED: &str = "idp_retracted";
/// The IdP was inactive when the assertion arrived.
pub const IDP_INACTIVE: &str = "idp_inactive";
/// The IdP was deleted when the assertion arrived.
pub const IDP_DELETED: &str = "idp_deleted";
/// A third-party IdP whose claims are shared sent no AMR.
pub const NO_AMR: &str = "no_amr";

/// Trust in the IdP's claims was off.
pub const TRUST_OFF: &str = "trust_off";
/// The organisation's feature was off.
pub const FEATURE_OFF: &str = "feature_off";
/// Custom authenticators are not accepted.
pub const CUSTOM_AUTHENTICATOR: &str = "custom_authenticator";
/// The value means nothing to the rules.
pub const UNKNOWN_VALUE: &str = "unknown_value";
/// A factor-only IdP does not vouch for knowledge.
pub const FACTOR_ONLY_IDP: &str = "factor_only_idp";
/// A claim was seen and could not be read.
pub const UNREADABLE: &str = "unreadable";

/// Too few factor types.
pub const NOT_ENOUGH_FACTORS: &str = "not_enough_factors";
/// No knowledge factor.
pub const KNOWLEDGE: &str = "knowledge";
/// No possession factor.
pub const POSSESSION: &str = "possession";
/// No possession factor is device-bound.
pub const DEVICE_BOUND: &str = "device_bound";
/// No possession factor is hardware-protected.
pub const HARDWARE_PROTECTED: &str = "hardware_protected";
/// No possession factor is phishing-resistant.
pub const PHISHING_RESISTANT: &str = "phishing_resistant";
/// No possession factor shows user presence.
pub const USER_PRESENCE: &str = "user_presence";
/// No possession factor verified its user.
pub const USER_VERIFICATION: &str = "user_verification";
/// The rule denies.
pub const RULE_DENIES: &str = "rule_denies";
/// The rules allow what was refused: the code of a difference only.
pub const REFUSED_THOUGH_MET: &str = "refused_though_met";

/// The session ran past its lifetime limit.
pub const EXPIRED_BY_LIMIT: &str = "expired_by_limit";

/// The authenticator that gave the factor was lost.
pub const AUTHENTICATOR_LOST: &str = "authenticator_lost";

/// Nothing is stated about the IdP.
pub const MISSING_IDP: &str = "idp";
/// Nothing is stated about the policy.
pub const MISSING_POLICY: &str = "policy";
/// It is not known which rule was used.
pub const MISSING_RULE: &str = "rule";
/// An interval leaves open what came first.
pub const MISSING_EXACT_TIME: &str = "exact_time";
/// An assertion names no key, and one that may have signed it was retracted.
pub const MISSING_KEY: &str = "key";
/// What the assertion carried was not seen.
pub const MISSING_CLAIM_CONTENT: &str = "claim_content";
/// The characteristics of a verification were not logged, and depend on the device.
pub const MISSING_PROPERTIES: &str = "properties";
/// A value does not say which method it stands for.
pub const MISSING_METHOD: &str = "method";
/// This version of the rules does not read how engines mix.
pub const MISSING_ENGINE_MIX: &str = "engine_mix";
/// This version of the rules does not read method chains.
pub const MISSING_METHOD_CHAIN: &str = "method_chain";
/// This version of the rules does not read claim sourcing.
pub const MISSING_CLAIM_SOURCING: &str = "claim_sourcing";

/// Why an assertion is void, or a value ignored, as it reads after a colon.
#[must_use]
pub fn fate_words(code: &str) -> &'static str {
    match code {
        KEY_UNKNOWN => "its key was never added",
        KEY_RETIRED => "its key was retired",
        KEY_RETRACTED => "its key was retracted",
        IDP_RETRACTED => "trust in the IdP was retracted",
        IDP_INACTIVE => "the IdP was inactive",
        IDP_DELETED => "the IdP was deleted",
        NO_AMR => "it was sent without any amr",
        TRUST_OFF => "trust in the IdP's claims was off",
        FEATURE_OFF => "claims sharing was off",
        CUSTOM_AUTHENTICATOR => "a custom authenticator is not accepted",
        UNKNOWN_VALUE => "the value is unknown",
        FACTOR_ONLY_IDP => "a factor-only IdP does not vouch for knowledge",
        UNREADABLE => "it could not be read",
        _ => "a reason this version has no words for",
    }
}

/// An unmet requirement, as it follows `First unmet:`.
#[must_use]
pub fn unmet_words(code: &str, two_factors: bool) -> &'static str {
    match code {
        NOT_ENOUGH_FACTORS if two_factors => "two factor types",
        NOT_ENOUGH_FACTORS => "one factor",
        KNOWLEDGE => "knowledge",
        POSSESSION => "possession",
        DEVICE_BOUND => "device-bound",
        HARDWARE_PROTECTED => "hardware-protected",
        PHISHING_RESISTANT => "phishing-resistant",
        USER_PRESENCE => "user presence",
        USER_VERIFICATION => "user verification",
        RULE_DENIES => "the rule denies",
        _ => "a requirement this version has no words for",
    }
}

/// The cause of a difference between the recorded and the implied decision, as a phrase.
#[must_use]
pub fn difference_words(code: &str) -> &'static str {
    match code {
        KEY_UNKNOWN => "unknown key accepted",
        KEY_RETIRED => "retired key accepted",
        KEY_RETRACTED => "retracted key accepted",
        IDP_RETRACTED => "retracted IdP accepted",
        AUTHENTICATOR_LOST => "lost authenticator accepted",
        IDP_INACTIVE => "inactive IdP accepted",
        IDP_DELETED => "deleted IdP accepted",
        NO_AMR => "assertion without amr accepted",
        NOT_ENOUGH_FACTORS => "not enough factors",
        KNOWLEDGE => "no knowledge factor",
        POSSESSION => "no possession factor",
        DEVICE_BOUND => "no device-bound factor",
        HARDWARE_PROTECTED => "no hardware-protected factor",
        PHISHING_RESISTANT => "no phishing-resistant factor",
        USER_PRESENCE => "no factor with user presence",
        USER_VERIFICATION => "no factor with user verification",
        RULE_DENIES => "the rule denies",
        REFUSED_THOUGH_MET => "refused though the rule holds",
        _ => "a cause this version has no words for",
    }
}

/// What is missing, as it follows `Missing:`.
#[must_use]
pub fn missing_words(code: &str) -> &'static str {
    match code {
        MISSING_IDP => "what was configured for the IdP",
        MISSING_POLICY => "the policy in force",
        MISSING_RULE => "which rule was used",
        MISSING_EXACT_TIME => "an exact time, where only an interval is known",
        MISSING_KEY => "which key signed the assertion",
        MISSING_CLAIM_CONTENT => "what the assertion carried",
        UNREADABLE => "what the unreadable claim carried",
        MISSING_PROPERTIES => "the characteristics of a verification",
        MISSING_METHOD => "which method a value stands for",
        MISSING_ENGINE_MIX => "a reading of mixed engines, which these rules do not have yet",
        MISSING_METHOD_CHAIN => "a reading of method chains, which these rules do not have yet",
        MISSING_CLAIM_SOURCING => "a reading of claim sourcing, which these rules do not have yet",
        _ => "something this version has no words for",
    }
}

/// Who could say what is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Supplier {
    /// The service provider whose decision it is, in facts of this type.
    ServiceProvider(&'static str),
    /// The service provider in facts of this type, or the identity provider, which made the assertion.
    EitherProvider(&'static str),
    /// Whoever told an interval where an exact time is wanted.
    WhoToldAnInterval,
    /// No source: a later version of the rules.
    Rules,
}

/// Who could supply what a code says is missing (`semantics.md` 13, 37, 42).
#[must_use]
pub fn supplier(code: &str) -> Supplier {
    match code {
        MISSING_IDP => Supplier::ServiceProvider("idp.configured"),
        MISSING_POLICY => Supplier::ServiceProvider("policy.configured"),
        MISSING_RULE => Supplier::ServiceProvider("policy.decided"),
        MISSING_PROPERTIES => Supplier::ServiceProvider("factor.verified"),
        MISSING_KEY | MISSING_CLAIM_CONTENT | MISSING_METHOD | UNREADABLE => Supplier::EitherProvider("claims.received"),
        MISSING_EXACT_TIME => Supplier::WhoToldAnInterval,
        _ => Supplier::Rules,
    }
}
