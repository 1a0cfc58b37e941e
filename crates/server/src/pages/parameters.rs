//! What an address says, read strictly: a time without offset or a number that is none is refused
//! with the reason.

use super::{address::Address, error_page::PageError};
use crate::known_at::KnownAt;
use axum::http::Uri;
use claimledger_app::model::{answer::Answered, question::Asking};
use claimledger_domain::RULES;
use claimledger_facts::{
    ids::{LogPosition, SessionId},
    time::Time,
};
use std::collections::BTreeMap;

/// The parameters of an address, each once.
#[derive(Debug, Default)]
pub(crate) struct Parameters(BTreeMap<String, String>);

impl Parameters {
    /// Reads the query of an address.
    ///
    /// # Errors
    /// If the query cannot be read, or a parameter is given twice.
    pub(crate) fn read(uri: &Uri) -> Result<Self, PageError> {
        let axum::extract::Query(pairs): axum::extract::Query<Vec<(String, String)>> =
            axum::extract::Query::try_from_uri(uri)
                .map_err(|_| PageError::refused("The address has a query that cannot be read."))?;
        Self::of(pairs)
    }

    /// Of an address or a form.
    ///
    /// # Errors
    /// If a parameter is given twice.
    pub(crate) fn of(pairs: Vec<(String, String)>) -> Result<Self, PageError> {
        let mut map = BTreeMap::new();
        for (name, value) in pairs {
            if map.contains_key(&name) {
                return Err(PageError::refused(format!("The parameter {name} is given twice.")));
            }
            map.insert(name, value);
        }
        Ok(Self(map))
    }

    /// A parameter that is not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// A time with an offset.
    pub(crate) fn time(&self, name: &str) -> Result<Option<Time>, PageError> {
        let Some(text) = self.get(name) else { return Ok(None) };
        Time::parse(text)
            .map(Some)
            .map_err(|error| PageError::refused(format!("{name}: {text} is {error}.")))
    }

    /// A number.
    pub(crate) fn number(&self, name: &str) -> Result<Option<u64>, PageError> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let digits = text.strip_prefix('#').unwrap_or(text);
        digits
            .parse()
            .map(Some)
            .map_err(|_| PageError::refused(format!("{name}: {text} is not a whole number.")))
    }

    /// Yes or no.
    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, PageError> {
        match self.get(name) {
            None | Some("any") => Ok(None),
            Some("true" | "yes" | "1") => Ok(Some(true)),
            Some("false" | "no" | "0") => Ok(Some(false)),
            Some(other) => Err(PageError::refused(format!(
                "{name}: {other} is not a boolean; use true or false."
            ))),
        }
    }

    /// The session id of the address.
    pub(crate) fn session(&self) -> Option<SessionId> {
        self.get("id").map(SessionId::from)
    }

    /// T, K and R as asked.
    pub(crate) fn cut(&self) -> Result<CutAsked, PageError> {
        let at = self.time("at")?;
        let known = match (self.number("knownAtPosition")?, self.get("knownAt")) {
            (Some(position), _) => Some(KnownAt::Position(LogPosition(position))),
            (None, Some(text)) => Some(KnownAt::parse(text).ok_or_else(|| {
                PageError::refused(format!(
                    "knownAt: {text} is not valid; use a position such as #82, or \
                    an RFC 3339 date-time with an offset."
                ))
            })?),
            (None, None) => None,
        };
        let rules = self.get("rules").map(str::to_owned);
        // Before anything is asked: an answer by other rules than those named would be another
        // answer.
        match rules {
            Some(other) if other != RULES => Err(PageError::OtherRules(other)),
            rules => Ok(CutAsked { at, known, rules }),
        }
    }

    /// Whether the address is that of one answer: T, K and R are there, and K as pinned addresses
    /// spell it.
    pub(crate) fn is_pinned(&self, cut: &CutAsked) -> bool {
        let is_short = self.get("knownAt").is_some_and(|known| known.starts_with('#'));
        cut.at.is_some() && cut.known.is_some() && cut.rules.is_some() && !is_short
    }
}

/// T, K and R as an address asks for them.
#[derive(Clone, Debug)]
pub(crate) struct CutAsked {
    /// T.
    pub at: Option<Time>,
    /// K.
    pub known: Option<KnownAt>,
    /// R.
    pub rules: Option<String>,
}

impl CutAsked {
    /// As a question, that waits for `after` where one is named.
    pub(crate) fn asking(&self, after: Option<LogPosition>) -> Asking {
        let mut asking = Asking { at: self.at, after, ..Asking::default() };
        if let Some(known) = self.known {
            known.put(&mut asking);
        }
        asking
    }

    /// An address, pinned to what was answered.
    pub(crate) fn pin(&self, address: Address, answered: &Answered) -> Address {
        address.pinned(
            answered.at,
            self.known.unwrap_or(KnownAt::Position(answered.position)),
            answered.rules,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<Parameters, PageError> {
        Parameters::read(&format!("/sessions?{query}").parse().unwrap())
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        assert!(read("a=1&a=2").is_err());
        assert!(read("at=2026-03-10T10:00:00").unwrap().cut().is_err());
        assert!(read("knownAt=yesterday").unwrap().cut().is_err());
        assert!(read("ended=perhaps").unwrap().flag("ended").is_err());
        assert!(read("first=-1").unwrap().number("first").is_err());
    }

    #[test]
    fn a_position_may_stand_in_either_field() {
        let known = |query: &str| read(query).unwrap().cut().unwrap().known;
        assert_eq!(known("knownAt=%2382"), Some(KnownAt::Position(LogPosition(82))));
        assert_eq!(known("knownAtPosition=82"), Some(KnownAt::Position(LogPosition(82))));
        assert_eq!(
            known("knownAt=2026-03-10T10:00:00Z"),
            Some(KnownAt::Time(Time::parse("2026-03-10T10:00:00Z").unwrap()))
        );
        assert_eq!(known("knownAt="), None);
    }
}
