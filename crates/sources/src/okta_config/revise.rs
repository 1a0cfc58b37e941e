//! What a look changes that comes after a later one. The states of the objects concerned are gone
//! through again in the order of time, as if each had been looked at then, and what was not yet
//! stated like this is stated beside it.

use super::{
    Run,
    change::{Change, Glance, State},
    draft,
    facts::{self, content_digest, fact},
    look::{
        Body, Config, RuleContent, Said, Seen, Stated, listed_key, method_key, numbered, stamp,
    },
    policy, restate,
};
use claimledger_facts::{
    draft::Draft,
    fact::FactData,
    time::{Occurred, Time},
};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// Statements that depend on the same objects.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Group {
    /// What an object states alone, by its key.
    Object(String),
    /// A policy, by its id.
    Policy(String),
    Org,
    Authenticators,
    ClaimSourcing,
}

/// A statement of a fact.
struct Statement {
    key: String,
    occurred: Occurred,
    id: String,
    /// See [`facts::digests`].
    digest: String,
    content: Option<String>,
    data: FactData,
}

/// The groups that the states of an object are part of.
pub(super) fn groups_of(config: &Config, key: &str) -> BTreeSet<Group> {
    config.states(key).flat_map(|seen| of_state(key, seen)).collect()
}

pub(super) fn of_state(key: &str, seen: &Seen) -> Vec<Group> {
    let mut groups = vec![Group::Object(key.to_owned())];
    groups.extend(match &seen.body {
        Body::Feature { .. } | Body::Org { .. } => Some(Group::Org),
        Body::Authenticator { .. } | Body::Method { .. } => Some(Group::Authenticators),
        Body::Rule { content: RuleContent::Sourcing(_), .. } => Some(Group::ClaimSourcing),
        _ => policy::of(key, seen).map(|policy| Group::Policy(policy.to_owned())),
    });
    groups
}

impl Group {
    /// What it makes statements about.
    pub(super) fn keys(&self, config: &Config) -> Vec<String> {
        let of = |prefix: &str| {
            let keys = config.said.range(prefix.to_owned()..).map(|(key, _)| key.clone());
            keys.take_while(|key| key.starts_with(prefix)).collect::<Vec<_>>()
        };
        match self {
            Self::Object(key) => {
                let keys = key.strip_prefix("idp:").map(|idp| of(&format!("key:{idp}/")));
                let parts = of(&format!("{key}/")).into_iter().chain(keys.into_iter().flatten());
                parts.chain([key.clone(), format!("name:{key}")]).collect()
            }
            Self::Policy(id) => vec![format!("policy:{id}")],
            Self::Org => vec!["org".to_owned()],
            Self::Authenticators => of("authenticator/"),
            Self::ClaimSourcing => vec!["claim_sourcing".to_owned()],
        }
    }

    /// What was stated of a group of several objects.
    fn said<'c>(&self, config: &'c Config) -> Vec<&'c Vec<Said>> {
        self.keys(config).iter().filter_map(|key| config.said.get(key)).collect()
    }

    /// Whether a state of an object is part of it.
    fn holds(&self, key: &str, seen: &Seen) -> bool {
        match self {
            Self::Object(own) => own == key,
            Self::Policy(own) => policy::of(key, seen) == Some(own),
            Self::Org | Self::Authenticators | Self::ClaimSourcing => {
                of_state(key, seen).contains(self)
            }
        }
    }
}

/// The group of a fact, what it is a statement about, and the kind of a record that states it
/// again.
fn subject(data: &FactData) -> Option<(Group, String, &'static str)> {
    let object = |key: String| Group::Object(key);
    Some(match data {
        FactData::IdpConfigured(data) => {
            let key = format!("idp:{}", data.idp);
            (object(key.clone()), key, "idp_snapshot")
        }
        FactData::IdpKeyAdded(data) => key_of(&data.idp, &data.key),
        FactData::IdpKeyRetired(data) => key_of(&data.idp, &data.key),
        FactData::PolicyConfigured(data) => {
            let key = format!("policy:{}", data.policy);
            (Group::Policy(data.policy.to_string()), key, "policy_snapshot")
        }
        FactData::OrgConfigured(_) => (Group::Org, "org".to_owned(), "org_snapshot"),
        FactData::AuthenticatorConfigured(data) => {
            (Group::Authenticators, method_key(data.method), "authenticator_snapshot")
        }
        FactData::AuthenticatorListed(data) => {
            let key = listed_key(data.authenticator.as_str());
            (Group::Authenticators, key, "authenticator_snapshot")
        }
        FactData::ClaimSourcingConfigured(_) => {
            (Group::ClaimSourcing, "claim_sourcing".to_owned(), "rule_snapshot")
        }
        FactData::RoutingRuleConfigured(data) => {
            let rule = format!("rule:{}", data.rule);
            let key = format!("{rule}/{}", data.idp);
            (object(rule), key, "rule_snapshot")
        }
        FactData::ObjectNamed(data) => {
            let kind = match data.kind.as_str() {
                "routing_rule" => "rule",
                kind => kind,
            };
            let object = format!("{kind}:{}", data.object);
            (Group::Object(object.clone()), format!("name:{object}"), "name_snapshot")
        }
        _ => return None,
    })
}

