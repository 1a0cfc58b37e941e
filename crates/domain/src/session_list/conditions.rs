//! The conditions of a filter, one function each. None: the session does not belong to the list.

use super::{SessionCandidate, SessionFilter, Sought, active_at, claims, open_words};
use crate::{
    assess::assess,
    explain::explain_life,
    model::{Bounds, Certainty, Cut, Decision, Difference, Phase, Reason, RecordRef, SessionState},
    outlived::outlived,
    window::within,
};
use claimledger_facts::{ids::AppId, indicator::Indicator, time::Time};

/// How surely a session belongs, and why.
pub(super) struct Membership {
    pub(super) certainty: Certainty,
    pub(super) because: Vec<Reason>,
}

impl Membership {
    fn add(
        &mut self,
        certainty: Certainty,
        conclusion: String,
        facts: Vec<RecordRef>,
        because: Vec<Reason>,
    ) {
        self.certainty = self.certainty.max(certainty);
        self.because.push(Reason { facts, because, ..Reason::new(conclusion) });
    }
}

impl SessionCandidate<'_> {
    pub(super) fn was_active(
        self,
        time: Time,
        with_reasons: bool,
        found: &mut Membership,
    ) -> Option<()> {
        let cut = Cut { at: time, ..self.cut };
        let (then, because) = if with_reasons {
            let (then, because) = explain_life(self.facts, self.history, cut)?;
            (Some(then), Some(because))
        } else if cut == self.cut {
            // How it stands at T is known already.
            (None, None)
        } else {
            (Some(assess(self.facts, self.history, cut)?), None)
        };
        let then = then.as_ref().unwrap_or(self.state);
        let certainty = active_at(then)?;
        found.add(
            certainty,
            format!("active at {time}{}", open_words(then)),
            Vec::new(),
            because.into_iter().collect(),
        );
        Some(())
    }

    /// With a claim of the filter's IdP, key and time.
    pub(super) fn relied(self, filter: &SessionFilter, found: &mut Membership) -> Option<()> {
        let matched = claims::matching(self, filter)?;
        let words = claim_words(filter, &matched);
        found.add(matched.certainty, words, vec![matched.record], Vec::new());
        Some(())
    }

    /// With a decision or an access for the application.
    pub(super) fn concerns(self, app: &AppId, found: &mut Membership) -> Option<()> {
        let decisions = self.state.decisions.iter().map(|decision| &decision.recorded);
        let asked = decisions.filter(|d| d.app == *app).map(|d| &d.record);
        let opened = self.state.activity.accesses.iter().filter(|a| a.app == *app);
        let records = asked.chain(opened.map(|access| &access.record));
        let (certainty, record) = self.surest(records)?;
        found.add(
            certainty,
            format!("{app} was asked for or opened"),
            vec![record.clone()],
            Vec::new(),
        );
        Some(())
    }

    pub(super) fn has_indicator(
        self,
        indicator: &Indicator,
        sought: Sought<'_>,
        found: &mut Membership,
    ) -> Option<()> {
        let (certainty, first) = self.surest(sought.with_indicator)?;
        // Without the value: an answer does not repeat what is sealed.
        let words = format!("a record of it has this {}", indicator.kind().words());
        found.add(certainty, words, vec![first.clone()], Vec::new());
        Some(())
    }

    /// The record that most surely occurred by T. Of several as sure the first: the minimum keeps
    /// it.
    fn surest<'r>(
        self,
        records: impl IntoIterator<Item = &'r RecordRef>,
    ) -> Option<(Certainty, &'r RecordRef)> {
        records
            .into_iter()
            .filter_map(|record| Some((within(record.occurred, None, None, self.cut.at)?, record)))
            .min_by_key(|(certainty, _)| *certainty)
    }
}

pub(super) fn has_factor(state: &SessionState, amr: &str, found: &mut Membership) -> Option<()> {
    let factor = state
        .factors
        .iter()
        .filter(|f| f.amr.as_ref().is_some_and(|a| a.as_str() == amr))
        .min_by_key(|f| f.certainty)?;
    found.add(
        factor.certainty,
        format!("{amr} is among its factors"),
        factor.evidence.first().cloned().into_iter().collect(),
        Vec::new(),
    );
    Some(())
}

/// Where that is only possible, so is the opposite: a filter and its negation together list every
/// session.
pub(super) fn is_ended(state: &SessionState, ended: bool, found: &mut Membership) -> Option<()> {
    if (state.life.phase == Phase::Ended) != ended && state.life.certainty == Certainty::Certain {
        return None;
    }
    if state.life.certainty == Certainty::Possible {
        let stands = if ended { "ended" } else { "not ended" };
        found.add(
            Certainty::Possible,
            format!("{stands} at T{}", open_words(state)),
            Vec::new(),
            Vec::new(),
        );
    }
    Some(())
}

