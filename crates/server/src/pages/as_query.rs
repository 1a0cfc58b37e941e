//! A page as the query that gives its answer: the same cut, the same filter, ready to be asked.

use super::{
    address::Address,
    error_page::PageError,
    parameters::{CutAsked, Parameters},
    rehearse_form,
    sessions::FIELDS,
};
use crate::{
    cut_names::{AFTER, AT, KNOWN_AT, KNOWN_AT_POSITION},
    known_at::KnownAt,
};
use serde_json::{Map, Value, json};

const SESSION: &str = "query ($id: ID!, $asking: Asking) {
  session(id: $id, asking: $asking) {
    session {
      id subject state certainty missing startedAt endedAt endReason
      factors { method type grade from until endReason void byRecord byRules certainty }
      ignored { method reasons receivedAt }
      decisions { at app outcome implied firstUnmet differs { code words } }
    }
    answered { at position rules provisional }
    completeness { source heardUntil }
  }
}";

const SESSIONS: &str =
    "query ($filter: SessionFilter, $asking: Asking, $first: Int, $after: String) {
  sessions(filter: $filter, asking: $asking, first: $first, after: $after) {
    edges { certainty node { id subject state startedAt factors { method grade } } }
    pageInfo { hasNextPage endCursor }
    answered { at position rules provisional }
    completeness { source heardUntil }
  }
}";

const DECISION: &str = "query ($session: ID!, $decision: ID, $asking: Asking) {
  why(session: $session, decision: $decision, asking: $asking) {
    text
    answered { at position rules provisional }
    completeness { source heardUntil }
  }
  decisions(filter: {session: $session}, first: 50, asking: $asking) {
    edges { node {
      record { position } app at outcome implied firstUnmet differs { code words }
      atK { implied firstUnmet } falsifiedLater { code words } reliedOn { amr type until endReason }
    } }
  }
}";

const WHY: &str = "query ($session: ID!, $factor: String, $asking: Asking) {
  why(session: $session, factor: $factor, asking: $asking) {
    text
    answered { at position rules provisional }
    completeness { source heardUntil }
  }
}";

const SOURCES: &str = "query ($asking: Asking) {
  completeness(asking: $asking) {
    items { source heardUntil basis gaps { from until backfilled cause position } }
    answered { at position rules provisional }
  }
}";

const TRUST: &str = "query ($idp: ID, $asking: Asking) {
  trust(idp: $idp, asking: $asking) {
    versions { idp label gist actor ticket record { position } }
    keys { idp key valid added { record { position } } retired { record { position } } }
    retractions { idp key from actor ticket record { position } }
    answered { at position rules provisional }
    completeness { source heardUntil }
  }
}";

const POLICIES: &str = "query ($policy: ID, $asking: Asking) {
  policies(policy: $policy, asking: $asking) {
    versions { policy label gist actor ticket record { position } }
    answered { at position rules provisional }
    completeness { source heardUntil }
  }
}";

const DEPENDANTS: &str = "query ($actor: String, $record: ID, $asking: Asking) {
  dependants(actor: $actor, record: $record, asking: $asking) {
    items {
      kind idp key policy version at recordedAt actor ticket record { position }
      sessions { session subject state startedAt factors certainty records { position } }
      decisions { session app at outcome certainty record { position } }
    }
    answered { at position rules provisional }
    completeness { source heardUntil }
  }
}";

const CHAIN: &str = "query ($id: ID!, $asking: Asking) {
  chain(id: $id, asking: $asking) {
    id kinds apps
    items {
      appSessions { app id reason } session { id reason } aliases
      idp { id reason } idpSession { id reason } rootSession { id reason } siblings rootSiblings
    }
    answered { at position rules provisional }
    completeness { source heardUntil }
  }
}";