fn key_of(
    idp: &claimledger_facts::ids::IdpId,
    key: &claimledger_facts::ids::KeyId,
) -> (Group, String, &'static str) {
    (Group::Object(format!("idp:{idp}")), format!("key:{idp}/{key}"), "idp_snapshot")
}

/// An id of a record that sorts after every other id of its time: an object's own, and `snapshot:`.
pub(super) fn again_id(key: &str, from: Time, said: usize) -> String {
    numbered(&format!("state:{key}@{}", stamp(from)), u32::try_from(said).unwrap_or(u32::MAX))
}

impl Config {
    /// Keeps what a record states. Returns the groups, and whether the statement is the last one
    /// in the total order.
    pub(super) fn said_by(&mut self, draft: &Draft) -> Vec<(Group, bool)> {
        let mut groups = Vec::new();
        for fact in &draft.facts {
            let Some((group, key, _)) = subject(&fact.data) else { continue };
            let occurred = fact.occurred.unwrap_or(draft.occurred);
            let id = draft.source_id.as_str().to_owned();
            let list = self.said.entry(key).or_default();
            let index =
                list.partition_point(|old| (old.occurred.from, &old.id) <= (occurred.from, &id));
            groups.push((group, index == list.len()));
            let (digest, content) = facts::digests(&fact.data, occurred);
            list.insert(index, Said { occurred, id, digest, content });
        }
        groups
    }
}

impl Run {
    /// Records of what late looks changed.
    pub(super) fn revise(&mut self) {
        for group in std::mem::take(&mut self.late) {
            self.revise_group(&group);
        }
    }

    fn revise_group(&mut self, group: &Group) {
        let is_member = |key: &&String| self.config.states(key).any(|seen| group.holds(key, seen));
        let members: Vec<&String> = match group {
            Group::Object(key) => self.config.objects.get_key_value(key).map(|(key, _)| key),
            _ => None,
        }
        .map_or_else(|| self.config.objects.keys().filter(is_member).collect(), |key| vec![key]);
        let kept_from = members.iter().filter_map(|key| self.config.kept_from(key)).max();
        let mut wanted: BTreeMap<String, Vec<Statement>> = BTreeMap::new();
        for statement in replayed(&self.config, &members, group) {
            wanted.entry(statement.key.clone()).or_default().push(statement);
        }
        for (key, mut wanted) in wanted {
            wanted.sort_by(|a, b| (a.occurred.from, &a.id).cmp(&(b.occurred.from, &b.id)));
            let known_from = kept_from.max(self.config.known_from(&key));
            self.state_again(&key, &wanted, known_from);
            if matches!(group, Group::Policy(_) | Group::Org | Group::Authenticators) {
                self.stated_last(&key, &wanted);
            }
        }
    }

    /// What the next statement of several objects together is compared with.
    fn stated_last(&mut self, key: &str, wanted: &[Statement]) {
        let last = self.config.said.get(key).and_then(|said| said.last());
        if let (Some(last), Some(wanted)) = (last, wanted.last()) {
            let count = self.config.stated.get(key).map_or(0, |stated| stated.count);
            let digest = content_digest(&wanted.data);
            let stated = Stated { occurred: last.occurred, count, digest };
            self.config.stated.insert(key.to_owned(), stated);
        }
    }

    /// Records of what is stated of one thing, as far as it was not stated like this.
    fn state_again(&mut self, key: &str, wanted: &[Statement], kept_from: Option<Time>) {
        let said = self.config.said.get(key).map_or(&[] as &[_], Vec::as_slice);
        let as_said: Vec<_> = said
            .iter()
            .map(|s| restate::Statement::of(s.occurred, &s.digest, &s.content))
            .collect();
        let as_wanted: Vec<_> = wanted
            .iter()
            .map(|s| restate::Statement::of(s.occurred, &s.digest, &s.content))
            .collect();
        let count = self.config.said_count(key);
        let additions = restate::additions(&as_said, &as_wanted, kept_from);
        for (n, (occurred, which)) in additions.into_iter().enumerate() {
            let data = &wanted[which].data;
            let Some((_, _, kind)) = subject(data) else { continue };
            let id = again_id(key, occurred.from, count + n);
            let finding = json!({"state": data.to_value().unwrap_or_default(),
                "of": wanted[which].id, "late_look": stamp(self.glance.at.from)});
            let facts = vec![fact(data.clone())];
            let draft = draft::of_finding(kind, (&id, occurred), facts, &finding);
            self.config.said_by(&draft);
            self.drafts.push(draft);
        }
    }
}

