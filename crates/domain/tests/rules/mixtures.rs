//! Members of one object, or two objects, that changed one after the other between two looks: what
//! held between may be a mixture that no look saw (6, 37).
//!
//! The configuration is looked at at 09:00 and at 13:00, and the claim and the decision come at
//! noon.

use crate::{between_looks::verdict, given::*};
use claimledger_domain::{explain, guard::Verdict, model::Certainty};
use claimledger_facts::time::Occurred;
use serde_json::{Value, json};

const NOON: &str = "12:00:00";

/// It was not so at the look of 09:00, and is at that of 13:00.
fn by_look(said: &Said) -> Said {
    let mut said = said.clone();
    (said.occurred.from, said.occurred.to) = (time("09:00:00"), Some(time("13:00:00")));
    said
}

fn between(rest: Vec<Said>, first: &[Said], second: &[Said]) -> Given {
    given(rest.into_iter().chain(first.iter().cloned()).chain(second.iter().map(by_look)))
}

/// The answers on two configurations, and on what looks tell where the first became the second:
/// the outcome of each value, and of each decision.
#[track_caller]
fn before_after_between(
    rest: impl Fn() -> Vec<Said>,
    [first, second]: [Vec<Said>; 2],
    [before, after, open]: [&str; 3],
) {
    let told = |given: &Given| {
        let state = given.end();
        let all: Vec<String> = fates(&state).into_iter().chain(decisions(&state)).collect();
        all.join(" | ")
    };
    let of = |config: &[Said]| told(&given(rest().into_iter().chain(config.iter().cloned())));
    assert_eq!(of(&first), before, "before");
    assert_eq!(of(&second), after, "after");
    assert_eq!(told(&between(rest(), &first, &second)), open, "between");
    assert_eq!(told(&between(rest(), &second, &first)), open, "the other way round");
}

fn idp(status: &str, trust: bool) -> Said {
    idp_at("08:00:00", "third_party", status, trust)
}

/// A session with one claim and one allow.
fn signed_in(rule: Value, amr: &[&str]) -> Vec<Said> {
    vec![org(), policy(rule), claims(NOON, amr), decided(NOON, "allow")]
}

#[test]
fn trust_and_status_of_an_idp() {
    before_after_between(
        || {
            signed_in(
                json!({"factor_mode": "1fa", "alternatives": [{"knowledge": true}]}),
                &["pwd"],
            )
        },
        [vec![idp("inactive", true)], vec![idp("active", false)]],
        [
            "pwd by_record void idp_inactive | allow Deny not_enough_factors differs idp_inactive",
            "pwd ignored trust_off | allow Deny not_enough_factors differs not_enough_factors",
            "pwd possible exact_time | allow Undetermined missing exact_time",
        ],
    );
}

/// Two looks saw the same IdP, and it was saved between them: trust may have been off and on
/// again. Had it not been saved, nothing would be open.
#[test]
fn an_idp_that_was_saved_between_two_looks() {
    let rule = || json!({"factor_mode": "1fa", "alternatives": [{"knowledge": true}]});
    let sure = "pwd | allow Allow";
    let trusted = || idp("active", true);
    let told = |again: Option<Said>| {
        let given = given(signed_in(rule(), &["pwd"]).into_iter().chain([trusted()]).chain(again));
        let state = given.end();
        let all: Vec<String> = fates(&state).into_iter().chain(decisions(&state)).collect();
        all.join(" | ")
    };
    assert_eq!(told(None), sure);
    assert_eq!(told(Some(by_look(&trusted()))), sure, "one change in a known interval");
    let saved = by_look(&trusted()).saved_since_last_look();
    assert_eq!(
        told(Some(saved.clone())),
        "pwd possible exact_time | allow Undetermined missing exact_time"
    );
    let given = given(signed_in(rule(), &["pwd"]).into_iter().chain([trusted(), saved.clone()]));
    let why = given.why();
    let says = why.factors.iter().map(explain::text).collect::<String>();
    assert!(
        says.contains(
            "It was saved between 09:00:00Z and 13:00:00Z, perhaps more than once: trust in its \
             claims may have been another meanwhile."
        ),
        "{says}"
    );
    // From the last save on it is as the look saw it.
    let mut later = saved;
    later.occurred = Occurred { from: time("09:00:00"), to: Some(time("11:00:00")) };
    assert_eq!(told(Some(later)), sure);
}

/// The organisation with both features.
fn features(okta: bool, third_party: bool) -> Said {
    let data = json!({"engine": "identity_engine", "claims_sharing": okta,
        "third_party_claims_sharing": third_party});
    fact("08:00:00", "org.configured", data)
}

