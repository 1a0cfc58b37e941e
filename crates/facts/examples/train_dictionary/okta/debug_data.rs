//! The debug data of an event.

use super::Ids;
use crate::vary::Vary;
use serde_json::{Map, Value};

pub(super) fn debug_data(kind: &str, ids: &Ids, random: &mut Vary) -> Value {
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
