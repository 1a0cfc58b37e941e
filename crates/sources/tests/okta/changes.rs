//! Okta's events about accounts, configuration and suspicion. No public sample has most of them:
//! they are made from the event catalogue.

use claimledger_facts::{
    draft::Draft,
    fact::FactData,
    types::{activity::ActivityFlagged, configuration::ConfigurationChanged},
    vocabulary::{EndReason, Flag, Method, Note},
};
use claimledger_sources::{Dialect, SourceSettings, translate};
use serde_json::{Value, json};

/// An event by an administrator in a session of their own.
fn event(kind: &str, changes: Value) -> Value {
    let mut event = json!({"uuid": "c-1", "published": "2026-03-10T10:00:00.000Z",
        "eventType": kind, "version": "0",
        "actor": {"id": "00uAdmin", "type": "User", "alternateId": "admin@acme.example"},
        "authenticationContext": {"externalSessionId": "idxAdmin", "rootSessionId": "idxAdmin"},
        "outcome": {"result": "SUCCESS"}, "transaction": {"id": "t-1", "type": "WEB"},
        "debugContext": {"debugData": {}}, "target": []});
    let changes = changes.as_object().expect("an object").clone();
    event.as_object_mut().expect("an object").extend(changes);
    event
}

fn read(event: &Value) -> Draft {
    let mut read = translate(&Dialect::OktaSystemLog.into(), None, event.to_string().as_bytes())
        .unwrap_or_else(|refusal| panic!("{refusal}: {event}"));
    read.drafts.remove(0)
}

/// The facts, each as its type and its data.
fn facts(draft: &Draft) -> Vec<(&'static str, Value)> {
    assert_eq!(draft.notes, [], "{draft:?}");
    let of = |data: &FactData| (data.type_name(), data.to_value().unwrap());
    draft.facts.iter().map(|fact| of(&fact.data)).collect()
}

fn session(draft: &Draft) -> Option<&str> {
    draft.session.as_ref().map(|session| session.as_str())
}

fn subject(draft: &Draft) -> Option<&str> {
    draft.facts[0].subject.map(|at| draft.persons[at].id.as_str())
}

fn policy(kind: &str) -> Value {
    json!({"type": "PolicyEntity", "id": "00p1", "detailEntry": {"policyType": kind}})
}

fn bob() -> Value {
    json!({"type": "User", "id": "00uBob", "alternateId": "bob@acme.example"})
}

