//! Which object of Okta's API a JSON object is: by its members, and by the path it came from where
//! those leave it open. What is not recognised is kept, and not read.

use super::{
    authenticator, feature, idp,
    look::Body,
    place::{Place, policy_in},
    policy, redact, rule,
};
use crate::{SourceSettings, text};
use claimledger_facts::{
    ids::PolicyId,
    refusal::{Refusal, RefusalCode},
    time::Time,
    vocabulary::ObjectKind,
};
use serde_json::{Map, Value};

/// The kinds of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Idp,
    Policy,
    Rule,
    RoutingRule,
    Authenticator,
    AuthenticatorMethod,
    Feature,
    IdpKey,
    App,
    Org,
    LogStream,
    Other,
}

/// An object, before it is read.
pub(super) struct Shape<'v> {
    pub(super) kind: Kind,
    pub(super) members: &'v Map<String, Value>,
    pub(super) id: Option<String>,
    pub(super) updated: Option<Time>,
    /// The policy of a rule.
    pub(super) policy: Option<PolicyId>,
}

impl Kind {
    /// As keys, source ids and reports spell it.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Idp => "idp",
            Self::Policy => "policy",
            Self::Rule | Self::RoutingRule => "rule",
            Self::Authenticator => "authenticator",
            Self::AuthenticatorMethod => "authenticator_method",
            Self::Feature => "feature",
            Self::IdpKey => "idp_key",
            Self::App => "app",
            Self::Org => "org",
            Self::LogStream => "log_stream",
            Self::Other => "object",
        }
    }

    /// Whether facts state it together with others of its list.
    pub(super) const fn is_part(self) -> bool {
        match self {
            Self::Policy | Self::Rule | Self::RoutingRule | Self::Authenticator => true,
            Self::AuthenticatorMethod | Self::Feature | Self::Org => true,
            Self::Idp | Self::IdpKey | Self::App | Self::LogStream | Self::Other => false,
        }
    }

    /// What `object.named` calls it; none: it has no name that answers show.
    pub(super) const fn named(self) -> Option<ObjectKind> {
        match self {
            Self::Idp => Some(ObjectKind::Idp),
            Self::Policy => Some(ObjectKind::Policy),
            Self::Rule => Some(ObjectKind::Rule),
            Self::RoutingRule => Some(ObjectKind::RoutingRule),
            Self::Authenticator => Some(ObjectKind::Authenticator),
            Self::Feature => Some(ObjectKind::Feature),
            Self::App => Some(ObjectKind::App),
            Self::LogStream => Some(ObjectKind::LogStream),
            Self::AuthenticatorMethod | Self::IdpKey | Self::Org | Self::Other => None,
        }
    }

    fn of(members: &Map<String, Value>, place: &Place) -> Self {
        let is = |name: &str, fits: fn(&Value) -> bool| members.get(name).is_some_and(fits);
        let kind = members.get("type").and_then(Value::as_str).unwrap_or_default();
        if is("pipeline", Value::is_string) {
            Self::Org
        } else if is("protocol", Value::is_object) {
            Self::Idp
        } else if is("actions", Value::is_object) {
            let routes = kind == "IDP_DISCOVERY" || members["actions"].get("idp").is_some();
            if routes { Self::RoutingRule } else { Self::Rule }
        } else if is("kid", Value::is_string) {
            Self::IdpKey
        } else if is("key", Value::is_string) && is("type", Value::is_string) {
            Self::Authenticator
        } else if is("stage", Value::is_object) || kind == "self-service" {
            Self::Feature
        } else if is("signOnMode", Value::is_string) || is("label", Value::is_string) {
            Self::App
        } else if place.method_of(members).is_some() {
            Self::AuthenticatorMethod
        } else if matches!(kind, "aws_eventbridge" | "splunk_cloud_logstreaming") {
            Self::LogStream
        } else if policy::is_type(kind) || link(members, "rules").is_some() {
            Self::Policy
        } else {
            Self::Other
        }
    }
}

