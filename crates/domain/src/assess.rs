//! Facts of a session, history and a cut in; the session's state out.
//!
//! Each rule is a file of its own and names its source. The order: what is known
//! ([`crate::order`]), the claims (`trust_at_receipt`, `keys`, `third_party_amr`, `okta_claims`),
//! the session's life (`until_session_end`, `limits`, `signs_of_life`), its factors (`factors`,
//! `local_factors`), then each decision (`requirement`, `reauthenticate`, `challenge`). Falsifiers
//! (`retraction`, `authenticator_lost`) take away from claims and factors; a decision is judged on
//! those recorded by then, and again on all. What they find is kept as it is found;
//! [`crate::explain`] only puts it into words.

pub(crate) mod accepted_content;
pub(crate) mod asked_rule;
pub(crate) mod authenticator_lost;
pub(crate) mod authenticators;
pub(crate) mod believed;
pub(crate) mod came_under;
pub(crate) mod candidates;
pub(crate) mod challenge;
pub(crate) mod claim_sourcing;
pub(crate) mod claims;
pub(crate) mod decision;
pub(crate) mod difference;
pub(crate) mod engine_mix;
pub(crate) mod factors;
pub(crate) mod falsifiers;
pub(crate) mod global_session;
pub(crate) mod keys;
pub(crate) mod legacy_mapping;
pub(crate) mod limits;
pub(crate) mod local_factors;
pub(crate) mod method_chain;
pub(crate) mod okta_claims;
pub(crate) mod reauthenticate;
pub(crate) mod requirement;
pub(crate) mod retraction;
pub(crate) mod security_question;
pub(crate) mod signed_in;
pub(crate) mod signs_of_life;
pub(crate) mod silence;
pub(crate) mod state;
pub(crate) mod step_up;
pub(crate) mod subject;
pub(crate) mod third_party_amr;
pub(crate) mod trust_at_receipt;
pub(crate) mod unread;
pub(crate) mod until;
pub(crate) mod until_session_end;
pub(crate) mod value;

use crate::{
    history::{History, HistoryCut, Stated},
    model::{Cut, Known, SessionState},
    order::{Seen, known_at},
};
use believed::Believed;
use claimledger_facts::{
    fact::FactData,
    ids::{IdpId, IdpSessionId, LogPosition, Pseudonym, SessionId},
    types::policy::PolicyConfigured,
};
use claims::Claim;
use decision::{Decided, Judged, Setting};
use factors::AssessedFactor;
use falsifiers::Falsifiers;
use unread::Unread;
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
    /// As known at K.
    pub(crate) claims: Vec<Claim<'a>>,
    pub(crate) factors: Vec<AssessedFactor<'a>>,
    pub(crate) sign_in: Vec<retraction::Hit<'a>>,
    /// What was or may have been presented and is not told.
    pub(crate) unread: Vec<Unread<'a>>,
    /// What was believed when decisions fell, where a later falsifier takes from it:
    /// [`Decided::earlier`] points here.
    pub(crate) earlier: Vec<Believed<'a>>,
    pub(crate) decisions: Vec<Decided<'a>>,
    pub(crate) falsifiers: Falsifiers<'a>,
}

impl<'a> Trace<'a> {
    /// The falsifiers that hit something of it by T.
    pub(crate) fn hits(&self) -> Vec<falsifiers::Hit<'a>> {
        falsifiers::hits(&self.claims, &self.factors, &self.sign_in, self.cut.at)
    }

    /// The same, with what was believed when a decision fell.
    pub(crate) fn as_believed(&self, believed: &Believed<'a>) -> Self {
        Self {
            claims: believed.claims.clone(),
            factors: believed.factors.clone(),
            sign_in: believed.sign_in.clone(),
            ..self.clone()
        }
    }

    /// A decision, by what was known when it fell, as if another version of its policy had been in
    /// force.
    pub(crate) fn under(&self, index: usize, policy: &'a Stated<PolicyConfigured>) -> Judged<'a> {
        let decided = &self.decisions[index];
        let previous = index.checked_sub(1).map(|before| self.decisions[before].then.seen);
        let (claims, factors, falsified) =
            match decided.earlier.map(|earlier| &self.earlier[earlier]) {
                Some(earlier) => (
                    &earlier.claims,
                    &earlier.factors,
                    self.history.as_of(decided.then.seen.record().position),
                ),
                None => (&self.claims, &self.factors, self.history),
            };
        let setting = Setting {
            history: self.history,
            falsified,
            subject: self.subject.as_ref(),
            life: &self.life,
            claims,
            factors,
            unread: &self.unread,
        };
        decision::judge_as_if(setting, decided.then.seen, decided.then.data, previous, policy)
    }
}

