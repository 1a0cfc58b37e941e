//! On whose word: the assertion, its key, the trust it came under, and the outcome of its values.

use crate::{
    assess::{
        Trace, accepted_content, authenticator_lost,
        came_under::Under,
        claims::{Claim, Tri, World},
        engine_mix::EngineMix,
        factors::AssessedFactor,
        keys::{self, Standing},
        legacy_mapping, retraction, silence, subject,
        trust_at_receipt::{self, IdpState},
        unread::{self, Unread},
    },
    codes,
    history::{Stated, settings::org_or_default},
    model::{Mark, Reason},
    words,
};
use claimledger_facts::{
    time::Time,
    types::{authenticator::AuthenticatorLost, idp::IdpConfigured, trust::TrustRetracted},
    vocabulary::{Amr, IdpKind, Status},
};

pub(crate) const QUESTION: &str = "On whose word?";

/// Nothing about the claim needs telling: it is good in full.
pub(crate) fn is_plain(trace: &Trace<'_>, claim: usize) -> bool {
    let read = &trace.claims[claim];
    let of_it = |f: &&AssessedFactor<'_>| f.claim == Some(claim);
    let plain = |f: &AssessedFactor<'_>| {
        f.by_rules == Tri::Yes && f.void.is_empty() && f.ignored.is_empty() && f.said.is_none()
    };
    // Of a claim without readable values no factor tells that trust was off: the assertion itself
    // has to be good.
    let good = |w: &World<'_>| w.idp.is_some() && w.unseen.is_none() && w.trust.ignored.is_empty();
    read.stands() == Tri::Yes
        && read.hits.is_empty()
        && trace
            .factors
            .iter()
            .filter(of_it)
            .all(|f| f.losses.ends.is_empty() && f.losses.before.is_empty())
        && read.worlds.iter().all(good)
        && trace.factors.iter().filter(of_it).all(plain)
}

/// In full: the assertion, then key, trust and values.
pub(crate) fn in_full(trace: &Trace<'_>, index: usize, today: Time) -> Reason {
    let claim = &trace.claims[index];
    let idp = words::idp(trace.history, &claim.data.idp);
    let assertion = claim
        .data
        .assertion
        .as_ref()
        .map_or("no assertion seen".to_owned(), |a| format!("in assertion {a}"));
    let received = words::moment(claim.seen.occurred(), today);
    Reason::new(format!("{idp}, {assertion}, received {received}."))
        .asked(QUESTION)
        .on([claim.seen.record()])
        .delayed()
        .because([key(trace, claim, today), trust(trace, claim, today)])
        .because(retractions(trace, claim, today))
        .because(values(trace, index))
}

/// On one line.
pub(crate) fn in_short(trace: &Trace<'_>, index: usize, today: Time) -> Reason {
    let claim = &trace.claims[index];
    let world = claim.world();
    let idp = words::idp(trace.history, &claim.data.idp);
    let assertion =
        claim.data.assertion.as_ref().map_or("no assertion seen".to_owned(), |a| format!("in {a}"));
    let named = claim.data.key.as_ref().map(ToString::to_string).unwrap_or_default();
    let (key, key_record) = match world.key {
        Standing::Valid { added, .. } => (
            format!("key {named} (valid since {})", words::in_force_since(added.occurred, today)),
            Some(&added.record),
        ),
        Standing::NotNamed => ("no key named".to_owned(), None),
        Standing::NotChecked | Standing::Unknown { .. } | Standing::Retired { .. } => {
            (format!("key {named} (not checked)"), None)
        }
    };
    // Of a plain claim every version that may have been in force trusts it.
    let versions = Under::of(claim).versions;
    let each: Vec<String> =
        versions.iter().map(|version| words::idp_version(version, today)).collect();
    let trusted = if each.is_empty() {
        String::new()
    } else {
        format!(", trusted as {}", words::join(&each, "or"))
    };
    Reason::new(format!("{idp}, {assertion}, {key}{trusted}. Nothing was ignored."))
        .asked(QUESTION)
        .on([claim.seen.record()])
        .on(key_record)
        .on(versions.into_iter().map(|version| &version.record))
}

