//! Whether an IdP whose claims are trusted could be deactivated, deleted or no longer trusted, or a
//! feature of claims sharing switched off.
//!
//! Source: Okta, Configure claims sharing: an IdP with trust claims can be deactivated or deleted
//! only if another active IdP has trust claims, or if no policy requires trusted claims; switching
//! the feature off is guarded alike. For switching the trust off at the IdP Okta states no guard:
//! the same two conditions are evaluated.
//!
//! Whether a policy requires trusted claims is Okta's own judgement. It is approximated here: a
//! rule requires them where the local authenticators that are active and open to enrolment cannot
//! meet it together with the sign-in itself. What each person has enrolled is left to the rehearsal
//! of the same change ([`crate::rehearse`]).

mod rules_in_force;
mod unknown_policies;

use crate::{
    assess::{
        challenge::{Local, Which, local_authenticators, with_local},
        claims::{Tri, add},
        engine_mix::{self, EngineMix},
        trust_at_receipt::{IdpState, is_shared},
    },
    codes,
    explain::{NOT_THE_REASON, challenge},
    history::{HistoryCut, Stated, settings::org_or_default},
    model::{Certainty, Mark, Reason, RecordRef},
    rehearse::{Feature, IdpSetting, TrustChange},
    words,
};
use claimledger_facts::{
    ids::{IdpId, PolicyId, RuleId, VersionLabel},
    time::{Occurred, Time},
    types::{
        idp::IdpConfigured,
        org::OrgConfigured,
        policy::{PolicyConfigured, Rule},
    },
};
use rules_in_force::{asks, is_settled, mixed_rules};
use std::collections::BTreeSet;

pub(crate) const ID: &str = "guard";

/// What is said where nothing is stated of the organisation.
const NO_ORG: &str = "Nothing is stated about the organisation: its features are taken as on.";

/// What is said of a change for which the source states no guard.
const UNTRUST: &str = "Okta documents this guard for deactivation, deletion and the feature; for \
                       the trust switch the same conditions are evaluated.";

/// A change that is guarded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GuardedChange {
    /// An IdP is deactivated.
    Deactivate(IdpId),
    /// An IdP is deleted.
    Delete(IdpId),
    /// Trust in an IdP's claims is switched off.
    Untrust(IdpId),
    /// A feature is switched off.
    FeatureOff(Feature),
}

/// Whether a change is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// One of the conditions holds.
    Allowed,
    /// None holds.
    Refused,
    /// It cannot be told.
    Undetermined,
}

/// What allows a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Condition {
    /// Nothing is guarded: no claims are shared by what is changed.
    NothingTrusted,
    /// Another active IdP has claims that are trusted.
    AnotherTrustedIdp,
    /// No policy requires trusted claims.
    NoPolicyRequiresClaims,
}

/// The guard on a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guard {
    /// Whether the change is allowed.
    pub verdict: Verdict,
    /// The first condition that allows it.
    pub condition: Option<Condition>,
    /// The active IdPs whose claims are trusted all the same.
    pub trusted: Vec<TrustedIdp>,
    /// The rules that only trusted claims can meet.
    pub requiring: Vec<RequiringRule>,
    /// What would tell, where it is undetermined: codes.
    pub missing: Vec<&'static str>,
    /// Why.
    pub because: Reason,
}

/// An active IdP whose claims are trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedIdp {
    /// The IdP.
    pub idp: IdpId,
    /// How sure that is.
    pub certainty: Certainty,
    /// The record of its version.
    pub record: RecordRef,
}

/// A rule that only trusted claims can meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequiringRule {
    /// The policy.
    pub policy: PolicyId,
    /// The version.
    pub version: VersionLabel,
    /// The rule.
    pub rule: RuleId,
    /// How sure it is that it requires them.
    pub certainty: Certainty,
    /// What local authenticators do not meet: codes, in the evaluator's order.
    pub unmet: Vec<&'static str>,
    /// The record of the version.
    pub record: RecordRef,
}

impl GuardedChange {
    /// The IdP, where it is of one.
    #[must_use]
    pub const fn idp(&self) -> Option<&IdpId> {
        match self {
            Self::Deactivate(idp) | Self::Delete(idp) | Self::Untrust(idp) => Some(idp),
            Self::FeatureOff(_) => None,
        }
    }

