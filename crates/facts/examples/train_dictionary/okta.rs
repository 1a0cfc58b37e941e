//! Events of Okta's System Log as its documentation lays them out, and what is stored of them.

use crate::{
    native::{encoded, pseudonym},
    vary::{Vary, in_order},
};
use claimledger_facts::{
    canonical,
    fact::{Fact, FactData},
    statement::Statement,
    time::{Occurred, Time},
    vocabulary::Note,
};
use serde_json::{Map, Value, json};

/// The order in which the service writes members.
const SERVICE: &[&str] = &[
    "actor",
    "client",
    "device",
    "authenticationContext",
    "displayMessage",
    "eventType",
    "outcome",
    "published",
    "securityContext",
    "severity",
    "debugContext",
    "legacyEventType",
    "transaction",
    "uuid",
    "version",
    "request",
    "target",
    "id",
    "type",
    "alternateId",
    "displayName",
    "detailEntry",
    "rawUserAgent",
    "os",
    "browser",
    "zone",
    "ipAddress",
    "geographicalContext",
    "city",
    "state",
    "country",
    "postalCode",
    "geolocation",
    "lat",
    "lon",
];
/// The order of the schema, which other exporters keep.
const SCHEMA: &[&str] = &[
    "uuid",
    "published",
    "eventType",
    "version",
    "severity",
    "legacyEventType",
    "displayMessage",
    "actor",
    "client",
    "device",
    "authenticationContext",
    "outcome",
    "securityContext",
    "debugContext",
    "transaction",
    "request",
    "target",
    "id",
    "type",
    "alternateId",
    "displayName",
    "detailEntry",
    "userAgent",
    "rawUserAgent",
    "os",
    "browser",
    "zone",
    "ipAddress",
    "geographicalContext",
];

/// Event type, older event type, message, facts that are read from it.
type Shape = (&'static str, Option<&'static str>, &'static str, Option<&'static str>);

/// What a day consists of.
const COMMON: &[Shape] = &[
    (
        "user.session.start",
        Some("core.user_auth.login_success"),
        "User login to Okta",
        Some("session.started"),
    ),
    (
        "user.authentication.sso",
        Some("app.auth.sso"),
        "User single sign on to app",
        Some("app.accessed"),
    ),
    ("policy.evaluate_sign_on", None, "Evaluation of sign-on policy", Some("policy.decided")),
    (
        "user.authentication.auth_via_mfa",
        Some("core.user.factor.attempt_success"),
        "Authentication of user via MFA",
        Some("factor.verified"),
    ),
    ("user.authentication.verify", None, "Verify user identity", Some("factor.verified")),
    (
        "user.authentication.auth_via_IDP",
        Some("core.user_auth.idp.saml.login_success"),
        "Authenticate user via IDP",
        Some("claims.received"),
    ),
    (
        "user.session.end",
        Some("core.user_auth.logout_success"),
        "User logout from Okta",
        Some("session.ended"),
    ),
    (
        "user.session.access_admin_app",
        Some("app.admin.sso.login.success"),
        "User accessing Okta admin app",
        Some("app.accessed"),
    ),
];
const RARE: &[Shape] = &[
    (
        "user.session.clear",
        Some("app.generic.session.clear"),
        "Clear user session",
        Some("session.ended"),
    ),
    ("user.session.context.change", None, "Session context changed", None),
    ("user.authentication.auth_via_social", None, "Authenticate user via social login", None),
    ("user.authentication.universal_logout", None, "User universal logout", None),
    (
        "application.policy.sign_on.deny_access",
        None,
        "Deny user access due to app sign on policy",
        None,
    ),
    ("policy.auth_reevaluate.fail", None, "Re-evaluation of session policies failed", None),
    ("policy.auth_reevaluate.enforce", None, "Enforcement of policy re-evaluation", None),
    ("policy.entity_risk.evaluate", None, "Evaluation of entity risk policy", None),
    ("user.risk.detect", None, "User risk detected", None),
    ("user.risk.change", None, "User risk level changed", None),
    ("security.session.detect_client_roaming", None, "Session roaming detected", None),
    ("security.request.blocked", None, "Request from suspicious actor", None),
    ("system.idp.lifecycle.create", None, "Create Identity Provider", None),
    ("system.idp.lifecycle.update", None, "Update Identity Provider", None),
    ("system.idp.lifecycle.deactivate", None, "Deactivate Identity Provider", None),
    ("system.idp.key.create", None, "Create Identity Provider key", None),
    ("policy.lifecycle.update", Some("policy.update"), "Update policy", None),
    ("policy.rule.add", Some("policy.rule.add"), "Add policy rule", None),
    ("policy.rule.update", Some("policy.rule.update"), "Update policy rule", None),
    ("policy.rule.invalidate", None, "Invalidate policy rule", None),
    ("application.policy.sign_on.update", None, "Update application sign on policy", None),
    ("system.feature.enable", None, "Enable feature", None),
    (
        "user.mfa.factor.activate",
        Some("core.user.factor.activate"),
        "Activate factor or authenticator enrollment for user",
        None,
    ),
    ("user.mfa.factor.deactivate", Some("core.user.factor.reset"), "Reset factor for user", None),
    ("user.mfa.okta_verify.deny_push", None, "User rejected Okta push verify", None),
    ("user.session.impersonation.grant", None, "Grant user session impersonation", None),
    ("system.log_stream.lifecycle.deactivate", None, "Deactivate log stream", None),
    (
        "user.account.update_profile",
        Some("core.user.config.profile.update"),
        "Update user profile for Okta",
        None,
    ),
    (
        "user.lifecycle.deactivate",
        Some("core.user.config.user_deactivated"),
        "Deactivate Okta user",
        None,
    ),
];

