//! What an address says, read strictly: a time without offset or a number that is none is refused
//! with the reason.

use crate::cut_names;
use axum::http::Uri;
use claimledger_domain::RULES;
use claimledger_facts::time::Time;
use std::collections::BTreeMap;

/// Why parameters are refused: a sentence.
#[derive(Debug)]
pub(crate) struct Bad(pub(crate) String);

impl Bad {
    /// For this reason.
    pub(crate) fn of(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

/// The parameters of an address, each once.
#[derive(Debug, Default)]
pub(crate) struct Parameters(BTreeMap<String, String>);

impl Parameters {
    /// Reads the query of an address.
    ///
    /// # Errors
    /// If the query cannot be read, or a parameter is given twice.
    pub(crate) fn read(uri: &Uri) -> Result<Self, Bad> {
        let axum::extract::Query(pairs): axum::extract::Query<Vec<(String, String)>> =
            axum::extract::Query::try_from_uri(uri)
                .map_err(|_| Bad::of("The address has a query that cannot be read."))?;
        Self::of(pairs)
    }

    /// Of an address or a form.
    ///
    /// # Errors
    /// If a parameter is given twice.
    pub(crate) fn of(pairs: Vec<(String, String)>) -> Result<Self, Bad> {
        let mut map = BTreeMap::new();
        for (name, value) in pairs {
            if map.contains_key(&name) {
                return Err(Bad::of(format!("The parameter {name} is given twice.")));
            }
            map.insert(name, value);
        }
        Ok(Self(map))
    }

    /// A parameter that is not empty, with the spaces around it: they are part of an id.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A parameter that is no id, without spaces around it, where it is not empty then.
    pub(crate) fn trimmed(&self, name: &str) -> Option<&str> {
        self.get(name).map(str::trim).filter(|value| !value.is_empty())
    }

    /// A time with an offset.
    pub(crate) fn time(&self, name: &str) -> Result<Option<Time>, Bad> {
        let Some(text) = self.trimmed(name) else { return Ok(None) };
        Time::parse(text).map(Some).map_err(|error| Bad::of(format!("{name}: {text} is {error}.")))
    }

    /// A number.
    pub(crate) fn number(&self, name: &str) -> Result<Option<u64>, Bad> {
        let Some(text) = self.trimmed(name) else { return Ok(None) };
        let digits = text.strip_prefix('#').unwrap_or(text);
        digits
            .parse()
            .map(Some)
            .map_err(|_| Bad::of(format!("{name}: {text} is not a whole number.")))
    }

    /// Yes or no.
    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, Bad> {
        match self.trimmed(name) {
            None | Some("any") => Ok(None),
            Some("true" | "yes" | "1") => Ok(Some(true)),
            Some("false" | "no" | "0") => Ok(Some(false)),
            Some(other) => {
                Err(Bad::of(format!("{name}: {other} is not a boolean; use true or false.")))
            }
        }
    }

    /// Refuses an address that is pinned to other rules than those of this build.
    pub(crate) fn own_rules(&self) -> Result<(), Bad> {
        match self.get(cut_names::RULES).filter(|rules| *rules != RULES) {
            None => Ok(()),
            Some(rules) => {
                Err(Bad::of(format!("this build answers by rules {RULES}, not {rules}.")))
            }
        }
    }

    /// Refuses parameters that are not among the known ones: one that is misspelled would be a
    /// condition less.
    pub(crate) fn only(&self, known: &[&str]) -> Result<(), Bad> {
        match self.0.keys().find(|name| !known.contains(&name.as_str())) {
            None => Ok(()),
            Some(name) => Err(Bad::of(format!(
                "{name} is no parameter here; known are: {}.",
                known.join(", ")
            ))),
        }
    }
}

/// The parameters of questions, of addresses and of GraphQL, that name no person: the access log
/// keeps them in the clear. Ids that people type may be logins, and are not among them.
const RECORDED: &[&str] = &[
    "active",
    "activeAt",
    "actor",
    "app",
    "as",
    cut_names::AT,
    "bar",
    "certainty",
    "change",
    "clock",
    "differs",
    "factor",
    "factorType",
    "feature",
    "first",
    "from",
    "idp",
    "implied",
    "key",
    "kind",
    cut_names::KNOWN_AT,
    cut_names::KNOWN_AT_POSITION,
    "labels",
    "limit",
    "list",
    "method",
    "names",
    "of",
    "open",
    "order",
    "outcome",
    "part",
    "policy",
    "position",
    "pos",
    "property",
    "rows",
    "rule",
    cut_names::RULES,
    "sample",
    "seed",
    "source",
    "state",
    "subject",
    "to",
    "type",
    "version",
];
/// Maximum characters of a recorded value.
const MAX_RECORDED: usize = 100;

/// Those of these parameters that the access log keeps. A value with other characters than those of
/// ids and times is none of them.
pub(crate) fn recorded(pairs: Vec<(String, String)>) -> Vec<(String, String)> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.:/#+,=".contains(c);
    let mut pairs = pairs;
    pairs.retain(|(name, value)| {
        RECORDED.contains(&name.as_str())
            && !value.is_empty()
            && value.len() <= MAX_RECORDED
            && value.chars().all(is_plain)
    });
    pairs
}

/// Percent-encodes a value. Colons stay, so that times can be read in the address bar.
pub(crate) fn encode(value: &str, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' => {
                out.push(char::from(byte))
            }
            _ => {
                out.push('%');
                out.push(char::from(HEX[usize::from(byte >> 4)]));
                out.push(char::from(HEX[usize::from(byte & 15)]));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_refused() {
        let read = |query: &str| Parameters::read(&format!("/x?{query}").parse().unwrap());
        assert!(read("a=1&a=2").is_err());
        assert!(read("ended=perhaps").unwrap().flag("ended").is_err());
        assert!(read("first=-1").unwrap().number("first").is_err());
    }

    #[test]
    fn spaces_belong_to_ids_and_to_nothing_else() {
        let uri = "/x?key=K%20&at=%202026-03-10T10:00:00Z%20&n=%20%237&yes=true%20&no=".parse();
        let parameters = Parameters::read(&uri.unwrap()).ok().unwrap();
        assert_eq!(parameters.get("key"), Some("K "));
        assert_eq!(parameters.trimmed("key"), Some("K"));
        let at = parameters.time("at").ok().unwrap();
        assert_eq!(at, Time::parse("2026-03-10T10:00:00Z").ok());
        assert_eq!(parameters.number("n").ok().unwrap(), Some(7));
        assert_eq!(parameters.flag("yes").ok().unwrap(), Some(true));
        assert_eq!(parameters.get("no"), None);
    }
}
