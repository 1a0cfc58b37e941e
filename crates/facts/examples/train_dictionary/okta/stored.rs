//! What is stored of an event: its statement and its personal block.

use super::{Ids, shapes::Shape, strip};
use crate::{
    native::{encoded, pseudonym},
    vary::Vary,
};
use claimledger_facts::{
    canonical,
    fact::{Fact, FactData},
    statement::Statement,
    time::{Occurred, Time},
    vocabulary::Note,
};
use serde_json::{Value, json};

pub(super) fn statement(shape: Shape, ids: &Ids, random: &mut Vary) -> Vec<u8> {
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

pub(super) fn personal(ids: &Ids, client: &Value) -> Vec<u8> {
    let (place, agent) = (&client["geographicalContext"], &client["userAgent"]);
    let mut of = json!({"ip": client["ipAddress"], "device": client["device"],
        "city": place["city"], "state": place["state"], "country": place["country"],
        "os": agent["os"], "browser": agent["browser"], "user_agent": agent["rawUserAgent"]});
    strip(&mut of);
    canonical::to_vec(&json!({"client": of, "id": ids.user, "login": ids.login, "name": ids.name}))
}
