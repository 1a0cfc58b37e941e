//! Which changes can be rehearsed: of an IdP, of a feature, of a policy (`semantics.md` 9, 21).

use crate::{
    given::{
        claims, decided, fact, given, given as given_facts, idp_at, local, org, policy, policy_at,
        third_party, time,
    },
    rehearse::{CUT, apart, as_idp, redecided, rehearse, signed_in, trust_off},
};
use claimledger_domain::{
    model::Implied,
    rehearse::{Feature, IdpSetting, Rehearsal, TrustChange, Unchanged, UnmetPolicies},
};
use claimledger_facts::fact::FactData;
use serde_json::json;

#[test]
fn an_inactive_or_deleted_idp_takes_the_sign_in_along() {
    let given = given(signed_in(json!({"factor_mode": "1fa"})));
    for setting in [IdpSetting::Inactive, IdpSetting::Deleted] {
        let over = |from, to| redecided(&given, as_idp(setting, from, to));
        assert_eq!(over("09:00:00", "11:00:00"), ["Allow Deny not_enough_factors"]);
        assert_eq!(over("10:00:01", "11:00:00"), ["Allow NotHit"], "judged when the claim arrives");
    }
    // Of a sign-in of which no assertion was seen, the IdP as a whole is judged.
    let started = fact("10:00:00", "session.started", json!({"idp": "x"}));
    let unseen = given_facts([
        org(),
        third_party(),
        policy(json!({"factor_mode": "1fa"})),
        started,
        decided("10:00:03", "allow"),
    ]);
    let over = as_idp(IdpSetting::Inactive, "09:00:00", "11:00:00");
    assert_eq!(redecided(&unseen, over), ["Allow Deny not_enough_factors"]);
    assert_eq!(redecided(&unseen, trust_off("09:00:00", "11:00:00")), ["Allow StillMet"]);
}

#[test]
fn trust_that_had_been_on_saves_a_prompt() {
    let untrusted = idp_at("08:00:00", "third_party", "active", false);
    let facts = [
        org(),
        untrusted,
        local("password"),
        local("otp"),
        policy(json!({})),
        claims("10:00:00", &["pwd", "otp"]),
        decided("10:00:03", "challenge"),
    ];
    let given = given(facts);
    let on = |from, to| redecided(&given, as_idp(IdpSetting::TrustOn, from, to));
    assert_eq!(on("09:00:00", "11:00:00"), ["Challenge Allow –"]);
    assert_eq!(on("10:00:01", "11:00:00"), ["Challenge NotHit"]);
    let rehearsed = rehearse(&given, as_idp(IdpSetting::TrustOn, "09:00:00", "11:00:00"));
    assert!(!rehearsed.decisions[0].prompts());
}

#[test]
fn a_feature_that_had_been_off_takes_the_claims_of_its_kind_of_idp() {
    let off = |feature, from, to| TrustChange::Feature {
        feature,
        on: false,
        from: time(from),
        to: time(to),
    };
    let (third, okta) = (Feature::ThirdPartyClaimsSharing, Feature::ClaimsSharing);
    let (from, to) = ("09:00:00", "11:00:00");
    // Stated of the organisation, or not: features are on by default.
    for facts in [signed_in(json!({})), signed_in(json!({})).split_off(1)] {
        let given = given(facts.into_iter().chain([local("password"), local("otp")]));
        let rehearsed = rehearse(&given, off(third, from, to));
        assert_eq!(rehearsed.decisions[0].after, Implied::Challenge);
        assert!(rehearsed.decisions[0].prompts());
        assert_eq!(redecided(&given, off(okta, from, to)), ["Allow NotOfIt"]);
        assert_eq!(redecided(&given, off(third, "10:30:00", to)), ["Allow NotHit"]);
    }
    assert_eq!(
        Unchanged::NotOfIt.words(&off(okta, from, to), Implied::Allow),
        "no claim of an IdP of Okta-to-Okta claims sharing"
    );
    let on = TrustChange::Feature { feature: third, on: true, from: time(from), to: time(to) };
    let was_off = fact(
        "08:30:00",
        "org.configured",
        json!({"engine": "identity_engine", "claims_sharing": true,
            "third_party_claims_sharing": false}),
    );
    let given = given(signed_in(json!({})).into_iter().chain([was_off]));
    assert_eq!(redecided(&given, on), ["Deny Allow –"]);
}

#[test]
fn another_version_of_a_policy_judges_the_decisions_of_its_window() {
    let version = |rule: serde_json::Value| {
        let FactData::PolicyConfigured(version) = policy_at("08:00:00", rule).data else {
            panic!("a policy")
        };
        version
    };
    let over = |rule, from, to| TrustChange::Policy {
        policy: Box::new(version(rule)),
        from: time(from),
        to: time(to),
    };
    let resistant = || json!({"alternatives": [{"possession": {"phishing_resistant": true}}]});
    let given = given(signed_in(json!({})));
    let under = |rule, from, to| redecided(&given, over(rule, from, to));
    let (from, to) = ("09:00:00", "11:00:00");
    assert_eq!(under(resistant(), from, to), ["Allow Deny phishing_resistant"]);
    assert_eq!(under(resistant(), "10:00:04", to), ["Allow NotHit"]);
    assert_eq!(under(resistant(), from, "10:00:03"), ["Allow NotHit"], "the window is half open");
    assert_eq!(under(json!({"factor_mode": "1fa"}), from, to), ["Allow StillMet"]);
    assert_eq!(under(json!({"rule": "other"}), from, to), ["Allow StillMet"], "the only rule");
    let mut other = version(resistant());
    other.policy = "q".into();
    let other = TrustChange::Policy { policy: Box::new(other), from: time(from), to: time(to) };
    assert_eq!(redecided(&given, other.clone()), ["Allow NotOfIt"]);
    assert_eq!(Unchanged::NotOfIt.words(&other, Implied::Allow), "not by policy q");
}

#[test]
fn what_a_supposed_version_asks_for_and_nobody_asserted_is_named() {
    let resistant = json!({"alternatives": [{"possession": {"phishing_resistant": true}}]});
    let FactData::PolicyConfigured(version) = policy_at("08:00:00", resistant).data else {
        panic!("a policy")
    };
    let change = || TrustChange::Policy {
        policy: Box::new(version.clone()),
        from: time("09:00:00"),
        to: time("11:00:00"),
    };
    let unmet = |amr: &[&str]| {
        let given = given(
            [org(), third_party(), local("otp"), policy(json!({}))]
                .into_iter()
                .chain([claims("10:00:00", amr), decided("10:00:03", "allow")]),
        );
        let (history, facts) = apart(&given);
        let rehearsal = Rehearsal::new(&history, change());
        let mut policies =
            UnmetPolicies::new(&rehearsal, time("09:00:00"), time("11:00:00"), CUT());
        policies.try_session(&facts);
        policies.unmet()
    };
    let [one] = &unmet(&["pwd", "otp"])[..] else { panic!("one policy") };
    assert_eq!(
        one.sentence,
        "p v1 can then be met only through x, which asserted no phishing-resistant factor in the \
         window."
    );
    assert_eq!(one.record, None, "nobody stated it");
    assert_eq!(unmet(&["pwd", "phr"]), []);
}
