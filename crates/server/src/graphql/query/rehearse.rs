//! `rehearse`.

use super::Asking;
use crate::graphql::{
    Asker,
    answers::{Carried, carried},
    batch::Batched,
    errors::{self, Result},
    limits::list_cost,
    loaders::Sessions,
    mirror::mirror,
    scalars::DateTime,
    types::{Certainty, Decision, DecisionSession, Implied, RecordRef, vec},
};
use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use claimledger_app::model::{answer, question};
use claimledger_domain::{model, rehearse};
use claimledger_facts::{
    ids::IdpId,
    time::Time,
    types::{policy::PolicyConfigured, trust::TrustRetracted},
};
use std::sync::Arc;

/// What is supposed to have been different.
#[derive(InputObject)]
pub(crate) struct TrustChange {
    /// The kind of change.
    kind: TrustChangeKind,
    /// The identity provider. Of every kind but a feature and a policy.
    idp: Option<ID>,
    /// The key; absent: the whole identity provider. For a retraction only.
    key: Option<ID>,
    /// Claims received at or after this time are hit; absent: those of the window and later. For a
    /// retraction only.
    from: Option<DateTime>,
    /// The feature. For a feature only.
    feature: Option<Feature>,
    /// The version of the policy, in the JSON of a `policy.configured` fact. For a policy only.
    policy: Option<String>,
}

/// The kind of change.
#[derive(Enum, Copy, Clone, Eq, PartialEq)]
pub(crate) enum TrustChangeKind {
    /// Trust in its claims had been off over the window.
    TrustOff,
    /// Trust in its claims had been on over the window.
    TrustOn,
    /// The identity provider had been inactive over the window.
    Deactivated,
    /// The identity provider had been deleted over the window.
    Deleted,
    /// The feature had been off over the window.
    FeatureOff,
    /// The feature had been on over the window.
    FeatureOn,
    /// This version of the policy had been in force over the window.
    Policy,
    /// Trust in it, or in a key, is retracted.
    Retraction,
}

/// A feature of the service provider's org.
#[derive(Enum, Copy, Clone, Eq, PartialEq)]
#[graphql(name = "SharingFeature", remote = "rehearse::Feature")]
pub(crate) enum Feature {
    /// Okta-to-Okta claims sharing.
    ClaimsSharing,
    /// Claims sharing with third-party identity providers.
    ThirdPartyClaimsSharing,
}

impl TrustChange {
    /// The change over a window. What its kind does not take is refused by name, and so is what it
    /// lacks.
    fn into_domain(self, from: Time, to: Time) -> Result<rehearse::TrustChange> {
        use TrustChangeKind as Kind;
        let kind = self.kind;
        let setting = match kind {
            Kind::TrustOff => Some(rehearse::IdpSetting::TrustOff),
            Kind::TrustOn => Some(rehearse::IdpSetting::TrustOn),
            Kind::Deactivated => Some(rehearse::IdpSetting::Inactive),
            Kind::Deleted => Some(rehearse::IdpSetting::Deleted),
            Kind::FeatureOff | Kind::FeatureOn | Kind::Policy | Kind::Retraction => None,
        };
        let of_feature = matches!(kind, Kind::FeatureOff | Kind::FeatureOn);
        for (name, is_set, is_of_kind, is_needed) in [
            ("idp", self.idp.is_some(), setting.is_some() || kind == Kind::Retraction, true),
            ("key", self.key.is_some(), kind == Kind::Retraction, false),
            ("from", self.from.is_some(), kind == Kind::Retraction, false),
            ("feature", self.feature.is_some(), of_feature, true),
            ("policy", self.policy.is_some(), kind == Kind::Policy, true),
        ] {
            match (is_set, is_of_kind) {
                (true, false) => {
                    return Err(
                        errors::input(&format!("this kind of change takes no `{name}`")).into()
                    );
                }
                (false, true) if is_needed => {
                    return Err(
                        errors::input(&format!("this kind of change needs `{name}`")).into()
                    );
                }
                _ => {}
            }
        }
        let idp = || IdpId::new(self.idp.as_ref().map_or("", |idp| idp.as_str()));
        if let Some(setting) = setting {
            return Ok(rehearse::TrustChange::Idp { idp: idp(), setting, from, to });
        }
        if let Some(feature) = self.feature {
            let (feature, on) = (feature.into(), kind == Kind::FeatureOn);
            return Ok(rehearse::TrustChange::Feature { feature, on, from, to });
        }
        if let Some(text) = &self.policy {
            let policy = Box::new(policy_version(text)?);
            return Ok(rehearse::TrustChange::Policy { policy, from, to });
        }
        Ok(rehearse::TrustChange::Retraction(TrustRetracted {
            idp: idp(),
            from: self.from.map_or(from, |from| from.0),
            reason: "rehearsed".to_owned(),
            key: self.key.map(|key| key.as_str().into()),
            actor: None,
            ticket: None,
        }))
    }
}

