//! Whether a decision belongs to a list: certainly, possibly, or not.

use crate::{
    history::HistoryCut,
    model::{Certainty, Decision, HonoredFactor, Relied, SessionState, SignedIn},
    session_list::is_key_of,
    window::within,
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
    /// Relying on a claim of this IdP, or on a sign-in by it.
    pub idp: Option<IdpId>,
    /// Relying on a claim signed by this key.
    pub key: Option<KeyId>,
    /// The key counts as known of its IdP, as its retraction would make it (`semantics.md` 42).
    pub supposes_key: bool,
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
    at: Time,
) -> Option<Certainty> {
    let came = within(decision.recorded.at, filter.from, filter.to, at)?;
    let holds = filter.app.as_ref().is_none_or(|app| decision.recorded.app == *app)
        && filter.outcome.is_none_or(|outcome| decision.recorded.outcome == outcome)
        && filter.differs.is_none_or(|differs| decision.differs.is_some() == differs)
        && filter
            .falsified_later
            .is_none_or(|falsified| decision.falsified_later.is_some() == falsified);
    if !holds {
        return None;
    }
    if filter.idp.is_none() && filter.key.is_none() {
        return Some(came);
    }
    // One factor, or one sign-in, must meet both.
    let rested = decision
        .relied_on
        .iter()
        .filter_map(|relied| rests_on(relied, state.factors.get(relied.factor)?, filter, history));
    let signed_in =
        decision.signed_in.iter().filter_map(|sign_in| by_sign_in(sign_in, filter, history));
    Some(rested.chain(signed_in).min()?.max(came))
}

/// How surely a decision rested on the sign-in itself (`semantics.md` 38). What key signed an
/// assertion that was not seen is not known, and only the whole IdP can be asked for.
fn by_sign_in(
    sign_in: &SignedIn,
    filter: &DecisionFilter,
    history: HistoryCut<'_>,
) -> Option<Certainty> {
    if filter.idp.as_ref().is_some_and(|asked| *asked != sign_in.idp) {
        return None;
    }
    let signed = match &filter.key {
        None => Certainty::Certain,
        Some(key) if sign_in.is_seen => {
            is_key_of(&sign_in.idp, sign_in.key.as_ref(), (key, filter.supposes_key), history)?
        }
        Some(_) => return None,
    };
    Some(signed.max(sign_in.certainty))
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
        Some(key) => is_key_of(idp, factor.key.as_ref(), (key, filter.supposes_key), history)?,
    };
    Some(signed.max(relied.certainty))
}
