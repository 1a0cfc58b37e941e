//! Falsifiers that are known of a session: retractions of trust and lost authenticators
//! (`semantics.md` 3, 4, 10, 11).
//!
//! What each does is a rule of its own ([`super::retraction`], [`super::authenticator_lost`]). Here
//! they are found, and separated by when they were recorded: a decision is judged on those that
//! were recorded by its position, and later ones are listed beside it.

use super::{
    authenticator_lost,
    believed::Believed,
    claims::{Claim, Tri},
    factors::AssessedFactor,
    retraction,
};
use crate::{
    codes,
    history::{HistoryCut, Stated},
    model::{Certainty, Falsifier},
    order::Seen,
    words,
};
use claimledger_facts::{
    ids::{IdpId, LogPosition, Pseudonym},
    time::{Occurred, Time},
    types::{authenticator::AuthenticatorLost, trust::TrustRetracted},
};

/// What is known, whatever T.
#[derive(Clone, Debug, Default)]
pub(crate) struct Falsifiers<'a> {
    /// Of the IdP and key of a claim, of the whole IdP, or of any key where the claim names none
    /// (`semantics.md` 42).
    pub(crate) retractions: Vec<&'a Stated<TrustRetracted>>,
    /// Of the IdP of a claim, but another key.
    pub(crate) other_keys: Vec<&'a Stated<TrustRetracted>>,
    /// Of the session's subject, and of an authenticator that gave one of its factors.
    pub(crate) losses: Vec<&'a Stated<AuthenticatorLost>>,
}

/// A falsifier that hits something of the session.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Hit<'a> {
    Retraction(retraction::Hit<'a>),
    Loss(authenticator_lost::Ending<'a>),
}

impl<'a> Hit<'a> {
    pub(crate) fn position(&self) -> LogPosition {
        self.record().position
    }

    pub(crate) fn record(&self) -> &'a crate::model::RecordRef {
        match self {
            Self::Retraction(hit) => &hit.retraction.record,
            Self::Loss(end) => &end.loss.record,
        }
    }

    /// From when it has effect.
    pub(crate) fn from(&self) -> Occurred {
        match self {
            Self::Retraction(hit) => Occurred::at(hit.retraction.data.from),
            Self::Loss(end) => end.when,
        }
    }

    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Retraction(hit) => hit.code,
            Self::Loss(_) => codes::AUTHENTICATOR_LOST,
        }
    }

    fn certainty(&self) -> Certainty {
        let certain = match self {
            Self::Retraction(hit) => hit.open.is_none(),
            Self::Loss(end) => end.running == Tri::Yes && end.when.to.is_none(),
        };
        if certain { Certainty::Certain } else { Certainty::Possible }
    }

    /// As a list or a mark says it: `authenticator lost 12:10:00Z, recorded 14:40:00Z`. A possible
    /// one says what leaves it open.
    fn words(&self, today: Time) -> String {
        let recorded = words::clock(self.record().recorded_at, today);
        let says = match self {
            Self::Retraction(hit) => {
                let data = &hit.retraction.data;
                let what = data
                    .key
                    .as_ref()
                    .map_or_else(|| format!("trust in {}", data.idp), |key| format!("key {key}"));
                format!(
                    "{what} retracted from {}, recorded {recorded}",
                    words::clock(data.from, today)
                )
            }
            Self::Loss(end) => format!(
                "authenticator lost {}, recorded {recorded}",
                words::moment(end.when, today)
            ),
        };
        match self {
            Self::Retraction(retraction::Hit { open: Some(codes::MISSING_KEY), .. }) => {
                format!("{says}; that it signed the claim is possible")
            }
            Self::Retraction(retraction::Hit { open: Some(_), .. }) => {
                format!("{says}; whether the claim came before that is not known")
            }
            Self::Retraction(_) | Self::Loss(_) => says,
        }
    }

    pub(crate) fn told(&self, today: Time) -> Falsifier {
        Falsifier {
            record: self.record().clone(),
            code: self.code(),
            from: self.from().from,
            retracts: match self {
                Self::Retraction(hit) => {
                    Some((hit.retraction.data.idp.clone(), hit.retraction.data.key.clone()))
                }
                Self::Loss(_) => None,
            },
            certainty: self.certainty(),
            actor: match self {
                Self::Retraction(hit) => hit.retraction.data.actor.clone(),
                Self::Loss(end) => end.loss.data.actor.clone(),
            },
            words: self.words(today),
        }
    }
}