const FIRST_SEEN: &str =
    "query ($kind: FirstSeenKind!, $from: DateTime, $to: DateTime, $asking: Asking) {
  firstSeen(kind: $kind, from: $from, to: $to, asking: $asking) {
    items { issuer key amr at session honored reasons certainty record { position } }
    comparedWith { from to since values windowFrom windowTo }
    answered { at position rules provisional }
    completeness { source heardUntil }
  }
}";

const TIMELINE: &str = "query ($session: ID!, $order: ClockOrder, $asking: Asking) {
  timeline(session: $session, order: $order, asking: $asking, first: 100) {
    edges { node {
      record { position source } category words occurredAt recordedAt effectiveFrom late certainty
    } }
    pageInfo { hasNextPage endCursor }
    answered { at position rules provisional }
    completeness { source heardUntil }
  }
}";

const REHEARSE: &str =
    "query ($change: TrustChange!, $from: DateTime!, $to: DateTime!, $asking: Asking) {
  rehearse(change: $change, from: $from, to: $to, asking: $asking) {
    flips { decision { record { position } session app outcome } before after firstUnmet words }
    falls { decision { record { position } session app outcome } certainty before after words }
    live { session subject certainty factors }
    lockedOut { session subject app implied }
    warnings { policy version rule sentence }
    sessionsSeen
    answered { at position rules provisional }
    completeness { source heardUntil }
  }
}";

const GUARD: &str =
    "query ($change: GuardedChange!, $from: DateTime, $to: DateTime, $asking: Asking) {
  guard(change: $change, from: $from, to: $to, asking: $asking) {
    verdict condition missing text from to notRehearsed
    trusted { idp certainty }
    rehearsal { lockedOut { session subject app implied } warnings { policy version sentence } }
    answered { at position rules provisional }
    completeness { source heardUntil }
  }
}";

const ACCESSES: &str =
    "query ($subject: ID, $session: ID, $from: DateTime, $to: DateTime, $after: Position) {
  accesses(subject: $subject, session: $session, from: $from, to: $to, first: 50, after: $after) {
    items {
      position at credential roles surface questions { question at knownAt } sessions subjects
      records { first last } wholeLog names refused purpose case request
    }
    next ownOnly size
  }
}";

/// Where the query of a page stands, ready to be asked: `page` is one of [`PAGES`], and `here` the
/// page, pinned.
pub(crate) fn link(page: &'static str, here: &Address) -> String {
    here.fields()
        .iter()
        .fold(Address::new("/query").with("page", page), |address, (name, value)| {
            address.with(name, value.as_str())
        })
        .href()
}

/// The pages that are a query.
const PAGES: [&str; 13] = [
    "session",
    "sessions",
    "decision",
    "why",
    "sources",
    "trust",
    "policy",
    "blast",
    "chain",
    "first-seen",
    "timeline",
    "rehearse",
    "access",
];

/// Parameters of a page as variables of its query, each as it is written.
fn given(parameters: &Parameters, names: &[(&str, &str)]) -> Map<String, Value> {
    let value = |(from, to): &(&str, &str)| Some(((*to).to_owned(), json!(parameters.get(from)?)));
    names.iter().filter_map(value).collect()
}

/// The same; what the address does not say is empty.
fn needed(parameters: &Parameters, names: &[(&str, &str)]) -> Map<String, Value> {
    let value = |(from, to): &(&str, &str)| {
        ((*to).to_owned(), json!(parameters.get(from).unwrap_or_default()))
    };
    names.iter().map(value).collect()
}

/// What rested on something: a list of sessions, or what depends on changes.
fn blast(parameters: &Parameters) -> (&'static str, Map<String, Value>) {
    match parameters.get("kind") {
        Some("key" | "idp") => {
            let mut filter =
                given(parameters, &[("idp", "idp"), ("key", "key"), ("from", "reliedFrom")]);
            // As the page: what its retraction would reach.
            if filter.contains_key("idp") && filter.contains_key("key") {
                filter.insert("supposesKey".to_owned(), json!(true));
            }
            let pairs = [("filter".to_owned(), filter.into()), ("first".to_owned(), json!(100))];
            (SESSIONS, pairs.into_iter().collect())
        }
        _ => (DEPENDANTS, given(parameters, &[("actor", "actor"), ("pos", "record")])),
    }
}

