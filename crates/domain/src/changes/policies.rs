//! Versions of policies, with their rules, and of the local authenticators that a policy can ask
//! for.

use super::{
    ChangeKind, ConfigChange, Diff, Span, change, diff, name, shift, snapshots, sort, step,
};
use crate::{
    assess::authenticators,
    explain::rule,
    history::{History, Stated},
    model::{Certainty, Cut, RecordRef},
    words,
};
use claimledger_facts::{
    fact::FactData,
    ids::{PolicyId, VersionLabel},
    types::{authenticator::AuthenticatorConfigured, policy::PolicyConfigured},
    vocabulary::ObjectKind,
};

/// What was asked for, and who changed it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyChanges {
    /// Every change, in the total order.
    pub changes: Vec<ConfigChange>,
    /// Every version, policy by policy, each in the total order.
    pub versions: Vec<PolicyVersion>,
}

/// A version of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyVersion {
    /// The display name of the policy, where one is known.
    pub policy_name: Option<String>,
    /// Whether it is in force at T; none: it is not.
    pub in_force: Option<Certainty>,
    /// When it held.
    pub span: Span,
    /// The label of the version before.
    pub replaces: Option<VersionLabel>,
    /// What it changed.
    pub diff: Diff,
    /// In a few words.
    pub gist: String,
    /// What it says.
    pub data: PolicyConfigured,
    /// Whether the source said something else under the same id too.
    pub variant: bool,
    /// The record.
    pub record: RecordRef,
}

/// What is known of one policy, or of all, and then of local authenticators too.
#[must_use]
pub fn policy_changes(history: &History, cut: Cut, only: Option<&PolicyId>) -> PolicyChanges {
    let known = history.at(cut.known_at);
    let mut found = PolicyChanges::default();
    for policy in known.policies().ids().filter(|policy| only.is_none_or(|only| only == *policy)) {
        for (before, stated, span) in snapshots(known.policies().versions(policy), cut) {
            let data = &stated.data;
            let replaces = before.map(|before| before.data.version.clone());
            let gist = rule::policy_gist(data);
            let labels = step(replaces.as_ref().map(VersionLabel::as_str), data.version.as_str());
            let moved =
                shift(before.map(|before| rule::policy_gist(&before.data)).as_deref(), &gist);
            let row = (
                policy.to_string(),
                Some(data.version.to_string()),
                format!("{} {labels}{moved}", words::policy(known, policy)),
            );
            let diff = diff::policies(before.map(|before| &before.data), data);
            found.changes.push(change(
                stated,
                ChangeKind::Policy,
                cut,
                row,
                diff.clone(),
                (data.actor.as_ref(), data.ticket.as_ref()),
            ));
            found.versions.push(PolicyVersion {
                policy_name: known
                    .name_of(ObjectKind::Policy, data.policy.as_str())
                    .map(str::to_owned),
                in_force: span.holds_at(cut.at),
                span,
                replaces,
                diff,
                gist,
                data: data.clone(),
                variant: stated.is_variant(cut.known_at),
                record: stated.record.clone(),
            });
        }
    }
    if only.is_none() {
        found.changes.extend(authenticator_changes(history, cut));
    }
    sort(&mut found.changes);
    name(&mut found.changes, known);
    found
}

/// What is known of the local authenticators, method by method.
#[must_use]
pub fn authenticator_changes(history: &History, cut: Cut) -> Vec<ConfigChange> {
    let mut changes = Vec::new();
    let mut versions: Vec<_> =
        history.at(cut.known_at).settings().authenticator_versions().collect();
    while let Some(method) = versions.first().map(|stated| stated.data.method) {
        let (of_it, rest): (Vec<_>, Vec<_>) =
            versions.into_iter().partition(|stated| stated.data.method == method);
        for (before, stated, _) in snapshots(of_it.into_iter(), cut) {
            let row = (
                method.as_str().to_owned(),
                None,
                format!("{} is {}", method.as_str(), as_configured(&stated.data)),
            );
            let of = |stated: &Stated<AuthenticatorConfigured>| {
                FactData::AuthenticatorConfigured(stated.data.clone())
            };
            changes.push(change(
                stated,
                ChangeKind::Authenticator,
                cut,
                row,
                diff::diff(before.map(of), of(stated), &["method"]),
                (None, None),
            ));
        }
        versions = rest;
    }
    changes
}

/// In a few words: its status, or what it is kept for.
fn as_configured(authenticator: &AuthenticatorConfigured) -> &'static str {
    authenticators::kept_for(authenticator).unwrap_or(authenticator.status.as_str())
}