#[test]
fn an_idp_and_the_features_of_the_organisation() {
    let rule = || json!({"factor_mode": "1fa", "alternatives": [{"knowledge": true}]});
    let rest = || signed_in(rule(), &["pwd"]).split_off(1);
    let off = "pwd ignored feature_off | allow Deny not_enough_factors differs not_enough_factors";
    before_after_between(
        rest,
        [
            vec![idp("active", true), features(true, false)],
            vec![idp("active", false), features(true, true)],
        ],
        [
            off,
            "pwd ignored trust_off | allow Deny not_enough_factors differs not_enough_factors",
            "pwd possible exact_time | allow Undetermined missing exact_time",
        ],
    );
    // On, and not yet a Classic org, of which claims meet no constraint.
    let classic = json!({"engine": "classic", "claims_sharing": true,
        "third_party_claims_sharing": true});
    before_after_between(
        rest,
        [
            vec![idp("active", true), features(true, false)],
            vec![idp("active", true), fact("08:00:00", "org.configured", classic)],
        ],
        [
            off,
            "pwd | allow Deny not_enough_factors differs not_enough_factors",
            "pwd possible exact_time | allow Undetermined missing exact_time",
        ],
    );
    // The other feature has nothing to do with one that was off all along.
    before_after_between(
        rest,
        [
            vec![idp("active", true), features(true, false)],
            vec![idp("active", true), features(false, false)],
        ],
        [off; 3],
    );
    // Nor has one that may have been on, where trust was off all along.
    before_after_between(
        rest,
        [
            vec![idp("active", false), features(true, true)],
            vec![idp("inactive", false), features(true, false)],
        ],
        [
            "pwd ignored trust_off | allow Deny not_enough_factors differs not_enough_factors",
            "pwd ignored trust_off feature_off idp_inactive | allow Deny not_enough_factors \
             differs not_enough_factors",
            "pwd ignored trust_off feature_off | allow Deny not_enough_factors differs \
             not_enough_factors",
        ],
    );
}

#[test]
fn what_a_rule_asks_for() {
    let rest = |amr: &'static [&'static str]| {
        move || {
            let mut rest = signed_in(json!({}), amr);
            rest[1] = idp("active", true);
            rest
        }
    };
    let of = |rule: Value| vec![policy(rule)];
    let resistant = json!([{"possession": {"phishing_resistant": true}}]);
    // Any two factor types became one that resists phishing: any one may have been enough.
    before_after_between(
        rest(&["pwd"]),
        [of(json!({})), of(json!({"factor_mode": "1fa", "alternatives": resistant}))],
        [
            "pwd | allow Deny not_enough_factors differs not_enough_factors",
            "pwd | allow Deny possession differs possession",
            "pwd | allow Undetermined missing exact_time",
        ],
    );
    before_after_between(
        rest(&["pwd"]),
        [of(json!({"access": "deny", "factor_mode": "1fa"})), of(json!({"factor_mode": "2fa"}))],
        [
            "pwd | allow Deny rule_denies differs rule_denies",
            "pwd | allow Deny not_enough_factors differs not_enough_factors",
            "pwd | allow Undetermined missing exact_time",
        ],
    );
    // Each mixture is met too.
    before_after_between(
        rest(&["pwd", "hwk", "phr"]),
        [of(json!({})), of(json!({"factor_mode": "1fa", "alternatives": resistant}))],
        ["pwd | hwk | phr | allow Allow"; 3],
    );
    // None is met, and what is unmet first depends on the version.
    let knowledge = json!([{"knowledge": true}]);
    let rules = [knowledge, resistant]
        .map(|asked| policy(json!({"factor_mode": "1fa", "alternatives": asked})));
    let given = between(rest(&["otp"])(), &rules[..1], &rules[1..]);
    assert_eq!(decisions(&given.end()), ["allow Deny differs phishing_resistant"]);
}

/// A policy with two rules, of which these are active.
fn rules(active: [bool; 2]) -> Said {
    let rule = |name: &str, active: bool| {
        json!({"rule": name, "priority": 1, "access": "allow", "factor_mode": "1fa",
            "status": if active { "active" } else { "inactive" }})
    };
    let data = json!({"policy": "p", "version": "v1", "kind": "app_sign_in",
        "rules": [rule("r", active[0]), rule("o", active[1])]});
    fact("08:00:00", "policy.configured", data)
}

