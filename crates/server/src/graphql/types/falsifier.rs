//! Falsifiers, readings as known at K, and sessions that outlived the one behind them.

use super::{
    Bounds, RecordRef,
    enums::{Certainty, FactorType, Implied},
};
use crate::graphql::{mirror::mirror, scalars::DateTime};
use async_graphql::{ID, SimpleObject};
use claimledger_domain::{model, outlived};

mirror! {
    /// A retraction of trust or a lost authenticator that hits something.
    #[derive(SimpleObject)]
    pub(crate) struct Falsifier of model::Falsifier as falsifier;
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

mirror! {
    /// What the rules imply of a decision, as known at K.
    #[derive(SimpleObject)]
    pub(crate) struct AsKnown of model::AsKnown as known;
    /// What the rules imply.
    implied: Implied,
    /// The first unmet requirement: a code.
    first_unmet: Option<&'static str>,
    /// What is missing where implied is undetermined: codes.
    missing: Vec<&'static str>,
    /// Distinct factor types that counted by the rules.
    factor_types: Vec<FactorType> = known.met.factor_types,
    /// Characteristics that counted by the rules.
    characteristics: Vec<&'static str> = known.met.characteristics,
}

mirror! {
    /// A session that went on after the identity provider's session had ended, or may have.
    #[derive(SimpleObject)]
    pub(crate) struct Outlived of outlived::Outlived as outlived;
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
