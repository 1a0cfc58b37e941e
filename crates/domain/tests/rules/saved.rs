//! What was saved between two looks, perhaps more than once: what it was meanwhile no look saw, so
//! what turns on it is open, and nothing else is (6, 37).
//!
//! The configuration is looked at at 09:00 and at 13:00, the last save was at 12:30, and both looks
//! saw the same. The claim and the decision come at noon.

use crate::{between_looks::verdict, given::*};
use claimledger_domain::{explain, guard::Verdict};
use claimledger_facts::{fact::FactData, time::Occurred, types::policy::SavedParts};
use serde_json::{Value, json};

pub(crate) const NOON: &str = "12:00:00";

/// The same, as the look of 13:00 saw it.
pub(crate) fn again(said: &Said) -> Said {
    let occurred = Occurred { from: time("09:00:00"), to: Some(time("12:30:00")) };
    Said { occurred, ..said.clone() }
}

/// The same, where the policy itself, rules or authenticators were saved.
pub(crate) fn saved(said: &Said, parts: &[&str]) -> Said {
    let mut said = again(said);
    match &mut said.data {
        FactData::PolicyConfigured(data) => {
            let rules = parts.iter().filter(|part| **part != "policy");
            let rules = rules.map(|rule| (*rule).into()).collect();
            data.saved = Some(SavedParts { policy: parts.contains(&"policy"), rules });
        }
        FactData::AuthenticatorConfigured(data) => {
            data.saved = parts.iter().map(|id| (*id).into()).collect();
        }
        FactData::AuthenticatorListed(data) => data.saved = true,
        _ => return said.saved_since_last_look(),
    }
    said
}

pub(crate) fn told(facts: impl IntoIterator<Item = Said>) -> String {
    let state = given(facts).end();
    let all: Vec<String> = fates(&state).into_iter().chain(decisions(&state)).collect();
    all.join(" | ")
}

/// A policy `p` with the rule `r`, which asks for one factor, and the rule `o`.
pub(crate) fn two_rules() -> Said {
    let rule = |rule: &str, status: &str| {
        json!({"rule": rule, "priority": 1, "access": "allow", "factor_mode": "1fa",
            "status": status})
    };
    let data = json!({"policy": "p", "version": "v1", "kind": "app_sign_in",
        "rules": [rule("r", "active"), rule("o", "inactive")]});
    fact("08:00:00", "policy.configured", data)
}

/// A session with one claim and one allow under the rule.
pub(crate) fn signed_in(with: &[Said]) -> Vec<Said> {
    let rest = [org(), third_party(), two_rules(), claims(NOON, &["pwd"]), decided(NOON, "allow")];
    rest.into_iter().chain(with.iter().cloned()).collect()
}

#[test]
fn a_rule_that_was_saved_may_have_asked_for_anything_meanwhile() {
    let (sure, open) = ("pwd | allow Allow", "pwd | allow Undetermined missing unseen_state");
    let with = |version: Said| told(signed_in(&[version]));
    assert_eq!(told(signed_in(&[])), sure);
    assert_eq!(with(again(&two_rules())), sure, "nothing of it was saved");
    assert_eq!(with(saved(&two_rules(), &["o"])), sure, "another rule of it was");
    assert_eq!(with(saved(&two_rules(), &["r"])), open);
    assert_eq!(with(saved(&two_rules(), &["policy"])), open, "it may have been inactive");
    // From the last save on, and where an exact time is known, it is as stated.
    let early = Occurred { from: time("09:00:00"), to: Some(time("11:30:00")) };
    for occurred in [early, Occurred::at(time("11:00:00")), Occurred::at(time("12:30:00"))] {
        let version = Said { occurred, ..saved(&two_rules(), &["r", "policy"]) };
        assert_eq!(with(version), sure, "{occurred:?}");
    }
}

/// Where the decision names no rule, any rule may have been the only active one meanwhile.
#[test]
fn a_decision_that_names_no_rule_turns_on_every_rule() {
    let with = |version: Said| {
        let mut facts = signed_in(&[version]);
        facts[4] =
            fact(NOON, "policy.decided", json!({"app": "a", "policy": "p", "outcome": "allow"}));
        told(facts)
    };
    assert_eq!(with(again(&two_rules())), "pwd | allow Allow");
    for rule in ["r", "o"] {
        let open = "pwd | allow Undetermined missing unseen_state";
        assert_eq!(with(saved(&two_rules(), &[rule])), open, "{rule}");
    }
}

