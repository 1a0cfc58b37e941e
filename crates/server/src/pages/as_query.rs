//! A page as the query that gives its answer: the same cut, the same filter, ready to be asked.

use super::{address::Address, error_page::PageError, parameters::Parameters, sessions::FIELDS};
use crate::known_at::KnownAt;
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

/// Where the query of a page stands, ready to be asked: `page` is `session`, `sessions`,
/// `decision`, `why` or `sources`, and `here` the page, pinned.
pub(crate) fn link(page: &'static str, here: &Address) -> String {
    here.fields()
        .iter()
        .fold(Address::new("/query").with("page", page), |address, (name, value)| {
            address.with(name, value.as_str())
        })
        .href()
}

/// The query and its variables, if the address asks for those of a page.
///
/// # Errors
/// If its parameters cannot be read.
pub(crate) fn read(parameters: &Parameters) -> Result<Option<(&'static str, String)>, PageError> {
    let mut variables = Map::new();
    let query = match parameters.get("page") {
        None => return Ok(None),
        Some("session") => {
            variables.insert("id".to_owned(), json!(parameters.get("id").unwrap_or_default()));
            SESSION
        }
        Some("decision") => {
            variables.insert("session".to_owned(), json!(parameters.get("id").unwrap_or_default()));
            variables
                .insert("decision".to_owned(), json!(parameters.get("pos").unwrap_or_default()));
            DECISION
        }
        Some("why") => {
            variables
                .insert("session".to_owned(), json!(parameters.get("session").unwrap_or_default()));
            variables
                .insert("factor".to_owned(), json!(parameters.get("factor").unwrap_or_default()));
            WHY
        }
        Some("sessions") => {
            let mut filter = Map::new();
            for (name, _) in FIELDS {
                let value = match name {
                    "ended" | "differs" => parameters.flag(name)?.map(Value::Bool),
                    _ => parameters.get(name).map(|text| json!(text)),
                };
                filter.extend(value.map(|value| (name.to_owned(), value)));
            }
            variables.insert("filter".to_owned(), filter.into());
            variables.insert("first".to_owned(), json!(parameters.number("first")?.unwrap_or(50)));
            SESSIONS
        }
        Some("sources") => SOURCES,
        Some(other) => {
            return Err(PageError::refused(format!(
                "unknown page {other}: use session, sessions, decision, why or sources."
            )));
        }
    };
    let cut = parameters.cut()?;
    let mut asking = Map::new();
    asking.extend(cut.at.map(|at| ("at".to_owned(), json!(at.to_string()))));
    asking.extend(cut.known.map(|known| match known {
        KnownAt::Position(position) => ("knownAtPosition".to_owned(), json!(position.0)),
        KnownAt::Time(time) => ("knownAt".to_owned(), json!(time.to_string())),
    }));
    variables.insert("asking".to_owned(), asking.into());
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
    }
}
