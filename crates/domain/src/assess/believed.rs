//! What is believed of a session's claims and factors, on the falsifiers that are known at a
//! position (`semantics.md` 3, 4).

use super::{
    authenticator_lost::Running,
    claims::Claim,
    factors::{self, AssessedFactor},
    falsifiers, retraction,
    signed_in::UnseenSignIn,
};
use crate::{history::HistoryCut, order::Seen};
use claimledger_facts::{
    fact::FactData,
    ids::{IdpId, LogPosition, Pseudonym},
    time::Time,
};

/// Claims and factors, read. Of one session the n-th of each is the same thing whatever falsifiers
/// are known.
#[derive(Clone, Debug)]
pub(crate) struct Believed<'a> {
    pub(crate) claims: Vec<Claim<'a>>,
    pub(crate) factors: Vec<AssessedFactor<'a>>,
    /// Retractions of the whole IdP that the session names, where no assertion was seen by its
    /// start.
    pub(crate) sign_in: Vec<retraction::Hit<'a>>,
}

/// Reads a session on the falsifiers of several positions, once for each set of falsifiers.
pub(crate) struct FactReader<'a, 'b> {
    /// The configuration, as known at K.
    pub(crate) history: HistoryCut<'a>,
    pub(crate) facts: &'b [Seen<'a>],
    pub(crate) subject: Option<&'b Pseudonym>,
    pub(crate) at: Time,
    /// From when on nothing of the session certainly counts any more.
    pub(crate) close: Option<Time>,
    /// The sign-in by the IdP that the session's start names.
    pub(crate) began: Option<UnseenSignIn<'a>>,
}

impl<'a> FactReader<'a, '_> {
    /// On the falsifiers that `known` has.
    pub(crate) fn read(&self, known: HistoryCut<'a>) -> Believed<'a> {
        let claims: Vec<Claim<'a>> = self
            .facts
            .iter()
            .filter_map(|s| match &s.known.fact.data {
                FactData::ClaimsReceived(data) => {
                    Some(Claim::read(self.facts, *s, data, self.history, known, self.at))
                }
                _ => None,
            })
            .collect();
        let factors = factors::factors(
            self.facts,
            &claims,
            Running {
                known,
                linked: self.history,
                subject: self.subject,
                at: self.at,
                close: self.close,
            },
        );
        let sign_in = self
            .began
            .filter(|began| began.is_before(claims.iter().map(|claim| claim.seen.occurred())))
            .map(|began| retraction::of_whole_idp(known, began).collect());
        Believed { claims, factors, sign_in: sign_in.unwrap_or_default() }
    }

    /// Where a decision stands in time of recording: the falsifiers that were recorded by its
    /// position.
    pub(crate) fn fingerprint(&self, position: Option<LogPosition>) -> Vec<LogPosition> {
        let known = position.map_or(self.history, |position| self.history.as_of(position));
        falsifiers::fingerprint(known, &self.idps(), self.subject)
    }

    /// The IdPs whose retraction could hit: of its claims, and the one that the session names.
    fn idps(&self) -> Vec<&'a IdpId> {
        let idp = |s: &Seen<'a>| match &s.known.fact.data {
            FactData::ClaimsReceived(data) => Some(&data.idp),
            FactData::SessionStarted(data) => data.idp.as_ref(),
            _ => None,
        };
        let mut idps: Vec<_> = self.facts.iter().filter_map(idp).collect();
        idps.sort_unstable();
        idps.dedup();
        idps
    }
}
