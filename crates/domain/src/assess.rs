//! Facts of a session, history and a cut in; the session's state out.
//!
//! Each rule is a file of its own and names its source. The order: what is known ([`crate::order`]), the claims (`trust_at_receipt`, `keys`,
//! `third_party_amr`, `okta_claims`), the session's life (`until_session_end`), its factors (`factors`, `local_factors`), then each decision
//! (`requirement`, `reauthenticate`, `challenge`). What they find is kept as it is found; [`crate::explain`] only puts it into words.

pub(crate) mod authenticators;
pub(crate) mod challenge;
pub(crate) mod claims;
pub(crate) mod context;
pub(crate) mod decision;
pub(crate) mod factors;
pub(crate) mod falsifiers;
pub(crate) mod keys;
pub(crate) mod local_factors;
pub(crate) mod okta_claims;
pub(crate) mod reauthenticate;
pub(crate) mod requirement;
pub(crate) mod state;
pub(crate) mod third_party_amr;
pub(crate) mod trust_at_receipt;
pub(crate) mod until_session_end;
pub(crate) mod value;

use crate::{
    history::{History, HistoryCut},
    model::{Cut, Known, SessionState},
    order::{Seen, known_at},
};
use claimledger_facts::{
    fact::FactData,
    ids::{IdpId, IdpSessionId, Pseudonym, SessionId},
};
use claims::Claim;
use decision::{Judged, Setting};
use factors::Factor;
use falsifiers::Falsifiers;
use until_session_end::Life;

/// Everything that an assessment found, before it becomes an answer.
#[derive(Clone, Debug)]
pub(crate) struct Trace<'a> {
    pub(crate) cut: Cut,
    pub(crate) history: HistoryCut<'a>,
    pub(crate) id: SessionId,
    pub(crate) aliases: Vec<SessionId>,
    pub(crate) subject: Option<Pseudonym>,
    pub(crate) idp: Option<IdpId>,
    pub(crate) idp_session: Option<IdpSessionId>,
    /// What counts at T of the session's own facts, in the total order.
    pub(crate) facts: Vec<Seen<'a>>,
    /// What is known at K, whatever T.
    pub(crate) all: Vec<Seen<'a>>,
    pub(crate) life: Life<'a>,
    pub(crate) claims: Vec<Claim<'a>>,
    pub(crate) factors: Vec<Factor<'a>>,
    pub(crate) decisions: Vec<Judged<'a>>,
    pub(crate) falsifiers: Falsifiers<'a>,
}

/// Assesses one session at a cut.
///
/// `facts` are those of all its ids, and the `idp_session.*` facts of the IdP session that it names, in any order, also later than the cut.
/// `None` if nothing of the session is known at K. Before its start the phase is [`crate::model::Phase::NotStarted`].
#[must_use]
pub fn assess(facts: &[Known], history: &History, cut: Cut) -> Option<SessionState> {
    trace(facts, history, cut).map(|trace| state::state(&trace))
}

/// The assessment itself, without words.
pub(crate) fn trace<'a>(facts: &'a [Known], history: &'a History, cut: Cut) -> Option<Trace<'a>> {
    let history = history.at(cut.known_at);
    let all = known_at(facts, cut.known_at);
    let of_session: Vec<Seen<'a>> = all.iter().filter(|s| s.known.fact.session.is_some()).copied().collect();
    let mut aliases: Vec<SessionId> = Vec::new();
    for id in of_session.iter().filter_map(|s| s.known.fact.session.as_ref()) {
        if !aliases.contains(id) {
            aliases.push(id.clone());
        }
    }
    if aliases.is_empty() {
        return None;
    }
    let id = aliases.remove(0);
    aliases.sort_unstable();

    let subject = of_session.iter().find_map(|s| s.known.fact.subject.clone());
    let upto: Vec<Seen<'a>> = of_session.iter().filter(|s| s.occurred().from <= cut.at).copied().collect();
    let life = until_session_end::life(&of_session, &upto, subject.as_ref(), history, cut.at)?;
    let claims: Vec<Claim<'a>> = upto
        .iter()
        .filter_map(|s| if let FactData::ClaimsReceived(data) = &s.known.fact.data { Some(Claim::read(*s, data, history, cut.at)) } else { None })
        .collect();
    let factors = factors::factors(&upto, &claims);

    let setting = Setting { history, life: &life, claims: &claims, factors: &factors };
    let mut decisions: Vec<Judged<'a>> = Vec::new();
    for seen in &upto {
        if let FactData::PolicyDecided(data) = &seen.known.fact.data {
            let previous = decisions.last().map(|d| d.seen);
            decisions.push(decision::judge(setting, *seen, data, previous));
        }
    }
    let idp = life.started.and_then(|s| s.idp.clone()).or_else(|| claims.first().map(|c| c.data.idp.clone()));
    let idp_session =
        of_session.iter().find_map(|s| if let FactData::SessionStarted(data) = &s.known.fact.data { data.idp_session.clone() } else { None });
    let falsifiers = falsifiers::known(history, subject.as_ref(), &claims, &factors);
    Some(Trace { cut, history, id, aliases, subject, idp, idp_session, facts: upto, all, life, claims, factors, decisions, falsifiers })
}