/// What would have been stated, had every state of these objects been looked at in its time.
fn replayed(config: &Config, keys: &[&String], group: &Group) -> Vec<Statement> {
    let mut events: BTreeMap<(Time, bool), Vec<(&str, &Seen)>> = BTreeMap::new();
    for key in keys {
        let mut before: Option<(&Seen, Time)> = None;
        for seen in config.states(key) {
            let time = seen.counts_from(before.map(|(seen, _)| seen));
            let time = before.map_or(time, |(_, before)| before.max(time));
            // Applications are added to policies as these are.
            let is_app = matches!(seen.body, Body::App { .. });
            events.entry((time, is_app)).or_default().push((key, seen));
            before = Some((seen, time));
        }
    }
    let glance = |at, answers_change| Glance { at, answers_change, as_updated: true };
    let mut run = Run::new(Config::default(), glance(Occurred::at(Time::MIN), false));
    for ((time, _), seen) in events {
        for (key, seen) in seen {
            run.glance = glance(seen.first(), seen.answered);
            run.seen_again(key, seen, time);
        }
        run.state_together();
        run.state_applications();
    }
    run.state_rest();
    let statements = run.drafts.iter().flat_map(|draft| {
        draft.facts.iter().filter_map(|fact| {
            let (of, key, _) = subject(&fact.data)?;
            let occurred = fact.occurred.unwrap_or(draft.occurred);
            let (digest, content) = facts::digests(&fact.data, occurred);
            let (id, data) = (draft.source_id.as_str().to_owned(), fact.data.clone());
            (of == *group).then_some(Statement { key, occurred, id, digest, content, data })
        })
    });
    statements.collect()
}

impl Run {
    fn seen_again(&mut self, key: &str, seen: &Seen, time: Time) {
        if seen.gone {
            self.remove(key, seen.first());
        } else {
            let state = State {
                key: key.to_owned(),
                updated: (!seen.undated).then_some(seen.stamp),
                created: seen.created,
                name: seen.name.clone(),
                named: seen.named,
                joint: seen.joint && time == seen.stamp,
                body: seen.body.clone(),
            };
            if let Some(change) = self.config.change(&state, self.glance) {
                let mut record = draft::empty("state", &change.source_id, change.occurred);
                record.facts = facts::of_object(&state, &change);
                self.push(record);
                self.touch(key, &change);
            }
        }
        if let Some(known) = self.config.objects.get_mut(key) {
            known.seen = known.seen.max(seen.seen);
        }
    }

    /// Whether a change is one of before others that were stated, so that it is stated between
    /// them.
    pub(super) fn comes_between(&self, group: &Group, key: &str, change: &Change) -> bool {
        let by = change.occurred.latest();
        let is_later =
            |said: &Said| said.occurred.from > change.occurred.from || said.occurred.latest() > by;
        match group {
            Group::Object(_) | Group::ClaimSourcing => false,
            Group::Policy(_) | Group::Org | Group::Authenticators if change.before.is_some() => {
                let said = group.said(&self.config);
                said.into_iter().flatten().any(is_later)
            }
            Group::Org | Group::Authenticators => false,
            Group::Policy(id) => {
                let policy = format!("policy:{id}");
                let known = self.config.said.contains_key(&policy);
                known
                    && (key == policy
                        || group.said(&self.config).into_iter().flatten().any(is_later))
                    || self.config.past.contains_key(&policy)
            }
        }
    }
}

impl Seen {
    /// The time that puts a state after others of other objects: by then it was so.
    fn counts_from(&self, before: Option<&Self>) -> Time {
        match (before, &self.body) {
            // Its first status is taken to be that of before, as far as rules reach back.
            (None, Body::Policy { .. }) if !self.gone => Time::MIN,
            (None, Body::App { .. }) => self.first().from,
            _ if self.gone || self.undated => self.first().from,
            (Some(before), _) if before.gone || self.stamp <= before.stamp => self.first().from,
            _ => self.stamp,
        }
    }
}
