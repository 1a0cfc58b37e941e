//! Whether a decision belongs to a list: certainly, possibly, or not.

use crate::{
    history::HistoryCut,
    model::{Certainty, Decision, HonoredFactor, Relied, SessionState},
    session_list::is_key_of,
};
use claimledger_facts::{
    ids::{AppId, IdpId, KeyId, SessionId},
    time::Time,
    vocabulary::Outcome,
};

/// Filter for decisions. All given conditions must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DecisionFilter {
    /// In this session, by any of its ids.
    pub session: Option<SessionId>,
    /// Of this application.
    pub app: Option<AppId>,
    /// Relying on a claim of this IdP.
    pub idp: Option<IdpId>,
    /// Relying on a claim signed by this key.
    pub key: Option<KeyId>,
    /// With this recorded outcome.
    pub outcome: Option<Outcome>,
    /// At or after this time.
    pub from: Option<Time>,
    /// Before this time.
    pub to: Option<Time>,
    /// Differing from what the rules imply, or not.
    pub differs: Option<bool>,
    /// Falsified later, or not.
    pub falsified_later: Option<bool>,
}

/// How surely a decision belongs to the set; none: it does not.
#[must_use]
pub fn belongs(
    state: &SessionState,
    decision: &Decision,
    filter: &DecisionFilter,
    history: HistoryCut<'_>,
) -> Option<Certainty> {
    let holds = filter.app.as_ref().is_none_or(|app| decision.recorded.app == *app)
        && filter.outcome.is_none_or(|outcome| decision.recorded.outcome == outcome)
        && filter.from.is_none_or(|from| decision.recorded.at.from >= from)
        && filter.to.is_none_or(|to| decision.recorded.at.from < to)
        && filter.differs.is_none_or(|differs| decision.differs.is_some() == differs)
        && filter
            .falsified_later
            .is_none_or(|falsified| decision.falsified_later.is_some() == falsified);
    if !holds {
        return None;
    }
    if filter.idp.is_none() && filter.key.is_none() {
        return Some(Certainty::Certain);
    }
    // One factor must meet both.
    let rested = decision
        .relied_on
        .iter()
        .filter_map(|relied| rests_on(relied, state.factors.get(relied.factor)?, filter, history));
    rested.min()
}

/// How surely a decision rested on a claim of the IdP and the key that are asked for, by one of its
/// factors.
fn rests_on(
    relied: &Relied,
    factor: &HonoredFactor,
    filter: &DecisionFilter,
    history: HistoryCut<'_>,
) -> Option<Certainty> {
    let idp = factor.idp.as_ref()?;
    if filter.idp.as_ref().is_some_and(|asked| asked != idp) {
        return None;
    }
    let signed = match &filter.key {
        None => Certainty::Certain,
        Some(key) => is_key_of(idp, factor.key.as_ref(), key, history)?,
    };
    Some(signed.max(relied.certainty))
}
