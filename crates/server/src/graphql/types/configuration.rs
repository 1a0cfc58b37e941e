//! Changes of configuration: rows of who changed what, and the versions, keys and retractions that
//! they made.

use super::{Bounds, RecordRef, enums::Certainty, id, vec};
use crate::graphql::{
    limits::list_cost,
    mirror::mirror,
    scalars::{DateTime, Json},
};
use async_graphql::{Enum, ID, Object, SimpleObject};
use claimledger_domain::{changes, explain, model};
use claimledger_facts::{fact::FactData, time::Occurred, types::policy};

/// What kind of change it is.
#[derive(Enum, Copy, Clone, Eq, PartialEq)]
#[graphql(remote = "changes::ChangeKind")]
pub(crate) enum ChangeKind {
    /// A version of an identity provider.
    Idp,
    /// A key was added.
    KeyAdded,
    /// A key was retired.
    KeyRetired,
    /// Trust was retracted.
    Retraction,
    /// A version of a routing rule.
    RoutingRule,
    /// A version of the organisation.
    Org,
    /// A version of claim sourcing.
    ClaimSourcing,
    /// A version of a policy.
    Policy,
    /// A version of a local authenticator.
    Authenticator,
}

mirror! {
    /// One field that changed.
    #[derive(SimpleObject)]
    pub(crate) struct FieldChange of changes::FieldChange as change;
    /// Its path, in the contract's spelling.
    field: String,
    /// What it said; null: nothing.
    before: Option<String>,
    /// What it says; null: nothing.
    after: Option<String>,
}

mirror! {
    /// Who changed what, and when.
    #[derive(SimpleObject)]
    pub(crate) struct ConfigChange of changes::ConfigChange as change;
    /// The kind of change.
    kind: ChangeKind,
    /// What was changed: an identity provider, a policy, a rule, a method, or `org`.
    of: String,
    /// Its display name; null: none is known.
    of_name: Option<String>,
    /// The version's label, or the key.
    name: Option<String>,
    /// A summary in one line.
    words: String,
    /// The fields that changed.
    #[graphql(complexity = "list_cost(child_complexity)")]
    changes: Vec<FieldChange> = change.diff.changes,
    /// How many fields stayed the same.
    unchanged: usize = change.diff.unchanged,
    /// The actor.
    actor: Option<ID>,
    /// The ticket of the change.
    ticket: Option<ID>,
    /// When it occurred, as the source states it; of an interval, its start.
    occurred_at: DateTime = change.occurred.from,
    /// The latest, of an interval: it occurred some time between two looks.
    occurred_to: Option<DateTime> = change.occurred.to,
    /// From when on a retraction has effect.
    effective_from: Option<DateTime>,
    /// When it was recorded.
    recorded_at: DateTime = change.record.recorded_at,
    /// Whether it was recorded more than 60 s after it occurred, or after it has effect.
    late: bool,
    /// Possible where it is only known to have occurred between two looks.
    certainty: Certainty = certainty_of(change.occurred),
    /// Whether the source also gave other content under the same id.
    variant: bool,
    /// The record.
    record: RecordRef,
}

fn certainty_of(occurred: Occurred) -> model::Certainty {
    if occurred.to.is_some() { model::Certainty::Possible } else { model::Certainty::Certain }
}

/// From when until when something held.
#[derive(SimpleObject)]
pub(crate) struct Span {
    /// From, inclusive; the earliest it can have been.
    from: DateTime,
    /// Where it is only known to lie between two looks.
    from_bounds: Option<Bounds>,
    /// Until, exclusive; null: no end is known by T, or only its bounds.
    until: Option<DateTime>,
    /// Where the end is only known to lie between two looks.
    until_bounds: Option<Bounds>,
}

impl From<model::Span> for Span {
    fn from(span: model::Span) -> Self {
        let bounds = |occurred: Occurred| -> Option<Bounds> {
            occurred.to.map(|to| model::Bounds { from: occurred.from, to: Some(to) }.into())
        };
        Self {
            from: span.from.from.into(),
            from_bounds: bounds(span.from),
            until: span.until.filter(|until| until.to.is_none()).map(|until| until.from.into()),
            until_bounds: span.until.and_then(bounds),
        }
    }
}

