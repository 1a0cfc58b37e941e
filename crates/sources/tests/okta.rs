//! Okta's System Log: one test a trap. Fields that no public sample has (`amrList`,
//! `factorVerifiedByIdp`, `user.session.end`, `user.session.clear`, `user.authentication.verify`)
//! are made from the event catalogue.

use claimledger_facts::{
    draft::{Draft, DraftFact},
    fact::FactData,
    refusal::Refusal,
    types::{
        claims::{ClaimAccepted, ClaimsReceived},
        factor::{FactorVerified, PolicyDecided},
        session::SessionEnded,
        subject::SubjectSessionsEnded,
    },
    vocabulary::{EndReason, Method, Note, Outcome, Property, SignInResult},
};
use claimledger_sources::{Dialect, SourceSettings, translate};
use serde_json::{Value, json};

/// What a stream of a service provider's own log gives, without settings of the source.
fn drafts_of(dialect: Dialect, bytes: &[u8]) -> Result<Vec<Draft>, Refusal> {
    Ok(translate(&dialect.into(), None, bytes)?.drafts)
}

fn read(event: &Value) -> Draft {
    let mut drafts = drafts_of(Dialect::OktaSystemLog, event.to_string().as_bytes())
        .unwrap_or_else(|refusal| panic!("{refusal}: {event}"));
    assert_eq!(drafts.len(), 1);
    drafts.remove(0)
}

/// A successful event of a user in an Identity Engine session.
fn event(kind: &str) -> Value {
    json!({"uuid": "e-1", "published": "2026-03-10T10:00:00.000Z", "eventType": kind,
        "version": "0",
        "actor": {"id": "00u1", "type": "User", "alternateId": "alice@acme.example",
            "displayName": "<script>Alice</script>"},
        "client": {"ipAddress": "203.0.113.7", "userAgent": {"rawUserAgent": "<img src=x>",
            "os": "Linux"}},
        "authenticationContext": {"externalSessionId": "idxA", "rootSessionId": "idxA"},
        "outcome": {"result": "SUCCESS"}, "transaction": {"id": "t-1", "type": "WEB"},
        "debugContext": {"debugData": {"authnRequestId": "ar-1"}}, "target": []})
}

fn with(kind: &str, changes: Value) -> Value {
    fn merge(into: &mut Value, from: Value) {
        match (into, from) {
            (Value::Object(into), Value::Object(from)) => {
                from.into_iter().for_each(|(k, v)| merge(into.entry(k).or_insert(Value::Null), v))
            }
            (into, from) => *into = from,
        }
    }
    let mut event = event(kind);
    merge(&mut event, changes);
    event
}

fn only(draft: &Draft) -> &FactData {
    assert_eq!(draft.notes, [], "{draft:?}");
    let [fact] = &draft.facts[..] else { panic!("{draft:?}") };
    assert_eq!(draft.persons[fact.subject.unwrap()].id, "00u1");
    &fact.data
}

fn enrollment(detail: Value) -> Value {
    json!({"type": "AuthenticatorEnrollment", "id": "pfd1", "displayName": "Okta Verify",
        "detailEntry": detail})
}

fn not_understood(event: &Value) -> Draft {
    let draft = read(event);
    assert_eq!((draft.facts.len(), &draft.notes[..]), (0, &[Note::NotUnderstood][..]), "{event}");
    draft
}

