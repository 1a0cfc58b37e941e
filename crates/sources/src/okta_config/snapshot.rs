//! What several objects state together: a policy with its rules and applications, the org with its
//! features, a method with its authenticators. Such a fact has a record of its own, which names the
//! records of the objects.

use super::{
    Run,
    change::{Change, both, later},
    draft,
    facts::{content_digest, fact, says_saved},
    feature,
    look::{Body, Seen, Stated, id_of, listed_key, method_key, numbered, stamp},
    methods, policy,
    revise::{Group, again_id},
};
use claimledger_facts::{
    fact::FactData,
    ids::{AuthenticatorId, RuleId},
    time::{Occurred, Time, in_force},
    types::{
        authenticator::{AuthenticatorConfigured, AuthenticatorListed},
        policy::SavedParts,
    },
    vocabulary::{Method, Status},
};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// What changes of objects may have changed, and when.
#[derive(Debug, Default)]
pub(super) struct Touched {
    policies: BTreeMap<String, Step>,
    /// By an application. None: it was seen first, and its policy held before that.
    of_apps: BTreeMap<String, Option<Occurred>>,
    org: Option<Occurred>,
    authenticators: Option<Occurred>,
    /// Authenticators that were saved, each with its kind (`key`).
    saved_authenticators: BTreeMap<AuthenticatorId, String>,
}

/// Changes of a policy that are not stated yet.
#[derive(Clone, Debug)]
struct Step {
    occurred: Occurred,
    /// What of it was saved, perhaps more than once.
    saved: SavedParts,
    /// What of it changed beside that.
    others: SavedParts,
    /// Whether it is stated now; else with later changes.
    is_due: bool,
}

impl Touched {
    pub(super) fn add(&mut self, key: &str, change: &Change, now: Option<&Seen>) {
        let occurred = change.occurred;
        let union = |known: Option<Occurred>| Some(known.map_or(occurred, |k| both(k, occurred)));
        let bodies = [change.before.as_ref(), now].into_iter().flatten().map(|seen| &seen.body);
        for body in bodies {
            match body {
                Body::Feature { .. } | Body::Org { .. } => self.org = union(self.org),
                Body::Authenticator { key: kind, .. } => {
                    self.authenticators = union(self.authenticators);
                    if change.is_saved(now) {
                        let id = AuthenticatorId::from(id_of(key));
                        self.saved_authenticators.insert(id, kind.clone());
                    }
                }
                Body::Method { .. } => self.authenticators = union(self.authenticators),
                _ => {}
            }
        }
        for touched in policy::touched(key, change.before.as_ref(), now) {
            if key.starts_with("app:") {
                let known = self.of_apps.remove(&touched).flatten();
                let moved = if change.before.is_some() { union(known) } else { known };
                self.of_apps.insert(touched, moved);
            } else {
                let is_due = now.is_none_or(|now| !now.joint);
                let step = self.policies.entry(touched).or_insert_with(|| Step {
                    occurred,
                    saved: SavedParts::default(),
                    others: SavedParts::default(),
                    is_due,
                });
                step.occurred = both(step.occurred, occurred);
                step.is_due |= is_due;
                let parts = if change.is_saved(now) { &mut step.saved } else { &mut step.others };
                add_part(parts, key);
            }
        }
    }
}

/// Adds a rule, or the policy itself, to parts of a policy.
fn add_part(parts: &mut SavedParts, key: &str) {
    match key.strip_prefix("rule:").map(RuleId::from) {
        Some(rule) if parts.rules.contains(&rule) => {}
        Some(rule) => parts.rules.push(rule),
        None => parts.policy = true,
    }
}

impl Step {
    /// What was saved. What changed beside it, in one statement, may have been another meanwhile
    /// too: the interval is that of all.
    fn all_saved(&self) -> SavedParts {
        let mut saved = self.saved.clone();
        if saved != SavedParts::default() {
            saved.policy |= self.others.policy;
            let others = self.others.rules.iter().filter(|rule| !self.saved.rules.contains(rule));
            saved.rules.extend(others.cloned());
        }
        saved
    }
}

impl Touched {
    /// Whether what is left to state are policies of applications that were seen first.
    pub(super) fn only_new_applications(&self) -> bool {
        self.of_apps.values().all(Option::is_none)
    }
}

