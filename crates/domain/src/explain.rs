//! Explanations: trees of reasons, made from what the assessment found, and their plain text.
//!
//! Verdict first; then which rule, what was asked and what met it, on whose word, until when, how
//! sure; and last what a reader might suspect and what is not the reason. Sentences are built from
//! the facts: nothing is worded for one set of facts alone.

pub(crate) mod challenge;
mod context;
pub(crate) mod decision;
pub(crate) mod factor;
pub(crate) mod falsified;
mod fell_short;
mod how_sure;
mod not_the_reason;
pub(crate) mod requirement;
pub(crate) mod rule;
pub(crate) mod session;
pub(crate) mod text;
mod until_when;
mod which_rule;
pub(crate) mod word;

pub use rule::asks;
pub use text::{line, margin, text};

use crate::{
    assess::{Trace, state, trace},
    history::History,
    model::{Cut, Explained, Known, Mark, Reason, Reasons, RecordRef, SessionState},
    words,
};

/// The lead of a reason that a reader might suspect, and that is not the reason. It closes a tree
/// and hangs on no branch.
pub const NOT_THE_REASON: &str = "Not the reason:";

/// Assesses a session as [`crate::assess()`] does, and says why.
#[must_use]
pub fn explain(facts: &[Known], history: &History, cut: Cut) -> Option<Explained> {
    let trace = trace(facts, history, cut)?;
    Some(Explained {
        state: state::state(&trace),
        reasons: reasons(&trace),
        context: context::context(&trace),
    })
}

/// Assesses a session as [`crate::assess()`] does, and says why it is active or not, but nothing
/// of its factors and decisions.
#[must_use]
pub fn explain_life(
    facts: &[Known],
    history: &History,
    cut: Cut,
) -> Option<(SessionState, Reason)> {
    let trace = trace(facts, history, cut)?;
    Some((state::state(&trace), session::session(&trace)))
}

fn reasons(trace: &Trace<'_>) -> Reasons {
    // A decision is explained by what was believed when it fell; several share what was believed.
    let earlier: Vec<Trace<'_>> =
        trace.earlier.iter().map(|believed| trace.as_believed(believed)).collect();
    let ignored = state::not_counted(trace).map(|(claim, value)| match value {
        Some(factor) => factor::ignored(trace, factor),
        None => word::in_full(trace, claim, trace.claims[claim].seen.occurred().from),
    });
    let decisions = trace.decisions.iter().map(|decided| {
        let then = decided.earlier.map_or(trace, |at| &earlier[at]);
        decision::decision(trace, then, decided)
    });
    Reasons {
        session: session::session(trace),
        factors: trace
            .factors
            .iter()
            .filter(|factor| factor.counts())
            .map(|factor| factor::honored(trace, factor))
            .collect(),
        ignored: ignored.collect(),
        decisions: decisions.collect(),
    }
}

/// A characteristic, as sentences have it: `phishing-resistant`.
#[must_use]
pub const fn characteristic(property: claimledger_facts::vocabulary::Property) -> &'static str {
    words::property(property)
}

/// An id with its display name, where one is known: `Payroll (0oa1)`.
#[must_use]
pub fn called(id: &str, name: Option<&str>) -> String {
    words::called(id, name)
}

/// The document of each rule, in words.
#[must_use]
pub fn source_of(rule: &str) -> Option<&'static str> {
    crate::RULE_SOURCES.iter().find(|(id, _)| *id == rule).map(|(_, source)| *source)
}

impl Reason {
    pub(crate) fn new(conclusion: impl Into<String>) -> Self {
        Self {
            mark: None,
            question: None,
            conclusion: conclusion.into(),
            code: None,
            rule: None,
            source: None,
            semantics: None,
            facts: Vec::new(),
            show_delay: false,
            because: Vec::new(),
        }
    }

    pub(crate) fn asked(self, question: &'static str) -> Self {
        Self { question: Some(question), ..self }
    }

    pub(crate) fn marked(self, mark: Mark) -> Self {
        Self { mark: Some(mark), ..self }
    }

    pub(crate) fn coded(self, code: Option<&'static str>) -> Self {
        Self { code, ..self }
    }

    pub(crate) fn by_rule(self, rule: &'static str) -> Self {
        Self { rule: Some(rule), source: source_of(rule), ..self }
    }

    pub(crate) fn reading(self, semantics: u32) -> Self {
        Self { semantics: Some(semantics), ..self }
    }

    pub(crate) fn on<'a>(mut self, facts: impl IntoIterator<Item = &'a RecordRef>) -> Self {
        for fact in facts {
            if !self.facts.iter().any(|f| f.id == fact.id) {
                self.facts.push(fact.clone());
            }
        }
        self
    }

    pub(crate) fn delayed(self) -> Self {
        Self { show_delay: true, ..self }
    }

    pub(crate) fn because(mut self, reasons: impl IntoIterator<Item = Self>) -> Self {
        self.because.extend(reasons);
        self
    }
}
