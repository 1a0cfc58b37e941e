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