impl Run {
    /// Records of what the objects of one time changed together, unless it comes before what was
    /// stated already: then it is found again from all states.
    pub(super) fn state_together(&mut self) {
        let (due, rest): (BTreeMap<_, _>, _) = std::mem::take(&mut self.touched.policies)
            .into_iter()
            .partition(|(_, step)| step.is_due);
        self.touched.policies = rest;
        for (policy, step) in due {
            self.state_policy(&policy, Some(step.occurred), step.all_saved());
        }
        if let Some(occurred) = self.touched.org.take()
            && !self.late.contains(&Group::Org)
            && let Some(org) = feature::stated(&self.config)
        {
            self.state("org", "org_snapshot", occurred, org, FactData::OrgConfigured, &[]);
        }
        let saved = std::mem::take(&mut self.touched.saved_authenticators);
        if let Some(occurred) = self.touched.authenticators.take()
            && !self.late.contains(&Group::Authenticators)
        {
            self.state_authenticators(occurred, &saved);
        }
    }

    /// Records of policies of which changes wait for later ones: there are none.
    pub(super) fn state_rest(&mut self) {
        for (policy, step) in std::mem::take(&mut self.touched.policies) {
            self.config.end_step(&policy);
            self.state_policy(&policy, Some(step.occurred), step.all_saved());
        }
    }

    /// Records of policies whose applications changed: one a policy, however long the list was.
    pub(super) fn state_applications(&mut self) {
        for (policy, occurred) in std::mem::take(&mut self.touched.of_apps) {
            if let Some(step) = self.touched.policies.get_mut(&policy) {
                step.occurred = occurred.map_or(step.occurred, |moved| both(step.occurred, moved));
                continue;
            }
            self.state_policy(&policy, occurred, SavedParts::default());
        }
    }

    /// `occurred`: none: as it was stated last, only more of it is known.
    fn state_policy(&mut self, policy: &str, occurred: Option<Occurred>, saved: SavedParts) {
        if self.late.contains(&Group::Policy(policy.to_owned())) {
            return;
        }
        let key = format!("policy:{policy}");
        let last = self.config.stated.get(&key).map(|stated| stated.occurred);
        let Some(occurred) = occurred.or(last) else { return };
        if let Some((mut snapshot, of)) = policy::stated(&self.config, policy) {
            snapshot.saved = Some(saved).filter(|saved| *saved != SavedParts::default());
            self.state(
                &key,
                "policy_snapshot",
                occurred,
                snapshot,
                FactData::PolicyConfigured,
                &of,
            );
        }
    }

    /// `saved`: those that were saved, perhaps more than once, each with its kind.
    fn state_authenticators(
        &mut self,
        occurred: Occurred,
        saved: &BTreeMap<AuthenticatorId, String>,
    ) {
        const KIND: &str = "authenticator_snapshot";
        let known = super::authenticator::stated(&self.config);
        for method in Method::ALL.iter().copied() {
            let key = method_key(method);
            let mut data = match known.methods.get(&method) {
                Some(data) => data.clone(),
                // It was stated, and nothing gives it any more, that is known of.
                None if self.config.stated.contains_key(&key)
                    && !known.listed.values().any(|listed| may_give(listed, method)) =>
                {
                    let status = Status::Deleted;
                    let (enrollment, allowed_for, saved) = (None, None, Vec::new());
                    AuthenticatorConfigured { method, status, enrollment, allowed_for, saved }
                }
                None => continue,
            };
            let may_give = |kind: &str| {
                methods::of_entry(kind, None).is_some_and(|methods| methods.contains(&method))
            };
            let saved = saved.iter().filter(|(_, kind)| may_give(kind));
            data.saved = saved.map(|(id, _)| id.clone()).collect();
            self.state(&key, KIND, occurred, data, FactData::AuthenticatorConfigured, &[]);
        }
        // Those that are gone are stated as such, where they were stated.
        let gone = self.config.objects.iter().filter(|(_, seen)| seen.gone);
        let gone: Vec<AuthenticatorListed> = gone
            .filter_map(|(object, seen)| match &seen.body {
                Body::Authenticator { key, .. } => Some(AuthenticatorListed {
                    authenticator: object.split_once(':')?.1.into(),
                    key: key.clone(),
                    status: Status::Deleted,
                    may_give: Some(Vec::new()),
                    saved: false,
                }),
                _ => None,
            })
            .collect();
        for mut data in known.listed.into_values().chain(gone) {
            let key = listed_key(data.authenticator.as_str());
            // Of a kind that is read its methods say so.
            data.saved = saved.contains_key(&data.authenticator)
                && methods::of_entry(&data.key, None).is_none();
            let is_open = data.may_give.as_ref().is_none_or(|methods| !methods.is_empty());
            if is_open || data.saved || self.config.stated.contains_key(&key) {
                self.state(&key, KIND, occurred, data, FactData::AuthenticatorListed, &[]);
            }
        }
    }

