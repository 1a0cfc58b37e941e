//! Okta's configuration: identity providers, policies, rules, authenticators, features, keys and
//! applications, as the API answers with them.
//!
//! The System Log does not carry the trust switch, nor what a rule asks for. So the configuration
//! is looked at again and again, and what changed between two looks is stated with the time that
//! this leaves open. A look keeps the whole configuration seen so far: rules are stated with their
//! policy, which is another object, and a list shows what is missing.
//!
//! | file | what it decides |
//! | --- | --- |
//! | [`envelope`], [`place`] | what was received, and from where |
//! | [`shape`] | which object it is |
//! | [`change`], [`look`] | what is new, and since when |
//! | [`idp`], [`policy`], [`rule`], [`assurance`], [`authenticator`], [`feature`] | what it states |
//! | [`methods`], [`duration`] | words of Okta's policies |
//! | [`redact`] | which secrets are not kept |
//! | [`facts`] | what an object states alone |
//! | [`snapshot`] | what several objects state together |
//! | [`steps`] | how often one list states a policy |
//! | [`past`] | where the state of a look belongs that comes after a later one |
//! | [`bound`] | what is no longer kept |
//! | [`revise`], [`restate`] | what such a look changes of what was stated |

mod assurance;
mod authenticator;
mod bound;
mod change;
mod draft;
mod duration;
mod envelope;
mod facts;
mod feature;
mod idp;
mod look;
mod methods;
mod past;
mod place;
mod policy;
mod redact;
mod restate;
mod revise;
mod rule;
mod shape;
mod snapshot;
mod steps;

pub(crate) use idp::IdpSetting;

use crate::{Look, Reader, SourceSettings, Translation, Translator};
use change::{Change, Glance, State};
use claimledger_facts::{
    canonical,
    draft::Draft,
    refusal::{Refusal, RefusalCode},
    time::{Occurred, Time},
    vocabulary::Note,
};
use envelope::{Item, Received};
use look::{Body, Config, RuleContent, Seen, digest, stamp};
use revise::Group;
use serde_json::json;
use shape::{Kind, Shape};
use snapshot::Touched;
use std::collections::BTreeSet;

/// Maximum bytes of what is kept of an org between two looks, unless its objects alone have more.
pub const MAX_LOOK_BYTES: usize = 15 * 1024 * 1024;

/// The translator of configuration objects.
pub(crate) struct Configuration;

impl Translator for Configuration {
    fn keeps_looks(&self) -> bool {
        true
    }

    fn translate(
        &self,
        settings: &SourceSettings,
        previous: Option<&Look>,
        bytes: &[u8],
    ) -> Result<Translation, Refusal> {
        let mut looks = self.reader(settings, previous);
        let mut drafts = looks.read(bytes)?;
        let rest = looks.finish();
        drafts.extend(rest.drafts);
        Ok(Translation { drafts, look: rest.look })
    }

    fn reader<'r>(
        &'r self,
        settings: &'r SourceSettings,
        previous: Option<&Look>,
    ) -> Box<dyn Reader + 'r> {
        Box::new(Looks::new(settings, previous, MAX_LOOK_BYTES))
    }
}

/// Values of one source, in a row.
struct Looks<'s> {
    settings: &'s SourceSettings,
    run: Run,
    /// The latest time of a look; none: nothing was looked at yet.
    at: Option<Time>,
    is_read: bool,
    /// The orgs that were named, once each.
    orgs: Vec<String>,
    max_bytes: usize,
}

impl<'s> Looks<'s> {
    fn new(settings: &'s SourceSettings, previous: Option<&Look>, max_bytes: usize) -> Self {
        let config = previous.map(|look| Config::read(&look.content)).unwrap_or_default();
        let glance =
            Glance { at: Occurred::at(Time::MIN), answers_change: false, as_updated: true };
        let at = previous.map(|look| look.at);
        let run = Run::new(config, glance);
        Self { settings, run, at, is_read: false, orgs: Vec::new(), max_bytes }
    }
}

