//! Factors that counted, and claims that did not.

use super::{
    Bounds, Reason, RecordRef, Session,
    enums::{Certainty, FactorType, Grade, Origin},
    id, vec,
};
use crate::graphql::{errors, limits::list_cost, scalars::DateTime};
use async_graphql::{ID, Object, Result, SimpleObject};
use claimledger_domain::{codes, model};
use claimledger_facts::vocabulary;

/// A factor that counted.
pub(crate) struct HonoredFactor {
    session: Session,
    index: usize,
    /// How a decision relied on it; none: it is shown as a factor of the session.
    relied: Option<model::Relied>,
}

impl HonoredFactor {
    /// A factor of a session.
    pub(super) fn of(session: Session, index: usize) -> Self {
        Self { session, index, relied: None }
    }

    /// A factor that a decision of the session rested on.
    pub(super) fn relied_on(session: Session, relied: model::Relied) -> Self {
        Self { session, index: relied.factor, relied: Some(relied) }
    }

    fn get(&self) -> Result<&model::HonoredFactor> {
        self.session.state.factors.get(self.index).ok_or_else(|| errors::input("no such factor"))
    }
}

/// A factor that counted in a session.
#[Object(name = "HonoredFactor")]
impl HonoredFactor {
    /// What it is called: the method where one is stated, else the `amr` value.
    async fn method(&self) -> Result<String> {
        let factor = self.get()?;
        Ok(factor.method.map_or_else(|| factor.name.clone(), |method| method.as_str().to_owned()))
    }
    /// The `amr` value, where one was asserted.
    async fn amr(&self) -> Result<Option<&str>> {
        Ok(self.get()?.amr.as_ref().map(vocabulary::Amr::as_str))
    }
    /// Its type.
    #[graphql(name = "type")]
    async fn factor_type(&self) -> Result<FactorType> {
        Ok(self.get()?.factor_type.into())
    }
    /// Its own characteristics.
    async fn characteristics(&self) -> Result<Vec<&str>> {
        Ok(self.get()?.characteristics.iter().map(|property| property.as_str()).collect())
    }
    /// The characteristics that its assertion pools.
    async fn pool(&self) -> Result<Vec<&str>> {
        Ok(self.get()?.pool.iter().map(|property| property.as_str()).collect())
    }
    /// Who verified it.
    async fn origin(&self) -> Result<Origin> {
        Ok(self.get()?.origin.into())
    }
    /// The identity provider that asserted it.
    async fn idp(&self) -> Result<Option<ID>> {
        Ok(self.get()?.idp.as_ref().map(id))
    }
    /// The display name of the identity provider; null: none is known.
    async fn idp_name(&self) -> Result<Option<&str>> {
        Ok(self.get()?.idp_name.as_deref())
    }
    /// The key that signed the assertion.
    async fn key(&self) -> Result<Option<Key>> {
        let factor = self.get()?;
        Ok(factor.key.as_ref().map(|key| Key { id: id(key), idp: factor.idp.as_ref().map(id) }))
    }
    /// The assertion.
    async fn assertion(&self) -> Result<Option<ID>> {
        Ok(self.get()?.assertion.as_ref().map(id))
    }
    /// The authenticator.
    async fn authenticator(&self) -> Result<Option<ID>> {
        Ok(self.get()?.authenticator.as_ref().map(id))
    }
    /// The display name of the authenticator; null: none is known.
    async fn authenticator_name(&self) -> Result<Option<&str>> {
        Ok(self.get()?.authenticator_name.as_deref())
    }
    /// When it reached the service provider.
    async fn accepted_at(&self) -> Result<DateTime> {
        Ok(self.get()?.accepted_at.into())
    }
    /// From when it counts; inclusive.
    async fn from(&self) -> Result<DateTime> {
        Ok(self.get()?.from.into())
    }
    /// Until when it counts; exclusive.
    async fn until(&self) -> Result<Option<DateTime>> {
        Ok(self.get()?.until.map(DateTime))
    }
    /// The instants between which the end lies, if no end is known.
    async fn until_bounds(&self) -> Result<Option<Bounds>> {
        Ok(self.get()?.until_bounds.map(Into::into))
    }
    /// Why it ended: a code.
    async fn end_reason(&self) -> Result<Option<&str>> {
        Ok(self.get()?.end_reason)
    }
    /// The record that ended it: of the session's end, or of the loss of its authenticator.
    async fn end_record(&self) -> Result<Option<RecordRef>> {
        Ok(self.get()?.end_record.as_ref().map(RecordRef::from))
    }
    /// Losses of such an authenticator that came before it: it stands, as a replacement looks the
    /// same.
    #[graphql(complexity = "list_cost(child_complexity)")]
    async fn lost_before(&self) -> Result<Vec<RecordRef>> {
        Ok(vec(&self.get()?.lost_before))
    }
    /// How good the evidence is.
    async fn grade(&self) -> Result<Grade> {
        Ok(self.get()?.grade.into())
    }
    /// How sure it is that it counts; of what a decision rested on, that it had come by then.
    async fn certainty(&self) -> Result<Certainty> {
        let relied = self.relied.map_or(model::Certainty::Certain, |relied| relied.certainty);
        Ok(self.get()?.certainty.max(relied).into())
    }
    /// What would settle it, where it is only possible: codes.
    async fn missing(&self) -> Result<Vec<&str>> {
        let mut missing = self.get()?.missing.clone();
        if self.relied.is_some_and(|relied| relied.certainty == model::Certainty::Possible)
            && !missing.contains(&codes::MISSING_EXACT_TIME)
        {
            missing.push(codes::MISSING_EXACT_TIME);
        }
        Ok(missing)
    }
    /// Whether the decision needed it: without it the rule would not be met. Null outside of
    /// `Decision.reliedOn`.
    async fn needed(&self) -> Option<bool> {
        self.relied.map(|relied| relied.needed)
    }
    /// Whether it counts by record.
    async fn by_record(&self) -> Result<bool> {
        Ok(self.get()?.by_record)
    }
    /// Whether it counts by the rules.
    async fn by_rules(&self) -> Result<bool> {
        Ok(self.get()?.by_rules)
    }
    /// Why its assertion is void: codes.
    async fn void(&self) -> Result<Vec<&str>> {
        Ok(self.get()?.void.clone())
    }
    /// The label of the trust version it came under: of several that may have been in force, the
    /// latest of those that trust it.
    async fn trust_version(&self) -> Result<Option<ID>> {
        Ok(self.get()?.came_under.as_ref().and_then(|under| under.latest()).map(id))
    }
    /// The labels of all trust versions that it may have come under and that trust it, the latest
    /// first; where it was not trusted, of all. None, though it was possibly trusted: no version
    /// trusts it, and a state between them may have.
    async fn trust_versions(&self) -> Result<Vec<ID>> {
        let under = self.get()?.came_under.as_ref();
        Ok(under.into_iter().flat_map(|under| &under.versions).map(id).collect())
    }
    /// How sure it is that it was trusted. Null where it was not, and where nothing is stated.
    async fn trust_certainty(&self) -> Result<Option<Certainty>> {
        let under = self.get()?.came_under.as_ref();
        Ok(under.and_then(|under| under.trusted).map(Certainty::from))
    }
    /// Whether something it rests on is a variant.
    async fn variant(&self) -> Result<bool> {
        Ok(self.get()?.variant)
    }
    /// The records that show it.
    #[graphql(complexity = "list_cost(child_complexity)")]
    async fn evidence(&self) -> Result<Vec<RecordRef>> {
        Ok(vec(&self.get()?.evidence))
    }
    /// The reasons.
    #[graphql(complexity = "list_cost(child_complexity)")]
    async fn because(&self) -> Result<Vec<Reason>> {
        let reasons = self.session.reasons.as_ref();
        Ok(reasons
            .and_then(|all| all.factors.get(self.index))
            .map(Reason::from)
            .into_iter()
            .collect())
    }
}

