//! Whether what was recorded and what the rules imply differ, and why (`semantics.md` 19).

use super::{
    candidates::as_recorded,
    claims::Tri,
    decision::{Judged, Setting, factor_in_effect, in_effect},
    factors::AssessedFactor,
    requirement::{self, Taking},
};
use crate::{
    codes,
    model::{Agreement, Difference, Implied},
};
use claimledger_facts::{time::Occurred, vocabulary::Access};

/// Recorded and implied differ when one lets in and the other does not (`semantics.md` 19).
pub(crate) fn difference(
    setting: Setting<'_, '_>,
    judged: &Judged<'_>,
    at: Occurred,
) -> Option<Difference> {
    let recorded = judged.data.outcome;
    if Agreement::of(recorded, judged.implied) != Agreement::Differs {
        return None;
    }
    let code = if judged.implied == Implied::Allow {
        codes::REFUSED_THOUGH_MET
    } else {
        let cause = void_cause(setting, judged, at).or_else(|| lost_cause(setting, judged, at));
        cause.or(judged.unmet).unwrap_or(codes::NOT_ENOUGH_FACTORS)
    };
    Some(Difference {
        recorded,
        implied: judged.implied,
        code,
        words: codes::difference_words(code),
    })
}

/// The first void reason, where the rule would hold had the assertion been good.
fn void_cause(setting: Setting<'_, '_>, judged: &Judged<'_>, at: Occurred) -> Option<&'static str> {
    let rule = judged.rule.filter(|r| r.access == Access::Allow)?;
    let earlier = |o: Occurred| o.from <= at.from && in_effect(setting.life, o, at) != Tri::No;
    let mut all = judged.candidates.clone();
    let mut cause = None;
    for (index, factor) in setting
        .factors
        .iter()
        .enumerate()
        .filter(|(_, f)| !f.void.is_empty() && f.by_record && earlier(f.occurred()))
    {
        cause = cause.or(factor.void.first().copied());
        all.push(as_recorded(setting, index, at));
    }
    let void_claim = setting
        .claims
        .iter()
        .filter(|c| earlier(c.seen.occurred()))
        .find(|c| c.stands() == Tri::No);
    let cause = cause.or_else(|| void_claim.and_then(|c| c.world().void.first().copied()))?;
    requirement::read(rule, &all, true, Taking::Certain).met.then_some(cause)
}

/// Whether the rule would hold had nothing been lost.
fn lost_cause(setting: Setting<'_, '_>, judged: &Judged<'_>, at: Occurred) -> Option<&'static str> {
    let rule = judged.rule.filter(|r| r.access == Access::Allow)?;
    let lost = |f: &AssessedFactor<'_>| {
        f.by_rules != Tri::No
            && in_effect(setting.life, f.occurred(), at) != Tri::No
            && factor_in_effect(setting.life, f, at) != Tri::Yes
    };
    let lost: Vec<usize> =
        (0..setting.factors.len()).filter(|f| lost(&setting.factors[*f])).collect();
    let claims: Vec<_> = lost.iter().map(|f| setting.factors[*f].claim).collect();
    let mut all = judged.candidates.clone();
    // The rest of its assertion pools again with what was not lost.
    for candidate in &mut all {
        let Some(factor) = candidate
            .factor
            .map(|f| &setting.factors[f])
            .filter(|f| f.claim.is_some() && claims.contains(&f.claim))
        else {
            continue;
        };
        candidate.value = factor.value.clone();
    }
    all.retain(|c| c.factor.is_none_or(|f| !lost.contains(&f)));
    all.extend(lost.iter().map(|index| as_recorded(setting, *index, at)));
    let holds = !lost.is_empty()
        && requirement::read(rule, &all, judged.federation == Tri::Yes, Taking::Certain).met;
    holds.then_some(codes::AUTHENTICATOR_LOST)
}