/// The service provider's own verifications.
pub(crate) fn local(factors: &[&AssessedFactor<'_>], today: Time) -> Option<Reason> {
    let first = factors.first()?;
    let each: Vec<String> = factors
        .iter()
        .map(|f| format!("{} {}", f.value.name, words::at(f.occurred(), today)))
        .collect();
    let says = format!("{}'s own: it verified {}.", first.seen.record().source, words::list(&each));
    Some(
        Reason::new(says)
            .asked(QUESTION)
            .on(factors.iter().map(|f| f.seen.record()))
            .delayed()
            .by_rule(crate::assess::local_factors::ID),
    )
}

/// What was or may have been presented and is not told.
pub(crate) fn unread(unread: &Unread<'_>, today: Time) -> Reason {
    let record = unread.record;
    let when = words::at(unread.occurred, today);
    let source = &record.source;
    let (says, rule) = if let Some(gap) = unread.gap {
        let span = gap.span(today);
        let says = format!("{source} {span}: any factor that it did not send may be missing.");
        (says, silence::ID)
    } else if unread.missing == codes::MISSING_AUTHENTICATION {
        let says = format!(
            "{source} logged an authentication {when} that is not understood ({}): it may have \
             been any factor.",
            record.kind
        );
        (says, unread::ID)
    } else {
        let says = format!(
            "{source} says that it took a factor from an IdP {when}; no claim of this session has \
             it."
        );
        (says, accepted_content::ID)
    };
    Reason::new(says)
        .asked(QUESTION)
        .marked(Mark::Undetermined)
        .coded(Some(unread.missing))
        .on([record])
        .by_rule(rule)
        .reading(if unread.gap.is_some() { 48 } else { 13 })
}

/// How the key stood.
pub(crate) fn key(trace: &Trace<'_>, claim: &Claim<'_>, today: Time) -> Reason {
    let idp = words::idp(trace.history, &claim.data.idp);
    let named = claim.data.key.as_ref().map(ToString::to_string).unwrap_or_default();
    let world = claim.world();
    let reason = match world.key {
        Standing::NotNamed => Reason::new(
            "The claim names no key: none was checked, and a question about a key finds it \
             possible.",
        ),
        Standing::NotChecked => {
            Reason::new(format!("Keys of {idp} were not checked: none was stated by then."))
        }
        Standing::Valid { added, retired_later } => {
            let who = words::by(added.data.actor.as_ref(), added.data.ticket.as_ref());
            let added_at = words::began(added.occurred, today);
            let retired = retired_later.map_or("not retired".to_owned(), |r| {
                format!(
                    "retired {}, after this assertion was received",
                    words::moment(r.occurred, today)
                )
            });
            let retraction = trace
                .falsifiers
                .retractions
                .iter()
                .filter(|r| retraction::speaks_of(&r.data, claim.data))
                .min_by_key(|r| r.data.from);
            let retracted = match retraction {
                None => format!("not retracted as known at {}", trace.cut.known_at),
                Some(r) if claim.hits.iter().any(|hit| hit.retraction.record.id == r.record.id) => {
                    "retracted as told below".to_owned()
                }
                Some(r) if hits(r, claim) => "not retracted as known then".to_owned(),
                Some(r) => format!("retracted only from {}", words::clock(r.data.from, today)),
            };
            let separator = if retired_later.is_some() { "; " } else { ", " };
            Reason::new(format!(
                "Key {named} was valid: added {added_at}{who}, {retired}{separator}{retracted}."
            ))
            .on([&added.record])
            .on(retired_later.map(|r| &r.record))
        }
        Standing::Unknown { added_later } => {
            let later = added_later
                .map(|a| format!("; it was added {}", words::moment(a.occurred, today)))
                .unwrap_or_default();
            Reason::new(format!(
                "Key {named} had not been added to {idp} when this assertion was received{later}."
            ))
            .marked(Mark::NotMet)
            .coded(Some(codes::KEY_UNKNOWN))
            .on(added_later.map(|a| &a.record))
        }
        Standing::Retired { retired, .. } => {
            let who = words::by(retired.data.actor.as_ref(), retired.data.ticket.as_ref());
            let at = words::began(retired.occurred, today);
            Reason::new(format!(
                "Key {named} was retired {at}{who}, before this assertion was received."
            ))
            .marked(Mark::NotMet)
            .coded(Some(codes::KEY_RETIRED))
            .on([&retired.record])
        }
    };
    let open = claim.worlds.iter().any(|w| w.key.void() != world.key.void());
    let reason = if open { possible(reason) } else { reason };
    reason.by_rule(keys::ID).reading(12)
}

/// Whether the IdP was trusted when the assertion arrived.
fn trust(trace: &Trace<'_>, claim: &Claim<'_>, today: Time) -> Reason {
    let world = claim.world();
    let idp = words::idp(trace.history, &claim.data.idp);
    let Some(version) = world.idp else {
        return Reason::new(format!(
            "Nothing is stated about {idp} by then: its claims are possible. A statement of its \
             configuration would settle it."
        ))
        .marked(Mark::Possible)
        .by_rule(trust_at_receipt::ID)
        .reading(13);
    };
    let state = match (version.data.status, version.data.trust_claims) {
        (Status::Inactive, _) => "was inactive",
        (Status::Deleted, _) => "was deleted",
        (Status::Active, true) => "was trusted",
        (Status::Active, false) => "was not trusted",
    };
    let feature = feature(
        version,
        world.org.is_some(),
        trust_at_receipt::feature_on(version.data.kind, org_or_default(world.org)),
    );
    let mut says = format!("{idp} {state}: {}; {feature}.", words::idp_version(version, today));
    let code = world.trust.void.first().or(world.trust.ignored.first()).copied();
    if world.trust.void.contains(&codes::NO_AMR) {
        says.push_str(" It sent no amr, so the assertion is void.");
    }
    says.push_str(mixed(world.trust.mix));
    if world.state.is_some_and(legacy_mapping::applies) {
        says.push_str(
            " The legacy AMR mapping was on: its values count, and which constraints they meet is \
             not described.",
        );
    }
    for code in world.trust.missing.iter().filter(|code| **code != codes::MISSING_IDP) {
        says.push_str(&format!(" Missing: {}.", codes::missing_words(code)));
    }
    let mut reason =
        Reason::new(says).coded(code).on([&version.record]).on(world.org.map(|o| &o.record));
    if code.is_some() {
        reason = reason.marked(Mark::NotMet);
    } else if !world.trust.missing.is_empty() {
        reason = reason.marked(Mark::Undetermined);
    }
    if claim.too_many || claim.worlds.iter().any(|w| w.trust != world.trust) {
        reason = possible(reason);
        reason.conclusion.push_str(&changed(trace, claim, today));
        if claim.too_many {
            reason.conclusion.push_str(" More states may have held than are looked at.");
        }
    }
    reason.by_rule(trust_at_receipt::ID).reading(9)
}

/// Of a factor that counts only possibly: what is missing.
pub(super) fn missing(says: &str, missing: &[&'static str]) -> Reason {
    let reason = Reason::new(format!("{says}Missing: {}.", words::missing(missing)))
        .marked(Mark::Possible)
        .coded(missing.first().copied());
    if missing.contains(&codes::MISSING_SUBJECT) {
        reason.by_rule(subject::ID).reading(47)
    } else {
        reason
    }
}

/// What an interval leaves open of the IdP and the organisation, beyond its version.
fn changed(trace: &Trace<'_>, claim: &Claim<'_>, today: Time) -> String {
    let received = claim.seen.occurred();
    let idps = trace.history.trust().idp(&claim.data.idp, received);
    let states: Vec<IdpState> =
        idps.options.iter().flatten().map(|idp| IdpState::of(&idp.data)).collect();
    let of_idp = [
        ("kind", differ(states.iter().map(|idp| idp.kind))),
        ("status", differ(states.iter().map(|idp| idp.status))),
        ("trust in its claims", differ(states.iter().map(|idp| idp.trust_claims))),
        ("legacy AMR mapping", differ(states.iter().map(|idp| idp.map_amr_claims))),
        ("usage", differ(states.iter().map(|idp| idp.factor_only))),
    ];
    let of_idp = named(&of_idp);
    let mut says = String::new();
    let when = words::open_between(&idps, today);
    if idps.unseen() {
        says.push_str(&format!(
            " It was saved {when}, perhaps more than once: trust in its claims may have been \
             another meanwhile."
        ));
    }
    if of_idp.len() > 1 {
        let of_idp = words::list(&of_idp);
        says.push_str(&format!(" Its {of_idp} may have changed one after the other, {when}."));
    }
    let orgs = trace.history.settings().org(received);
    let states = || orgs.options.iter().map(|org| org_or_default(*org));
    let shared = |third: bool| {
        claim
            .worlds
            .iter()
            .filter_map(|world| world.state)
            .any(|idp| (idp.kind == IdpKind::ThirdParty) == third)
    };
    let of_org = [
        ("engine", differ(states().map(|org| org.engine))),
        ("claims sharing", shared(false) && differ(states().map(|org| org.claims_sharing))),
        (
            "third-party claims sharing",
            shared(true) && differ(states().map(|org| org.third_party_claims_sharing)),
        ),
    ];
    let of_org = named(&of_org);
    if !of_org.is_empty() {
        let when = words::open_between(&orgs, today);
        let one_by_one = if of_org.len() > 1 { ", perhaps one after the other" } else { "" };
        let of_org = words::list(&of_org);
        says.push_str(&format!(" The organisation's {of_org} changed{one_by_one}, {when}."));
    }
    says
}

fn named<'n>(members: &[(&'n str, bool)]) -> Vec<&'n str> {
    members.iter().filter(|(_, differ)| *differ).map(|(name, _)| *name).collect()
}