    /// The same change, to be rehearsed over a window.
    #[must_use]
    pub fn over(&self, from: Time, to: Time) -> TrustChange {
        let idp = |idp: &IdpId, setting| TrustChange::Idp { idp: idp.clone(), setting, from, to };
        match self {
            Self::Deactivate(of) => idp(of, IdpSetting::Inactive),
            Self::Delete(of) => idp(of, IdpSetting::Deleted),
            Self::Untrust(of) => idp(of, IdpSetting::TrustOff),
            Self::FeatureOff(feature) => {
                TrustChange::Feature { feature: *feature, on: false, from, to }
            }
        }
    }

    /// In words: `to deactivate idp-x`.
    fn words(&self, history: HistoryCut<'_>) -> String {
        match self {
            Self::Deactivate(idp) => format!("to deactivate {}", words::idp(history, idp)),
            Self::Delete(idp) => format!("to delete {}", words::idp(history, idp)),
            Self::Untrust(idp) => {
                format!("to switch trust in the claims of {} off", words::idp(history, idp))
            }
            Self::FeatureOff(feature) => format!("to switch {} off", feature.words()),
        }
    }

    /// Whether it takes trust from a version of an IdP.
    fn takes_from(&self, version: &IdpConfigured) -> bool {
        match self {
            Self::FeatureOff(feature) => feature.is_of(version.kind),
            _ => self.idp() == Some(&version.idp),
        }
    }
}

impl Verdict {
    const fn of(holds: Tri) -> Self {
        match holds {
            Tri::Yes => Self::Allowed,
            Tri::Maybe => Self::Undetermined,
            Tri::No => Self::Refused,
        }
    }
}

/// The guard on a change that would be made at a time. `named` are policies that decisions name.
#[must_use]
pub fn guard(
    history: HistoryCut<'_>,
    change: &GuardedChange,
    at: Time,
    named: &BTreeSet<PolicyId>,
) -> Guard {
    let when = Occurred::at(at);
    let mut missing = Vec::new();
    let (taken, trusted) = shared(history, change, when, &mut missing);
    let unknown = change.idp().is_some_and(|idp| {
        !history.trust().idp_versions(idp).any(|version| version.occurred.from <= at)
    });
    let guarded = if unknown { Tri::Maybe } else { most(&taken) };
    let another = most(&trusted);
    let required = requiring(history, when, named, &mut missing);
    let conditions = [
        (Condition::NothingTrusted, not(guarded)),
        (Condition::AnotherTrustedIdp, another),
        (Condition::NoPolicyRequiresClaims, not(required.requires)),
    ];
    let holds = conditions.iter().map(|(_, holds)| *holds).max().unwrap_or(Tri::No);
    // An id that nothing is stated about is more likely misspelled than free to go.
    let holds = if unknown { Tri::Maybe } else { holds };
    let verdict = Verdict::of(holds);
    let condition = conditions.iter().find(|(_, holds)| *holds == Tri::Yes).map(|(c, _)| *c);
    let condition = condition.filter(|_| verdict == Verdict::Allowed);
    if unknown {
        missing = vec![codes::MISSING_IDP];
    } else if verdict != Verdict::Undetermined {
        missing.clear();
    }
    let orgs = history.settings().org(when).options;
    let nothing_of_org = orgs.iter().any(Option::is_none);
    let branches = conditions.map(|(condition, holds)| {
        let branch = condition_reason(history, condition, holds, change, &trusted, &required);
        let of_change = taken.iter().map(|idp| &idp.record);
        let decides = match verdict {
            Verdict::Allowed => holds == Tri::Yes,
            Verdict::Refused | Verdict::Undetermined => {
                !unknown || condition == Condition::NothingTrusted
            }
        };
        let branch =
            if condition == Condition::NothingTrusted { branch.on(of_change) } else { branch };
        if decides { capital(branch) } else { unmarked(branch).asked(NOT_THE_REASON) }
    });
    let because = Reason::new(conclusion(history, change, (verdict, condition), &missing))
        .by_rule(ID)
        .because(branches)
        .because(nothing_of_org.then(|| Reason::new(NO_ORG).reading(38)))
        .because(matches!(change, GuardedChange::Untrust(_)).then(|| Reason::new(UNTRUST)));
    Guard { verdict, condition, trusted, requiring: required.rules, missing, because }
}

