//! What falls under falsifiers that a question supposes: the blast radius of a retraction or a loss
//! (`semantics.md` 20, 21).
//!
//! Judged on facts known at K. A decision *falls* where it was recorded as allow, rested on what is
//! hit, and is not implied allow afterwards. A session that was implied deny already can fall; it
//! does not flip.

use crate::{
    assess::{self, Trace, claims::Tri, decision::Judged, retraction, signed_in::sign_ins},
    codes,
    history::{History, HistoryCut, Stated, Supposed},
    model::{AsKnown, Certainty, Cut, Implied, Known, RecordRef},
};
use claimledger_facts::{types::trust::TrustRetracted, vocabulary::Outcome};

/// What falsifiers do to a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fallen {
    /// Whether they hit any claim or running factor of it, and how surely.
    pub hit: Certainty,
    /// Records that are hit: claims that would be void, verifications and claims whose factors
    /// would have ended.
    pub records: Vec<RecordRef>,
    /// The decisions that rested on what is hit, in the total order.
    pub decisions: Vec<Fall>,
}

/// What falsifiers do to a decision that rested on what they hit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fall {
    /// The decision.
    pub record: RecordRef,
    /// What was recorded.
    pub outcome: Outcome,
    /// How sure it is that it rested on what is hit.
    pub rested: Certainty,
    /// As known at K, without them.
    pub before: AsKnown,
    /// As known at K, with them. A key that the claim does not name leaves what it implies as it is
    /// (`semantics.md` 42).
    pub after: AsKnown,
    /// What the rules imply with them, had a retracted key signed every claim that names none; else
    /// as [`Self::after`].
    pub worst: Implied,
    /// It falls; where [`Self::rested`] is possible, possibly.
    pub falls: bool,
    /// How surely it fell already: by retractions that are known at K. None: it does not fall, or
    /// none of them let it fall.
    pub fell: Option<Certainty>,
}

impl Fall {
    /// It falls, and the rules imply nothing either way, whichever key signed what names none:
    /// nothing says that it was let in by what is hit (`semantics.md` 21).
    #[must_use]
    pub fn is_open_either_way(&self) -> bool {
        self.falls && [self.before.implied, self.worst] == [Implied::Undetermined; 2]
    }
}

/// That a decision fell already, in words behind what becomes of it.
#[must_use]
pub const fn already(fell: Option<Certainty>) -> &'static str {
    match fell {
        Some(Certainty::Certain) => ": it fell already",
        Some(Certainty::Possible) => ": it possibly fell already",
        None => "",
    }
}

/// What falls of a session under falsifiers. Falsifiers that are stated already can be supposed
/// again: `before` has them then too. None: they hit nothing of it, or nothing of it is known.
#[must_use]
pub fn falls(facts: &[Known], history: &History, cut: Cut, supposed: &Supposed) -> Option<Fallen> {
    let known = history.at(cut.known_at);
    let before = assess::trace_with(facts, known, cut)?;
    let effect = Effect::of(facts, known, cut, supposed)?;
    let Effect { trace: after, hits, .. } = &effect;
    let sure =
        hits.claims.iter().chain(&hits.factors).map(|(_, c)| *c).chain(hits.sign_in).min()?;
    let mut records: Vec<RecordRef> = Vec::new();
    let of_claims = hits.claims.iter().map(|(at, _)| after.claims[*at].seen.record());
    let of_factors = hits.factors.iter().map(|(at, _)| after.factors[*at].seen.record());
    for record in
        of_claims.chain(of_factors).chain(hits.sign_in.map(|_| after.life.start_record.record()))
    {
        if !records.iter().any(|known| known.id == record.id) {
            records.push(record.clone());
        }
    }
    let mut decisions: Vec<Fall> =
        (0..before.decisions.len()).filter_map(|at| effect.on(&before, at)).collect();
    // What no longer stands fell already where a retraction that is known, supposed once more, lets
    // it fall.
    let retracted = known_retractions(&before);
    if !retracted.is_empty()
        && decisions.iter().any(|fall| fall.falls)
        && let Some(effect) = Effect::of(facts, known, cut, &retracted)
    {
        let fell: Vec<Fall> =
            (0..before.decisions.len()).filter_map(|at| effect.on(&before, at)).collect();
        for fall in decisions.iter_mut().filter(|fall| fall.falls) {
            let already = fell.iter().find(|fell| fell.record.id == fall.record.id && fell.falls);
            fall.fell = already.map(|fell| fell.rested);
        }
    }
    Some(Fallen { hit: sure, records, decisions })
}

/// The retractions that are known and hit claims of a session or its sign-in.
fn known_retractions(trace: &Trace<'_>) -> Supposed {
    let of_claims = trace.claims.iter().flat_map(|claim| &claim.hits);
    let sign_in = trace.life.sign_in();
    let of_sign_in = sign_in.into_iter().flat_map(|it| retraction::of_whole_idp(trace.history, it));
    let mut known: Vec<&Stated<TrustRetracted>> = Vec::new();
    for hit in of_claims.copied().chain(of_sign_in) {
        if !known.iter().any(|stated| stated.record.id == hit.retraction.record.id) {
            known.push(hit.retraction);
        }
    }
    let known = known.into_iter().map(|stated| stated.data.clone());
    known.fold(Supposed::default(), Supposed::retraction)
}

/// A session as it is under falsifiers.
struct Effect<'a> {
    trace: Trace<'a>,
    hits: Hits,
    /// What the rules imply of each decision, had the retracted key signed every claim that names
    /// none; none: every claim names one, or no key is retracted.
    worst: Option<Vec<Implied>>,
}

