//! What an answer says where a version or a change began at some time of an interval: it names both
//! bounds, and no version as certain that only may have been in force (6).

use crate::given::*;
use claimledger_domain::model::{CameUnder, Certainty};
use serde_json::{Value, json};

/// A version of the IdP `x`, with `more` beside the usual.
fn version(at: &str, label: &str, more: &Value) -> Said {
    let mut data = json!({"idp": "x", "version": label, "kind": "third_party",
        "status": "active", "trust_claims": true});
    data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    fact(at, "idp.configured", data)
}

/// The version that a claim at 10:00 came under, with `next` beside the trusting version `t1`.
fn came_under(next: Said) -> CameUnder {
    let g = given([
        org(),
        version("08:00:00", "t1", &json!({})),
        next,
        claims("10:00:00", &["pwd"]),
        fact("10:00:01", "claim.accepted", json!({})),
    ]);
    g.end().factors[0].came_under.clone().unwrap()
}

#[test]
fn a_version_that_does_not_trust_is_never_the_one_that_a_claim_is_trusted_as() {
    let off = || version("09:30:00", "t2", &json!({"trust_claims": false}));
    let possibly = came_under(off().until("10:30:00"));
    assert_eq!(possibly.words(), "possibly trusted as t1");
    assert_eq!(possibly.trusted, Some(Certainty::Possible));
    assert_eq!(came_under(off().until("09:45:00")).words(), "not trusted, under t2");
    let inactive = version("09:30:00", "t2", &json!({"status": "inactive"}));
    assert_eq!(came_under(inactive.until("10:30:00")).words(), "possibly trusted as t1");
}

#[test]
fn of_versions_that_all_trust_each_is_named() {
    let mapped = version("09:30:00", "t2", &json!({"map_amr_claims": true}));
    assert_eq!(came_under(mapped.clone().until("10:30:00")).words(), "trusted as t2 or t1");
    assert_eq!(came_under(mapped.until("09:45:00")).words(), "trusted as t2");
}

#[test]
fn a_key_that_was_added_and_retired_in_intervals_says_both_bounds() {
    let g = given([
        org(),
        version("07:00:00", "t1", &json!({})),
        key_added("07:30:00", "A").until("08:10:00"),
        policy(json!({"factor_mode": "1fa"})),
        key_retired("10:30:00", "A").until("11:30:00"),
        claim("08:30:00", json!({"amr": ["pwd"], "key": "A"})),
        decided("08:31:00", "allow"),
    ]);
    let tree = g.tree();
    assert!(
        tree.contains(
            "Key A was valid: added between 07:30:00Z and 08:10:00Z, retired between 10:30:00Z \
             and 11:30:00Z, after this assertion was received"
        ),
        "{tree}"
    );
}

/// A decision at 09:30, where `v2` came in force at some time from 09:00 to 10:00.
fn decided_meanwhile(mode: &str) -> Given {
    given([
        org(),
        version("07:00:00", "t1", &json!({})),
        policy(json!({"factor_mode": "1fa"})),
        fact(
            "09:00:00",
            "policy.configured",
            json!({"policy": "p", "version": "v2", "kind": "app_sign_in", "rules": [{"rule": "r",
                "priority": 1, "access": "allow", "factor_mode": mode}]}),
        )
        .until("10:00:00"),
        claims("08:30:00", &["pwd"]),
        decided("09:30:00", "allow"),
        decided("10:00:00", "allow"),
    ])
}

#[test]
fn each_version_of_a_policy_that_may_have_been_in_force_is_named() {
    for (mode, says) in [
        ("2fa", "it changed between 09:00:00Z and 10:00:00Z. Before that it was v1."),
        ("1fa", "By then it may still have been v1, the same."),
    ] {
        let g = decided_meanwhile(mode);
        let state = g.end();
        let labels = |n: usize| -> Vec<&str> {
            state.decisions[n].under.versions().map(|version| version.as_str()).collect()
        };
        assert_eq!(labels(0), ["v2", "v1"]);
        // From its latest start on it is certain.
        assert_eq!(labels(1), ["v2"]);
        let tree = claimledger_domain::explain::text(&g.why().decisions[0]);
        assert!(tree.contains(says), "{tree}");
    }
}

/// That the record of a factor is only possible says nothing of when it came.
#[test]
fn a_factor_that_came_before_the_decision_is_not_said_to_have_come_possibly_after_it() {
    let off = version("09:00:00", "t2", &json!({"trust_claims": false})).until("10:00:00");
    let relied = |claim: Said| {
        let t1 = version("08:00:00", "t1", &json!({}));
        let state = given([
            org(),
            t1,
            policy(json!({"factor_mode": "1fa"})),
            off.clone(),
            claim,
            decided("09:30:00", "allow"),
        ])
        .end();
        let relied = state.decisions[0].relied_on[0];
        (relied.certainty, relied.may_be_later)
    };
    let exact = claims("09:20:00", &["pwd"]);
    assert_eq!(relied(exact.clone()), (Certainty::Possible, false));
    assert_eq!(relied(exact.until("09:40:00")), (Certainty::Possible, true));
}

/// Neither version trusts the claim, and a mixture of the two may have.
#[test]
fn no_version_is_named_where_only_a_state_between_two_trusts() {
    let g = given([
        org(),
        version("08:00:00", "t1", &json!({"status": "inactive"})),
        version("09:30:00", "t2", &json!({"trust_claims": false})).until("10:30:00"),
        claims("10:00:00", &["pwd"]),
        fact("10:00:01", "claim.accepted", json!({})),
    ]);
    let under = g.end().factors[0].came_under.clone().unwrap();
    assert_eq!(under.words(), "possibly trusted as a state between versions");
    assert_eq!(under.latest(), None);
}