#[test]
fn the_rule_that_a_decision_does_not_name() {
    let unnamed = json!({"app": "a", "policy": "p", "outcome": "allow"});
    let rest = || {
        let decided = fact(NOON, "policy.decided", unnamed.clone());
        vec![org(), idp("active", true), claims(NOON, &["pwd"]), decided]
    };
    before_after_between(
        rest,
        [vec![rules([true, false])], vec![rules([false, true])]],
        ["pwd | allow Allow", "pwd | allow Allow", "pwd | allow Undetermined missing exact_time"],
    );
}

fn authenticator(method: &str, status: &str, enrollment: &str) -> Said {
    let data = json!({"method": method, "status": status, "enrollment": enrollment});
    fact("08:00:00", "authenticator.configured", data)
}

#[test]
fn an_authenticator_and_its_enrolment() {
    let rest = || {
        let mut rest = signed_in(json!({}), &["pwd"]);
        rest.push(idp("active", true));
        rest
    };
    let deny = "pwd | allow Deny not_enough_factors differs not_enough_factors";
    let challenge = "pwd | allow Challenge not_enough_factors differs not_enough_factors";
    let open = "pwd | allow Undetermined missing exact_time";
    let otp = |status: &str, enrollment: &str| authenticator("otp", status, enrollment);
    let cases: [([Vec<Said>; 2], [&str; 3]); 4] = [
        ([vec![otp("inactive", "allowed")], vec![otp("active", "disabled")]], [deny, deny, open]),
        (
            [vec![otp("inactive", "allowed")], vec![otp("active", "allowed")]],
            [deny, challenge, open],
        ),
        ([vec![otp("inactive", "allowed")], vec![otp("inactive", "disabled")]], [deny; 3]),
        // Two authenticators change each by itself: both may have been closed.
        (
            [
                vec![otp("active", "allowed"), authenticator("sms", "inactive", "allowed")],
                vec![otp("inactive", "allowed"), authenticator("sms", "active", "allowed")],
            ],
            [challenge, challenge, open],
        ),
    ];
    for (config, expected) in cases {
        before_after_between(rest, config, expected);
    }
}

#[test]
fn the_security_question_keeps_out_possibly() {
    let rest = || {
        let mut rest = signed_in(json!({}), &["pwd", "otp"]);
        rest.push(idp("active", true));
        rest
    };
    let question = |status: &str| vec![authenticator("security_question", status, "disabled")];
    before_after_between(
        rest,
        [question("active"), question("inactive")],
        [
            "pwd | otp | allow Deny not_enough_factors differs not_enough_factors",
            "pwd | otp | allow Allow",
            "pwd | otp | allow Undetermined missing exact_time",
        ],
    );
    // Kept for recovery, and then switched off: it may have served signing in before that.
    let allowed_for = |status: &str, what: &str| {
        let data = json!({"method": "security_question", "status": status, "allowed_for": what});
        vec![fact("08:00:00", "authenticator.configured", data)]
    };
    before_after_between(
        rest,
        [allowed_for("active", "recovery"), allowed_for("inactive", "any")],
        [
            "pwd | otp | allow Allow",
            "pwd | otp | allow Allow",
            "pwd | otp | allow Undetermined missing exact_time",
        ],
    );
}

#[test]
fn claim_sourcing_and_whom_it_includes() {
    let rest = || {
        let rule = policy(json!({"reauthenticate_in_secs": 3600}));
        let claimed = claims("10:00:00", &["pwd", "otp"]);
        vec![org(), okta(), rule, claimed, decided(NOON, "allow")]
    };
    let sourcing = |redirect: &str, include: &str| {
        let data = json!({"redirect": redirect, "include": [include]});
        vec![fact("08:00:00", "claim_sourcing.configured", data)]
    };
    before_after_between(
        rest,
        [sourcing("none", "x"), sourcing("fixed", "y")],
        [
            "pwd | otp | allow Allow",
            "pwd | otp | allow Allow",
            "pwd | otp | allow Undetermined missing exact_time",
        ],
    );
}

#[test]
fn whether_a_void_claim_counts_by_record() {
    let given = between(
        vec![org(), claims(NOON, &["pwd"]), decided(NOON, "allow")],
        &[idp("inactive", false)],
        &[idp("inactive", true)],
    );
    let state = given.end();
    let void = "pwd by_record void idp_inactive possible exact_time";
    assert_eq!(fates(&state), [void, "pwd ignored trust_off idp_inactive"]);
    let relied: Vec<Certainty> =
        state.decisions[0].relied_on.iter().map(|relied| relied.certainty).collect();
    assert_eq!(relied, [Certainty::Possible]);
}

