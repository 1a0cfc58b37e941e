//! What a whole list lacks, and which lists are whole.

use super::{Org, between, exactly, facts, idp, ids, with};
use claimledger_facts::{draft::Draft, fact::FactData, time::Occurred, vocabulary::Status};
use serde_json::{Value, json};

fn statuses(drafts: &[Draft]) -> Vec<(Occurred, (String, Status))> {
    facts(drafts, |data| match data {
        FactData::IdpConfigured(data) => Some((data.idp.to_string(), data.status)),
        _ => None,
    })
}

fn other() -> Value {
    with(idp("09:00", true), json!({"id": "0oa2"}))
}

#[test]
fn an_object_that_a_whole_list_lacks_was_deleted_between_the_looks() {
    let mut org = Org::new();
    org.look("10:00", "/api/v1/idps", json!([idp("09:00", true), other()]));
    let second = org.look("12:00", "https://acme.example/api/v1/idps?limit=200", json!([other()]));
    let deleted = ("0oa1".to_owned(), Status::Deleted);
    assert_eq!(statuses(&second), [(between("10:00", "12:00"), deleted)]);
    assert_eq!(ids(&second), ["idp:0oa1@deleted:2026-03-10T12:00:00.000Z"]);
    let FactData::IdpConfigured(fact) = &second[0].facts[0].data else { panic!() };
    assert!(fact.trust_claims, "the rest is as it was");
    assert_eq!(org.look("13:00", "/api/v1/idps", json!([other()])), [], "once");

    // It is back: it was missing until some time between the looks.
    let third = org.look("14:00", "/api/v1/idps", json!([idp("09:00", true), other()]));
    let back = ("0oa1".to_owned(), Status::Active);
    assert_eq!(statuses(&third), [(between("13:00", "14:00"), back)]);
    assert_ne!(ids(&third), ["idp:0oa1@2026-03-10T09:00:00.000Z"], "not the record of the first");
}

#[test]
fn an_empty_list_is_a_list() {
    let mut org = Org::new();
    org.look("10:00", "/api/v1/idps", json!([idp("09:00", true)]));
    assert_eq!(statuses(&org.look("11:00", "/api/v1/idps", json!([]))).len(), 1);
}

#[test]
fn what_is_not_a_whole_list_deletes_nothing() {
    let twenty: Vec<Value> =
        (0..20).map(|n| with(idp("09:00", true), json!({"id": format!("0ob{n}")}))).collect();
    for (path, body) in [
        ("/api/v1/idps/0oa2", other()),
        ("/api/v1/idps?q=part", json!([other()])),
        ("/api/v1/idps?type=OIDC", json!([other()])),
        ("/api/v1/idps?after=0oa1&limit=200", json!([other()])),
        ("/api/v1/idps?limit=1", json!([other()])),
        ("/api/v1/idps", json!(twenty)),
        ("/api/v1/apps", json!([])),
        ("/api/v1/policies/p1/rules", json!([])),
    ] {
        let mut org = Org::new();
        org.look("10:00", "/api/v1/idps", json!([idp("09:00", true), other()]));
        let second = org.look("11:00", path, body);
        let gone = |(_, (_, status)): &(Occurred, (String, Status))| *status == Status::Deleted;
        assert!(!statuses(&second).iter().any(gone), "{path}");
    }
    // Recorded states have no lists.
    let mut org = Org::new();
    org.see(&idp("09:00", true));
    assert_eq!(statuses(&org.see(&other())), [(exactly("09:00"), ("0oa2".into(), Status::Active))]);
}

/// The caller joined the pages, or knows that there are more.
#[test]
fn an_envelope_can_say_whether_it_is_complete() {
    let second = |complete: bool, path: &str| {
        let mut org = Org::new();
        org.look("10:00", "/api/v1/idps", json!([idp("09:00", true), other()]));
        let envelope = json!({"looked_at": "2026-03-10T11:00:00Z", "path": path,
            "complete": complete, "body": [other()]});
        statuses(&org.see(&envelope)).len()
    };
    assert_eq!(second(true, "/api/v1/idps?limit=1"), 1);
    assert_eq!(second(false, "/api/v1/idps"), 0);
}

/// A list that was looked at before the object was seen says nothing of it.
#[test]
fn an_older_list_deletes_nothing() {
    let mut org = Org::new();
    org.look("12:00", "/api/v1/idps/0oa1", idp("09:00", true));
    assert_eq!(org.look("11:00", "/api/v1/idps", json!([])), []);
}