#[test]
fn a_change_of_configuration_names_the_object_and_what_was_done() {
    let rule = json!({"type": "PolicyRule", "id": "0pr1", "alternateId": "00p1"});
    let idp = json!({"type": "IdentityProvider", "id": "0oaIdp", "displayName": "Org2org"});
    let app = json!({"type": "AppInstance", "id": "0oaApp"});
    let cases = [
        ("system.idp.lifecycle.update", vec![idp.clone()], json!(["idp", "0oaIdp", "updated"])),
        (
            "system.idp.lifecycle.read_client_secret",
            vec![idp.clone()],
            json!(["idp", "0oaIdp", "secret_read"]),
        ),
        (
            "system.idp.key.create",
            vec![idp, json!({"type": "IdpKeyCredential", "id": "kid-1"})],
            json!(["idp_key", "kid-1", "created", "0oaIdp"]),
        ),
        (
            "policy.lifecycle.overwrite",
            vec![policy("Okta:SignOn")],
            json!(["policy", "00p1", "updated"]),
        ),
        (
            "policy.rule.deactivate",
            vec![policy("Okta:SignOn"), rule.clone()],
            json!(["rule", "0pr1", "deactivated", "00p1"]),
        ),
        (
            "policy.rule.add",
            vec![policy("IdpDiscovery"), rule],
            json!(["routing_rule", "0pr1", "created", "00p1"]),
        ),
        (
            "policy.branch.lifecycle.promote",
            vec![policy("Okta:SignOn")],
            json!(["policy", "00p1", "promoted"]),
        ),
        (
            "policy.mapping.create",
            vec![policy("Okta:SignOn"), app.clone()],
            json!(["policy", "00p1", "mapped", "0oaApp"]),
        ),
        (
            "application.policy.sign_on.rule.delete",
            vec![app.clone()],
            json!(["app", "0oaApp", "updated"]),
        ),
        ("application.lifecycle.deactivate", vec![app], json!(["app", "0oaApp", "deactivated"])),
        (
            "security.authenticator.lifecycle.activate",
            vec![json!({"type": "Authenticator", "id": "aut1"})],
            json!(["authenticator", "aut1", "activated"]),
        ),
        (
            "system.mfa.factor.deactivate",
            vec![json!({"type": "MFA Factor", "id": "00oOrg",
                "detailEntry": {"factorType": "OKTA_SOFT_TOKEN"}})],
            json!(["authenticator", "okta_soft_token", "deactivated"]),
        ),
        (
            "system.feature.enable",
            vec![json!({"type": "Feature", "id": "ftr1"})],
            json!(["feature", "ftr1", "activated"]),
        ),
        (
            "system.log_stream.lifecycle.deactivate",
            vec![json!({"type": "LogStream", "id": "0oaStream"})],
            json!(["log_stream", "0oaStream", "deactivated"]),
        ),
        (
            "event_hook.deactivated",
            vec![json!({"type": "EventHook", "id": "who1"})],
            json!(["event_hook", "who1", "deactivated"]),
        ),
        (
            "system.api_token.revoke",
            vec![json!({"type": "Token", "id": "00T1"})],
            json!(["token", "00T1", "deactivated"]),
        ),
        (
            "zone.make_blacklist",
            vec![json!({"type": "NetworkZoneEntity", "id": "nzo1"})],
            json!(["zone", "nzo1", "updated"]),
        ),
        (
            "iam.role.permissions.add",
            vec![bob(), json!({"type": "IamRole", "id": "cr0"})],
            json!(["admin_role", "cr0", "updated"]),
        ),
    ];
    for (kind, targets, expected) in cases {
        let draft = read(&event(kind, json!({"target": targets})));
        let mut stated = facts(&draft);
        // What is changed may send the log too, which is a fact of its own.
        stated.retain(|(name, _)| *name != "source.delivery_changed");
        let [("configuration.changed", data)] = &stated[..] else { panic!("{draft:?}") };
        let mut said = vec![&data["kind"], &data["object"], &data["change"]];
        said.extend(data.get("of"));
        assert_eq!(json!(said), expected, "{kind}");
        // An administrator's act: in their session, and under their key alone.
        assert_eq!((subject(&draft), session(&draft)), (Some("00uAdmin"), Some("idxAdmin")));
        assert!(!data.to_string().contains("00uAdmin"), "{data}");
    }
}

fn configuration(changes: Value) -> (Draft, ConfigurationChanged) {
    let draft = read(&event("policy.lifecycle.update", changes));
    match draft.facts.first().map(|fact| fact.data.clone()) {
        Some(FactData::ConfigurationChanged(data)) => (draft, data),
        other => panic!("{other:?}"),
    }
}

/// Names only, and of those fields only that differ: contents and names of people stay sealed.
#[test]
fn a_change_names_the_fields_that_differ() {
    let mut target = policy("Okta:SignOn");
    target["changeDetails"] = json!({
        "from": {"policyName": "Bob's policy", "same": {"a": [1]}, "gone": 1, "a b": 1},
        "to": {"policyName": "<b>Other</b>", "same": {"a": [1]}, "new": "x"}});
    let (_, data) = configuration(json!({"target": [target]}));
    assert_eq!(data.fields, ["gone", "new", "policyName"]);
    let many: serde_json::Map<String, Value> =
        (0..40).map(|n| (format!("f{n:02}"), json!(n))).collect();
    let mut target = policy("Okta:SignOn");
    target["changeDetails"] = json!({"to": many});
    assert_eq!(configuration(json!({"target": [target]})).1.fields.len(), 32);
}

