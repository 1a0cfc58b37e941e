//! The org, its features, and its authenticators.

use super::{Org, between, exactly, facts, on_the_tenth};
use claimledger_facts::{
    draft::Draft,
    fact::FactData,
    time::Occurred,
    types::org::OrgConfigured,
    vocabulary::{Engine, Status},
};
use serde_json::{Value, json};

const FEATURES: &str = "/api/v1/features";
const ORG: &str = "/.well-known/okta-organization";

fn feature(name: &str, status: &str) -> Value {
    json!({"id": format!("ftr{}", name.len()), "type": "self-service", "name": name,
        "status": status, "stage": {"value": "EA", "state": "OPEN"}})
}

fn features(okta: &str, third_party: &str) -> Value {
    json!([
        feature("Okta-to-Okta Claims Sharing", okta),
        feature("Third-party IdP claims sharing", third_party),
        feature("Another", "ENABLED")
    ])
}

fn org_of(pipeline: &str) -> Value {
    json!({"id": "00o1", "cell": "ok1", "pipeline": pipeline, "settings": {}})
}

fn orgs(drafts: &[Draft]) -> Vec<(Occurred, OrgConfigured)> {
    facts(drafts, |data| match data {
        FactData::OrgConfigured(data) => Some(data.clone()),
        _ => None,
    })
}

fn of(engine: Engine, claims_sharing: bool, third_party_claims_sharing: bool) -> OrgConfigured {
    OrgConfigured { engine, claims_sharing, third_party_claims_sharing }
}

#[test]
fn the_org_is_stated_once_all_of_it_is_known() {
    let mut org = Org::new();
    let first = org.look("10:00", FEATURES, features("ENABLED", "DISABLED"));
    assert_eq!((first.len(), orgs(&first)), (3, Vec::new()), "the engine is not known");
    let mut all = org.look("10:05", ORG, org_of("idx"));
    let known = of(Engine::IdentityEngine, true, false);
    assert_eq!(orgs(&all), [(exactly("10:05"), known)]);
    assert_eq!(org.look("11:00", FEATURES, features("ENABLED", "DISABLED")), []);
    // Since the look at the features, and not since that at the org.
    let off = org.look("12:00", FEATURES, features("DISABLED", "DISABLED"));
    assert_eq!(orgs(&off), [(between("11:00", "12:00"), of(Engine::IdentityEngine, false, false))]);
    all.extend(off);
    let later = org.look("13:00", ORG, org_of("idx"));
    assert_eq!(later, []);
    let classic = org.look("14:00", ORG, org_of("v1"));
    assert_eq!(orgs(&classic), [(between("13:00", "14:00"), of(Engine::Classic, false, false))]);
    all.extend(classic);
    assert!(all.iter().all(Draft::is_understood), "{all:?}");
}

/// The change is known to lie between two looks at the feature. A statement of the whole org was
/// made between them, and the one of the change comes after it.
#[test]
fn a_later_statement_of_the_org_never_sorts_before_an_earlier_one() {
    let mut org = Org::new();
    org.look("10:00", FEATURES, features("ENABLED", "ENABLED"));
    let mut all = org.look("10:30", ORG, org_of("idx"));
    all.extend(org.look("11:00", FEATURES, features("ENABLED", "DISABLED")));
    let mut said: Vec<(Occurred, &str, OrgConfigured)> = Vec::new();
    for draft in all.iter().filter(|draft| draft.kind == "okta.org_snapshot") {
        said.extend(
            orgs(std::slice::from_ref(draft))
                .into_iter()
                .map(|(occurred, org)| (occurred, draft.source_id.as_str(), org)),
        );
    }
    said.sort_by_key(|(occurred, id, _)| (occurred.from, *id));
    assert_eq!(said.last().unwrap().2, of(Engine::IdentityEngine, true, false));
    assert_eq!(said.last().unwrap().0, between("10:30", "11:00"));
}

/// A feature that the list does not offer is neither on nor off.
#[test]
fn a_feature_that_is_not_listed_leaves_the_org_unstated() {
    let mut org = Org::new();
    org.look("10:00", ORG, org_of("idx"));
    let one = json!([feature("Okta-to-Okta Claims Sharing", "DISABLED")]);
    assert_eq!(orgs(&org.look("10:05", FEATURES, one)), []);
}

fn authenticator(id: &str, key: &str, status: &str, updated: &str) -> Value {
    json!({"id": id, "key": key, "type": "app", "name": format!("Name of {key}"), "status": status,
        "lastUpdated": on_the_tenth(updated)})
}

fn methods(list: &[(&str, &str)]) -> Value {
    list.iter().map(|(kind, status)| json!({"type": kind, "status": status})).collect()
}

