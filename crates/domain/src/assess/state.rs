//! What an assessment found, as an answer.

use super::{
    Trace,
    believed::Believed,
    claims::Tri,
    context,
    decision::{Decided, Judged},
    factors::Factor,
    keys::Standing,
    until,
};
use crate::{
    codes, explain,
    model::{
        AppAccess, AsKnown, Certainty, Decision, HonoredFactor, IgnoredClaim, Known, Phase,
        ProvenAlive, Reason, RecordRef, RefusedSignIn, Relied, SessionState,
    },
    order::{Seen, latest},
    timeline::refused_in_words,
};
use claimledger_facts::{fact::FactData, vocabulary::Property};
use std::collections::BTreeSet;

/// How much of an answer is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// All of it.
    InFull,
    /// Without trees of reasons but the session's own, and without the configuration that the
    /// timeline draws around the session.
    OfSession,
    /// Without that one too.
    InBrief,
}

impl Told {
    /// A tree of reasons, made only where it is told.
    fn tree(self, tree: impl FnOnce() -> Reason) -> Vec<Reason> {
        if self == Self::InFull { vec![tree()] } else { Vec::new() }
    }
}

/// Makes the answer.
pub(crate) fn state(trace: &Trace<'_>, told: Told) -> SessionState {
    let counting: Vec<usize> =
        (0..trace.factors.len()).filter(|i| trace.factors[*i].counts()).collect();
    let life = &trace.life;
    let stated_root = |s: &Seen<'_>| {
        if let FactData::SessionStarted(d) = &s.known.fact.data {
            d.root_session.clone()
        } else {
            None
        }
    };
    let of_session = || trace.all.iter().filter(|s| s.known.fact.session.is_some());
    let root_session = of_session()
        .find_map(stated_root)
        .or_else(|| of_session().find_map(|s| s.known.root_session.clone()));
    // One trace for each thing that was believed when a decision fell: its tree is made from that.
    let earlier: Vec<Trace<'_>> = match told {
        Told::InFull => trace.earlier.iter().map(|believed| as_believed(trace, believed)).collect(),
        Told::OfSession | Told::InBrief => Vec::new(),
    };
    SessionState {
        id: trace.id.clone(),
        aliases: trace.aliases.clone(),
        subject: trace.subject.clone(),
        idp: trace.idp.clone(),
        idp_session: trace.idp_session.clone(),
        root_session,
        phase: life.phase,
        certainty: life.certainty,
        missing: life.missing.clone(),
        started_at: (!life.is_attempt).then_some(life.start.from),
        ended_at: life.ended_at,
        end_reason: life.reason,
        end_bounds: life.bounds,
        lifetime_ends_at: life.limits.lifetime_ends_at,
        last_seen: life.last_seen,
        last_seen_record: life.last_seen_record.map(|s| s.record().clone()),
        proven_alive: proven_alive(trace),
        end_record: life.end.map(|e| e.record.clone()),
        end_of_all: life.end.is_some_and(|e| e.of_all.is_some()),
        factors: counting.iter().map(|i| honored(trace, &trace.factors[*i], told)).collect(),
        ignored: ignored(trace, told),
        decisions: trace
            .decisions
            .iter()
            .map(|d| decision(trace, d.earlier.and_then(|at| earlier.get(at)), d, &counting, told))
            .collect(),
        accesses: accesses(&trace.facts),
        refused: refused(&trace.facts),
        context: if told == Told::InFull {
            context::context(trace)
        } else {
            context::in_brief(trace)
        },
        falsifiers: trace.hits().iter().map(|hit| hit.told(life.start.from)).collect(),
        records: records(trace),
        because: if told == Told::InBrief {
            Vec::new()
        } else {
            vec![explain::session::session(trace)]
        },
    }
}

/// That a fact after T proves that it lived at T.
fn proven_alive(trace: &Trace<'_>) -> Option<ProvenAlive> {
    let by = trace.life.later_sign.filter(|_| trace.life.phase == Phase::Active)?;
    Some(ProvenAlive { at: trace.cut.at, by: by.record().clone() })
}

/// The trace, with what was believed then.
fn as_believed<'a>(trace: &Trace<'a>, believed: &Believed<'a>) -> Trace<'a> {
    Trace {
        claims: believed.claims.clone(),
        factors: believed.factors.clone(),
        sign_in: believed.sign_in.clone(),
        ..trace.clone()
    }
}

