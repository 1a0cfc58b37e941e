//! Looks that are ingested after a later one: what was in force is what the order of time gives.

use super::{Org, facts, idp, ids, on_the_tenth, policy, rule, time, two_factors, with};
use claimledger_facts::{
    draft::Draft,
    fact::FactData,
    time::{Occurred, in_force},
    vocabulary::Status,
};
use serde_json::{Value, json};

const IDPS: &str = "/api/v1/idps";
const FEATURES: &str = "/api/v1/features";
const ORG: &str = "/.well-known/okta-organization";

/// What can be in force at a time of what facts of one thing state, the latest first.
fn at<T: Clone + PartialEq>(
    drafts: &[Draft],
    when: &str,
    pick: impl Fn(&FactData) -> Option<T>,
) -> Vec<Option<T>> {
    let mut drafts = drafts.to_vec();
    drafts.sort_by_key(|draft| (draft.occurred.from, draft.source_id.clone()));
    let stated = facts(&drafts, pick);
    let mut options = in_force(stated.into_iter().rev(), Occurred::at(time(when)));
    options.dedup();
    options
}

fn trust(drafts: &[Draft], when: &str) -> Vec<Option<(bool, Status)>> {
    at(drafts, when, |data| match data {
        FactData::IdpConfigured(data) => Some((data.trust_claims, data.status)),
        _ => None,
    })
}

fn on(trust: bool) -> Option<(bool, Status)> {
    Some((trust, Status::Active))
}

/// Trust was off at twelve, for some time between ten and two at which it was on.
#[test]
fn a_state_between_two_looks_is_in_force_only_between_them() {
    let mut org = Org::new();
    let mut all = org.look("10:00", IDPS, json!([idp("09:00", true)]));
    all.extend(org.look("14:00", IDPS, json!([idp("13:30", true)])));
    all.extend(org.look("12:00", IDPS, json!([idp("11:30", false)])));
    for (when, expected) in [
        ("09:59", vec![on(true)]),
        ("11:00", vec![on(true), on(false)]),
        ("11:59", vec![on(false)]),
        ("13:00", vec![on(true), on(false)]),
        ("13:30", vec![on(true)]),
        ("23:00", vec![on(true)]),
    ] {
        let found = trust(&all, when);
        let is_any = |of: &Option<(bool, Status)>| found.contains(of);
        assert!(expected.iter().all(is_any), "{when}: {found:?}");
        assert!(found.iter().all(|of| expected.contains(of)), "{when}: {found:?}");
    }
    assert_eq!(org.look("15:00", IDPS, json!([idp("13:30", true)])), [], "the last one is known");
}

/// The same look again narrows the interval of the change after it.
#[test]
fn a_look_that_still_saw_the_old_state_narrows_the_change() {
    let mut org = Org::new();
    let mut all = org.look("10:00", IDPS, json!([idp("09:00", false)]));
    all.extend(org.look("14:00", IDPS, json!([idp("13:30", true)])));
    assert_eq!(trust(&all, "11:00"), [on(true), on(false)]);
    all.extend(org.look("12:00", IDPS, json!([idp("09:00", false)])));
    assert_eq!(trust(&all, "11:00"), [on(false)]);
    assert_eq!(trust(&all, "13:00"), [on(true), on(false)]);
    assert_eq!(trust(&all, "14:00"), [on(true)]);
}

#[test]
fn a_list_that_lacks_an_object_narrows_its_deletion_and_deletes_what_was_seen_before() {
    let mut org = Org::new();
    let other = with(idp("08:00", true), json!({"id": "0oa2"}));
    let mut all = org.look("14:00", IDPS, json!([]));
    all.extend(org.look("12:00", IDPS, json!([])));
    // It is known from no later look, and those two lacked it.
    all.extend(org.look("10:00", IDPS, json!([idp("09:00", true)])));
    let deleted = Some((true, Status::Deleted));
    assert_eq!(trust(&all, "09:59"), [on(true)]);
    assert_eq!(trust(&all, "11:00"), [deleted, on(true)]);
    assert_eq!(trust(&all, "12:00"), [deleted]);

    let mut org = Org::new();
    let mut all = org.look("10:00", IDPS, json!([other]));
    all.extend(org.look("14:00", IDPS, json!([])));
    all.extend(org.look("12:00", IDPS, json!([])));
    assert_eq!(trust(&all, "11:00"), [deleted, on(true)]);
    assert_eq!(trust(&all, "12:00"), [deleted]);
}

