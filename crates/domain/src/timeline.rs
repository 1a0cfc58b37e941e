//! One timeline for a session: its own records, and every fact around it that concerns it, in one
//! order.
//!
//! What concerns a session: versions of the IdPs and policies it used and of the organisation, as
//! far as they were in force while it lasted; the keys its claims name, or may name (`semantics.md`
//! 42); what is said of its IdP session and of its person; silences of its sources while it lasted.
//! Falsifiers concern it for every T once they are known (`semantics.md` 3).

mod acts;
mod around;
mod words;

use crate::{
    changes::is_late,
    history::{History, HistoryCut},
    model::{Certainty, Cut, Known, RecordRef, SessionState},
};
use claimledger_facts::{
    fact::FactData,
    ids::{LogPosition, SourceId},
    nature::Nature,
    time::{Occurred, Time},
};
use std::collections::{BTreeMap, BTreeSet};

/// What kind of thing a row tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// The session's own life.
    Session,
    /// A claim, and what the service provider says it did with it.
    Claim,
    /// A factor that the service provider verified.
    Factor,
    /// A decision.
    Decision,
    /// An application was opened.
    Access,
    /// The IdP's session.
    IdpSession,
    /// A version of an IdP, or the rules that route users to it.
    Trust,
    /// A key.
    Key,
    /// A version of a policy.
    Policy,
    /// The organisation, claim sourcing, local authenticators.
    Organisation,
    /// Trust was retracted, or an authenticator lost.
    Falsifier,
    /// What administrators did: holds, erasures, links of identities, changes of accounts and of
    /// configuration.
    Admin,
    /// What was not heard of a source.
    Source,
    /// A sign-in, a factor or an access that did not succeed.
    SignIn,
    /// Stored, and not understood.
    NotUnderstood,
}

impl Category {
    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Claim => "claim",
            Self::Factor => "factor",
            Self::Decision => "decision",
            Self::Access => "access",
            Self::IdpSession => "idp_session",
            Self::Trust => "trust",
            Self::Key => "key",
            Self::Policy => "policy",
            Self::Organisation => "organisation",
            Self::Falsifier => "falsifier",
            Self::Admin => "admin",
            Self::Source => "source",
            Self::SignIn => "sign_in",
            Self::NotUnderstood => "not_understood",
        }
    }
}

/// One record on a timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The record.
    pub record: RecordRef,
    /// What it tells of.
    pub category: Category,
    /// In one line.
    pub words: String,
    /// When it occurred.
    pub occurred: Occurred,
    /// From when a falsifier has effect.
    pub effective_from: Option<Time>,
    /// Whether it was recorded more than 60 s after it occurred, or after it has effect.
    pub late: bool,
    /// Whether it certainly concerns the session.
    pub certainty: Certainty,
    /// Whether the source said something else under the same id too.
    pub variant: bool,
}

/// By which clock rows are ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ClockOrder {
    /// In the total order of what occurred (`semantics.md` 2).
    #[default]
    Occurred,
    /// As they were recorded.
    Recorded,
}

/// What is laid out.
#[derive(Clone, Copy, Debug)]
pub struct Material<'a> {
    /// The session at the cut.
    pub state: &'a SessionState,
    /// Its facts, and those of its IdP session.
    pub facts: &'a [Known],
    /// Its records that were not understood.
    pub not_understood: &'a [RecordRef],
    /// Its records that were understood and state no fact.
    pub silent: &'a [RecordRef],
    /// Facts about its person that no session names.
    pub about: &'a [Known],
    /// The configuration.
    pub history: &'a History,
}

