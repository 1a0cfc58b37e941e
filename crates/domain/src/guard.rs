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

use crate::{
    assess::{
        challenge::{Local, with_local},
        claims::{Tri, add},
        decision::is_active,
        engine_mix::{self, EngineMix},
        trust_at_receipt::{feature_on, is_shared},
    },
    codes,
    explain::challenge,
    history::{HistoryCut, Stated},
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
    vocabulary::{Access, IdpKind, PolicyKind, Status},
};
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
        if condition == Condition::NothingTrusted { branch.on(of_change) } else { branch }
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
    let orgs = history.settings().org(when).options;
    let (mut taken, mut others) = (Vec::new(), Vec::new());
    for idp in history.trust().idps() {
        let options = history.trust().idp(idp, when).options;
        let versions: Vec<&Stated<IdpConfigured>> = options.iter().copied().flatten().collect();
        let Some(first) = versions.first() else { continue };
        let any = |holds: &dyn Fn(&IdpConfigured) -> bool| versions.iter().any(|v| holds(&v.data));
        let may_share = any(&|v| v.status == Status::Active)
            && any(&|v| v.trust_claims)
            && any(&|v| orgs.iter().any(|org| feature_on(v.kind, *org)));
        if !may_share {
            continue;
        }
        let is_described = |kind: IdpKind, org: Option<&Stated<OrgConfigured>>| {
            engine_mix::of(org.map(|org| org.data.engine), kind) != EngineMix::BothClassic
        };
        let described = versions.iter().all(|v| orgs.iter().all(|o| is_described(v.data.kind, *o)));
        let exact = options
            .iter()
            .all(|option| option.is_some_and(|v| orgs.iter().all(|org| is_shared(&v.data, *org))));
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
    local: Local<'a>,
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
    let local = Local::at(history, when);
    let settings = history.settings();
    let authenticators_known =
        !settings.authenticators(when).is_empty() || !local.unknown.is_empty();
    let (mut requires, mut rules) = (Tri::No, Vec::new());
    for policy in history.policies().ids() {
        let options = history.policies().at(policy, when).options;
        let exact = options.len() == 1;
        for version in options.into_iter().flatten() {
            if !matches!(version.data.status, None | Some(Status::Active)) {
                continue;
            }
            let read = |rule: &&Rule| rule.access == Access::Allow && is_active(rule);
            for rule in version.data.rules.iter().filter(read) {
                let mut open = Vec::new();
                let unmet = if rule.other_verification.is_some() {
                    open.push(codes::MISSING_VERIFICATION_FORM);
                    vec![codes::MISSING_VERIFICATION_FORM]
                } else {
                    let filled = with_local(rule, &[], true, &local);
                    if filled.sure.met {
                        continue;
                    }
                    open.extend(&filled.missing);
                    if !exact {
                        add(&mut open, &[codes::MISSING_EXACT_TIME]);
                    }
                    filled.sure.best.unmet
                };
                if !authenticators_known {
                    open.push(codes::MISSING_AUTHENTICATORS);
                }
                requires = requires.max(if open.is_empty() { Tri::Yes } else { Tri::Maybe });
                add(missing, &open);
                rules.push(RequiringRule {
                    policy: policy.clone(),
                    version: version.data.version.clone(),
                    rule: rule.rule.clone(),
                    certainty: if open.is_empty() {
                        Certainty::Certain
                    } else {
                        Certainty::Possible
                    },
                    unmet,
                    record: version.record.clone(),
                });
            }
        }
    }
    let open = unknown_policies(history, when, named, missing);
    if !open.is_empty() {
        requires = requires.max(Tri::Maybe);
    }
    Requiring { requires, rules, open, local }
}