/// A change of `/rehearse` as the query that supposes it, and the variable that says which.
///
/// # Errors
/// If there is no such change.
fn rehearsed(parameters: &Parameters) -> Result<(&'static str, Map<String, Value>), PageError> {
    let change = parameters.get("change").unwrap_or_default();
    let (query, kind) = match change {
        "deactivate" => (GUARD, "DEACTIVATE"),
        "delete" => (GUARD, "DELETE"),
        "untrust" => (GUARD, "UNTRUST"),
        "feature_off" => (GUARD, "FEATURE_OFF"),
        "trust" => (REHEARSE, "TRUST_ON"),
        "feature_on" => (REHEARSE, "FEATURE_ON"),
        "policy" => (REHEARSE, "POLICY"),
        "retract" | "retract_key" => (REHEARSE, "RETRACTION"),
        other => return Err(rehearse_form::unknown_change(other)),
    };
    let mut of_it = given(parameters, &[("idp", "idp"), ("key", "key"), ("policy", "policy")]);
    if kind == "RETRACTION" {
        of_it.extend(given(parameters, &[("from", "from")]));
    }
    let feature = parameters.get("feature").map(|feature| match feature {
        "third_party" => "THIRD_PARTY_CLAIMS_SHARING",
        _ => "CLAIMS_SHARING",
    });
    of_it.extend(feature.map(|feature| ("feature".to_owned(), json!(feature))));
    of_it.insert("kind".to_owned(), json!(kind));
    let mut variables = given(parameters, &[("from", "from"), ("to", "to")]);
    variables.insert("change".to_owned(), of_it.into());
    Ok((query, variables))
}

/// The list of sessions, with its filter and its size.
fn sessions(parameters: &Parameters) -> Result<Map<String, Value>, PageError> {
    let mut filter = Map::new();
    for (name, _) in FIELDS {
        let value = match name {
            "supposesKey" | "ended" | "differs" | "retracted" | "outlived" | "falsifiedLater" => {
                parameters.flag(name)?.map(Value::Bool)
            }
            _ => parameters.get(name).map(|text| json!(text)),
        };
        filter.extend(value.map(|value| (name.to_owned(), value)));
    }
    let first = json!(parameters.number("first")?.unwrap_or(50));
    Ok([("filter".to_owned(), filter.into()), ("first".to_owned(), first)].into_iter().collect())
}

/// The query of a page that shows an answer at a cut, and its variables without T and K.
fn at_cut(
    page: &str,
    parameters: &Parameters,
) -> Result<(&'static str, Map<String, Value>), PageError> {
    let word = |name: &str, default: &str| {
        let word = parameters.get(name).unwrap_or(default).to_uppercase();
        (name.to_owned(), json!(word))
    };
    Ok(match page {
        "session" => (SESSION, needed(parameters, &[("id", "id")])),
        "decision" => (DECISION, needed(parameters, &[("id", "session"), ("pos", "decision")])),
        "why" => (WHY, needed(parameters, &[("session", "session"), ("factor", "factor")])),
        "sessions" => (SESSIONS, sessions(parameters)?),
        "sources" => (SOURCES, Map::new()),
        "trust" => (TRUST, given(parameters, &[("idp", "idp")])),
        "policy" => (POLICIES, given(parameters, &[("policy", "policy")])),
        "blast" => blast(parameters),
        "chain" => (CHAIN, given(parameters, &[("id", "id")])),
        "first-seen" => {
            let mut variables = given(parameters, &[("from", "from"), ("to", "to")]);
            variables.extend([word("kind", "key")]);
            (FIRST_SEEN, variables)
        }
        "timeline" => {
            let mut variables = given(parameters, &[("session", "session")]);
            variables.extend([word("order", "occurred")]);
            (TIMELINE, variables)
        }
        "rehearse" => rehearsed(parameters)?,
        other => {
            let pages = PAGES.join(", ");
            return Err(PageError::refused(format!("unknown page {other}: use one of {pages}.")));
        }
    })
}