#[test]
fn a_change_of_an_exact_time_came_whole() {
    // The claim is what may have come before or after.
    let claim = claims("11:00:00", &["pwd"]).until("13:00:00");
    let second = Said { occurred: Occurred::at(time(NOON)), ..idp("active", false) };
    let given = given([org(), idp("inactive", true), second, claim]);
    // Void then, or ignored: not counted by the rules.
    let expected = ["pwd by_record possible exact_time", "pwd ignored trust_off"];
    assert_eq!(fates(&given.end()), expected);
}

#[test]
fn what_changed_before_another_change_began_does_not_mix_with_it() {
    let told = |second_from: &str| {
        let second = Said { occurred: Occurred::at(time("09:00:00")), ..idp("inactive", false) };
        let third = Said { occurred: Occurred::at(time(second_from)), ..idp("active", false) };
        let claim = claims("09:30:00", &["pwd"]).until("12:00:00");
        let config = [idp("inactive", true), second.until("10:00:00"), third.until("13:00:00")];
        fates(&given([org()].into_iter().chain(config).chain([claim])).end()).join(" | ")
    };
    // Trust was off for certain before it was active again.
    let not_by_rules = "pwd by_record possible exact_time | pwd ignored trust_off";
    assert_eq!(told("10:00:00"), not_by_rules);
    assert_eq!(told("09:59:00"), "pwd possible exact_time");
}

#[test]
fn more_mixtures_than_are_looked_at_are_open() {
    let idp = |more: Value| {
        let mut data = json!({"idp": "x", "version": "t1"});
        data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        fact("08:00:00", "idp.configured", data)
    };
    let first = idp(json!({"kind": "third_party", "status": "inactive", "trust_claims": false,
        "usage": "factor_only"}));
    let second = idp(json!({"kind": "okta_classic", "status": "deleted", "trust_claims": true,
        "map_amr_claims": true}));
    let org = |engine: &str, on: bool| {
        let data =
            json!({"engine": engine, "claims_sharing": on, "third_party_claims_sharing": on});
        fact("08:00:00", "org.configured", data)
    };
    let rest = vec![policy(json!({})), claims(NOON, &["pwd", "otp"]), decided(NOON, "allow")];
    let given =
        between(rest, &[first, org("identity_engine", false)], &[second, org("classic", true)]);
    // It was not active at any time: all the same nothing of it is called certain.
    let state = given.end();
    assert!(state.factors.iter().all(|factor| factor.certainty == Certainty::Possible));
    assert_eq!(decisions(&state), ["allow Undetermined missing engine_mix exact_time"]);
}

#[test]
fn limits_that_a_rule_and_its_policy_share() {
    let session = |lifetimes: [Option<u64>; 2], status: &str| {
        let data = json!({"policy": "g", "version": "v1", "kind": "global_session",
            "max_lifetime_secs": lifetimes[0], "max_idle_secs": 0, "status": status,
            "rules": [{"rule": "g1", "priority": 1, "access": "allow", "factor_mode": "1fa",
                "max_lifetime_secs": lifetimes[1]}]});
        fact("08:00:00", "policy.configured", data)
    };
    let ends = |first: Said, second: Said| {
        let started = fact(NOON, "session.started", json!({})).limits_not_logged();
        let given = between(vec![started], &[first], &[second]);
        given.end().life.lifetime_ends_at
    };
    let hour = Some(time("13:00:00"));
    let active = |lifetimes| session(lifetimes, "active");
    // Before and after it is an hour; the rule's own may have gone before the policy's was changed.
    assert_eq!(ends(active([Some(7200), Some(3600)]), active([Some(3600), None])), None);
    assert_eq!(ends(active([Some(3600), Some(3600)]), active([Some(3600), None])), hour);
    // The only policy may not have been active, and another may have been.
    assert_eq!(ends(session([Some(3600), None], "inactive"), active([Some(3600), None])), None);
    let other = fact(
        "08:00:00",
        "policy.configured",
        json!({"policy": "h", "version": "v1",
        "kind": "global_session", "rules": []}),
    );
    let started = fact(NOON, "session.started", json!({})).limits_not_logged();
    let given = between(vec![started, active([Some(3600), None])], &[], &[other]);
    assert_eq!(given.end().life.lifetime_ends_at, None);
}