/// The policies whose rules are not known at a time, and the kinds of which no policy is known,
/// each in words.
fn unknown_policies(
    history: HistoryCut<'_>,
    when: Occurred,
    named: &BTreeSet<PolicyId>,
    missing: &mut Vec<&'static str>,
) -> Vec<Reason> {
    let policies = history.policies();
    let undetermined = |words: String| Reason::new(words).marked(Mark::Undetermined);
    let is_configured = |policy| policies.at(policy, when).options.iter().all(Option::is_some);
    let (mut open, mut listed_kinds) = (Vec::new(), BTreeSet::new());
    for (policy, in_force) in policies.listed(when) {
        let mut versions = in_force.options.into_iter().flatten();
        let Some(listed) = versions.find(|listed| listed.data.status == Status::Active) else {
            continue;
        };
        if !is_configured(policy) {
            let name = words::policy(history, policy);
            listed_kinds.insert(listed.data.kind);
            add(missing, &[codes::MISSING_POLICY_RULES]);
            let words = format!("Nothing is stated of the rules of {name}.");
            open.push(undetermined(words).on([&listed.record]));
        }
    }
    let listed: BTreeSet<&PolicyId> = policies.listed(when).map(|(policy, _)| policy).collect();
    for policy in named.iter().filter(|policy| policy.rule().is_none()) {
        if policies.versions(policy).next().is_none() && !listed.contains(policy) {
            add(missing, &[codes::MISSING_POLICY_RULES]);
            open.push(undetermined(format!(
                "Decisions name {}, and nothing is stated of its rules.",
                words::policy(history, policy)
            )));
        }
    }
    for kind in PolicyKind::ALL.iter().copied().filter(|kind| !listed_kinds.contains(kind)) {
        let of_kind = |option: &Option<&Stated<PolicyConfigured>>| {
            option.is_some_and(|version| version.data.kind == kind)
        };
        let mut states = policies.ids().map(|policy| policies.at(policy, when).options);
        if states.any(|options| options.iter().all(of_kind)) {
            continue;
        }
        let mut states = policies.ids().map(|policy| policies.at(policy, when).options);
        let perhaps = states.any(|options| options.iter().any(of_kind));
        add(missing, &[if perhaps { codes::MISSING_EXACT_TIME } else { codes::MISSING_POLICY }]);
        let name = match kind {
            PolicyKind::AppSignIn => "sign-in policy of an application",
            PolicyKind::GlobalSession => "global session policy",
        };
        open.push(undetermined(if perhaps {
            format!("Whether a {name} was in force is known as an interval only.")
        } else {
            format!("Nothing is stated of a {name}.")
        }));
    }
    open
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

/// A condition, whether it holds, and what it rests on.
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
            Tri::Yes => "Nothing is guarded: no claims are trusted that it takes away.",
            Tri::Maybe => "Whether it takes away claims that are trusted is not known.",
            Tri::No => "It takes away claims that are trusted.",
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
                    "No {}active IdP has claims that are trusted.",
                    if change.idp().is_some() { "other " } else { "" }
                ),
                Tri::Maybe => format!(
                    "Perhaps {other} active IdP has claims that are trusted: {}.",
                    words::list(&perhaps)
                ),
                Tri::Yes => {
                    let also = match perhaps.as_slice() {
                        [] => String::new(),
                        some => format!(" Perhaps also: {}.", words::list(some)),
                    };
                    format!(
                        "{} active IdP has claims that are trusted: {}.{also}",
                        words::sentence(other),
                        words::list(&certain)
                    )
                }
            };
            reason(&words).on(trusted.iter().map(|other| &other.record))
        }
        Condition::NoPolicyRequiresClaims => {
            let words = match holds {
                Tri::Yes => {
                    "No policy requires trusted claims: local authenticators can meet each rule."
                }
                Tri::Maybe => "Whether a policy requires trusted claims is not known.",
                Tri::No => "A policy requires trusted claims.",
            };
            let local = &required.local;
            let is_open = !(local.unknown.is_empty() && local.perhaps.is_empty());
            let unsure = holds == Tri::Maybe && is_open;
            let perhaps = unsure.then(|| {
                let records = local.perhaps.iter().map(|a| &a.record);
                let records = records.chain(local.unknown.iter().map(|a| &a.record));
                Reason::new(challenge::perhaps(history, local)).on(records)
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
