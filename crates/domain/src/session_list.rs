//! Whether a session belongs to a list: certainly, possibly, or not; and why.

mod claims;

pub use claims::is_key_of;

use crate::{
    assess::assess,
    explain::explain_life,
    history::History,
    model::{
        Bounds, Certainty, Cut, Decision, Difference, Known, Phase, Reason, RecordRef, SessionState,
    },
    outlived::outlived,
    window::within,
    words,
};
use claimledger_facts::{
    ids::{AppId, IdpId, KeyId, Pseudonym},
    indicator::Indicator,
    time::Time,
};

/// Filter for sessions. All given conditions must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionFilter {
    /// Active at this time.
    pub active_at: Option<Time>,
    /// Pseudonym; with the role `investigate` also an id or a login.
    pub subject: Option<String>,
    /// With a claim of this IdP; or started by it, where no claim was seen.
    pub idp: Option<IdpId>,
    /// With a claim signed by this key.
    pub key: Option<KeyId>,
    /// The key counts as known of its IdP, as its retraction would make it: a claim that names no
    /// key possibly rests on it, whether or not the key is stated (`semantics.md` 42).
    pub supposes_key: bool,
    /// With this `amr` value among its factors.
    pub amr: Option<String>,
    /// With a decision or access for this application.
    pub app: Option<AppId>,
    /// With a claim that was received at or after this time.
    pub relied_from: Option<Time>,
    /// With a claim that was received before this time.
    pub relied_to: Option<Time>,
    /// Ended, or not.
    pub ended: Option<bool>,
    /// With a decision that differs from what the rules imply, or without.
    pub differs: Option<bool>,
    /// With a claim that a known retraction hits, or without.
    pub retracted: Option<bool>,
    /// Continued after its IdP session had ended, or not.
    pub outlived: Option<bool>,
    /// With a decision that was falsified later, or without.
    pub falsified_later: Option<bool>,
    /// With a record whose client has this indicator; only for the role `investigate`.
    pub indicator: Option<Indicator>,
}

/// What the parts of a filter mean that ask for something sealed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sought<'a> {
    /// The pseudonyms that the filter's subject means.
    pub people: Option<&'a [Pseudonym]>,
    /// Records of the session whose client has the filter's indicator, in log order.
    pub with_indicator: &'a [RecordRef],
}

/// A session that may belong to a list, with what it was assessed from.
#[derive(Clone, Copy, Debug)]
pub struct SessionCandidate<'a> {
    /// The session at the cut.
    pub state: &'a SessionState,
    /// Its facts.
    pub facts: &'a [Known],
    /// The configuration.
    pub history: &'a History,
    /// T and K of the list.
    pub cut: Cut,
}