fn differ<T: PartialEq>(mut values: impl Iterator<Item = T>) -> bool {
    let first = values.next();
    values.any(|value| Some(value) != first)
}

/// What the engines of the two orgs leave of the claims.
const fn mixed(mix: EngineMix) -> &'static str {
    match mix {
        EngineMix::Full | EngineMix::BothClassic => "",
        EngineMix::FromClassic => {
            " It is a Classic org: its claims meet only rules without constraints."
        }
        EngineMix::ToClassic => {
            " The service provider is a Classic org: it only looks at whether MFA was completed."
        }
    }
}

fn feature(version: &Stated<IdpConfigured>, stated: bool, on: bool) -> String {
    let feature = match version.data.kind {
        IdpKind::ThirdParty => "third-party claims sharing",
        IdpKind::OktaIdentityEngine | IdpKind::OktaClassic => "claims sharing",
    };
    match (stated, on) {
        (true, true) => format!("{feature} was on"),
        (true, false) => format!("{feature} was off"),
        (false, _) => format!(
            "{feature} is taken to have been on, as nothing is stated about the organisation"
        ),
    }
}

/// Values that did not simply count, and what the service provider states of them.
fn values(trace: &Trace<'_>, index: usize) -> Vec<Reason> {
    let claim = &trace.claims[index];
    let mut reasons = Vec::new();
    if let Some(code) = claim.world().unseen {
        reasons.push(unseen(code).on([claim.seen.record()]));
    }
    let of_it: Vec<&AssessedFactor<'_>> =
        trace.factors.iter().filter(|f| f.claim == Some(index)).collect();
    reasons.extend(beyond_amr(claim, &of_it));
    for (names, first) in grouped(&of_it, |f| (f.ignored.clone(), f.value.rule)) {
        if first.ignored.is_empty() {
            continue;
        }
        let were = match (first.by_rules, names.len()) {
            (Tri::Maybe, _) => "may have been",
            (_, 1) => "was",
            _ => "were",
        };
        let stands = if claim.stands() == Tri::No { "" } else { "; the sign-in stands" };
        reasons.push(
            Reason::new(format!(
                "{} {were} ignored: {}{stands}.",
                words::list(&names),
                words::fates(&first.ignored)
            ))
            .marked(if first.by_rules == Tri::Maybe { Mark::Possible } else { Mark::NotMet })
            .coded(first.ignored.first().copied())
            .on([claim.seen.record()])
            .by_rule(first.value.rule)
            .reading(7),
        );
    }
    for (names, first) in grouped(&of_it, |f| f.said.map(|s| (s.accepted, s.seen.record().id))) {
        let Some(said) = first.said else { continue };
        let verb = if said.accepted { "accepted" } else { "ignored" };
        reasons.push(
            Reason::new(format!(
                "{} says it {verb} {}.",
                said.seen.record().source,
                words::list(&names)
            ))
            .on([said.seen.record()])
            .reading(8),
        );
    }
    reasons
}

