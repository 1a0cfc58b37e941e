//! Lines of the native contract, and what is stored of them.

use crate::{
    common::samples,
    vary::{Vary, in_order},
};
use claimledger_facts::{
    canonical,
    fact::{Fact, FactData, FactType},
    statement::Statement,
    time::Occurred,
};
use serde_json::{Map, Value, json};

/// As the documentation and the demonstration write a line.
const ORDER: &[&str] = &[
    "id",
    "type",
    "occurred_at",
    "recorded_at",
    "source",
    "subject",
    "session",
    "client",
    "data",
    "login",
    "name",
    "ip",
    "user_agent",
    "root_session",
    "idp",
    "app",
    "policy",
    "idp_session",
    "assertion",
    "amr",
    "method",
    "methods",
    "key",
    "protocol",
    "auth_time",
    "version",
    "rule",
    "kind",
    "status",
    "outcome",
    "relied_on",
    "priority",
    "access",
    "factor_mode",
    "authenticator",
    "properties",
    "reason",
    "actor",
    "ticket",
];

/// Line, statement and personal block of one event.
pub(crate) fn bodies(random: &mut Vary) -> Vec<Vec<u8>> {
    // A day has many sign-ins and few changes of configuration.
    const OFTEN: [&str; 6] = [
        "session.started",
        "claims.received",
        "policy.decided",
        "app.accessed",
        "factor.verified",
        "session.ended",
    ];
    let samples = samples();
    let (name, full) = if random.once_in(3) {
        random.pick(&samples.iter().map(|(name, data)| (*name, data)).collect::<Vec<_>>())
    } else {
        let often = random.pick(&OFTEN);
        let Some((name, data)) = samples.iter().find(|(name, _)| *name == often) else {
            unreachable!("every fact type has a sample")
        };
        (*name, data)
    };
    let (data, value) = data_of(name, full, random);
    let Some(of) = FactType::named(name) else { unreachable!("the samples are of fact types") };
    let session = of.needs_session.then(|| random.made_up());

    let digits = random.pick(&[0, 3]);
    let mut line = Map::new();
    line.insert("id".to_owned(), json!(random.made_up()));
    line.insert("type".to_owned(), json!(name));
    line.insert("occurred_at".to_owned(), json!(random.time(digits)));
    if random.once_in(2) {
        line.insert("source".to_owned(), json!(random.made_up()));
    }
    let mut personal = Map::new();
    if of.needs_subject {
        personal.insert("id".to_owned(), json!(random.made_up()));
        personal.insert("login".to_owned(), json!(random.login()));
        if !random.once_in(3) {
            personal.insert("name".to_owned(), json!(random.name()));
        }
        line.insert("subject".to_owned(), Value::Object(personal.clone()));
        if random.once_in(2) {
            let client = json!({"ip": random.address(), "user_agent": random.user_agent().2});
            line.insert("client".to_owned(), client.clone());
            personal.insert("client".to_owned(), client);
        }
    }
    if let Some(session) = &session {
        line.insert("session".to_owned(), json!(session));
    }
    line.insert("data".to_owned(), value);

    let subject = of.needs_subject.then(|| pseudonym(random).as_str().into());
    let occurred = Occurred::at(claimledger_facts::time::Time::EPOCH);
    let session = session.map(|session| session.as_str().into());
    let facts = vec![Fact { session: session.clone(), subject, occurred, data }];
    let statement = Statement {
        kind: name.to_owned(),
        session,
        correlation: Default::default(),
        notes: Vec::new(),
        facts,
    };
    let mut bodies = vec![
        in_order(&Value::Object(line), if random.once_in(4) { &[] } else { ORDER }),
        encoded(&statement, occurred),
    ];
    if !personal.is_empty() {
        bodies.push(canonical::object_to_vec(&personal));
    }
    bodies
}

pub(crate) fn encoded(statement: &Statement, occurred: Occurred) -> Vec<u8> {
    let Ok(bytes) = statement.encode(occurred) else {
        unreachable!("facts of the contract can be written")
    };
    bytes
}

pub(crate) fn pseudonym(random: &mut Vary) -> String {
    format!("p-{}", random.letters(b"0123456789ABCDEFGHJKMNPQRSTVWXYZ", 16))
}

/// Data like the sample's, with its ids, times and numbers replaced, some words exchanged and some
/// optional members left out.
fn data_of(name: &str, full: &Value, random: &mut Vary) -> (FactData, Value) {
    loop {
        let value = varied("", full, random);
        if let Some(Ok(data)) = FactData::from_value(name, value.clone()) {
            return (data, value);
        }
    }
}

fn varied(key: &str, value: &Value, random: &mut Vary) -> Value {
    match value {
        Value::Object(members) => {
            let members: Vec<_> = members.iter().filter(|_| !random.once_in(6)).collect();
            Value::Object(
                members
                    .into_iter()
                    .map(|(key, value)| (key.clone(), varied(key, value, random)))
                    .collect(),
            )
        }
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| varied(key, item, random)).collect())
        }
        Value::Bool(_) => Value::Bool(random.once_in(2)),
        Value::Number(_) => {
            json!(random.pick(&[0, 1, 2, 3, 5, 900, 1800, 3600, 7200, 28_800, 43_200]))
        }
        Value::String(text) => Value::String(match key {
            "from" | "until" | "auth_time" | "issued_at" | "lifetime_ends_at" => random.time(0),
            "amr" => random
                .pick(&[
                    "pwd", "otp", "hwk", "swk", "mfa", "sms", "phr", "pop", "sc", "fpt", "user",
                    "kba",
                ])
                .to_owned(),
            "method" | "chain" | "allow_methods" | "exclude_methods" => random
                .pick(&[
                    "password",
                    "webauthn",
                    "push",
                    "otp",
                    "totp",
                    "signed_nonce",
                    "email",
                    "sms",
                    "smart_card",
                    "voice",
                ])
                .to_owned(),
            "outcome" => random.pick(&["allow", "allow", "challenge", "deny"]).to_owned(),
            "status" => random.pick(&["active", "active", "inactive"]).to_owned(),
            "protocol" => random.pick(&["oidc", "saml2"]).to_owned(),
            "reason" => random.pick(&["logout", "expired", "revoked", text]).to_owned(),
            "engine" | "kind" | "usage" | "access" | "factor_mode" | "redirect" | "enrollment"
            | "properties" | "basis" | "roles" | "methods" | "by" => text.clone(),
            "app" if text == "org2org" => random.pick(&["oidc", "saml2", "org2org"]).to_owned(),
            "digest" | "stored_digest" => random.hex(64),
            "acr" => "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport".to_owned(),
            _ => random.made_up(),
        }),
        Value::Null => Value::Null,
    }
}
