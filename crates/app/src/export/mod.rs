//! Lists as rows with named columns, to be written to a file.
//!
//! The rows are those of the list's own question: it is asked page by page, each time through
//! [`App::ask`](crate::app::App), and needs its own role beside the role export. Names of people
//! need the role investigate as well, and are those that records state which had occurred by the
//! time of the row.

mod changes;
mod columns;
mod completeness;
mod decisions;
mod dependants;
mod first_seen;
mod held_under;
mod ocsf;
mod outlived;
mod reused;
mod sessions;
mod timeline;

use crate::{
    app::{App, Label},
    model::{
        answer::{Answer, DecisionHit, Page, SessionHit},
        query::Query,
        question::{AskError, Asking, Caller, DecisionFilter, SessionFilter},
    },
    queries::{labels::LabelHistory, rows::Rows},
};
use claimledger_domain::{
    first_seen::{FirstSeenKind, Window},
    model::SessionState,
    timeline::ClockOrder,
};
use claimledger_export::{
    manifest::{self, Read},
    page::ExportPage,
    sample::{Drawing, MAX_SAMPLE, Sample},
    table::{Column, Row},
};
use claimledger_facts::{
    ids::{ActorId, IdpId, LogPosition, PolicyId, Pseudonym, SessionId, VersionLabel},
    time::Time,
};
use claimledger_ledger::log::no_record;
use columns::{Columns, Hit, given, named};
use ocsf::Event;
use serde_json::Value;
use std::collections::HashMap;

/// Maximum people whose labels an export keeps at once.
const MAX_PEOPLE: usize = 10_000;

/// The list that is exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExportList {
    /// Sessions.
    Sessions(SessionFilter),
    /// Decisions.
    Decisions(DecisionFilter),
    /// Everything around one session, by either clock.
    Timeline(SessionId, ClockOrder),
    /// Who changed what is trusted: of one IdP, or of all.
    Trust(Option<IdpId>),
    /// Who changed what is asked for: of one policy, or of all.
    Policies(Option<PolicyId>),
    /// Sessions that outlived their IdP session.
    Outlived,
    /// Assertions and IdP sessions that were used more than once.
    Reused,
    /// Access that continued under replaced versions of a policy.
    HeldUnder(PolicyId, VersionLabel),
    /// The changes of an actor, or one record's, with what depends on them.
    Dependants(Option<ActorId>, Option<String>),
    /// What appeared in a window for the first time.
    FirstSeen(FirstSeenKind, Window),
    /// How complete each source is.
    Completeness,
}

impl ExportList {
    /// The words of all lists.
    pub const WORDS: &'static [&'static str] = &[
        "sessions",
        "decisions",
        "timeline",
        "trust",
        "policies",
        "outlived",
        "reused",
        "held-under",
        "dependants",
        "first-seen",
        "completeness",
    ];

    /// Its word, as addresses and commands name it.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Sessions(_) => "sessions",
            Self::Decisions(_) => "decisions",
            Self::Timeline(..) => "timeline",
            Self::Trust(_) => "trust",
            Self::Policies(_) => "policies",
            Self::Outlived => "outlived",
            Self::Reused => "reused",
            Self::HeldUnder(..) => "held-under",
            Self::Dependants(..) => "dependants",
            Self::FirstSeen(..) => "first-seen",
            Self::Completeness => "completeness",
        }
    }

    /// Whether its rows can be events of OCSF.
    #[must_use]
    pub const fn has_events(&self) -> bool {
        matches!(self, Self::Sessions(_) | Self::Decisions(_) | Self::Trust(_) | Self::Policies(_))
    }

    fn filter(&self) -> Value {
        match self {
            Self::Sessions(filter) => sessions::filter(filter),
            Self::Decisions(filter) => decisions::filter(filter),
            Self::Timeline(session, order) => timeline::filter(session, *order),
            Self::Trust(idp) => given([("idp", named(idp.as_ref()))]),
            Self::Policies(policy) => given([("policy", named(policy.as_ref()))]),
            Self::Outlived | Self::Reused | Self::Completeness => given([]),
            Self::HeldUnder(policy, version) => {
                given([("policy", named(Some(policy))), ("version", named(Some(version)))])
            }
            Self::Dependants(actor, record) => {
                given([("actor", named(actor.as_ref())), ("record", named(record.as_ref()))])
            }
            Self::FirstSeen(kind, window) => first_seen::filter(*kind, *window),
        }
    }

    fn columns(&self, labels: bool) -> Vec<Column> {
        match self {
            Self::Sessions(_) => sessions::COLUMNS.named(labels),
            Self::Decisions(_) => decisions::COLUMNS.named(labels),
            Self::Timeline(..) => timeline::COLUMNS.named(labels),
            Self::Trust(_) | Self::Policies(_) => changes::COLUMNS.named(labels),
            Self::Outlived => outlived::COLUMNS.named(labels),
            Self::Reused => reused::COLUMNS.named(labels),
            Self::HeldUnder(..) => held_under::COLUMNS.named(labels),
            Self::Dependants(..) => dependants::COLUMNS.named(labels),
            Self::FirstSeen(..) => first_seen::COLUMNS.named(labels),
            Self::Completeness => completeness::COLUMNS.named(labels),
        }
    }
}

