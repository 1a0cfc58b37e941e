//! What every answer carries, and the lists.

use super::{
    mirror::mirror,
    scalars::{DateTime, Position},
    types::{Certainty, Decision, Reason, Session, vec},
};
use async_graphql::{Enum, ID, SimpleObject};
use claimledger_app::model::{answer, health};
use claimledger_facts::vocabulary;

mirror! {
    /// The cut and the rules that the answer is for.
    #[derive(SimpleObject, Clone)]
    pub(crate) struct Answered of answer::Answered as answered;
    /// The instant T that the answer is about.
    at: DateTime,
    /// K as a position: the last record that the answer may use.
    position: Position,
    /// When that position was recorded.
    recorded_at: DateTime,
    /// R, the version of the rules.
    rules: &'static str,
    /// Whether a later append could still be recorded by K; or no K was asked, and the read models
    /// are behind the log.
    provisional: bool,
    /// Whether recorded times were asserted by the input.
    rehearsal: bool,
    /// Whether every source has been heard up to T and no gap is open: only then does "none" mean
    /// that there is none.
    complete: bool = answered.completeness.complete,
    /// Up to when every source is complete; null: a source states nothing.
    complete_to: Option<DateTime> = answered.completeness.complete_to,
    /// The same in words: `complete`, or `incomplete` and what is missing.
    completeness_summary: String = answered.completeness.words,
}

/// The state of the ledger, which may change from call to call.
#[derive(SimpleObject, Clone)]
pub(crate) struct Status {
    /// Records below this position are in the read models.
    assessed_to: Position,
    /// The end of the log: its size, and the position that the next record gets.
    head: Position,
    /// Name and version of the read models that were asked.
    views: String,
    /// What of the ledger does not work now; empty: everything does.
    problems: Vec<Problem>,
    /// The root hash of the last signed checkpoint, in hexadecimal; null: nothing was signed yet.
    root: Option<String>,
    /// Records below this position are covered by it.
    signed_to: Option<Position>,
    /// The receipt of this answer. Not built yet: always null.
    receipt: Option<ID>,
}

impl From<&answer::Status> for Status {
    fn from(status: &answer::Status) -> Self {
        let size = |size: u64| Position(claimledger_facts::ids::LogPosition(size));
        Self {
            assessed_to: size(status.assessed_to),
            head: size(status.head),
            views: status.views.clone(),
            problems: status.problems.iter().map(Problem::from).collect(),
            root: status.signed.map(|(_, root)| root.to_string()),
            signed_to: status
                .signed
                .map(|(size, _)| Position(claimledger_facts::ids::LogPosition(size))),
            receipt: None,
        }
    }
}

mirror! {
    /// Something that does not work, while other parts may.
    #[derive(SimpleObject, Clone)]
    pub(crate) struct Problem of answer::Problem as problem;
    /// The kind.
    part: Part,
    /// The cause, and what resolves it.
    why: String = problem.cause.why,
    /// Since when.
    since: DateTime = problem.cause.since,
}

/// A part of a ledger.
#[derive(Enum, Copy, Clone, Eq, PartialEq)]
#[graphql(remote = "health::Part")]
pub(crate) enum Part {
    /// Appends are refused; reads go on.
    Log,
    /// The read models do not move: answers fall behind the log.
    Projection,
    /// Stored data is damaged.
    Damage,
    /// The clock that records are stamped with jumped, or is behind the last record.
    Clock,
    /// An anchor lacks a checkpoint, or has one that an older copy wrote. Everything else works.
    Anchor,
}

mirror! {
    /// How complete a source is known to be.
    #[derive(SimpleObject, Clone)]
    pub(crate) struct SourceCompleteness of answer::SourceCompleteness as source;
    /// The source.
    source: String,
    /// Everything up to this time was heard; null: nothing is stated.
    heard_until: Option<DateTime>,
    /// The basis of that statement.
    basis: Option<HeardBasis>,
    /// Gaps that are known.
    gaps: Vec<Gap>,
}

mirror! {
    /// A time in which something of a source may be missing.
    #[derive(SimpleObject, Clone)]
    pub(crate) struct Gap of answer::Gap as gap;
    /// From, inclusive.
    from: DateTime,
    /// Until, exclusive; null: nothing that is known ends it.
    until: Option<DateTime>,
    /// Whether the missing records were received later.
    backfilled: bool,
    /// Why, in words: `silent`, or what happened to what sends the source's events, such as
    /// `log stream switched off`.
    cause: String = gap.cause,
    /// The record that says so.
    position: Position,
}

/// On what a statement of completeness rests.
#[derive(Enum, Copy, Clone, Eq, PartialEq)]
#[graphql(remote = "vocabulary::HeardBasis")]
pub(crate) enum HeardBasis {
    /// The source says so.
    Stated,
    /// It was polled.
    Polled,
    /// It is assumed.
    Assumed,
}

mirror! {
    /// Why something may be absent from an answer, or from a list within it.
    #[derive(SimpleObject, Clone)]
    pub(crate) struct Absence of answer::Absence as absence;
    /// The code.
    code: AbsenceCode,
    /// The same as a sentence.
    words: String,
}

