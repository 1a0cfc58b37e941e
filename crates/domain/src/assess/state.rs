//! What an assessment found, as an answer.

use super::{
    Trace,
    came_under::{Under, labels},
    claims::{Claim, Tri},
    decision::{Decided, Judged},
    factors::AssessedFactor,
    keys::Standing,
    signed_in::{SignInRef, sign_ins},
    until,
};
use crate::{
    codes,
    model::{
        Activity, AppAccess, AsKnown, Certainty, Decision, DecisionRule, HonoredFactor,
        IdpSessionInterval, IgnoredClaim, Known, Phase, ProvenAlive, RecordRef, RecordedDecision,
        RefusedSignIn, Relied, SessionEnd, SessionLife, SessionOrigin, SessionState, SignedIn,
    },
    order::Seen,
    words,
};
use claimledger_facts::{
    fact::FactData,
    ids::{IdpId, IdpSessionId},
    vocabulary::{ObjectKind, Property},
};
use std::collections::BTreeSet;

/// Makes the answer. It has no reasons: most questions look at many sessions and show few, and
/// putting reasons into words takes longer than finding them ([`crate::explain`]).
pub(crate) fn state(trace: &Trace<'_>) -> SessionState {
    let counting: Vec<usize> =
        (0..trace.factors.len()).filter(|i| trace.factors[*i].counts()).collect();
    SessionState {
        id: trace.id.clone(),
        aliases: trace.aliases.clone(),
        origin: origin(trace),
        life: life(trace),
        factors: counting.iter().map(|i| honored(trace, &trace.factors[*i])).collect(),
        ignored: not_counted(trace).map(|(claim, value)| ignored(trace, claim, value)).collect(),
        decisions: trace.decisions.iter().map(|d| decision(trace, d, &counting)).collect(),
        activity: Activity { accesses: accesses(trace), refused: refused(&trace.facts) },
        falsifiers: trace.hits().iter().map(|hit| hit.told(trace.life.start.from)).collect(),
        records: records(trace),
    }
}

fn origin(trace: &Trace<'_>) -> SessionOrigin {
    let stated_root = |s: &Seen<'_>| {
        if let FactData::SessionStarted(d) = &s.known.fact.data {
            d.root_session.clone()
        } else {
            None
        }
    };
    let of_session = || trace.all.iter().filter(|s| s.known.fact.session.is_some());
    SessionOrigin {
        subject: trace.subject.clone(),
        idp: trace.idp.clone(),
        idp_name: display_name(trace, ObjectKind::Idp, trace.idp.as_ref().map(|idp| idp.as_str())),
        idp_session: trace.idp_session.clone(),
        idp_session_interval: idp_session_interval(trace),
        root_session: of_session()
            .find_map(stated_root)
            .or_else(|| of_session().find_map(|s| s.known.root_session.clone())),
    }
}

/// The display name of a configured object, as known at K.
fn display_name(trace: &Trace<'_>, kind: ObjectKind, id: Option<&str>) -> Option<String> {
    trace.history.name_of(kind, id?).map(str::to_owned)
}

fn life(trace: &Trace<'_>) -> SessionLife {
    let life = &trace.life;
    SessionLife {
        phase: life.phase,
        certainty: life.certainty,
        missing: life.missing.clone(),
        started_at: (!life.is_attempt).then_some(life.start.from),
        end: SessionEnd {
            at: life.ended_at,
            reason: life.reason,
            bounds: life.bounds,
            record: life.end.map(|e| e.record.clone()),
            of_all: life.end.is_some_and(|e| e.of_all.is_some()),
        },
        lifetime_ends_at: life.limits.lifetime_ends_at,
        last_seen: life.last_seen,
        last_seen_record: life.last_seen_record.map(|s| s.record().clone()),
        proven_alive: proven_alive(trace),
    }
}

/// That a fact after T proves that it lived at T.
fn proven_alive(trace: &Trace<'_>) -> Option<ProvenAlive> {
    let by = trace.life.later_sign.filter(|_| trace.life.phase == Phase::Active)?;
    Some(ProvenAlive { at: trace.cut.at, by: by.record().clone() })
}

