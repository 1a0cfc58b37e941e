//! What it means that something is not in an answer: the one place that decides whether "none" may
//! be said.
//!
//! "None" is a statement about the world. It may be made where every source has been heard up to T.
//! Where not, the answer is "none seen", and says what is missing. Where the caller's role kept the
//! question from being asked in full, or nothing is known of what the question names, the answer
//! says that instead: neither is a "none".

use super::Summary;
use claimledger_facts::{ids::LogPosition, vocabulary::Role};

/// What it means that something is not in an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absence {
    /// In a word.
    pub code: AbsenceCode,
    /// In a sentence, as every command, page and answer says it.
    pub words: String,
}

/// The same, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AbsenceCode {
    /// There is none: every source has been heard up to T.
    None,
    /// None was seen, and not everything was heard.
    NoneSeen,
    /// The caller's role does not let it be looked for in full.
    NotForRole,
    /// Nothing is known of what the question names.
    NotKnown,
    /// Nothing is known yet of what the question names: the read models have not reached the end of
    /// the log.
    Lagging,
}

impl AbsenceCode {
    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::NoneSeen => "none_seen",
            Self::NotForRole => "not_for_role",
            Self::NotKnown => "not_known",
            Self::Lagging => "lagging",
        }
    }
}

/// How far the read models were when the head of the log was asked for and not reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Behind {
    /// The last position that the answer rests on.
    pub read_to: LogPosition,
    /// The last position of the log.
    pub end: LogPosition,
}

impl std::fmt::Display for Behind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "up to {}: the read models have not reached the end of the log, {}",
            self.read_to, self.end
        )
    }
}

/// Why a question has no answer, whatever the sources say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Barrier {
    /// Only another role may look this up. Said alike whether or not there is anything to find.
    NotForRole {
        /// What was not done, as in "looking people up".
        what: &'static str,
        /// The role that may.
        needs: Role,
    },
    /// Nothing is known of what the question names, at K in this tenant. Said alike whether or not
    /// another tenant has it.
    NotKnown {
        /// What kind of thing, as in "session".
        thing: &'static str,
        /// As it was asked for.
        id: String,
    },
    /// The record is known, and states no change: nothing can rest on it as one.
    NoChange {
        /// Its position with `#`, or the id that it was asked for by.
        record: String,
    },
    /// The key of a person was destroyed, and with it what is asked for may be found by no more.
    KeyDestroyed {
        /// Whose, as in "clients of people".
        whose: &'static str,
    },
    /// Not everything that may have it was searched.
    NotSearched {
        /// What was not, as in "tickets and rules".
        what: &'static str,
    },
}

impl Absence {
    /// Whether "none" may be said.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.code == AbsenceCode::None
    }
}

/// What it means that something is not in an answer, as the sources stand at its cut. What the read
/// models have not reached may hold what is asked for: until they have, neither "none" nor "not
/// known" may be said.
#[must_use]
pub fn absence(sources: &Summary, barrier: Option<&Barrier>, behind: Option<Behind>) -> Absence {
    let (code, words) = match (barrier, behind) {
        (Some(Barrier::NotForRole { what, needs }), _) => (
            AbsenceCode::NotForRole,
            format!("Not for your role: {what} needs the role {}.", needs.as_str()),
        ),
        (Some(Barrier::NotKnown { thing, id }), Some(behind)) => {
            (AbsenceCode::Lagging, format!("No {thing} {id} is known {behind}."))
        }
        (Some(Barrier::NotKnown { thing, id }), None) => {
            (AbsenceCode::NotKnown, format!("No {thing} {id} is known."))
        }
        (Some(Barrier::NoChange { record }), _) => (
            AbsenceCode::NotKnown,
            format!(
                "Record {record} is no change of trust, policy, keys or authenticators: nothing \
                 can rest on it as a change."
            ),
        ),
        (None | Some(Barrier::KeyDestroyed { .. } | Barrier::NotSearched { .. }), Some(behind)) => {
            (AbsenceCode::NoneSeen, format!("None seen {behind}."))
        }
        (Some(Barrier::KeyDestroyed { whose }), None) => {
            none_seen(format!("{whose} whose key was destroyed cannot be found"), sources)
        }
        (Some(Barrier::NotSearched { what }), None) => {
            none_seen(format!("not everything was searched: not {what}"), sources)
        }
        (None, None) if sources.complete => {
            (AbsenceCode::None, "None: complete, every source has been heard up to T.".to_owned())
        }
        (None, None) if sources.lacks.is_empty() => {
            (AbsenceCode::NoneSeen, "None seen, because no source is known.".to_owned())
        }
        (None, None) => (
            AbsenceCode::NoneSeen,
            format!("None seen, because not everything was heard: {}.", sources.lacks.join("; ")),
        ),
    };
    Absence { code, words }
}