/// A version of an identity provider.
pub(crate) struct TrustVersion(changes::TrustVersion);

/// A version of an identity provider.
#[Object(name = "TrustVersion")]
impl TrustVersion {
    /// The identity provider.
    async fn idp(&self) -> ID {
        id(&self.0.data.idp)
    }
    /// The display name of the identity provider; null: none is known.
    async fn idp_name(&self) -> Option<&str> {
        self.0.idp_name.as_deref()
    }
    /// The version's label.
    async fn label(&self) -> ID {
        id(&self.0.data.version)
    }
    /// The label of the version before.
    async fn replaces(&self) -> Option<ID> {
        self.0.replaces.as_ref().map(id)
    }
    /// When it was in force.
    async fn span(&self) -> Span {
        self.0.span.into()
    }
    /// Whether it is in force at T; null: it is not.
    async fn in_force(&self) -> Option<Certainty> {
        self.0.in_force.map(Certainty::from)
    }
    /// A short summary.
    async fn gist(&self) -> &str {
        &self.0.gist
    }
    /// The fields that it changed.
    #[graphql(complexity = "list_cost(child_complexity)")]
    async fn changes(&self) -> Vec<FieldChange> {
        vec(&self.0.diff.changes)
    }
    /// How many fields stayed the same.
    async fn unchanged(&self) -> usize {
        self.0.diff.unchanged
    }
    /// The whole version, in the format of a native line.
    async fn data(&self) -> Json {
        Json(FactData::IdpConfigured(self.0.data.clone()).to_value().unwrap_or_default())
    }
    /// The actor who set it.
    async fn actor(&self) -> Option<ID> {
        self.0.data.actor.as_ref().map(id)
    }
    /// The ticket of the change.
    async fn ticket(&self) -> Option<ID> {
        self.0.data.ticket.as_ref().map(id)
    }
    /// Whether the source also gave other content under the same id.
    async fn variant(&self) -> bool {
        self.0.variant
    }
    /// The record: with both clocks.
    async fn record(&self) -> RecordRef {
        (&self.0.record).into()
    }
}

impl From<&changes::TrustVersion> for TrustVersion {
    fn from(version: &changes::TrustVersion) -> Self {
        Self(version.clone())
    }
}

mirror! {
    /// Who added or retired a key.
    #[derive(SimpleObject)]
    pub(crate) struct KeyAct of changes::KeyAct as act;
    /// The actor.
    actor: Option<ID>,
    /// The ticket of the change.
    ticket: Option<ID>,
    /// The record: with both clocks.
    record: RecordRef,
}

mirror! {
    /// A key of an identity provider.
    #[derive(SimpleObject)]
    pub(crate) struct KeySpan of changes::KeySpan as key;
    /// The identity provider.
    idp: ID,
    /// The key.
    key: ID,
    /// When it was valid, retractions aside; null: it was retired without having been added.
    span: Option<Span>,
    /// Whether it is valid at T, retractions aside; null: it is not.
    valid: Option<Certainty>,
    /// The actor who added it.
    added: Option<KeyAct>,
    /// The actor who retired it.
    retired: Option<KeyAct>,
}

mirror! {
    /// Trust was retracted.
    #[derive(SimpleObject)]
    pub(crate) struct Retraction of changes::Retraction as retraction;
    /// The identity provider.
    idp: ID = retraction.data.idp,
    /// The key; null: the whole identity provider.
    key: Option<ID> = retraction.data.key,
    /// What was received at or after this time is hit.
    from: DateTime = retraction.data.from,
    /// A code; `free_text`: a text was given, and is sealed.
    reason: String = retraction.data.reason,
    /// The actor who stated it.
    actor: Option<ID> = retraction.data.actor,
    /// The ticket of the change.
    ticket: Option<ID> = retraction.data.ticket,
    /// Whether the source also gave other content under the same id.
    variant: bool,
    /// The record: with both clocks.
    record: RecordRef,
}

