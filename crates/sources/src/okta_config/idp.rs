//! Identity providers, and the keys that their objects name.

use super::{
    change::Change,
    look::{Body, stamp},
    shape::Shape,
};
use crate::{SourceSettings, text};
use claimledger_facts::{
    draft::DraftFact,
    fact::FactData,
    ids::{IdpId, KeyId, VersionLabel},
    time::{Occurred, Time},
    types::idp::{IdpConfigured, IdpKeyAdded, IdpKeyRetired},
    vocabulary::{IdpApp, IdpKind, IdpUsage, Protocol, Status},
};
use serde_json::Value;

/// Domains under which Okta serves orgs, and nothing else. An org with a domain of its own is not
/// recognised by them.
const OKTA_DOMAINS: &[&str] =
    &["okta.com", "oktapreview.com", "okta-emea.com", "okta-gov.com", "okta.mil"];

/// A truth value; exports write some as text. Anything else is not understood: a switch that was
/// misread as off would void nothing and ignore every factor.
fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(value) => Some(*value),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

pub(super) fn read(shape: &Shape<'_>, id: &str, settings: &SourceSettings) -> Option<Body> {
    let status = status(shape.text("status")?)?;
    let policy = shape.members.get("policy");
    let switch = |name: &str| match policy.and_then(|policy| policy.get(name)) {
        None | Some(Value::Null) => Some(None),
        Some(value) => truth(value).map(Some),
    };
    let protocol = &shape.members["protocol"];
    let set = settings.idp_setting(id);
    let fact = IdpConfigured {
        idp: IdpId::from(id),
        version: VersionLabel::new(shape.updated.map(stamp).unwrap_or_default()),
        kind: set.and_then(|set| set.kind).unwrap_or_else(|| kind(shape, protocol)),
        status,
        trust_claims: switch("trustClaims")?.unwrap_or(false),
        map_amr_claims: switch("mapAMRClaims")?,
        protocol: match protocol.get("type").and_then(Value::as_str) {
            Some("OIDC") => Some(Protocol::Oidc),
            Some("SAML2") => Some(Protocol::Saml2),
            _ => None,
        },
        app: (shape.text("type") == Some("OKTA_INTEGRATION")).then_some(IdpApp::Org2org),
        usage: set.and_then(|set| set.usage),
        actor: None,
        ticket: None,
    };
    Some(Body::Idp { fact: Box::new(fact), keys: keys(protocol) })
}

/// The status of an object.
pub(super) fn status(word: &str) -> Option<Status> {
    match word {
        "ACTIVE" => Some(Status::Active),
        "INACTIVE" => Some(Status::Inactive),
        "DELETED" => Some(Status::Deleted),
        _ => None,
    }
}

/// Whether the IdP is an Okta org, where no setting says it (`docs/decisions/0033`).
fn kind(shape: &Shape<'_>, protocol: &Value) -> IdpKind {
    let addresses = ["/issuer/url", "/endpoints/sso/url", "/endpoints/authorization/url"];
    let at_okta = || {
        addresses
            .iter()
            .chain(&["/credentials/trust/issuer"])
            .filter_map(|path| protocol.pointer(path).and_then(Value::as_str))
            .any(is_at_okta)
    };
    match shape.text("type") {
        Some("OKTA_INTEGRATION") => IdpKind::OktaIdentityEngine,
        // The page for smart cards and social providers is the service provider's own.
        Some("OIDC" | "SAML2") if at_okta() => IdpKind::OktaIdentityEngine,
        _ => IdpKind::ThirdParty,
    }
}

fn is_at_okta(address: &str) -> bool {
    let Some((_, rest)) = address.split_once("://") else { return false };
    let host = rest.split(['/', '?', '#', ':']).next().unwrap_or_default().to_ascii_lowercase();
    OKTA_DOMAINS.iter().any(|domain| {
        host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    })
}