/// Finds what is known.
pub(crate) fn known<'a>(
    history: HistoryCut<'a>,
    subject: Option<&Pseudonym>,
    believed: &Believed<'a>,
) -> Falsifiers<'a> {
    let mut falsifiers = Falsifiers::default();
    for retraction in idps(believed).into_iter().flat_map(|idp| history.trust().retractions(idp)) {
        let touches =
            believed.claims.iter().any(|c| retraction::speaks_of(&retraction.data, c.data));
        (if touches { &mut falsifiers.retractions } else { &mut falsifiers.other_keys })
            .push(retraction);
    }
    let speaks_of = |loss: &&Stated<AuthenticatorLost>| {
        let of = |value: &super::value::Value| {
            authenticator_lost::loss_speaks_of(
                &loss.data,
                value.authenticator.as_ref(),
                value.amr.as_ref(),
                value.method,
            )
        };
        believed.factors.iter().any(|f| of(&f.value))
    };
    falsifiers.losses.extend(
        subject.into_iter().flat_map(|subject| history.people().losses(subject)).filter(speaks_of),
    );
    falsifiers
}

/// What hits a claim or a factor that came by a time: once each, as recorded. By the session's own
/// end nothing of it is left to be hit.
pub(crate) fn hits<'a>(
    claims: &[Claim<'a>],
    factors: &[AssessedFactor<'a>],
    sign_in: &[retraction::Hit<'a>],
    by: Time,
) -> Vec<Hit<'a>> {
    let mut hits: Vec<Hit<'a>> = Vec::new();
    let mut add =
        |hit: Hit<'a>| match hits.iter_mut().find(|known| known.record().id == hit.record().id) {
            // Of two, the more certain is kept.
            Some(known) if known.certainty() > hit.certainty() => *known = hit,
            Some(_) => {}
            None => hits.push(hit),
        };
    for claim in claims.iter().filter(|c| c.seen.occurred().from <= by) {
        // Whether it had come by then is open inside the interval of its time.
        let open = (claim.seen.occurred().latest() > by).then_some(codes::MISSING_EXACT_TIME);
        claim.hits.iter().for_each(|hit| {
            add(Hit::Retraction(retraction::Hit { open: hit.open.or(open), ..*hit }))
        });
    }
    sign_in.iter().for_each(|hit| add(Hit::Retraction(*hit)));
    for factor in factors.iter().filter(|f| f.counts() && f.occurred().from <= by) {
        factor
            .losses
            .ends
            .iter()
            .filter(|end| end.when.from <= by)
            .for_each(|end| add(Hit::Loss(*end)));
    }
    hits.sort_by_key(Hit::position);
    hits
}

/// Those that hit a decision and were not known when it was made: recorded after it, or about an
/// identity that is known only since to be the same person.
pub(crate) fn later<'a>(
    then: &Believed<'a>,
    now: &Believed<'a>,
    decision: Seen<'_>,
) -> Vec<Hit<'a>> {
    let hits_of = |believed: &Believed<'a>| {
        hits(&believed.claims, &believed.factors, &believed.sign_in, decision.occurred().latest())
    };
    let (then, mut hits) = (hits_of(then), hits_of(now));
    hits.retain(|hit| !then.iter().any(|known| known.record().id == hit.record().id));
    hits
}

/// Which falsifiers of these IdPs and this person are known: two cuts with the same ones believe
/// the same.
pub(crate) fn fingerprint(
    known: HistoryCut<'_>,
    idps: &[&IdpId],
    subject: Option<&Pseudonym>,
) -> Vec<LogPosition> {
    let retractions =
        idps.iter().flat_map(|idp| known.trust().retractions(idp)).map(|r| r.record.position);
    let losses = subject
        .into_iter()
        .flat_map(|subject| known.people().losses(subject))
        .map(|l| l.record.position);
    retractions.chain(losses).collect()
}

/// The IdPs of a session's claims.
fn idps<'b>(believed: &'b Believed<'_>) -> Vec<&'b IdpId> {
    let mut idps: Vec<_> = believed.claims.iter().map(|c| &c.data.idp).collect();
    idps.sort_unstable();
    idps.dedup();
    idps
}