/// The active IdPs whose claims are trusted and shared: those from which the change takes that, and
/// the others. What would tell, where that is open, goes to `missing`.
///
/// Between two looks the switch, the status and the kind of an IdP may have changed one by one, so
/// a state that no version has may have held too.
fn shared(
    history: HistoryCut<'_>,
    change: &GuardedChange,
    when: Occurred,
    missing: &mut Vec<&'static str>,
) -> (Vec<TrustedIdp>, Vec<TrustedIdp>) {
    let in_force = history.settings().org(when);
    let orgs = in_force.mixtures(|org| org_or_default(org).clone());
    // More mixtures than are looked at: it is open.
    let orgs_known = orgs.is_ok();
    let whole = in_force.options.iter().map(|org| org_or_default(*org).clone());
    let orgs: Vec<OrgConfigured> = whole.chain(orgs.unwrap_or_default()).collect();
    let (mut taken, mut others) = (Vec::new(), Vec::new());
    for idp in history.trust().idps() {
        let in_force = history.trust().idp(idp, when);
        let options = &in_force.options;
        let versions: Vec<&Stated<IdpConfigured>> = options.iter().copied().flatten().collect();
        let Some(first) = versions.first() else { continue };
        let mixed = in_force.mixtures(|idp| idp.map(|idp| IdpState::of(&idp.data)));
        let known = orgs_known && mixed.is_ok();
        let whole = versions.iter().map(|idp| IdpState::of(&idp.data));
        let mixed = mixed.unwrap_or_default().into_iter().flatten();
        let states: Vec<IdpState> = whole.chain(mixed).collect();
        let pairs = || states.iter().flat_map(|idp| orgs.iter().map(move |org| (*idp, org)));
        if known && !pairs().any(|(idp, org)| is_shared(idp, org)) {
            continue;
        }
        let described = pairs()
            .all(|(idp, org)| engine_mix::of(org.engine, idp.kind) != EngineMix::BothClassic);
        let exact = known
            && options.iter().all(Option::is_some)
            && pairs().all(|(idp, org)| is_shared(idp, org));
        // Which side it is on depends on the version where its kind does.
        for (side, holds) in [(&mut taken, true), (&mut others, false)] {
            let here = |v: &&Stated<IdpConfigured>| change.takes_from(&v.data) == holds;
            let Some(version) = versions.iter().find(|v| here(v)) else { continue };
            let certain = exact && described && versions.iter().all(here);
            let open =
                if described { codes::MISSING_EXACT_TIME } else { codes::MISSING_ENGINE_MIX };
            if !certain {
                add(missing, &[open]);
            }
            side.push(TrustedIdp {
                idp: first.data.idp.clone(),
                certainty: if certain { Certainty::Certain } else { Certainty::Possible },
                record: version.record.clone(),
            });
        }
    }
    (taken, others)
}

fn most(idps: &[TrustedIdp]) -> Tri {
    let tri = |idp: &TrustedIdp| match idp.certainty {
        Certainty::Certain => Tri::Yes,
        Certainty::Possible => Tri::Maybe,
    };
    idps.iter().map(tri).max().unwrap_or(Tri::No)
}

const fn not(holds: Tri) -> Tri {
    match holds {
        Tri::Yes => Tri::No,
        Tri::Maybe => Tri::Maybe,
        Tri::No => Tri::Yes,
    }
}

/// What is known of the rules that only trusted claims can meet.
struct Requiring<'a> {
    requires: Tri,
    rules: Vec<RequiringRule>,
    /// What keeps it from being told, in words, on the records that say so.
    open: Vec<Reason>,
    local: Vec<Local<'a>>,
}

