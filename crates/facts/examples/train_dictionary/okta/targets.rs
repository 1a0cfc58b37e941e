//! The targets of an event.

use super::{Ids, event::entity};
use crate::vary::Vary;
use serde_json::{Value, json};

pub(super) fn targets(kind: &str, ids: &Ids, user: Value, random: &mut Vary) -> Value {
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