/// None seen for this reason, and for what was not heard.
fn none_seen(reason: String, sources: &Summary) -> (AbsenceCode, String) {
    let reasons: Vec<String> = [reason].into_iter().chain(sources.lacks.iter().cloned()).collect();
    (AbsenceCode::NoneSeen, format!("None seen, because {}.", reasons.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::{super::*, *};

    fn t(text: &str) -> Time {
        Time::parse(text).unwrap()
    }

    fn source(name: &str, heard_until: Option<&str>, backfilled: Option<bool>) -> Completeness {
        let gap = |backfilled| Gap {
            from: t("2026-03-10T14:10:00Z"),
            until: Some(t("2026-03-10T14:25:00Z")),
            backfilled,
            cause: GapCause::Silent,
            position: LogPosition(0),
        };
        let gaps = backfilled.map(gap).into_iter().collect();
        Completeness { source: name.into(), heard_until: heard_until.map(t), basis: None, gaps }
    }

    fn said(sources: &[Completeness]) -> (AbsenceCode, String) {
        let Absence { code, words } =
            absence(&summary(sources, t("2026-03-10T23:00:00Z")), None, None);
        (code, words)
    }

    #[test]
    fn none_is_said_only_where_every_source_was_heard_up_to_t() {
        let (to_t, before_t) = (Some("2026-03-10T23:00:00Z"), Some("2026-03-10T22:59:59Z"));
        for sources in [
            vec![source("a", to_t, None)],
            vec![source("a", to_t, Some(true)), source("b", to_t, None)],
        ] {
            assert_eq!(
                said(&sources),
                (
                    AbsenceCode::None,
                    "None: complete, every source has been heard up to T.".to_owned()
                )
            );
        }
        let seen = |words: &str| (AbsenceCode::NoneSeen, format!("None seen, because {words}."));
        assert_eq!(said(&[]), seen("no source is known"));
        assert_eq!(
            said(&[source("a", None, None)]),
            seen("not everything was heard: a does not say how complete it is")
        );
        assert_eq!(
            said(&[source("a", to_t, None), source("b", before_t, None)]),
            seen("not everything was heard: b heard to 22:59:59Z only")
        );
        assert_eq!(
            said(&[source("a", to_t, Some(false))]),
            seen("not everything was heard: a silent 14:10:00Z to 14:25:00Z")
        );
    }

    #[test]
    fn a_role_and_an_unknown_id_come_before_what_was_heard() {
        let complete =
            summary(&[source("a", Some("2026-03-10T23:00:00Z"), None)], t("2026-03-10T23:00:00Z"));
        let role = Barrier::NotForRole {
            what: "looking people up by name, login or id",
            needs: Role::Investigate,
        };
        let said = absence(&complete, Some(&role), None);
        assert_eq!(said.code, AbsenceCode::NotForRole);
        assert_eq!(
            said.words,
            "Not for your role: looking people up by name, login or id needs the role investigate."
        );
        let unknown = Barrier::NotKnown { thing: "session", id: "S9".to_owned() };
        let not_known =
            Absence { code: AbsenceCode::NotKnown, words: "No session S9 is known.".to_owned() };
        assert_eq!(absence(&complete, Some(&unknown), None), not_known);
        let no_change = Barrier::NoChange { record: "#46".to_owned() };
        let said = absence(&complete, Some(&no_change), None);
        assert_eq!(said.code, AbsenceCode::NotKnown);
        assert_eq!(
            said.words,
            "Record #46 is no change of trust, policy, keys or authenticators: nothing can rest on \
             it as a change."
        );
    }

    #[test]
    fn what_was_sealed_under_a_destroyed_key_is_not_denied() {
        let of = |heard: &str| {
            let sources = [source("a", Some(heard), None)];
            let destroyed = Barrier::KeyDestroyed { whose: "clients of people" };
            absence(&summary(&sources, t("2026-03-10T23:00:00Z")), Some(&destroyed), None)
        };
        let words = "None seen, because clients of people whose key was destroyed cannot be found";
        let said = of("2026-03-10T23:00:00Z");
        assert_eq!((said.code, said.words), (AbsenceCode::NoneSeen, format!("{words}.")));
        let said = of("2026-03-10T22:00:00Z");
        assert_eq!(said.words, format!("{words}; a heard to 22:00:00Z only."));
    }

    #[test]
    fn what_was_not_searched_is_not_denied() {
        let sources = [source("a", Some("2026-03-10T23:00:00Z"), None)];
        let complete = summary(&sources, t("2026-03-10T23:00:00Z"));
        let said = absence(&complete, Some(&Barrier::NotSearched { what: "tickets" }), None);
        assert_eq!(said.code, AbsenceCode::NoneSeen);
        assert_eq!(said.words, "None seen, because not everything was searched: not tickets.");
    }

    #[test]
    fn nothing_is_denied_that_the_read_models_have_not_reached() {
        let complete =
            summary(&[source("a", Some("2026-03-10T23:00:00Z"), None)], t("2026-03-10T23:00:00Z"));
        let behind = Some(Behind { read_to: LogPosition(7), end: LogPosition(9) });
        let unknown = Barrier::NotKnown { thing: "session", id: "S9".to_owned() };
        let said = absence(&complete, Some(&unknown), behind);
        assert_eq!(said.code, AbsenceCode::Lagging);
        assert_eq!(
            said.words,
            "No session S9 is known up to #7: the read models have not reached the end of the log, \
             #9."
        );
        let said = absence(&complete, None, behind);
        assert_eq!(said.code, AbsenceCode::NoneSeen);
        assert_eq!(
            said.words,
            "None seen up to #7: the read models have not reached the end of the log, #9."
        );
        // What a role may not look up is always answered with the same words.
        let role = Barrier::NotForRole { what: "looking people up", needs: Role::Investigate };
        assert_eq!(absence(&complete, Some(&role), behind), absence(&complete, Some(&role), None));
    }
}
