//! Changes of configuration: rows of who changed what, and the versions, keys and retractions that
//! they made.

use super::{Bounds, RecordRef, enums::Certainty, id, vec};
use crate::graphql::{
    limits::list_cost,
    scalars::{DateTime, Json},
};
use async_graphql::{Enum, ID, Object, SimpleObject};
use claimledger_domain::{changes, explain, model};
use claimledger_facts::{fact::FactData, time::Occurred, types::policy};

/// What kind of change it is.
#[derive(Enum, Copy, Clone, Eq, PartialEq)]
#[graphql(name = "ChangeKind", remote = "changes::ChangeKind")]
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

/// One field that changed.
#[derive(SimpleObject)]
#[graphql(name = "FieldChange")]
pub(crate) struct FieldChange {
    /// Its path, in the contract's spelling.
    field: String,
    /// What it said; null: nothing.
    before: Option<String>,
    /// What it says; null: nothing.
    after: Option<String>,
}

impl From<&changes::FieldChange> for FieldChange {
    fn from(change: &changes::FieldChange) -> Self {
        Self {
            field: change.field.clone(),
            before: change.before.clone(),
            after: change.after.clone(),
        }
    }
}

/// Who changed what, and when.
#[derive(SimpleObject)]
#[graphql(name = "ConfigChange")]
pub(crate) struct ConfigChange {
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
    changes: Vec<FieldChange>,
    /// How many fields stayed the same.
    unchanged: usize,
    /// The actor.
    actor: Option<ID>,
    /// The ticket of the change.
    ticket: Option<ID>,
    /// When it occurred, as the source states it; of an interval, its start.
    occurred_at: DateTime,
    /// The latest, of an interval: it occurred some time between two looks.
    occurred_to: Option<DateTime>,
    /// From when on a retraction has effect.
    effective_from: Option<DateTime>,
    /// When it was recorded.
    recorded_at: DateTime,
    /// Whether it was recorded more than 60 s after it occurred, or after it has effect.
    late: bool,
    /// Possible where it is only known to have occurred between two looks.
    certainty: Certainty,
    /// Whether the source also gave other content under the same id.
    variant: bool,
    /// The record.
    record: RecordRef,
}

impl From<&changes::ConfigChange> for ConfigChange {
    fn from(change: &changes::ConfigChange) -> Self {
        Self {
            kind: change.kind.into(),
            of: change.of.clone(),
            of_name: change.of_name.clone(),
            name: change.name.clone(),
            words: change.words.clone(),
            changes: vec(&change.diff.changes),
            unchanged: change.diff.unchanged,
            actor: change.actor.as_ref().map(id),
            ticket: change.ticket.as_ref().map(id),
            occurred_at: change.occurred.from.into(),
            occurred_to: change.occurred.to.map(DateTime),
            effective_from: change.effective_from.map(DateTime),
            recorded_at: change.record.recorded_at.into(),
            late: change.late,
            certainty: certainty_of(change.occurred),
            variant: change.variant,
            record: (&change.record).into(),
        }
    }
}

fn certainty_of(occurred: Occurred) -> Certainty {
    if occurred.to.is_some() { Certainty::Possible } else { Certainty::Certain }
}

/// From when until when something held.
#[derive(SimpleObject)]
#[graphql(name = "Span")]
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

