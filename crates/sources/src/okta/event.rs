//! Looking things up in an event: fields may be absent, of another type, or hold words for
//! "nothing". Targets are found by type, never by place.

use crate::{
    json::{Json, Object},
    text,
};
use std::collections::BTreeMap;

/// By which name a record's correlation holds the root session.
pub(super) const ROOT_SESSION: &str = "root_session";

/// An event in the spelling of the API.
#[derive(Clone, Copy)]
pub(super) struct Event<'e> {
    members: &'e Object<'e>,
}

/// Something that an event is about.
#[derive(Clone, Copy)]
pub(super) struct Target<'e>(pub(super) &'e Object<'e>);

impl<'e> Event<'e> {
    pub(super) const fn new(members: &'e Object<'e>) -> Self {
        Self { members }
    }

    /// The value at a path of objects.
    pub(super) fn value(self, path: &[&str]) -> Option<&'e Json<'e>> {
        let (first, rest) = path.split_first()?;
        rest.iter().try_fold(self.members.get(first)?, |value, key| value.get(key))
    }

    /// The text at a path, unless it is a word for nothing.
    pub(super) fn text(self, path: &[&str]) -> Option<&'e str> {
        something(self.value(path)?)
    }

    /// The value of a `debugData` field: free, and no contract.
    pub(super) fn debug(self, field: &str) -> Option<&'e Json<'e>> {
        self.value(&["debugContext", "debugData", field])
    }

    /// The text of a `debugData` field.
    pub(super) fn debug_text(self, field: &str) -> Option<&'e str> {
        something(self.debug(field)?)
    }

    /// The outcome: `SUCCESS`, `ALLOW`, …
    pub(super) fn result(self) -> Option<&'e str> {
        self.text(&["outcome", "result"])
    }

    /// The actor, where it is one of this type.
    pub(super) fn actor(self, kind: &str) -> Option<Target<'e>> {
        self.members
            .get("actor")
            .and_then(Json::as_object)
            .map(Target)
            .filter(|actor| actor.is(kind))
    }

    /// The id of the actor, unless it is a login or an address.
    pub(super) fn actor_id(self) -> Option<&'e str> {
        id(self.members.get("actor")?.get("id")?).filter(|id| is_opaque(id))
    }

    /// The API token of the request.
    pub(super) fn api_token(self) -> Option<&'e str> {
        self.value(&["transaction", "detail", "requestApiTokenId"]).and_then(id)
    }

    /// The targets, in their order.
    pub(super) fn all_targets(self) -> impl Iterator<Item = Target<'e>> + Clone {
        let targets = self.members.get("target").and_then(Json::as_list).into_iter().flatten();
        targets.filter_map(Json::as_object).map(Target)
    }

    /// The targets of a type, in their order.
    pub(super) fn targets(self, kind: &str) -> impl Iterator<Item = Target<'e>> {
        self.all_targets().filter(move |target| target.is(kind))
    }

    /// The first target of a type.
    pub(super) fn target(self, kind: &str) -> Option<Target<'e>> {
        self.targets(kind).next()
    }

    /// The session that the event names: the one that it says was ended, else the external one,
    /// else the root. Never a pseudo-session of one transaction (`trs…`).
    pub(super) fn session(self, kind: &str) -> Option<&'e str> {
        // An administrator's own: what the event says is not about that one.
        if kind == "user.session.clear" {
            return None;
        }
        let ended = if kind == "user.session.end" { self.debug("endedSessionId") } else { None };
        [ended, self.authentication("externalSessionId"), self.authentication("rootSessionId")]
            .into_iter()
            .flatten()
            .find_map(session_id)
    }

    /// What joins the session with others of one Classic sign-in: the transaction that began it,
    /// which every event of it names (`domain` 2.2). The ids of Identity Engine (`idx…`) are one
    /// throughout, and need no joining.
    pub(super) fn requests(self, kind: &str, session: &str) -> Vec<&'e str> {
        if session.starts_with("idx") {
            return Vec::new();
        }
        let transaction = || self.value(&["transaction", "id"]).and_then(id);
        let begins = matches!(
            kind,
            "user.session.start" | "policy.evaluate_sign_on" | "user.authentication.auth_via_IDP"
        );
        let mut requests: Vec<&str> =
            self.debug("authnRequestId").and_then(id).into_iter().collect();
        requests.extend(transaction().filter(|own| begins && !requests.contains(own)));
        requests.retain(|request| *request != session);
        requests
    }

    fn authentication(self, field: &str) -> Option<&'e Json<'e>> {
        self.value(&["authenticationContext", field])
    }

    /// Ids that join the events of one sign-in inside this log.
    pub(super) fn correlation(self) -> BTreeMap<String, String> {
        let ids = [
            ("api_token", self.api_token()),
            ("transaction", self.value(&["transaction", "id"]).and_then(id)),
            ("authn_request", self.debug("authnRequestId").and_then(id)),
            ("request", self.debug("requestId").and_then(id)),
            (ROOT_SESSION, self.authentication("rootSessionId").and_then(session_id)),
            ("external_session", self.authentication("externalSessionId").and_then(session_id)),
        ];
        ids.into_iter().filter_map(|(name, id)| Some((name.to_owned(), id?.to_owned()))).collect()
    }
}

