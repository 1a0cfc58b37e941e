//! Identity providers: trust, kind, keys and their times.

use super::{Org, between, exactly, facts, idp, ids, names, on_the_tenth, with};
use claimledger_facts::{
    draft::Draft,
    fact::FactData,
    time::Occurred,
    types::idp::IdpConfigured,
    vocabulary::{IdpApp, IdpKind, IdpUsage, Note, Protocol, Status},
};
use serde_json::{Value, json};

fn configured(drafts: &[Draft]) -> Vec<(Occurred, IdpConfigured)> {
    facts(drafts, |data| match data {
        FactData::IdpConfigured(data) => Some(data.clone()),
        _ => None,
    })
}

/// Times, trust and status: what most tests ask about.
fn trust(drafts: &[Draft]) -> Vec<(Occurred, bool, Status)> {
    let all = configured(drafts).into_iter();
    all.map(|(occurred, data)| (occurred, data.trust_claims, data.status)).collect()
}

fn only(drafts: &[Draft]) -> IdpConfigured {
    let [(_, data)] = &configured(drafts)[..] else { panic!("{drafts:?}") };
    data.clone()
}

fn answer(method: &str, body: Value) -> Value {
    json!({"fixture": "made up", "method": method, "path": "/api/v1/idps/0oa1", "body": body})
}

#[test]
fn answers_to_changes_give_exact_times() {
    let mut org = Org::new();
    let mut said = Vec::new();
    for value in [
        answer("POST", idp("09:00", false)),
        answer("GET", idp("09:00", false)),
        answer("PUT", with(idp("09:20", true), json!({"created": null}))),
        answer("GET", idp("09:20", true)),
        answer("PUT", idp("09:40", false)),
        answer("POST", with(idp("09:50", false), json!({"status": "INACTIVE"}))),
    ] {
        said.extend(trust(&org.see(&value)));
    }
    let expected = [
        (exactly("09:00"), false, Status::Active),
        (exactly("09:20"), true, Status::Active),
        (exactly("09:40"), false, Status::Active),
        (exactly("09:50"), false, Status::Inactive),
    ];
    assert_eq!(said, expected);
}

/// `lastUpdated` dates the last update only: the switch may have been an earlier one.
#[test]
fn a_change_between_two_looks_is_an_interval() {
    let mut org = Org::new();
    let first = org.look("10:00", "/api/v1/idps/0oa1", idp("09:00", false));
    assert_eq!(trust(&first), [(exactly("09:00"), false, Status::Active)]);
    let same = org.look("11:00", "/api/v1/idps/0oa1", idp("09:00", false));
    assert_eq!(same, [], "nothing changed");
    let second = org.look("15:00", "/api/v1/idps/0oa1", idp("14:30", true));
    assert_eq!(trust(&second), [(between("11:00", "14:30"), true, Status::Active)]);
    assert_eq!(ids(&second), ["idp:0oa1@2026-03-10T14:30:00.000Z"]);
    assert_eq!(only(&second).version.as_str(), "2026-03-10T14:30:00.000Z");
}

/// Nobody saw what it was like between two saves, though both looks saw the same.
#[test]
fn an_idp_that_was_saved_between_two_looks_says_so() {
    let mut org = Org::new();
    let noted = |drafts: &[Draft]| -> Vec<bool> {
        drafts.iter().map(|draft| draft.notes.contains(&Note::SavedSinceLastLook)).collect()
    };
    let first = org.look("10:00", "/api/v1/idps/0oa1", idp("09:00", true));
    assert_eq!(noted(&first), [false], "it was so since 09:00");
    let second = org.look("15:00", "/api/v1/idps/0oa1", idp("14:30", true));
    assert_eq!(trust(&second), [(between("10:00", "14:30"), true, Status::Active)]);
    assert_eq!(noted(&second), [true]);
    let answered = answer("PUT", idp("15:10", false));
    assert_eq!(noted(&org.see(&answered)), [false], "the answer to the change dates it");
}

/// The time of an update has a resolution of its own: it may not move.
#[test]
fn changes_that_do_not_move_the_time_are_three_records_in_order() {
    let mut org = Org::new();
    let mut all = Vec::new();
    for trust in [false, true, false] {
        all.extend(org.see(&idp("09:00", trust)));
    }
    let said: Vec<bool> = trust(&all).iter().map(|(_, trust, _)| *trust).collect();
    assert_eq!(said, [false, true, false]);
    let ids = ids(&all);
    assert_eq!(ids[0], "idp:0oa1@2026-03-10T09:00:00.000Z");
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");

    // Dated looks leave open when between them it was.
    let mut org = Org::new();
    org.look("10:00", "/api/v1/idps/0oa1", idp("09:00", false));
    let second = org.look("11:00", "/api/v1/idps/0oa1", idp("09:00", true));
    assert_eq!(trust(&second), [(between("10:00", "11:00"), true, Status::Active)]);
}