fn honored(trace: &Trace<'_>, factor: &Factor<'_>, told: Told) -> HonoredFactor {
    let life = &trace.life;
    let claim = factor.claim.map(|c| &trace.claims[c]);
    let world = claim.map(super::claims::Claim::world);
    let mut evidence = vec![factor.seen.record().clone()];
    if let Some(world) = world {
        if let Standing::Valid { added, .. } | Standing::Retired { added: Some(added), .. } =
            world.key
        {
            evidence.push(added.record.clone());
        }
        if let Standing::Retired { retired, .. } = world.key {
            evidence.push(retired.record.clone());
        }
        evidence.extend(world.idp.map(|i| i.record.clone()));
        evidence.extend(world.org.map(|o| o.record.clone()));
    }
    evidence.extend(factor.said.map(|s| s.seen.record().clone()));
    evidence.extend(claim.iter().flat_map(|c| &c.hits).map(|hit| hit.retraction.record.clone()));
    evidence.extend(factor.losses.ends.iter().map(|end| end.loss.record.clone()));
    let until = until::of(life, factor);
    let known_at = trace.cut.known_at;
    let variant = factor.seen.variant
        || world.is_some_and(|w| {
            w.idp.is_some_and(|i| i.is_variant(known_at))
                || w.org.is_some_and(|o| o.is_variant(known_at))
        })
        || factor.said.is_some_and(|s| s.seen.variant);
    HonoredFactor {
        name: factor.value.name.clone(),
        method: factor.value.method,
        amr: factor.value.amr.clone(),
        factor_type: factor.value.factor_type,
        characteristics: factor.value.has.clone(),
        pool: pool(factor),
        origin: if claim.is_some() {
            crate::model::Origin::Claimed
        } else {
            crate::model::Origin::Local
        },
        idp: claim.map(|c| c.data.idp.clone()),
        key: claim.and_then(|c| c.data.key.clone()),
        assertion: claim.and_then(|c| c.data.assertion.clone()),
        authenticator: factor.value.authenticator.clone(),
        accepted_at: factor.occurred().from,
        from: factor.occurred().from,
        until: until.until,
        until_bounds: until.bounds,
        end_reason: until.reason,
        end_record: until.record.cloned(),
        lost_before: factor.losses.before.iter().map(|loss| loss.record.clone()).collect(),
        grade: factor.grade,
        certainty: certainty(!factor.missing.is_empty()),
        missing: factor.missing.clone(),
        by_record: factor.by_record,
        by_rules: factor.by_rules != Tri::No,
        void: factor.void.clone(),
        trust_version: world.and_then(|w| w.idp).map(|i| i.data.version.clone()),
        evidence,
        variant,
        because: told.tree(|| explain::factor::honored(trace, factor)),
    }
}

const fn certainty(is_open: bool) -> Certainty {
    if is_open { Certainty::Possible } else { Certainty::Certain }
}

/// The pool is shown where it has more than the factor itself.
fn pool(factor: &Factor<'_>) -> Vec<Property> {
    if factor.value.pooled_with.is_empty() { Vec::new() } else { factor.value.pool.clone() }
}

fn ignored(trace: &Trace<'_>, told: Told) -> Vec<IgnoredClaim> {
    let mut ignored: Vec<IgnoredClaim> = Vec::new();
    for (index, claim) in trace.claims.iter().enumerate() {
        // Inside the interval of its own time it may not have come yet.
        let is_open = latest(claim.seen.occurred()) > trace.cut.at || claim.may_count();
        let bare = |name: &str, reasons: Vec<&'static str>, because| IgnoredClaim {
            name: name.to_owned(),
            amr: None,
            method: None,
            idp: claim.data.idp.clone(),
            assertion: claim.data.assertion.clone(),
            received_at: claim.seen.occurred().from,
            reasons,
            certainty: certainty(is_open),
            record: claim.seen.record().clone(),
            because,
        };
        let world = claim.world();
        let in_full =
            || told.tree(|| explain::word::in_full(trace, index, claim.seen.occurred().from));
        if claim.data.readable == Some(false) {
            let mut reasons = vec![codes::UNREADABLE];
            reasons.extend(world.trust.ignored.iter().copied().chain(claim.void()));
            ignored.push(bare("unreadable claim", reasons, in_full()));
        } else if world.void.contains(&codes::NO_AMR) {
            ignored.push(bare(
                "no amr",
                world.trust.ignored.iter().chain(&world.void).copied().collect(),
                in_full(),
            ));
        }
        let of_it = trace.factors.iter().filter(|f| f.claim == Some(index));
        for factor in
            of_it.filter(|f| !f.counts() || f.by_rules == Tri::No && !f.ignored.is_empty())
        {
            ignored.push(IgnoredClaim {
                amr: factor.value.amr.clone(),
                method: factor.value.known_method(),
                certainty: certainty(!factor.missing.is_empty()),
                ..bare(
                    &factor.value.name,
                    factor.ignored.iter().chain(&factor.void).copied().collect(),
                    told.tree(|| explain::factor::ignored(trace, factor)),
                )
            });
        }
    }
    ignored
}

