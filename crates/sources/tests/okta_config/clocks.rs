//! Clocks that contradict each other, and requests that take long: a change is never dated more
//! closely than both clocks and the whole request allow.

use super::{Org, between, exactly, facts, idp, on_the_tenth, policy, rule, two_factors, with};
use claimledger_facts::{
    draft::Draft, fact::FactData, refusal::RefusalCode, time::Occurred, vocabulary::Note,
};
use serde_json::{Value, json};

const IDPS: &str = "/api/v1/idps";
const FEATURES: &str = "/api/v1/features";

fn trust(drafts: &[Draft]) -> Vec<(Occurred, bool)> {
    facts(drafts, |data| match data {
        FactData::IdpConfigured(data) => Some(data.trust_claims),
        _ => None,
    })
}

fn contradicts(drafts: &[Draft]) -> bool {
    drafts.iter().any(|draft| draft.notes.contains(&Note::ClocksContradict))
}

fn asked(from: &str, until: &str, path: &str, body: &Value) -> Value {
    json!({"looked_at": on_the_tenth(from), "answered_at": on_the_tenth(until), "path": path,
        "body": body})
}

/// The ledger's clock is ahead: the look that still saw the old state seems to come after the save.
#[test]
fn a_last_update_before_the_look_that_saw_the_old_state_opens_the_time_since() {
    let mut org = Org::new();
    let first = org.look("10:40", IDPS, json!([idp("09:00", true)]));
    let all = org.look("12:40", IDPS, json!([idp("10:20", false)]));
    assert_eq!(trust(&all), [(between("10:19", "12:41"), false)]);
    assert_eq!((contradicts(&first), contradicts(&all)), (false, true));
    assert!(all[0].notes.contains(&Note::SavedSinceLastLook), "perhaps more than once");
    let next = org.look("13:40", IDPS, json!([idp("13:00", true)]));
    assert_eq!(trust(&next), [(between("12:40", "13:00"), true)]);
    assert!(!contradicts(&next));
}

/// It is behind: what a look saw seems to be saved after it.
#[test]
fn a_last_update_after_the_look_that_saw_it_opens_the_time_until_then() {
    let mut org = Org::new();
    org.look("10:00", IDPS, json!([idp("09:00", true)]));
    let all = org.look("11:00", IDPS, json!([idp("11:05", false)]));
    assert_eq!(trust(&all), [(between("09:59", "11:06"), false)]);
    assert!(contradicts(&all));
    // A look that sees it first.
    let first = Org::new().look("11:00", IDPS, json!([idp("11:05", false)]));
    assert_eq!(trust(&first), [(between("10:59", "11:06"), false)]);
    assert!(contradicts(&first));
}

/// What was saved after the state before cannot have begun before it.
#[test]
fn the_time_that_is_open_begins_no_earlier_than_the_state_before() {
    let mut org = Org::new();
    org.look("10:40", IDPS, json!([idp("10:20", true)]));
    let later = on_the_tenth("10:20").replace("00.000", "30.000");
    let later = with(idp("10:20", false), json!({"lastUpdated": later}));
    let all = org.look("12:40", IDPS, json!([later]));
    assert_eq!(trust(&all), [(between("10:20", "12:41"), false)]);
}

#[test]
fn rules_are_open_as_identity_providers_are() {
    let mut org = Org::new();
    let rules = |updated: &str, mode: &str| {
        json!([rule("p1", "r1", updated, with(two_factors(), json!({"factorMode": mode})))])
    };
    org.look("10:40", "/api/v1/policies?type=ACCESS_POLICY", {
        json!([policy("p1", "ACCESS_POLICY", "09:00")])
    });
    org.look("10:40", "/api/v1/policies/p1/rules", rules("09:00", "1FA"));
    let all = org.look("12:40", "/api/v1/policies/p1/rules", rules("10:20", "2FA"));
    let stated = facts(&all, |data| match data {
        FactData::PolicyConfigured(data) => data.saved.clone().map(|saved| saved.rules.len()),
        _ => None,
    });
    assert_eq!(stated, [(between("10:19", "12:41"), 1)]);
    assert!(contradicts(&all));
}

/// The answer holds what was so at some time between the request and its end.
#[test]
fn a_change_without_a_time_of_its_own_lasts_to_the_end_of_the_answer() {
    let feature = |id: &str, status: &str| {
        json!({"id": id, "type": "self-service", "name": id, "status": status,
            "stage": {"value": "EA"}})
    };
    let features = |status: &str| {
        let third = "Third-party IdP claims sharing";
        json!([feature("Okta-to-Okta Claims Sharing", "ENABLED"), feature(third, status)])
    };
    let sharing = |drafts: &[Draft]| {
        facts(drafts, |data| match data {
            FactData::OrgConfigured(data) => Some(data.third_party_claims_sharing),
            _ => None,
        })
    };
    let mut org = Org::new();
    org.look("09:00", "/.well-known/okta-organization", json!({"id": "o", "pipeline": "idx"}));
    org.see(&asked("10:00", "10:05", FEATURES, &features("ENABLED")));
    let all = org.see(&asked("12:00", "12:06", FEATURES, &features("DISABLED")));
    assert_eq!(sharing(&all), [(between("10:00", "12:06"), false)]);
    // A call that changes it was in effect by the end of its answer.
    let mut call = asked("13:00", "13:01", FEATURES, &features("ENABLED")[1]);
    call["method"] = json!("POST");
    assert_eq!(sharing(&org.see(&call)), [(between("13:00", "13:01"), true)]);
}

#[test]
fn what_a_list_lacks_was_deleted_by_the_end_of_the_answer() {
    let mut org = Org::new();
    org.see(&asked("10:00", "10:05", IDPS, &json!([idp("09:00", true)])));
    let all = org.see(&asked("12:00", "12:06", IDPS, &json!([])));
    assert_eq!(trust(&all), [(between("10:00", "12:06"), true)]);
}

#[test]
fn a_last_update_within_the_request_dates_the_change() {
    let mut org = Org::new();
    org.see(&asked("10:00", "10:05", IDPS, &json!([idp("09:00", true)])));
    let all = org.see(&asked("12:00", "12:06", IDPS, &json!([idp("12:03", false)])));
    assert_eq!(trust(&all), [(between("10:00", "12:03"), false)]);
    assert!(!contradicts(&all));
    let first = Org::new().see(&asked("12:00", "12:06", IDPS, &json!([idp("12:03", false)])));
    assert_eq!(trust(&first), [(exactly("12:03"), false)]);
}

#[test]
fn an_answer_before_its_request_is_refused() {
    let refusal = Org::new().try_see(&asked("12:00", "11:59", IDPS, &json!([]))).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::InvalidField);
    assert_eq!(refusal.field.as_deref(), Some("answered_at"));
}