impl SessionCandidate<'_> {
    /// How surely the session belongs to the list; none: it does not.
    #[must_use]
    pub fn belongs(self, filter: &SessionFilter, sought: Sought<'_>) -> Option<Certainty> {
        self.membership(filter, sought, false).map(|found| found.certainty)
    }

    /// The same, and why.
    #[must_use]
    pub fn why_it_belongs(
        self,
        filter: &SessionFilter,
        sought: Sought<'_>,
    ) -> Option<(Certainty, Vec<Reason>)> {
        self.membership(filter, sought, true).map(|found| (found.certainty, found.because))
    }

    fn membership(
        self,
        filter: &SessionFilter,
        sought: Sought<'_>,
        with_reasons: bool,
    ) -> Option<Membership> {
        let state = self.state;
        if state.life.phase == Phase::NotStarted {
            return None;
        }
        let mut found = Membership { certainty: Certainty::Certain, because: Vec::new() };
        if let Some(people) = sought.people
            && !state.origin.subject.as_ref().is_some_and(|subject| people.contains(subject))
        {
            return None;
        }
        if let Some(time) = filter.active_at {
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
            let then = then.as_ref().unwrap_or(state);
            let certainty = active_at(then)?;
            found.add(
                certainty,
                format!("active at {time}{}", open_words(then)),
                Vec::new(),
                because.into_iter().collect(),
            );
        }
        if filter.idp.is_some()
            || filter.key.is_some()
            || filter.relied_from.is_some()
            || filter.relied_to.is_some()
        {
            let matched = claims::matching(self, filter)?;
            let words = claim_words(filter, &matched);
            found.add(matched.certainty, words, vec![matched.record], Vec::new());
        }
        if let Some(amr) = &filter.amr {
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
        }
        if let Some(app) = &filter.app {
            let decisions = state.decisions.iter().map(|decision| &decision.recorded);
            let asked = decisions.filter(|d| d.app == *app).map(|d| &d.record);
            let opened = state.activity.accesses.iter().filter(|a| a.app == *app);
            let came = |record: &'_ RecordRef| within(record.occurred, None, None, self.cut.at);
            // Of several as sure the first: the minimum keeps it.
            let (certainty, record) = asked
                .chain(opened.map(|access| &access.record))
                .filter_map(|record| Some((came(record)?, record)))
                .min_by_key(|(certainty, _)| *certainty)?;
            found.add(
                certainty,
                format!("{app} was asked for or opened"),
                vec![record.clone()],
                Vec::new(),
            );
        }
        if let Some(ended) = filter.ended {
            // Where that is only possible, so is the opposite: a filter and its negation together
            // list every session.
            if (state.life.phase == Phase::Ended) != ended
                && state.life.certainty == Certainty::Certain
            {
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
        }
        if let Some(wanted) = filter.differs {
            let differing = state.decisions.iter().filter_map(|d| Some((d, d.differs.as_ref()?)));
            of_decisions(differing.collect(), wanted, self.cut.at, &mut found, |_| Vec::new())?;
        }
        falsified(state, filter, self.cut.at, &mut found)?;
        if let Some(indicator) = &filter.indicator {
            let came = |record: &'_ RecordRef| within(record.occurred, None, None, self.cut.at);
            let (certainty, first) = sought
                .with_indicator
                .iter()
                .filter_map(|record| Some((came(record)?, record)))
                .min_by_key(|(certainty, _)| *certainty)?;
            // Without the value: an answer does not repeat what is sealed.
            let words = format!("a record of it has this {}", indicator.kind().words());
            found.add(certainty, words, vec![first.clone()], Vec::new());
        }
        Some(found)
    }
}

/// What falsifiers and the IdP session's end make of a session. None: it does not belong to the
/// set.
fn falsified(
    state: &SessionState,
    filter: &SessionFilter,
    at: Time,
    found: &mut Membership,
) -> Option<()> {
    if let Some(retracted) = filter.retracted {
        let hits: Vec<_> = state.falsifiers.iter().filter(|f| f.is_retraction()).collect();
        belongs(retracted, hits.iter().map(|hit| hit.certainty).min(), found)?;
        for hit in hits.into_iter().filter(|_| retracted) {
            found.add(found.certainty, hit.words.clone(), vec![hit.record.clone()], Vec::new());
        }
    }
    if let Some(wanted) = filter.outlived {
        let outlived = outlived(state);
        belongs(wanted, outlived.as_ref().map(|o| o.certainty), found)?;
        if let Some(outlived) = outlived.filter(|_| wanted) {
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
            let conclusion = format!(
                "its IdP session ended at {}; {then}",
                outlived.idp_session_end.occurred.from
            );
            found.add(found.certainty, conclusion, records, Vec::new());
        }
    }
    if let Some(wanted) = filter.falsified_later {
        let falsified = state.decisions.iter();
        let falsified = falsified.filter_map(|d| Some((d, d.falsified_later.as_ref()?)));
        of_decisions(falsified.collect(), wanted, at, found, |decision| {
            decision.later.iter().map(|later| later.record.clone()).collect()
        })?;
    }
    Some(())
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

/// How surely a session belongs, and why.
struct Membership {
    certainty: Certainty,
    because: Vec<Reason>,
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

/// Active at the T of its assessment (`semantics.md` 22). None: not active.
#[must_use]
pub fn active_at(state: &SessionState) -> Option<Certainty> {
    match state.life.phase {
        Phase::Active => Some(state.life.certainty),
        Phase::NotStarted | Phase::Ended => None,
    }
}

/// What leaves open how a session stands, as it follows the phrase that says how it may stand:
/// `, possibly: its lifetime limit is not known`. Empty where it is certain.
#[must_use]
pub fn open_words(state: &SessionState) -> String {
    match (state.life.certainty, state.life.missing.as_slice()) {
        (Certainty::Certain, _) => String::new(),
        (Certainty::Possible, []) => {
            ", possibly: it was silent for longer than it may be idle".to_owned()
        }
        (Certainty::Possible, missing) => {
            format!(", possibly: missing {}", words::missing(missing))
        }
    }
}
