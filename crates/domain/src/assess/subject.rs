//! Whose a claim or a verification of a session is (`semantics.md` 47).
//!
//! Source: our own reading. A session is one person's. Where a record of it names another person,
//! and no link says that both are one, the records contradict each other: who of the two the factor
//! is of, nobody said. It is possible, and what is missing has a name.

use crate::history::HistoryCut;
use claimledger_facts::{fact::Fact, ids::Pseudonym};

pub(crate) const ID: &str = "another_person";

/// Whether a fact names another person than the one whose session or decision it would count for.
/// Links count once they are known at K, for decisions of earlier positions too (`semantics.md` 3).
pub(crate) fn is_of_another(
    known: HistoryCut<'_>,
    fact: &Fact,
    subject: Option<&Pseudonym>,
) -> bool {
    match (&fact.subject, subject) {
        (Some(named), Some(subject)) => {
            named != subject && !known.people().same_as(subject).contains(named)
        }
        _ => false,
    }
}