fn honored(trace: &Trace<'_>, factor: &AssessedFactor<'_>) -> HonoredFactor {
    let life = &trace.life;
    let claim = factor.claim.map(|c| &trace.claims[c]);
    let world = claim.map(Claim::world);
    let under = claim.map(Under::of).unwrap_or_default();
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
        evidence.extend(under.versions.iter().map(|version| version.record.clone()));
        evidence.extend(world.org.map(|o| o.record.clone()));
    }
    evidence.extend(factor.said.map(|s| s.seen.record().clone()));
    evidence.extend(claim.iter().flat_map(|c| &c.hits).map(|hit| hit.retraction.record.clone()));
    evidence.extend(factor.losses.ends.iter().map(|end| end.loss.record.clone()));
    let until = until::of(life, factor);
    let known_at = trace.cut.known_at;
    let variant = factor.seen.variant
        || world.is_some_and(|w| {
            under.versions.iter().any(|version| version.is_variant(known_at))
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
        idp_name: display_name(trace, ObjectKind::Idp, claim.map(|c| c.data.idp.as_str())),
        key: claim.and_then(|c| c.data.key.clone()),
        assertion: claim.and_then(|c| c.data.assertion.clone()),
        authenticator: factor.value.authenticator.clone(),
        authenticator_name: display_name(
            trace,
            ObjectKind::Authenticator,
            factor.value.authenticator.as_ref().map(|id| id.as_str()),
        ),
        accepted_at: factor.occurred().from,
        from: factor.occurred().from,
        until: until.until,
        until_bounds: until.bounds,
        end_reason: until.reason,
        end_record: until.record.cloned(),
        may_be_lost: until.may_be_lost,
        lost_before: factor.losses.before.iter().map(|loss| loss.record.clone()).collect(),
        grade: factor.grade,
        certainty: certainty(!factor.missing.is_empty()),
        missing: factor.missing.clone(),
        by_record: factor.by_record,
        by_rules: factor.by_rules != Tri::No,
        void: factor.void.clone(),
        came_under: under.told(),
        evidence,
        variant,
    }
}

const fn certainty(is_open: bool) -> Certainty {
    if is_open { Certainty::Possible } else { Certainty::Certain }
}

/// The pool is shown where it has more than the factor itself.
fn pool(factor: &AssessedFactor<'_>) -> Vec<Property> {
    if factor.value.pooled_with.is_empty() { Vec::new() } else { factor.value.pool.clone() }
}

/// What did not count, claim by claim: the claim as a whole (none), and each of its values.
pub(crate) fn not_counted<'a, 'b>(
    trace: &'b Trace<'a>,
) -> impl Iterator<Item = (usize, Option<&'b AssessedFactor<'a>>)> {
    trace.claims.iter().enumerate().flat_map(move |(index, claim)| {
        let whole = claim.data.readable == Some(false) || claim.no_amr() != Tri::No;
        let values = trace.factors.iter().filter(move |f| {
            f.claim == Some(index)
                && (!f.counts() || f.by_rules == Tri::No && !f.ignored.is_empty())
        });
        whole.then_some((index, None)).into_iter().chain(values.map(move |f| (index, Some(f))))
    })
}

fn ignored(trace: &Trace<'_>, claim: usize, value: Option<&AssessedFactor<'_>>) -> IgnoredClaim {
    let claim = &trace.claims[claim];
    let is_open = match value {
        // What counts by record is here for being ignored.
        Some(factor) => {
            !factor.missing.is_empty() || factor.counts() && factor.is_ignored == Tri::Maybe
        }
        // Inside the interval of its own time it may not have come yet.
        None => {
            claim.seen.occurred().latest() > trace.cut.at
                || claim.may_count()
                || claim.no_amr() == Tri::Maybe
        }
    };
    let world = claim.world();
    let (name, reasons) = match value {
        Some(factor) => (
            factor.value.name.as_str(),
            factor.ignored.iter().chain(&factor.void).copied().collect(),
        ),
        None if claim.data.readable == Some(false) => {
            let mut reasons = vec![codes::UNREADABLE];
            reasons.extend(world.trust.ignored.iter().copied().chain(claim.void()));
            ("unreadable claim", reasons)
        }
        None => {
            let world = claim.worlds.iter().find(|w| w.void.contains(&codes::NO_AMR));
            let world = world.unwrap_or_else(|| claim.world());
            ("no amr", world.trust.ignored.iter().chain(&world.void).copied().collect())
        }
    };
    IgnoredClaim {
        name: name.to_owned(),
        amr: value.and_then(|factor| factor.value.amr.clone()),
        method: value.and_then(|factor| factor.value.known_method()),
        idp: claim.data.idp.clone(),
        assertion: claim.data.assertion.clone(),
        received_at: claim.seen.occurred().from,
        reasons,
        certainty: certainty(is_open),
        record: claim.seen.record().clone(),
    }
}