/// A file of last week after the one of today.
#[test]
fn an_older_state_is_stated_for_its_time_and_changes_nothing_since() {
    let mut org = Org::new();
    org.see(&idp("12:00", true));
    let late = org.see(&idp("09:00", false));
    // And the later state began at some time since, as it would in the order of time.
    assert_eq!(
        trust(&late),
        [
            (exactly("09:00"), false, Status::Active),
            (between("09:00", "12:00"), true, Status::Active),
        ]
    );
    assert_eq!(org.see(&idp("12:00", true)), [], "the later state is still the known one");
}

#[test]
fn trust_is_off_where_the_object_does_not_say_it() {
    let mut org = Org::new();
    let legacy = with(idp("09:00", false), json!({"policy": {"mapAMRClaims": true}}));
    let data = only(&org.see(&legacy));
    assert_eq!((data.trust_claims, data.map_amr_claims), (false, Some(true)));
    assert_eq!((data.protocol, data.kind), (Some(Protocol::Saml2), IdpKind::ThirdParty));
    assert_eq!((data.app, data.usage), (None, None));

    let google = json!({"id": "0oa2", "type": "GOOGLE", "name": "Google", "status": "ACTIVE",
        "lastUpdated": on_the_tenth("09:00"), "protocol": {"type": "OIDC"}, "policy": {}});
    assert_eq!(only(&org.see(&google)).kind, IdpKind::ThirdParty);
    let card = json!({"id": "0oa3", "type": "X509", "name": "Card", "status": "ACTIVE",
        "lastUpdated": on_the_tenth("09:00"), "policy": {},
        "protocol": {"type": "MTLS",
            "endpoints": {"sso": {"url": "https://acme.okta.com/login/cert"}}}});
    let card = only(&org.see(&card));
    assert_eq!((card.kind, card.protocol), (IdpKind::ThirdParty, None));
}

