//! What is no longer kept of former states and statements, so that a look stays within its size
//! however often a configuration changes. Of a time of which it is no longer known what was in
//! force nothing is stated any more: what was stated stays.

use super::{
    look::{Config, Forgotten, Seen},
    revise::of_state,
};
use claimledger_facts::time::Time;
use std::collections::BTreeSet;

/// How much is kept.
struct Bound {
    /// Of each object, states before the last.
    states: usize,
    /// Of each thing, statements.
    said: usize,
    /// Of each list, times.
    times: usize,
}

/// Maximum number of former states that are kept of one object.
const MAX_STATES: usize = 24;

/// The bounds, each taken where a look does not fit by the one before it.
const BOUNDS: &[Bound] = &[
    Bound { states: MAX_STATES, said: 1024, times: 32 },
    Bound { states: 12, said: 256, times: 16 },
    Bound { states: 6, said: 64, times: 8 },
    Bound { states: 2, said: 16, times: 2 },
    Bound { states: 0, said: 4, times: 1 },
];

impl Config {
    /// The stored form, in at most `max_bytes` unless the objects alone have more: the oldest
    /// states and statements are left out then.
    pub(super) fn write_within(&mut self, max_bytes: usize) -> Vec<u8> {
        let mut content = Vec::new();
        for bound in BOUNDS {
            self.keep_within(bound);
            content = self.write();
            if content.len() <= max_bytes {
                break;
            }
        }
        content
    }

    /// Keeps a state that is no longer the last.
    pub(super) fn keep_before(&mut self, key: &str, before: Seen) {
        self.past.entry(key.to_owned()).or_default().states.push(before);
        self.shorten(key, MAX_STATES);
    }

    /// The time from which on it is known what was in force; none: all of it is.
    pub(super) fn known_from(&self, key: &str) -> Option<Time> {
        self.forgotten.get(key).map(|forgotten| forgotten.before)
    }

    /// How many statements there were of a thing.
    pub(super) fn said_count(&self, key: &str) -> usize {
        let forgotten = self.forgotten.get(key).map_or(0, |forgotten| forgotten.count);
        forgotten + self.said.get(key).map_or(0, Vec::len)
    }

    fn keep_within(&mut self, bound: &Bound) {
        let keys: Vec<String> = self.past.keys().cloned().collect();
        for key in keys {
            self.shorten(&key, bound.states);
        }
        let long = self.said.iter().filter(|(_, said)| said.len() > bound.said);
        // Half of them, so that it is not done again at the next one.
        let long = long.map(|(key, said)| {
            (key.clone(), said[said.len() - (bound.said / 2).max(1)].occurred.latest())
        });
        for (key, before) in long.collect::<Vec<_>>() {
            self.forget(&key, before);
        }
        for times in self.lists.values_mut() {
            times.drain(..times.len().saturating_sub(bound.times));
        }
    }

    /// Leaves out the oldest states of an object.
    fn shorten(&mut self, key: &str, most: usize) {
        let Some(past) = self.past.get_mut(key).filter(|past| past.states.len() > most) else {
            return;
        };
        let excess = past.states.len() - most;
        let dropped: Vec<Seen> = past.states.drain(..excess).collect();
        past.shortened = true;
        let Some(from) = self.kept_from(key) else { return };
        let groups: BTreeSet<_> = dropped.iter().flat_map(|seen| of_state(key, seen)).collect();
        for group in groups {
            for key in group.keys(self) {
                self.forget(&key, from);
            }
        }
    }