fn decision(trace: &Trace<'_>, decided: &Decided<'_>, counting: &[usize]) -> Decision {
    let judged = &decided.then;
    let relied = judged.relied_on.iter();
    let known: &Known = judged.seen.known;
    let today = judged.seen.occurred().from;
    let policy = judged.policy_id(trace.history);
    let rule = judged.rule.map(|r| &r.rule).or(judged.data.rule.as_ref());
    let name = |kind, id| display_name(trace, kind, id);
    let mut versions = {
        let stated = judged.policy.iter().chain(&judged.other_policies);
        labels(stated.map(|policy| &policy.data.version))
    };
    Decision {
        recorded: RecordedDecision {
            record: judged.seen.record().clone(),
            session: trace.id.clone(),
            session_recorded: known.fact.session.clone().unwrap_or_else(|| trace.id.clone()),
            app: judged.data.app.clone(),
            app_name: name(ObjectKind::App, Some(judged.data.app.as_str())),
            at: judged.seen.occurred(),
            outcome: judged.data.outcome,
            variant: judged.variant,
        },
        under: DecisionRule {
            policy_name: name(ObjectKind::Policy, Some(policy.as_str())),
            policy: policy.clone(),
            version_label: judged.data.version.clone(),
            version_in_force: versions.next(),
            other_versions: versions.collect(),
            rule_name: name(ObjectKind::Rule, rule.map(|rule| rule.as_str())),
            rule: rule.cloned(),
            factor_mode: judged.rule.map(|r| r.factor_mode),
        },
        made: as_known(judged),
        differs: judged.differs.clone(),
        falsified_later: decided.falsified_later(),
        at_k: as_known(decided.now()),
        later: decided.later.iter().map(|hit| hit.told(today)).collect(),
        relied_on: relied
            .filter_map(|relied| {
                let factor = counting.iter().position(|counting| *counting == relied.factor)?;
                Some(Relied {
                    factor,
                    needed: relied.needed,
                    certainty: relied.certainty,
                    may_be_later: relied.may_be_later,
                })
            })
            .collect(),
        signed_in: sign_ins_of(trace, judged),
    }
}

fn sign_ins_of(trace: &Trace<'_>, judged: &Judged<'_>) -> Vec<SignedIn> {
    let of = |sign_in: SignInRef| {
        let claim = sign_in.claim.map(|claim| trace.claims[claim].data);
        let named = trace.life.sign_in().map(|sign_in| sign_in.idp);
        Some(SignedIn {
            idp: claim.map(|claim| &claim.idp).or(named)?.clone(),
            key: claim.and_then(|claim| claim.key.clone()),
            is_seen: claim.is_some(),
            certainty: sign_in.certainty,
        })
    };
    sign_ins(trace, judged).into_iter().filter_map(of).collect()
}

fn as_known(judged: &Judged<'_>) -> AsKnown {
    AsKnown {
        implied: judged.implied,
        first_unmet: judged.first_unmet,
        missing: judged.missing.clone(),
        met: judged.met.clone(),
    }
}

/// What is known of the IdP's session by T, where one is named.
fn idp_session_interval(trace: &Trace<'_>) -> Option<IdpSessionInterval> {
    let idp_session = trace.idp_session.clone()?;
    let mut interval = IdpSessionInterval {
        idp: trace.idp.clone(),
        idp_session,
        from: None,
        until: None,
        ended: None,
        records: Vec::new(),
    };
    for seen in trace.all.iter().filter(|s| s.occurred().from <= trace.cut.at) {
        let from = seen.occurred().from;
        let of_it = |idp: &IdpId, id: &IdpSessionId| {
            *id == interval.idp_session && interval.idp.as_ref().is_none_or(|i| i == idp)
        };
        let data = &seen.known.fact.data;
        if matches!(data, FactData::IdpSessionStarted(s) if of_it(&s.idp, &s.idp_session)) {
            interval.from = interval.from.or(Some(from));
            interval.records.push(seen.record().clone());
        } else if matches!(data, FactData::IdpSessionEnded(s) if of_it(&s.idp, &s.idp_session)) {
            interval.until = interval.until.or(Some(from));
            interval.ended = interval.ended.take().or_else(|| Some(seen.record().clone()));
            interval.records.push(seen.record().clone());
        }
    }
    Some(interval)
}

fn accesses(trace: &Trace<'_>) -> Vec<AppAccess> {
    let mut accesses = Vec::new();
    for seen in &trace.facts {
        if let FactData::AppAccessed(data) = &seen.known.fact.data {
            let (at, record) = (seen.occurred().from, seen.record().clone());
            accesses.push(AppAccess {
                app: data.app.clone(),
                app_name: display_name(trace, ObjectKind::App, Some(data.app.as_str())),
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
            words: words::refused(data),
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
