//! The guard on deactivating, deleting and no longer trusting an IdP, and on switching a feature of
//! claims sharing off.

use crate::given::{
    Said, fact, given, idp_at, local, okta, org, policy, policy_at, third_party, time,
};
use claimledger_domain::{
    explain,
    guard::{Condition, Guard, GuardedChange, Verdict, guard},
    history::History,
    model::{Certainty, Mark, Reason},
    rehearse::Feature,
};
use claimledger_facts::{
    ids::{LogPosition, PolicyId},
    time::Time,
};
use serde_json::json;
use std::collections::BTreeSet;

fn deactivate() -> GuardedChange {
    GuardedChange::Deactivate("x".into())
}

/// With a global session policy that anyone can meet: there always is one.
fn guarded(facts: impl IntoIterator<Item = Said>, change: &GuardedChange, at: Time) -> Guard {
    guarded_by_all(std::iter::once(global()).chain(facts), change, at)
}

fn guarded_by_all(
    facts: impl IntoIterator<Item = Said>,
    change: &GuardedChange,
    at: Time,
) -> Guard {
    let history: History = given(facts).0.into_iter().collect();
    let guard = guard(history.at(LogPosition(u64::MAX)), change, at, &BTreeSet::new());
    marks_agree(&guard);
    guard
}

/// No mark contradicts the verdict: what is no obstacle has no `✗`, and what allows nothing no `✓`.
fn marks_agree(guard: &Guard) {
    fn marks(reason: &Reason, found: &mut Vec<Mark>) {
        found.extend(reason.mark);
        reason.because.iter().for_each(|reason| marks(reason, found));
    }
    let mut found = Vec::new();
    marks(&guard.because, &mut found);
    let agree = match guard.verdict {
        Verdict::Allowed => !found.is_empty() && found.iter().all(|mark| *mark == Mark::Met),
        Verdict::Refused => found.contains(&Mark::NotMet) && !found.contains(&Mark::Met),
        Verdict::Undetermined => found.contains(&Mark::Undetermined) && !found.contains(&Mark::Met),
    };
    assert!(agree, "{}", explain::text(&guard.because));
}

/// `Allowed AnotherTrustedIdp`, `Refused`, `Undetermined policy`.
fn row(facts: impl IntoIterator<Item = Said>, change: &GuardedChange) -> String {
    row_of(&guarded(facts, change, time("12:00:00")))
}

fn row_of(guard: &Guard) -> String {
    let condition = guard.condition.map(|condition| format!(" {condition:?}"));
    let missing: String = guard.missing.iter().map(|code| format!(" {code}")).collect();
    format!("{:?}{}{missing}", guard.verdict, condition.unwrap_or_default())
}

fn global() -> Said {
    fact(
        "08:00:00",
        "policy.configured",
        json!({"policy": "g", "version": "1", "kind": "global_session",
            "rules": [{"rule": "g1", "priority": 1, "access": "allow", "factor_mode": "1fa"}]}),
    )
}

/// Another IdP.
fn other(kind: &str, status: &str, trust: bool) -> Said {
    fact(
        "08:00:00",
        "idp.configured",
        json!({"idp": "y", "version": "1", "kind": kind, "status": status, "trust_claims": trust}),
    )
}

/// A policy that asks for two factors, and the password alone configured.
fn two_factors() -> Vec<Said> {
    vec![org(), third_party(), local("password"), policy(json!({}))]
}

