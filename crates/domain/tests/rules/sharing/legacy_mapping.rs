//! The legacy AMR mapping: it loses to trust, and alone counts possibly.

use super::*;

fn idp(trust: bool, map: Option<bool>) -> Said {
    let mut data = json!({"idp": "x", "version": "t1", "kind": "third_party", "status": "active",
        "trust_claims": trust});
    if let Some(map) = map {
        data["map_amr_claims"] = json!(map);
    }
    fact("08:00:00", "idp.configured", data)
}

/// A row.
type Case<'c> = (bool, Option<bool>, &'c [&'c str], &'c str, &'c str);

#[test]
fn trust_beats_the_mapping_and_the_mapping_alone_is_possible() {
    let open = "allow Undetermined missing legacy_mapping";
    let cases: [Case<'_>; 6] = [
        (true, Some(true), &["pwd", "otp"], "pwd", "allow Allow"),
        (true, Some(false), &["pwd", "otp"], "pwd", "allow Allow"),
        (
            false,
            None,
            &["pwd", "otp"],
            "pwd ignored trust_off",
            "allow Deny not_enough_factors differs not_enough_factors",
        ),
        (
            false,
            Some(false),
            &["pwd", "otp"],
            "pwd ignored trust_off",
            "allow Deny not_enough_factors differs not_enough_factors",
        ),
        (false, Some(true), &["pwd", "otp"], "pwd possible legacy_mapping", open),
        // Values that claims sharing does not know.
        (false, Some(true), &["pwd", "duo"], "pwd possible legacy_mapping", open),
    ];
    for (trust, map, amr, fate, expected) in cases {
        let facts = || {
            [org(), idp(trust, map), policy(json!({})), claims(NOON, amr), decided(THEN, "allow")]
        };
        let state = given(facts()).end();
        assert_eq!(fates(&state)[0], fate, "trust {trust}, mapping {map:?}");
        row(&format!("trust {trust}, mapping {map:?}"), facts(), expected);
    }
}

#[test]
fn under_the_mapping_no_amr_breaks_nothing_and_unknown_values_are_ignored() {
    let one = || policy(json!({"factor_mode": "1fa"}));
    let none = [org(), idp(false, Some(true)), one(), claims(NOON, &[]), decided(THEN, "allow")];
    row("no amr", none, "allow Allow");
    given([org(), idp(false, Some(true)), claims(NOON, &["x-unheard-of"])])
        .fates(&["x-unheard-of ignored unknown_value"]);
    // What would not be enough in any reading is not open.
    let few = [
        org(),
        idp(false, Some(true)),
        policy(json!({})),
        claims(NOON, &["pwd"]),
        decided(THEN, "allow"),
    ];
    row("one type", few, "allow Deny not_enough_factors differs not_enough_factors");
}