    /// Records of the policies of which no rule was seen, so that they are not taken to be absent.
    pub(super) fn state_listed_policies(&mut self) {
        for policy in policy::named(&self.config) {
            let key = format!("policy_listed:{policy}");
            let is_known = policy::stated(&self.config, &policy).is_some();
            if is_known && !self.config.stated.contains_key(&key) {
                continue;
            }
            if let Some((data, since)) = policy::listed(&self.config, &policy) {
                let occurred = Occurred::at(since);
                self.state(&key, "policy_listed", occurred, data, FactData::PolicyListed, &[]);
            }
        }
    }

    /// A record of one fact, if it differs from what was stated last. It never comes before that:
    /// the last in the order of time is in force.
    fn state<T>(
        &mut self,
        key: &str,
        kind: &str,
        occurred: Occurred,
        data: T,
        wrap: fn(T) -> FactData,
        of: &[String],
    ) {
        let data = wrap(data);
        // What was saved is stated again, though it is as it was: meanwhile it may not have been.
        let (digest, is_saved) = (content_digest(&data), says_saved(&data));
        let last = self.config.stated.get(key);
        if last.is_some_and(|last| last.digest == digest && !is_saved) {
            return;
        }
        let (mut count, after) = last.map_or((0, None), |last| (last.count, Some(last.occurred)));
        let clamped = match after {
            Some(last) if last.from > occurred.from => later(last, occurred),
            _ => occurred,
        };
        let mut times = self.open_before(key, occurred.from, clamped);
        times.push(clamped);
        let content = data.to_value().unwrap_or_default();
        for occurred in times {
            count += 1;
            let said = self.config.said.get(key).map_or(&[] as &[_], Vec::as_slice);
            let mut source_id =
                numbered(&format!("snapshot:{key}@{}", stamp(occurred.from)), count);
            // After what a late look stated of the same time.
            if said.iter().any(|said| said.occurred.from == occurred.from && said.id > source_id) {
                source_id = again_id(key, occurred.from, self.config.said_count(key));
            }
            let finding = json!({"snapshot": content, "of": of});
            let (ids, facts) = ((source_id.as_str(), occurred), vec![fact(data.clone())]);
            self.push(draft::of_finding(kind, ids, facts, &finding));
        }
        self.config.stated.insert(key.to_owned(), Stated { occurred: clamped, count, digest });
    }

    /// A statement comes after the last one, though it can have become so before that. The times at
    /// which it is stated too, so that nothing else is certain since it can have.
    fn open_before(&self, key: &str, from: Time, clamped: Occurred) -> Vec<Occurred> {
        let said = self.config.said.get(key).map_or(&[] as &[_], Vec::as_slice);
        let mut all: Vec<Occurred> = said.iter().map(|said| said.occurred).collect();
        // What was in force before that is no longer known, and stays as it was stated.
        let from = self.config.known_from(key).map_or(from, |known| from.max(known));
        let gap = from..clamped.from;
        let starts = all.iter().map(|said| said.from).chain([from]);
        let starts: BTreeSet<Time> = starts.filter(|time| gap.contains(time)).collect();
        let ends: BTreeSet<Time> = all.iter().map(|said| said.latest()).collect();
        let mut open = Vec::new();
        for &start in &starts {
            let next = starts.range(start..).nth(1).copied().unwrap_or(clamped.from);
            let mut times = ends.range(start..next).copied().chain([start]);
            let is_certain = |time| {
                let latest_first = all.iter().rev().map(|said| (*said, ()));
                matches!(in_force(latest_first, Occurred::at(time))[..], [Some(())])
            };
            if times.any(is_certain) {
                let before = Occurred { from: start, to: Some(clamped.latest()) };
                all.insert(all.partition_point(|said| said.from <= start), before);
                open.push(before);
            }
        }
        open
    }
}

fn may_give(listed: &AuthenticatorListed, method: Method) -> bool {
    listed.may_give.as_ref().is_some_and(|methods| methods.contains(&method))
}