/// Where the service provider says it took what the `amr` that was logged does not have.
fn beyond_amr(claim: &Claim<'_>, of_it: &[&AssessedFactor<'_>]) -> Option<Reason> {
    let amr: Vec<&str> = claim.data.amr.iter().flatten().map(Amr::as_str).collect();
    let beyond = |f: &&&AssessedFactor<'_>| !f.value.missing.is_empty();
    let names: Vec<&str> = of_it.iter().filter(beyond).map(|f| f.value.name.as_str()).collect();
    let says = if !names.is_empty() {
        let asserted = if amr.is_empty() { "nothing".to_owned() } else { words::list(&amr) };
        let asserted = if claim.data.methods.is_empty() {
            format!("{asserted} as amr")
        } else {
            "other methods".to_owned()
        };
        format!(
            "The claim is recorded with {asserted}, and {} was taken from it: what it carried is \
             not known in full.",
            words::list(&names)
        )
    } else if claim.third_party() || claim.data.amr.is_none() || !claim.data.methods.is_empty() {
        return None;
    } else if of_it.iter().any(|f| f.value.rule == accepted_content::ID) {
        "The amr that was logged is not what an Okta IdP states, and is not read: the factors are \
         those that were taken."
            .to_owned()
    } else {
        return None;
    };
    let reason = Reason::new(says).on([claim.seen.record()]).by_rule(accepted_content::ID);
    Some(if names.is_empty() {
        reason.reading(15)
    } else {
        reason.marked(Mark::Possible).coded(Some(codes::MISSING_CLAIM_CONTENT)).reading(8)
    })
}

