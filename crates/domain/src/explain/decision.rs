//! Why a decision fell as it did, and whether the rules say the same.

use super::word;
use crate::{
    assess::{
        Trace,
        decision::{Decided, Judged},
        factors::AssessedFactor,
        requirement::{self, Candidate},
    },
    codes,
    model::{Implied, Reason, RecordRef},
    words,
};
use claimledger_facts::{time::Time, vocabulary::Outcome};

/// The whole tree of one decision. `trace` is as known at K, `then` has what was believed when the
/// decision fell.
pub(crate) fn decision(trace: &Trace<'_>, then: &Trace<'_>, decided: &Decided<'_>) -> Reason {
    let judged = &decided.then;
    let explainer = DecisionExplainer {
        trace: then,
        known: trace,
        judged,
        decided,
        today: judged.seen.occurred().from,
    };
    if let Some(falsified) = explainer.falsified_later() {
        return falsified;
    }
    explainer
        .verdict()
        .because([explainer.which_rule()])
        .because(explainer.requirements())
        .because(explainer.challenge())
        .because(explainer.word())
        .because(explainer.what_came_later())
        .because([explainer.until_when(), explainer.how_sure()])
        .because(explainer.not_the_reason())
}

pub(crate) struct DecisionExplainer<'a, 'b> {
    /// With what was believed when the decision fell.
    pub(crate) trace: &'b Trace<'a>,
    /// As known at K.
    pub(crate) known: &'b Trace<'a>,
    pub(crate) judged: &'b Judged<'a>,
    pub(crate) decided: &'b Decided<'a>,
    pub(crate) today: Time,
}

impl<'a> DecisionExplainer<'a, '_> {
    fn verdict(&self) -> Reason {
        let (trace, judged) = (self.trace, self.judged);
        let session = &trace.id;
        let app = words::app(trace.history, &judged.data.app);
        let when = words::at(judged.seen.occurred(), self.today);
        let happened = match judged.data.outcome {
            Outcome::Allow => format!("{session} was let into {app} {when}."),
            Outcome::Challenge => format!("{session} was challenged for {app} {when}."),
            Outcome::Deny => format!("{session} was refused {app} {when}."),
        };
        let implied = judged.implied.as_str();
        let rules = match (judged.implied, &judged.differs) {
            (Implied::Undetermined, _) => {
                format!(
                    "What the rules then in force say is undetermined. Missing: {}.",
                    words::missing(&judged.missing)
                )
            }
            (_, Some(differs)) => {
                format!("The rules then in force differ: {implied}, {}.", differs.words)
            }
            (_, None) if judged.data.outcome.as_str() == implied => {
                format!("The rules then in force say the same: {implied}.")
            }
            (_, None) => format!("The rules then in force don't let it in either: {implied}."),
        };
        let two = judged.rule.is_some_and(|r| requirement::types_asked(r) == 2);
        let unmet = judged
            .first_unmet
            .map(|code| format!(" First unmet: {}.", codes::unmet_words(code, two)))
            .unwrap_or_default();
        let variant =
            if judged.variant { " A variant of something it rests on is stored too." } else { "" };
        Reason::new(format!("{happened} {rules}{unmet}{variant}"))
            .coded(judged.differs.as_ref().map(|d| d.code).or(judged.first_unmet))
            .on([judged.seen.record()])
            .delayed()
    }

    /// Whether a few lines are enough: a refusal in which every claim is good, so that nothing
    /// depends on who asserted it.
    pub(super) fn short(&self) -> bool {
        self.judged.data.outcome != Outcome::Allow
            && matches!(self.judged.implied, Implied::Challenge | Implied::Deny)
            && self.claims().into_iter().all(|claim| word::is_plain(self.trace, claim))
    }

    fn word(&self) -> Vec<Reason> {
        let short = self.short();
        let tell = |claim| {
            if short {
                word::in_short(self.trace, claim, self.today)
            } else {
                word::in_full(self.trace, claim, self.today)
            }
        };
        let mut reasons: Vec<Reason> = self.claims().into_iter().map(tell).collect();
        let at = self.judged.seen.occurred();
        let local: Vec<&AssessedFactor<'_>> = self
            .trace
            .factors
            .iter()
            .filter(|f| f.claim.is_none() && f.occurred().from <= at.latest())
            .collect();
        reasons.extend(word::local(&local, self.today));
        let unread = self.trace.unread.iter().filter(|u| u.occurred.from <= at.latest());
        // A gap says something where it leaves the outcome open, and nothing where it does not.
        let silent = self.judged.missing.contains(&codes::MISSING_SOURCE_SILENT);
        let unread = unread.filter(|u| silent || u.missing != codes::MISSING_SOURCE_SILENT);
        reasons.extend(unread.map(|unread| word::unread(unread, self.today)));
        if reasons.is_empty() {
            let says = match &self.trace.idp {
                Some(idp) => format!(
                    "{}, which the session names; no assertion was seen.",
                    words::idp(self.trace.history, idp)
                ),
                None => "Nobody's: no assertion and no verification was seen by then.".to_owned(),
            };
            reasons.push(
                Reason::new(says)
                    .asked(word::QUESTION)
                    .on([self.trace.life.start_record.record()])
                    .reading(38),
            );
        }
        reasons
    }

    /// The claims received by the decision.
    pub(crate) fn claims(&self) -> Vec<usize> {
        let at = self.judged.seen.occurred().latest();
        (0..self.trace.claims.len())
            .filter(|c| self.trace.claims[*c].seen.occurred().from <= at)
            .collect()
    }

    pub(crate) fn records(&self, candidates: &[&Candidate]) -> Vec<&'a RecordRef> {
        candidates
            .iter()
            .filter_map(|c| c.factor)
            .map(|f| self.trace.factors[f].seen.record())
            .collect()
    }
}