/// The rules that only trusted claims can meet, and whether there are any. What is not known is
/// not absent: a policy whose rules were not seen, a kind of policy of which there is always one,
/// an authenticator whose methods are not stated.
fn requiring<'a>(
    history: HistoryCut<'a>,
    when: Occurred,
    named: &BTreeSet<PolicyId>,
    missing: &mut Vec<&'static str>,
) -> Requiring<'a> {
    let local = local_authenticators(history, when);
    let is_listed = |local: &Local<'_>| matches!(local.stated, Which::Listed(_));
    let authenticators_known =
        !history.settings().authenticators(when).is_empty() || local.iter().any(is_listed);
    let (mut requires, mut rules) = (Tri::No, Vec::new());
    for policy in history.policies().ids() {
        let in_force = history.policies().at(policy, when);
        let versions = in_force.options.iter().copied().flatten();
        let Some(latest) = versions.clone().next() else { continue };
        let mut add_rule = |version: &Stated<PolicyConfigured>, rule: &Rule, exact: bool| {
            let same =
                |of: &RequiringRule| of.record.id == version.record.id && of.rule == rule.rule;
            let Some((unmet, mut open)) = lacks(rule, &local, exact) else { return };
            if rules.iter().any(same) {
                return;
            }
            if !authenticators_known {
                open.push(codes::MISSING_AUTHENTICATORS);
            }
            requires = requires.max(if open.is_empty() { Tri::Yes } else { Tri::Maybe });
            add(missing, &open);
            let certainty = if open.is_empty() { Certainty::Certain } else { Certainty::Possible };
            rules.push(RequiringRule {
                policy: policy.clone(),
                version: version.data.version.clone(),
                rule: rule.rule.clone(),
                certainty,
                unmet,
                record: version.record.clone(),
            });
        };
        // What all versions have alike, and was not saved between them, held whichever it was.
        let mut open_rules: BTreeSet<&RuleId> =
            versions.clone().flat_map(|v| v.data.rules.iter().map(|rule| &rule.rule)).collect();
        open_rules.retain(|rule| !is_settled(&in_force, rule));
        for version in versions {
            let is_latest = version.record.id == latest.record.id;
            let read = |rule: &&Rule| asks(version.data.status, rule);
            for rule in version.data.rules.iter().filter(read) {
                let is_settled = !open_rules.contains(&rule.rule);
                if is_latest || !is_settled {
                    add_rule(version, rule, is_settled);
                }
            }
        }
        match mixed_rules(&in_force, &open_rules) {
            Some(mixed) => mixed.iter().for_each(|rule| add_rule(latest, rule, false)),
            None => {
                add(missing, &[codes::MISSING_EXACT_TIME]);
                requires = requires.max(Tri::Maybe);
            }
        }
    }
    let open = unknown_policies::reasons(history, when, named, missing);
    if !open.is_empty() {
        requires = requires.max(Tri::Maybe);
    }
    Requiring { requires, rules, open, local }
}