#[test]
fn one_of_two_conditions_allows_it() {
    let with = |more: Vec<Said>| two_factors().into_iter().chain(more).collect::<Vec<_>>();
    let resistant = json!({"alternatives": [{"possession": {"phishing_resistant": true}}]});
    let off = |kind: &str, okta: bool, third: bool| {
        vec![
            fact(
                "09:00:00",
                "org.configured",
                json!({"engine": "identity_engine", "claims_sharing": okta,
                    "third_party_claims_sharing": third}),
            ),
            other(kind, "active", true),
        ]
    };
    let another = "Allowed AnotherTrustedIdp";
    let none = "Allowed NoPolicyRequiresClaims";
    let cases: [(&str, Vec<Said>, &str); 13] = [
        ("neither", with(vec![]), "Refused"),
        ("another active IdP", with(vec![other("third_party", "active", true)]), another),
        ("of the other kind", with(vec![other("okta_classic", "active", true)]), another),
        ("another without trust", with(vec![other("third_party", "active", false)]), "Refused"),
        ("another that is inactive", with(vec![other("third_party", "inactive", true)]), "Refused"),
        ("another whose feature is off", with(off("okta_classic", false, true)), "Refused"),
        (
            "its own feature is off",
            with(off("okta_classic", true, false)),
            "Allowed NothingTrusted",
        ),
        ("a second local factor", with(vec![local("otp")]), none),
        (
            "one that is not phishing-resistant",
            {
                let later = policy_at("09:00:00", resistant.clone());
                with(vec![local("otp"), later])
            },
            "Refused",
        ),
        ("one that is", with(vec![local("webauthn"), policy_at("09:00:00", resistant)]), none),
        ("a rule that denies", with(vec![policy_at("09:00:00", json!({"access": "deny"}))]), none),
        (
            "a rule that is inactive",
            { with(vec![policy_at("09:00:00", json!({"status": "inactive"}))]) },
            none,
        ),
        (
            "any one factor or IdP",
            { with(vec![policy_at("09:00:00", json!({"factor_mode": "1fa"}))]) },
            none,
        ),
    ];
    for (case, facts, expected) in cases {
        assert_eq!(row(facts, &deactivate()), expected, "{case}");
    }
}

#[test]
fn deleting_and_switching_trust_off_are_judged_alike() {
    let (delete, untrust) = (GuardedChange::Delete("x".into()), GuardedChange::Untrust("x".into()));
    for change in [deactivate(), delete, untrust.clone()] {
        assert_eq!(row(two_factors(), &change), "Refused", "{change:?}");
        let another = two_factors().into_iter().chain([other("third_party", "active", true)]);
        assert_eq!(row(another, &change), "Allowed AnotherTrustedIdp", "{change:?}");
    }
    let text = explain::text(&guarded(two_factors(), &untrust, time("12:00:00")).because);
    assert!(text.contains("for the trust switch the same conditions are evaluated"), "{text}");
}

#[test]
fn a_feature_is_guarded_by_the_idps_that_share_by_the_other() {
    let feature = |feature| GuardedChange::FeatureOff(feature);
    let third = feature(Feature::ThirdPartyClaimsSharing);
    let okta_to_okta = feature(Feature::ClaimsSharing);
    assert_eq!(row(two_factors(), &third), "Refused");
    assert_eq!(row(two_factors(), &okta_to_okta), "Allowed NothingTrusted");
    let both = || two_factors().into_iter().chain([other("okta_identity_engine", "active", true)]);
    assert_eq!(row(both(), &third), "Allowed AnotherTrustedIdp");
    assert_eq!(row(both(), &okta_to_okta), "Allowed AnotherTrustedIdp");
    let same = two_factors().into_iter().chain([other("third_party", "active", true)]);
    assert_eq!(row(same, &third), "Refused", "both lose it");
}

#[test]
fn what_is_not_trusted_is_not_guarded() {
    for idp in [
        idp_at("09:00:00", "third_party", "active", false),
        idp_at("09:00:00", "third_party", "inactive", true),
    ] {
        let facts = two_factors().into_iter().chain([idp]);
        assert_eq!(row(facts, &deactivate()), "Allowed NothingTrusted");
    }
}