/// T and K as a query has them.
fn asking(cut: &CutAsked) -> Map<String, Value> {
    let at = cut.at.map(|at| (AT.to_owned(), json!(at.to_string())));
    let known = cut.known.map(|known| match known {
        KnownAt::Position(position) => (KNOWN_AT_POSITION.to_owned(), json!(position.0)),
        KnownAt::Time(time) => (KNOWN_AT.to_owned(), json!(time.to_string())),
    });
    at.into_iter().chain(known).collect()
}

/// The query and its variables, if the address asks for those of a page.
///
/// # Errors
/// If its parameters cannot be read.
pub(crate) fn read(parameters: &Parameters) -> Result<Option<(&'static str, String)>, PageError> {
    let (query, variables) = match parameters.get("page") {
        None => return Ok(None),
        // The access log has no T and K.
        Some("access") => {
            let names = ["subject", "session", "from", "to"].map(|name| (name, name));
            let mut variables = given(parameters, &names);
            variables.extend(parameters.number(AFTER)?.map(|n| (AFTER.to_owned(), json!(n))));
            (ACCESSES, variables)
        }
        Some(page) => {
            let (query, mut variables) = at_cut(page, parameters)?;
            variables.insert("asking".to_owned(), asking(&parameters.cut()?).into());
            (query, variables)
        }
    };
    Ok(Some((query, serde_json::to_string_pretty(&variables).unwrap_or_default())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Option<(&'static str, Value)> {
        let parameters =
            Parameters::read(&format!("/query?{query}").parse().unwrap()).ok().unwrap();
        let (query, variables) = super::read(&parameters).ok()??;
        Some((query, serde_json::from_str(&variables).unwrap()))
    }

    #[test]
    fn the_cut_and_the_filter_go_along() {
        let here = Address::new("/sessions")
            .with("key", "X&1")
            .with("ended", "true")
            .with("at", "2026-03-10T23:00:00Z")
            .with("knownAtPosition", "82");
        let link = link("sessions", &here);
        let (query, variables) = read(link.split_once('?').unwrap().1).unwrap();
        assert_eq!(query, SESSIONS);
        assert_eq!(variables["filter"], json!({"key": "X&1", "ended": true}));
        assert_eq!(
            variables["asking"],
            json!({"at": "2026-03-10T23:00:00Z", "knownAtPosition": 82})
        );
        let (query, variables) = read("page=session&id=S2&knownAt=2026-03-10T10:00:00Z").unwrap();
        assert_eq!((query, &variables["id"]), (SESSION, &json!("S2")));
        assert_eq!(variables["asking"], json!({"knownAt": "2026-03-10T10:00:00Z"}));
        let (query, variables) = read(&format!(
            "page=decision&pos=30&at=2026-03-10T23:00:00Z&knownAtPosition=82&rules={}&id=S2",
            claimledger_domain::RULES
        ))
        .unwrap();
        assert_eq!(
            (query, &variables["session"], &variables["decision"]),
            (DECISION, &json!("S2"), &json!("30"))
        );
        let (query, variables) = read("page=why&session=S2&factor=hwk&knownAtPosition=82").unwrap();
        assert_eq!(
            (query, &variables["session"], &variables["factor"]),
            (WHY, &json!("S2"), &json!("hwk"))
        );
        assert!(read("").is_none());
        assert!(read("page=other").is_none());
        assert!(read("page=rehearse&change=other").is_none());
        assert!(read("page=rehearse&change=retract&idp=idp-x").is_some());
    }
}