struct Ids {
    user: String,
    login: String,
    name: String,
    app: String,
    session: String,
    root: Option<String>,
    transaction: String,
    request: Option<String>,
}

/// Original, statement and personal block of one event.
pub(crate) fn bodies(random: &mut Vary) -> Vec<Vec<u8>> {
    let shape = if random.once_in(4) { random.pick(RARE) } else { random.pick(COMMON) };
    let session = {
        let prefix = random.pick(&["idx", "idx", "102"]);
        random.opaque(prefix, 18)
    };
    let ids = Ids {
        user: random.opaque("00u", 17),
        login: random.login(),
        name: format!("{} {}", random.name(), random.name()),
        app: random.opaque("0oa", 17),
        root: (!random.once_in(3))
            .then(|| if random.once_in(5) { random.opaque("trs", 22) } else { session.clone() }),
        session,
        transaction: random.opaque("", 27),
        request: random.once_in(3).then(|| random.opaque("", 27)),
    };
    let client = client(random);
    let mut event = event(shape, &ids, &client, random);
    if random.once_in(3) {
        // Many exporters leave out what is null or empty.
        strip(&mut event);
    }
    let order = random.pick(&[SERVICE, SERVICE, SCHEMA, &[]]);
    vec![in_order(&event, order), statement(shape, &ids, random), personal(&ids, &client)]
}

fn client(random: &mut Vary) -> Value {
    let (os, browser, raw) = random.user_agent();
    let place = if random.once_in(8) {
        Value::Null
    } else {
        let mut degrees =
            |half: usize| (random.below(2 * half * 1000) as f64 - (half * 1000) as f64) / 1000.0;
        let (lat, lon) = (degrees(90), degrees(180));
        json!({"city": random.name(), "state": random.name(),
            "country": random.pick(&["United States", "Germany", "Netherlands", "United Kingdom",
            "France", "India"]),
            "postalCode": random.below(100_000).to_string(),
                "geolocation": {"lat": lat, "lon": lon}})
    };
    let bare = random.once_in(6);
    let address = random.address();
    if bare {
        return json!({"ipAddress": address});
    }
    json!({"userAgent": {"rawUserAgent": raw, "os": os, "browser": browser},
        "zone": random.pick(&["null", "null", "OFF_NETWORK"]),
        "device": random.pick(&["Computer", "Computer", "Mobile", "Unknown"]), "id": null,
            "ipAddress": address, "geographicalContext": place})
}

