//! How good the evidence is that a factor was honored (16), and the service provider's own word
//! (8).

use crate::given::*;
use claimledger_domain::model::Grade;
use serde_json::json;

fn grade(facts: impl IntoIterator<Item = Said>) -> Grade {
    given(facts).end().factors[0].grade
}

#[test]
fn joined_when_an_allow_followed_and_no_local_factor_came_before_it() {
    let base = || [org(), third_party(), claims("12:00:00", &["pwd"])];
    assert_eq!(grade(base().into_iter().chain([decided("12:00:02", "allow")])), Grade::Joined);
    assert_eq!(
        grade(
            base().into_iter().chain([verified("12:00:01", "otp"), decided("12:00:02", "allow")])
        ),
        Grade::Replayed
    );
    assert_eq!(
        grade(
            base().into_iter().chain([verified("12:00:03", "otp"), decided("12:00:02", "allow")])
        ),
        Grade::Joined
    );
    assert_eq!(grade(base().into_iter().chain([decided("12:00:02", "deny")])), Grade::Replayed);
    assert_eq!(grade(base()), Grade::Replayed);
}

#[test]
fn stated_when_the_service_provider_says_so() {
    let accepted = fact("12:00:01", "claim.accepted", json!({"assertion": "a", "amr": "pwd"}));
    let state = given([
        org(),
        third_party(),
        claims("12:00:00", &["pwd", "otp"]),
        accepted,
        decided("12:00:02", "allow"),
    ])
    .end();
    assert_eq!(
        state.factors.iter().map(|f| f.grade).collect::<Vec<_>>(),
        [Grade::Stated, Grade::Joined]
    );
}

#[test]
fn a_method_that_was_accepted_is_the_amr_value_that_means_it() {
    let accepted = fact("12:00:01", "claim.accepted", json!({"method": "password"}));
    assert_eq!(
        grade([org(), third_party(), claims("12:00:00", &["pwd"]), accepted]),
        Grade::Stated
    );
}

#[test]
fn assumed_when_nothing_is_known_of_the_idp_13() {
    assert_eq!(grade([claims("12:00:00", &["pwd"]), decided("12:00:02", "allow")]), Grade::Assumed);
}

#[test]
fn local_factors_are_stated_by_their_own_record() {
    assert_eq!(grade([verified("12:00:00", "otp")]), Grade::Stated);
}

#[test]
fn accepted_though_the_rules_ignore_it_counts_by_record_8() {
    let accepted = fact("12:00:01", "claim.accepted", json!({"assertion": "a", "amr": "pwd"}));
    given([
        org(),
        idp_at("08:00:00", "third_party", "active", false),
        claims("12:00:00", &["pwd"]),
        accepted,
    ])
    .fates(&["pwd by_record", "pwd ignored trust_off"]);
}

#[test]
fn ignored_by_record_though_the_rules_count_it_8() {
    let ignored = fact("12:00:01", "claim.ignored", json!({"assertion": "a", "amr": "pwd"}));
    given([org(), third_party(), claims("12:00:00", &["pwd"]), ignored]).fates(&["pwd by_rules"]);
}

#[test]
fn a_word_on_another_assertion_is_none_on_this() {
    let ignored = fact("12:00:01", "claim.ignored", json!({"assertion": "other", "amr": "pwd"}));
    given([org(), third_party(), claims("12:00:00", &["pwd"]), ignored]).fates(&["pwd"]);
}

#[test]
fn a_word_on_a_named_assertion_is_none_on_one_that_was_not_seen() {
    let bare = fact("12:00:00", "claims.received", json!({"idp": "x", "amr": ["pwd"]}));
    let ignored = fact("12:00:01", "claim.ignored", json!({"assertion": "other"}));
    given([org(), third_party(), bare.clone(), ignored]).fates(&["pwd"]);
    // One that names none speaks of whatever came before it.
    let ignored = fact("12:00:01", "claim.ignored", json!({}));
    given([org(), third_party(), bare, ignored]).fates(&["pwd by_rules"]);
}

#[test]
fn the_last_word_counts() {
    let word = |at: &str, kind: &str| fact(at, kind, json!({"assertion": "a"}));
    let facts = [
        org(),
        third_party(),
        claims("12:00:00", &["pwd"]),
        word("12:00:01", "claim.ignored"),
        word("12:00:02", "claim.accepted"),
    ];
    given(facts).fates(&["pwd"]);
}
