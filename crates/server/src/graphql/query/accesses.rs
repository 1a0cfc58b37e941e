//! `accesses`.

use super::rows;
use crate::graphql::{
    Asker,
    errors::Result,
    limits::{DEFAULT_FIRST, list_cost},
    scalars::{DateTime, Position},
    types::Proof,
};
use async_graphql::{ComplexObject, Context, ID, Object, SimpleObject};
use claimledger_app::model::access::{AccessEntry, AccessFilter, AccessPage};

/// Who was shown what, the last first.
#[derive(SimpleObject)]
pub(crate) struct AccessList {
    /// The entries of the access log.
    #[graphql(complexity = "list_cost(child_complexity)")]
    items: Vec<Access>,
    /// Where the next page begins, as `after`; null: there is none.
    next: Option<Position>,
    /// Whether only entries of your own credential are listed: those of others need the role
    /// govern.
    own_only: bool,
    /// The number of entries of the access log.
    size: u64,
}

/// An entry of the access log: what one request was shown, or one part of it.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct Access {
    /// Its position in the access log.
    position: Position,
    /// When it was written, before the answer was given.
    at: DateTime,
    /// The request: the same in all of its parts.
    request: ID,
    /// Which part of it, from 1.
    part: u32,
    /// The credential that asked.
    credential: ID,
    /// What the credential may do.
    roles: Vec<String>,
    /// How it came: `cli`, `http`, `graphql`, `page`, `subscription` or `export`.
    surface: String,
    /// What was asked.
    questions: Vec<AccessQuestion>,
    /// What was asked for, as far as it names no person.
    parameters: Vec<AccessParameter>,
    /// The sessions that were shown.
    sessions: Vec<ID>,
    /// The people whose sessions or records were shown, as pseudonyms.
    subjects: Vec<ID>,
    /// The records that were shown.
    records: Vec<AccessRecords>,
    /// Whether everything that is stored was shown.
    whole_log: bool,
    /// Whether names of people, or what is sealed, were shown.
    names: bool,
    /// The role for whose lack it was refused; null: it was answered.
    refused: Option<String>,
    /// The stated purpose.
    purpose: Option<String>,
    /// The stated case.
    case: Option<String>,
}

/// A question of a request.
#[derive(SimpleObject)]
pub(crate) struct AccessQuestion {
    /// Its word.
    question: String,
    /// T.
    at: Option<DateTime>,
    /// K.
    known_at: Option<Position>,
    /// R.
    rules: Option<String>,
}

/// A parameter of a request.
#[derive(SimpleObject)]
pub(crate) struct AccessParameter {
    /// Its name.
    name: String,
    /// Its value.
    value: String,
}

/// Records in a row.
#[derive(SimpleObject)]
pub(crate) struct AccessRecords {
    /// The first.
    first: Position,
    /// The last.
    last: Position,
}

impl From<AccessEntry> for Access {
    fn from(entry: AccessEntry) -> Self {
        let shown = entry.disclosed;
        let question = |asked: claimledger_facts::types::access::AskedQuestion| AccessQuestion {
            question: asked.question,
            at: asked.at.map(DateTime),
            known_at: asked.known_at.map(Position),
            rules: asked.rules,
        };
        Self {
            position: Position(entry.position),
            at: DateTime(entry.at),
            request: shown.request.into(),
            part: shown.part,
            credential: shown.credential.into(),
            roles: shown.roles.iter().map(ToString::to_string).collect(),
            surface: shown.surface.to_string(),
            questions: shown.questions.into_iter().map(question).collect(),
            parameters: (shown.parameters.into_iter())
                .map(|(name, value)| AccessParameter { name, value })
                .collect(),
            sessions: shown.sessions.iter().map(|id| ID(id.to_string())).collect(),
            subjects: shown.subjects.iter().map(|id| ID(id.to_string())).collect(),
            records: (shown.records.iter())
                .map(|range| AccessRecords {
                    first: Position(range.first),
                    last: Position(range.last),
                })
                .collect(),
            whole_log: shown.whole_log,
            names: shown.names,
            refused: shown.refused.map(|role| role.to_string()),
            purpose: entry.reason.purpose,
            case: entry.reason.case,
        }
    }
}

impl From<AccessPage> for AccessList {
    fn from(page: AccessPage) -> Self {
        let next = page.entries.last().filter(|_| page.has_next);
        Self {
            next: next.map(|entry| Position(entry.position)),
            items: page.entries.into_iter().map(Access::from).collect(),
            own_only: page.own_only,
            size: page.size,
        }
    }
}

#[ComplexObject]
impl Access {
    /// The proof that the entry is in the access log; null: this ledger signs nothing.
    #[graphql(complexity = "child_complexity + 20")]
    async fn proof(&self, ctx: &Context<'_>) -> Result<Option<Proof>> {
        let asker = ctx.data::<Asker>()?;
        let proof = asker.app.prove_access(&asker.caller, self.position.0).await?;
        Ok(proof.as_ref().map(Proof::from))
    }
}

/// Accesses.
#[derive(Default)]
pub(crate) struct AccessQuestions;

#[Object]
impl AccessQuestions {
    /// Who was shown what: entries of the access log, the last first. Your own, or with the role
    /// govern those of everybody. The entry of this question is among them.
    #[graphql(complexity = "first.unwrap_or(DEFAULT_FIRST).max(0) as usize * child_complexity + 1")]
    #[expect(clippy::too_many_arguments, reason = "each is an argument of the field")]
    async fn accesses(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only what names this person, one of their sessions or records.")]
        subject: Option<ID>,
        #[graphql(desc = "Only what names this session, under any of its ids, or its records.")]
        session: Option<ID>,
        #[graphql(desc = "Only entries written at or after this time.")] from: Option<DateTime>,
        #[graphql(desc = "Only entries written before this time.")] to: Option<DateTime>,
        #[graphql(desc = "How many entries, at most.")] first: Option<i32>,
        #[graphql(desc = "Only entries before this one: `next` of the page before.")] after: Option<
            Position,
        >,
    ) -> Result<AccessList> {
        let asker = ctx.data::<Asker>()?;
        let filter = AccessFilter {
            subject: subject.map(|id| id.as_str().into()),
            session: session.map(|id| id.as_str().into()),
            from: from.map(|from| from.0),
            to: to.map(|to| to.0),
        };
        let (first, after) = (u64::from(rows(first)?), after.map(|after| after.0));
        let page = asker.app.accesses(&asker.caller, &filter, first, after).await?;
        Ok(page.into())
    }
}
