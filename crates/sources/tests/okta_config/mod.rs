//! Okta's configuration: one test a trap. All objects are invented, in the shapes of the API.

mod bad_input;
mod clocks;
mod deleted;
mod flawed;
mod idps;
mod late;
mod many_rules;
mod order;
mod org;
mod orgs;
mod policies;
mod rules;
mod secrets;

use claimledger_facts::{
    draft::Draft,
    fact::FactData,
    refusal::Refusal,
    time::{Occurred, Time},
};
use claimledger_sources::{Dialect, Look, SourceSettings, Translation, translate};
use serde_json::{Value, json};

/// One source that is looked at again and again.
struct Org {
    settings: SourceSettings,
    look: Option<Look>,
}

impl Org {
    fn new() -> Self {
        Self { settings: SourceSettings::of(Dialect::OktaConfig), look: None }
    }

    fn with(settings: &[&str]) -> Self {
        let all = settings.iter().fold(Self::new().settings, |all, text| {
            all.with_okta_idp(text).unwrap_or_else(|refusal| panic!("{refusal}"))
        });
        Self { settings: all, look: None }
    }

    fn try_see(&mut self, value: &Value) -> Result<Vec<Draft>, Refusal> {
        self.try_read(value.to_string().as_bytes())
    }

    fn try_read(&mut self, bytes: &[u8]) -> Result<Vec<Draft>, Refusal> {
        let read = translate(&self.settings, self.look.as_ref(), bytes)?;
        let again = translate(&self.settings, self.look.as_ref(), bytes)?;
        assert_eq!(read, again, "the same look gives the same records");
        let Translation { drafts, look } = read;
        self.look = Some(look.expect("something to compare the next look with"));
        Ok(drafts)
    }

    fn see(&mut self, value: &Value) -> Vec<Draft> {
        self.try_see(value).unwrap_or_else(|refusal| panic!("{refusal}: {value}"))
    }

    /// A look at a path, at a time of the tenth of March.
    fn look(&mut self, at: &str, path: &str, body: Value) -> Vec<Draft> {
        self.see(&json!({"looked_at": on_the_tenth(at), "path": path, "body": body}))
    }
}

fn on_the_tenth(time: &str) -> String {
    format!("2026-03-10T{time}:00.000Z")
}

fn time(at: &str) -> Time {
    Time::parse(&on_the_tenth(at)).unwrap()
}

fn exactly(at: &str) -> Occurred {
    Occurred::at(time(at))
}

fn between(from: &str, to: &str) -> Occurred {
    Occurred { from: time(from), to: Some(time(to)) }
}

/// The facts of a type, each with its time.
fn facts<T>(drafts: &[Draft], pick: impl Fn(&FactData) -> Option<T>) -> Vec<(Occurred, T)> {
    let all = drafts.iter().flat_map(|draft| draft.facts.iter().map(move |fact| (draft, fact)));
    all.filter_map(|(draft, fact)| {
        Some((fact.occurred.unwrap_or(draft.occurred), pick(&fact.data)?))
    })
    .collect()
}

fn names(drafts: &[Draft]) -> Vec<(String, String)> {
    let name = |data: &FactData| match data {
        FactData::ObjectNamed(named) => {
            Some((format!("{} {}", named.kind, named.object), named.name.clone()))
        }
        _ => None,
    };
    facts(drafts, name).into_iter().map(|(_, name)| name).collect()
}

fn ids(drafts: &[Draft]) -> Vec<&str> {
    drafts.iter().map(|draft| draft.source_id.as_str()).collect()
}

/// An IdP of an invented partner, as it was last updated at a time.
fn idp(updated: &str, trust: bool) -> Value {
    json!({"id": "0oa1", "type": "SAML2", "name": "Partner", "status": "ACTIVE",
        "created": on_the_tenth("08:00"), "lastUpdated": on_the_tenth(updated),
        "protocol": {"type": "SAML2",
            "endpoints": {"sso": {"url": "https://sso.partner.example/saml"}},
            "credentials": {"trust": {"issuer": "urn:partner", "kid": "key-1"}}},
        "policy": {"maxClockSkew": 0, "trustClaims": trust}})
}

fn policy(id: &str, kind: &str, updated: &str) -> Value {
    json!({"id": id, "type": kind, "name": format!("Policy {id}"), "status": "ACTIVE",
        "priority": 1, "system": false, "conditions": null,
        "lastUpdated": on_the_tenth(updated),
        "_links": {"rules": {"href": format!("https://acme.example/api/v1/policies/{id}/rules")}}})
}

/// A rule of an app sign-in policy.
fn rule(policy: &str, id: &str, updated: &str, method: Value) -> Value {
    let address = format!("https://acme.example/api/v1/policies/{policy}/rules/{id}");
    json!({"id": id, "type": "ACCESS_POLICY", "name": format!("Rule {id}"), "status": "ACTIVE",
        "priority": 1, "system": false, "lastUpdated": on_the_tenth(updated),
        "actions": {"appSignOn": {"access": "ALLOW", "verificationMethod": method}},
        "_links": {"self": {"href": address}}})
}

fn two_factors() -> Value {
    json!({"type": "ASSURANCE", "factorMode": "2FA", "reauthenticateIn": "PT12H"})
}

/// The object with other members.
fn with(mut object: Value, members: Value) -> Value {
    for (name, value) in members.as_object().unwrap() {
        object[name] = value.clone();
    }
    object
}