fn event(shape: Shape, ids: &Ids, client: &Value, random: &mut Vary) -> Value {
    let (kind, legacy, message, _) = shape;
    let federated = kind == "user.authentication.auth_via_IDP";
    let user = entity(&ids.user, "User", &ids.login, &ids.name, Value::Null);
    let actor = if federated {
        entity(
            &random.opaque("okta.", 20),
            "SystemPrincipal",
            "system@okta.com",
            "Okta System",
            Value::Null,
        )
    } else {
        user.clone()
    };
    let (result, reason) = outcome(kind, random);
    let security = if random.once_in(6) {
        json!({"asNumber": null, "asOrg": null, "isp": null, "domain": null, "isProxy": null})
    } else {
        json!({"asNumber": random.below(70_000), "asOrg": random.word(), "isp": random.word(),
            "domain": format!("{}.{}", random.word(), random.pick(&["com", "net"])),
            "isProxy": false})
    };
    let mut context = json!({"authenticationProvider": null, "credentialProvider": null,
        "credentialType": null, "issuer": null, "interface": null,
        "authenticationStep": 0, "rootSessionId": ids.root, "externalSessionId": ids.session});
    if federated {
        context["authenticationProvider"] = json!("FEDERATION");
        context["credentialType"] = json!("ASSERTION");
        context["interface"] = json!("IDP Instance");
    } else if kind.ends_with("mfa") || kind.ends_with("verify") {
        context["authenticationProvider"] = json!("FACTOR_PROVIDER");
        context["credentialProvider"] =
            json!(random.pick(&["OKTA_CREDENTIAL_PROVIDER", "OKTA_AUTHENTICATION_PROVIDER"]));
        context["credentialType"] =
            random.pick(&[json!("OTP"), json!("PASSWORD"), Value::Null].each_ref()).clone();
    }
    json!({"actor": actor, "client": client, "device": null, "authenticationContext": context,
        "displayMessage": message, "eventType": kind,
        "outcome": {"result": result, "reason": reason}, "published": random.time(3),
            "securityContext": security, "severity": random.pick(&["INFO", "INFO", "WARN"]),
        "debugContext": {"debugData": debug_data(kind, ids, random)}, "legacyEventType": legacy,
            "transaction": {"type": "WEB", "id": ids.transaction, "detail": {}},
        "uuid": random.uuid(), "version": "0",
        "request": {"ipChain": [{"ip": client["ipAddress"],
            "geographicalContext": client["geographicalContext"], "version": "V4",
            "source": null}]},
        "target": targets(kind, ids, user, random)})
}

fn entity(id: &str, kind: &str, alternate: &str, display: &str, detail: Value) -> Value {
    json!({"id": id, "type": kind, "alternateId": alternate, "displayName": display,
        "detailEntry": detail})
}

fn outcome(kind: &str, random: &mut Vary) -> (&'static str, Value) {
    match kind {
        "policy.evaluate_sign_on" => {
            let result = random.pick(&["ALLOW", "ALLOW", "CHALLENGE", "DENY"]);
            (result, json!(format!("Sign-on policy evaluation resulted in {result}")))
        }
        _ if random.once_in(6) => (
            "FAILURE",
            json!(random.pick(&["INVALID_CREDENTIALS", "VERIFICATION_ERROR", "LOCKED_OUT"])),
        ),
        _ => ("SUCCESS", Value::Null),
    }
}