pub(super) fn differs(
    state: &SessionState,
    wanted: bool,
    at: Time,
    found: &mut Membership,
) -> Option<()> {
    let differing = state.decisions.iter().filter_map(|d| Some((d, d.differs.as_ref()?)));
    of_decisions(differing.collect(), wanted, at, found, |_| Vec::new())
}

pub(super) fn is_retracted(
    state: &SessionState,
    retracted: bool,
    found: &mut Membership,
) -> Option<()> {
    let hits: Vec<_> = state.falsifiers.iter().filter(|f| f.is_retraction()).collect();
    belongs(retracted, hits.iter().map(|hit| hit.certainty).min(), found)?;
    for hit in hits.into_iter().filter(|_| retracted) {
        found.add(found.certainty, hit.words.clone(), vec![hit.record.clone()], Vec::new());
    }
    Some(())
}

pub(super) fn has_outlived(
    state: &SessionState,
    wanted: bool,
    found: &mut Membership,
) -> Option<()> {
    let outlived = outlived(state);
    belongs(wanted, outlived.as_ref().map(|o| o.certainty), found)?;
    let Some(outlived) = outlived.filter(|_| wanted) else { return Some(()) };
    let later = outlived.sign_of_life.iter().chain(&outlived.stated_end).next_back();
    let then = match (later, outlived.end_bounds) {
        (Some(record), _) => format!("{} at {}", record.kind, record.occurred.from),
        (None, Some(Bounds { to: Some(to), .. })) => {
            format!("no end is stated, and its limit is {to}")
        }
        (None, _) => "no end is stated".to_owned(),
    };
    let records = std::iter::once(outlived.idp_session_end.clone())
        .chain(outlived.sign_of_life)
        .chain(outlived.stated_end)
        .collect();
    let conclusion =
        format!("its IdP session ended at {}; {then}", outlived.idp_session_end.occurred.from);
    found.add(found.certainty, conclusion, records, Vec::new());
    Some(())
}

pub(super) fn was_falsified(
    state: &SessionState,
    wanted: bool,
    at: Time,
    found: &mut Membership,
) -> Option<()> {
    let falsified = state.decisions.iter();
    let falsified = falsified.filter_map(|d| Some((d, d.falsified_later.as_ref()?)));
    of_decisions(falsified.collect(), wanted, at, found, |decision| {
        decision.later.iter().map(|later| later.record.clone()).collect()
    })
}

/// Whether a session belongs to those with a decision that is odd, or to those with none. At a T
/// inside its interval a decision may not have been made yet (`semantics.md` 6).
fn of_decisions(
    odd: Vec<(&Decision, &Difference)>,
    wanted: bool,
    at: Time,
    found: &mut Membership,
    beside: impl Fn(&Decision) -> Vec<RecordRef>,
) -> Option<()> {
    let came = |decision: &Decision| within(decision.recorded.at, None, None, at);
    let holds = odd.iter().filter_map(|(decision, _)| came(decision)).min();
    belongs(wanted, holds, found)?;
    for (decision, difference) in odd.into_iter().filter(|_| wanted) {
        let record = std::iter::once(decision.recorded.record.clone());
        let records = record.chain(beside(decision)).collect();
        found.add(found.certainty, difference.words.clone(), records, Vec::new());
    }
    Some(())
}

/// Whether something that holds so surely, or not at all, makes a session belong to those that it
/// should hold of, or not hold of.
fn belongs(wanted: bool, holds: Option<Certainty>, found: &mut Membership) -> Option<()> {
    let certainty = match (wanted, holds) {
        (true, holds) => holds?,
        (false, None) => Certainty::Certain,
        (false, Some(Certainty::Possible)) => Certainty::Possible,
        (false, Some(Certainty::Certain)) => return None,
    };
    found.certainty = found.certainty.max(certainty);
    Some(())
}

fn claim_words(filter: &SessionFilter, matched: &claims::Match) -> String {
    let of = filter.idp.as_ref().map(|idp| format!(" of {idp}")).unwrap_or_default();
    let at = matched.record.occurred.from;
    if !matched.is_claim {
        let by = filter.idp.as_ref().map_or("an IdP", |idp| idp.as_str());
        return format!("it was started by {by} at {at}; no assertion was seen");
    }
    match (&filter.key, matched.certainty) {
        (Some(key), Certainty::Certain) => {
            format!("a claim{of} signed by {key} was received at {at}")
        }
        (Some(key), Certainty::Possible) => {
            format!("a claim{of} was received at {at}; that {key} signed it is possible")
        }
        (None, Certainty::Certain) => format!("a claim{of} was received at {at}"),
        (None, Certainty::Possible) => {
            format!("a claim{of} was received; whether in the time asked for is not known")
        }
    }
}