#[test]
fn what_is_not_known_is_named_and_never_allowed() {
    let interval = idp_at("09:00:00", "third_party", "active", false).until("13:00:00");
    let cases: [(&str, Vec<Said>, &str); 7] = [
        ("no IdP", vec![org(), local("password"), policy(json!({}))], "Undetermined idp"),
        (
            "no IdP, and another is trusted",
            vec![org(), other("third_party", "active", true), local("otp"), policy(json!({}))],
            "Undetermined idp",
        ),
        ("no policy", vec![org(), third_party(), local("password")], "Undetermined policy"),
        (
            "no authenticator",
            vec![org(), third_party(), policy(json!({}))],
            "Undetermined authenticators",
        ),
        (
            "when trust was switched off",
            two_factors().into_iter().chain([interval]).collect(),
            "Undetermined exact_time",
        ),
        (
            "a form of verification",
            vec![
                org(),
                third_party(),
                local("password"),
                policy(json!({"other_verification": "auto_login"})),
            ],
            "Undetermined verification_form",
        ),
        (
            "whether another is trusted by now",
            two_factors()
                .into_iter()
                .chain([other("third_party", "active", true).until("13:00:00")])
                .collect(),
            "Undetermined exact_time",
        ),
    ];
    for (case, facts, expected) in cases {
        assert_eq!(row(facts, &deactivate()), expected, "{case}");
    }
}

#[test]
fn an_interval_that_covers_its_time_leaves_the_verdict_open() {
    let authenticator = |method: &str, status: &str, enrollment: &str| {
        let data = json!({"method": method, "status": status, "enrollment": enrollment});
        fact("09:00:00", "authenticator.configured", data).until("13:00:00")
    };
    let with = |more: Vec<Said>| two_factors().into_iter().chain(more).collect::<Vec<_>>();
    let active = || authenticator("webauthn", "active", "allowed");
    let kind = || idp_at("09:00:00", "okta_identity_engine", "active", true).until("13:00:00");
    let mixed = || idp_at("09:00:00", "third_party", "inactive", true).until("13:00:00");
    let untrusted = idp_at("08:30:00", "third_party", "active", false);
    let lax = policy_at("09:00:00", json!({"factor_mode": "1fa"})).until("13:00:00");
    let feature = GuardedChange::FeatureOff(Feature::ClaimsSharing);
    let open = "Undetermined exact_time";
    let cases: [(&str, Vec<Said>, GuardedChange); 6] = [
        ("a second factor, possibly active by then", with(vec![active()]), deactivate()),
        (
            "one that may be inactive by then",
            with(vec![local("otp"), authenticator("otp", "inactive", "allowed")]),
            deactivate(),
        ),
        (
            "one whose enrolment may be closed by then",
            with(vec![local("otp"), authenticator("otp", "active", "disabled")]),
            deactivate(),
        ),
        ("the kind of the IdP", with(vec![kind()]), feature),
        (
            "trust and status, which may have changed one by one",
            with(vec![untrusted, mixed()]),
            deactivate(),
        ),
        ("the only policy", vec![org(), third_party(), local("password"), lax], deactivate()),
    ];
    for (case, facts, change) in cases {
        assert_eq!(row(facts, &change), open, "{case}");
    }
}

