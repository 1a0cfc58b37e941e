//! Sign-ins, their sessions and factors.

use super::{enrollment, event, no_fact, not_understood, only, read, unread, with};
use claimledger_facts::{
    draft::{Draft, DraftFact},
    fact::FactData,
    types::{
        claims::{ClaimAccepted, ClaimsReceived},
        factor::FactorVerified,
    },
    vocabulary::{Method, Property},
};
use serde_json::{Value, json};

/// Trap 1: the actor of a federated sign-in is Okta.
#[test]
fn a_federated_sign_in_is_about_the_user_among_the_targets() {
    let user = json!({"id": "00u1", "type": "User", "alternateId": "alice@acme.example"});
    let idp = json!({"id": "0oaIdp", "type": "AppInstance", "alternateId": "Org2org"});
    let federated = |debug: Value| {
        with(
            "user.authentication.auth_via_IDP",
            json!({"actor": {"id": "sys", "type": "SystemPrincipal"}, "target": [idp, user],
            "legacyEventType": "core.user_auth.idp.saml.login_success",
                "debugContext": {"debugData": debug}}),
        )
    };
    let claims = |draft: &Draft| match only(draft) {
        FactData::ClaimsReceived(claims) => claims.clone(),
        other => panic!("{other:?}"),
    };
    let draft = read(&federated(json!({})));
    let ClaimsReceived { idp, amr, assertion, .. } = claims(&draft);
    assert_eq!((idp.as_str(), amr, assertion), ("0oaIdp", None, None));
    // The client is theirs, although Okta acted.
    assert_eq!(draft.persons.len(), 1);
    assert_eq!(draft.persons[0].personal.to_map()["client"]["ip"], "203.0.113.7");

    // Also where another person acts.
    let mut by_admin = federated(json!({}));
    by_admin["actor"] = json!({"id": "00uAdmin", "type": "User"});
    let draft = read(&by_admin);
    claims(&draft);
    assert_eq!(
        draft
            .persons
            .iter()
            .map(|p| (p.id.as_str(), p.personal.to_map().contains_key("client")))
            .collect::<Vec<_>>(),
        [("00uAdmin", true), ("00u1", false)]
    );

    // Trap 10: lists are text. An empty one was sent, without any value.
    let amr = |list: Value| {
        claims(&read(&federated(json!({"amrList": list}))))
            .amr
            .map(|values| values.into_iter().map(|v| v.0).collect::<Vec<_>>())
    };
    assert_eq!(amr(json!("[pwd, sms]")).unwrap(), ["pwd", "sms"]);
    assert_eq!(amr(json!("pwd,sms")).unwrap(), ["pwd", "sms"]);
    assert_eq!(amr(json!("[\"pwd\",\"sms\"]")).unwrap(), ["pwd", "sms"]);
    assert_eq!(amr(json!(["pwd", "sms"])).unwrap(), ["pwd", "sms"]);
    assert_eq!(amr(json!("[]")).unwrap(), [""; 0]);
    assert_eq!(amr(json!(null)), None);

    // An assertion that was logged whole is kept as its digest only.
    let draft = read(&federated(json!({"assertion": "PHNhbWxwOlJlc3BvbnNlPg",
            "authenticationContext": "urn:oasis:names:tc:SAML:2.0:ac:classes:X509"})));
    let ClaimsReceived { assertion, acr, .. } = claims(&draft);
    assert!(assertion.unwrap().as_str().starts_with("sha256:"));
    assert_eq!(acr.as_deref(), Some("urn:oasis:names:tc:SAML:2.0:ac:classes:X509"));
    assert!(!String::from_utf8_lossy(&draft.original).contains("PHNhbWxwOlJlc3BvbnNlPg"));
    let named =
        read(&federated(json!({"assertion": "PHNhbWxwOlJlc3BvbnNlPg", "assertionId": "id-7"})));
    assert_eq!(claims(&named).assertion.unwrap().as_str(), "id-7");

    unread(&with(
        "user.authentication.auth_via_IDP",
        json!({"actor": {"id": "sys", "type": "SystemPrincipal"},
            "target": [{"id": "0oaIdp", "type": "AppInstance"}]}),
    ));
    unread(&with(
        "user.authentication.auth_via_IDP",
        json!({"target": [{"id": "00u1", "type": "User"}]}),
    ));
}

/// Trap 2: a session id is no pseudo-session of a transaction, and no word for nothing.
#[test]
fn sessions_are_named_by_usable_ids_only() {
    let session = |context: Value| {
        read(&with("user.session.start", json!({"authenticationContext": context})))
            .session
            .map(|s| s.as_str().to_owned())
    };
    assert_eq!(
        session(json!({"externalSessionId": "102A", "rootSessionId": "102R"})).unwrap(),
        "102A"
    );
    for unusable in [
        json!("trsX"),
        json!("unknown"),
        json!("null"),
        json!(""),
        json!(null),
        json!(7),
        json!("a\nb"),
    ] {
        assert_eq!(
            session(json!({"externalSessionId": unusable, "rootSessionId": unusable})),
            None,
            "{unusable}"
        );
        assert_eq!(
            session(json!({"externalSessionId": unusable, "rootSessionId": "idxR"})).unwrap(),
            "idxR"
        );
    }
    assert_eq!(session(json!(null)), None);
    let draft = not_understood(&with("user.session.start", json!({"authenticationContext": null})));
    assert_eq!(draft.persons[0].id, "00u1", "it is found by its subject");
    let draft = read(&event("user.session.start"));
    assert_eq!(
        Value::from_iter(draft.correlation),
        json!({"transaction": "t-1", "authn_request": "ar-1", "root_session": "idxA",
            "external_session": "idxA"})
    );
    let draft = read(&with(
        "user.session.start",
        json!({"transaction": {"id": "unknown"},
            "authenticationContext": {"externalSessionId": "trsX"}}),
    ));
    assert_eq!(
        Value::from_iter(draft.correlation),
        json!({"authn_request": "ar-1", "root_session": "idxA"})
    );
}