fn debug_data(kind: &str, ids: &Ids, random: &mut Vary) -> Value {
    let mut data = Map::new();
    let mut put = |key: &str, value: String| _ = data.insert(key.to_owned(), Value::String(value));
    if !random.once_in(4) {
        let uri = random.pick(&[
            "/idp/idx/identify",
            "/idp/idx/challenge/answer",
            "/api/v1/authn",
            "/app/office365/sso/saml",
            "/oauth2/v1/authorize",
            "/login/signout",
        ]);
        put("requestId", random.opaque("", 27));
        put("dtHash", random.hex(64));
        put("requestUri", uri.to_owned());
        put("url", format!("{uri}?"));
        put("threatSuspected", "false".to_owned());
        if random.once_in(2) {
            put("deviceFingerprint", random.hex(32));
        }
        if random.once_in(2) {
            put("risk", "{level=LOW}".to_owned());
            put(
                "behaviors",
                "{New Geo-Location=NEGATIVE, New Device=NEGATIVE, New IP=NEGATIVE, \
                 New State=NEGATIVE, New Country=NEGATIVE, Velocity=NEGATIVE, \
                 New City=NEGATIVE}"
                    .to_owned(),
            );
        }
    }
    if let Some(request) = &ids.request {
        put("authnRequestId", request.clone());
    }
    match kind {
        "user.authentication.auth_via_mfa" | "user.authentication.verify" => {
            put(
                "factor",
                random
                    .pick(&[
                        "PASSWORD_AS_FACTOR",
                        "SIGNED_NONCE",
                        "OKTA_VERIFY_PUSH",
                        "OKTA_SOFT_TOKEN",
                        "FIDO_WEBAUTHN",
                        "SMS_FACTOR",
                        "EMAIL_FACTOR",
                    ])
                    .to_owned(),
            );
            put("factorIntent", "LOGIN".to_owned());
            put(
                "promptingPolicyTypes",
                random.pick(&["OKTA_SIGN_ON", "ACCESS", "OKTA_SIGN_ON, ACCESS"]).to_owned(),
            );
            if random.once_in(2) {
                put(
                    "keyTypeUsedForAuthentication",
                    random
                        .pick(&[
                            "PROOF_OF_POSSESSION",
                            "USER_VERIFYING_BIO_OR_PIN",
                            "USER_VERIFYING_BIO_ONLY",
                        ])
                        .to_owned(),
                );
                put(
                    "pushOnlyResponseType",
                    random.pick(&["OV_RESPONSE_ALLOW", "OV_RESPONSE_DENY"]).to_owned(),
                );
                put("pushWithNumberChallengeResponseType", "OV_CORRECT_NUMBER".to_owned());
                put("authenticatorMethodChallengeTime", random.time(3));
            }
        }
        "user.authentication.auth_via_IDP" => {
            put(
                "amrList",
                random
                    .pick(&[
                        "[pwd, swk]",
                        "[pwd, hwk]",
                        "[pwd, otp, mfa]",
                        "[pwd]",
                        "[pwd, sms]",
                        "[hwk, user, phr]",
                    ])
                    .to_owned(),
            );
            if random.once_in(2) {
                put("mfaVerified", random.pick(&["true", "false"]).to_owned());
                put("assertionId", random.opaque("id", 30));
                put("inResponseTo", random.opaque("id", 30));
                put(
                    "authenticationContext",
                    "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport".to_owned(),
                );
                put("idpDisplayName", random.word());
                put("subjectName", random.login());
            }
        }
        "policy.evaluate_sign_on" if random.once_in(2) => {
            put(
                "challengeAuthenticatorsList",
                "[{Okta Verify : push}, {Okta Verify : totp}, {Password : password}]".to_owned(),
            );
            put(
                "authMethodFirstType",
                format!("okta_password:password:{}", random.opaque("aut", 17)),
            );
            put("authMethodFirstEnrollment", random.opaque("lae", 17));
            put("authMethodFirstVerificationTime", random.time(3));
            put(
                "authMethodSecondType",
                format!("okta_verify:signed_nonce:{}", random.opaque("aut", 17)),
            );
            put("authMethodSecondEnrollment", random.opaque("pfd", 17));
            put("authMethodSecondVerificationTime", random.time(3));
        }
        "user.authentication.sso" => {
            put("initiationType", random.pick(&["SP_INITIATED", "IDP_INITIATED"]).to_owned());
            put(
                "signOnMode",
                random
                    .pick(&["OpenID Connect", "SAML 2.0", "Secure Web Authentication"])
                    .to_owned(),
            );
            if random.once_in(2) {
                put("authTime", random.time(3));
                put(
                    "authenticationClassRef",
                    "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport".to_owned(),
                );
                put("issuedAt", random.time(3));
                put("expiryTime", random.time(3));
                put("jti", random.opaque("id", 30));
                put("subject", random.login());
                put("audience", format!("https://{}.com/saml", random.word()));
            }
        }
        "user.session.end" => put("endedSessionId", ids.session.clone()),
        "user.session.access_admin_app" => {
            put("idpType", random.pick(&["OKTA", "THIRD_PARTY"]).to_owned());
            put("idpProtocol", random.pick(&["SAML", "OIDC"]).to_owned());
            put("idpOktaHosted", "true".to_owned());
            put("idpAppName", random.word());
        }
        "user.session.context.change" => {
            put("causes", "[ipAddress.change, deviceContext.change]".to_owned());
            put("externalSessionId", ids.session.clone());
            put("arePoliciesReevaluated", "true".to_owned());
        }
        _ if kind.starts_with("policy.rule") => {
            put("oldPolicyRuleAction", r#"{"access":"ALLOW","requireFactor":true}"#.to_owned());
            put("newPolicyRuleAction", r#"{"access":"ALLOW","requireFactor":false}"#.to_owned());
        }
        _ => {}
    }
    Value::Object(data)
}

fn targets(kind: &str, ids: &Ids, user: Value, random: &mut Vary) -> Value {
    let name = random.name();
    let app = |alternate: &str, detail| entity(&ids.app, "AppInstance", alternate, &name, detail);
    match kind {
        "user.authentication.auth_via_IDP" => json!([app("Org2org", Value::Null), user]),
        "user.authentication.sso" | "user.session.access_admin_app" => {
            let detail = json!({"signOnModeType": random.pick(&["OPENID_CONNECT", "SAML_2_0"]),
                "signOnModeEvaluationResult": "AUTHENTICATED"});
            let app_user =
                entity(&random.opaque("0ua", 17), "AppUser", &ids.login, &ids.name, Value::Null);
            json!([app(&name, if random.once_in(2) { detail } else { Value::Null }), app_user])
        }
        "policy.evaluate_sign_on" | "application.policy.sign_on.deny_access" => {
            let detail = json!({"signOnModeType": random.pick(&["OPENID_CONNECT", "SAML_2_0"]),
                "signOnModeEvaluationResult": random.pick(&["AUTHENTICATED", "CHALLENGE",
                    "UNSATISFIABLE", "DENIED"])});
            let rule = |policy: &str, random: &mut Vary| {
                let detail = json!({"policyId": random.opaque("rst", 17),
                    "policyName": random.name(), "policyRuleFactorMode": random.pick(&["1FA",
                    "2FA"]),
                    "policyRulePriority": random.below(9).to_string()});
                entity(&random.opaque("rul", 17), "Rule", policy, &random.name(), detail)
            };
            match random.below(3) {
                0 => json!([app(&name, Value::Null)]),
                1 => json!([app(&name, detail), rule("Authentication policy", random)]),
                _ => json!([
                    app(&name, detail),
                    rule("Global session policy", random),
                    rule("Authentication policy", random)
                ]),
            }
        }
        "user.authentication.auth_via_mfa" | "user.authentication.verify" => {
            let mut detail = json!({"methodTypeUsed": random.pick(&["Password", "Get a push \
                notification", "Use Okta FastPass", "Enter a code", "Security Key or Biometric \
                    Authenticator"]),
                "methodUsedVerifiedProperties": random.pick(&["[USER_PRESENCE]", "[DEVICE_BOUND, \
                    HARDWARE_PROTECTED, PHISHING_RESISTANT, USER_PRESENCE, USER_VERIFYING]",
                    "[DEVICE_BOUND, USER_PRESENCE]"])});
            if kind.ends_with("verify") {
                detail["authenticatorKey"] = json!(random.pick(&[
                    "okta_verify",
                    "okta_password",
                    "webauthn",
                    "external_idp"
                ]));
                detail["authenticatorMethodVerificationTime"] = json!(random.time(3));
                detail["factorVerifiedByIdp"] = json!(random.pick(&["true", "false"]));
            }
            let alternate = random.pick(&["unknown", "unknown", "Okta Verify"]);
            json!([
                user,
                entity(
                    &random.opaque("opf", 17),
                    "AuthenticatorEnrollment",
                    alternate,
                    random.pick(&["Okta Verify", "Password", "Security Key or Biometric"]),
                    detail
                )
            ])
        }
        _ if kind.starts_with("policy.") => {
            let policy = entity(
                &random.opaque("00p", 17),
                "PolicyEntity",
                "unknown",
                &name,
                json!({"policyType": random.pick(&["OktaSignOn", "Okta:SignOn", "OktaMfaEnroll"])}),
            );
            json!([
                policy,
                entity(
                    &random.opaque("0pr", 17),
                    "PolicyRule",
                    "unknown",
                    &random.name(),
                    Value::Null
                )
            ])
        }
        _ if kind.starts_with("system.idp") => json!([entity(
            &random.opaque("0oa", 17),
            "IdentityProvider",
            "unknown",
            &name,
            Value::Null
        )]),
        "user.session.start" | "user.session.end" if random.once_in(2) => Value::Null,
        _ => json!([user]),
    }
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.values_mut().for_each(strip);
            members.retain(|_, value| !value.is_null());
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn statement(shape: Shape, ids: &Ids, random: &mut Vary) -> Vec<u8> {
    let (kind, _, _, fact) = shape;
    let data = fact.map(|fact| match fact {
        "claims.received" => json!({"amr": ["pwd", random.pick(&["swk", "hwk", "otp", "sms"])],
            "idp": ids.app, "protocol": random.pick(&["saml2", "oidc"])}),
        "policy.decided" => json!({"app": ids.app, "outcome": random.pick(&["allow", "challenge",
            "deny"]), "policy": random.opaque("rst", 17), "rule": random.opaque("rul", 17)}),
        "factor.verified" => {
            let mut data = json!({"method": random.pick(&["password", "signed_nonce", "push",
                "totp", "webauthn"]), "authenticator": random.opaque("opf", 17)});
            data["properties"] = random
                .pick(
                    &[
                        json!(["user_presence"]),
                        json!([
                            "device_bound",
                            "hardware_protected",
                            "phishing_resistant",
                            "user_presence",
                            "user_verifying"
                        ]),
                    ]
                    .each_ref(),
                )
                .clone();
            data
        }
        "session.started" => json!({"root_session": ids.root}),
        "session.ended" => json!({"reason": random.pick(&["logout", "revoked", "expired"])}),
        _ => json!({"app": ids.app}),
    });
    let session = Some(ids.session.as_str().into());
    let occurred = Occurred::at(Time::EPOCH);
    let facts =
        fact.zip(data).and_then(|(name, data)| FactData::from_value(name, data)).map(|data| {
            let Ok(data) = data else { unreachable!("written for the contract") };
            Fact {
                session: session.clone(),
                subject: Some(pseudonym(random).as_str().into()),
                occurred,
                data,
            }
        });
    let mut correlation = vec![
        ("external_session".to_owned(), ids.session.clone()),
        ("transaction".to_owned(), ids.transaction.clone()),
    ];
    correlation.extend(ids.root.clone().map(|root| ("root_session".to_owned(), root)));
    correlation.extend(ids.request.clone().map(|request| ("authn_request".to_owned(), request)));
    let notes = if facts.is_some() { Vec::new() } else { vec![Note::NotUnderstood] };
    encoded(
        &Statement {
            kind: kind.to_owned(),
            session,
            correlation: correlation.into_iter().collect(),
            notes,
            facts: facts.into_iter().collect(),
        },
        occurred,
    )
}

fn personal(ids: &Ids, client: &Value) -> Vec<u8> {
    let (place, agent) = (&client["geographicalContext"], &client["userAgent"]);
    let mut of = json!({"ip": client["ipAddress"], "device": client["device"],
        "city": place["city"], "state": place["state"], "country": place["country"],
        "os": agent["os"], "browser": agent["browser"], "user_agent": agent["rawUserAgent"]});
    strip(&mut of);
    canonical::to_vec(&json!({"client": of, "id": ids.user, "login": ids.login, "name": ids.name}))
}
