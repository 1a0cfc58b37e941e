//! Falsifiers, readings as known at K, and sessions that outlived the one behind them.

use super::{
    Bounds, RecordRef,
    enums::{Certainty, FactorType, Implied},
    id,
};
use crate::graphql::scalars::DateTime;
use async_graphql::{ID, SimpleObject};
use claimledger_domain::{model, outlived};

/// A retraction of trust or a lost authenticator that hits something.
#[derive(SimpleObject)]
#[graphql(name = "Falsifier")]
pub(crate) struct Falsifier {
    /// The record that says so.
    record: RecordRef,
    /// What it makes of what it hits: a void reason, or `authenticator_lost`.
    code: &'static str,
    /// From when it has effect.
    from: DateTime,
    /// How sure it is that it hits.
    certainty: Certainty,
    /// The actor who stated it.
    actor: Option<ID>,
    /// The same as a sentence.
    words: String,
}

impl From<&model::Falsifier> for Falsifier {
    fn from(falsifier: &model::Falsifier) -> Self {
        Self {
            record: (&falsifier.record).into(),
            code: falsifier.code,
            from: falsifier.from.into(),
            certainty: falsifier.certainty.into(),
            actor: falsifier.actor.as_ref().map(id),
            words: falsifier.words.clone(),
        }
    }
}

/// What the rules imply of a decision, as known at K.
#[derive(SimpleObject)]
#[graphql(name = "AsKnown")]
pub(crate) struct AsKnown {
    /// What the rules imply.
    implied: Implied,
    /// The first unmet requirement: a code.
    first_unmet: Option<&'static str>,
    /// What is missing where implied is undetermined: codes.
    missing: Vec<&'static str>,
    /// Distinct factor types that counted by the rules.
    factor_types: Vec<FactorType>,
    /// Characteristics that counted by the rules.
    characteristics: Vec<&'static str>,
}

impl From<&model::AsKnown> for AsKnown {
    fn from(known: &model::AsKnown) -> Self {
        Self {
            implied: known.implied.into(),
            first_unmet: known.first_unmet,
            missing: known.missing.clone(),
            factor_types: known
                .met
                .factor_types
                .iter()
                .map(|factor_type| FactorType::from(*factor_type))
                .collect(),
            characteristics: known
                .met
                .characteristics
                .iter()
                .map(|property| property.as_str())
                .collect(),
        }
    }
}

/// A session that went on after the identity provider's session had ended, or may have.
#[derive(SimpleObject)]
#[graphql(name = "Outlived")]
pub(crate) struct Outlived {
    /// Certain where a sign of life or a stated end follows; possible while no end is stated and
    /// its bounds reach past it.
    certainty: Certainty,
    /// The end of the identity provider's session.
    idp_session_end: RecordRef,
    /// The last sign of life, where that came later.
    sign_of_life: Option<RecordRef>,
    /// The session's stated end, where that came later.
    stated_end: Option<RecordRef>,
    /// The instants between which the end lies, if no exact end is stated.
    end_bounds: Option<Bounds>,
}

impl From<&outlived::Outlived> for Outlived {
    fn from(outlived: &outlived::Outlived) -> Self {
        Self {
            certainty: outlived.certainty.into(),
            idp_session_end: (&outlived.idp_session_end).into(),
            sign_of_life: outlived.sign_of_life.as_ref().map(RecordRef::from),
            stated_end: outlived.stated_end.as_ref().map(RecordRef::from),
            end_bounds: outlived.end_bounds.map(Into::into),
        }
    }
}