impl<'v> Shape<'v> {
    /// Recognises an object. `field`: where it is in the value.
    pub(super) fn of(
        members: &'v Map<String, Value>,
        place: &Place,
        field: &str,
    ) -> Result<Self, Refusal> {
        no_configuration(members)?;
        let kind = Kind::of(members, place);
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        let id = match kind {
            Kind::IdpKey => text("kid").map(str::to_owned),
            Kind::AuthenticatorMethod => place
                .method_of(members)
                .zip(text("type"))
                .map(|(authenticator, method)| format!("{authenticator}/{method}")),
            _ => text("id").map(str::to_owned),
        };
        let updated = match members.get("lastUpdated") {
            None => None,
            Some(value) => Some(instant(value, &format!("{field}lastUpdated"))?),
        };
        let policy = match kind {
            Kind::Rule | Kind::RoutingRule => {
                link(members, "self").and_then(policy_in).or_else(|| place.policy.clone())
            }
            _ => None,
        };
        Ok(Self { kind, members, id: id.filter(|id| text::is_id(id)), updated, policy })
    }

    pub(super) fn text(&self, name: &str) -> Option<&'v str> {
        self.members.get(name).and_then(Value::as_str)
    }

    /// What it is called, without secrets: names are shown in the clear.
    pub(super) fn name(&self) -> Option<String> {
        let name = match self.kind {
            Kind::App => self.text("label").or_else(|| self.text("name")),
            _ => self.text("name"),
        };
        let name = name.map(redact::clear_text);
        name.filter(|name| !name.is_empty() && name.len() <= text::MAX_ID_BYTES)
    }

    /// What facts need of it.
    pub(super) fn body(&self, settings: &SourceSettings) -> Body {
        let Some(id) = &self.id else { return Body::Unread };
        let body = match self.kind {
            Kind::Idp => idp::read(self, id, settings),
            Kind::Policy => policy::read(self),
            Kind::Rule | Kind::RoutingRule => {
                Some(Body::Rule { policy: self.policy.clone(), content: rule::read(self, id) })
            }
            Kind::Authenticator => authenticator::read(self),
            Kind::AuthenticatorMethod => authenticator::read_method(self, id),
            Kind::Feature => feature::read(self),
            Kind::Org => feature::read_org(self),
            Kind::App => {
                Some(Body::App { policy: link(self.members, "accessPolicy").and_then(policy_in) })
            }
            // Nothing says whose key it is: the IdPs name their keys.
            Kind::IdpKey => Some(Body::Nothing),
            Kind::LogStream | Kind::Other => None,
        };
        body.unwrap_or(Body::Unread)
    }
}

/// The address of a link.
pub(super) fn link<'v>(members: &'v Map<String, Value>, name: &str) -> Option<&'v str> {
    members.get("_links")?.get(name)?.get("href")?.as_str()
}

/// Reads a time of the value.
pub(super) fn instant(value: &Value, field: &str) -> Result<Time, Refusal> {
    let expected = "an RFC 3339 date-time with an offset, such as 2026-03-10T10:00:00.000Z";
    let refused =
        |message: String| Refusal::field(RefusalCode::InvalidField, field, expected, message);
    let text = value.as_str().ok_or_else(|| refused("the value is no string".to_owned()))?;
    Time::parse(text).map_err(|error| refused(format!("`{}` is {error}", text::shown(text))))
}

/// What is certainly no configuration is refused: kept as an unread object it would hide a mistake.
fn no_configuration(members: &Map<String, Value>) -> Result<(), Refusal> {
    let refused = |field: &str, message: String| {
        let expected = "an object of Okta's configuration, such as an IdP or a policy";
        Err(Refusal::field(RefusalCode::Malformed, field, expected, message))
    };
    if let Some(code) = members.get("errorCode").and_then(Value::as_str) {
        let summary = members.get("errorSummary").and_then(Value::as_str).unwrap_or_default();
        let message = format!(
            "this is an error of Okta's API, not an object: {} {}",
            text::shown(code),
            text::shown(summary)
        );
        return refused("errorCode", message);
    }
    if members.contains_key("eventType") && members.contains_key("published") {
        let message = "this is an event of the System Log: ingest it as okta-system-log";
        return refused("eventType", message.to_owned());
    }
    Ok(())
}
