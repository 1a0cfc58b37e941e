//! What the access log needs to know of a request: how it came, why it was asked, and what it was
//! shown.
//!
//! A request carries its [`Request`] in [`crate::model::question::Caller`]. While it gathers, what
//! its questions disclose is kept and becomes one entry; a request whose answer is sent in parts
//! does not gather, and each part is an entry.

use crate::model::{
    query::{Disclosed, Query},
    question::Caller,
};
use claimledger_facts::{
    ids::{LogPosition, Pseudonym, SessionId},
    time::Time,
    types::access::{AskedQuestion, PositionRange},
    vocabulary::{Role, Surface},
};
use parking_lot::Mutex;
use std::{collections::BTreeMap, sync::Arc};

/// Maximum characters of a purpose.
pub const MAX_PURPOSE: usize = 200;
/// Maximum characters of the id of a case.
pub const MAX_CASE: usize = 100;
/// Maximum sessions, people, and ranges of records of one entry each; more are in another part.
const MAX_NAMED: usize = 500;
/// Maximum bytes of the session ids of one entry.
const MAX_ID_BYTES: usize = 64 * 1024;

/// Why records are read, in the words of the reader. Sealed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reason {
    /// The purpose.
    pub purpose: Option<String>,
    /// The id of the case.
    pub case: Option<String>,
}

impl Reason {
    /// A reason within its limits.
    ///
    /// # Errors
    /// What is wrong with it, as a sentence without its full stop.
    pub fn new(purpose: Option<&str>, case: Option<&str>) -> Result<Self, String> {
        Ok(Self {
            purpose: checked("purpose", purpose, MAX_PURPOSE)?,
            case: checked("case", case, MAX_CASE)?,
        })
    }
}

fn checked(name: &str, text: Option<&str>, max: usize) -> Result<Option<String>, String> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    if text.chars().count() > max {
        return Err(format!("the {name} has more than {max} characters"));
    }
    if text.chars().any(char::is_control) {
        return Err(format!("the {name} has a control character"));
    }
    Ok(Some(text.to_owned()))
}

/// One request to read, for the access log.
#[derive(Debug)]
pub struct Request {
    surface: Surface,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    reason: Reason,
    /// What was asked for, as far as it names no person.
    parameters: BTreeMap<String, String>,
    /// What was disclosed and is not written yet; none: what is disclosed is written at once.
    gathered: Option<Option<(Caller, Disclosed)>>,
    /// Its id and the number of entries written, once there is one.
    written: Option<(String, u32)>,
}

impl Request {
    /// A request whose answer is sent as a whole: all that it discloses is one entry, which
    /// [`crate::app::App::record_request`] writes.
    #[must_use]
    pub fn gathering(surface: Surface, reason: Reason) -> Arc<Self> {
        let state = State { reason, gathered: Some(None), ..State::default() };
        Arc::new(Self { surface, state: Mutex::new(state) })
    }

    /// A request whose answer is sent in parts: each is an entry.
    #[must_use]
    pub fn in_parts(surface: Surface, reason: Reason) -> Arc<Self> {
        let state = Mutex::new(State { reason, ..State::default() });
        Arc::new(Self { surface, state })
    }

    /// A request of its own for the same reason, which gathers.
    #[must_use]
    pub fn beside(&self) -> Arc<Self> {
        Self::gathering(self.surface, self.reason())
    }