/// What was saved of one rule of a policy leaves the others as they are.
#[test]
fn a_rule_that_was_not_saved_decides_all_the_same() {
    let lax = json!({"rule": "o", "priority": 2, "access": "allow", "factor_mode": "1fa"});
    let policy = |at: &str, rules: serde_json::Value, saved: &[&str]| {
        let mut data = json!({"policy": "p", "version": "v", "kind": "app_sign_in",
            "rules": rules});
        if !saved.is_empty() {
            data["saved"] = json!({"policy": saved.contains(&"p"),
                "rules": saved.iter().filter(|id| **id != "p").collect::<Vec<_>>()});
        }
        fact(at, "policy.configured", data)
    };
    let strict =
        |mode: &str| json!({"rule": "r", "priority": 1, "access": "allow", "factor_mode": mode});
    let of = |before: serde_json::Value, after: serde_json::Value, saved: &[&str]| {
        let facts = [org(), third_party(), local("password"), policy("08:00:00", before, &[])];
        let later = policy("09:00:00", after, saved).until("13:00:00");
        guarded(facts.into_iter().chain([later]), &deactivate(), time("12:00:00"))
    };
    let (two, one) = (strict("2fa"), strict("1fa"));
    let renamed = of(json!([two, lax]), json!([two, lax]), &["o"]);
    assert_eq!(row_of(&renamed), "Refused");
    let rules: Vec<_> = renamed.requiring.iter().map(|r| (r.rule.as_str(), r.certainty)).collect();
    assert_eq!(rules, [("r", Certainty::Certain)], "once, of the later version");
    let other = json!({"rule": "o", "priority": 2, "access": "deny", "factor_mode": "1fa"});
    assert_eq!(row_of(&of(json!([two, lax]), json!([two, other]), &["o"])), "Refused");
    // What the saved one asked for meanwhile, or whether the policy was active, is not known.
    let open = "Undetermined exact_time";
    assert_eq!(row_of(&of(json!([one, lax]), json!([one, lax]), &["o"])), open);
    assert_eq!(row_of(&of(json!([two, lax]), json!([two, lax]), &["r"])), open);
    assert_eq!(row_of(&of(json!([two, lax]), json!([two, lax]), &["p"])), open);
    assert_eq!(row_of(&of(json!([two, lax]), json!([one, lax]), &[])), open);
    assert_eq!(row_of(&of(json!([two, lax]), json!([lax]), &[])), open);
}

#[test]
fn two_classic_orgs_are_not_described() {
    let classic = fact(
        "08:00:00",
        "org.configured",
        json!({"engine": "classic", "claims_sharing": true, "third_party_claims_sharing": true}),
    );
    let idp = idp_at("08:00:00", "okta_classic", "active", true);
    let facts = [classic, idp, local("password"), policy(json!({}))];
    assert_eq!(row(facts, &deactivate()), "Undetermined engine_mix");
}

#[test]
fn an_organisation_that_is_never_stated_is_said_to_be_taken_as_on() {
    let facts = two_factors().split_off(1);
    let text = explain::text(&guarded(facts, &deactivate(), time("12:00:00")).because);
    assert!(text.contains("Nothing is stated about the organisation"), "{text}");
    let text = explain::text(&guarded(two_factors(), &deactivate(), time("12:00:00")).because);
    assert!(!text.contains("Nothing is stated"), "{text}");
}

#[test]
fn it_is_judged_on_the_configuration_of_its_time() {
    let late = fact(
        "15:00:00",
        "idp.configured",
        json!({"idp": "y", "version": "1", "kind": "third_party", "status": "active",
            "trust_claims": true}),
    );
    let facts = || two_factors().into_iter().chain([late.clone()]);
    let verdict = |at: &str| guarded(facts(), &deactivate(), time(at)).verdict;
    assert_eq!((verdict("12:00:00"), verdict("15:00:00")), (Verdict::Refused, Verdict::Allowed));
}

#[test]
fn the_answer_names_the_rules_and_what_they_lack() {
    let resistant = json!({"alternatives": [{"possession": {"phishing_resistant": true}}]});
    let facts = [org(), okta(), local("password"), local("otp"), policy(resistant)];
    let guard = guarded(facts, &deactivate(), time("12:00:00"));
    let [rule] = guard.requiring.as_slice() else { panic!("{:?}", guard.requiring) };
    assert_eq!((rule.policy.as_str(), rule.rule.as_str()), ("p", "r"));
    assert_eq!((rule.certainty, guard.condition), (Certainty::Certain, None::<Condition>));
    assert_eq!(rule.unmet, ["phishing_resistant"]);
    let text = explain::text(&guard.because);
    for line in [
        "It is not allowed to deactivate x: a policy requires trusted claims, and no other active",
        "No other active IdP has claims that are trusted.",
        "p v1, rule r: local authenticators: no phishing-resistant factor.",
    ] {
        assert!(text.contains(line), "{line}\nin\n{text}");
    }
}