/// What is exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportQuery {
    /// The list.
    pub list: ExportList,
    /// With logins and names of people.
    pub labels: bool,
    /// As events instead of values of columns.
    pub events: bool,
    /// Only a sample.
    pub sample: Option<Sample>,
}

/// The rows of a list, as its question answers them.
enum Listed {
    Sessions(Rows<SessionHit<SessionState>>),
    Decisions(Rows<DecisionHit>),
    Timeline(Rows<timeline::Row>),
    /// A list that is answered at once.
    AtOnce,
    Ended,
}

/// An export that is being read.
pub struct Export {
    app: App,
    caller: Caller,
    query: ExportQuery,
    asking: Asking,
    listed: Listed,
    labels: HashMap<Pseudonym, LabelHistory>,
}

impl App {
    /// Rows of a list at one cut: those after a cursor, or all.
    ///
    /// # Errors
    /// If a role is missing, or the sample is too large.
    pub async fn export(
        &self,
        caller: &Caller,
        query: ExportQuery,
        asking: &Asking,
        after: Option<&str>,
    ) -> Result<Export, AskError> {
        self.disclose(caller, Query::Export).await?;
        if query.labels {
            self.disclose(caller, Query::Labels).await?;
        }
        if query.events && !query.list.has_events() {
            let what = format!("the list {} has no events of OCSF", query.list.as_str());
            return Err(AskError::BadInput { what });
        }
        if let Some(sample) = query.sample.as_ref().filter(|sample| sample.rows > MAX_SAMPLE) {
            return Err(AskError::TooMany {
                what: "rows of a sample",
                found: sample.rows,
                limit: MAX_SAMPLE,
            });
        }
        // A sample is drawn from all rows.
        let after = after.filter(|_| query.sample.is_none());
        let listed = match &query.list {
            ExportList::Sessions(filter) => {
                Listed::Sessions(self.session_state_rows(caller, filter, asking, after))
            }
            ExportList::Decisions(filter) => {
                Listed::Decisions(self.decision_rows(caller, filter, asking, after))
            }
            ExportList::Timeline(session, order) => {
                Listed::Timeline(self.timeline_rows(caller, session, *order, asking, after))
            }
            _ => Listed::AtOnce,
        };
        let (app, caller) = (self.clone(), caller.clone());
        Ok(Export { app, caller, query, asking: *asking, listed, labels: HashMap::new() })
    }
}

impl Export {
    /// The next rows; none at the end. The first call returns a page, with or without rows.
    ///
    /// # Errors
    /// See [`AskError`]. The call may be repeated.
    pub async fn next(&mut self) -> Result<Option<ExportPage>, AskError> {
        let Some(sample) = self.query.sample.clone() else { return self.page().await };
        let mut drawing = Drawing::new(sample);
        let mut last = None;
        while let Some(mut page) = self.page().await? {
            std::mem::take(&mut page.rows).into_iter().for_each(|row| drawing.see(row));
            last = Some(page);
        }
        Ok(last.map(|page| ExportPage { rows: drawing.finish(), cursors: Vec::new(), ..page }))
    }

    async fn page(&mut self) -> Result<Option<ExportPage>, AskError> {
        self.app.disclose(&self.caller, Query::Export).await?;
        Ok(Some(match &mut self.listed {
            Listed::Sessions(rows) => {
                let Some(answer) = rows.next().await? else { return Ok(None) };
                let read = self.read_from(&answer).await?;
                self.rows(&sessions::COLUMNS, read, answer.value).await?
            }
            Listed::Decisions(rows) => {
                let Some(answer) = rows.next().await? else { return Ok(None) };
                let read = self.read_from(&answer).await?;
                self.rows(&decisions::COLUMNS, read, answer.value).await?
            }
            Listed::Timeline(rows) => {
                let Some(answer) = rows.next().await? else { return Ok(None) };
                let read = self.read_from(&answer).await?;
                self.rows(&timeline::COLUMNS, read, answer.value).await?
            }
            Listed::AtOnce => {
                self.listed = Listed::Ended;
                self.at_once().await?
            }
            Listed::Ended => return Ok(None),
        }))
    }