/// What local authenticators do not meet of a rule, and what would tell, where that is open. None:
/// they meet it.
fn lacks(
    rule: &Rule,
    local: &[Local<'_>],
    exact: bool,
) -> Option<(Vec<&'static str>, Vec<&'static str>)> {
    if rule.other_verification.is_some() {
        let code = codes::MISSING_VERIFICATION_FORM;
        return Some((vec![code], vec![code]));
    }
    let read = |possible: bool| {
        let local = local.iter().filter(|local| local.sure || possible);
        with_local(rule, [].iter(), true, local)
    };
    let by_sure = read(false);
    if by_sure.met {
        return None;
    }
    let mut open = Vec::new();
    if read(true).met {
        local.iter().for_each(|local| add(&mut open, local.missing().as_slice()));
    }
    if !exact {
        add(&mut open, &[codes::MISSING_EXACT_TIME]);
    }
    Some((by_sure.best.unmet, open))
}

fn conclusion(
    history: HistoryCut<'_>,
    change: &GuardedChange,
    (verdict, condition): (Verdict, Option<Condition>),
    missing: &[&'static str],
) -> String {
    let what = change.words(history);
    let by = match condition {
        Some(Condition::NothingTrusted) => "it takes away no claims that are trusted",
        Some(Condition::AnotherTrustedIdp) => "another active IdP has claims that are trusted",
        Some(Condition::NoPolicyRequiresClaims) => "no policy requires trusted claims",
        None => "a policy requires trusted claims, and no other active IdP has them",
    };
    match verdict {
        Verdict::Allowed => format!("It is allowed {what}: {by}."),
        Verdict::Refused => format!("It is not allowed {what}: {by}."),
        Verdict::Undetermined => format!(
            "Whether it is allowed {what} is undetermined; {} would tell.",
            words::missing(missing)
        ),
    }
}

fn capital(reason: Reason) -> Reason {
    Reason { conclusion: words::sentence(&reason.conclusion), ..reason }
}

/// A reason without marks, and what it rests on: one condition is enough, and a `✗` under an answer
/// that allows reads as an obstacle.
fn unmarked(reason: Reason) -> Reason {
    Reason { mark: None, because: reason.because.into_iter().map(unmarked).collect(), ..reason }
}

/// A condition, whether it holds, and what it rests on; its words begin in lower case.
fn condition_reason(
    history: HistoryCut<'_>,
    condition: Condition,
    holds: Tri,
    change: &GuardedChange,
    trusted: &[TrustedIdp],
    required: &Requiring<'_>,
) -> Reason {
    let mark = match holds {
        Tri::Yes => Mark::Met,
        Tri::Maybe => Mark::Undetermined,
        Tri::No => Mark::NotMet,
    };
    let reason = |words: &str| Reason::new(words).marked(mark);
    match condition {
        Condition::NothingTrusted => reason(match holds {
            Tri::Yes => "nothing is guarded: no claims are trusted that it takes away.",
            Tri::Maybe => "whether it takes away claims that are trusted is not known.",
            Tri::No => "it takes away claims that are trusted.",
        }),
        Condition::AnotherTrustedIdp => {
            let names = |certainty: Certainty| -> Vec<String> {
                let of_it = trusted.iter().filter(|other| other.certainty == certainty);
                of_it.map(|other| words::idp(history, &other.idp)).collect()
            };
            let (certain, perhaps) = (names(Certainty::Certain), names(Certainty::Possible));
            let other = if change.idp().is_some() { "another" } else { "an" };
            let words = match holds {
                Tri::No => format!(
                    "no {}active IdP has claims that are trusted.",
                    if change.idp().is_some() { "other " } else { "" }
                ),
                Tri::Maybe => format!(
                    "perhaps {other} active IdP has claims that are trusted: {}.",
                    words::list(&perhaps)
                ),
                Tri::Yes => {
                    let also = match perhaps.as_slice() {
                        [] => String::new(),
                        some => format!(" Perhaps also: {}.", words::list(some)),
                    };
                    format!(
                        "{other} active IdP has claims that are trusted: {}.{also}",
                        words::list(&certain)
                    )
                }
            };
            reason(&words).on(trusted.iter().map(|other| &other.record))
        }
        Condition::NoPolicyRequiresClaims => {
            let words = match holds {
                Tri::Yes => {
                    "no policy requires trusted claims: local authenticators can meet each rule."
                }
                Tri::Maybe => "whether a policy requires trusted claims is not known.",
                Tri::No => "a policy requires trusted claims.",
            };
            let unsure: Vec<&Local<'_>> =
                required.local.iter().filter(|local| local.missing().is_some()).collect();
            let perhaps = (holds == Tri::Maybe && !unsure.is_empty()).then(|| {
                Reason::new(challenge::perhaps(history, &unsure))
                    .on(unsure.iter().map(|local| local.record()))
            });
            reason(words)
                .because(required.rules.iter().map(|rule| rule.reason(history)))
                .because(required.open.iter().cloned())
                .because(perhaps.map(|reason| reason.marked(Mark::Undetermined)))
        }
    }
}

impl RequiringRule {
    /// In words: `Payroll v2, rule r1: local authenticators give no phishing-resistant factor.`
    #[must_use]
    pub fn words(&self, history: HistoryCut<'_>) -> String {
        let lacks = match self.unmet.as_slice() {
            [code] if *code == codes::MISSING_VERIFICATION_FORM => {
                "verifies in a form that is not read".to_owned()
            }
            unmet => {
                let lacks: Vec<String> =
                    unmet.iter().map(|code| codes::difference_words(code)).collect();
                format!("local authenticators: {}", words::list(&lacks))
            }
        };
        format!(
            "{} {}, rule {}: {lacks}.",
            words::policy(history, &self.policy),
            self.version,
            words::rule(history, &self.rule)
        )
    }

    fn reason(&self, history: HistoryCut<'_>) -> Reason {
        let mark = match self.certainty {
            Certainty::Certain => Mark::NotMet,
            Certainty::Possible => Mark::Undetermined,
        };
        let code = self.unmet.last().copied();
        Reason::new(self.words(history)).marked(mark).coded(code).on([&self.record])
    }
}