impl From<changes::Span> for Span {
    fn from(span: changes::Span) -> Self {
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

/// Who added or retired a key.
#[derive(SimpleObject)]
#[graphql(name = "KeyAct")]
pub(crate) struct KeyAct {
    /// The actor.
    actor: Option<ID>,
    /// The ticket of the change.
    ticket: Option<ID>,
    /// The record: with both clocks.
    record: RecordRef,
}

impl From<&changes::KeyAct> for KeyAct {
    fn from(act: &changes::KeyAct) -> Self {
        Self {
            actor: act.actor.as_ref().map(id),
            ticket: act.ticket.as_ref().map(id),
            record: (&act.record).into(),
        }
    }
}

/// A key of an identity provider.
#[derive(SimpleObject)]
#[graphql(name = "KeySpan")]
pub(crate) struct KeySpan {
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

impl From<&changes::KeySpan> for KeySpan {
    fn from(key: &changes::KeySpan) -> Self {
        Self {
            idp: id(&key.idp),
            key: id(&key.key),
            span: key.span.map(Into::into),
            valid: key.valid.map(Certainty::from),
            added: key.added.as_ref().map(KeyAct::from),
            retired: key.retired.as_ref().map(KeyAct::from),
        }
    }
}

/// Trust was retracted.
#[derive(SimpleObject)]
#[graphql(name = "Retraction")]
pub(crate) struct Retraction {
    /// The identity provider.
    idp: ID,
    /// The key; null: the whole identity provider.
    key: Option<ID>,
    /// What was received at or after this time is hit.
    from: DateTime,
    /// A code; `free_text`: a text was given, and is sealed.
    reason: String,
    /// The actor who stated it.
    actor: Option<ID>,
    /// The ticket of the change.
    ticket: Option<ID>,
    /// Whether the source also gave other content under the same id.
    variant: bool,
    /// The record: with both clocks.
    record: RecordRef,
}

impl From<&changes::Retraction> for Retraction {
    fn from(retraction: &changes::Retraction) -> Self {
        let data = &retraction.data;
        Self {
            idp: id(&data.idp),
            key: data.key.as_ref().map(id),
            from: data.from.into(),
            reason: data.reason.clone(),
            actor: data.actor.as_ref().map(id),
            ticket: data.ticket.as_ref().map(id),
            variant: retraction.variant,
            record: (&retraction.record).into(),
        }
    }
}

/// A version of a routing rule.
#[derive(SimpleObject)]
#[graphql(name = "RoutingRule")]
pub(crate) struct RoutingRule {
    /// The rule.
    rule: ID,
    /// Where it sends users.
    idp: ID,
    /// Its status.
    state: &'static str,
    /// Its priority; lower is first.
    priority: Option<i64>,
    /// When it was in force.
    span: Span,
    /// Whether it is in force at T; null: it is not.
    in_force: Option<Certainty>,
    /// The fields that it changed.
    #[graphql(complexity = "list_cost(child_complexity)")]
    changes: Vec<FieldChange>,
    /// The actor who set it.
    actor: Option<ID>,
    /// Whether the source also gave other content under the same id.
    variant: bool,
    /// The record: with both clocks.
    record: RecordRef,
}

impl From<&changes::RoutingRule> for RoutingRule {
    fn from(rule: &changes::RoutingRule) -> Self {
        Self {
            rule: id(&rule.data.rule),
            idp: id(&rule.data.idp),
            state: rule.data.status.as_str(),
            priority: rule.data.priority,
            span: rule.span.into(),
            in_force: rule.in_force.map(Certainty::from),
            changes: vec(&rule.diff.changes),
            actor: rule.data.actor.as_ref().map(id),
            variant: rule.variant,
            record: (&rule.record).into(),
        }
    }
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

/// A rule of a policy.
#[derive(SimpleObject)]
#[graphql(name = "PolicyRule")]
pub(crate) struct PolicyRule {
    /// The rule.
    rule: ID,
    /// Its priority; lower is first.
    priority: i64,
    /// What it gives: `allow` or `deny`.
    access: &'static str,
    /// How many factor types it asks for: `1fa` or `2fa`.
    factor_mode: &'static str,
    /// What it asks for, in words.
    asks: String,
}

impl From<&policy::Rule> for PolicyRule {
    fn from(rule: &policy::Rule) -> Self {
        Self {
            rule: id(&rule.rule),
            priority: rule.priority,
            access: rule.access.as_str(),
            factor_mode: rule.factor_mode.as_str(),
            asks: explain::asks(rule),
        }
    }
}