impl<'e> Target<'e> {
    fn is(self, kind: &str) -> bool {
        self.0.get("type").and_then(Json::as_str) == Some(kind)
    }

    /// Its id, if it can be stored in the clear.
    pub(super) fn id(self) -> Option<&'e str> {
        id(self.0.get("id")?)
    }

    /// A text field of it.
    pub(super) fn text(self, field: &str) -> Option<&'e str> {
        something(self.0.get(field)?)
    }

    /// A field of its `detailEntry`.
    pub(super) fn detail(self, field: &str) -> Option<&'e Json<'e>> {
        self.0.get("detailEntry")?.get(field)
    }

    /// A text field of its `detailEntry`.
    pub(super) fn detail_text(self, field: &str) -> Option<&'e str> {
        something(self.detail(field)?)
    }
}

/// The text of a value, unless it is a word for nothing.
pub(super) fn something<'e>(value: &'e Json<'e>) -> Option<&'e str> {
    value.as_str().filter(|text| {
        !["", "null", "none", "unknown"].iter().any(|word| word.eq_ignore_ascii_case(text))
    })
}

/// A value as an id that can be stored in the clear.
pub(super) fn id<'e>(value: &'e Json<'e>) -> Option<&'e str> {
    something(value).filter(|text| text::is_id(text))
}

/// Whether an id identifies no person by itself: it is no login and no address.
pub(super) fn is_opaque(id: &str) -> bool {
    !id.contains('@') && id.parse::<std::net::IpAddr>().is_err()
}

/// A value as the id of a session.
pub(super) fn session_id<'e>(value: &'e Json<'e>) -> Option<&'e str> {
    id(value).filter(|id| !id.starts_with("trs"))
}

/// A truth value, which may be written as text.
pub(super) fn is_true(value: Option<&Json<'_>>) -> bool {
    match value {
        Some(Json::Bool(value)) => *value,
        Some(Json::Text(text)) => text.eq_ignore_ascii_case("true"),
        _ => false,
    }
}

/// A text that begins or ends as a list and is none, or a list with other values than texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotAList;

/// A list, which may be written as text: `[a, b]`, `["a","b"]` or `a,b`. An empty list is a
/// statement too; an empty text and a word for nothing are none.
pub(super) fn list<'e>(value: &'e Json<'e>) -> Result<Option<Vec<&'e str>>, NotAList> {
    match value {
        Json::List(items) => items
            .iter()
            .map(|item| item.as_str().ok_or(NotAList))
            .collect::<Result<_, _>>()
            .map(Some),
        Json::Text(text) => {
            let text = text.trim();
            let inner = text.strip_prefix('[').and_then(|t| t.strip_suffix(']'));
            if inner.is_none() && (text.starts_with('[') || text.ends_with(']')) {
                return Err(NotAList);
            }
            if inner.is_none() && something(value).is_none() {
                return Ok(None);
            }
            let items = inner
                .unwrap_or(text)
                .split(',')
                .map(|item| item.trim().trim_matches('"'))
                .filter(|item| !item.is_empty());
            Ok(Some(items.collect()))
        }
        _ => Ok(None),
    }
}
