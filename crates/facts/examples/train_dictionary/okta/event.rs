//! An event as the service writes it.

use super::{Ids, debug_data::debug_data, shapes::Shape, targets::targets};
use crate::vary::Vary;
use serde_json::{Value, json};

pub(super) fn client(random: &mut Vary) -> Value {
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

pub(super) fn event(shape: Shape, ids: &Ids, client: &Value, random: &mut Vary) -> Value {
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

pub(super) fn entity(id: &str, kind: &str, alternate: &str, display: &str, detail: Value) -> Value {
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
