//! Keys: valid in [added, retired) (12); what names no key is possible for any (42).

use crate::given::*;
use serde_json::json;

fn signed(at: &str, key: &str) -> Said {
    claim(at, json!({"amr": ["pwd"], "key": key}))
}

#[test]
fn valid_from_added_until_retired_half_open_1_12() {
    let keys = || {
        [
            org(),
            third_party(),
            key_added("09:00:00", "K"),
            key_added("09:00:00", "L"),
            key_retired("12:00:00", "K"),
        ]
    };
    let fate = |at: &str, expected: &str| {
        given(keys().into_iter().chain([signed(at, "K")])).fates(&[expected])
    };
    fate("09:00:00", "pwd");
    fate("11:59:59", "pwd");
    fate("12:00:00", "pwd by_record void key_retired");
}

#[test]
fn a_key_never_added_is_unknown_once_the_idp_has_one() {
    given([org(), third_party(), key_added("09:00:00", "K"), signed("12:00:00", "Q")])
        .fates(&["pwd by_record void key_unknown"]);
    // Not checked while none was ever stated.
    given([org(), third_party(), signed("12:00:00", "Q")]).fates(&["pwd"]);
    given([org(), third_party(), key_added("13:00:00", "K"), signed("12:00:00", "Q")])
        .fates(&["pwd"]);
}

#[test]
fn a_key_that_is_added_later_was_unknown_then() {
    given([
        org(),
        third_party(),
        key_added("09:00:00", "K"),
        key_added("13:00:00", "L"),
        signed("12:00:00", "L"),
    ])
    .fates(&["pwd by_record void key_unknown"]);
}

#[test]
fn retired_without_ever_being_added_has_both_reasons() {
    given([org(), third_party(), key_retired("09:00:00", "K"), signed("12:00:00", "K")])
        .fates(&["pwd by_record void key_unknown key_retired"]);
}

#[test]
fn a_key_added_again_is_valid_again() {
    given([
        org(),
        third_party(),
        key_added("09:00:00", "K"),
        key_retired("10:00:00", "K"),
        key_added("11:00:00", "K"),
        signed("12:00:00", "K"),
    ])
    .fates(&["pwd"]);
}

#[test]
fn a_claim_without_a_key_is_not_checked_and_possible_for_any_key_42() {
    let g = given([org(), third_party(), key_added("09:00:00", "K"), claims("12:00:00", &["pwd"])]);
    let state = g.end();
    assert_eq!(fates(&state), ["pwd"]);
    assert_eq!(state.factors[0].key, None);
    let tree = claimledger_domain::explain::text(&g.why().factors[0]);
    assert!(
        tree.contains(
            "The claim names no key: none was checked, and a question about a key \
                           finds it possible."
        ),
        "{tree}"
    );
}

#[test]
fn a_retirement_between_two_polls_leaves_it_open_6() {
    let retired = key_retired("11:00:00", "K").until("13:00:00");
    given([org(), third_party(), key_added("09:00:00", "K"), retired, signed("12:00:00", "K")])
        .fates(&["pwd possible exact_time"]);
}

#[test]
fn the_first_key_of_an_idp_between_two_polls_leaves_it_open_6() {
    // Either no key was stated when the claim came, or one was, and not this.
    given([
        org(),
        third_party(),
        key_added("11:00:00", "K").until("13:00:00"),
        signed("12:00:00", "Q"),
    ])
    .fates(&["pwd possible exact_time"]);
}

#[test]
fn known_late_counts_as_it_occurred_4() {
    // The retirement is recorded after the decision, and occurred before the claim: the decision
    // differed when made.
    let g = given([
        org(),
        third_party(),
        key_added("09:00:00", "K"),
        policy(json!({"factor_mode": "1fa"})),
        signed("12:00:00", "K"),
        decided("12:00:01", "allow"),
        key_retired("11:00:00", "K"),
    ]);
    g.decisions(&["allow Deny not_enough_factors differs key_retired"]);
    // As known before, it did not.
    assert_eq!(decisions(&g.known_at("23:00:00", 6).unwrap()), ["allow Allow"]);
}