/// What was not seen of a claim.
pub(crate) fn unseen(code: &'static str) -> Reason {
    let says = if code == codes::UNREADABLE {
        "The claim was seen and could not be read."
    } else {
        "What the assertion carried was not seen."
    };
    Reason::new(says).marked(Mark::Undetermined).coded(Some(code)).reading(13)
}

/// Factors under equal keys, names in order, by first appearance.
pub(crate) fn grouped<'a, 'b, K: PartialEq>(
    factors: &[&'b AssessedFactor<'a>],
    key: impl Fn(&AssessedFactor<'a>) -> K,
) -> Vec<(Vec<String>, &'b AssessedFactor<'a>)> {
    let mut groups: Vec<(K, Vec<String>, &'b AssessedFactor<'a>)> = Vec::new();
    for factor in factors {
        let k = key(factor);
        match groups.iter_mut().find(|(known, ..)| *known == k) {
            Some((_, names, _)) => names.push(factor.value.name.clone()),
            None => groups.push((k, vec![factor.value.name.clone()], factor)),
        }
    }
    groups.into_iter().map(|(_, names, first)| (names, first)).collect()
}

/// Whether a retraction hits an assertion, or may: it was received at or after its `from`
/// (`semantics.md` 10).
pub(crate) fn hits(retraction: &Stated<TrustRetracted>, claim: &Claim<'_>) -> bool {
    retraction::retraction_hits(&retraction.data, claim.data, claim.seen.occurred()).is_some()
}

/// The retractions that make an assertion void, or may.
fn retractions(trace: &Trace<'_>, claim: &Claim<'_>, today: Time) -> Vec<Reason> {
    let each = claim.hits.iter().map(|hit| {
        let data = &hit.retraction.data;
        let what = data.key.as_ref().map_or_else(
            || format!("Trust in {}", words::idp(trace.history, &data.idp)),
            |key| format!("Key {key}"),
        );
        let who = words::by(data.actor.as_ref(), data.ticket.as_ref());
        let from = words::clock(data.from, today);
        let says = match hit.open {
            None => format!(
                "{what} was retracted from {from}{who}: an assertion received since \
                             then is void."
            ),
            Some(codes::MISSING_KEY) => format!(
                "{what} was retracted from {from}{who}; that it \
                signed this assertion is possible."
            ),
            Some(_) => format!(
                "{what} was retracted from {from}{who}; whether this assertion came \
                                before that is not known."
            ),
        };
        let mark = if hit.open.is_some() { Mark::Possible } else { Mark::NotMet };
        let reading = if hit.open == Some(codes::MISSING_KEY) { 42 } else { 10 };
        Reason::new(says)
            .marked(mark)
            .coded(Some(hit.code))
            .on([&hit.retraction.record])
            .by_rule(retraction::ID)
            .reading(reading)
    });
    each.collect()
}

/// That what gave a factor was lost before it came: it stands, and is marked (`semantics.md` 11).
pub(crate) fn lost_before(factor: &AssessedFactor<'_>, today: Time) -> Vec<Reason> {
    let each = factor.losses.before.iter().map(|l| {
        let when = words::moment(authenticator_lost::when(l), today);
        let says = format!(
            "{} was lost {when}, before this came. It stands: a replacement looks the same.",
            words::sentence(&lost(l))
        );
        Reason::new(says)
            .marked(Mark::Possible)
            .coded(Some(codes::AUTHENTICATOR_LOST))
            .on([&l.record])
            .by_rule(authenticator_lost::ID)
            .reading(11)
    });
    each.collect()
}

/// What was lost: `the authenticator of hwk and phr`.
pub(crate) fn lost(loss: &Stated<AuthenticatorLost>) -> String {
    let methods: Vec<&str> = loss.data.methods.iter().map(|m| m.0.as_str()).collect();
    match (&loss.data.authenticator, methods.is_empty()) {
        (Some(id), true) => id.to_string(),
        (Some(id), false) => format!("{id} ({})", words::list(&methods)),
        (None, _) => words::list(&methods),
    }
}

fn possible(reason: Reason) -> Reason {
    let conclusion = format!(
        "{} An interval leaves open whether that came before the assertion.",
        reason.conclusion
    );
    Reason { conclusion, mark: Some(Mark::Possible), ..reason }
}
