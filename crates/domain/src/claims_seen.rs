//! The claims of one session, as a question about all sessions looks at them: what each shows, and
//! whether it was honored.

use crate::{
    assess::{self, Trace, claims::Tri},
    history::History,
    model::{Certainty, Cut, Known, RecordRef},
};
use claimledger_facts::{
    ids::{AssertionId, IdpId, IdpSessionId, KeyId, Pseudonym, SessionId},
    time::Occurred,
    vocabulary::Amr,
};
use std::collections::BTreeSet;

/// One `claims.received` that counts at a cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimSeen {
    /// Its session, by the name it has at K (`semantics.md` 25).
    pub session: SessionId,
    /// Whose session it is.
    pub subject: Option<Pseudonym>,
    /// The record.
    pub record: RecordRef,
    /// When it was received.
    pub occurred: Occurred,
    /// Possible at a T inside the interval of its own time (`semantics.md` 3, 6).
    pub certainty: Certainty,
    /// Who asserted it.
    pub idp: IdpId,
    /// The key that it names.
    pub key: Option<KeyId>,
    /// The assertion.
    pub assertion: Option<AssertionId>,
    /// What it asserted, without order and repeats (`semantics.md` 27); none: nothing was seen.
    pub amr: Option<BTreeSet<String>>,
    /// Whether any of its values counts by record (`semantics.md` 8); none: what it carried was not
    /// seen.
    pub honored: Option<bool>,
    /// Whether any of its values counts by the rules, certainly or possibly.
    pub by_rules: bool,
    /// Why it, or a value of it, does not count by the rules: codes of `semantics.md` 45, void ones
    /// first.
    pub reasons: Vec<&'static str>,
}

/// A session's start that names an IdP's session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartSeen {
    /// The session, by the name it has at K.
    pub session: SessionId,
    /// Whose it is.
    pub subject: Option<Pseudonym>,
    /// The record.
    pub record: RecordRef,
    /// When it started.
    pub occurred: Occurred,
    /// Possible at a T inside the interval of its own time.
    pub certainty: Certainty,
    /// The IdP.
    pub idp: IdpId,
    /// Its session.
    pub idp_session: IdpSessionId,
}

/// What one session shows at a cut.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionSeen {
    /// Its claims, in the total order.
    pub claims: Vec<ClaimSeen>,
    /// Its starts that name an IdP's session, in the total order.
    pub starts: Vec<StartSeen>,
}

/// Reads a session's facts at a cut, as [`crate::assess()`] does: of variants only the one that
/// counts, and nothing after T.
#[must_use]
pub fn seen(facts: &[Known], history: &History, cut: Cut) -> SessionSeen {
    let Some(trace) = assess::trace(facts, history, cut) else { return SessionSeen::default() };
    SessionSeen {
        claims: (0..trace.claims.len()).map(|index| claim(&trace, index)).collect(),
        starts: starts(&trace),
    }
}

pub(crate) fn amr_set(amr: &[Amr]) -> BTreeSet<String> {
    amr.iter().map(|value| value.as_str().to_owned()).collect()
}

fn claim(trace: &Trace<'_>, index: usize) -> ClaimSeen {
    let claim = &trace.claims[index];
    let factors = || trace.factors.iter().filter(|factor| factor.claim == Some(index));
    let unseen = claim.worlds.iter().any(|world| world.unseen.is_some());
    let honored = factors().any(|factor| factor.by_record);
    let stated = factors().any(|factor| factor.said.is_some_and(|said| said.accepted));
    let mut reasons = claim.void();
    for world in &claim.worlds {
        assess::claims::add(&mut reasons, &world.trust.ignored);
    }
    for factor in factors() {
        assess::claims::add(&mut reasons, &factor.ignored);
    }
    ClaimSeen {
        session: trace.id.clone(),
        subject: trace.subject.clone(),
        record: claim.seen.record().clone(),
        occurred: claim.seen.occurred(),
        certainty: by(claim.seen.occurred(), trace),
        idp: claim.data.idp.clone(),
        key: claim.data.key.clone(),
        assertion: claim.data.assertion.clone(),
        amr: claim.data.amr.as_deref().map(amr_set),
        honored: (!unseen || stated).then_some(honored),
        by_rules: factors().any(|factor| factor.by_rules != Tri::No),
        reasons,
    }
}

fn by(occurred: Occurred, trace: &Trace<'_>) -> Certainty {
    if occurred.latest() <= trace.cut.at { Certainty::Certain } else { Certainty::Possible }
}

fn starts(trace: &Trace<'_>) -> Vec<StartSeen> {
    let mut starts = Vec::new();
    for seen in &trace.facts {
        if let claimledger_facts::fact::FactData::SessionStarted(data) = &seen.known.fact.data
            && let (Some(idp), Some(idp_session)) = (&data.idp, &data.idp_session)
        {
            starts.push(StartSeen {
                session: trace.id.clone(),
                subject: trace.subject.clone(),
                record: seen.record().clone(),
                occurred: seen.occurred(),
                certainty: by(seen.occurred(), trace),
                idp: idp.clone(),
                idp_session: idp_session.clone(),
            });
        }
    }
    starts
}
