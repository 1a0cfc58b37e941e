//! Which ids are one session, and where they are found.

use super::{found, ledger};
use crate::support::okta_events::{classic, ended, event, with};
use serde_json::{Value, json};

#[test]
fn a_classic_sign_in_is_one_session_under_each_of_its_ids() {
    let mut events: Vec<Value> = (1..=3).flat_map(classic).collect();
    events.push(ended(1));
    // In any order of arrival.
    for turned in [false, true] {
        if turned {
            events.reverse();
        }
        let (scratch, _) = ledger(&events);
        let list = scratch.json(&["sessions"]);
        let sessions = list["edges"].as_array().expect("a list");
        assert_eq!(sessions.len(), 3, "{list:#}");
        for id in ["102Start1", "102Mfa1", "102Admin1", "102End1"] {
            let answer = scratch.json(&["session", id]);
            let session = &answer["session"];
            assert_eq!(
                (&session["state"], &session["endReason"]),
                (&json!("ENDED"), &json!("expired")),
                "{id}: {answer:#}"
            );
            let mut ids: Vec<&str> = session["aliases"]
                .as_array()
                .expect("aliases")
                .iter()
                .filter_map(Value::as_str)
                .collect();
            ids.push(session["id"].as_str().expect("a name"));
            for member in ["102Start1", "102Mfa1", "102Admin1", "102End1"] {
                assert!(ids.contains(&member), "{member} of {ids:?}");
            }
            assert!(
                ids.iter().all(|id| !id.starts_with("T-")),
                "a transaction is no session: {ids:?}"
            );
            assert_eq!(session["factors"][0]["method"], "push", "{answer:#}");
        }
        assert_eq!(scratch.json(&["session", "102Start2"])["session"]["endedAt"], Value::Null);
        // The links are evidence, and say by what they link.
        let timeline = scratch.ok(&["timeline", "102Mfa1"]);
        assert!(timeline.contains("authn_request"), "{timeline}");
    }
}

#[test]
fn an_unlinked_session_stays_alone() {
    let mut one = event("one", "user.session.start", "09:00:00", ("102One", "T-one", "T-one"));
    let mut two =
        event("two", "user.authentication.sso", "09:05:00", ("102Two", "T-two", "T-nowhere"));
    two["target"] = json!([{"type": "AppInstance", "id": "0oaWiki"}]);
    let other = event("three", "user.session.start", "09:06:00", ("102Three", "unknown", "null"));
    one["debugContext"]["debugData"].as_object_mut().expect("an object").remove("authnRequestId");
    let (scratch, _) = ledger(&[one, two, other]);
    assert_eq!(scratch.json(&["sessions"])["edges"].as_array().expect("a list").len(), 3);
}

#[test]
fn the_root_session_is_read_from_every_event_and_is_a_relation() {
    let app = json!({"target": [{"type": "AppInstance", "id": "0oaWiki"}]});
    let root = json!({"authenticationContext": {"rootSessionId": "idxRoot"}});
    let one = with(
        with(
            event("r1", "user.authentication.sso", "09:00:00", ("idxOne", "T-1", "T-1")),
            app.clone(),
        ),
        root.clone(),
    );
    let two = with(
        with(event("r2", "user.authentication.sso", "09:01:00", ("idxTwo", "T-2", "T-2")), app),
        root,
    );
    let (scratch, _) = ledger(&[one, two]);
    for id in ["idxOne", "idxTwo"] {
        let answer = scratch.json(&["session", id]);
        assert_eq!(
            (&answer["session"]["rootSession"], &answer["session"]["id"]),
            (&json!("idxRoot"), &json!(id)),
            "{answer:#}"
        );
    }
    let chain = scratch.json(&["chain", "idxRoot"]).to_string();
    assert!(chain.contains("idxOne") && chain.contains("idxTwo"), "{chain}");
}

#[test]
fn transactions_and_requests_are_found() {
    let (scratch, _) = ledger(&classic(1));
    let transaction = scratch.json(&["find", "T-1"]);
    let items = found(&transaction, "TRANSACTION");
    assert_eq!((items.len(), items[0]["count"].as_u64()), (1, Some(4)), "{transaction:#}");
    assert_eq!(items[0]["sessions"].as_array().expect("sessions").len(), 1, "{transaction:#}");
    let request = scratch.json(&["find", "rq-mfa-1"]);
    assert_eq!(found(&request, "REQUEST").len(), 1, "{request:#}");
}
