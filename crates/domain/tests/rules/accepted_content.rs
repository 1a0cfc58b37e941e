//! Where nobody saw what an assertion carried, the service provider's own record of what it took
//! says it; and what it took counts by record, whatever was seen.

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

/// What an Okta IdP states is in no log: an `amrList` beside what was taken changes nothing.
#[test]
fn amr_of_an_okta_idp_is_not_read_beside_what_was_taken() {
    let both = || [taken("12:00:01", "password", &[]), taken("12:00:02", "signed_nonce", &[])];
    for amr in [json!(["pwd"]), json!([]), json!(["pwd", "hwk"]), json!(["mfa", "xyz"])] {
        let day = |said: Vec<Said>| {
            let base = [org(), okta(), policy(json!({})), claim(NOON, json!({"amr": amr}))];
            given(base.into_iter().chain(said).chain([decided("12:00:05", "allow")]))
        };
        let taken = day(both().to_vec());
        taken.decisions(&["allow Allow"]);
        taken.fates(&["password", "signed_nonce"]);
        let grades: Vec<_> = taken.end().factors.iter().map(|f| f.grade).collect();
        assert_eq!(grades, [Grade::Stated, Grade::Stated], "{amr}");
        assert!(taken.tree().contains("is not what an Okta IdP states"), "{}", taken.tree());
        day(both()[..1].to_vec()).decisions(&[REFUSED]);
    }
    // Empty it says nothing, so nothing of it was seen.
    let none = [org(), okta(), policy(json!({})), claims(NOON, &[]), decided("12:00:05", "allow")];
    given(none).decisions(&["allow Undetermined missing claim_content"]);
}

#[test]
fn what_a_third_party_idp_did_not_assert_as_amr_counts_by_record_8() {
    let accepted = || [taken("12:00:01", "password", &[]), taken("12:00:02", "signed_nonce", &[])];
    let day = |amr: &[&str], said: Vec<Said>| {
        let base = [org(), third_party(), policy(json!({})), claims(NOON, amr)];
        given(base.into_iter().chain(said).chain([decided("12:00:05", "allow")]))
    };
    // By the rules it is open: `amr` and what was taken do not agree.
    let pwd = day(&["pwd"], accepted().to_vec());
    pwd.fates(&["pwd", "signed_nonce possible claim_content"]);
    pwd.decisions(&["allow Undetermined missing claim_content"]);
    let state = pwd.end();
    let [first, second] = &state.factors[..] else { panic!("{:?}", state.factors) };
    assert_eq!((first.grade, second.grade), (Grade::Stated, Grade::Stated));
    let says = second.evidence.iter().any(|record| &*record.kind == "claim.accepted");
    assert!(says, "{:?}", second.evidence);
    assert!(pwd.tree().contains("recorded with pwd as amr, and signed_nonce was taken from it"));
    // What `amr` meets stays met.
    day(&["pwd", "hwk"], accepted().to_vec()).decisions(&["allow Allow"]);
    // Without any the assertion is void (7), which does not stop one that does not check (8).
    let none = day(&[], accepted().to_vec());
    none.decisions(&["allow Deny not_enough_factors differs no_amr"]);
    none.fates(&[
        "password by_record void no_amr",
        "signed_nonce by_record void no_amr",
        "no amr ignored no_amr",
    ]);
    // Its `amr` is not named as not accepted, where another value is.
    let tree = day(&["pwd"], accepted()[1..].to_vec()).tree();
    assert!(!tree.contains("didn't say it accepted the claim"), "{tree}");
}

#[test]
fn what_was_taken_by_amr_value_counts_beside_methods() {
    let by_amr = accepted("12:00:01", json!({"amr": "hwk"}));
    let method = || taken("12:00:02", "password", &[]);
    let seen = claims(NOON, &["hwk", "sms"]);
    given([org(), okta(), seen, by_amr.clone(), method()]).fates(&["password", "hwk"]);
    let whole = accepted("12:00:01", json!({}));
    let seen = claims(NOON, &["hwk", "pwd"]);
    given([org(), okta(), seen, whole, method()]).fates(&["password", "hwk"]);
    given([org(), third_party(), claim(NOON, json!({})), by_amr]).fates(&["hwk"]);
}

#[test]
fn what_was_taken_of_a_claim_that_cannot_be_read_counts_and_the_rest_is_open() {
    let unreadable = || claim(NOON, json!({"readable": false}));
    let day = |said: Vec<Said>| {
        let base = [org(), okta(), policy(json!({})), unreadable()];
        given(base.into_iter().chain(said).chain([decided("12:00:05", "allow")]))
    };
    let both = [taken("12:00:01", "password", &[]), taken("12:00:02", "push", &[])];
    day(both[..1].to_vec()).decisions(&["allow Undetermined missing unreadable"]);
    day(both.to_vec()).decisions(&["allow Allow"]);
}

#[test]
fn rules_for_who_asserted_it_hold_for_what_was_taken() {
    let smart_card = || taken("12:00:01", "smart_card", &[]);
    let unseen = || claim(NOON, json!({}));
    given([org(), okta(), unseen(), smart_card()])
        .fates(&["smart_card by_record", "smart_card ignored custom_authenticator"]);
    given([org(), third_party(), unseen(), smart_card()]).fates(&["smart_card"]);
    let factor_only = fact(
        "08:00:00",
        "idp.configured",
        json!({"idp": "x", "version": "t1", "kind": "third_party", "status": "active",
            "trust_claims": true, "usage": "factor_only"}),
    );
    let password = taken("12:00:01", "password", &[]);
    given([org(), factor_only, unseen(), password])
        .fates(&["password by_record", "password ignored factor_only_idp"]);
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
