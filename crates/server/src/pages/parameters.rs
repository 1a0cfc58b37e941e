//! What the address of a page says of T, K and R.

use super::{address::Address, error_page::PageError};
use crate::parameters::Bad;
pub(crate) use crate::parameters::Parameters;
use crate::{
    cut_names::{self, AFTER, AT, KNOWN_AT, KNOWN_AT_POSITION},
    known_at::KnownAt,
};
use claimledger_app::model::{answer::Answered, question::Asking};
use claimledger_domain::RULES;
use claimledger_facts::{
    ids::{LogPosition, SessionId},
    time::Time,
};

impl Parameters {
    /// The session id of the address.
    pub(crate) fn session(&self) -> Option<SessionId> {
        self.get("id").map(SessionId::from)
    }

    /// The position to wait for.
    pub(crate) fn wait(&self) -> Result<Option<LogPosition>, Bad> {
        Ok(self.number(AFTER)?.map(LogPosition))
    }

    /// The position to wait for, or the cursor of a list to go on after: a cursor is never a
    /// number, and a position always is.
    pub(crate) fn after(&self) -> (Option<LogPosition>, Option<String>) {
        match self.get(AFTER) {
            None => (None, None),
            Some(after) => match after.strip_prefix('#').unwrap_or(after).parse() {
                Ok(position) => (Some(LogPosition(position)), None),
                Err(_) => (None, Some(after.to_owned())),
            },
        }
    }

    /// T, K and R as asked.
    pub(crate) fn cut(&self) -> Result<CutAsked, PageError> {
        let at = self.time(AT)?;
        let known = match (self.number(KNOWN_AT_POSITION)?, self.get(KNOWN_AT)) {
            (Some(position), _) => Some(KnownAt::Position(LogPosition(position))),
            (None, Some(text)) => Some(KnownAt::parse(text).ok_or_else(|| {
                PageError::refused(format!(
                    "knownAt: {text} is not valid; use a position such as #82, or \
                    an RFC 3339 date-time with an offset."
                ))
            })?),
            (None, None) => None,
        };
        let rules = self.get(cut_names::RULES);
        // Before anything is asked: an answer by other rules than those named would be another
        // answer.
        if let Some(other) = rules.filter(|rules| *rules != RULES) {
            return Err(PageError::OtherRules(other.to_owned()));
        }
        let is_short = self.get(KNOWN_AT).is_some_and(|known| known.starts_with('#'));
        let is_pinned = at.is_some() && known.is_some() && rules.is_some() && !is_short;
        Ok(CutAsked { at, known, is_pinned })
    }
}

/// T and K as an address asks for them; R is that of this build.
#[derive(Clone, Debug, Default)]
pub(crate) struct CutAsked {
    /// T.
    pub at: Option<Time>,
    /// K.
    pub known: Option<KnownAt>,
    /// Whether the address is that of one answer: T, K and R are there, and K as pinned addresses
    /// spell it.
    pub is_pinned: bool,
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
    use crate::parameters::Bad;

    fn read(query: &str) -> Result<Parameters, Bad> {
        Parameters::read(&format!("/sessions?{query}").parse().unwrap())
    }

    #[test]
    fn a_cut_that_cannot_be_read_is_refused() {
        assert!(read("at=2026-03-10T10:00:00").unwrap().cut().is_err());
        assert!(read("knownAt=yesterday").unwrap().cut().is_err());
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