fn listed(policy: &str, kind: &str, status: &str) -> Said {
    fact("08:00:00", "policy.listed", json!({"policy": policy, "kind": kind, "status": status}))
}

/// A policy whose rules were not seen may require trusted claims.
#[test]
fn a_policy_of_which_no_rule_is_known_leaves_the_verdict_open() {
    let met = || vec![org(), third_party(), local("password"), local("otp"), policy(json!({}))];
    let none = "Allowed NoPolicyRequiresClaims";
    assert_eq!(row(met(), &deactivate()), none);
    let rules = "Undetermined policy_rules";
    for (case, said, expected) in [
        ("another of an application", listed("q", "app_sign_in", "active"), rules),
        ("a global session policy", listed("h", "global_session", "active"), rules),
        ("one that is inactive", listed("q", "app_sign_in", "inactive"), none),
        ("one that was deleted", listed("q", "app_sign_in", "deleted"), none),
        ("one whose rules are known", listed("p", "app_sign_in", "active"), none),
        (
            "one that is perhaps active",
            listed("q", "app_sign_in", "active").until("13:00:00"),
            rules,
        ),
    ] {
        assert_eq!(row(met().into_iter().chain([said]), &deactivate()), expected, "{case}");
    }
    // Where a rule certainly requires them, nothing else matters.
    let refused = two_factors().into_iter().chain([listed("q", "app_sign_in", "active")]);
    assert_eq!(row(refused, &deactivate()), "Refused");
    let all = |facts: Vec<Said>| guarded_by_all(facts, &deactivate(), time("12:00:00"));
    assert_eq!(row_of(&all(met())), "Undetermined policy", "no global session policy");
    let text = explain::text(&all(met()).because);
    assert!(text.contains("Nothing is stated of a global session policy."), "{text}");
    let listed_only =
        [org(), third_party(), local("password"), global(), listed("q", "app_sign_in", "active")];
    assert_eq!(row_of(&all(listed_only.into())), rules, "each policy of an application is unread");
    let with_q = guarded(
        met().into_iter().chain([listed("q", "app_sign_in", "active")]),
        &deactivate(),
        time("12:00:00"),
    );
    let text = explain::text(&with_q.because);
    assert!(text.contains("Nothing is stated of the rules of q."), "{text}");
}

#[test]
fn a_policy_that_only_decisions_name_leaves_the_verdict_open() {
    let facts = [
        org(),
        third_party(),
        local("password"),
        local("otp"),
        policy(json!({})),
        global(),
        listed("gone", "app_sign_in", "deleted"),
    ];
    let history: History = given(facts).0.into_iter().collect();
    let named = |policy: PolicyId| {
        let named = BTreeSet::from([policy]);
        guard(history.at(LogPosition(u64::MAX)), &deactivate(), time("12:00:00"), &named)
    };
    for known in ["p".into(), "gone".into(), PolicyId::of_rule(&"r-of-old".into())] {
        assert_eq!(row_of(&named(known)), "Allowed NoPolicyRequiresClaims");
    }
    assert_eq!(row_of(&named("q".into())), "Undetermined policy_rules");
    let text = explain::text(&named("q".into()).because);
    assert!(text.contains("Decisions name q, and nothing is stated of its rules."), "{text}");
}

fn authenticator(data: serde_json::Value) -> Said {
    fact("08:00:00", "authenticator.configured", data)
}

/// What is kept for recovery cannot be asked for at a sign-in.
#[test]
fn an_authenticator_counts_where_it_serves_signing_in() {
    for (allowed_for, expected) in [
        (json!(null), "Allowed NoPolicyRequiresClaims"),
        (json!("any"), "Allowed NoPolicyRequiresClaims"),
        (json!("sso"), "Allowed NoPolicyRequiresClaims"),
        (json!("recovery"), "Refused"),
        (json!("none"), "Refused"),
    ] {
        let email = json!({"method": "email", "status": "active", "allowed_for": allowed_for});
        let facts = two_factors().into_iter().chain([authenticator(email)]);
        assert_eq!(row(facts, &deactivate()), expected, "{allowed_for}");
    }
}