/// The timeline, one row a record.
#[must_use]
pub fn timeline(material: Material<'_>, cut: Cut, order: ClockOrder) -> Vec<Row> {
    let names = material.history.at(cut.known_at);
    let mut rows = Rows { cut, names, rows: BTreeMap::new() };
    let upto = |known: &&Known| {
        known.record.position <= cut.known_at && known.fact.occurred.from <= cut.at
    };
    for known in material.facts.iter().filter(upto) {
        rows.add_fact(known);
    }
    let without_facts = material
        .not_understood
        .iter()
        .map(|record| (record, Category::NotUnderstood, "is stored and not understood"));
    let without_facts = without_facts.chain(
        material
            .silent
            .iter()
            .map(|record| (record, Category::Session, "says nothing of the session")),
    );
    for (record, category, what) in
        without_facts.filter(|(r, ..)| r.position <= cut.known_at && r.occurred.from <= cut.at)
    {
        rows.add(Row {
            category,
            words: format!("{} {what}", record.kind),
            occurred: record.occurred,
            effective_from: None,
            late: is_late(record.recorded_at, record.occurred.latest()),
            certainty: Certainty::Certain,
            variant: false,
            record: record.clone(),
        });
    }
    if let Some(window) = Window::of(&material, cut) {
        let sources: BTreeSet<SourceId> =
            rows.rows.values().map(|row| row.record.source.clone()).collect();
        let about = |known: &&Known| upto(known) && window.takes(known);
        for known in material.about.iter().filter(about) {
            rows.add_fact(known);
        }
        around::add(&mut rows, &material, window, &sources);
    }
    let mut rows: Vec<Row> = rows.rows.into_values().collect();
    if order == ClockOrder::Occurred {
        rows.sort_by(|a, b| place(a).cmp(&place(b)));
    }
    rows
}

fn place(row: &Row) -> (Time, &str, &str, LogPosition) {
    (
        row.occurred.from,
        row.record.source.as_str(),
        row.record.source_id.as_str(),
        row.record.position,
    )
}

/// From when until when a session lasted, as far as is known at the cut.
#[derive(Clone, Copy, Debug)]
struct Window {
    from: Time,
    until: Time,
}

impl Window {
    /// None: nothing of the session had occurred by T.
    fn of(material: &Material<'_>, cut: Cut) -> Option<Self> {
        let state = material.state;
        let own = material
            .facts
            .iter()
            .filter(|k| k.fact.session.is_some() && k.record.position <= cut.known_at);
        let from = own
            .map(|k| k.fact.occurred.from)
            .chain(state.life.started_at)
            .min()
            .filter(|from| *from <= cut.at)?;
        let until = state
            .life
            .end
            .at
            .or_else(|| state.life.end.bounds.and_then(|bounds| bounds.to))
            .unwrap_or(cut.at)
            .min(cut.at);
        Some(Self { from, until })
    }

    /// Whether a fact about the person belongs here: of their account only what no other session
    /// names, while the session lasted.
    fn takes(self, known: &Known) -> bool {
        let fact = &known.fact;
        fact.data.nature() != Nature::Account
            || fact.session.is_none()
                && fact.occurred.latest() >= self.from
                && fact.occurred.from <= self.until
    }
}

/// Rows by position: one a record.
struct Rows<'a> {
    cut: Cut,
    /// Display names are those known at K.
    names: HistoryCut<'a>,
    rows: BTreeMap<LogPosition, Row>,
}

impl Rows<'_> {
    /// Adds a row; what a record says in several facts is one row.
    fn add(&mut self, row: Row) {
        let position = row.record.position;
        match self.rows.get_mut(&position) {
            None => {
                self.rows.insert(position, row);
            }
            Some(old) if old.words.split("; ").any(|words| words == row.words) => {}
            Some(old) => {
                old.words = format!("{}; {}", old.words, row.words);
                // A record that only links sessions is not understood all the same.
                if row.category == Category::NotUnderstood {
                    old.category = Category::NotUnderstood;
                }
                old.late |= row.late;
                old.effective_from = old.effective_from.or(row.effective_from);
                old.certainty = old.certainty.min(row.certainty);
                if row.occurred.from < old.occurred.from {
                    old.occurred = row.occurred;
                }
            }
        }
    }

    fn add_fact(&mut self, known: &Known) {
        // Configuration comes from the history: it says what changed.
        let Some((category, words)) = words::of(&known.fact, self.names) else { return };
        self.add(Row {
            record: known.record.clone(),
            category,
            words,
            occurred: known.fact.occurred,
            effective_from: None,
            late: is_late(known.record.recorded_at, known.fact.occurred.latest()),
            certainty: Certainty::Certain,
            variant: known.variant,
        });
    }

    fn history<'a>(&self, material: &Material<'a>) -> HistoryCut<'a> {
        material.history.at(self.cut.known_at)
    }
}

/// Whether a fact about a person belongs on the timelines of the person's sessions.
#[must_use]
pub fn is_about_person(data: &FactData) -> bool {
    words::is_about_person(data)
}