    /// Why it was asked.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.state.lock().reason.clone()
    }

    /// States why it was asked, as far as it does not say so itself.
    pub fn state_reason(&self, reason: Reason) {
        let own = &mut self.state.lock().reason;
        own.purpose = own.purpose.take().or(reason.purpose);
        own.case = own.case.take().or(reason.case);
    }

    pub(crate) const fn surface(&self) -> Surface {
        self.surface
    }

    /// States what is asked for. Only what names no person may be given.
    pub fn state_parameters(&self, parameters: impl IntoIterator<Item = (String, String)>) {
        self.state.lock().parameters.extend(parameters);
    }

    pub(crate) fn parameters(&self) -> BTreeMap<String, String> {
        self.state.lock().parameters.clone()
    }

    /// Keeps what was disclosed, or gives it back where it is to be written at once.
    pub(crate) fn gather(&self, caller: &Caller, disclosed: Disclosed) -> Option<Disclosed> {
        match &mut self.state.lock().gathered {
            Some(Some((_, gathered))) => {
                gathered.merge(disclosed);
                None
            }
            Some(gathered) => {
                let caller = Caller { request: Requested::default(), ..caller.clone() };
                *gathered = Some((caller, disclosed));
                None
            }
            None => Some(disclosed),
        }
    }

    /// What was gathered so far. More may follow.
    pub(crate) fn gathered(&self) -> Option<(Caller, Disclosed)> {
        self.state.lock().gathered.as_mut()?.take()
    }

    /// The same, and what follows is written at once.
    pub(crate) fn end_gathering(&self) -> Option<(Caller, Disclosed)> {
        self.state.lock().gathered.take().flatten()
    }

    /// The id of the request and the number of its next entry.
    pub(crate) fn next_part(&self, make_id: impl FnOnce() -> String) -> (String, u32) {
        let mut state = self.state.lock();
        let (id, part) = state.written.get_or_insert_with(|| (make_id(), 0));
        *part += 1;
        (id.clone(), *part)
    }
}

/// A caller's request; none: what is disclosed is a request of its own, of the process that owns
/// the directory. Two callers are the same whatever they ask.
#[derive(Clone, Debug, Default)]
pub struct Requested(pub(crate) Option<Arc<Request>>);

impl PartialEq for Requested {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Requested {}

impl Disclosed {
    /// Nothing yet, of one question.
    pub(crate) fn of(query: Query, at: Option<(Time, LogPosition, &str)>) -> Self {
        let question = AskedQuestion {
            question: query.as_str().to_owned(),
            at: at.map(|(at, ..)| at),
            known_at: at.map(|(_, known_at, _)| known_at),
            rules: at.map(|(.., rules)| rules.to_owned()),
        };
        Self { questions: vec![question], ..Self::default() }
    }

    /// Adds what another question of the same request disclosed.
    pub(crate) fn merge(&mut self, other: Self) {
        let Self { questions, sessions, subjects, positions, whole_log, names, refused } = other;
        for question in questions {
            if !self.questions.contains(&question) {
                self.questions.push(question);
            }
        }
        self.sessions.extend(sessions);
        self.subjects.extend(subjects);
        self.positions.extend(positions);
        self.whole_log |= whole_log;
        self.names |= names;
        // The same whichever of the questions ended first.
        self.refused = self.refused.into_iter().chain(refused).min();
    }

    /// In as many parts as its size needs, at least one.
    pub(crate) fn parts(self) -> Vec<Part> {
        let Self { mut questions, sessions, subjects, positions, whole_log, names, refused } = self;
        // Questions of one request run at the same time, and end in any order.
        let key = |it: &AskedQuestion| (it.question.clone(), it.at, it.known_at, it.rules.clone());
        questions.sort_by_cached_key(key);
        let mut parts = Vec::new();
        let mut sessions = sessions.into_iter().peekable();
        let mut subjects = subjects.into_iter().peekable();
        let mut records = ranges(positions).into_iter().peekable();
        loop {
            let mut bytes = 0;
            let mut some = Vec::new();
            while some.len() < MAX_NAMED
                && let Some(id) = sessions
                    .next_if(|id| some.is_empty() || bytes + id.as_str().len() <= MAX_ID_BYTES)
            {
                bytes += SessionId::as_str(&id).len();
                some.push(id);
            }
            parts.push(Part {
                questions: questions.clone(),
                sessions: some,
                subjects: subjects.by_ref().take(MAX_NAMED).collect(),
                records: records.by_ref().take(MAX_NAMED).collect(),
                whole_log,
                names,
                refused,
            });
            if sessions.peek().is_none() && subjects.peek().is_none() && records.peek().is_none() {
                return parts;
            }
        }
    }
}

/// What one entry names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) questions: Vec<AskedQuestion>,
    pub(crate) sessions: Vec<SessionId>,
    pub(crate) subjects: Vec<Pseudonym>,
    pub(crate) records: Vec<PositionRange>,
    pub(crate) whole_log: bool,
    pub(crate) names: bool,
    pub(crate) refused: Option<Role>,
}

