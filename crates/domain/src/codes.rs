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
/// No whole chain of methods is covered.
pub const METHOD_CHAIN: &str = "method_chain";
/// The rule holds, and the authentication context class that the application asked for does not.
pub const REQUESTED_ACR: &str = "requested_acr";
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
/// Something was saved between two looks: what it was meanwhile no look saw.
pub const MISSING_UNSEEN_STATE: &str = "unseen_state";
/// An assertion names no key, and one that may have signed it was retracted.
pub const MISSING_KEY: &str = "key";
/// The records of a session name several people, and no link says that they are one.
pub const MISSING_SUBJECT: &str = "subject";
/// What the assertion carried was not seen.
pub const MISSING_CLAIM_CONTENT: &str = "claim_content";
/// An authentication in the session is stored and not understood.
pub const MISSING_AUTHENTICATION: &str = "authentication";
/// A source was silent while the session may have been signed in to.
pub const MISSING_SOURCE_SILENT: &str = "source_silent";
/// A logout does not say whether it ended the session.
pub const MISSING_END: &str = "session_end";
/// The characteristics of a verification were not logged, and depend on the device.
pub const MISSING_PROPERTIES: &str = "properties";
/// A value does not say which method it stands for.
pub const MISSING_METHOD: &str = "method";
/// How claims between two Classic orgs count is not described anywhere.
pub const MISSING_ENGINE_MIX: &str = "engine_mix";
/// Whether reauthentication of a third-party IdP's claims goes back to it is described for OIDC
/// only.
pub const MISSING_CLAIM_SOURCING: &str = "claim_sourcing";
/// Which constraints the values meet that the legacy AMR mapping stores is not described.
pub const MISSING_LEGACY_MAPPING: &str = "legacy_mapping";
/// A rule verifies in a form that no rule of assessment reads.
pub const MISSING_VERIFICATION_FORM: &str = "verification_form";
/// Nothing is stated about local authenticators.
pub const MISSING_AUTHENTICATORS: &str = "authenticators";
/// Which methods an active authenticator gives is not stated.
pub const MISSING_AUTHENTICATOR_METHODS: &str = "authenticator_methods";
/// There is a policy, and nothing is stated of its rules.
pub const MISSING_POLICY_RULES: &str = "policy_rules";

/// How long the session may last is not known.
pub const MISSING_LIFETIME_LIMIT: &str = "lifetime_limit";
/// How long the session may be idle is not known.
pub const MISSING_IDLE_LIMIT: &str = "idle_limit";

/// Every code of `semantics.md` 45 with its one spelling: answers, trees, pages and the command
/// line use no other. A cause reads as a noun phrase (`void: retired key`, `retired key accepted`),
/// a requirement as what is asked (`First unmet: phishing-resistant`,
/// `no phishing-resistant factor`).
pub const SPELLINGS: &[(&str, &str)] = &[
    (KEY_UNKNOWN, "unknown key"),
    (KEY_RETIRED, "retired key"),
    (KEY_RETRACTED, "retracted key"),
    (IDP_RETRACTED, "retracted IdP"),
    (IDP_INACTIVE, "inactive IdP"),
    (IDP_DELETED, "deleted IdP"),
    (NO_AMR, "assertion without amr"),
    (TRUST_OFF, "trust in the IdP's claims off"),
    (FEATURE_OFF, "claims sharing off"),
    (CUSTOM_AUTHENTICATOR, "custom authenticator"),
    (UNKNOWN_VALUE, "unknown value"),
    (FACTOR_ONLY_IDP, "knowledge from a factor-only IdP"),
    (UNREADABLE, "unreadable claim"),
    (NOT_ENOUGH_FACTORS, "not enough factors"),
    (KNOWLEDGE, "knowledge"),
    (POSSESSION, "possession"),
    (DEVICE_BOUND, "device-bound"),
    (HARDWARE_PROTECTED, "hardware-protected"),
    (PHISHING_RESISTANT, "phishing-resistant"),
    (USER_PRESENCE, "user presence"),
    (USER_VERIFICATION, "user verification"),
    (METHOD_CHAIN, "chain of methods"),
    (REQUESTED_ACR, "requested acr"),
    (RULE_DENIES, "the rule denies"),
    (REFUSED_THOUGH_MET, "refused though the rule holds"),
    ("logout", "logout"),
    ("expired", "expired"),
    ("revoked", "revoked"),
    ("upstream_revoked", "upstream revoked"),
    (EXPIRED_BY_LIMIT, "expired by limit"),
    (AUTHENTICATOR_LOST, "authenticator lost"),
    ("other", "other"),
];