fn no_fact(event: &Value) {
    let draft = read(event);
    assert_eq!((draft.facts.len(), draft.notes.len()), (0, 0), "{event}");
}

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

    not_understood(&with(
        "user.authentication.auth_via_IDP",
        json!({"actor": {"id": "sys", "type": "SystemPrincipal"},
            "target": [{"id": "0oaIdp", "type": "AppInstance"}]}),
    ));
    not_understood(&with(
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

/// Trap 4: other content under one uuid is a variant, and the same event in another dialect is not.
#[test]
fn dialects_of_one_event_have_one_canonical_line() {
    let camel = with(
        "user.session.start",
        json!({"device": {"os_platform": "OSX", "secure_hardware_present": true},
            "securityContext": {"isProxy": false}, "displayMessage": null}),
    );
    let canonical = read(&camel).canonical;
    assert!(read(&camel).variants_allowed);
    let text = camel.to_string();
    let lower = text
        .replace("eventType", "eventtype")
        .replace("authenticationContext", "authenticationcontext")
        .replace("debugContext", "debugcontext")
        .replace("externalSessionId", "externalsessionid")
        .replace("securityContext", "securitycontext")
        .replace("isProxy", "isproxy");
    let same = [
        lower,
        text.replace("os_platform", "osPlatform")
            .replace("secure_hardware_present", "secureHardwarePresent"),
        text.replace("\"version\":\"0\"", "\"version\":0"),
        text.replace("2026-03-10T10:00:00.000Z", "2026-03-10 10:00:00.000"),
        text.replace("2026-03-10T10:00:00.000Z", "2026-03-10T12:00:00+02:00"),
        text.replace("2026-03-10T10:00:00.000Z", "2026-03-10T10:00:00.000+0000"),
        json!({"_raw": text, "_time": 1, "host": "h"}).to_string(),
        json!({"_raw": format!("[{text}]\n")}).to_string(),
    ];
    for other in same {
        assert_eq!(
            String::from_utf8_lossy(
                &drafts_of(Dialect::OktaSystemLog, other.as_bytes()).unwrap()[0].canonical
            ),
            String::from_utf8_lossy(&canonical)
        );
    }
    let both =
        with("user.session.start", json!({"eventtype": "user.session.end", "displaymessage": "x"}));
    assert_eq!(read(&both).kind, "user.session.start", "what is spelled as the API does counts");
    for change in [
        json!({"outcome": {"result": "success"}}),
        json!({"client": {"zone": "null"}}),
        json!({"target": [{}]}),
        json!({"eventtype": "x"}),
        json!({"version": "00"}),
    ] {
        let mut other = camel.clone();
        other.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        assert_ne!(read(&other).canonical, canonical, "{change}");
    }
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
fn a_wrapper_gives_its_events_and_is_kept_as_it_came() {
    let (one, two) = (
        event("user.session.start").to_string(),
        with("user.session.end", json!({"uuid": "e-2"})).to_string(),
    );
    let wrapper = json!({"_raw": one, "uuid": "not this", "host": "h"}).to_string();
    let drafts = drafts_of(Dialect::OktaSystemLog, wrapper.as_bytes()).unwrap();
    assert_eq!(
        (drafts.len(), drafts[0].source_id.as_str(), &drafts[0].original[..]),
        (1, "e-1", wrapper.as_bytes())
    );
    let drafts = drafts_of(
        Dialect::OktaSystemLog,
        json!({"_raw": format!("{one}\n{two}")}).to_string().as_bytes(),
    )
    .unwrap();
    assert_eq!(
        drafts.iter().map(|d| (d.source_id.as_str(), d.original.clone())).collect::<Vec<_>>(),
        [("e-1", one.into_bytes()), ("e-2", two.into_bytes())]
    );
}

#[test]
fn a_time_without_a_zone_is_read_as_utc_and_flagged() {
    for (published, flagged) in [
        ("2026-03-10 10:00:00.000", true),
        ("2026-03-10T10:00:00", true),
        ("2026-03-10T10:00:00Z", false),
    ] {
        let draft = read(&with("user.session.start", json!({"published": published})));
        assert_eq!(
            (draft.occurred.from.to_string(), draft.occurred.to),
            ("2026-03-10T10:00:00Z".to_owned(), None)
        );
        assert_eq!(draft.notes, if flagged { vec![Note::TimeZoneAssumedUtc] } else { vec![] });
        assert_eq!(draft.facts.len(), 1);
    }
    let masked = read(&with("user.session.start", json!({"published": "redacted"})));
    assert!(masked.occurred.to.is_some() && masked.facts.is_empty());
    assert_eq!(masked.notes, [Note::TimeZoneAssumedUtc, Note::NotUnderstood]);
}

#[test]
fn what_was_refused_is_a_fact_with_its_reason_and_other_types_are_not_understood() {
    let refused = |draft: &Draft| match &draft.facts[..] {
        [DraftFact { data: FactData::SignInRefused(refused), .. }] if draft.notes.is_empty() => {
            refused.clone()
        }
        other => panic!("{other:?}"),
    };
    let failed = |kind: &str, result: &str, reason: &str| {
        read(&with(kind, json!({"outcome": {"result": result, "reason": reason}})))
    };
    for kind in [
        "user.authentication.auth_via_IDP",
        "user.authentication.auth_via_mfa",
        "user.authentication.verify",
        "user.session.start",
        "user.authentication.sso",
    ] {
        let fact = refused(&failed(kind, "FAILURE", "INVALID_CREDENTIALS"));
        assert_eq!(
            (fact.result, fact.reason.as_deref()),
            (SignInResult::Failure, Some("invalid_credentials")),
            "{kind}"
        );
        not_understood(&with(kind, json!({"outcome": null})));
    }
    no_fact(&with("user.session.end", json!({"outcome": {"result": "FAILURE"}})));
    not_understood(&with("user.session.end", json!({"outcome": null})));
    for (word, result) in [
        ("DENY", SignInResult::Deny),
        ("ABANDONED", SignInResult::Abandoned),
        ("UNANSWERED", SignInResult::Unanswered),
        ("RATE_LIMIT", SignInResult::RateLimit),
        ("SOMETHING_NEW", SignInResult::Other),
    ] {
        assert_eq!(refused(&failed("user.authentication.auth_via_mfa", word, "X")).result, result);
    }
    // Prose is sealed under the key of whom it is about.
    let prose = failed("user.session.start", "FAILURE", "Bob said no");
    assert_eq!(refused(&prose).reason.as_deref(), Some("free_text"));
    assert_eq!(prose.persons[0].personal.to_map()["text"], json!({"reason": "Bob said no"}));
    // Who is not known, and in no session, was refused as well.
    let nobody = read(&with(
        "user.session.start",
        json!({"actor": {"id": "unknown"}, "authenticationContext": null,
            "outcome": {"result": "FAILURE"}}),
    ));
    assert_eq!(
        (nobody.facts.len(), nobody.facts[0].subject, &nobody.session, nobody.notes.len()),
        (1, None, &None, 0)
    );
    let draft = not_understood(&event("system.idp.lifecycle.update"));
    assert_eq!(
        (draft.kind.as_str(), draft.session.unwrap().as_str()),
        ("system.idp.lifecycle.update", "idxA")
    );
    assert_eq!(draft.persons[0].personal.to_map()["login"], "alice@acme.example");
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
    not_understood(&with(
        "user.authentication.auth_via_mfa",
        json!({"debugContext": {"debugData": {"factor": "TELEPATHY"}}}),
    ));
    not_understood(&with(
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
        };
        assert_eq!(*only(&verify(by_idp)), FactData::ClaimAccepted(accepted));
    }
    for local in [json!("false"), json!(false), json!(null)] {
        assert!(matches!(only(&verify(local)),
                FactData::FactorVerified(f) if f.method == Method::SignedNonce));
    }
}

#[test]
fn a_decision_names_the_rule_of_the_application_first() {
    let app = json!({"type": "AppInstance", "id": "0oaApp"});
    let rule = |name: &str, id: &str, policy: Value| {
        json!({"type": "Rule", "id": id,
        "alternateId": name, "detailEntry": {"policyId": policy, "policyName": "Any two"}})
    };
    let decide = |result: &str, targets: Value| {
        read(&with(
            "policy.evaluate_sign_on",
            json!({"outcome": {"result": result}, "target": targets}),
        ))
    };
    let decided = |result: &str, targets: Value| match only(&decide(result, targets)) {
        FactData::PolicyDecided(PolicyDecided { app, policy, outcome, rule, .. }) => (
            app.as_str().to_owned(),
            policy.as_str().to_owned(),
            *outcome,
            rule.as_ref().map(|r| r.as_str().to_owned()),
        ),
        other => panic!("{other:?}"),
    };
    let expected = |app: &str, policy: &str, outcome, rule: &str| {
        (app.to_owned(), policy.to_owned(), outcome, Some(rule.to_owned()))
    };
    let global = rule("Global session policy", "0pr1", json!("00p1"));
    let both = json!([
        global,
        app,
        rule("Authenticator Enrollment Policy", "rulE", json!("e")),
        rule("Authentication policy", "rul1", json!("rst1"))
    ]);
    assert_eq!(decided("ALLOW", both), expected("0oaApp", "rst1", Outcome::Allow, "rul1"));
    assert_eq!(
        decided("CHALLENGE", json!([app, global])),
        expected("0oaApp", "00p1", Outcome::Challenge, "0pr1")
    );
    assert_eq!(
        decided("DENY", json!([app, rule("Authentication policy", "rul1", json!(null))])),
        expected("0oaApp", "rule:rul1", Outcome::Deny, "rul1")
    );
    let classic = json!([{"type": "PolicyRule", "id": "0pr2"},
        {"type": "PolicyEntity", "id": "00p2", "detailEntry": {"policyType": "OktaSignOn"}}]);
    assert_eq!(
        decided("ALLOW", classic),
        expected("okta_dashboard", "00p2", Outcome::Allow, "0pr2")
    );

    for lacking in [
        json!([app]),
        json!(null),
        json!([rule("Authenticator Enrollment Policy", "r", json!("p"))]),
        json!([{"type": "AppInstance"}, global]),
    ] {
        assert_eq!(decide("ALLOW", lacking).notes, [Note::NotUnderstood]);
    }
    assert_eq!(decide("SUCCESS", json!([app, global])).notes, [Note::NotUnderstood]);
}

#[test]
fn applications_are_accessed_by_users_and_administrators() {
    let app =
        |kind: &str, targets: Value| match only(&read(&with(kind, json!({"target": targets})))) {
            FactData::AppAccessed(accessed) => accessed.app.as_str().to_owned(),
            other => panic!("{other:?}"),
        };
    assert_eq!(
        app(
            "user.authentication.sso",
            json!([{"type": "AppUser", "id": "0ua"}, {"type": "AppInstance", "id": "0oaApp"}])
        ),
        "0oaApp"
    );
    assert_eq!(
        app("user.session.access_admin_app", json!([{"type": "AppInstance", "id": "0oaAdm"}])),
        "0oaAdm"
    );
    assert_eq!(app("user.session.access_admin_app", json!(null)), "okta_admin_console");
    not_understood(&event("user.authentication.sso"));
}

#[test]
fn a_session_ends_as_the_event_says() {
    let end = |debug: Value| {
        read(&with("user.session.end", json!({"debugContext": {"debugData": debug}})))
    };
    let ended = |debug: Value| match only(&end(debug)) {
        FactData::SessionEnded(SessionEnded { reason }) => *reason,
        other => panic!("{other:?}"),
    };
    assert_eq!(ended(json!({})), EndReason::Logout);
    assert_eq!(
        ended(json!({"url": "/login/default?fromURI=session_has_expired"})),
        EndReason::Expired
    );
    assert_eq!(ended(json!({"terminationReason": "DBSC_COOKIE_MISSING"})), EndReason::Revoked);
    assert_eq!(end(json!({"endedSessionId": "idxEnded"})).session.unwrap().as_str(), "idxEnded");
    assert_eq!(end(json!({"endedSessionId": "trsX"})).session.unwrap().as_str(), "idxA");
    assert_eq!(end(json!({"endedSessionId": "idxEnded"})).correlation["external_session"], "idxA");
}

/// The session that the event names is the administrator's. It must not be ended.
#[test]
fn clearing_a_users_sessions_ends_all_of_the_users_and_not_the_administrators() {
    let clear = |more: Value| {
        let event = json!({"actor": {"id": "00uAdmin", "type": "User"},
            "target": [{"id": "00u1", "type": "User"}]});
        let mut event = with("user.session.clear", event);
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event
    };
    let revoked = |actor: Option<&str>| {
        FactData::SubjectSessionsEnded(SubjectSessionsEnded {
            reason: EndReason::Revoked,
            actor: actor.map(Into::into),
            ticket: None,
        })
    };
    let draft = read(&clear(json!({})));
    assert_eq!(
        (only(&draft), draft.session.as_ref(), draft.facts[0].session.as_ref()),
        (&revoked(Some("00uAdmin")), None, None)
    );
    assert_eq!(
        draft.persons.iter().map(|p| p.id.as_str()).collect::<Vec<_>>(),
        ["00uAdmin", "00u1"]
    );
    assert_eq!(draft.correlation["external_session"], "idxA");
    // One that is named has ended besides.
    let draft = read(&clear(json!({"debugContext": {"debugData": {"endedSessionId": "idxUser"}}})));
    assert_eq!((draft.facts.len(), &draft.facts[0].data), (2, &revoked(Some("00uAdmin"))));
    let named = &draft.facts[1];
    assert_eq!(
        (named.session.as_ref().unwrap().as_str(), &named.data),
        ("idxUser", &FactData::SessionEnded(SessionEnded { reason: EndReason::Revoked }))
    );
    // No login, and not the user's own id, stands in the clear; nothing is said where it did not
    // succeed, or of nobody.
    for actor in ["00u1", "admin@acme.example"] {
        assert_eq!(
            only(&read(&clear(json!({"actor": {"id": actor, "type": "User"}})))),
            &revoked(None),
            "{actor}"
        );
    }
    no_fact(&clear(json!({"outcome": {"result": "FAILURE"}})));
    not_understood(&clear(json!({"target": []})));
}

#[test]
fn text_from_outside_stands_in_sealed_parts_only() {
    let draft = read(&with(
        "user.session.start",
        json!({"displayMessage": "<b>hi</b>", "target": [{"id": "0oaApp", "type": "AppInstance",
            "displayName": "<i>App</i>"}]}),
    ));
    let clear = format!(
        "{:?}{:?}{:?}{:?}{:?}",
        draft.kind, draft.session, draft.correlation, draft.facts, draft.source_id
    );
    assert!(
        !clear.contains('<') && !clear.contains("alice") && !clear.contains("203.0.113.7"),
        "{clear}"
    );
    assert_eq!(draft.persons[0].personal.to_map()["name"], "<script>Alice</script>");
    assert_eq!(
        draft.persons[0].personal.to_map()["client"],
        json!({"ip": "203.0.113.7", "user_agent": "<img src=x>", "os": "Linux"})
    );
    // An attempt under a name that Okta does not know has no person; what is known of the client
    // belongs to nobody.
    let draft = read(&with(
        "user.session.start",
        json!({"actor": {"id": "unknown"}, "outcome": {"result": "FAILURE"}}),
    ));
    assert!(draft.persons.is_empty());
    assert_eq!(draft.unowned.to_map()["client"]["ip"], "203.0.113.7");
}

#[test]
fn an_event_with_a_token_keeps_all_but_the_token() {
    let url = "/login/token/redirect?stateToken=02.id.secret";
    let start = with(
        "user.session.start",
        json!({"debugContext": {"debugData": {"url": url}}, "severity": null}),
    );
    let bytes = json!({"_raw": start.to_string(), "host": "h"}).to_string();
    for (draft, kept) in [
        (read(&start), "\"severity\":null"),
        (drafts_of(Dialect::OktaSystemLog, bytes.as_bytes()).unwrap().remove(0), "\"host\":\"h\""),
    ] {
        let text = String::from_utf8(draft.original).unwrap();
        assert!(
            text.contains("stateToken=sha256:")
                && text.contains(kept)
                && !text.contains("02.id.secret"),
            "{text}"
        );
        assert!(!String::from_utf8(draft.canonical).unwrap().contains("02.id.secret"));
    }
    let other = with(
        "user.session.start",
        json!({"debugContext": {"debugData": {"url": url.replace("secret", "other")}}}),
    );
    assert_ne!(read(&start).canonical, read(&other).canonical, "another token is other content");
}

#[test]
fn keys_that_stand_twice_are_taken_if_they_agree() {
    let text = event("user.session.start").to_string();
    assert!(
        drafts_of(Dialect::OktaSystemLog, text.replacen('{', "{\"uuid\":\"e-1\",", 1).as_bytes())
            .is_ok()
    );
    let refusal =
        drafts_of(Dialect::OktaSystemLog, text.replacen('{', "{\"uuid\":\"e-2\",", 1).as_bytes())
            .unwrap_err();
    assert_eq!(refusal.field.as_deref(), Some("uuid"));
}

#[test]
fn fields_that_a_collector_added_are_reported() {
    let mut event = event("user.session.start");
    event["p_row_id"] = json!("x");
    assert_eq!(read(&event).unknown_fields, ["p_row_id"]);
}

fn of_idp(event: &Value) -> Draft {
    let settings = SourceSettings::of(Dialect::OktaSystemLog).with_idp("idp-x").unwrap();
    translate(&settings, None, event.to_string().as_bytes()).unwrap().drafts.remove(0)
}

/// An org's log does not say that it is an IdP's. With that setting its sessions are sessions at
/// the IdP, never at the service provider.
#[test]
fn the_log_of_an_identity_provider_tells_of_its_own_sessions() {
    let started = of_idp(&event("user.session.start"));
    let FactData::IdpSessionStarted(start) = only(&started) else { panic!("{started:?}") };
    assert_eq!((start.idp.as_str(), start.idp_session.as_str()), ("idp-x", "idxA"));

    let expired = with(
        "user.session.end",
        json!({"debugContext": {"debugData": {"url": "/login?session_has_expired"}}}),
    );
    let ended = of_idp(&expired);
    let FactData::IdpSessionEnded(end) = only(&ended) else { panic!("{ended:?}") };
    assert_eq!((end.idp_session.as_str(), end.reason.as_deref()), ("idxA", Some("expired")));

    for draft in [&started, &ended] {
        assert_eq!(draft.session, None, "the session is not one of the service provider");
        assert!(!draft.correlation.contains_key("root_session"), "{:?}", draft.correlation);
        assert_eq!(draft.correlation["external_session"], "idxA", "it is still found by its ids");
    }
}

/// Nothing else of that log is read: it would look like an act at the service provider.
#[test]
fn what_else_an_identity_provider_logs_is_kept_and_not_understood() {
    for event in [
        with("user.authentication.auth_via_mfa", json!({"target": [enrollment(json!({}))]})),
        event("user.authentication.sso"),
        event("user.session.clear"),
        with("user.session.start", json!({"outcome": {"result": "FAILURE"}})),
    ] {
        let draft = of_idp(&event);
        assert_eq!((draft.session, draft.facts.len()), (None, 0), "{event}");
        assert_eq!(draft.notes, [Note::NotUnderstood], "{event}");
    }
    let cleared = with(
        "user.session.clear",
        json!({"target": [{"type": "User", "id": "00u1"}],
            "debugContext": {"debugData": {"endedSessionId": "idxB"}}}),
    );
    let draft = of_idp(&cleared);
    let FactData::IdpSessionEnded(end) = only(&draft) else { panic!("{draft:?}") };
    assert_eq!((end.idp_session.as_str(), end.reason.as_deref()), ("idxB", Some("revoked")));
}

#[test]
fn only_a_log_that_may_be_an_identity_providers_takes_that_setting() {
    for (dialect, idp, what) in [
        (Dialect::Native, "idp-x", "native names the IdP in each fact"),
        (Dialect::OktaSystemLog, "", "this cannot be an id"),
    ] {
        let refusal = SourceSettings::of(dialect).with_idp(idp).unwrap_err();
        assert_eq!((refusal.field.as_deref(), refusal.message.as_str()), (Some("idp"), what));
    }
}