fn decision(
    trace: &Trace<'_>,
    earlier: Option<&Trace<'_>>,
    decided: &Decided<'_>,
    counting: &[usize],
    told: Told,
) -> Decision {
    let judged = &decided.then;
    let relied = judged.relied_on.iter();
    let known: &Known = judged.seen.known;
    let today = judged.seen.occurred().from;
    Decision {
        record: judged.seen.record().clone(),
        session: trace.id.clone(),
        session_recorded: known.fact.session.clone().unwrap_or_else(|| trace.id.clone()),
        app: judged.data.app.clone(),
        at: judged.seen.occurred(),
        outcome: judged.data.outcome,
        policy: judged.data.policy.clone(),
        version_label: judged.data.version.clone(),
        version_in_force: judged.policy.map(|p| p.data.version.clone()),
        rule: judged.rule.map(|r| r.rule.clone()).or_else(|| judged.data.rule.clone()),
        factor_mode: judged.rule.map(|r| r.factor_mode),
        implied: judged.implied,
        first_unmet: judged.first_unmet,
        missing: judged.missing.clone(),
        met: judged.met.clone(),
        differs: judged.differs.clone(),
        falsified_later: decided.falsified_later(),
        at_k: as_known(decided.now()),
        later: decided.later.iter().map(|hit| hit.told(today)).collect(),
        relied_on: relied
            .filter_map(|relied| {
                let factor = counting.iter().position(|counting| *counting == relied.factor)?;
                Some(Relied { factor, needed: relied.needed, certainty: relied.certainty })
            })
            .collect(),
        variant: judged.variant,
        because: match told {
            Told::InFull => explain::decision::decision(trace, earlier.unwrap_or(trace), decided),
            Told::OfSession | Told::InBrief => Reason::new(""),
        },
    }
}

fn as_known(judged: &Judged<'_>) -> AsKnown {
    AsKnown {
        implied: judged.implied,
        first_unmet: judged.first_unmet,
        missing: judged.missing.clone(),
        met: judged.met.clone(),
    }
}

fn accesses(facts: &[Seen<'_>]) -> Vec<AppAccess> {
    let mut accesses = Vec::new();
    for seen in facts {
        if let FactData::AppAccessed(data) = &seen.known.fact.data {
            let (at, record) = (seen.occurred().from, seen.record().clone());
            accesses.push(AppAccess {
                app: data.app.clone(),
                app_session: data.app_session.clone(),
                at,
                record,
            });
        }
    }
    accesses
}

fn refused(facts: &[Seen<'_>]) -> Vec<RefusedSignIn> {
    let of = |seen: &Seen<'_>| match &seen.known.fact.data {
        FactData::SignInRefused(data) => Some(RefusedSignIn {
            result: data.result,
            reason: data.reason.clone(),
            method: data.method,
            idp: data.idp.clone(),
            app: data.app.clone(),
            words: refused_in_words(data),
            at: seen.occurred().from,
            record: seen.record().clone(),
        }),
        _ => None,
    };
    facts.iter().filter_map(of).collect()
}

fn records(trace: &Trace<'_>) -> Vec<RecordRef> {
    let mut seen = BTreeSet::new();
    let upto = trace.all.iter().filter(|s| s.occurred().from <= trace.cut.at);
    upto.filter(|s| seen.insert(s.record().id)).map(|s| s.record().clone()).collect()
}