impl Reader for Looks<'_> {
    fn read(&mut self, bytes: &[u8]) -> Result<Vec<Draft>, Refusal> {
        let received = envelope::read(bytes)?;
        let mut found = Vec::with_capacity(received.items.len());
        for item in &received.items {
            found.push(Found::of(item, &received, self.settings)?);
        }
        let latest = found.iter().filter_map(|found| found.state.updated).max();
        let glanced = received.looked_at.or(latest.map(Occurred::at)).ok_or_else(undated)?;
        let at = glanced.from;
        // In the order of their times, so that what several objects state together grows as it did.
        found.sort_by(|a, b| (a.stamp(at), &a.state.key).cmp(&(b.stamp(at), &b.state.key)));
        // Nothing is refused from here on.
        for org in found.iter().filter_map(Found::org) {
            if !self.orgs.contains(org) {
                self.orgs.push(org.clone());
            }
        }
        let as_updated = received.looked_at.is_none();
        let run = &mut self.run;
        if !as_updated {
            run.state_rest();
        }
        run.glance = Glance { at: glanced, answers_change: received.answers_change, as_updated };
        let states = found.iter_mut().map(|found| &mut found.state).collect();
        run.config.mark_joint(states, run.glance);
        let keys = found.iter().flat_map(|found| [Some(&found.state.key), found.flawed.as_ref()]);
        let listed: BTreeSet<String> = keys.flatten().cloned().collect();
        let is_flawed = received.items.iter().any(|item| item.flaw.is_some());
        // Of an object that does not say which it is nobody knows that it is not missing.
        let is_told = |found: &Found<'_>| found.item.flaw.is_none() || found.flawed.is_some();
        let is_whole = received.is_whole && found.iter().all(is_told);
        let mut time = None;
        for found in found {
            let stamp = found.stamp(at);
            if time.replace(stamp).is_some_and(|before| before != stamp) {
                run.state_together();
            }
            run.object(found);
        }
        run.state_together();
        // Of objects in a row that nobody dated, more may follow.
        if !as_updated {
            run.state_rest();
        }
        if is_whole {
            run.missing(&received, &listed, is_flawed);
        }
        // Of many applications in a row, a policy is stated once.
        if !(as_updated && run.touched.only_new_applications()) {
            run.state_applications();
        }
        run.revise();
        if !as_updated {
            run.config.newest = run.config.newest.max(Some(at));
        }
        self.at = self.at.max(Some(at));
        self.is_read = true;
        Ok(draft::saved_between(std::mem::take(&mut run.drafts)))
    }

    fn unchanged(&self) -> u64 {
        self.run.unchanged
    }

    fn orgs(&self) -> &[String] {
        &self.orgs
    }

    fn finish(mut self: Box<Self>) -> Translation {
        self.run.state_rest();
        self.run.state_applications();
        self.run.state_listed_policies();
        let at = self.at.filter(|_| self.is_read);
        let content = at.map(|at| (at, self.run.config.write_within(self.max_bytes)));
        let look = content.map(|(at, content)| Look { at, content });
        Translation { drafts: draft::saved_between(self.run.drafts), look }
    }
}

fn undated() -> Refusal {
    Refusal::field(
        RefusalCode::MissingField,
        "looked_at",
        "the time of the look, in an envelope: {\"looked_at\": …, \"path\": …, \"body\": …}",
        "the object has no lastUpdated, so nothing says since when it is like this",
    )
}

/// An object of the value.
struct Found<'r> {
    item: &'r Item,
    kind: Kind,
    /// As the API has it.
    id: Option<String>,
    state: State,
    /// Methods embedded in an authenticator.
    embedded: Vec<State>,
    /// The key of an object that is no strict JSON: what is known of it stays as it is.
    flawed: Option<String>,
}

