//! The factors of a session, by record and by the rules (`semantics.md` 8), and how good the
//! evidence is (`semantics.md` 16).

use super::{
    accepted_content,
    authenticator_lost::{self, Losses, Running},
    claims::{self, Claim, Tri},
    engine_mix::EngineMix,
    local_factors, subject,
    value::Value,
};
use crate::{codes, model::Grade, order::Seen};
use claimledger_facts::{
    fact::FactData,
    ids::AssertionId,
    time::Occurred,
    vocabulary::{Amr, Method, Outcome},
};
use std::sync::Arc;

/// A claimed value or a local verification, whether it counts or not.
#[derive(Clone, Debug)]
pub(crate) struct AssessedFactor<'a> {
    pub(crate) value: Arc<Value>,
    /// Index into the session's claims; none: local.
    pub(crate) claim: Option<usize>,
    /// The record that carries it.
    pub(crate) seen: Seen<'a>,
    pub(crate) third_party: bool,
    /// Which engines the two orgs run.
    pub(crate) mix: EngineMix,
    /// An interval leaves open by which rules it is read, or as what.
    pub(crate) reading_open: bool,
    pub(crate) by_record: bool,
    /// Whether an interval leaves open that it counts by record.
    pub(crate) record_open: bool,
    /// Whether the rules ignore it.
    pub(crate) is_ignored: Tri,
    pub(crate) by_rules: Tri,
    pub(crate) void: Vec<&'static str>,
    pub(crate) ignored: Vec<&'static str>,
    pub(crate) missing: Vec<&'static str>,
    /// Losses of the authenticator that gave it.
    pub(crate) losses: Losses<'a>,
    pub(crate) grade: Grade,
    /// The service provider's own word on it: that it accepted or ignored it.
    pub(crate) said: Option<ProviderStatement<'a>>,
    /// The allow that followed, and before which no local factor came.
    pub(crate) allow: Option<Seen<'a>>,
}

/// The service provider says what it did with a claim.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProviderStatement<'a> {
    pub(crate) accepted: bool,
    pub(crate) seen: Seen<'a>,
}

impl AssessedFactor<'_> {
    pub(crate) fn occurred(&self) -> Occurred {
        self.seen.occurred()
    }

    /// It counts by one of the two readings.
    pub(crate) fn counts(&self) -> bool {
        self.by_record || self.by_rules != Tri::No
    }
}

/// Every claimed value and local verification, in the total order, values as asserted; on the
/// losses that are known, at T.
pub(crate) fn factors<'a>(
    facts: &[Seen<'a>],
    of_session: &[Claim<'a>],
    running: Running<'a, '_>,
) -> Vec<AssessedFactor<'a>> {
    let losses =
        |value: &Value, seen: Seen<'a>| authenticator_lost::losses(running, value, seen.occurred());
    let open = |seen: Seen<'a>| {
        let mut open = Vec::new();
        // Inside the interval of its own time it may not have come yet (`semantics.md` 3, 6).
        if seen.occurred().latest() > running.at {
            open.push(codes::MISSING_EXACT_TIME);
        }
        if subject::is_of_another(running.linked, &seen.known.fact, running.subject) {
            open.push(codes::MISSING_SUBJECT);
        }
        open
    };
    let mut factors = Vec::new();
    for seen in facts {
        if let FactData::FactorVerified(verified) = &seen.known.fact.data {
            let value = Arc::new(local_factors::read(verified));
            factors.push(AssessedFactor {
                losses: losses(&value, *seen),
                value,
                claim: None,
                seen: *seen,
                third_party: false,
                mix: EngineMix::Full,
                reading_open: false,
                by_record: true,
                record_open: false,
                is_ignored: Tri::No,
                by_rules: Tri::Yes,
                void: vec![],
                ignored: vec![],
                missing: open(*seen),
                grade: Grade::Stated,
                said: None,
                allow: None,
            });
        }
        let Some(index) = of_session.iter().position(|c| std::ptr::eq(c.seen.known, seen.known))
        else {
            continue;
        };
        let claim = &of_session[index];
        let allow = allow_after(facts, *seen);
        for value in claim.values() {
            let mut fate = claim.fate(value);
            claims::add(&mut fate.missing, &open(*seen));
            let said = word_on(facts, claim, value);
            // By record: it says it accepted it, or says nothing and the rules do not ignore it.
            // Void does not stop one that did not check.
            let by_record = said.map_or(fate.is_ignored != Tri::Yes, |s| s.accepted);
            let record_open = fate.entry_open || said.is_none() && fate.is_ignored == Tri::Maybe;
            if record_open {
                claims::add(&mut fate.missing, &[codes::MISSING_EXACT_TIME]);
            }
            let grade = grade(said, &fate.missing, allow.is_some(), fate.counts);
            factors.push(AssessedFactor {
                value: Arc::clone(value),
                losses: losses(value, *seen),
                claim: Some(index),
                seen: *seen,
                third_party: claim.third_party(),
                mix: claim.mix(),
                reading_open: fate.reading_open,
                by_record,
                record_open,
                is_ignored: fate.is_ignored,
                by_rules: fate.counts,
                void: fate.void,
                ignored: fate.ignored,
                missing: fate.missing,
                grade,
                said,
                allow,
            });
        }
    }
    factors
}