#[test]
fn who_changed_it_is_the_subject_or_an_opaque_id() {
    let by = |actor: Value| {
        let (draft, data) =
            configuration(json!({"actor": actor, "target": [policy("Okta:SignOn")],
            "authenticationContext": {"externalSessionId": "trsX"},
            "transaction": {"id": "t-2", "detail": {"requestApiTokenId": "00T9"}}}));
        assert_eq!((session(&draft), data.token.as_deref()), (None, Some("00T9")));
        assert_eq!(draft.correlation.get("api_token").map(String::as_str), Some("00T9"));
        (subject(&draft).map(str::to_owned), data.actor.map(|actor| actor.as_str().to_owned()))
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(by(json!({"id": "spr1", "type": "SystemPrincipal"})), (None, some("spr1")));
    assert_eq!(
        by(json!({"id": "0oaClient", "type": "PublicClientApp"})),
        (None, some("0oaClient"))
    );
    assert_eq!(by(json!({"id": "00uAdmin", "type": "User"})), (some("00uAdmin"), None));
    for identifying in ["admin@acme.example", "203.0.113.7", "2001:db8::1"] {
        assert_eq!(by(json!({"id": identifying, "type": "Other"})), (None, None), "{identifying}");
    }
}

#[test]
fn what_did_not_succeed_changed_nothing() {
    for kind in [
        "policy.lifecycle.update",
        "user.mfa.factor.activate",
        "group.privilege.grant",
        "user.lifecycle.suspend",
    ] {
        let failed = json!({"outcome": {"result": "FAILURE"}, "target": [bob()]});
        assert_eq!(facts(&read(&event(kind, failed))), [], "{kind}");
        let unknown = read(&event(kind, json!({"outcome": null, "target": [bob()]})));
        assert_eq!(unknown.notes, [Note::NotUnderstood], "{kind}");
    }
    // No object: not understood, and never a change of something else.
    let draft = read(&event("policy.rule.update", json!({"target": [policy("Okta:SignOn")]})));
    assert_eq!((draft.facts.len(), &draft.notes[..]), (0, &[Note::NotUnderstood][..]));
}

/// What is done to a user is about the user, and in no session: that one is the administrator's.
#[test]
fn what_an_administrator_does_to_a_user_is_in_no_session() {
    let roles = json!({"type": "ROLE", "id": "SuperOrgAdmin"});
    let cases = [
        ("user.mfa.factor.reset_all", "authenticator.changed", json!({"change": "all_reset"})),
        ("user.mfa.factor.suspend", "authenticator.changed", json!({"change": "suspended"})),
        ("user.mfa.factor.unsuspend", "authenticator.changed", json!({"change": "resumed"})),
        (
            "user.account.privilege.revoke",
            "privilege.changed",
            json!({"change": "revoked", "roles": ["SuperOrgAdmin"]}),
        ),
        (
            "iam.resourceset.bindings.add",
            "privilege.changed",
            json!({"change": "granted", "roles": ["SuperOrgAdmin"]}),
        ),
        ("user.lifecycle.deactivate", "account.changed", json!({"change": "deactivated"})),
        ("user.lifecycle.suspend", "account.changed", json!({"change": "suspended"})),
        ("user.account.unlock_by_admin", "account.changed", json!({"change": "unlocked"})),
    ];
    for (kind, name, mut expected) in cases {
        expected["actor"] = json!("00uAdmin");
        let draft = read(&event(kind, json!({"target": [bob(), roles]})));
        assert_eq!(facts(&draft), [(name, expected)], "{kind}");
        assert_eq!((subject(&draft), session(&draft)), (Some("00uBob"), None), "{kind}");
    }
    let group = json!({"type": "UserGroup", "id": "00gOps"});
    let draft = read(&event("group.privilege.grant", json!({"target": [group, roles]})));
    assert_eq!(
        facts(&draft),
        [(
            "privilege.changed",
            json!({"change": "granted", "roles": ["SuperOrgAdmin"],
            "group": "00gOps"})
        )]
    );
}

#[test]
fn what_a_user_does_to_their_own_authenticators_is_in_their_session() {
    let own = |changes: Value| {
        let mut own = event(
            "user.mfa.factor.activate",
            json!({"actor": bob(),
            "target": [bob()]}),
        );
        own.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        read(&own)
    };
    let draft = own(json!({"outcome": {"result": "SUCCESS",
        "reason": "User set up EMAIL_FACTOR factor"}}));
    assert_eq!(
        facts(&draft),
        [("authenticator.changed", json!({"change": "enrolled", "method": "email"}))]
    );
    assert_eq!((subject(&draft), session(&draft)), (Some("00uBob"), Some("idxAdmin")));
    let enrollment = json!({"type": "AuthenticatorEnrollment", "id": "pfd1",
        "displayName": "Okta Verify", "detailEntry": {"authenticatorKey": "okta_verify",
            "methodTypeUsed": "Get a push notification"}});
    let draft = own(json!({"target": [bob(), enrollment]}));
    let FactData::AuthenticatorChanged(changed) = &draft.facts[0].data else { panic!("{draft:?}") };
    assert_eq!(
        (changed.method, changed.authenticator.as_ref().unwrap().as_str()),
        (Some(Method::Push), "pfd1")
    );
}

/// The lock is the outcome of a failed attempt of anyone who knows the login.
#[test]
fn a_lock_is_stated_whatever_the_outcome_of_the_attempt() {
    let locked = json!({"outcome": {"result": "FAILURE", "reason": "LOCKED_OUT"}, "actor": bob(),
        "target": null, "authenticationContext": null});
    let draft = read(&event("user.account.lock", locked));
    assert_eq!(facts(&draft), [("account.changed", json!({"change": "locked"}))]);
    assert_eq!((subject(&draft), session(&draft)), (Some("00uBob"), None));
}

fn flagged(kind: &str, changes: Value) -> (Draft, ActivityFlagged) {
    let draft = read(&event(kind, changes));
    match draft.facts.first().map(|fact| fact.data.clone()) {
        Some(FactData::ActivityFlagged(data)) => (draft, data),
        other => panic!("{kind}: {other:?}"),
    }
}

#[test]
fn suspicion_is_flagged_with_its_level_and_what_was_detected() {
    let system = json!({"id": "spr1", "type": "SystemPrincipal"});
    let risk = json!({"level": "HIGH", "previousLevel": "LOW",
        "detectionName": "Session Hijacking"});
    let (draft, data) = flagged(
        "user.risk.change",
        json!({"actor": system, "target": [bob()],
        "securityContext": {"risk": risk}}),
    );
    assert_eq!(
        (json!(data.level), json!(data.previous_level), data.reason.as_deref()),
        (json!("high"), json!("low"), Some("session_hijacking"))
    );
    assert_eq!((subject(&draft), data.actor.unwrap().as_str()), (Some("00uBob"), "spr1"));
    // In Okta's own spelling of a map.
    let map = json!({"debugData": {"risk": "{reasons=Anomalous Device, level=MEDIUM}"}});
    let (_, data) = flagged("user.risk.detect", json!({"target": [bob()], "debugContext": map}));
    assert_eq!(json!(data.level), json!("medium"));
    // The actor is an address: it is sealed with the rest, and of nobody.
    let (draft, data) = flagged(
        "security.threat.detected",
        json!({"target": null,
        "actor": {"id": "198.51.100.9", "type": "IP Address"},
        "outcome": {"result": "DENY", "reason": "Password <b>Spray</b> on Bob"},
        "authenticationContext": {"externalSessionId": "unknown"}}),
    );
    assert_eq!((subject(&draft), &data.actor), (None, &None));
    assert_eq!(data.reason.as_deref(), Some("free_text"));
    assert_eq!(draft.unowned.to_map()["text"]["reason"], "Password <b>Spray</b> on Bob");
    for (kind, flag) in [
        ("user.account.report_suspicious_activity_by_enduser", Flag::ReportedByUser),
        ("security.request.blocked", Flag::RequestBlocked),
        ("user.mfa.attempt_bypass", Flag::BypassAttempted),
        ("policy.entity_risk.evaluate", Flag::RiskEvaluated),
        ("system.api_token.request_outside_allowed_range", Flag::TokenOutsideZone),
        ("app.oauth2.token.detect_reuse", Flag::TokenReused),
        ("event_hook.delivery", Flag::HookNotDelivered),
    ] {
        assert_eq!(flagged(kind, json!({"actor": bob()})).1.flag, flag);
    }
}

#[test]
fn a_session_used_from_elsewhere_says_what_is_new() {
    let debug = json!({"debugData": {"externalSessionId": "idxBob",
        "causes": "[ipAddress.change, deviceContext.change]", "arePoliciesReevaluated": "true"}});
    let changes = json!({"actor": bob(), "debugContext": debug,
        "authenticationContext": {"externalSessionId": "trsX"}});
    let draft = read(&event("user.session.context.change", changes));
    assert_eq!(
        facts(&draft),
        [(
            "session.context_changed",
            json!({"causes": ["address", "device"],
            "reevaluated": true})
        )]
    );
    assert_eq!(draft.facts[0].session.as_ref().unwrap().as_str(), "idxBob");
    let roams = read(&event("security.session.detect_client_roaming", json!({"actor": bob()})));
    assert_eq!(facts(&roams), [("session.context_changed", json!({"causes": ["place"]}))]);
    assert_eq!(session(&roams), Some("idxAdmin"));
    let nowhere = event(
        "user.session.context.change",
        json!({"actor": bob(),
        "authenticationContext": null}),
    );
    assert_eq!(read(&nowhere).notes, [Note::NotUnderstood]);
}

#[test]
fn an_action_of_a_policy_ends_the_session_or_all_of_the_users() {
    let system = json!({"id": "spr1", "type": "SystemPrincipal"});
    let acted = |kind: &str, action: &str, result: &str| {
        let debug = json!({"debugData": {"policyRuleAction": action}});
        let draft = read(&event(
            kind,
            json!({"actor": system, "target": [bob()],
            "debugContext": debug, "outcome": {"result": result}}),
        ));
        let names = draft.facts.iter().map(|fact| fact.data.type_name()).collect::<Vec<_>>();
        (draft, names.join(" "))
    };
    let (draft, names) = acted("policy.auth_reevaluate.action", "TERMINATE_SESSION", "SUCCESS");
    assert_eq!(names, "activity.flagged session.ended");
    let FactData::SessionEnded(ended) = &draft.facts[1].data else { panic!() };
    assert_eq!((ended.reason, session(&draft)), (EndReason::Revoked, Some("idxAdmin")));
    for kind in ["policy.auth_reevaluate.action", "policy.entity_risk.action"] {
        let (draft, names) = acted(kind, "TERMINATE_ALL_SESSIONS", "SUCCESS");
        assert_eq!(names, "activity.flagged subject.sessions_ended", "{kind}");
        let FactData::SubjectSessionsEnded(ended) = &draft.facts[1].data else { panic!() };
        assert_eq!(ended.actor.as_ref().unwrap().as_str(), "spr1");
    }
    // Evaluated, another action, or one that failed: nothing ended.
    for (kind, action, result) in [
        ("policy.auth_reevaluate.enforce", "TERMINATE_SESSION", "SUCCESS"),
        ("policy.auth_reevaluate.fail", "TERMINATE_SESSION", "SUCCESS"),
        ("policy.auth_reevaluate.action", "RUN_WORKFLOW", "SUCCESS"),
        ("policy.auth_reevaluate.action", "TERMINATE_SESSION", "FAILURE"),
    ] {
        assert_eq!(acted(kind, action, result).1, "activity.flagged", "{kind} {action} {result}");
    }
}

/// The supporter's session is marked, and is no sign of life of the user's.
#[test]
fn an_impersonation_marks_the_session_and_not_the_user() {
    let supporter = json!({"id": "00uSupport", "type": "User", "alternateId": "s@okta.example"});
    let (draft, data) = flagged(
        "user.session.impersonation.initiate",
        json!({"actor": supporter, "target": [bob()]}),
    );
    assert_eq!((data.flag, subject(&draft)), (Flag::ImpersonationBegan, None));
    assert_eq!((session(&draft), data.actor.unwrap().as_str()), (Some("idxAdmin"), "00uSupport"));
    let (draft, _) = flagged(
        "user.session.impersonation.grant",
        json!({"actor": supporter,
        "target": [bob()], "authenticationContext": {"externalSessionId": "trsX"}}),
    );
    assert_eq!((subject(&draft), session(&draft)), (Some("00uBob"), None));
}

/// Beside the rule of the application, or alone: which rule of the global session policy held.
#[test]
fn a_decision_names_the_rule_of_the_global_session_policy() {
    let evaluated = |result: &str, targets: Value| {
        let draft = read(&event(
            "policy.evaluate_sign_on",
            json!({"target": targets,
            "outcome": {"result": result}}),
        ));
        facts(&draft)
    };
    let rule = |id: &str, kind: &str, policy: Value| {
        let of = format!("{kind} policy");
        json!({"type": "Rule", "id": id, "alternateId": of, "detailEntry": policy})
    };
    let both = json!([{"type": "AppInstance", "id": "0oaApp"},
        rule("0prGlobal", "Global session", json!({"policyName": "Default"})),
        rule("rul1", "Authentication", json!({"policyId": "rst1"}))]);
    let [("policy.decided", decided), ("session.governed", governed)] =
        &evaluated("ALLOW", both.clone())[..]
    else {
        panic!()
    };
    assert_eq!((&decided["rule"], governed), (&json!("rul1"), &json!({"rule": "0prGlobal"})));
    assert_eq!(evaluated("DENY", both).len(), 1, "who was refused has no session");
    let classic = json!([policy("OktaSignOn"), {"type": "PolicyRule", "id": "0pr1"}]);
    assert_eq!(
        evaluated("CHALLENGE", classic)[1],
        ("session.governed", json!({"rule": "0pr1", "policy": "00p1"}))
    );
    let other = json!([policy("OktaMfaEnroll"), {"type": "PolicyRule", "id": "0pr1"}]);
    assert_eq!(evaluated("ALLOW", other).len(), 1, "of another policy");
}

#[test]
fn what_sends_the_log_says_when_it_was_stopped_started_or_failed() {
    let stream = || json!([{"type": "LogStream", "id": "0oaStream"}]);
    let hook = || json!([{"type": "EventHook", "id": "who1"}]);
    let of = |draft: &Draft| -> Vec<Value> {
        let mut of_source = facts(draft);
        of_source.retain(|(name, _)| *name == "source.delivery_changed");
        of_source.into_iter().map(|(_, data)| data).collect()
    };
    let at_idp = SourceSettings::from(Dialect::OktaSystemLog).with_idp("idp-x").expect("an id");
    for (kind, target, expected) in [
        (
            "system.log_stream.lifecycle.deactivate",
            stream(),
            ["log_stream", "0oaStream", "stopped"],
        ),
        ("system.log_stream.lifecycle.delete", stream(), ["log_stream", "0oaStream", "stopped"]),
        ("system.log_stream.lifecycle.activate", stream(), ["log_stream", "0oaStream", "started"]),
        ("event_hook.deactivated", hook(), ["event_hook", "who1", "stopped"]),
        ("event_hook.deleted", hook(), ["event_hook", "who1", "stopped"]),
        ("event_hook.activated", hook(), ["event_hook", "who1", "started"]),
        ("event_hook.delivery", hook(), ["event_hook", "who1", "failed"]),
    ] {
        let [of_kind, object, change] = expected;
        let expected = [json!({"kind": of_kind, "object": object, "change": change})];
        let event = event(kind, json!({"target": target}));
        let draft = read(&event);
        assert_eq!(of(&draft), expected, "{kind}");
        assert_eq!(draft.translator, "okta-system-log/5");
        let stated = draft.facts.iter().find(|fact| fact.data.type_name().starts_with("source."));
        assert_eq!(stated.and_then(|fact| fact.subject), None, "a source is no person's: {kind}");
        let bytes = event.to_string();
        let mut idp = translate(&at_idp, None, bytes.as_bytes()).expect("an event");
        assert_eq!(of(&idp.drafts.remove(0)), expected, "{kind} at the identity provider");
    }
    for (kind, changes) in [
        (
            "system.log_stream.lifecycle.deactivate",
            json!({"target": stream(), "outcome": {"result": "FAILURE"}}),
        ),
        ("system.log_stream.lifecycle.update", json!({"target": stream()})),
        ("event_hook.created", json!({"target": hook()})),
    ] {
        assert_eq!(of(&read(&event(kind, changes))), [Value::Null; 0], "{kind} stops nothing");
    }
}
