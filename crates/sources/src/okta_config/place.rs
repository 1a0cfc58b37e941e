//! The path of the API that a value came from: which list it is, and whose.

use super::look::{Body, Seen};
use claimledger_facts::ids::PolicyId;
use serde_json::{Map, Value};

/// How many objects a page of a list has where the call does not say it.
const DEFAULT_PAGE: usize = 20;
/// Parameters that leave a list whole.
const WHOLE: &[&str] = &["expand", "limit", "type"];

/// A path, in parts.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    /// After `/api/v1/`.
    segments: Vec<String>,
    parameters: Vec<(String, String)>,
    /// The policy in the path of its rules.
    pub(super) policy: Option<PolicyId>,
}

impl Place {
    pub(super) fn of(path: &str) -> Self {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let inside = path.split_once("/api/v1/").map_or(path, |(_, inside)| inside);
        let segments = inside.split('/').filter(|s| !s.is_empty()).map(str::to_owned).collect();
        let parameters = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Self { segments, parameters, policy: policy_in(path) }
    }

    /// The authenticator of an object that is one of its methods.
    pub(super) fn method_of(&self, members: &Map<String, Value>) -> Option<String> {
        let own = super::shape::link(members, "self").map(Self::of);
        [own.as_ref(), Some(self)].into_iter().flatten().find_map(|place| match place.parts()[..] {
            ["authenticators", id, "methods"] | ["authenticators", id, "methods", _] => {
                Some(id.to_owned())
            }
            _ => None,
        })
    }

    /// Whether a list of `count` objects is all that the path lists. A list as long as a page may
    /// go on, and one that was searched or filtered leaves objects out.
    pub(super) fn is_whole(&self, count: usize) -> bool {
        let parameter = |name: &str| self.parameters.iter().find(|(known, _)| known == name);
        let page = parameter("limit").map_or(Some(DEFAULT_PAGE), |(_, limit)| limit.parse().ok());
        self.parameters.iter().all(|(name, _)| WHOLE.contains(&name.as_str()))
            && (parameter("type").is_none() || self.parts() == ["policies"])
            && page.is_some_and(|page| page != count)
    }

    /// Whether a whole list of this path holds the object.
    pub(super) fn lists(&self, key: &str, seen: &Seen) -> bool {
        let kind = key.split(':').next().unwrap_or_default();
        match self.parts()[..] {
            ["idps"] => kind == "idp",
            ["idps", "credentials", "keys"] => kind == "idp_key",
            ["authenticators"] => kind == "authenticator",
            ["authenticators", id, "methods"] => {
                matches!(&seen.body, Body::Method { authenticator, .. } if authenticator == id)
            }
            ["features"] => kind == "feature",
            ["apps"] => kind == "app",
            ["logStreams"] => kind == "log_stream",
            ["policies"] => {
                let of = self.parameters.iter().find(|(name, _)| name == "type");
                of.is_some_and(
                    |(_, of)| matches!(&seen.body, Body::Policy { kind, .. } if kind == of),
                )
            }
            ["policies", _, "rules"] => {
                matches!(&seen.body, Body::Rule { policy, .. } if *policy == self.policy)
            }
            _ => false,
        }
    }

    /// Whether facts state what it lists together.
    pub(super) fn lists_parts(&self) -> bool {
        matches!(self.parts()[..], ["policies" | "authenticators" | "features", ..])
    }

    /// The address of the list, without what leaves it whole.
    pub(super) fn address(&self) -> Option<String> {
        let of = self.parameters.iter().find(|(name, _)| name == "type");
        let of = of.map(|(_, of)| format!("?type={of}")).unwrap_or_default();
        (!self.segments.is_empty()).then(|| format!("/api/v1/{}{of}", self.segments.join("/")))
    }

    fn parts(&self) -> Vec<&str> {
        self.segments.iter().map(String::as_str).collect()
    }
}

/// The policy in an address of it, or of its rules. Templates of the documentation name none.
pub(super) fn policy_in(address: &str) -> Option<PolicyId> {
    let (_, rest) = address.split_once("/policies/")?;
    let id = rest.split(['/', '?']).next()?;
    (!id.is_empty() && !id.contains('{') && crate::text::is_id(id)).then(|| PolicyId::from(id))
}