mirror! {
    /// A version of a routing rule.
    #[derive(SimpleObject)]
    pub(crate) struct RoutingRule of changes::RoutingRule as rule;
    /// The rule.
    rule: ID = rule.data.rule,
    /// Where it sends users.
    idp: ID = rule.data.idp,
    /// Its status.
    state: &'static str = rule.data.status,
    /// Its priority; lower is first.
    priority: Option<i64> = rule.data.priority,
    /// When it was in force.
    span: Span,
    /// Whether it is in force at T; null: it is not.
    in_force: Option<Certainty>,
    /// The fields that it changed.
    #[graphql(complexity = "list_cost(child_complexity)")]
    changes: Vec<FieldChange> = rule.diff.changes,
    /// The actor who set it.
    actor: Option<ID> = rule.data.actor,
    /// Whether the source also gave other content under the same id.
    variant: bool,
    /// The record: with both clocks.
    record: RecordRef,
}

/// A version of a policy.
pub(crate) struct PolicyVersion(changes::PolicyVersion);

/// A version of a policy.
#[Object(name = "PolicyVersion")]
impl PolicyVersion {
    /// The policy.
    async fn policy(&self) -> ID {
        id(&self.0.data.policy)
    }
    /// The display name of the policy; null: none is known.
    async fn policy_name(&self) -> Option<&str> {
        self.0.policy_name.as_deref()
    }
    /// The version's label.
    async fn label(&self) -> ID {
        id(&self.0.data.version)
    }
    /// The label of the version before.
    async fn replaces(&self) -> Option<ID> {
        self.0.replaces.as_ref().map(id)
    }
    /// When it was in force.
    async fn span(&self) -> Span {
        self.0.span.into()
    }
    /// Whether it is in force at T; null: it is not.
    async fn in_force(&self) -> Option<Certainty> {
        self.0.in_force.map(Certainty::from)
    }
    /// A short summary.
    async fn gist(&self) -> &str {
        &self.0.gist
    }
    /// Its rules, as they were stated.
    #[graphql(complexity = "list_cost(child_complexity)")]
    async fn rules(&self) -> Vec<PolicyRule> {
        vec(&self.0.data.rules)
    }
    /// The applications it holds for.
    async fn apps(&self) -> Vec<ID> {
        self.0.data.apps.iter().map(id).collect()
    }
    /// The fields that it changed.
    #[graphql(complexity = "list_cost(child_complexity)")]
    async fn changes(&self) -> Vec<FieldChange> {
        vec(&self.0.diff.changes)
    }
    /// How many fields stayed the same.
    async fn unchanged(&self) -> usize {
        self.0.diff.unchanged
    }
    /// The whole version, in the format of a native line.
    async fn data(&self) -> Json {
        Json(FactData::PolicyConfigured(self.0.data.clone()).to_value().unwrap_or_default())
    }
    /// The actor who set it.
    async fn actor(&self) -> Option<ID> {
        self.0.data.actor.as_ref().map(id)
    }
    /// The ticket of the change.
    async fn ticket(&self) -> Option<ID> {
        self.0.data.ticket.as_ref().map(id)
    }
    /// Whether the source also gave other content under the same id.
    async fn variant(&self) -> bool {
        self.0.variant
    }
    /// The record: with both clocks.
    async fn record(&self) -> RecordRef {
        (&self.0.record).into()
    }
}

impl From<&changes::PolicyVersion> for PolicyVersion {
    fn from(version: &changes::PolicyVersion) -> Self {
        Self(version.clone())
    }
}

mirror! {
    /// A rule of a policy.
    #[derive(SimpleObject)]
    pub(crate) struct PolicyRule of policy::Rule as rule;
    /// The rule.
    rule: ID,
    /// Its priority; lower is first.
    priority: i64,
    /// What it gives: `allow` or `deny`.
    access: &'static str,
    /// How many factor types it asks for: `1fa` or `2fa`.
    factor_mode: &'static str,
    /// What it asks for, in words.
    asks: String = explain::asks(rule),
}