/// `push inactive`, `push inactive saved aut2`.
fn said(drafts: &[Draft]) -> Vec<String> {
    let found = facts(drafts, |data| match data {
        FactData::AuthenticatorConfigured(data) => {
            assert_eq!(data.enrollment, None);
            let saved = data.saved.iter().map(|id| format!(" saved {id}")).collect::<String>();
            Some(format!("{} {}{saved}", data.method, data.status))
        }
        _ => None,
    });
    found.into_iter().map(|(_, said)| said).collect()
}

/// Authenticators of which not everything is known: `aut2 okta_verify active totp,push`.
fn listed(drafts: &[Draft]) -> Vec<String> {
    let found = facts(drafts, |data| match data {
        FactData::AuthenticatorListed(data) => {
            let may_give = data.may_give.as_ref().map(|methods| {
                methods.iter().map(|method| method.as_str()).collect::<Vec<_>>().join(",")
            });
            let may_give = may_give.unwrap_or_else(|| "any".to_owned());
            let saved = if data.saved { " saved" } else { "" };
            Some(format!("{} {} {} {may_give}{saved}", data.authenticator, data.key, data.status))
        }
        _ => None,
    });
    found.into_iter().map(|(_, said)| said).collect()
}

#[test]
fn authenticators_are_stated_method_by_method() {
    let mut org = Org::new();
    let path = "/api/v1/authenticators";
    let list = |verify: &str| {
        json!([
            authenticator("aut1", "okta_password", "ACTIVE", "08:00"),
            authenticator("aut2", "okta_verify", verify, "08:00"),
            authenticator("aut3", "phone_number", "INACTIVE", "08:00"),
            authenticator("aut4", "made_up", "ACTIVE", "08:00")
        ])
    };
    let first = org.look("10:00", path, list("ACTIVE"));
    // Which methods of Okta Verify are active is not in its own object.
    assert_eq!(said(&first), ["password active", "sms inactive", "voice inactive"]);
    assert_eq!(
        listed(&first),
        ["aut2 okta_verify active totp,push,signed_nonce", "aut4 made_up active any"]
    );
    assert_eq!(super::names(&first).len(), 4);
    let path_of_methods = "/api/v1/authenticators/aut2/methods";
    let own = methods(&[("totp", "ACTIVE"), ("push", "ACTIVE"), ("signed_nonce", "INACTIVE")]);
    let second = org.look("10:05", path_of_methods, own);
    assert_eq!(said(&second), ["totp active", "push active", "signed_nonce inactive"]);
    assert_eq!(listed(&second), ["aut2 okta_verify active "], "the rest is stated");
    let own = methods(&[("totp", "ACTIVE"), ("push", "INACTIVE"), ("signed_nonce", "INACTIVE")]);
    let third = org.look("11:05", path_of_methods, own);
    assert_eq!(said(&third), ["push inactive"]);
    assert_eq!(third.last().unwrap().occurred, between("10:05", "11:05"));
    let mut inactive = list("INACTIVE");
    inactive[1]["lastUpdated"] = json!(on_the_tenth("11:30"));
    let fourth = org.look("12:00", path, inactive.clone());
    assert_eq!(
        said(&fourth),
        [
            "push inactive saved aut2",
            "signed_nonce inactive saved aut2",
            "totp inactive saved aut2"
        ],
        "the others were inactive already, and may have been active meanwhile"
    );
    let without = json!([inactive[1], inactive[2], inactive[3]]);
    assert_eq!(said(&org.look("13:00", path, without)), ["password deleted saved aut1"]);
    let gone = org.look("14:00", path, json!([inactive[1], inactive[2]]));
    assert_eq!(listed(&gone), ["aut4 made_up deleted  saved"]);
}

/// What an authenticator is allowed for: `email active recovery`.
fn allowed(drafts: &[Draft]) -> Vec<String> {
    let found = facts(drafts, |data| match data {
        FactData::AuthenticatorConfigured(data) => {
            let allowed_for = data.allowed_for.map_or("-", |allowed_for| allowed_for.as_str());
            Some(format!("{} {} {allowed_for}", data.method, data.status))
        }
        _ => None,
    });
    found.into_iter().map(|(_, said)| said).collect()
}

fn allowed_for(word: &str, object: Value) -> Value {
    super::with(object, json!({"settings": {"allowedFor": word}}))
}

