//! Lists as rows with named columns, to be written to a file.
//!
//! The rows are those of the list's own question: it is asked page by page, each time through
//! [`App::ask`](crate::app::App), and needs its own role beside the role export. Names of people
//! need the role investigate as well, and are those that records state which had occurred by the
//! time of the row.

mod changes;
mod columns;
mod decisions;
mod ocsf;
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
use claimledger_domain::{changes::ConfigChange, model::SessionState, timeline::ClockOrder};
use claimledger_export::{
    manifest::{self, Read},
    page::ExportPage,
    sample::{Drawing, MAX_SAMPLE, Sample},
    table::{Column, Row},
};
use claimledger_facts::{
    ids::{IdpId, LogPosition, PolicyId, Pseudonym, SessionId},
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
}

impl ExportList {
    /// The words of all lists.
    pub const WORDS: &'static [&'static str] =
        &["sessions", "decisions", "timeline", "trust", "policies"];

    /// Its word, as addresses and commands name it.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Sessions(_) => "sessions",
            Self::Decisions(_) => "decisions",
            Self::Timeline(..) => "timeline",
            Self::Trust(_) => "trust",
            Self::Policies(_) => "policies",
        }
    }

    fn filter(&self) -> Value {
        match self {
            Self::Sessions(filter) => sessions::filter(filter),
            Self::Decisions(filter) => decisions::filter(filter),
            Self::Timeline(session, order) => timeline::filter(session, *order),
            Self::Trust(idp) => given([("idp", named(idp.as_ref()))]),
            Self::Policies(policy) => given([("policy", named(policy.as_ref()))]),
        }
    }

    fn columns(&self, labels: bool) -> Vec<Column> {
        match self {
            Self::Sessions(_) => sessions::COLUMNS.named(labels),
            Self::Decisions(_) => decisions::COLUMNS.named(labels),
            Self::Timeline(..) => timeline::COLUMNS.named(labels),
            Self::Trust(_) | Self::Policies(_) => changes::COLUMNS.named(labels),
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
    Changes,
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
        if query.events && matches!(query.list, ExportList::Timeline(..)) {
            return Err(AskError::BadInput { what: "a timeline has no events of OCSF".to_owned() });
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
            ExportList::Trust(_) | ExportList::Policies(_) => Listed::Changes,
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
            Listed::Changes => {
                self.listed = Listed::Ended;
                let (read, items) = self.changes().await?;
                let page = Page { items, cursors: Vec::new(), has_next: false };
                self.rows(&changes::COLUMNS, read, page).await?
            }
            Listed::Ended => return Ok(None),
        }))
    }

    async fn changes(&self) -> Result<(Read, Vec<ConfigChange>), AskError> {
        let (app, caller, asking) = (&self.app, &self.caller, &self.asking);
        if let ExportList::Policies(policy) = &self.query.list {
            let answer = app.policies(caller, policy.as_ref(), asking).await?;
            return Ok((self.read_from(&answer).await?, answer.value.changes));
        }
        let idp = if let ExportList::Trust(idp) = &self.query.list { idp.as_ref() } else { None };
        let answer = app.trust(caller, idp, asking).await?;
        Ok((self.read_from(&answer).await?, answer.value.changes))
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
