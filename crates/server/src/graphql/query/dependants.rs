//! `dependants`.

use super::Asking;
use crate::graphql::{
    Asker,
    answers::{Carried, carried},
    errors::Result,
    limits::list_cost,
    mirror::mirror,
    scalars::DateTime,
    types::{Certainty, Outcome, Phase, RecordRef, vec},
};
use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use claimledger_app::model::answer::ChangeHit;
use claimledger_domain::dependants::{self, Changed};
use claimledger_facts::ids::ActorId;

/// What was changed.
#[derive(Enum, Copy, Clone, Debug, Eq, PartialEq)]
pub(crate) enum ChangedKind {
    /// A version of the trust in an identity provider.
    Trust,
    /// A key was added.
    KeyAdded,
    /// A key was retired.
    KeyRetired,
    /// A version of a policy.
    Policy,
    /// A routing rule. Nothing is said to rest on it.
    RoutingRule,
    /// Trust was retracted.
    Retraction,
    /// An authenticator was lost.
    Loss,
}

/// Changes, in the total order, each with what rested on it.
#[derive(SimpleObject)]
pub(crate) struct Dependants {
    /// The changes.
    #[graphql(complexity = "list_cost(child_complexity)")]
    items: Vec<ChangeOf>,
    /// What every answer carries.
    #[graphql(flatten)]
    carried: Carried,
}

/// A change, and what rested on it. A version that was replaced keeps its list.
#[derive(SimpleObject)]
#[graphql(name = "ChangeDependants")]
pub(crate) struct ChangeOf {
    /// What was changed.
    kind: ChangedKind,
    /// The identity provider.
    idp: Option<ID>,
    /// The key.
    key: Option<ID>,
    /// The policy.
    policy: Option<ID>,
    /// The label of the version.
    version: Option<ID>,
    /// The user of the authenticator, as a pseudonym.
    subject: Option<ID>,
    /// When it occurred; of an interval, its start.
    at: DateTime,
    /// When it was recorded.
    recorded_at: DateTime,
    /// From when it has effect; of a retraction or a loss not always when it was said.
    effective_from: DateTime,
    /// When the next version of the same thing came in force, where that is by T.
    replaced_at: Option<DateTime>,
    /// The actor who made it.
    actor: Option<ID>,
    /// The ticket of the change.
    ticket: Option<ID>,
    /// The record.
    record: RecordRef,
    /// Sessions that rested on it, or were hit by it, in the order they began.
    #[graphql(complexity = "list_cost(child_complexity)")]
    sessions: Vec<DependantSession>,
    /// Decisions under a version of a policy, session by session.
    #[graphql(complexity = "list_cost(child_complexity)")]
    decisions: Vec<DependantDecision>,
}

mirror! {
    /// A session that rested on a change, or was hit by it.
    #[derive(SimpleObject)]
    pub(crate) struct DependantSession of dependants::Dependant as of;
    /// The session.
    session: ID,
    /// The user, as a pseudonym.
    subject: Option<ID>,
    /// Its state at T.
    state: Phase = of.phase,
    /// When it began.
    started_at: DateTime,
    /// The factors, by name.
    factors: Vec<String>,
    /// The records: claims or verifications.
    #[graphql(complexity = "list_cost(child_complexity)")]
    records: Vec<RecordRef>,
    /// Whether it is certain or only possible.
    certainty: Certainty,
}

/// A decision under a version of a policy.
#[derive(SimpleObject)]
pub(crate) struct DependantDecision {
    /// The session.
    session: ID,
    /// The application.
    app: ID,
    /// The time; of an interval, its start.
    at: DateTime,
    /// What was recorded.
    outcome: Outcome,
    /// The record.
    record: RecordRef,
    /// How sure it is that this version was in force.
    certainty: Certainty,
}

impl From<&ChangeHit> for ChangeOf {
    fn from(hit: &ChangeHit) -> Self {
        let change = &hit.change;
        let at = change.occurred.from;
        let (kind, idp, key, policy, version, effective_from) = match &change.what {
            Changed::Trust(idp, version) => {
                (ChangedKind::Trust, Some(idp), None, None, Some(version), at)
            }
            Changed::KeyAdded(idp, key) => {
                (ChangedKind::KeyAdded, Some(idp), Some(key), None, None, at)
            }
            Changed::KeyRetired(idp, key) => {
                (ChangedKind::KeyRetired, Some(idp), Some(key), None, None, at)
            }
            Changed::Policy(policy, version) => {
                (ChangedKind::Policy, None, None, Some(policy), Some(version), at)
            }
            Changed::RoutingRule(idp) => {
                (ChangedKind::RoutingRule, Some(idp), None, None, None, at)
            }
            Changed::Retraction(data) => {
                (ChangedKind::Retraction, Some(&data.idp), data.key.as_ref(), None, None, data.from)
            }
            Changed::Loss(_, when) => (ChangedKind::Loss, None, None, None, None, when.from),
        };
        let subject = if let Changed::Loss(Some(subject), _) = &change.what {
            Some(ID(subject.to_string()))
        } else {
            None
        };
        let decisions = hit
            .dependants
            .iter()
            .flat_map(|of| of.decisions.iter().map(move |decision| decision_of(of, decision)));
        Self {
            kind,
            idp: idp.map(|idp| ID(idp.to_string())),
            key: key.map(|key| ID(key.to_string())),
            policy: policy.map(|policy| ID(policy.to_string())),
            version: version.map(|version| ID(version.to_string())),
            subject,
            at: at.into(),
            recorded_at: change.record.recorded_at.into(),
            effective_from: effective_from.into(),
            replaced_at: change.replaced.map(|next| next.from.into()),
            actor: change.actor.as_ref().map(|actor| ID(actor.to_string())),
            ticket: change.ticket.as_ref().map(|ticket| ID(ticket.to_string())),
            record: (&change.record).into(),
            sessions: hit
                .dependants
                .iter()
                .filter(|of| of.decisions.is_empty())
                .map(DependantSession::from)
                .collect(),
            decisions: decisions.collect(),
        }
    }
}

fn decision_of(
    of: &dependants::Dependant,
    decision: &dependants::DependantDecision,
) -> DependantDecision {
    DependantDecision {
        session: ID(of.session.to_string()),
        app: ID(decision.app.to_string()),
        at: decision.at.from.into(),
        outcome: decision.outcome.into(),
        record: (&decision.record).into(),
        certainty: decision.certainty.into(),
    }
}

/// Dependants.
#[derive(Default)]
pub(crate) struct DependantsQuestion;

#[Object]
impl DependantsQuestion {
    /// What an actor changed, or one record did, and what rested on it. A record is named by its
    /// id, the source's id, or its position.
    async fn dependants(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Changes that this actor made.")] actor: Option<String>,
        #[graphql(desc = "The change in this record: its id, its source's id, or its position.")]
        record: Option<ID>,
        #[graphql(desc = "T and K; absent: now, and the head of the log.")] asking: Option<Asking>,
    ) -> Result<Dependants> {
        let asker = ctx.data::<Asker>()?;
        let actor = actor.map(ActorId::new);
        let asking = Asking::into_app(asking, asker);
        let answer = asker
            .app
            .dependants(
                &asker.caller,
                actor.as_ref(),
                record.as_ref().map(|id| id.as_str()),
                &asking,
            )
            .await?;
        Ok(Dependants { items: vec(&answer.value), carried: carried(&answer) })
    }
}