#[test]
fn what_an_authenticator_is_allowed_for_is_stated() {
    let path = "/api/v1/authenticators";
    let none: [&str; 0] = [];
    let plain = |updated| authenticator("aut1", "okta_email", "ACTIVE", updated);
    let email = |word: &str, updated| json!([allowed_for(word, plain(updated))]);
    for (object, expected) in [
        (json!([plain("08:00")]), "email active -"),
        (email("any", "08:00"), "email active -"),
        (email("sso", "08:00"), "email active sso"),
        (email("recovery", "08:00"), "email active recovery"),
        (email("none", "08:00"), "email active none"),
    ] {
        let drafts = Org::new().look("10:00", path, object);
        assert_eq!(allowed(&drafts), [expected]);
        assert_eq!(listed(&drafts), none);
    }
    // A change of it is one of the authenticator.
    let mut org = Org::new();
    org.look("10:00", path, email("any", "08:00"));
    let off = org.look("12:00", path, email("none", "11:00"));
    assert_eq!(allowed(&off), ["email active none"]);
    assert_eq!(off.last().unwrap().occurred, between("10:00", "11:00"));
    // A word that is not known says neither.
    let unread = Org::new().look("10:00", path, email("weekdays", "08:00"));
    assert_eq!(allowed(&unread), none);
    assert_eq!(listed(&unread), ["aut1 okta_email active email"]);
    // Of two that give one method, the one counts that serves signing in.
    let app = |id| authenticator(id, "custom_app", "ACTIVE", "08:00");
    let two = json!([allowed_for("recovery", app("aut1")), app("aut2")]);
    assert_eq!(allowed(&Org::new().look("10:00", path, two)), ["custom_app active -"]);
    // The methods of one that is kept for recovery are kept for it too.
    let mut org = Org::new();
    let phone = authenticator("aut3", "phone_number", "ACTIVE", "08:00");
    let first = org.look("10:00", path, json!([allowed_for("recovery", phone)]));
    assert_eq!(listed(&first), none, "it serves no sign-in, whatever it gives");
    let own = methods(&[("sms", "ACTIVE"), ("voice", "INACTIVE")]);
    let own = org.look("10:05", "/api/v1/authenticators/aut3/methods", own);
    assert_eq!(allowed(&own), ["sms active recovery", "voice inactive recovery"]);
}

/// Several authenticators may give one method.
#[test]
fn a_method_is_active_while_one_authenticator_gives_it() {
    let mut org = Org::new();
    let path = "/api/v1/authenticators";
    let list = |first: (&str, &str), second: (&str, &str)| {
        json!([
            authenticator("aut1", "custom_app", first.0, first.1),
            authenticator("aut2", "custom_app", second.0, second.1)
        ])
    };
    let (on, off) = (("ACTIVE", "08:00"), ("INACTIVE", "10:30"));
    assert_eq!(said(&org.look("10:00", path, list(on, on))), ["custom_app active"]);
    let none: [&str; 0] = [];
    let one = org.look("11:00", path, list(off, on));
    assert_eq!(said(&one), ["custom_app active saved aut1"], "it is as it was");
    assert_eq!(said(&org.look("11:10", path, list(off, on))), none, "nothing was saved");
    let both = org.look("12:00", path, list(off, ("INACTIVE", "11:30")));
    assert_eq!(said(&both), ["custom_app inactive saved aut2"]);
    assert_eq!(both.last().unwrap().occurred, between("11:10", "11:30"));
}

#[test]
fn methods_may_be_embedded_in_their_authenticator() {
    let mut object = authenticator("aut2", "okta_verify", "ACTIVE", "08:00");
    object["_embedded"] =
        json!({"methods": methods(&[("push", "ACTIVE"), ("signed_nonce", "INACTIVE")])});
    let mut org = Org::new();
    let drafts = org.look("10:00", "/api/v1/authenticators?expand=methods", json!([object]));
    assert_eq!(said(&drafts), ["push active", "signed_nonce inactive"]);
    assert_eq!(listed(&drafts), ["aut2 okta_verify active totp"]);
    assert_eq!(drafts.len(), 4, "one object, and what it states of two methods and of the third");
    // By its own link, without a path.
    let link = "https://acme.example/api/v1/authenticators/aut2/methods/totp";
    let own = json!({"type": "totp", "status": "ACTIVE", "_links": {"self": {"href": link}}});
    let totp = org.see(&json!({"looked_at": on_the_tenth("11:00"), "body": own}));
    assert_eq!(said(&totp), ["totp active"]);
    // An active authenticator of methods that were inactive with it.
    let mut org = Org::new();
    let path = "/api/v1/authenticators";
    let phone = |status, at| json!([authenticator("aut3", "phone_number", status, at)]);
    org.look("10:00", path, phone("INACTIVE", "08:00"));
    let again = org.look("11:00", path, phone("ACTIVE", "10:30"));
    // Which of them are active again is not known.
    let none: [&str; 0] = [];
    assert_eq!(said(&again), none);
    assert_eq!(listed(&again), ["aut3 phone_number active sms,voice"]);
    assert_eq!(Status::ALL.len(), 3);
}