fn features(status: &str) -> Value {
    let feature = |name: &str, status: &str| {
        json!({"id": name, "type": "self-service", "name": name, "status": status,
            "stage": {"value": "EA"}})
    };
    json!([
        feature("Okta-to-Okta Claims Sharing", status),
        feature("Third-party IdP claims sharing", "ENABLED")
    ])
}

/// Features have no time of their own: off was between two looks that saw them on.
#[test]
fn objects_without_a_time_are_put_in_the_order_of_their_looks() {
    let mut org = Org::new();
    let mut all = org.look("10:00", ORG, json!({"id": "00o1", "pipeline": "idx"}));
    all.extend(org.look("10:00", FEATURES, features("ENABLED")));
    all.extend(org.look("14:00", FEATURES, features("ENABLED")));
    all.extend(org.look("12:00", FEATURES, features("DISABLED")));
    let sharing = |when: &str| {
        at(&all, when, |data| match data {
            FactData::OrgConfigured(data) => Some(data.claims_sharing),
            _ => None,
        })
    };
    assert_eq!(sharing("11:00"), [Some(false), Some(true)]);
    assert_eq!(sharing("12:00"), [Some(true), Some(false)], "it can be on again at once");
    assert_eq!(sharing("13:00"), [Some(true), Some(false)]);
    assert_eq!(sharing("14:00"), [Some(true)]);
}

/// Of an object that changed often only the last states are kept: what is older than those is
/// recorded, and states nothing.
#[test]
fn a_look_from_before_the_kept_states_states_nothing() {
    let minute = |n: u32| format!("10:{n:02}");
    let mut org = Org::new();
    let mut all: Vec<Draft> = (0..50)
        .flat_map(|n| org.look(&minute(n), IDPS, json!([idp(&minute(n), n % 2 == 0)])))
        .collect();
    let before = trust(&all, "10:05");
    let older = idp("10:05", true);
    let older =
        with(older, json!({"lastUpdated": on_the_tenth("10:05").replace("00.000", "30.000")}));
    let late = json!({"looked_at": on_the_tenth("10:05").replace("00.000", "40.000"),
        "path": IDPS, "body": [older]});
    let late = org.see(&late);
    assert_eq!((late.len(), late[0].facts.len()), (1, 0));
    all.extend(late);
    assert_eq!(trust(&all, "10:05"), before);
    assert_eq!(trust(&all, "23:00"), [on(false)]);
}

/// Each change adds to what was stated, and what is kept for late looks does not grow with it.
#[test]
fn what_is_kept_does_not_grow_with_the_number_of_changes() {
    let mut org = Org::new();
    let minute = |n: u32| format!("{:02}:{:02}", n / 60, n % 60);
    let mut sizes = Vec::new();
    let mut changes = Vec::new();
    for n in 0..200 {
        let at = minute(n);
        let of = policy("p1", "ACCESS_POLICY", &at);
        org.look(&at, "/api/v1/policies?type=ACCESS_POLICY", json!([of]));
        let mut one = two_factors();
        one["factorMode"] = json!(if n % 2 == 0 { "2FA" } else { "1FA" });
        let rules = json!([rule("p1", "r1", &at, one)]);
        changes.extend(org.look(&at, "/api/v1/policies/p1/rules", rules));
        sizes.push(org.look.as_ref().unwrap().content.len());
    }
    assert!(facts(&changes, |data| Some(data.clone())).len() >= 200, "each of them is stated");
    // More or fewer times are kept of a list.
    assert!(sizes[199] <= sizes[99] + 1500, "{} bytes, then {}", sizes[99], sizes[199]);

    // Of the first minute nothing is known any more: a look from there is recorded only.
    let early = with(rule("p1", "r1", &minute(10), two_factors()), json!({"name": "Early"}));
    let late = org.look(&minute(10), "/api/v1/policies/p1/rules", json!([early]));
    assert_eq!((late.len(), late[0].facts.len()), (1, 0));
    // The next change is stated under an id of its own.
    let next = json!([rule("p1", "r1", &minute(500), two_factors())]);
    changes.extend(org.look(&minute(500), "/api/v1/policies/p1/rules", next));
    let all: std::collections::BTreeSet<&str> = ids(&changes).into_iter().collect();
    assert_eq!(all.len(), changes.len());
}