/// Ascending positions as ranges.
fn ranges(positions: impl IntoIterator<Item = LogPosition>) -> Vec<PositionRange> {
    let mut ranges: Vec<PositionRange> = Vec::new();
    for position in positions {
        match ranges.last_mut() {
            Some(range) if range.last.0 + 1 == position.0 => range.last = position,
            _ => ranges.push(PositionRange { first: position, last: position }),
        }
    }
    ranges
}

/// An entry of the access log, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessEntry {
    /// Its position in the access log.
    pub position: LogPosition,
    /// When it was written.
    pub at: Time,
    /// The request, how it came, and what it was shown.
    pub disclosed: claimledger_facts::types::access::RecordsDisclosed,
    /// Why it was asked.
    pub reason: Reason,
}

/// Which entries of the access log are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessFilter {
    /// Those that name this person, one of their sessions, or a record of them.
    pub subject: Option<Pseudonym>,
    /// Those that name this session, under any of its ids, or one of its records.
    pub session: Option<SessionId>,
    /// Those written at or after this time.
    pub from: Option<Time>,
    /// Those written before this time.
    pub to: Option<Time>,
}

/// A page of entries of the access log, the last first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessPage {
    /// The entries.
    pub entries: Vec<AccessEntry>,
    /// Whether there are more.
    pub has_next: bool,
    /// Whether only entries of the caller's own credential are shown.
    pub own_only: bool,
    /// The number of entries of the log.
    pub size: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_short_and_one_line() {
        let reason = Reason::new(Some("  incident "), Some("")).unwrap();
        assert_eq!(reason, Reason { purpose: Some("incident".to_owned()), case: None });
        let long = "é".repeat(MAX_PURPOSE);
        assert!(Reason::new(Some(&long), None).is_ok());
        let refused = Reason::new(Some(&format!("{long}é")), None).unwrap_err();
        assert_eq!(refused, "the purpose has more than 200 characters");
        let refused = Reason::new(None, Some("INC-42\u{7}")).unwrap_err();
        assert_eq!(refused, "the case has a control character");
    }

    #[test]
    fn positions_become_ranges() {
        let of = |positions: &[u64]| {
            let ranges = ranges(positions.iter().copied().map(LogPosition));
            ranges.iter().map(|range| (range.first.0, range.last.0)).collect::<Vec<_>>()
        };
        assert_eq!(of(&[]), []);
        assert_eq!(of(&[4]), [(4, 4)]);
        assert_eq!(of(&[0, 1, 2, 7, 9, 10]), [(0, 2), (7, 7), (9, 10)]);
    }

    #[test]
    fn what_is_large_is_in_parts_and_nothing_is_lost() {
        let mut disclosed = Disclosed::of(Query::Sessions, None);
        disclosed.sessions = (0..1_201).map(|n| SessionId::new(format!("S{n:05}"))).collect();
        disclosed.positions = (0..701).map(|n| LogPosition(2 * n)).collect();
        let parts = disclosed.clone().parts();
        assert_eq!(
            parts.iter().map(|part| part.sessions.len()).collect::<Vec<_>>(),
            [500, 500, 201]
        );
        assert_eq!(parts.iter().map(|part| part.records.len()).collect::<Vec<_>>(), [500, 201, 0]);
        let named = parts.iter().flat_map(|part| part.sessions.iter().cloned()).collect();
        assert_eq!(disclosed.sessions, named);
        let long: Vec<_> =
            (0..9).map(|n| SessionId::new(format!("{n}{}", "x".repeat(20_000)))).collect();
        let parts = Disclosed { sessions: long.into_iter().collect(), ..disclosed }.parts();
        assert_eq!(parts.iter().map(|part| part.sessions.len()).collect::<Vec<_>>(), [3, 3, 3]);
        assert_eq!(Disclosed::default().parts().len(), 1);
    }
}