fn grade(
    said: Option<ProviderStatement<'_>>,
    missing: &[&'static str],
    allow: bool,
    counts: Tri,
) -> Grade {
    // That an allow followed joins nothing where the service provider says that it ignored the
    // claim.
    let allow = allow && said.is_none_or(|s| s.accepted);
    if said.is_some_and(|s| s.accepted) {
        Grade::Stated
    } else if missing.contains(&codes::MISSING_IDP) {
        Grade::Assumed
    } else if allow {
        Grade::Joined
    } else if counts != Tri::No {
        Grade::Replayed
    } else {
        Grade::Assumed
    }
}

/// The first recorded allow at or after the claim, unless a local factor came before it in the
/// session.
fn allow_after<'a>(facts: &[Seen<'a>], claim: Seen<'a>) -> Option<Seen<'a>> {
    let allows = |s: &&Seen<'a>| {
        matches!(&s.known.fact.data,
        FactData::PolicyDecided(d) if d.outcome == Outcome::Allow)
    };
    let allow = facts
        .iter()
        .filter(allows)
        .find(|s| s.occurred().from >= claim.occurred().from)
        .copied()?;
    let local = |s: &Seen<'_>| {
        matches!(s.known.fact.data, FactData::FactorVerified(_))
            && s.occurred().from <= allow.occurred().from
    };
    (!facts.iter().any(local)).then_some(allow)
}

/// The last thing that the service provider said of this value: after it came, or as
/// [`accepted_content::is_of`] says.
fn word_on<'a>(
    facts: &[Seen<'a>],
    claim: &Claim<'a>,
    value: &Value,
) -> Option<ProviderStatement<'a>> {
    let about =
        |seen: Seen<'a>, a: Option<&AssertionId>, amr: &Option<Amr>, method: Option<Method>| {
            let whole = amr.is_none() && method.is_none();
            let same_amr = amr.is_some() && *amr == value.amr;
            let same_method = method.is_some() && (method == value.known_method());
            let later = a.is_none() && seen.occurred().from >= claim.seen.occurred().from;
            (whole || same_amr || same_method)
                && (later || accepted_content::is_of(facts, claim.seen, claim.data, seen, a))
        };
    let said = facts.iter().filter_map(|s| {
        let (accepted, about) = match &s.known.fact.data {
            FactData::ClaimAccepted(c) => (true, about(*s, c.assertion.as_ref(), &c.amr, c.method)),
            FactData::ClaimIgnored(c) => (false, about(*s, c.assertion.as_ref(), &c.amr, c.method)),
            _ => return None,
        };
        about.then_some(ProviderStatement { accepted, seen: *s })
    });
    said.fold(None, |_, last| Some(last))
}
