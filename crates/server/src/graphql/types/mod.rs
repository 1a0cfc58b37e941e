//! Sessions, factors, decisions, reasons and records as GraphQL shows them: a file a noun.

mod change;
mod configuration;
mod decision;
mod enums;
mod factor;
mod falsifier;
mod proof;
mod reached;
mod reason;
mod record;
mod session;

pub(crate) use self::{
    change::SessionChange,
    configuration::{
        ChangeKind, ConfigChange, KeySpan, PolicyVersion, Retraction, RoutingRule, Span,
        TrustVersion,
    },
    decision::{Decision, DecisionSession},
    enums::{Certainty, FactorType, Implied, Outcome, Phase},
    factor::{HonoredFactor, IgnoredClaim},
    falsifier::{AsKnown, Falsifier, Outlived},
    proof::{Checkpoint, Consistency, Proof},
    reached::{Category, ChainKind, ChainLink, ClockOrder, FindHit, FoundKind, TimelineRow},
    reason::Reason,
    record::{Record, RecordRef},
    session::Session,
};

use super::scalars::DateTime;
use async_graphql::{ID, SimpleObject};
use claimledger_domain::model;

/// Between which instants something lies.
#[derive(SimpleObject)]
pub(crate) struct Bounds {
    /// The earliest.
    from: DateTime,
    /// The latest; null: unknown how late.
    to: Option<DateTime>,
}

impl From<model::Bounds> for Bounds {
    fn from(bounds: model::Bounds) -> Self {
        Self { from: bounds.from.into(), to: bounds.to.map(DateTime) }
    }
}

/// Converts a list.
pub(crate) fn vec<'a, A, B: From<&'a A>>(list: &'a [A]) -> Vec<B> {
    list.iter().map(B::from).collect()
}

fn id(text: impl std::fmt::Display) -> ID {
    ID(text.to_string())
}