/// Void reasons: what a difference says was accepted all the same.
const ACCEPTED: &[&str] =
    &[KEY_UNKNOWN, KEY_RETIRED, KEY_RETRACTED, IDP_RETRACTED, IDP_INACTIVE, IDP_DELETED, NO_AMR];

/// Requirements that one factor meets or does not.
const OF_A_FACTOR: &[&str] =
    &[KNOWLEDGE, POSSESSION, DEVICE_BOUND, HARDWARE_PROTECTED, PHISHING_RESISTANT];

/// Requirements that come with a factor.
const WITH_A_FACTOR: &[&str] = &[USER_PRESENCE, USER_VERIFICATION];

/// The one spelling of a code; none: it is no code of `semantics.md` 45.
#[must_use]
pub fn spelling(code: &str) -> Option<&'static str> {
    SPELLINGS.iter().find(|(known, _)| *known == code).map(|(_, words)| *words)
}

/// A code in words. One that sources made up themselves reads as it is written.
#[must_use]
pub fn words(code: &str) -> String {
    spelling(code).map_or_else(|| code.replace('_', " "), str::to_owned)
}

/// Why an assertion is void, or a value ignored, as it reads after a colon.
#[must_use]
pub fn fate_words(code: &str) -> &'static str {
    spelling(code).unwrap_or("a reason this version has no words for")
}

/// An unmet requirement, as it follows `First unmet:`. Where factors lack, it says how many are
/// asked.
#[must_use]
pub fn unmet_words(code: &str, two_factors: bool) -> &'static str {
    match code {
        NOT_ENOUGH_FACTORS if two_factors => "two factor types",
        NOT_ENOUGH_FACTORS => "one factor",
        _ => spelling(code).unwrap_or("a requirement this version has no words for"),
    }
}

/// The cause of a difference between the recorded and the implied decision, as a phrase.
#[must_use]
pub fn difference_words(code: &str) -> String {
    match spelling(code) {
        None => "a cause this version has no words for".to_owned(),
        Some(words) if ACCEPTED.contains(&code) => format!("{words} accepted"),
        Some(words) if OF_A_FACTOR.contains(&code) => format!("no {words} factor"),
        Some(words) if code == METHOD_CHAIN => format!("no whole {words}"),
        Some(words) if code == REQUESTED_ACR => format!("{words} not met"),
        Some(words) if WITH_A_FACTOR.contains(&code) => format!("no factor with {words}"),
        Some(words) => words.to_owned(),
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
        MISSING_UNSEEN_STATE => "what was configured between two saves that no look saw",
        MISSING_KEY => "which key signed the assertion",
        MISSING_SUBJECT => "whether the people whom its records name are one person",
        MISSING_CLAIM_CONTENT => "what the assertion carried",
        MISSING_AUTHENTICATION => "which factor an authentication was that is not understood",
        MISSING_SOURCE_SILENT => "what a source did not send while it was silent",
        MISSING_END => "whether a logout ended the session",
        UNREADABLE => "what the unreadable claim carried",
        MISSING_PROPERTIES => "the characteristics of a verification",
        MISSING_METHOD => "which method a value stands for",
        MISSING_ENGINE_MIX => "how claims between two Classic orgs count",
        MISSING_CLAIM_SOURCING => "where reauthentication of these claims goes",
        MISSING_LEGACY_MAPPING => "what the values of the legacy AMR mapping can meet",
        MISSING_VERIFICATION_FORM => "what its form of verification asks for",
        MISSING_AUTHENTICATORS => "which local authenticators are configured",
        MISSING_AUTHENTICATOR_METHODS => "which methods an active authenticator gives",
        MISSING_POLICY_RULES => "what the rules of a policy ask for",
        MISSING_LIFETIME_LIMIT => "its lifetime limit",
        MISSING_IDLE_LIMIT => "its idle limit",
        _ => "something this version has no words for",
    }
}