    /// Leaves out the statements that say nothing of a time from `before` on: those that one
    /// replaced that was in force by then.
    fn forget(&mut self, key: &str, before: Time) {
        let Some(said) = self.said.get_mut(key) else { return };
        let replaced = said.iter().rposition(|said| said.occurred.latest() <= before).unwrap_or(0);
        said.drain(..replaced);
        let known = Forgotten { before, count: 0 };
        let forgotten = self.forgotten.entry(key.to_owned()).or_insert(known);
        forgotten.before = forgotten.before.max(before);
        forgotten.count += replaced;
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Looks, look::Said},
        Bound, Config,
    };
    use crate::{Dialect, Look, Reader as _, SourceSettings};
    use claimledger_facts::{
        draft::Draft,
        fact::FactData,
        time::{Occurred, Time, in_force},
    };
    use serde_json::{Value, json};

    fn stamp(minute: u32) -> String {
        format!("2026-03-10T{:02}:{:02}:00.000Z", minute / 60, minute % 60)
    }

    fn at(minute: u32) -> Time {
        Time::parse(&stamp(minute)).unwrap()
    }

    fn idps(minute: u32, since: u32, trust: bool) -> Value {
        let idp = |n: u32| {
            json!({"id": format!("0oa{n}"), "type": "SAML2", "name": "Partner",
            "status": "ACTIVE", "lastUpdated": stamp(since), "protocol": {"type": "SAML2",
            "credentials": {"trust": {"issuer": "urn:partner"}}}, "policy": {"trustClaims": trust}})
        };
        json!({"looked_at": stamp(minute), "path": "/api/v1/idps", "body": [idp(1), idp(2)]})
    }

    fn read(look: &mut Option<Look>, value: &Value, max_bytes: usize) -> Vec<Draft> {
        let settings = SourceSettings::of(Dialect::OktaConfig);
        let mut looks = Box::new(Looks::new(&settings, look.as_ref(), max_bytes));
        let drafts = looks.read(value.to_string().as_bytes()).unwrap();
        let rest = looks.finish();
        assert_eq!(rest.drafts, []);
        *look = rest.look;
        drafts
    }

    /// Which trust can be in force of an IdP.
    fn trust(drafts: &[Draft], minute: u32) -> Vec<Option<bool>> {
        let mut stated: Vec<(Occurred, &str, bool)> = Vec::new();
        for draft in drafts {
            stated.extend(draft.facts.iter().filter_map(|fact| match &fact.data {
                FactData::IdpConfigured(data) if data.idp.as_str() == "0oa1" => {
                    let occurred = fact.occurred.unwrap_or(draft.occurred);
                    Some((occurred, draft.source_id.as_str(), data.trust_claims))
                }
                _ => None,
            }));
        }
        stated.sort_by_key(|(occurred, id, _)| (occurred.from, *id));
        let latest_first = stated.into_iter().rev().map(|(occurred, _, trust)| (occurred, trust));
        let mut options = in_force(latest_first, Occurred::at(at(minute)));
        options.dedup();
        options
    }

    /// A look that does not fit is made smaller, and no answer is another one for it: of what is no
    /// longer known, late looks state nothing.
    #[test]
    fn what_is_forgotten_is_counted_and_from_when_on_it_is_known_stays() {
        let said = |minute| Said {
            occurred: Occurred::at(at(minute)),
            id: minute.to_string(),
            digest: String::new(),
            content: None,
        };
        let mut config = Config::default();
        config.said.insert("k".to_owned(), (0..8).map(said).collect());
        for _ in 0..2 {
            config.keep_within(&Bound { states: 0, said: 4, times: 1 });
            assert_eq!(config.said["k"], [said(6), said(7)]);
            assert_eq!((config.said_count("k"), config.known_from("k")), (8, Some(at(6))));
        }
    }

    #[test]
    fn a_look_that_does_not_fit_is_shortened_and_late_looks_state_what_is_known_still() {
        const BYTES: usize = 3_000;
        let (mut bounded, mut whole) = (None, None);
        let mut all = Vec::new();
        for n in 0..12 {
            let value = idps(n * 60, n * 60, n % 2 == 0);
            all.extend(read(&mut bounded, &value, BYTES));
            read(&mut whole, &value, usize::MAX);
            assert!(bounded.as_ref().unwrap().content.len() <= BYTES);
        }
        assert!(whole.unwrap().content.len() > 2 * BYTES, "it would be longer");
        let before: Vec<_> = (0..720).map(|minute| trust(&all, minute)).collect();
        assert_eq!(before[61], [Some(true), Some(false)]);
        assert_eq!(before[630], [Some(false), Some(true)]);
        // Trust went on and off again in the second hour, and off in the last one already.
        for (minute, since, trust) in [(90, 80, true), (630, 620, false)] {
            let late = read(&mut bounded, &idps(minute, since, trust), BYTES);
            assert!(!late.is_empty(), "it is recorded");
            assert!(bounded.as_ref().unwrap().content.len() <= BYTES);
            all.extend(late);
        }
        let after: Vec<_> = (0..720).map(|minute| trust(&all, minute)).collect();
        assert_eq!(after[..600], before[..600], "what was stated of a time that is not kept stays");
        assert_eq!(after[630], [Some(false)], "what is kept is known better");
    }
}
