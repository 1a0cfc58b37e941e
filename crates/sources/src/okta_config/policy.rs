//! Policies, and the snapshots that policies, rules and applications make up together.

use super::{
    look::{Body, Config, RuleContent, Seen, stamp},
    shape::Shape,
};
use claimledger_facts::{
    ids::{AppId, PolicyId, VersionLabel},
    time::Time,
    types::policy::{PolicyConfigured, PolicyListed, Rule},
    vocabulary::{PolicyKind, Status},
};
use std::collections::BTreeSet;

/// The types of policies of the API. A policy of a type that is not here is recognised by its link
/// to its rules.
const TYPES: &[&str] = &[
    "ACCESS_POLICY",
    "CLIENT_POLICY",
    "CLIENT_UPDATE",
    "DEVICE_SIGNAL_COLLECTION",
    "ENTITY_RISK",
    "IDENTITY_CLAIM_SOURCING",
    "IDP_DISCOVERY",
    "MFA_ENROLL",
    "OKTA_SIGN_ON",
    "PASSWORD",
    "POST_AUTH_SESSION",
    "PROFILE_ENROLLMENT",
    "SESSION_VIOLATION_DETECTION",
];

/// Types that facts state, by their policies or by their rules.
const STATED: &[&str] =
    &["ACCESS_POLICY", "IDENTITY_CLAIM_SOURCING", "IDP_DISCOVERY", "OKTA_SIGN_ON"];

pub(super) fn is_type(word: &str) -> bool {
    TYPES.contains(&word)
}

/// Whether facts state what a policy of the type asks for.
pub(super) fn is_stated(word: &str) -> bool {
    STATED.contains(&word)
}

pub(super) fn read(shape: &Shape<'_>) -> Option<Body> {
    let status = super::idp::status(shape.text("status")?)?;
    Some(Body::Policy { kind: shape.text("type")?.to_owned(), status })
}

/// The policy that an object belongs to.
pub(super) fn of<'s>(key: &'s str, seen: &'s Seen) -> Option<&'s str> {
    match &seen.body {
        Body::Policy { .. } => key.strip_prefix("policy:"),
        Body::Rule { policy, content: RuleContent::Policy { .. } } | Body::App { policy } => {
            policy.as_ref().map(PolicyId::as_str)
        }
        _ => None,
    }
}

/// The policies that a change of an object changes: that of now, and that of before.
pub(super) fn touched(key: &str, before: Option<&Seen>, now: Option<&Seen>) -> BTreeSet<String> {
    [before, now]
        .into_iter()
        .flatten()
        .filter_map(|seen| of(key, seen))
        .map(str::to_owned)
        .collect()
}

/// A policy as its parts make it up, and the source ids of the parts. None while no rule of it was
/// seen: a policy without rules would say that it asks for nothing.
pub(super) fn stated(config: &Config, policy: &str) -> Option<(PolicyConfigured, Vec<String>)> {
    let own = config.objects.get(&format!("policy:{policy}"));
    let mut parts: Vec<(&str, &Seen)> = Vec::new();
    let mut rules: Vec<Rule> = Vec::new();
    let mut apps: Vec<AppId> = Vec::new();
    let mut kind = None;
    for (key, seen) in config.present().filter(|(key, seen)| of(key, seen) == Some(policy)) {
        match &seen.body {
            Body::Rule { content: RuleContent::Policy { kind: of, rule }, .. } => {
                kind = Some(*of);
                rules.push((**rule).clone());
                parts.push((key, seen));
            }
            Body::App { .. } => {
                apps.extend(key.split_once(':').map(|(_, id)| AppId::from(id)));
                parts.push((key, seen));
            }
            _ => parts.push((key, seen)),
        }
    }
    rules.sort_by(|a, b| (a.priority, &a.rule).cmp(&(b.priority, &b.rule)));
    let status = own.and_then(|seen| match seen.body {
        _ if seen.gone => Some(Status::Deleted),
        Body::Policy { status, .. } => Some(status),
        _ => None,
    });
    // The latest update of the policy and its rules; an application's own updates are not theirs.
    let version = parts.iter().filter(|(key, _)| !key.starts_with("app:")).map(|(_, s)| s.stamp);
    let fact = PolicyConfigured {
        policy: PolicyId::from(policy),
        version: VersionLabel::new(version.max().map(stamp)?),
        kind: kind?,
        rules,
        status: status.filter(|status| *status != Status::Active),
        apps,
        max_lifetime_secs: None,
        max_idle_secs: None,
        actor: None,
        ticket: None,
        saved: None,
    };
    Some((fact, parts.iter().map(|(key, seen)| seen.source_id(key)).collect()))
}

/// Every policy that a policy object or an application names.
pub(super) fn named(config: &Config) -> BTreeSet<String> {
    let objects = config.objects.iter();
    let of_kind = objects.filter(|(_, seen)| {
        matches!(seen.body, Body::Policy { .. })
            || !seen.gone && matches!(seen.body, Body::App { .. })
    });
    of_kind.filter_map(|(key, seen)| of(key, seen)).map(str::to_owned).collect()
}

/// A policy of which no rule may be known, and since when it is like this: as its own object says,
/// or as an application names it. None: no fact states policies of its type.
pub(super) fn listed(config: &Config, policy: &str) -> Option<(PolicyListed, Time)> {
    let fact = |kind, status| PolicyListed { policy: PolicyId::from(policy), kind, status };
    if let Some(seen) = config.objects.get(&format!("policy:{policy}")) {
        let Body::Policy { kind, status } = &seen.body else { return None };
        let kind = match kind.as_str() {
            "ACCESS_POLICY" => PolicyKind::AppSignIn,
            "OKTA_SIGN_ON" => PolicyKind::GlobalSession,
            _ => return None,
        };
        return Some(if seen.gone {
            (fact(kind, Status::Deleted), seen.first().from)
        } else {
            (fact(kind, *status), seen.stamp.min(seen.first().from))
        });
    }
    let apps = config.present().filter(|(key, seen)| {
        matches!(seen.body, Body::App { .. }) && of(key, seen) == Some(policy)
    });
    let since = apps.map(|(_, seen)| seen.stamp.min(seen.first().from)).min()?;
    Some((fact(PolicyKind::AppSignIn, Status::Active), since))
}