/// Who could say what is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Supplier {
    /// The service provider whose decision it is, in facts of this type.
    ServiceProvider(&'static str),
    /// The service provider in facts of this type, or the identity provider, which made the
    /// assertion.
    EitherProvider(&'static str),
    /// The source that stated an interval where an exact time is needed.
    WhoToldAnInterval,
    /// No source: a later version of the rules.
    Rules,
}

/// Who could supply what a code says is missing (`semantics.md` 13, 37, 42).
#[must_use]
pub fn supplier(code: &str) -> Supplier {
    match code {
        MISSING_IDP => Supplier::ServiceProvider("idp.configured"),
        MISSING_POLICY | MISSING_POLICY_RULES | MISSING_LIFETIME_LIMIT | MISSING_IDLE_LIMIT => {
            Supplier::ServiceProvider("policy.configured")
        }
        MISSING_RULE => Supplier::ServiceProvider("policy.decided"),
        MISSING_AUTHENTICATORS | MISSING_AUTHENTICATOR_METHODS => {
            Supplier::ServiceProvider("authenticator.configured")
        }
        MISSING_END => Supplier::ServiceProvider("session.ended"),
        MISSING_SOURCE_SILENT => Supplier::ServiceProvider("source.backfilled"),
        MISSING_PROPERTIES | MISSING_AUTHENTICATION => Supplier::ServiceProvider("factor.verified"),
        MISSING_KEY | MISSING_CLAIM_CONTENT | MISSING_METHOD | UNREADABLE => {
            Supplier::EitherProvider("claims.received")
        }
        MISSING_SUBJECT => Supplier::EitherProvider("subject.linked"),
        MISSING_EXACT_TIME | MISSING_UNSEEN_STATE => Supplier::WhoToldAnInterval,
        _ => Supplier::Rules,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use claimledger_facts::vocabulary::EndReason;

    /// The closed codes of `semantics.md` 45.
    const CODES: &str = "key_unknown key_retired key_retracted idp_retracted idp_inactive \
                         idp_deleted no_amr trust_off feature_off custom_authenticator \
                         unknown_value factor_only_idp unreadable not_enough_factors knowledge \
                         possession device_bound hardware_protected \
                         phishing_resistant user_presence user_verification method_chain \
                         requested_acr rule_denies logout \
                         expired revoked upstream_revoked expired_by_limit \
                         authenticator_lost other";

    #[test]
    fn every_code_has_one_spelling_and_every_phrase_is_made_of_it() {
        let codes: Vec<&str> = CODES.split_whitespace().chain([REFUSED_THOUGH_MET]).collect();
        let mut listed: Vec<&str> = SPELLINGS.iter().map(|(code, _)| *code).collect();
        assert!(
            codes.iter().all(|code| listed.contains(code)) && listed.len() == codes.len(),
            "{listed:?}"
        );
        let mut spelled: Vec<&str> = SPELLINGS.iter().map(|(_, words)| *words).collect();
        for list in [&mut listed, &mut spelled] {
            list.sort_unstable();
            list.dedup();
            assert_eq!(list.len(), SPELLINGS.len(), "each code once, each cause spelled by itself");
        }
        for (code, spelling) in SPELLINGS {
            assert_eq!((fate_words(code), words(code).as_str()), (*spelling, *spelling));
            assert!(difference_words(code).contains(spelling), "{code}");
            assert!(*code == NOT_ENOUGH_FACTORS || unmet_words(code, true) == *spelling, "{code}");
        }
        assert!(EndReason::ALL.iter().all(|reason| spelling(reason.as_str()).is_some()));
    }

    #[test]
    fn what_answers_have_said_for_long_they_still_say() {
        assert_eq!(difference_words(KEY_RETIRED), "retired key accepted");
        assert_eq!(difference_words(NOT_ENOUGH_FACTORS), "not enough factors");
        assert_eq!(difference_words(PHISHING_RESISTANT), "no phishing-resistant factor");
        assert_eq!(
            (unmet_words(PHISHING_RESISTANT, true), words("upstream_revoked").as_str()),
            ("phishing-resistant", "upstream revoked")
        );
        assert_eq!(words("password_reset"), "password reset");
    }
}
