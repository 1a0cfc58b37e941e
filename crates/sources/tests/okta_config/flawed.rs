//! Objects of a list that are no strict JSON: each is kept by itself, not understood, and keeps no
//! other out.

use super::{Org, exactly, facts, idp, ids, on_the_tenth, rule, two_factors, with};
use claimledger_facts::{
    draft::Draft,
    fact::FactData,
    time::Occurred,
    vocabulary::{Note, Status},
};
use serde_json::{Value, json};

const HALF: &[u8] = b"half \\ud800";

/// A look at the IdPs, with other bytes in place of the text ODD.
fn look(org: &mut Org, at: &str, list: &[Value], odd: &[u8]) -> Vec<Draft> {
    let value = json!({"looked_at": on_the_tenth(at), "path": "/api/v1/idps?limit=200",
        "body": list});
    org.try_read(&put(&value, odd)).unwrap_or_else(|refusal| panic!("{refusal}"))
}

fn put(value: &Value, odd: &[u8]) -> Vec<u8> {
    let text = value.to_string();
    let Some((before, after)) = text.split_once("ODD") else { return text.into_bytes() };
    [before.as_bytes(), odd, after.as_bytes()].concat()
}

fn named(id: &str, updated: &str, name: &str) -> Value {
    with(idp(updated, true), json!({"id": id, "name": name}))
}

/// What is stated of each IdP.
fn stated(drafts: &[Draft]) -> Vec<(Occurred, String, Status)> {
    let configured = |data: &FactData| match data {
        FactData::IdpConfigured(data) => Some((data.idp.as_str().to_owned(), data.status)),
        _ => None,
    };
    facts(drafts, configured).into_iter().map(|(at, (id, status))| (at, id, status)).collect()
}

fn only_unread(drafts: &[Draft]) -> &Draft {
    let mut unread = drafts.iter().filter(|draft| draft.notes.contains(&Note::NotUnderstood));
    let draft = unread.next().expect("one that is not understood");
    assert_eq!((unread.next(), draft.facts.len()), (None, 0));
    draft
}

#[test]
fn an_object_that_is_no_strict_json_is_kept_and_the_others_are_read() {
    let deep = "[".repeat(70) + &"]".repeat(70);
    for odd in [HALF, b"\xff", b"x\",\"name\":\"y", format!("x\",\"z\":{deep},\"w\":\"").as_bytes()]
    {
        let mut org = Org::new();
        let list = [
            named("0oaA", "09:00", "A"),
            named("0oaB", "09:00", "ODD"),
            named("0oaC", "09:00", "C"),
        ];
        let drafts = look(&mut org, "10:00", &list, odd);
        let is = |id: &str| (exactly("09:00"), id.to_owned(), Status::Active);
        assert_eq!(stated(&drafts), [is("0oaA"), is("0oaC")]);
        let draft = only_unread(&drafts);
        assert_eq!(draft.correlation["object"], "0oaB", "it is found by its id");
        assert!(draft.unknown_fields[0].starts_with("body[1]"), "{:?}", draft.unknown_fields);
        assert_eq!(draft.occurred, exactly("10:00"));
        let kept = String::from_utf8(draft.original.clone()).unwrap();
        assert!(kept.contains("0oaB") && !kept.contains("0oaA"), "{kept}");
        // It is one record, however often it is looked at.
        assert_eq!(ids(&look(&mut org, "11:00", &list, odd)), [""; 0]);
    }
}

/// What was known of it stays known, and it is not missing.
#[test]
fn what_is_known_of_an_object_outlasts_a_look_that_cannot_read_it() {
    let mut org = Org::new();
    look(&mut org, "10:00", &[named("0oaA", "09:00", "A"), named("0oaB", "09:00", "B")], b"");
    let flawed = [named("0oaB", "09:00", "ODD")];
    let drafts = look(&mut org, "11:00", &flawed, HALF);
    let [(_, gone, Status::Deleted)] = &stated(&drafts)[..] else { panic!("{drafts:?}") };
    assert_eq!(gone, "0oaA", "a list with such an object is whole");
    let off = with(named("0oaB", "11:30", "B"), json!({"policy": {"trustClaims": false}}));
    let drafts = look(&mut org, "12:00", &[off], b"");
    let [(at, id, Status::Active)] = &stated(&drafts)[..] else { panic!("{drafts:?}") };
    // Since the last look that could read it: that of 11:00 says nothing of it.
    assert_eq!((id.as_str(), at.from), ("0oaB", super::time("10:00")));
    assert_eq!(at.to, Some(super::time("11:30")));
    let missing: Vec<&str> = drafts.iter().map(|draft| draft.kind.as_str()).collect();
    assert_eq!(missing, ["okta.idp", "okta.idp"], "the flawed one is no longer there");
}

/// One that does not say which it is may be any: nothing is missing then.
#[test]
fn of_an_object_that_names_no_id_nothing_is_taken_to_be_missing() {
    let mut org = Org::new();
    look(&mut org, "10:00", &[named("0oaA", "09:00", "A"), named("0oaB", "09:00", "B")], b"");
    let drafts =
        look(&mut org, "11:00", &[named("0oaA", "09:00", "A"), named("ODD", "09:00", "B")], HALF);
    assert_eq!(stated(&drafts), []);
    only_unread(&drafts);
}

#[test]
fn its_secrets_are_replaced() {
    let secret = json!({"protocol": {"type": "OIDC", "credentials": {"client":
        {"client_id": "c", "client_secret": "canary"}}}});
    let drafts =
        look(&mut Org::new(), "10:00", &[with(named("0oaB", "09:00", "ODD"), secret)], HALF);
    let draft = only_unread(&drafts);
    let kept = [&draft.original[..], &draft.canonical].concat();
    assert!(!String::from_utf8_lossy(&kept).contains("canary"));
    assert!(String::from_utf8_lossy(&draft.original).contains("client_id"));
}

/// Rules make up their policy: without one of them the policy would say less than it does.
#[test]
fn a_list_that_is_stated_together_is_refused_as_a_whole() {
    let of = |path: &str, object: Value| {
        let look = json!({"looked_at": on_the_tenth("10:00"), "path": path, "body": [object]});
        let refusal = Org::new().try_read(&put(&look, HALF)).unwrap_err();
        assert_eq!(refusal.field.as_deref(), Some("body[0].name"), "{path}: {refusal}");
    };
    of(
        "/api/v1/policies/p1/rules",
        with(rule("p1", "r1", "09:00", two_factors()), json!({"name": "ODD"})),
    );
    of(
        "/api/v1/authenticators",
        json!({"id": "aut1", "key": "webauthn", "type": "security_key", "name": "ODD"}),
    );
    of("/api/v1/features", json!({"id": "f1", "name": "ODD"}));
    of("/elsewhere", with(rule("p1", "r1", "09:00", two_factors()), json!({"name": "ODD"})));
    // What is wrong around the objects is no flaw of one.
    let look = json!({"looked_at": on_the_tenth("10:00"), "path": "/api/v1/idps", "note": "ODD",
        "body": [named("0oaA", "09:00", "A")]});
    let refusal = Org::new().try_read(&put(&look, HALF)).unwrap_err();
    assert_eq!(refusal.field.as_deref(), Some("note"), "{refusal}");
}