impl<'a> Effect<'a> {
    fn of(
        facts: &'a [Known],
        known: HistoryCut<'a>,
        cut: Cut,
        supposed: &'a Supposed,
    ) -> Option<Self> {
        let trace = assess::trace_with(facts, known.supposing(supposed), cut)?;
        // What rests on a claim that names no key falls possibly: where it would, had the retracted
        // key signed it.
        let mut hits = trace.claims.iter().flat_map(|claim| &claim.hits);
        let unnamed = hits.any(|hit| hit.open == Some(codes::MISSING_KEY));
        let as_signed = supposed.as_signed();
        let worst =
            unnamed.then(|| assess::trace_with(facts, known.supposing(&as_signed), cut)).flatten();
        let worst = worst
            .map(|worst| worst.decisions.iter().map(|decided| decided.now().implied).collect());
        let hits = Hits::of(&trace, supposed);
        Some(Self { trace, hits, worst })
    }

    /// What becomes of a decision; none: it did not rest on what is hit.
    fn on(&self, before: &Trace<'_>, at: usize) -> Option<Fall> {
        let (decided, after) = (before.decisions.get(at)?, self.trace.decisions.get(at)?.now());
        let rested = self.hits.rested(&self.trace, &decided.then)?;
        let worst = self.worst.as_ref().map_or(Some(after.implied), |of| of.get(at).copied())?;
        let mut fall = Fall {
            record: decided.then.seen.record().clone(),
            outcome: decided.then.data.outcome,
            rested,
            before: as_known(decided.now()),
            after: as_known(after),
            worst,
            falls: decided.then.data.outcome == Outcome::Allow && worst != Implied::Allow,
            fell: None,
        };
        // The certain hits alone may not let it fall.
        if fall.falls && (after.implied == Implied::Allow || fall.is_open_either_way()) {
            fall.rested = Certainty::Possible;
        }
        Some(fall)
    }
}

/// What of a session is hit: indices, each with how surely.
struct Hits {
    claims: Vec<(usize, Certainty)>,
    factors: Vec<(usize, Certainty)>,
    /// The sign-in, where no assertion was seen.
    sign_in: Option<Certainty>,
}

impl Hits {
    fn of(trace: &Trace<'_>, supposed: &Supposed) -> Self {
        let claim = |(at, claim): (usize, &assess::claims::Claim<'_>)| {
            let hits = supposed
                .retractions()
                .filter_map(|r| retraction::retraction_hits(r, claim.data, claim.seen.occurred()));
            Some((at, hits.min()?))
        };
        let factor = |(at, factor): (usize, &assess::factors::AssessedFactor<'_>)| {
            let ends = factor
                .losses
                .ends
                .iter()
                .filter(|end| supposed.has_loss(end.loss) && factor.counts());
            let sure = |running| {
                if running == Tri::Yes { Certainty::Certain } else { Certainty::Possible }
            };
            Some((at, ends.map(|end| sure(end.running)).min()?))
        };
        Self {
            claims: trace.claims.iter().enumerate().filter_map(claim).collect(),
            factors: trace.factors.iter().enumerate().filter_map(factor).collect(),
            sign_in: sign_in(trace, supposed),
        }
    }

    /// Whether a decision rested on what is hit: on a factor of a hit claim, on the sign-in itself,
    /// or on a factor that had ended by then.
    fn rested(&self, trace: &Trace<'_>, judged: &Judged<'_>) -> Option<Certainty> {
        let at = judged.seen.occurred();
        let sign_ins = sign_ins(trace, judged);
        let signed_in = |claim: Option<usize>| {
            sign_ins.iter().find(|sign_in| sign_in.claim == claim).map(|sign_in| sign_in.certainty)
        };
        let relied = |of_it: &dyn Fn(usize) -> bool| {
            judged
                .relied_on
                .iter()
                .filter(|relied| of_it(relied.factor))
                .map(|relied| relied.certainty)
                .min()
        };
        let claims = self.claims.iter().filter_map(|(claim, hit)| {
            let by_factor = relied(&|factor| trace.factors[factor].claim == Some(*claim));
            Some(by_factor.into_iter().chain(signed_in(Some(*claim))).min()?.max(*hit))
        });
        let factors = self.factors.iter().filter_map(|(factor, hit)| {
            let ended =
                trace.factors[*factor].losses.ends.iter().any(|end| end.when.from <= at.latest());
            Some(relied(&|relied| relied == *factor).filter(|_| ended)?.max(*hit))
        });
        let unseen = self.sign_in.and_then(|hit| Some(signed_in(None)?.max(hit)));
        claims.chain(factors).chain(unseen).min()
    }
}

/// A sign-in of which no assertion was seen, at all or by one of the decisions, rests on the IdP as
/// a whole (`semantics.md` 38).
fn sign_in(trace: &Trace<'_>, supposed: &Supposed) -> Option<Certainty> {
    let sign_in = trace.life.sign_in()?;
    let rests = |judged: &Judged<'_>| sign_ins(trace, judged).iter().any(|it| it.claim.is_none());
    let received = || trace.claims.iter().map(|claim| claim.seen.occurred());
    let is_rested_on = || {
        sign_in.is_before(received()) || trace.decisions.iter().any(|decided| rests(&decided.then))
    };
    let hits = |of| retraction::hits_sign_in(of, sign_in);
    supposed.retractions().filter_map(hits).min().filter(|_| is_rested_on())
}

fn as_known(judged: &Judged<'_>) -> AsKnown {
    AsKnown {
        implied: judged.implied,
        first_unmet: judged.first_unmet,
        missing: judged.missing.clone(),
        met: judged.met.clone(),
    }
}