impl<'r> Found<'r> {
    fn of(item: &'r Item, received: &Received, settings: &SourceSettings) -> Result<Self, Refusal> {
        if let Some(flaw) = &item.flaw {
            return Self::flawed(item, received, flaw);
        }
        let shape = Shape::of(&item.members, &received.place, &item.field)?;
        let created = shape.text("created").and_then(|text| Time::parse(text).ok());
        // What a call sends to create an object has no id yet: it is kept by its content.
        let own = shape.id.clone();
        let content = || digest(&canonical::object_to_vec(&item.members));
        let id = own.unwrap_or_else(|| format!("without_id:{}", content()));
        let embedded = match shape.kind {
            Kind::Authenticator => authenticator::embedded(&shape)
                .map(|(method, status)| State {
                    key: format!("{}:{id}/{method}", Kind::AuthenticatorMethod.word()),
                    updated: None,
                    created: None,
                    name: None,
                    named: None,
                    joint: false,
                    body: Body::Method {
                        authenticator: id.clone(),
                        method: method.to_owned(),
                        status,
                    },
                })
                .collect(),
            _ => Vec::new(),
        };
        let state = State {
            key: format!("{}:{id}", shape.kind.word()),
            updated: shape.updated,
            created,
            name: shape.name().filter(|_| shape.id.is_some()),
            named: shape.kind.named(),
            joint: false,
            body: shape.body(settings),
        };
        let id = shape.id.clone();
        Ok(Self { item, kind: shape.kind, id, state, embedded, flawed: None })
    }

    /// An object that is no strict JSON: kept by its content, not read, and what is known of it
    /// stays as it is, as if it had not been looked at. What several objects state together would
    /// say too much without one of them, so their list is refused.
    fn flawed(item: &'r Item, received: &Received, flaw: &Refusal) -> Result<Self, Refusal> {
        let shape = Shape::of(&item.members, &received.place, &item.field).ok();
        let kind = shape.as_ref().map_or(Kind::Other, |shape| shape.kind);
        if kind.is_part() || received.place.lists_parts() {
            return Err(flaw.clone());
        }
        let id = shape.and_then(|shape| shape.id).filter(|id| !id.contains('\u{fffd}'));
        let content = digest(&canonical::object_to_vec(&item.members));
        let state = State {
            key: format!("{}:unreadable:{content}", kind.word()),
            updated: None,
            created: None,
            name: None,
            named: None,
            joint: false,
            body: Body::Unread,
        };
        let flawed = id.as_ref().map(|id| format!("{}:{id}", kind.word()));
        Ok(Self { item, kind, id, state, embedded: Vec::new(), flawed })
    }

    fn stamp(&self, at: Time) -> Time {
        self.state.updated.unwrap_or(at)
    }

    /// The org that it describes.
    fn org(&self) -> Option<&String> {
        self.id.as_ref().filter(|_| self.kind == Kind::Org)
    }

    /// Whether facts state what it says.
    fn is_read(&self) -> bool {
        match &self.state.body {
            Body::Unread => false,
            Body::Policy { kind, .. } => policy::is_stated(kind),
            // Without its policy nothing says where a rule belongs.
            Body::Rule { policy, content: RuleContent::Policy { .. } } => policy.is_some(),
            Body::Rule { content, .. } => *content != RuleContent::Unread,
            _ => true,
        }
    }
}

/// The translation of one value.
struct Run {
    config: Config,
    glance: Glance,
    drafts: Vec<Draft>,
    /// Objects that are as they were known to be.
    unchanged: u64,
    touched: Touched,
    /// Groups of statements that a late look may change.
    late: BTreeSet<Group>,
}

impl Run {
    fn new(config: Config, glance: Glance) -> Self {
        let (drafts, touched, late) = (Vec::new(), Touched::default(), BTreeSet::new());
        Self { config, glance, drafts, unchanged: 0, touched, late }
    }

