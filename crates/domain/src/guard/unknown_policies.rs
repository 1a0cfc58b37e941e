//! The policies that may require trusted claims, and of which that is not known.
//!
//! Source: our own reading: what was not seen is not absent. An Okta org always has a global
//! session policy, and every application a sign-in policy.

use crate::{
    assess::claims::add,
    codes,
    history::{HistoryCut, Stated},
    model::{Mark, Reason},
    words,
};
use claimledger_facts::{
    ids::PolicyId,
    time::Occurred,
    types::policy::PolicyConfigured,
    vocabulary::{PolicyKind, Status},
};
use std::collections::BTreeSet;

/// The policies whose rules are not known at a time, and the kinds of which no policy is known,
/// each in words.
pub(super) fn reasons(
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