/// A version of a policy from the JSON of its fact.
fn policy_version(text: &str) -> Result<PolicyConfigured> {
    Ok(claimledger_sources::policy_version(text.as_bytes()).map_err(|refusal| {
        errors::input(&format!("`policy` is no version of a policy: {refusal}"))
    })?)
}

/// What would change if trust or a policy had been different. Nothing is written.
#[derive(SimpleObject)]
pub(crate) struct Rehearsal {
    /// Decisions of the window that would be implied otherwise, judged on facts known when decided:
    /// each once. One may fall too.
    #[graphql(complexity = "list_cost(child_complexity)")]
    flips: Vec<Flip>,
    /// Recorded allows of the window that rested on what a retraction hits and would not be
    /// implied, judged on facts known at K.
    #[graphql(complexity = "list_cost(child_complexity)")]
    falls: Vec<Fall>,
    /// Decisions of the window that neither flip nor fall, and why.
    #[graphql(complexity = "list_cost(child_complexity)")]
    unchanged: Vec<UnchangedDecision>,
    /// Sessions that are active at T and rest, by record, on what is hit.
    #[graphql(complexity = "list_cost(child_complexity)")]
    live: Vec<LiveSession>,
    /// Users whom the rules would not have let in.
    #[graphql(complexity = "list_cost(child_complexity)")]
    locked_out: Vec<LockedOut>,
    /// Those of them who would have been asked for a local authenticator, after the identity
    /// provider had verified them.
    #[graphql(complexity = "list_cost(child_complexity)")]
    double_prompts: Vec<LockedOut>,
    /// Policies that could then only be met through others, who gave nothing of the kind.
    #[graphql(complexity = "list_cost(child_complexity)")]
    warnings: Vec<UnmetPolicy>,
    /// How many sessions were looked at.
    sessions_seen: u64,
    /// What every answer carries.
    #[graphql(flatten)]
    carried: Carried,
}

/// A decision that would be implied otherwise.
#[derive(SimpleObject)]
pub(crate) struct Flip {
    /// The decision as recorded.
    decision: Decision,
    /// The user of its session, as a pseudonym.
    subject: Option<ID>,
    /// What the rules implied.
    before: Implied,
    /// What the rules would imply.
    after: Implied,
    /// The first requirement that would be unmet, as a code.
    first_unmet: Option<&'static str>,
    /// The same as a sentence.
    words: String,
}

/// A decision that a retraction lets fall.
#[derive(SimpleObject)]
pub(crate) struct Fall {
    /// The decision as recorded.
    decision: Decision,
    /// The user of its session, as a pseudonym.
    subject: Option<ID>,
    /// How sure it is that it rested on what is hit.
    certainty: Certainty,
    /// What the rules imply as known at K, without the retraction.
    before: Implied,
    /// And with it.
    after: Implied,
    /// The first requirement that would be unmet, as a code.
    first_unmet: Option<&'static str>,
    /// How sure it is that it fell already, by retractions that are known at K; null: it did not.
    /// What the rules refuse, or a lost authenticator takes away, the decision itself says:
    /// `differs` and `falsifiedLater`.
    fell_already: Option<Certainty>,
    /// The same as a sentence.
    words: String,
}

/// A decision that stays what it was.
#[derive(SimpleObject)]
pub(crate) struct UnchangedDecision {
    /// The decision.
    decision: Decision,
    /// The reasons.
    why: Unchanged,
    /// The same as a sentence.
    words: String,
}

/// Why a decision stays what it was.
#[derive(Enum, Copy, Clone, Eq, PartialEq)]
#[graphql(remote = "rehearse::Unchanged")]
pub(crate) enum Unchanged {
    /// The session has no claim of that identity provider.
    NotOfIt,
    /// It has, and none of them is hit: another time, or another key.
    NotHit,
    /// The rules already implied a refusal.
    AlreadyRefused,
    /// What is missing is missing either way.
    Undetermined,
    /// The rule is met without what is hit.
    StillMet,
    /// The claim names no key: none is checked, and what it implies stays as it is.
    KeyNotNamed,
}

mirror! {
    /// A session that is active at T and rests on what is hit.
    #[derive(SimpleObject)]
    pub(crate) struct LiveSession of answer::LiveSession as live;
    /// The session.
    session: ID,
    /// The user, as a pseudonym.
    subject: Option<ID>,
    /// How sure it is that it does, and that it is active.
    certainty: Certainty,
    /// The factors that came by what is hit.
    factors: Vec<String>,
}