    /// All rows of a list that is answered at once.
    async fn at_once(&mut self) -> Result<ExportPage, AskError> {
        let (app, caller, asking) = (self.app.clone(), self.caller.clone(), self.asking);
        let (app, caller, asking) = (&app, &caller, &asking);
        match self.query.list.clone() {
            ExportList::Trust(idp) => {
                let answer = app.trust(caller, idp.as_ref(), asking).await?;
                self.whole(&changes::COLUMNS, answer, |trust| trust.changes).await
            }
            ExportList::Policies(policy) => {
                let answer = app.policies(caller, policy.as_ref(), asking).await?;
                self.whole(&changes::COLUMNS, answer, |policies| policies.changes).await
            }
            ExportList::Outlived => {
                let answer = app.outlived(caller, asking).await?;
                self.whole(&outlived::COLUMNS, answer, |hits| hits).await
            }
            ExportList::Reused => {
                let answer = app.reused(caller, asking).await?;
                self.whole(&reused::COLUMNS, answer, reused::rows).await
            }
            ExportList::HeldUnder(policy, version) => {
                let answer = app.held_under(caller, &policy, &version, asking).await?;
                self.whole(&held_under::COLUMNS, answer, |held| held.items).await
            }
            ExportList::Dependants(actor, record) => {
                let answer =
                    app.dependants(caller, actor.as_ref(), record.as_deref(), asking).await?;
                self.whole(&dependants::COLUMNS, answer, dependants::rows).await
            }
            ExportList::FirstSeen(kind, window) => {
                let answer = app.first_seen(caller, kind, window, asking).await?;
                self.whole(&first_seen::COLUMNS, answer, |first| first.items).await
            }
            ExportList::Completeness => {
                let answer = app.completeness(caller, asking).await?;
                let sources = completeness::rows(&answer.completeness);
                let answer = answer.map(|()| sources);
                self.whole(&completeness::COLUMNS, answer, |rows| rows).await
            }
            ExportList::Sessions(_) | ExportList::Decisions(_) | ExportList::Timeline(..) => {
                unreachable!("these lists are read page by page")
            }
        }
    }

    /// An answer as the one page of its list.
    async fn whole<T, H: Hit + Event>(
        &mut self,
        columns: &Columns<H>,
        answer: Answer<T>,
        items: fn(T) -> Vec<H>,
    ) -> Result<ExportPage, AskError> {
        let read = self.read_from(&answer).await?;
        let page = Page { items: items(answer.value), cursors: Vec::new(), has_next: false };
        self.rows(columns, read, page).await
    }

    async fn rows<T: Hit + Event>(
        &mut self,
        columns: &Columns<T>,
        read: Read,
        page: Page<T>,
    ) -> Result<ExportPage, AskError> {
        let known_at = LogPosition(read.cut.known_at);
        let Page { items, cursors, has_next } = page;
        let mut rows = Vec::with_capacity(items.len());
        for hit in items {
            let label = if self.query.labels {
                let time = hit.time().unwrap_or(read.cut.at);
                Some(self.label(hit.subject(), time, known_at).await?)
            } else {
                None
            };
            rows.push(if self.query.events {
                Row { key: hit.key(), cells: Vec::new(), event: hit.event(label.as_ref()) }
            } else {
                columns.row(&hit, label.as_ref())
            });
        }
        Ok(ExportPage { read, rows, cursors, has_next })
    }

    async fn label(
        &mut self,
        person: Option<&Pseudonym>,
        time: Time,
        known_at: LogPosition,
    ) -> Result<Label, AskError> {
        let Some(person) = person else { return Ok(Label::default()) };
        if let Some(history) = self.labels.get(person) {
            return Ok(history.by(time));
        }
        let history = self.app.label_history(&self.caller, person, known_at).await?;
        if self.labels.len() >= MAX_PEOPLE {
            self.labels.clear();
        }
        let label = history.by(time);
        self.labels.insert(person.clone(), history);
        Ok(label)
    }

    async fn read_from<T>(&self, answer: &Answer<T>) -> Result<Read, AskError> {
        let tenant = &self.caller.tenant;
        let first = self.app.0.log.headers(tenant, LogPosition(0), 1).await?;
        let first = first.first().ok_or_else(|| no_record(LogPosition(0)))?;
        let answered = &answer.answered;
        let sources = answer.completeness.iter().map(|source| manifest::Source {
            source: source.source.as_str().to_owned(),
            heard_until: source.heard_until,
            basis: source.basis.map(|basis| basis.as_str().to_owned()),
            gaps: (source.gaps.iter())
                .map(|gap| manifest::Gap {
                    from: gap.from,
                    until: gap.until,
                    backfilled: gap.backfilled,
                    cause: gap.cause.to_string(),
                })
                .collect(),
        });
        Ok(Read {
            query: manifest::Query {
                list: self.query.list.as_str().to_owned(),
                filter: self.query.list.filter(),
                labels: self.query.labels,
                sample: self.query.sample.clone(),
            },
            cut: manifest::Cut {
                at: answered.at,
                known_at: answered.position.0,
                recorded_at: answered.recorded_at,
                rules: answered.rules.to_owned(),
                provisional: answered.provisional,
                rehearsal: answered.rehearsal,
            },
            origin: first.leaf.to_string(),
            completeness: manifest::Completeness {
                complete: answered.completeness.complete,
                words: answered.completeness.words.clone(),
                sources: sources.collect(),
            },
            absence: manifest::Absence {
                code: answer.absence.code.as_str().to_owned(),
                words: answer.absence.words.clone(),
            },
            columns: if self.query.events {
                Vec::new()
            } else {
                self.query.list.columns(self.query.labels)
            },
        })
    }
}
