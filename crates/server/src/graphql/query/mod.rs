//! The questions, one file a topic. A new one: an object in a file of its own, and its name in
//! [`Query`].

mod accesses;
mod belief;
mod changes;
mod completeness;
mod configuration;
mod decisions;
mod dependants;
mod first_seen;
mod guard;
mod held_under;
mod outlived;
mod proof;
mod reached;
mod record;
mod rehearse;
mod reused;
mod sessions;
mod status;
mod why;

pub(crate) use belief::BeliefAspect;

use super::{
    Asker,
    errors::{self, Result},
    limits::DEFAULT_FIRST,
    scalars::{DateTime, Position},
};
use crate::known_at::KnownAt;
use async_graphql::{InputObject, MergedObject};
use claimledger_app::model::question;

/// The questions. [`super::sdl`] describes the type.
#[derive(MergedObject, Default)]
pub(crate) struct Query(
    sessions::SessionQuestions,
    why::WhyQuestion,
    decisions::DecisionQuestions,
    record::RecordQuestion,
    belief::BeliefQuestion,
    first_seen::FirstSeenQuestion,
    reused::ReusedQuestion,
    changes::ChangesQuestion,
    outlived::OutlivedQuestion,
    held_under::HeldUnderQuestion,
    dependants::DependantsQuestion,
    configuration::ConfigurationQuestions,
    completeness::CompletenessQuestion,
    reached::ReachedQuestions,
    rehearse::RehearseQuestion,
    guard::GuardQuestion,
    status::StatusQuestion,
    proof::ProofQuestions,
    accesses::AccessQuestions,
);

/// The cut of a question: true at T, known at K. Absent: now, and the head of the log.
#[derive(InputObject, Default, Clone, Copy)]
pub(crate) struct Asking {
    /// The instant T that the answer is about.
    at: Option<DateTime>,
    /// K as a time: the last position recorded by then.
    known_at: Option<DateTime>,
    /// K as a position; beats the time.
    known_at_position: Option<Position>,
}

impl Asking {
    pub(crate) fn into_app(this: Option<Self>, asker: &Asker) -> question::Asking {
        let this = this.unwrap_or_default();
        let mut asking = question::Asking {
            at: this.at.map(|at| at.0),
            after: asker.after,
            ..question::Asking::default()
        };
        match (this.known_at_position, this.known_at) {
            (Some(position), _) => KnownAt::Position(position.0).put(&mut asking),
            (None, Some(time)) => KnownAt::Time(time.0).put(&mut asking),
            (None, None) => {}
        }
        asking
    }
}

/// How many rows a page is asked to have.
pub(super) fn rows(first: Option<i32>) -> Result<u32> {
    u32::try_from(first.unwrap_or(DEFAULT_FIRST))
        .map_err(|_| errors::input("first must not be negative").into())
}