#[test]
fn an_authenticator_that_was_saved_may_have_been_usable_meanwhile() {
    let rule = json!({"factor_mode": "2fa"});
    let off = |method: &str| {
        let data = json!({"method": method, "status": "inactive"});
        fact("08:00:00", "authenticator.configured", data)
    };
    let with = |versions: &[Said]| {
        let rest = [org(), third_party(), policy(rule.clone()), claims(NOON, &["pwd"])];
        let all = rest.into_iter().chain([decided(NOON, "challenge")]);
        told(all.chain(versions.iter().cloned()))
    };
    let deny = "pwd | challenge Deny not_enough_factors";
    let open = "pwd | challenge Undetermined missing exact_time";
    assert_eq!(with(&[off("otp"), again(&off("otp"))]), deny);
    assert_eq!(with(&[off("otp"), saved(&off("otp"), &["aut-1"])]), open);
    assert_eq!(with(&[off("security_question"), saved(&off("security_question"), &["a"])]), deny);
    // One of a kind that is not read may have given anything.
    let listed = || {
        let data = json!({"authenticator": "a1", "key": "made_up", "status": "inactive",
            "may_give": []});
        fact("08:00:00", "authenticator.listed", data)
    };
    assert_eq!(with(&[off("otp"), listed(), again(&listed())]), deny);
    assert_eq!(
        with(&[off("otp"), listed(), saved(&listed(), &[])]),
        "pwd | challenge Undetermined missing authenticator_methods"
    );
}

#[test]
fn an_idp_that_was_saved_may_have_been_untrusted_or_had_other_keys() {
    let with = |version: Said| {
        let rest = [org(), third_party(), policy(json!({"factor_mode": "1fa"}))];
        let key = key_added("08:00:00", "K");
        let claim = |key: &str| claim(NOON, json!({"amr": ["pwd"], "key": key}));
        let of = |key_named: &str| {
            let session = [key.clone(), claim(key_named), decided(NOON, "allow"), version.clone()];
            told(rest.iter().cloned().chain(session))
        };
        [of("K"), of("L")]
    };
    let void = "pwd by_record void key_unknown | allow Deny not_enough_factors differs key_unknown";
    assert_eq!(with(again(&third_party())), ["pwd | allow Allow", void]);
    let open = "pwd possible exact_time | allow Undetermined missing exact_time";
    assert_eq!(with(saved(&third_party(), &[])), [open, open]);
    // The sign-in stands, whatever was saved: it came through the IdP.
    let stands = |version: Said| {
        let rest = [org(), third_party(), policy(json!({"factor_mode": "1fa"}))];
        let session = [claims(NOON, &["pwd"]), decided(NOON, "allow"), version];
        told(rest.into_iter().chain(session))
    };
    assert_eq!(stands(saved(&third_party(), &[])), "pwd possible exact_time | allow Allow");
    // Nor was it certainly inactive, as both looks saw it.
    let inactive = || idp_at("08:00:00", "third_party", "inactive", true);
    let stands = |version: Said| {
        let rest = [org(), inactive(), policy(json!({"factor_mode": "1fa"}))];
        let session = [claims(NOON, &["pwd"]), decided(NOON, "allow"), version];
        told(rest.into_iter().chain(session))
    };
    let void =
        "pwd by_record void idp_inactive | allow Deny not_enough_factors differs idp_inactive";
    assert_eq!(stands(again(&inactive())), void);
    assert_eq!(stands(saved(&inactive(), &[])), open);
}