/// Why something may be absent from an answer.
#[derive(Enum, Copy, Clone, Eq, PartialEq)]
#[graphql(remote = "answer::AbsenceCode")]
pub(crate) enum AbsenceCode {
    /// There is none: every source has been heard up to T.
    None,
    /// None was seen, and not everything was heard.
    NoneSeen,
    /// The caller's role does not let it be looked for in full; said alike whether or not it is
    /// there.
    NotForRole,
    /// Nothing is known at K of what the question names.
    NotKnown,
    /// Nothing is known yet of what the question names: no K was asked, and the read models have
    /// not reached the end of the log. The same question may have another answer soon.
    Lagging,
}

/// One session.
#[derive(SimpleObject)]
pub(crate) struct SessionAnswer {
    /// Null: nothing by this id is known at K.
    pub session: Option<Session>,
    /// What every answer carries.
    #[graphql(flatten)]
    pub carried: Carried,
}

/// Sessions, in the order they began.
#[derive(SimpleObject)]
pub(crate) struct SessionConnection {
    /// The rows.
    pub edges: Vec<SessionEdge>,
    /// Where the page stands in the list.
    pub page_info: PageInfo,
    /// What every answer carries.
    #[graphql(flatten)]
    pub carried: Carried,
}

/// A session of a list.
#[derive(SimpleObject)]
pub(crate) struct SessionEdge {
    /// The cursor for `after`: the next page starts behind this row.
    pub cursor: String,
    /// The session.
    pub node: Session,
    /// How sure it is that the session belongs to this list.
    pub certainty: Certainty,
    /// Why it belongs to this list.
    #[graphql(complexity = "super::limits::list_cost(child_complexity)")]
    pub because: Vec<Reason>,
}

/// Decisions, in the total order of their sessions.
#[derive(SimpleObject)]
pub(crate) struct DecisionConnection {
    /// The rows.
    pub edges: Vec<DecisionEdge>,
    /// Where the page stands in the list.
    pub page_info: PageInfo,
    /// What every answer carries.
    #[graphql(flatten)]
    pub carried: Carried,
}

/// A decision of a list.
#[derive(SimpleObject)]
pub(crate) struct DecisionEdge {
    /// The cursor for `after`: the next page starts behind this row.
    pub cursor: String,
    /// The decision.
    pub node: Decision,
    /// How sure it is that the decision belongs to this list.
    pub certainty: Certainty,
}

/// Where a feed of changes begins.
#[derive(SimpleObject)]
pub(crate) struct ChangesCursor {
    /// For `after` of `sessionChanged`. Opaque.
    pub cursor: String,
    /// The cut and the rules that the answer is for.
    pub answered: Answered,
    /// How complete each source was.
    pub completeness: Vec<SourceCompleteness>,
    /// The state of the ledger, which may change from call to call.
    pub status: Status,
}

/// Where a page stands in its list, as the Relay specification of connections has it. Pages go
/// forward only: there is no `last` and no `before`.
#[derive(SimpleObject)]
pub(crate) struct PageInfo {
    /// Whether rows follow this page.
    pub has_next_page: bool,
    /// Whether rows precede this page: the row of the cursor `after` does, wherever one was given.
    pub has_previous_page: bool,
    /// The cursor of the first row; null: the page has no rows.
    pub start_cursor: Option<String>,
    /// The cursor of the last row; null: the page has no rows.
    pub end_cursor: Option<String>,
}

/// The reasons.
#[derive(SimpleObject)]
pub(crate) struct Explanation {
    /// The session's name; null: no such id.
    pub session: Option<ID>,
    /// One tree a decision, or one a factor where a factor was asked.
    #[graphql(complexity = "super::limits::list_cost(child_complexity)")]
    pub because: Vec<Reason>,
    /// The trees as text, as `claimledger why` prints them.
    pub text: String,
    /// What every answer carries.
    #[graphql(flatten)]
    pub carried: Carried,
}

/// What every answer carries: flattened into it, so that clients select it beside the rest.
#[derive(SimpleObject)]
pub(crate) struct Carried {
    /// The cut and the rules that the answer is for.
    pub answered: Answered,
    /// How complete each source was.
    pub completeness: Vec<SourceCompleteness>,
    /// The state of the ledger, which may change from call to call.
    pub status: Status,
    /// Why something may be absent from the answer.
    pub absence: Absence,
}

/// What every answer carries.
pub(crate) fn carried<T>(answer: &answer::Answer<T>) -> Carried {
    Carried {
        answered: (&answer.answered).into(),
        completeness: vec(&answer.completeness),
        status: (&answer.status).into(),
        absence: (&answer.absence).into(),
    }
}

/// Page info of a page of the app; `after` as it was asked.
pub(crate) fn page_info<T>(page: &answer::Page<T>, after: Option<&str>) -> PageInfo {
    PageInfo {
        has_next_page: page.has_next,
        has_previous_page: after.is_some(),
        start_cursor: page.cursors.first().cloned(),
        end_cursor: page.cursors.last().cloned(),
    }
}