    /// One object: a record, if it is new.
    fn object(&mut self, found: Found<'_>) {
        let record = |source_id: &str, occurred| {
            let (members, bytes) = (found.item.members.clone(), &found.item.bytes);
            let ids = (source_id, occurred);
            let flawed = found.item.flaw.as_ref().and_then(|flaw| flaw.field.clone());
            let wrong = match found.kind {
                _ if flawed.is_some() => flawed.into_iter().collect(),
                Kind::Rule | Kind::RoutingRule => rule::wrong(&members, &found.state.body),
                _ => Vec::new(),
            };
            let mut draft = draft::of_state(found.kind, &found.state, members, bytes, ids);
            draft.correlation = draft::named(found.id.as_deref());
            let is_wrong = !wrong.is_empty();
            draft.unknown_fields = wrong;
            if is_wrong || !found.is_read() {
                draft.notes.push(Note::NotUnderstood);
            }
            draft
        };
        if self.config.is_late(&found.state, self.glance) {
            if let Some(source_id) = self.insert(&found.state) {
                let occurred = Occurred::at(found.stamp(self.glance.at.from));
                self.push(record(&source_id, occurred));
            } else {
                self.unchanged += 1;
            }
        } else if let Some(change) = self.config.change(&found.state, self.glance) {
            let mut draft = record(&change.source_id, change.occurred);
            draft.notes.extend(change.contradicts.then_some(Note::ClocksContradict));
            draft.facts = facts::of_object(&found.state, &change);
            self.push(draft);
            self.touch(&found.state.key, &change);
        } else {
            self.unchanged += 1;
        }
        for method in &found.embedded {
            // They are in the record of their authenticator.
            if self.config.is_late(method, self.glance) {
                self.insert(method);
            } else if let Some(change) = self.config.change(method, self.glance) {
                self.touch(&method.key, &change);
            }
        }
    }

    fn insert(&mut self, state: &State) -> Option<String> {
        let inserted = self.config.insert(state, self.glance);
        // To go through all states of a group again takes long, and the same ones say the same.
        if inserted.is_told {
            self.late.extend(revise::groups_of(&self.config, &state.key));
        }
        inserted.source_id
    }

    /// Adds a record, and keeps what it states.
    fn push(&mut self, draft: Draft) {
        for (group, in_order) in self.config.said_by(&draft) {
            // What several objects state together is put in order where it is stated.
            if !in_order && matches!(group, Group::Object(_) | Group::ClaimSourcing) {
                self.late.insert(group);
            }
        }
        self.drafts.push(draft);
    }

    fn touch(&mut self, key: &str, change: &Change) {
        let now = self.config.objects.get(key).filter(|seen| !seen.gone);
        self.touched.add(key, change, now);
        if self.glance.as_updated {
            return;
        }
        // A list of one time tells in which order its objects changed; several do not.
        for group in revise::groups_of(&self.config, key) {
            if self.comes_between(&group, key, change) {
                self.late.insert(group);
            }
        }
    }

    /// Records of what a whole list lacks. `is_flawed`: it has objects that cannot be read, which a
    /// later look may tell.
    fn missing(&mut self, received: &Received, listed: &BTreeSet<String>, is_flawed: bool) {
        let at = self.glance.at;
        let lacked = |(key, seen): &(&String, &Seen)| {
            !listed.contains(*key) && received.place.lists(key, seen)
        };
        let lacked: Vec<String> =
            self.config.objects.iter().filter(lacked).map(|(key, _)| key.clone()).collect();
        for key in lacked {
            let known = &self.config.objects[&key];
            let is_open = known.undated || known.gone;
            if at.from < known.first().from || at.from < known.seen.from && is_open {
                if self.config.insert_missing(&key, self.glance) {
                    self.late.extend(revise::groups_of(&self.config, &key));
                }
                continue;
            }
            self.remove(&key, at);
        }
        if let Some(path) = received.place.address().filter(|_| !is_flawed) {
            self.config.listed(path, at);
        }
        self.state_together();
    }

    fn remove(&mut self, key: &str, at: Occurred) {
        let Some(change) = self.config.remove(key, at) else { return };
        let Some(before) = &change.before else { return };
        let (kind, id) = key.split_once(':').unwrap_or((key, ""));
        let finding = json!({"missing": id, "kind": kind,
            "looked_at": stamp(at.from), "last_seen": stamp(before.seen.from)});
        let facts = facts::of_missing(id, before, &stamp(at.from));
        let ids = (change.source_id.as_str(), change.occurred);
        self.push(draft::of_finding(kind, ids, facts, &finding));
        self.touch(key, &change);
    }
}