#[test]
fn a_repeated_key_is_tolerated_where_both_say_the_same() {
    let text = idp("09:00", true).to_string();
    let twice = text.replace(r#""trustClaims":true"#, r#""trustClaims":true,"trustClaims":true"#);
    assert_ne!(text, twice);
    let settings = Org::new().settings;
    let read = claimledger_sources::translate(&settings, None, twice.as_bytes()).unwrap();
    assert!(only(&read.drafts).trust_claims);
    let both = text.replace(r#""trustClaims":true"#, r#""trustClaims":true,"trustClaims":false"#);
    let refusal = claimledger_sources::translate(&settings, None, both.as_bytes()).unwrap_err();
    assert_eq!(refusal.field.as_deref(), Some("policy.trustClaims"));
}

/// An Okta org is known by its type, by the host of Okta, or by a setting.
#[test]
fn the_kind_is_that_of_the_setting_else_that_of_the_type_and_the_host() {
    let oidc = |issuer: &str| {
        with(
            idp("09:00", true),
            json!({"type": "OIDC", "protocol": {"type": "OIDC", "issuer": {"url": issuer}}}),
        )
    };
    let kind = |settings: &[&str], object: &Value| {
        let data = only(&Org::with(settings).see(object));
        (data.kind, data.usage)
    };
    let (own, okta) = (oidc("https://login.globex.example"), oidc("https://globex.okta.com"));
    assert_eq!(kind(&[], &own).0, IdpKind::ThirdParty);
    assert_eq!(kind(&[], &okta).0, IdpKind::OktaIdentityEngine);
    assert_eq!(kind(&["0oa1"], &own).0, IdpKind::OktaIdentityEngine);
    assert_eq!(kind(&["0oa1=classic"], &okta).0, IdpKind::OktaClassic);
    assert_eq!(kind(&["0oa1=third-party"], &okta).0, IdpKind::ThirdParty);
    assert_eq!(kind(&["0oa9=classic"], &own).0, IdpKind::ThirdParty, "of another IdP");
    let factor = kind(&["0oa1=classic", "0oa1=factor-only"], &own);
    assert_eq!(factor, (IdpKind::OktaClassic, Some(IdpUsage::FactorOnly)));

    let org2org = with(own, json!({"type": "OKTA_INTEGRATION"}));
    let data = only(&Org::new().see(&org2org));
    assert_eq!((data.kind, data.app), (IdpKind::OktaIdentityEngine, Some(IdpApp::Org2org)));
}

fn keys(drafts: &[Draft]) -> Vec<(Occurred, String)> {
    facts(drafts, |data| match data {
        FactData::IdpKeyAdded(data) => Some(format!("+{} {}", data.key, data.idp)),
        FactData::IdpKeyRetired(data) => Some(format!("-{} {}", data.key, data.idp)),
        _ => None,
    })
}

#[test]
fn another_key_retires_the_old_one_and_adds_the_new_one() {
    let with_keys = |updated: &str, current: &str, further: Value| {
        let mut object = idp(updated, true);
        object["protocol"]["credentials"]["trust"] =
            json!({"kid": current, "additionalKids": further});
        object
    };
    let mut org = Org::new();
    let first = org.look("10:00", "/api/v1/idps/0oa1", with_keys("09:00", "k1", json!(null)));
    // It was there when the IdP was last updated, and was added at some time since its creation.
    assert_eq!(keys(&first), [(between("08:00", "09:00"), "+k1 0oa1".to_owned())]);
    let second = org.look("12:00", "/api/v1/idps/0oa1", with_keys("11:00", "k1", json!(["k2"])));
    assert_eq!(keys(&second), [(between("10:00", "11:00"), "+k2 0oa1".to_owned())]);
    let third = org.look("14:00", "/api/v1/idps/0oa1", with_keys("13:00", "k2", json!([])));
    assert_eq!(keys(&third), [(between("12:00", "13:00"), "-k1 0oa1".to_owned())]);
    let other = org.look("16:00", "/api/v1/idps/0oa1", with_keys("15:00", "k3", json!([])));
    let said: Vec<String> = keys(&other).into_iter().map(|(_, key)| key).collect();
    assert_eq!(said, ["+k3 0oa1", "-k2 0oa1"]);
}

/// The list of keys names no IdP, and its keys are not called missing or retired by it.
#[test]
fn the_list_of_keys_alone_states_nothing() {
    let mut org = Org::new();
    org.look("10:00", "/api/v1/idps/0oa1", idp("09:00", true));
    let key = json!({"kid": "key-9", "kty": "RSA", "x5c": ["MIIC"], "use": "sig",
        "created": on_the_tenth("07:00"), "lastUpdated": on_the_tenth("07:00")});
    let drafts = org.look("10:05", "/api/v1/idps/credentials/keys", json!([key]));
    assert_eq!((drafts.len(), drafts[0].kind.as_str()), (1, "okta.idp_key"));
    assert!(drafts[0].facts.is_empty() && drafts[0].is_understood());
}

#[test]
fn names_are_stated_when_they_are_first_seen_and_when_they_change() {
    let mut org = Org::new();
    let name = |drafts: &[Draft]| names(drafts);
    let first = org.see(&idp("09:00", true));
    assert_eq!(name(&first), [("idp 0oa1".to_owned(), "Partner".to_owned())]);
    assert_eq!(first[0].labels, ["Partner"]);
    assert_eq!(name(&org.see(&idp("10:00", false))), []);
    let renamed = org.see(&with(idp("11:00", false), json!({"name": "Partner Ltd"})));
    assert_eq!(name(&renamed), [("idp 0oa1".to_owned(), "Partner Ltd".to_owned())]);
}

/// A switch that is no truth value says nothing: read as off, it would ignore every factor.
#[test]
fn a_switch_that_is_no_truth_value_is_not_understood() {
    let switched = |name: &str, value: &Value| {
        let mut idp = idp("09:00", true);
        idp["policy"][name] = value.clone();
        configured(&Org::new().see(&idp)).into_iter().map(|(_, data)| data).next()
    };
    for (value, expected) in [
        (json!(true), Some(true)),
        (json!("true"), Some(true)),
        (json!("FALSE"), Some(false)),
        (json!(null), Some(false)),
        (json!("yes"), None),
        (json!(1), None),
        (json!({}), None),
    ] {
        let trusted = switched("trustClaims", &value).map(|data| data.trust_claims);
        assert_eq!(trusted, expected, "{value}");
        let mapped = switched("mapAMRClaims", &value).map(|data| data.map_amr_claims);
        assert_eq!(mapped, expected.map(|on| (!value.is_null()).then_some(on)), "{value}");
    }
}