#[test]
fn claim_sourcing_that_was_saved_may_have_sent_the_user_back() {
    let sourcing = || fact("08:00:00", "claim_sourcing.configured", json!({"redirect": "none"}));
    let with = |version: Said| {
        let rule = json!({"factor_mode": "1fa", "reauthenticate_in_secs": 60,
            "alternatives": [{"knowledge": true}]});
        let protocol = |said: Said| {
            let mut said = said;
            let FactData::IdpConfigured(data) = &mut said.data else { panic!() };
            data.protocol = Some(claimledger_facts::vocabulary::Protocol::Oidc);
            said
        };
        told([
            org(),
            protocol(third_party()),
            policy(rule),
            sourcing(),
            version,
            claims("11:00:00", &["pwd"]),
            decided(NOON, "allow"),
        ])
    };
    assert_eq!(with(again(&sourcing())), "pwd | allow Allow");
    assert_eq!(with(saved(&sourcing(), &[])), "pwd | allow Undetermined missing exact_time");
}

#[test]
fn limits_of_a_rule_that_was_saved_are_unknown() {
    let global = |own: Value| {
        let mut rule = json!({"rule": "g1", "priority": 1, "access": "allow", "factor_mode": "1fa",
            "max_lifetime_secs": 7200});
        rule.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
        let data = json!({"policy": "g", "version": "1", "kind": "global_session",
            "max_idle_secs": 900, "rules": [rule]});
        fact("08:00:00", "policy.configured", data)
    };
    let missing = |held: bool, own: Value, parts: &[&str]| {
        let start = fact(NOON, "session.started", json!({"idp": "x"})).limits_not_logged();
        let held =
            held.then(|| fact(NOON, "session.governed", json!({"rule": "g1", "policy": "g"})));
        let version = global(own);
        let again = if parts.is_empty() { again(&version) } else { saved(&version, parts) };
        given([version, again, start].into_iter().chain(held)).at("12:40:00").life.missing.join(" ")
    };
    let unknown = "lifetime_limit idle_limit";
    for held in [true, false] {
        assert_eq!(missing(held, json!({}), &[]), "");
        assert_eq!(missing(held, json!({}), &["g1"]), unknown);
    }
    // The rule gives its limits whatever its policy was.
    assert_eq!(missing(true, json!({}), &["policy"]), "idle_limit", "the policy gives this one");
    assert_eq!(missing(true, json!({"max_idle_secs": 600}), &["policy"]), "");
    assert_eq!(missing(true, json!({}), &["g2"]), "", "another rule");
    assert_eq!(missing(false, json!({}), &["policy"]), unknown, "it may have been inactive");
}

/// Local authenticators meet what the rule asks for before and after.
#[test]
fn a_rule_that_was_saved_may_have_required_claims_meanwhile() {
    let rest = || [org(), third_party(), local("password"), local("otp"), two_rules()];
    let with = |version: Said| verdict(&given(rest().into_iter().chain([version])), NOON);
    assert_eq!(with(again(&two_rules())), Verdict::Allowed);
    assert_eq!(with(saved(&two_rules(), &["o"])), Verdict::Undetermined);
    assert_eq!(with(saved(&two_rules(), &["policy"])), Verdict::Undetermined);
}

#[test]
fn an_explanation_names_what_was_saved_and_when() {
    let tree = |version: Said| given(signed_in(&[version])).tree();
    let says = "was saved between 09:00:00Z and 12:30:00Z, perhaps more than once: what it said \
                meanwhile no look saw.";
    let of_rule = tree(saved(&two_rules(), &["r"]));
    assert!(of_rule.contains(&format!("Rule r {says}")), "{of_rule}");
    assert!(
        of_rule.contains("Missing: what was configured between two saves that no look saw."),
        "{of_rule}"
    );
    let of_policy = tree(saved(&two_rules(), &["policy"]));
    assert!(of_policy.contains(&format!("Policy p {says}")), "{of_policy}");
    let other = tree(saved(&two_rules(), &["o"]));
    assert!(!other.contains("was saved"), "{other}");
    let off = fact(
        "08:00:00",
        "authenticator.configured",
        json!({"method": "otp", "status": "inactive"}),
    );
    let again = saved(&off, &["aut-1"]);
    let rest = [org(), third_party(), policy(json!({})), claims(NOON, &["pwd"])];
    let facts = rest.into_iter().chain([decided(NOON, "challenge"), off, again]);
    let why = given(facts).why();
    let text = explain::text(&why.decisions[0]);
    assert!(text.contains("otp, saved between 09:00:00Z and 12:30:00Z"), "{text}");
}
