//! Sessions, factors, decisions, reasons and records as GraphQL shows them.

use super::{
    Asker, errors,
    limits::list_cost,
    loaders::{Labels, Sessions},
    scalars::{DateTime, Json, Position},
};
use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject, dataloader::DataLoader};
use claimledger_app::{answer::RecordView, app};
use claimledger_domain::model;
use claimledger_facts::vocabulary;
use std::sync::Arc;

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident of $remote:literal as $graphql:literal { $($(#[$vdoc:meta])* $variant:ident,)* })*) => {$(
        $(#[$doc])*
        #[derive(Enum, Copy, Clone, Debug, Eq, PartialEq)]
        #[graphql(name = $graphql, remote = $remote)]
        pub(crate) enum $name { $($(#[$vdoc])* $variant,)* }
    )*};
}

words! {
    /// How sure an answer is.
    Certainty of "model::Certainty" as "Certainty" {
        /// By what is known.
        Certain,
        /// Something that would settle it is missing.
        Possible,
    }
    /// Where a session stands at T.
    Phase of "model::Phase" as "SessionState" {
        /// It begins after T.
        NotStarted,
        /// It has begun and has not ended.
        Active,
        /// It has ended.
        Ended,
    }
    /// The type of a factor.
    FactorType of "model::FactorType" as "FactorType" {
        /// Something known.
        Knowledge,
        /// Something had.
        Possession,
        /// Something one is.
        Inherence,
        /// Two types where no constraint is asked, and none by itself.
        Unspecified,
    }
    /// Who verified a factor.
    Origin of "model::Origin" as "Origin" {
        /// The identity provider, by its claim.
        Claimed,
        /// The service provider itself.
        Local,
    }
    /// How good the evidence is that a factor was honored.
    Grade of "model::Grade" as "Grade" {
        /// The service provider says so.
        Stated,
        /// An allow followed, and no local factor came before it.
        Joined,
        /// The rules honor it; nothing recorded says that it was.
        Replayed,
        /// Nothing is known of the identity provider.
        Assumed,
    }
    /// What the rules imply.
    Implied of "model::Implied" as "Implied" {
        /// The rule holds for these factors.
        Allow,
        /// It does not, but local authenticators could fill the gap.
        Challenge,
        /// It does not.
        Deny,
        /// Something is missing.
        Undetermined,
    }
    /// How a requirement stands.
    Mark of "model::Mark" as "Mark" {
        /// Met.
        Met,
        /// Not met.
        NotMet,
        /// Possible.
        Possible,
        /// Undetermined.
        Undetermined,
    }
    /// What the service provider recorded.
    Outcome of "vocabulary::Outcome" as "Outcome" {
        /// Let in.
        Allow,
        /// Asked for more.
        Challenge,
        /// Refused.
        Deny,
    }
}

/// Converts a list.
pub(crate) fn vec<'a, A, B: From<&'a A>>(list: &'a [A]) -> Vec<B> {
    list.iter().map(B::from).collect()
}

fn id(text: impl std::fmt::Display) -> ID {
    ID(text.to_string())
}

/// A record, as an answer names it.
#[derive(SimpleObject)]
#[graphql(name = "RecordRef")]
pub(crate) struct RecordRef {
    /// Its id.
    id: ID,
    /// Who said it.
    source: String,
    /// Under which id.
    source_id: String,
    /// What the source calls this kind of event.
    #[graphql(name = "type")]
    kind: String,
    /// Where it stands in the log.
    position: Position,
    /// When it occurred, as the source claims; the earliest, of an interval.
    occurred_at: DateTime,
    /// The latest, of an interval.
    occurred_to: Option<DateTime>,
    /// When it was recorded.
    recorded_at: DateTime,
}

impl From<&model::RecordRef> for RecordRef {
    fn from(record: &model::RecordRef) -> Self {
        Self {
            id: id(record.id),
            source: record.source.as_str().to_owned(),
            source_id: record.source_id.as_str().to_owned(),
            kind: record.kind.clone(),
            position: record.position.into(),
            occurred_at: record.occurred.from.into(),
            occurred_to: record.occurred.to.map(DateTime),
            recorded_at: record.recorded_at.into(),
        }
    }
}

/// Between which instants something lies.
#[derive(SimpleObject)]
#[graphql(name = "Bounds")]
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

/// One thought of an explanation.
pub(crate) struct Reason(model::Reason);

impl From<&model::Reason> for Reason {
    fn from(reason: &model::Reason) -> Self {
        Self(reason.clone())
    }
}

/// One thought of an explanation: a conclusion, the rule it comes from, the facts it rests on, and what it follows from.
#[Object(name = "Reason")]
impl Reason {
    /// How a requirement stands, where one is judged.
    async fn mark(&self) -> Option<Mark> {
        self.0.mark.map(Mark::from)
    }
    /// The question that this answers, where it answers one.
    async fn question(&self) -> Option<&str> {
        self.0.question
    }
    /// One sentence or two.
    async fn conclusion(&self) -> &str {
        &self.0.conclusion
    }
    /// A code, where there is one.
    async fn code(&self) -> Option<&str> {
        self.0.code
    }
    /// The rule's id.
    async fn rule(&self) -> Option<ID> {
        self.0.rule.map(id)
    }
    /// The document the rule comes from, in words.
    async fn source(&self) -> Option<&str> {
        self.0.source
    }
    /// The number of the settled reading.
    async fn semantics(&self) -> Option<u32> {
        self.0.semantics
    }
    /// The records it rests on.
    #[graphql(complexity = "list_cost(child_complexity)")]
    async fn facts(&self) -> Vec<RecordRef> {
        vec(&self.0.facts)
    }
    /// What it follows from.
    #[graphql(complexity = "list_cost(child_complexity)")]
    async fn because(&self) -> Vec<Reason> {
        vec(&self.0.because)
    }
}

/// A session at a cut.
pub(crate) struct Session(pub Arc<model::SessionState>);

/// A session at (T, K).
#[Object(name = "Session")]
impl Session {
    /// Its name: the alias that is first in the total order.
    async fn id(&self) -> ID {
        id(&self.0.id)
    }
    /// Its other ids.
    async fn aliases(&self) -> Vec<ID> {
        self.0.aliases.iter().map(id).collect()
    }
    /// Whose it is: a pseudonym.
    async fn subject(&self) -> Option<ID> {
        self.0.subject.as_ref().map(id)
    }
    /// The identity provider it came from.
    async fn idp(&self) -> Option<ID> {
        self.0.idp.as_ref().map(id)
    }
    /// The identity provider's session.
    async fn idp_session(&self) -> Option<ID> {
        self.0.idp_session.as_ref().map(id)
    }
    /// The root session.
    async fn root_session(&self) -> Option<ID> {
        self.0.root_session.as_ref().map(id)
    }
    /// Where it stands at T.
    async fn state(&self) -> Phase {
        self.0.phase.into()
    }
    /// How sure that is.
    async fn certainty(&self) -> Certainty {
        self.0.certainty.into()
    }
    /// When it began.
    async fn started_at(&self) -> Option<DateTime> {
        self.0.started_at.map(DateTime)
    }
    /// When it ended, where an end is stated.
    async fn ended_at(&self) -> Option<DateTime> {
        self.0.ended_at.map(DateTime)
    }
    /// Why it ended: a code.
    async fn end_reason(&self) -> Option<&str> {
        self.0.end_reason
    }
    /// Where no end is stated: between which instants it lies.
    async fn end_bounds(&self) -> Option<Bounds> {
        self.0.end_bounds.map(Into::into)
    }
    /// When it ends at the latest, where a limit is known.
    async fn lifetime_ends_at(&self) -> Option<DateTime> {
        self.0.lifetime_ends_at.map(DateTime)
    }
    /// The last sign of life up to T.
    async fn last_seen(&self) -> Option<DateTime> {
        self.0.last_seen.map(DateTime)
    }
    /// Factors that counted, by record or by rules.
    #[graphql(complexity = "list_cost(child_complexity)")]
    async fn factors(&self) -> Vec<HonoredFactor> {
        (0..self.0.factors.len()).map(|index| HonoredFactor { session: self.0.clone(), index }).collect()
    }
    /// Claims that did not count.
    #[graphql(complexity = "list_cost(child_complexity)")]
    async fn ignored(&self) -> Vec<IgnoredClaim> {
        vec(&self.0.ignored)
    }
    /// Decisions, in the total order.
    #[graphql(complexity = "list_cost(child_complexity)")]
    async fn decisions(&self) -> Vec<Decision> {
        let of = |decision: &model::Decision| Decision { decision: decision.clone(), session: Of::Known(self.0.clone()) };
        self.0.decisions.iter().map(of).collect()
    }
    /// Application accesses, in the total order.
    #[graphql(complexity = "list_cost(child_complexity)")]
    async fn accesses(&self) -> Vec<AppAccess> {
        vec(&self.0.accesses)
    }
    /// Facts that are stored and shown, but that these rules do not weigh.
    #[graphql(complexity = "list_cost(child_complexity)")]
    async fn not_weighed(&self) -> Vec<RecordRef> {
        vec(&self.0.not_weighed)
    }
    /// Every record of the session up to the cut.
    #[graphql(complexity = "list_cost(child_complexity)")]
    async fn records(&self) -> Vec<RecordRef> {
        vec(&self.0.records)
    }
    /// Why it stands where it stands.
    #[graphql(complexity = "list_cost(child_complexity)")]
    async fn because(&self) -> Vec<Reason> {
        vec(&self.0.because)
    }
    /// What its subject is called: beside the pinned answer, and for the role investigate only.
    async fn label(&self, ctx: &Context<'_>) -> Result<Option<Label>> {
        let asker = ctx.data::<Asker>()?;
        if !asker.caller.has(vocabulary::Role::Investigate) {
            return Err(errors::asked(&claimledger_app::ask::AskError::Forbidden { needs: vocabulary::Role::Investigate }));
        }
        match &self.0.subject {
            None => Ok(None),
            Some(subject) => Ok(ctx.data::<DataLoader<Labels>>()?.load_one(subject.clone()).await?.as_ref().map(Label::from)),
        }
    }
}

/// What a person is called.
#[derive(SimpleObject)]
#[graphql(name = "Label")]
pub(crate) struct Label {
    /// The login.
    login: Option<String>,
    /// The name.
    name: Option<String>,
}

impl From<&app::Label> for Label {
    fn from(label: &app::Label) -> Self {
        Self { login: label.login.clone(), name: label.name.clone() }
    }
}

/// A signing key.
#[derive(SimpleObject)]
#[graphql(name = "Key")]
pub(crate) struct Key {
    /// The key.
    id: ID,
    /// Whose it is.
    idp: Option<ID>,
}

/// A factor that counted.
pub(crate) struct HonoredFactor {
    session: Arc<model::SessionState>,
    index: usize,
}

impl HonoredFactor {
    fn get(&self) -> Result<&model::HonoredFactor> {
        self.session.factors.get(self.index).ok_or_else(|| errors::input("no such factor"))
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
    /// Who asserted it.
    async fn idp(&self) -> Result<Option<ID>> {
        Ok(self.get()?.idp.as_ref().map(id))
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
    /// Where no end is known: between which instants it lies.
    async fn until_bounds(&self) -> Result<Option<Bounds>> {
        Ok(self.get()?.until_bounds.map(Into::into))
    }
    /// Why it ended: a code.
    async fn end_reason(&self) -> Result<Option<&str>> {
        Ok(self.get()?.end_reason)
    }
    /// How good the evidence is.
    async fn grade(&self) -> Result<Grade> {
        Ok(self.get()?.grade.into())
    }
    /// How sure it is that it counts.
    async fn certainty(&self) -> Result<Certainty> {
        Ok(self.get()?.certainty.into())
    }
    /// What would settle it, where it is only possible: codes.
    async fn missing(&self) -> Result<Vec<&str>> {
        Ok(self.get()?.missing.clone())
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
    /// The label of the trust version it came under.
    async fn trust_version(&self) -> Result<Option<ID>> {
        Ok(self.get()?.trust_version.as_ref().map(id))
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
    /// Why.
    #[graphql(complexity = "list_cost(child_complexity)")]
    async fn because(&self) -> Result<Vec<Reason>> {
        Ok(vec(&self.get()?.because))
    }
}

/// A claimed value that did not count.
#[derive(SimpleObject)]
#[graphql(name = "IgnoredClaim")]
pub(crate) struct IgnoredClaim {
    /// The method where one is stated, else the `amr` value.
    method: String,
    /// The `amr` value, where one was asserted.
    amr: Option<String>,
    /// Who asserted it.
    idp: ID,
    /// The assertion.
    assertion: Option<ID>,
    /// When it reached the service provider.
    received_at: DateTime,
    /// Every reason: codes.
    reasons: Vec<&'static str>,
    /// The record.
    record: RecordRef,
    /// Why.
    because: Vec<Reason>,
}

impl From<&model::IgnoredClaim> for IgnoredClaim {
    fn from(claim: &model::IgnoredClaim) -> Self {
        Self {
            method: claim.method.map_or_else(|| claim.name.clone(), |method| method.as_str().to_owned()),
            amr: claim.amr.as_ref().map(|amr| amr.as_str().to_owned()),
            idp: id(&claim.idp),
            assertion: claim.assertion.as_ref().map(id),
            received_at: claim.received_at.into(),
            reasons: claim.reasons.clone(),
            record: (&claim.record).into(),
            because: vec(&claim.because),
        }
    }
}

/// An application was opened.
#[derive(SimpleObject)]
#[graphql(name = "AppAccess")]
pub(crate) struct AppAccess {
    /// The application.
    app: ID,
    /// Its own session.
    app_session: Option<ID>,
    /// When.
    at: DateTime,
    /// The record.
    record: RecordRef,
}

impl From<&model::AppAccess> for AppAccess {
    fn from(access: &model::AppAccess) -> Self {
        Self { app: id(&access.app), app_session: access.app_session.as_ref().map(id), at: access.at.into(), record: (&access.record).into() }
    }
}

/// Two readings that differ.
#[derive(SimpleObject)]
#[graphql(name = "Difference")]
pub(crate) struct Difference {
    /// What was recorded.
    recorded: Outcome,
    /// What is implied.
    implied: Implied,
    /// The cause: a code.
    code: &'static str,
    /// In words.
    words: String,
}

impl From<&model::Difference> for Difference {
    fn from(difference: &model::Difference) -> Self {
        Self { recorded: difference.recorded.into(), implied: difference.implied.into(), code: difference.code, words: difference.words.clone() }
    }
}

/// The session of a decision: at hand, or to be loaded with those of the other rows.
pub(crate) enum Of {
    /// At hand.
    Known(Arc<model::SessionState>),
    /// To be loaded.
    Loaded(Arc<DataLoader<Sessions>>),
}

/// A decision, recorded and implied.
pub(crate) struct Decision {
    /// The decision.
    pub decision: model::Decision,
    /// Its session.
    pub session: Of,
}

/// A decision, recorded and implied.
#[Object(name = "Decision")]
impl Decision {
    /// The record.
    async fn record(&self) -> RecordRef {
        (&self.decision.record).into()
    }
    /// The session id it names.
    async fn session(&self) -> ID {
        id(&self.decision.session)
    }
    /// The application.
    async fn app(&self) -> ID {
        id(&self.decision.app)
    }
    /// When; the earliest, of an interval.
    async fn at(&self) -> DateTime {
        self.decision.at.from.into()
    }
    /// The latest, of an interval.
    async fn at_latest(&self) -> Option<DateTime> {
        self.decision.at.to.map(DateTime)
    }
    /// What the service provider recorded.
    async fn outcome(&self) -> Outcome {
        self.decision.outcome.into()
    }
    /// The policy.
    async fn policy(&self) -> ID {
        id(&self.decision.policy)
    }
    /// The label of the version in force at its time.
    async fn version(&self) -> Option<ID> {
        self.decision.version_in_force.as_ref().map(id)
    }
    /// The label that the decision itself gives to the version.
    async fn version_label(&self) -> Option<ID> {
        self.decision.version_label.as_ref().map(id)
    }
    /// The rule: the one named, or the only one.
    async fn rule(&self) -> Option<ID> {
        self.decision.rule.as_ref().map(id)
    }
    /// What the rules imply, as known when decided.
    async fn implied(&self) -> Implied {
        self.decision.implied.into()
    }
    /// The first unmet requirement: a code.
    async fn first_unmet(&self) -> Option<&str> {
        self.decision.first_unmet
    }
    /// What is missing where implied is undetermined: codes.
    async fn missing(&self) -> &[&'static str] {
        &self.decision.missing
    }
    /// Distinct factor types that counted by the rules at that time.
    async fn factor_types(&self) -> Vec<FactorType> {
        self.decision.met.factor_types.iter().map(|factor_type| FactorType::from(*factor_type)).collect()
    }
    /// Characteristics that counted by the rules at that time.
    async fn characteristics(&self) -> Vec<&str> {
        self.decision.met.characteristics.iter().map(|property| property.as_str()).collect()
    }
    /// Set if recorded and implied differ.
    async fn differs(&self) -> Option<Difference> {
        self.decision.differs.as_ref().map(Difference::from)
    }
    /// Set if a later falsifier takes away what was right when made. Always null until falsifiers are weighed.
    async fn falsified_later(&self) -> Option<Difference> {
        self.decision.falsified_later.as_ref().map(Difference::from)
    }
    /// Whether something it rests on is a variant.
    async fn variant(&self) -> bool {
        self.decision.variant
    }
    /// What it rested on.
    #[graphql(complexity = "list_cost(child_complexity)")]
    async fn relied_on(&self) -> Result<Vec<HonoredFactor>> {
        if self.decision.relied_on.is_empty() {
            return Ok(Vec::new());
        }
        let session = match &self.session {
            Of::Known(session) => session.clone(),
            Of::Loaded(loader) => match loader.load_one(self.decision.session.clone()).await? {
                Some(session) => session,
                None => return Ok(Vec::new()),
            },
        };
        Ok(self.decision.relied_on.iter().map(|relied| HonoredFactor { session: session.clone(), index: relied.factor }).collect())
    }
    /// Why: the trace of the assessment itself.
    async fn because(&self) -> Reason {
        (&self.decision.because).into()
    }
}

/// A record.
pub(crate) struct Record(pub RecordView);

/// A record, as far as the caller may see it.
#[Object(name = "Record")]
impl Record {
    /// Its id.
    async fn id(&self) -> ID {
        id(self.0.reference.id)
    }
    /// Where it stands in the log.
    async fn position(&self) -> Position {
        self.0.reference.position.into()
    }
    /// SHA-256(0x00 ‖ header bytes), in hexadecimal.
    async fn leaf_hash(&self) -> String {
        self.0.leaf.to_string()
    }
    /// The header's bytes, in base64.
    async fn header(&self) -> String {
        data_encoding::BASE64.encode(&self.0.header)
    }
    /// What it says in the clear; empty: stored, and not understood.
    async fn facts(&self) -> Vec<Json> {
        crate::record::facts(&self.0.statement).into_iter().map(Json).collect()
    }
    /// Who said it.
    async fn source(&self) -> &str {
        self.0.reference.source.as_str()
    }
    /// Under which id.
    async fn source_id(&self) -> &str {
        self.0.reference.source_id.as_str()
    }
    /// What the source calls this kind of event.
    async fn kind(&self) -> &str {
        &self.0.reference.kind
    }
    /// The session that the event names.
    async fn session(&self) -> Option<ID> {
        self.0.statement.session.as_ref().map(id)
    }
    /// When it occurred, as the source claims; the earliest, of an interval.
    async fn occurred_at(&self) -> DateTime {
        self.0.reference.occurred.from.into()
    }
    /// The latest, of an interval.
    async fn occurred_to(&self) -> Option<DateTime> {
        self.0.reference.occurred.to.map(DateTime)
    }
    /// When it was recorded.
    async fn recorded_at(&self) -> DateTime {
        self.0.reference.recorded_at.into()
    }
    /// Whether facts could be read from it.
    async fn understood(&self) -> bool {
        !self.0.statement.notes.contains(&vocabulary::Note::NotUnderstood)
    }
    /// How it was read: codes.
    async fn notes(&self) -> Vec<&str> {
        self.0.statement.notes.iter().map(|note| note.as_str()).collect()
    }
    /// Whether the source said something else under the same id too.
    async fn variant(&self) -> bool {
        self.0.variant
    }
    /// Which translator read it.
    async fn translator(&self) -> &str {
        &self.0.translator
    }
}