/// The keys that verify its assertions: of SAML and smart cards. An OIDC provider publishes its
/// keys itself.
fn keys(protocol: &Value) -> Vec<KeyId> {
    let trust = protocol.pointer("/credentials/trust");
    let current = trust.and_then(|trust| trust.get("kid")).into_iter();
    let further = trust.and_then(|trust| trust.get("additionalKids")).and_then(Value::as_array);
    let mut keys: Vec<KeyId> = current
        .chain(further.into_iter().flatten())
        .filter_map(Value::as_str)
        .filter(|key| text::is_id(key))
        .map(KeyId::from)
        .collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// The facts of a change: the IdP as it is now, and its keys that were added or retired.
pub(super) fn facts(
    change: &Change,
    fact: &IdpConfigured,
    keys: &[KeyId],
    created: Option<Time>,
) -> Vec<DraftFact> {
    let mut facts = vec![super::facts::fact(FactData::IdpConfigured(fact.clone()))];
    let before: &[KeyId] = match change.before.as_ref().map(|seen| &seen.body) {
        Some(Body::Idp { keys, .. }) => keys,
        _ => &[],
    };
    // A key that was there at the first look was added at some time since the IdP was created.
    let first = change.before.is_none().then(|| added_by(created, change.occurred.latest()));
    let idp = &fact.idp;
    for key in keys.iter().filter(|key| !before.contains(key)) {
        let (idp, key) = (idp.clone(), key.clone());
        let data = FactData::IdpKeyAdded(IdpKeyAdded { idp, key, actor: None, ticket: None });
        facts.push(DraftFact { occurred: first, ..super::facts::fact(data) });
    }
    for key in before.iter().filter(|key| !keys.contains(key)) {
        let (idp, key) = (idp.clone(), key.clone());
        let data = FactData::IdpKeyRetired(IdpKeyRetired { idp, key, actor: None, ticket: None });
        facts.push(super::facts::fact(data));
    }
    facts
}

fn added_by(created: Option<Time>, by: Time) -> Occurred {
    let from = created.unwrap_or(Time::MIN);
    if from >= by { Occurred::at(by) } else { Occurred { from, to: Some(by) } }
}

/// The IdP as it was, where a whole list no longer has it.
pub(super) fn deleted(fact: &IdpConfigured, version: &str) -> FactData {
    FactData::IdpConfigured(IdpConfigured {
        status: Status::Deleted,
        version: VersionLabel::new(version),
        ..fact.clone()
    })
}

/// What a setting says of an IdP, because the API does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct IdpSetting {
    pub(crate) kind: Option<IdpKind>,
    pub(crate) usage: Option<IdpUsage>,
}

impl IdpSetting {
    /// Its words. Without one: an Okta org with Identity Engine.
    pub(crate) const WORDS: &[&str] = &["identity-engine", "classic", "third-party", "factor-only"];

    pub(crate) fn parse(word: Option<&str>) -> Option<Self> {
        let kind = |kind| Some(Self { kind: Some(kind), usage: None });
        match word {
            None | Some("identity-engine") => kind(IdpKind::OktaIdentityEngine),
            Some("classic") => kind(IdpKind::OktaClassic),
            Some("third-party") => kind(IdpKind::ThirdParty),
            Some("factor-only") => Some(Self { kind: None, usage: Some(IdpUsage::FactorOnly) }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hosts_of_okta_are_okta() {
        for address in [
            "https://acme.okta.com",
            "https://acme.oktapreview.com/oauth2/v1/authorize",
            "http://www.okta.com/exk1",
            "https://acme.okta.com:443/x",
        ] {
            assert!(is_at_okta(address), "{address}");
        }
        for address in [
            "https://okta.com.evil.example",
            "https://notokta.com",
            "https://login.acme.example/okta.com",
            "urn:okta.com",
        ] {
            assert!(!is_at_okta(address), "{address}");
        }
    }
}