/// Assesses one session at a cut.
///
/// `facts` are those of all its ids, and the `idp_session.*` facts of the IdP session that it
/// names, in any order, also later than the cut. `None` if nothing of the session is known at K.
/// Before its start the phase is [`crate::model::Phase::NotStarted`].
#[must_use]
pub fn assess(facts: &[Known], history: &History, cut: Cut) -> Option<SessionState> {
    trace(facts, history, cut).map(|trace| state::state(&trace))
}

/// The assessment itself, without words.
pub(crate) fn trace<'a>(facts: &'a [Known], history: &'a History, cut: Cut) -> Option<Trace<'a>> {
    trace_with(facts, history.at(cut.known_at), cut)
}

/// The assessment under a history that may suppose falsifiers.
pub(crate) fn trace_with<'a>(
    facts: &'a [Known],
    history: HistoryCut<'a>,
    cut: Cut,
) -> Option<Trace<'a>> {
    let all = known_at(facts, cut.known_at);
    let of_session: Vec<Seen<'a>> =
        all.iter().filter(|s| s.known.fact.session.is_some()).copied().collect();
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
    let upto: Vec<Seen<'a>> =
        of_session.iter().filter(|s| s.occurred().from <= cut.at).copied().collect();
    let life = until_session_end::life(&of_session, &upto, subject.as_ref(), history, cut.at)?;
    let reader = believed::FactReader {
        history,
        facts: &upto,
        subject: subject.as_ref(),
        at: cut.at,
        close: life.closes().1,
        began: life.sign_in(),
    };
    let believed = reader.read(history);
    let mut unread = unread::unread(&upto);
    unread.extend(silence::unheard(&of_session, &life, history));
    let (earlier, decisions) = decisions(&reader, &believed, &life, &unread);
    let falsifiers = falsifiers::known(history, subject.as_ref(), &believed);
    let Believed { claims, factors, sign_in } = believed;
    let start = until_session_end::first_start(&of_session);
    let idp = start
        .and_then(|(_, s)| s.idp.clone())
        .or_else(|| claims.first().map(|c| c.data.idp.clone()));
    let idp_session = of_session.iter().find_map(|s| {
        if let FactData::SessionStarted(data) = &s.known.fact.data {
            data.idp_session.clone()
        } else {
            None
        }
    });
    Some(Trace {
        cut,
        history,
        id,
        aliases,
        subject,
        idp,
        idp_session,
        facts: upto,
        all,
        life,
        claims,
        factors,
        sign_in,
        unread,
        earlier,
        decisions,
        falsifiers,
    })
}

/// Judges every decision on the falsifiers that were recorded by it, and again on all that are
/// known where later ones came (`semantics.md` 4).
fn decisions<'a>(
    reader: &believed::FactReader<'a, '_>,
    believed: &Believed<'a>,
    life: &Life<'a>,
    unread: &[Unread<'a>],
) -> (Vec<Believed<'a>>, Vec<Decided<'a>>) {
    let mut earlier: Vec<(Vec<LogPosition>, Believed<'a>)> = Vec::new();
    let mut decisions: Vec<Decided<'a>> = Vec::new();
    let now = reader.fingerprint(None);
    for seen in reader.facts {
        let FactData::PolicyDecided(data) = &seen.known.fact.data else { continue };
        let previous = decisions.last().map(|d| d.then.seen);
        let judge = |believed: &Believed<'a>, falsified| {
            let setting = Setting {
                history: reader.history,
                falsified,
                subject: reader.subject,
                life,
                claims: &believed.claims,
                factors: &believed.factors,
                unread,
            };
            decision::judge(setting, *seen, data, previous)
        };
        let position = seen.record().position;
        let then = if now.is_empty() { vec![] } else { reader.fingerprint(Some(position)) };
        if then == now {
            decisions.push(Decided {
                then: judge(believed, reader.history),
                now: None,
                earlier: None,
                later: vec![],
            });
            continue;
        }
        let recorded = reader.history.as_of(position);
        let index = earlier.iter().position(|(known, _)| *known == then).unwrap_or_else(|| {
            earlier.push((then, reader.read(recorded)));
            earlier.len() - 1
        });
        decisions.push(Decided {
            then: judge(&earlier[index].1, recorded),
            now: Some(judge(believed, reader.history)),
            earlier: Some(index),
            later: falsifiers::later(&earlier[index].1, believed, *seen),
        });
    }
    (earlier.into_iter().map(|(_, believed)| believed).collect(), decisions)
}
