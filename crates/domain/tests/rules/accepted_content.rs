//! Where nobody saw what an assertion carried, the service provider's own record of what it took
//! says it.

use crate::given::*;
use claimledger_domain::model::Grade;
use serde_json::{Value, json};

fn accepted(at: &str, data: Value) -> Said {
    fact(at, "claim.accepted", data)
}

fn taken(at: &str, method: &str, properties: &[&str]) -> Said {
    accepted(at, json!({"method": method, "properties": properties}))
}

fn day(rule: Value, said: impl IntoIterator<Item = Said>) -> Given {
    let base = [org(), okta(), policy(rule), claim(NOON, json!({}))];
    given(base.into_iter().chain(said).chain([decided("12:00:05", "allow")]))
}

#[test]
fn methods_that_were_taken_are_the_content_of_an_unseen_assertion() {
    let both = || {
        [taken("12:00:01", "password", &[]), taken("12:00:02", "signed_nonce", &PHISHING_RESISTANT)]
    };
    let strict = json!({"alternatives": [{"possession": {"phishing_resistant": true}}]});
    let cases = [
        (json!({}), both().to_vec(), "allow Allow"),
        (strict.clone(), both().to_vec(), "allow Allow"),
        // What it does not name it did not take.
        (json!({}), both()[..1].to_vec(), REFUSED),
        (
            strict,
            vec![taken("12:00:01", "password", &[]), taken("12:00:02", "sms", &[])],
            "allow Deny phishing_resistant differs phishing_resistant",
        ),
        (json!({}), vec![], "allow Undetermined missing claim_content"),
    ];
    for (rule, said, expected) in cases {
        day(rule, said).decisions(&[expected]);
    }
}

/// Two factor types are asked for, or a characteristic of one that was taken is missing.
const REFUSED: &str = "allow Deny not_enough_factors differs not_enough_factors";
const NOON: &str = "12:00:00";
const PHISHING_RESISTANT: [&str; 2] = ["device_bound", "phishing_resistant"];

#[test]
fn such_a_factor_is_stated_and_began_with_its_assertion() {
    let state = day(json!({}), [taken("12:00:01", "password", &[])]).end();
    let [factor] = &state.factors[..] else { panic!("{:?}", state.factors) };
    assert_eq!((factor.name.as_str(), factor.grade), ("password", Grade::Stated));
    assert_eq!(factor.accepted_at.to_string(), "2026-03-10T12:00:00Z");
}

#[test]
fn a_factor_taken_twice_is_one_and_two_authenticators_are_two() {
    let by = |at: &str, authenticator: &str| {
        accepted(at, json!({"method": "webauthn", "authenticator": authenticator}))
    };
    let names = |said: Vec<Said>| day(json!({}), said).end().factors.len();
    assert_eq!(names(vec![by("12:00:01", "a"), by("12:00:03", "a")]), 1);
    assert_eq!(names(vec![by("12:00:01", "a"), by("12:00:03", "b")]), 2);
}

#[test]
fn a_statement_belongs_to_the_assertion_before_it() {
    let later = claim("13:00:00", json!({"assertion": "second"}));
    let state = day(json!({}), [taken("12:00:01", "password", &[]), later.clone()]).end();
    assert_eq!(state.factors.len(), 1, "the second assertion is unseen");
    let state = day(json!({}), [later, taken("13:00:01", "password", &[])]).end();
    assert_eq!(state.factors[0].accepted_at.to_string(), "2026-03-10T13:00:00Z");
}

#[test]
fn what_was_seen_of_an_assertion_is_not_replaced() {
    let seen = claims(NOON, &["pwd"]);
    let state = given([org(), okta(), seen, taken("12:00:01", "signed_nonce", &[])]).end();
    let names: Vec<_> = state.factors.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(names, ["pwd"]);
}

#[test]
fn trust_that_was_off_ignores_what_the_service_provider_took() {
    let off = idp_at("08:00:00", "okta_identity_engine", "active", false);
    given([
        org(),
        off,
        policy(json!({})),
        claim(NOON, json!({})),
        taken("12:00:01", "password", &[]),
        taken("12:00:02", "push", &[]),
        decided("12:00:05", "allow"),
    ])
    .decisions(&[REFUSED]);
}

#[test]
fn what_was_written_just_before_the_first_assertion_is_of_it() {
    // The total order of one instant is that of the ids.
    for (first, second) in [("a0", "z"), ("z", "a0"), ("a0", "a1"), ("z0", "z1")] {
        let said = [taken(NOON, "password", &[]).id(first), taken(NOON, "push", &[]).id(second)];
        let base = [org(), okta(), policy(json!({})), claim(NOON, json!({})).id("m")];
        let day = given(base.into_iter().chain(said).chain([decided("12:00:05", "allow")]));
        day.decisions(&["allow Allow"]);
        let grades: Vec<_> = day.end().factors.iter().map(|f| f.grade).collect();
        assert_eq!(grades, [Grade::Stated, Grade::Stated], "{first} {second}");
    }
    let early = |at: &str| [taken(at, "password", &[]), taken("12:00:01", "push", &[])];
    day(json!({}), early("11:59:59")).decisions(&["allow Allow"]);
    // What is further off may be of another assertion, which nobody saw.
    let open = "allow Undetermined missing claim_content";
    day(json!({}), early("11:50:00")).decisions(&[open]);
}

#[test]
fn what_came_with_the_second_assertion_is_not_of_the_first() {
    let later = claim("13:00:00", json!({"assertion": "second"})).id("m");
    let tied = taken("13:00:00", "password", &[]).id("a0");
    let state = day(json!({}), [later, tied]).end();
    let [factor] = &state.factors[..] else { panic!("{:?}", state.factors) };
    assert_eq!(factor.accepted_at.to_string(), "2026-03-10T13:00:00Z");
}

#[test]
fn what_was_taken_of_an_assertion_that_nobody_saw_could_be_any_factor() {
    let base = || [org(), okta(), policy(json!({})), fact(NOON, "session.started", json!({}))];
    let decision = || decided("12:00:05", "allow");
    let taken = || taken("12:00:01", "password", &[]);
    let open = "allow Undetermined missing claim_content";
    let day = given(base().into_iter().chain([taken(), decision()]));
    day.decisions(&[open]);
    assert!(day.tree().contains("no claim of this session"), "{}", day.tree());
    // It names another assertion than the one that came.
    let other = accepted("12:00:01", json!({"method": "push", "assertion": "another"}));
    let pwd = claims(NOON, &["pwd"]);
    given(base().into_iter().chain([pwd, other, decision()])).decisions(&[open]);
    // What is met without it stays met, and without any there is nothing open.
    let local = || [verified("12:00:02", "password"), verified("12:00:03", "push")];
    let all = base().into_iter().chain([taken()]).chain(local()).chain([decision()]);
    given(all).decisions(&["allow Allow"]);
    given(base().into_iter().chain([decision()])).decisions(&[REFUSED]);
}
