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

mod assurance;
mod authenticator;
mod change;
mod draft;
mod duration;
mod envelope;
mod facts;
mod feature;
mod idp;
mod look;
mod methods;
mod place;
mod policy;
mod redact;
mod rule;
mod shape;
mod snapshot;

pub(crate) use idp::IdpSetting;

use crate::{Look, SourceSettings, Translation, Translator};
use change::{Change, Glance, State};
use claimledger_facts::{
    canonical,
    draft::Draft,
    refusal::{Refusal, RefusalCode},
    time::Time,
    vocabulary::Note,
};
use envelope::{Item, Received};
use look::{Body, Config, RuleContent, digest, stamp};
use serde_json::json;
use shape::{Kind, Shape};
use snapshot::Touched;
use std::collections::BTreeSet;

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
        let received = envelope::read(bytes)?;
        let mut found = Vec::with_capacity(received.items.len());
        for item in &received.items {
            found.push(Found::of(item, &received, settings)?);
        }
        let latest = found.iter().filter_map(|found| found.state.updated).max();
        let at = received.looked_at.or(latest).ok_or_else(undated)?;
        // In the order of their times, so that what several objects state together grows as it did.
        found.sort_by(|a, b| (a.stamp(at), &a.state.key).cmp(&(b.stamp(at), &b.state.key)));
        let config = previous.map(|look| Config::read(&look.content)).unwrap_or_default();
        let glance = Glance { at, answers_change: received.answers_change };
        let mut run = Run { config, glance, drafts: Vec::new(), touched: Touched::default() };
        let listed: BTreeSet<String> = found.iter().map(|found| found.state.key.clone()).collect();
        let mut time = None;
        for found in found {
            let stamp = found.stamp(at);
            if time.replace(stamp).is_some_and(|before| before != stamp) {
                run.state_together();
            }
            run.object(found);
        }
        run.state_together();
        if received.is_whole {
            run.missing(&received, &listed);
        }
        run.state_applications();
        let at = previous.map_or(at, |look| look.at.max(at));
        let look = Look { at, content: run.config.write() };
        Ok(Translation { drafts: run.drafts, look: Some(look) })
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
    state: State,
    created: Option<Time>,
    /// Methods embedded in an authenticator.
    embedded: Vec<State>,
}

impl<'r> Found<'r> {
    fn of(item: &'r Item, received: &Received, settings: &SourceSettings) -> Result<Self, Refusal> {
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
                    name: None,
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
            name: shape.name().filter(|_| shape.id.is_some()),
            body: shape.body(settings),
        };
        Ok(Self { item, kind: shape.kind, state, created, embedded })
    }

    fn stamp(&self, at: Time) -> Time {
        self.state.updated.unwrap_or(at)
    }

    /// The id, as other facts name it.
    fn id(&self) -> &str {
        self.state.key.split_once(':').map_or(&self.state.key, |(_, id)| id)
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
    touched: Touched,
}

impl Run {
    /// One object: a record, if it is new.
    fn object(&mut self, found: Found<'_>) {
        if let Some(change) = self.config.change(&found.state, self.glance) {
            let ids = (change.source_id.as_str(), change.occurred);
            let members = found.item.members.clone();
            let mut draft =
                draft::of_state(found.kind, &found.state, members, &found.item.bytes, ids);
            draft.facts = facts::of_object(&found, &change);
            if !found.is_read() {
                draft.notes.push(Note::NotUnderstood);
            }
            self.drafts.push(draft);
            self.touch(&found.state.key, &change);
        }
        for method in &found.embedded {
            // They are in the record of their authenticator.
            if let Some(change) = self.config.change(method, self.glance) {
                self.touch(&method.key, &change);
            }
        }
    }

    fn touch(&mut self, key: &str, change: &Change) {
        if !change.stale {
            let now = self.config.objects.get(key).filter(|seen| !seen.gone);
            self.touched.add(key, change, now);
        }
    }

    /// Records of what a whole list lacks.
    fn missing(&mut self, received: &Received, listed: &BTreeSet<String>) {
        let gone: Vec<String> = self
            .config
            .present()
            .filter(|(key, seen)| received.place.lists(key, seen))
            .map(|(key, _)| key.to_owned())
            .filter(|key| !listed.contains(key))
            .collect();
        for key in gone {
            let Some(change) = self.config.remove(&key, self.glance.at) else { continue };
            let Some(before) = &change.before else { continue };
            let (kind, id) = key.split_once(':').unwrap_or((&key, ""));
            let finding = json!({"missing": id, "kind": kind,
                "looked_at": stamp(self.glance.at), "last_seen": stamp(before.seen)});
            let facts = facts::of_missing(id, before, &stamp(self.glance.at));
            let ids = (change.source_id.as_str(), change.occurred);
            self.drafts.push(draft::of_finding(kind, ids, facts, &finding));
            self.touch(&key, &change);
        }
        self.state_together();
    }
}