/// An active authenticator of which it is not known what it gives may meet a rule.
#[test]
fn an_authenticator_whose_methods_are_not_known_leaves_the_verdict_open() {
    let resistant = || json!({"alternatives": [{"possession": {"phishing_resistant": true}}]});
    let open = "Undetermined authenticator_methods";
    let unread = |more: serde_json::Value| {
        let mut data = json!({"authenticator": "aut-1", "key": "brand_new", "status": "active"});
        data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        fact("08:00:00", "authenticator.listed", data)
    };
    for (case, listed, rule, expected) in [
        ("any factor", json!({}), json!({}), open),
        ("any factor, of any characteristic", json!({}), resistant(), open),
        ("one of these", json!({"may_give": ["push", "totp"]}), json!({}), open),
        ("of these none is", json!({"may_give": ["sms", "voice"]}), resistant(), "Refused"),
        ("all is stated", json!({"may_give": []}), json!({}), "Refused"),
        ("inactive", json!({"status": "inactive"}), json!({}), "Refused"),
    ] {
        let facts = [org(), third_party(), local("password"), policy(rule), unread(listed)];
        assert_eq!(row(facts, &deactivate()), expected, "{case}");
    }
    let facts = two_factors().into_iter().chain([unread(json!({}))]);
    let text = explain::text(&guarded(facts, &deactivate(), time("12:00:00")).because);
    assert!(
        text.contains("brand_new (aut-1), which is active and whose methods are not stated"),
        "{text}"
    );
}

#[test]
fn those_that_are_perhaps_trusted_are_told_from_those_that_are() {
    let perhaps = fact(
        "09:00:00",
        "idp.configured",
        json!({"idp": "z", "version": "1", "kind": "third_party", "status": "active",
            "trust_claims": true}),
    );
    let facts = two_factors()
        .into_iter()
        .chain([other("third_party", "active", true), perhaps.until("13:00:00")]);
    let guard = guarded(facts, &deactivate(), time("12:00:00"));
    assert_eq!(guard.condition, Some(Condition::AnotherTrustedIdp));
    let text = explain::text(&guard.because);
    let line = "Another active IdP has claims that are trusted: y. Perhaps also: z.";
    assert!(text.contains(line), "{text}");
}

#[test]
fn what_is_no_obstacle_bears_no_mark() {
    let facts = two_factors().into_iter().chain([other("third_party", "active", true)]);
    let text = explain::text(&guarded(facts, &deactivate(), time("12:00:00")).because);
    let lines: Vec<&str> = text.lines().map(|line| line.split("  #").next().unwrap()).collect();
    assert_eq!(
        lines.iter().map(|line| line.trim_end()).collect::<Vec<_>>()[1..],
        [
            "└ ✓ Another active IdP has claims that are trusted: y.",
            "   Not the reason: it takes away claims that are trusted.",
            "   Not the reason: a policy requires trusted claims.",
            "   └ p v1, rule r: local authenticators: not enough factors.",
        ]
    );
}

/// A rule that asks for a password is not met by a security question.
#[test]
fn a_security_question_is_no_password_that_a_rule_asks_for() {
    let rule = json!({"alternatives": [
        {"knowledge": true, "knowledge_methods": ["password"], "possession": {}}
    ]});
    let by =
        |known: &str| [org(), third_party(), local(known), local("webauthn"), policy(rule.clone())];
    assert_eq!(row(by("security_question"), &deactivate()), "Refused");
    assert_eq!(row(by("password"), &deactivate()), "Allowed NoPolicyRequiresClaims");
}