mirror! {
    /// A user whom the rules would not have let in.
    #[derive(SimpleObject)]
    pub(crate) struct LockedOut of answer::LockedOut as out;
    /// The session.
    session: ID,
    /// The user, as a pseudonym.
    subject: Option<ID>,
    /// The application.
    app: ID,
    /// Deny: out. Challenge: asked for a local authenticator.
    implied: Implied,
}

mirror! {
    /// A policy that could no longer be met as it was.
    #[derive(SimpleObject)]
    pub(crate) struct UnmetPolicy of rehearse::UnmetPolicy as unmet;
    /// The policy.
    policy: ID,
    /// The version.
    version: ID,
    /// The rule.
    rule: ID,
    /// The record of the version; absent: it is supposed.
    record: Option<RecordRef>,
    /// The only identity providers through which it could still be met; none: nobody could meet it.
    through: Vec<ID>,
    /// What they asserted nothing of: a code.
    lacking: &'static str,
    /// The same as a sentence.
    sentence: String,
}

fn id(text: impl std::fmt::Display) -> ID {
    ID(text.to_string())
}

/// What would change.
#[derive(Default)]
pub(crate) struct RehearseQuestion;

#[Object]
impl RehearseQuestion {
    /// The decisions between two times, judged as they are and as supposed. Nothing is written.
    async fn rehearse(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is supposed to have been different.")] change: TrustChange,
        #[graphql(desc = "Start of the window, inclusive.")] from: DateTime,
        #[graphql(desc = "End of the window, exclusive.")] to: DateTime,
        #[graphql(desc = "T and K; absent: now, and the head of the log.")] asking: Option<Asking>,
    ) -> Result<Rehearsal> {
        let asker = ctx.data::<Asker>()?;
        let change = change.into_domain(from.0, to.0)?;
        let asking = Asking::into_app(asking, asker);
        let answer = asker.app.rehearse(&asker.caller, change, from.0, to.0, &asking).await?;
        Ok(Rehearsal::of(&answer, answer.value.clone(), asker))
    }
}

impl Rehearsal {
    /// What was rehearsed in an answer.
    pub(super) fn of<T>(
        answer: &answer::Answer<T>,
        found: answer::Rehearsed,
        asker: &Asker,
    ) -> Self {
        let carried = carried(answer);
        // The sessions of its decisions are asked for at the cut of this very answer.
        let pinned = question::Asking {
            at: Some(answer.answered.at),
            known_at_position: Some(answer.answered.position),
            ..question::Asking::default()
        };
        let loader = Arc::new(Sessions::of(asker.app.clone(), asker.caller.clone(), pinned));
        let double_prompts = found.double_prompts().map(LockedOut::from).collect();
        Self {
            flips: found.flips.into_iter().map(|flip| of_flip(flip, &loader)).collect(),
            falls: found.falls.into_iter().map(|fall| of_fall(fall, &loader)).collect(),
            unchanged: found
                .unchanged
                .into_iter()
                .map(|hit| UnchangedDecision {
                    decision: of(hit.decision, hit.because, &loader),
                    why: hit.why.into(),
                    words: hit.words,
                })
                .collect(),
            live: vec(&found.live),
            double_prompts,
            locked_out: vec(&found.locked_out),
            warnings: vec(&found.unmet),
            sessions_seen: found.sessions,
            carried,
        }
    }
}

fn of(
    decision: model::Decision,
    because: model::Reason,
    loader: &Arc<Batched<Sessions>>,
) -> Decision {
    Decision { decision, because: Some(because), session: DecisionSession::Loaded(loader.clone()) }
}

fn of_flip(flip: answer::RedecidedHit, loader: &Arc<Batched<Sessions>>) -> Flip {
    let answer::RedecidedHit { decision, because, subject, before, after, first_unmet, words } =
        flip;
    Flip {
        decision: of(decision, because, loader),
        subject: subject.map(id),
        before: before.into(),
        after: after.into(),
        first_unmet,
        words,
    }
}

fn of_fall(fall: answer::FallenHit, loader: &Arc<Batched<Sessions>>) -> Fall {
    let answer::FallenHit {
        decision,
        because,
        subject,
        certainty,
        before,
        after,
        first_unmet,
        fell,
        words,
    } = fall;
    Fall {
        decision: of(decision, because, loader),
        subject: subject.map(id),
        certainty: certainty.into(),
        before: before.into(),
        after: after.into(),
        first_unmet,
        fell_already: fell.map(Into::into),
        words,
    }
}