/// Classic gives one sign-in several session ids, and names the transaction that began it in each
/// event.
#[test]
fn events_of_one_classic_sign_in_are_linked_by_its_request() {
    let links = |session: &str, kind: &str, debug: Value| -> Vec<String> {
        let draft = read(&with(
            kind,
            json!({"authenticationContext": {"externalSessionId": session},
                "debugContext": {"debugData": debug}}),
        ));
        let to = |fact: &DraftFact| match &fact.data {
            FactData::SessionLinked(link) => Some(format!("{} {}", link.by, link.to)),
            _ => None,
        };
        draft.facts.iter().filter_map(to).collect()
    };
    assert_eq!(
        links("102A", "user.session.end", json!({"authnRequestId": "T-1"})),
        ["authn_request T-1"]
    );
    assert_eq!(
        links("102A", "user.account.lock", json!({"authnRequestId": "T-1"})),
        ["authn_request T-1"]
    );
    assert_eq!(
        links("102A", "user.session.start", json!({"authnRequestId": "t-1"})),
        ["authn_request t-1"]
    );
    assert_eq!(
        links("102A", "user.session.start", json!({"authnRequestId": null})),
        ["authn_request t-1"]
    );
    assert_eq!(links("102A", "user.session.end", json!({"authnRequestId": "unknown"})), [""; 0]);
    assert_eq!(
        links("idxA", "user.session.start", json!({"authnRequestId": "T-1"})),
        [""; 0],
        "its id is one throughout"
    );
    assert_eq!(links("trsA", "user.session.end", json!({"authnRequestId": "T-1"})).len(), 0);
}

#[test]
fn a_factor_of_a_sign_in_is_named_by_its_code_or_its_authenticator() {
    let verified = |debug: Value, target: Value| match only(&read(&with(
        "user.authentication.auth_via_mfa",
        json!({"debugContext": {"debugData": debug}, "target": [target]}),
    ))) {
        FactData::FactorVerified(verified) => verified.clone(),
        other => panic!("{other:?}"),
    };
    let FactorVerified { method, authenticator, properties } = verified(
        json!({"factor": "SIGNED_NONCE", "factorIntent": "LOGIN"}),
        enrollment(
            json!({"methodUsedVerifiedProperties": "[PHISHING_RESISTANT, DEVICE_BOUND, NEW_ONE]"}),
        ),
    );
    assert_eq!(
        (method, authenticator.unwrap().as_str(), properties),
        (Method::SignedNonce, "pfd1", vec![Property::DeviceBound, Property::PhishingResistant])
    );
    assert_eq!(
        verified(json!({}), enrollment(json!({"methodTypeUsed": "Get a push notification"})))
            .method,
        Method::Push
    );
    assert_eq!(
        verified(
            json!({"factorIntent": "AUTHENTICATION"}),
            enrollment(json!({"methodTypeUsed": "Password"}))
        )
        .method,
        Method::Password
    );
    // Targets are found by type: there is none here, and the code suffices.
    assert_eq!(
        verified(json!({"factor": "EMAIL_FACTOR"}), json!({"type": "User", "id": "00u1"})).method,
        Method::Email
    );

    no_fact(&with(
        "user.authentication.auth_via_mfa",
        json!({"debugContext": {"debugData": {"factor": "EMAIL_FACTOR",
            "factorIntent": "CREDENTIAL_ENROLLMENT"}}}),
    ));
    no_fact(&with(
        "user.authentication.auth_via_mfa",
        json!({"debugContext": {"debugData": {"factor": "EMAIL_FACTOR",
            "factorIntent": "CREDENTIAL_RECOVERY"}}}),
    ));
    unread(&with(
        "user.authentication.auth_via_mfa",
        json!({"debugContext": {"debugData": {"factor": "TELEPATHY"}}}),
    ));
    unread(&with(
        "user.authentication.auth_via_mfa",
        json!({"debugContext": [{"debugData": {"factor": "EMAIL_FACTOR"}}]}),
    ));
}

/// Trap 10 again: the one field that says that a factor came from the IdP is a text.
#[test]
fn a_factor_that_the_idp_verified_is_an_accepted_claim() {
    let verify = |by_idp: Value| {
        let detail = json!({"authenticatorKey": "okta_verify", "methodTypeUsed": "signed_nonce",
            "factorVerifiedByIdp": by_idp});
        read(&with("user.authentication.verify", json!({"target": [enrollment(detail)]})))
    };
    for by_idp in [json!("true"), json!("TRUE"), json!(true)] {
        let accepted = ClaimAccepted {
            assertion: None,
            amr: None,
            method: Some(Method::SignedNonce),
            reason: None,
            properties: Vec::new(),
            authenticator: Some("pfd1".into()),
        };
        assert_eq!(*only(&verify(by_idp)), FactData::ClaimAccepted(accepted));
    }
    for local in [json!("false"), json!(false), json!(null)] {
        assert!(matches!(only(&verify(local)),
                FactData::FactorVerified(f) if f.method == Method::SignedNonce));
    }
}
