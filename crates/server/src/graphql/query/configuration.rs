//! `trust`, `policies`.

use super::Asking;
use crate::graphql::{
    Asker,
    answers::{Carried, carried},
    errors::Result,
    limits::list_cost,
    types::{ConfigChange, KeySpan, PolicyVersion, Retraction, RoutingRule, TrustVersion, vec},
};
use async_graphql::{Context, ID, Object, SimpleObject};

/// Who changed what is trusted, and when.
#[derive(SimpleObject)]
pub(crate) struct TrustHistory {
    /// Every change by T, in the total order; retractions as soon as they are known.
    #[graphql(complexity = "list_cost(child_complexity)")]
    items: Vec<ConfigChange>,
    /// Versions of identity providers, one after the other.
    #[graphql(complexity = "list_cost(child_complexity)")]
    versions: Vec<TrustVersion>,
    /// Their keys.
    #[graphql(complexity = "list_cost(child_complexity)")]
    keys: Vec<KeySpan>,
    /// Retractions of trust: they count for every T once they are known.
    #[graphql(complexity = "list_cost(child_complexity)")]
    retractions: Vec<Retraction>,
    /// Rules that route users to identity providers.
    #[graphql(complexity = "list_cost(child_complexity)")]
    routing_rules: Vec<RoutingRule>,
    /// What every answer carries.
    #[graphql(flatten)]
    carried: Carried,
}

/// Who changed what is asked for, and when.
#[derive(SimpleObject)]
pub(crate) struct PolicyHistory {
    /// Every change by T, in the total order.
    #[graphql(complexity = "list_cost(child_complexity)")]
    items: Vec<ConfigChange>,
    /// Versions of policies, one after the other.
    #[graphql(complexity = "list_cost(child_complexity)")]
    versions: Vec<PolicyVersion>,
    /// What every answer carries.
    #[graphql(flatten)]
    carried: Carried,
}

/// Histories of configuration.
#[derive(Default)]
pub(crate) struct ConfigurationQuestions;

#[Object]
impl ConfigurationQuestions {
    /// Who changed what is trusted, and when: of one identity provider, or of all, and then with
    /// the organisation's features.
    async fn trust(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only of this identity provider; absent: of all.")] idp: Option<ID>,
        #[graphql(desc = "T and K; absent: now, and the head of the log.")] asking: Option<Asking>,
    ) -> Result<TrustHistory> {
        let asker = ctx.data::<Asker>()?;
        let idp = idp.map(|id| id.as_str().into());
        let asking = Asking::into_app(asking, asker);
        let answer = asker.app.trust(&asker.caller, idp.as_ref(), &asking).await?;
        let found = &answer.value;
        Ok(TrustHistory {
            items: vec(&found.changes),
            versions: vec(&found.versions),
            keys: vec(&found.keys),
            retractions: vec(&found.retractions),
            routing_rules: vec(&found.routing_rules),
            carried: carried(&answer),
        })
    }

    /// Who changed what is asked for, and when: of one policy, or of all, and then with the local
    /// authenticators.
    async fn policies(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only of this policy; absent: of all.")] policy: Option<ID>,
        #[graphql(desc = "T and K; absent: now, and the head of the log.")] asking: Option<Asking>,
    ) -> Result<PolicyHistory> {
        let asker = ctx.data::<Asker>()?;
        let policy = policy.map(|id| id.as_str().into());
        let asking = Asking::into_app(asking, asker);
        let answer = asker.app.policies(&asker.caller, policy.as_ref(), &asking).await?;
        Ok(PolicyHistory {
            items: vec(&answer.value.changes),
            versions: vec(&answer.value.versions),
            carried: carried(&answer),
        })
    }
}