/// A claimed value that did not count.
#[derive(SimpleObject)]
pub(crate) struct IgnoredClaim {
    /// What it is called: the `amr` value where there is one, else the method.
    name: String,
    /// The method, where one is stated or the `amr` value can stand for one only.
    method: Option<&'static str>,
    /// The `amr` value, where one was asserted.
    amr: Option<String>,
    /// The identity provider that asserted it.
    idp: ID,
    /// The assertion.
    assertion: Option<ID>,
    /// When it reached the service provider.
    received_at: DateTime,
    /// Every reason: codes.
    reasons: Vec<&'static str>,
    /// How sure it is that it did not count. Possible inside the interval of the claim's own time,
    /// and where something that is not known could have made it count.
    certainty: Certainty,
    /// The record.
    record: RecordRef,
    /// The reasons.
    #[graphql(complexity = "list_cost(child_complexity)")]
    because: Vec<Reason>,
}

impl IgnoredClaim {
    /// A claimed value that did not count, and why where that is shown.
    pub(super) fn of(claim: &model::IgnoredClaim, why: Option<&model::Reason>) -> Self {
        Self {
            name: claim.name.clone(),
            method: claim.method.map(vocabulary::Method::as_str),
            amr: claim.amr.as_ref().map(|amr| amr.as_str().to_owned()),
            idp: id(&claim.idp),
            assertion: claim.assertion.as_ref().map(id),
            received_at: claim.received_at.into(),
            reasons: claim.reasons.clone(),
            certainty: claim.certainty.into(),
            record: (&claim.record).into(),
            because: why.map(Reason::from).into_iter().collect(),
        }
    }
}

/// A signing key.
#[derive(SimpleObject)]
pub(crate) struct Key {
    /// The key.
    id: ID,
    /// The identity provider that owns it.
    idp: Option<ID>,
}
