//! Whether a session belongs to a list: certainly, possibly, or not; and why.

mod claims;
mod conditions;

pub use claims::is_key_of;

use crate::{
    history::History,
    model::{Certainty, Cut, Known, Phase, Reason, RecordRef, SessionState},
    words,
};
use claimledger_facts::{
    ids::{AppId, IdpId, KeyId, Pseudonym},
    indicator::Indicator,
    time::Time,
};
use conditions::{
    Membership, differs, has_factor, has_outlived, is_ended, is_retracted, was_falsified,
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
            self.was_active(time, with_reasons, &mut found)?;
        }
        if filter.idp.is_some()
            || filter.key.is_some()
            || filter.relied_from.is_some()
            || filter.relied_to.is_some()
        {
            self.relied(filter, &mut found)?;
        }
        if let Some(amr) = &filter.amr {
            has_factor(state, amr, &mut found)?;
        }
        if let Some(app) = &filter.app {
            self.concerns(app, &mut found)?;
        }
        if let Some(ended) = filter.ended {
            is_ended(state, ended, &mut found)?;
        }
        if let Some(wanted) = filter.differs {
            differs(state, wanted, self.cut.at, &mut found)?;
        }
        if let Some(retracted) = filter.retracted {
            is_retracted(state, retracted, &mut found)?;
        }
        if let Some(wanted) = filter.outlived {
            has_outlived(state, wanted, &mut found)?;
        }
        if let Some(wanted) = filter.falsified_later {
            was_falsified(state, wanted, self.cut.at, &mut found)?;
        }
        if let Some(indicator) = &filter.indicator {
            self.has_indicator(indicator, sought, &mut found)?;
        }
        Some(found)
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