#[test]
fn the_guard_counts_what_may_have_held() {
    let password = || vec![org(), idp("active", true), local("password")];
    type Case = (&'static str, Vec<Said>, [Vec<Said>; 2]);
    let cases: [Case; 2] = [
        (
            "an authenticator",
            vec![policy(json!({}))],
            [
                vec![authenticator("otp", "inactive", "allowed")],
                vec![authenticator("otp", "active", "disabled")],
            ],
        ),
        (
            "a rule",
            vec![],
            [vec![policy(json!({"access": "deny"}))], vec![policy(json!({"factor_mode": "1fa"}))]],
        ),
    ];
    for (case, rest, [first, second]) in cases {
        let rest = || password().into_iter().chain(rest.clone());
        let end = |config: &[Said]| verdict(&given(rest().chain(config.iter().cloned())), NOON);
        assert_eq!(end(&first), end(&second), "{case}");
        assert_ne!(end(&first), Verdict::Undetermined, "{case}");
        let open = verdict(&between(rest().collect(), &first, &second), NOON);
        assert_eq!(open, Verdict::Undetermined, "{case}");
    }
}

/// What the trees of a decision and of its factors say, where the first became the second.
fn told(rest: Vec<Said>, first: Said, second: Said) -> String {
    let given = between(rest, &[first], &[second]);
    let why = given.why();
    why.factors.iter().chain(&why.decisions).map(explain::text).collect::<Vec<_>>().join("\n")
}

#[test]
fn an_explanation_says_which_interval_leaves_it_open() {
    let rule = || json!({"factor_mode": "1fa", "alternatives": [{"knowledge": true}]});
    let rest = || signed_in(rule(), &["pwd"]);
    let with_idp = || rest().into_iter().chain([idp("active", true)]).collect::<Vec<_>>();
    let no_org = || with_idp().split_off(1);
    let two = |mut rest: Vec<Said>| {
        rest[1] = policy(json!({}));
        rest
    };
    let within = "between 09:00:00Z and 13:00:00Z";
    let classic = fact(
        "08:00:00",
        "org.configured",
        json!({"engine": "classic", "claims_sharing": true, "third_party_claims_sharing": false}),
    );
    let cases: [(String, String); 6] = [
        (
            told(rest(), idp("inactive", true), idp("active", false)),
            format!(
                "Its status and trust in its claims may have changed one after the other, {within}."
            ),
        ),
        (
            told(no_org(), features(false, true), features(true, false)),
            format!("The organisation's third-party claims sharing changed, {within}."),
        ),
        (
            told(no_org(), features(true, true), classic),
            format!(
                "The organisation's engine and third-party claims sharing changed, perhaps one \
                     after the other, {within}."
            ),
        ),
        (
            told(with_idp(), policy(rule()), policy(json!({}))),
            format!(
                "An interval leaves open whether that came before the decision: it changed \
                     {within}, and its parts perhaps one after the other."
            ),
        ),
        (
            told(with_idp(), policy(rule()), policy(json!({"factor_mode": "1fa"}))),
            format!("before the decision: it changed {within}."),
        ),
        (
            told(
                two(with_idp()),
                authenticator("otp", "inactive", "allowed"),
                authenticator("otp", "active", "disabled"),
            ),
            format!(
                "The local authenticator, otp, could perhaps fill the gap. An interval leaves \
                     open whether it was active and open to enrolment: otp, changed {within}."
            ),
        ),
    ];
    for (text, says) in cases {
        assert!(text.contains(&says), "{says}\nin\n{text}");
    }
    // A version that asks for the same leaves nothing open.
    let renamed = || {
        policy(json!({"factor_mode": "1fa", "alternatives": [{"knowledge": true}],
        "priority": 7}))
    };
    let text = told(with_idp(), policy(rule()), renamed());
    assert!(!text.contains("leaves open") && text.contains("How sure?  Certain."), "{text}");
}

#[test]
fn what_an_interval_leaves_open_is_certain_only_where_no_state_makes_it_otherwise() {
    let rest = || {
        let mut rest = signed_in(json!({"factor_mode": "1fa"}), &["pwd"]);
        rest.push(fact(NOON, "claim.accepted", json!({})));
        rest
    };
    let sure = |first: Said, second: Said| {
        let given = between(rest(), &[first], &[second]);
        let text = explain::text(&given.why().factors[0]);
        assert!(text.contains("An interval leaves open"), "{text}");
        text.contains("How sure?  Certain.")
    };
    // Accepted, whatever it was; and by the rules at no time.
    assert!(sure(idp("inactive", true), idp("deleted", false)));
    assert!(sure(idp("active", false), idp("inactive", false)));
    assert!(!sure(idp("active", false), idp("inactive", true)));
    assert!(!sure(idp("active", false), idp("active", true)));
}
