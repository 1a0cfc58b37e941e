//! Whole looks in every order of arrival: what is in force, and what of it may have been anything
//! meanwhile because it was saved, is what the order of time gives. For every kind of object that
//! looks state.
//!
//! A statement cannot be revoked, so two things stay open that the order of time closes: what was
//! so while the request of a look was under way, and that a key or a route was not there yet.

use super::{Org, with};
use claimledger_facts::{
    draft::Draft,
    fact::FactData,
    time::{Occurred, Time},
    vocabulary::Note,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Saves of one object, each with its second and what the object is from then on.
type Saves = Vec<(u32, u8)>;

/// What a list of the API is at a second.
type Listed = fn(u32, &[Saves]) -> Value;

/// The lists that one look asks for, in order.
const IDPS: &[(&str, Listed)] = &[("/api/v1/idps", idps)];
const ORG: &[(&str, Listed)] =
    &[("/.well-known/okta-organization", organisation), ("/api/v1/features", features)];
const AUTHENTICATORS: &[(&str, Listed)] = &[
    ("/api/v1/authenticators", authenticators),
    ("/api/v1/authenticators/aut1/methods", |at, saves| methods(at, &saves[1])),
];
const POLICIES: &[(&str, Listed)] = &[
    ("/api/v1/policies?type=ACCESS_POLICY", |at, saves| policies("ACCESS_POLICY", at, saves)),
    ("/api/v1/policies/p/rules", |at, saves| rules(at, saves, sign_in)),
];
const CLAIM_SOURCING: &[(&str, Listed)] = &[
    ("/api/v1/policies?type=IDENTITY_CLAIM_SOURCING", |_, _| {
        policies("IDENTITY_CLAIM_SOURCING", 0, &[vec![], vec![], vec![]])
    }),
    ("/api/v1/policies/p/rules", |at, saves| rules(at, &saves[..1], sourcing)),
];
const ROUTING: &[(&str, Listed)] = &[
    ("/api/v1/policies?type=IDP_DISCOVERY", |_, _| {
        policies("IDP_DISCOVERY", 0, &[vec![], vec![], vec![]])
    }),
    ("/api/v1/policies/p/rules", |at, saves| rules(at, saves, routing)),
];

fn stamp(second: u32) -> String {
    format!("2026-03-10T{:02}:{:02}:{:02}.000Z", second / 3600, second / 60 % 60, second % 60)
}

/// The last save by a second: when, and what the object is since.
fn last(at: u32, saves: &Saves) -> (String, u8) {
    let last = saves.iter().rev().find(|(second, _)| *second <= at).unwrap_or(&(0, 0));
    (stamp(last.0), last.1)
}

fn status(variant: u8) -> &'static str {
    if variant.is_multiple_of(2) { "ACTIVE" } else { "INACTIVE" }
}

fn object(id: &str, kind: &str, updated: &str, variant: u8) -> Value {
    json!({"id": id, "type": kind, "name": id, "status": status(variant),
        "created": stamp(0), "lastUpdated": updated})
}

fn idps(at: u32, saves: &[Saves]) -> Value {
    let idps = ["0oa0", "0oa1"].iter().zip(saves).map(|(id, saves)| {
        let (updated, variant) = last(at, saves);
        let trust = json!({"issuer": "urn:x", "kid": format!("key-{}", variant % 3)});
        let protocol = json!({"type": "SAML2", "credentials": {"trust": trust}});
        let idp = object(id, "SAML2", &updated, 0);
        with(idp, json!({"protocol": protocol, "policy": {"trustClaims": variant % 2 == 0}}))
    });
    idps.collect()
}

fn organisation(at: u32, saves: &[Saves]) -> Value {
    let engine = if last(at, &saves[2]).1 == 0 { "v1" } else { "idx" };
    json!({"id": "00o1", "pipeline": engine})
}

fn features(at: u32, saves: &[Saves]) -> Value {
    let names = ["Okta-to-Okta Claims Sharing", "Third-party IdP claims sharing"];
    let features = names.iter().zip(saves).map(|(name, saves)| {
        let status = if last(at, saves).1.is_multiple_of(2) { "ENABLED" } else { "DISABLED" };
        json!({"id": name, "type": "self-service", "name": name, "status": status,
            "stage": {"value": "EA"}})
    });
    features.collect()
}

fn authenticators(at: u32, saves: &[Saves]) -> Value {
    let kinds = [("webauthn", "security_key"), ("phone_number", "phone"), ("other", "app")];
    let all = kinds.iter().zip(saves).enumerate().map(|(n, ((key, kind), saves))| {
        // The methods of the phone change, and the phone itself does not.
        let (updated, variant) = if n == 1 { (stamp(0), 0) } else { last(at, saves) };
        with(object(&format!("aut{n}"), kind, &updated, variant), json!({"key": key}))
    });
    all.collect()
}

fn methods(at: u32, saves: &Saves) -> Value {
    json!([{"type": "sms", "status": status(last(at, saves).1)},
        {"type": "voice", "status": "INACTIVE"}])
}

fn policies(kind: &str, at: u32, saves: &[Saves]) -> Value {
    let (updated, variant) = last(at, &saves[2]);
    let rules = json!({"rules": {"href": "https://acme.example/api/v1/policies/p/rules"}});
    json!([with(object("p", kind, &updated, variant), json!({"_links": rules}))])
}

fn rules(at: u32, saves: &[Saves], of: fn(u8) -> Value) -> Value {
    let rules = ["r0", "r1"].iter().zip(saves).map(|(id, saves)| {
        let (updated, variant) = last(at, saves);
        let address = format!("https://acme.example/api/v1/policies/p/rules/{id}");
        let members = json!({"priority": 1, "actions": of(variant),
            "_links": {"self": {"href": address}}});
        with(object(id, "RULE", &updated, 0), members)
    });
    rules.collect()
}

fn sign_in(variant: u8) -> Value {
    let mode = if variant.is_multiple_of(2) { "1FA" } else { "2FA" };
    json!({"appSignOn": {"access": "ALLOW",
        "verificationMethod": {"type": "ASSURANCE", "factorMode": mode}}})
}

fn sourcing(variant: u8) -> Value {
    let word = if variant.is_multiple_of(2) { "FIXED" } else { "NONE" };
    json!({"claimSourcing": {"refresh": {"redirectType": word}}})
}

fn routing(variant: u8) -> Value {
    json!({"idp": {"providers": [{"id": format!("0oa{}", variant % 2)}]}})
}

/// One look: when each list was asked for, and when its answer had come.
#[derive(Clone, Debug)]
struct Looked {
    from: u32,
    takes: u32,
}

impl Looked {
    /// The time of the request for a list.
    fn window(&self, nth: u32) -> std::ops::Range<Time> {
        let time = |nth: u32| Time::parse(&stamp(self.from + nth * self.takes)).unwrap();
        time(nth)..time(nth + 1)
    }

    fn values(&self, lists: &[(&str, Listed)], saves: &[Saves]) -> Vec<Value> {
        let asked = (0..).map(|n: u32| self.from + n * self.takes);
        let values = asked.zip(lists).map(|(from, (path, list))| {
            let body = list(from + self.takes / 2, saves);
            json!({"looked_at": stamp(from), "answered_at": stamp(from + self.takes),
                "path": path, "complete": body.is_array(), "body": body})
        });
        values.collect()
    }
}

/// What is stated of one thing, in the total order: when, what, and what of it was saved.
type Stated = BTreeMap<String, Vec<(Occurred, Vec<String>, Vec<String>)>>;

fn stated(drafts: &[Draft]) -> Stated {
    let all = drafts.iter().flat_map(|draft| draft.facts.iter().map(move |fact| (draft, fact)));
    let mut all: Vec<_> = all
        .map(|(draft, fact)| (fact.occurred.unwrap_or(draft.occurred), draft, &fact.data))
        .collect();
    all.sort_by_key(|(occurred, draft, _)| (occurred.from, draft.source_id.clone()));
    let mut stated = Stated::new();
    for (occurred, draft, data) in all {
        let mut content = data.to_value().unwrap();
        let id = |names: &[&str]| -> String {
            names.iter().map(|name| content[*name].as_str().unwrap_or_default()).collect()
        };
        let thing = match data {
            FactData::IdpConfigured(_) => format!("idp {}", id(&["idp"])),
            FactData::IdpKeyAdded(_) | FactData::IdpKeyRetired(_) => {
                format!("key {}", id(&["idp", "key"]))
            }
            FactData::RoutingRuleConfigured(_) => format!("routing {}", id(&["rule", "idp"])),
            FactData::AuthenticatorConfigured(_) => format!("method {}", id(&["method"])),
            FactData::AuthenticatorListed(_) => format!("listed {}", id(&["authenticator"])),
            FactData::ObjectNamed(_) => format!("name {}", id(&["kind", "object"])),
            // Of a policy with rules it says nothing.
            FactData::PolicyListed(_) => continue,
            other => format!("{} {}", other.type_name(), id(&["policy"])),
        };
        let saved = content.as_object_mut().unwrap().remove("saved");
        let is_alone =
            matches!(data, FactData::IdpConfigured(_) | FactData::ClaimSourcingConfigured(_));
        let noted = is_alone && draft.notes.contains(&Note::SavedSinceLastLook);
        let parts = match saved {
            Some(Value::Array(parts)) => parts.iter().map(Value::to_string).collect(),
            Some(Value::Object(parts)) => parts
                .iter()
                .flat_map(|(name, of)| match of.as_array() {
                    Some(list) => list.iter().map(|one| format!("{name} {one}")).collect(),
                    None => vec![format!("{name} {of}")],
                })
                .collect(),
            Some(other) => vec![other.to_string()],
            None if noted => vec!["it".to_owned()],
            None => Vec::new(),
        };
        // The members of a policy change one by one: answers read what they make in any mixture.
        let content = match content["rules"].as_array() {
            Some(rules) => {
                let rules = rules.iter().map(|rule| format!("{} {rule}", rule["rule"]));
                rules.chain([format!("status {}", content["status"])]).collect()
            }
            None => vec![format!("{} {content}", data.type_name())],
        };
        stated.entry(thing).or_default().push((occurred, content, parts));
    }
    stated
}

/// What can be in force of a thing at a time, and what of it may have been anything.
fn held(of: &[(Occurred, Vec<String>, Vec<String>)], at: Time) -> [BTreeSet<Option<&str>>; 2] {
    let (mut options, mut unseen) = (BTreeSet::new(), BTreeSet::new());
    for (occurred, content, saved) in of.iter().rev().filter(|(o, ..)| o.from <= at) {
        options.extend(content.iter().map(|member| Some(member.as_str())));
        if occurred.latest() <= at {
            return [options, unseen];
        }
        unseen.extend(saved.iter().map(|part| Some(part.as_str())));
    }
    options.insert(None);
    [options, unseen]
}

fn ends(stated: &Stated) -> BTreeSet<Time> {
    let all = stated.values().flatten();
    let ends = all.flat_map(|(occurred, ..)| [occurred.from, occurred.latest()]);
    ends.flat_map(|at| [-1, 0, 1].map(|by| Time::from_micros(at.micros() + by))).collect()
}

fn permutations(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let shorter = permutations(count - 1);
    let places = shorter.iter().flat_map(|order| (0..count).map(move |at| (order, at)));
    let with = places.map(|(order, at)| {
        let mut order = order.clone();
        order.insert(at, count - 1);
        order
    });
    with.collect()
}

fn is_the_same_in_any_order(lists: &[(&str, Listed)], saves: &[Saves], looks: &[Looked]) {
    let values: Vec<_> = looks.iter().map(|look| look.values(lists, saves)).collect();
    let read = |order: &[usize]| {
        let mut org = Org::new();
        let all = order.iter().flat_map(|look| &values[*look]);
        stated(&all.flat_map(|value| org.see(value)).collect::<Vec<_>>())
    };
    let asked = |at: Time| {
        let mut all = looks.iter().flat_map(|look| (0..).map(|n| look.window(n)).take(lists.len()));
        all.any(|window| window.contains(&at))
    };
    let mut orders = permutations(looks.len());
    orders.sort();
    let in_time = read(&orders[0]);
    for order in &orders[1..] {
        let found = read(order);
        let names = in_time.keys().chain(found.keys()).collect::<BTreeSet<_>>();
        let times: BTreeSet<Time> = ends(&in_time).union(&ends(&found)).copied().collect();
        for thing in names {
            let of = |stated: &Stated| stated.get(thing).cloned().unwrap_or_default();
            let (expected, found) = (of(&in_time), of(&found));
            for at in &times {
                let (is, should) = (held(&found, *at), held(&expected, *at));
                let place = format!("{thing} at {at} in the order {order:?}:\n{found:#?}");
                if asked(*at) || should[0].contains(&None) {
                    let keeps = |n: usize| is[n].is_superset(&should[n]);
                    assert!(keeps(0) && keeps(1), "{is:?} lacks some of {should:?}: {place}");
                } else {
                    assert_eq!(is, should, "{place}");
                }
            }
        }
    }
}

fn history() -> impl Strategy<Value = Saves> {
    proptest::collection::btree_map(1..5_000_u32, 0..4_u8, 0..6)
        .prop_map(|saves| [(0, 0)].into_iter().chain(saves).collect())
}

fn looks() -> impl Strategy<Value = Vec<Looked>> {
    // The requests of one look end before those of the next begin.
    let slots = proptest::sample::subsequence((1..50_u32).collect::<Vec<_>>(), 2..=4);
    (slots, proptest::collection::vec(0..40_u32, 4)).prop_map(|(slots, takes)| {
        let looks = slots.into_iter().zip(takes);
        looks.map(|(slot, takes)| Looked { from: slot * 100, takes }).collect()
    })
}

/// The lists of a kind of object, and how many histories are drawn of it.
fn check(lists: &'static [(&'static str, Listed)]) {
    let config = ProptestConfig { cases: 6, ..ProptestConfig::default() };
    proptest!(config, |(saves in proptest::collection::vec(history(), 3), looks in looks())| {
        is_the_same_in_any_order(lists, &saves, &looks);
    });
}

#[test]
fn idps_and_their_keys_are_the_same_in_any_order() {
    check(IDPS);
}

#[test]
fn the_org_and_its_features_are_the_same_in_any_order() {
    check(ORG);
}

#[test]
fn authenticators_and_their_methods_are_the_same_in_any_order() {
    check(AUTHENTICATORS);
}

#[test]
fn policies_and_rules_are_the_same_in_any_order() {
    check(POLICIES);
}

#[test]
fn claim_sourcing_is_the_same_in_any_order() {
    check(CLAIM_SOURCING);
}

#[test]
fn routing_rules_are_the_same_in_any_order() {
    check(ROUTING);
}

/// Saved between each two of three looks that saw it inactive: it may have been active.
#[test]
fn what_was_saved_between_equal_looks_is_said_in_any_order() {
    let saves = [vec![(0, 1), (1_000, 0), (1_500, 1), (3_000, 0), (4_000, 1)], vec![], vec![]];
    let looks = [100, 2_000, 4_500].map(|from| Looked { from, takes: 0 });
    is_the_same_in_any_order(AUTHENTICATORS, &saves, &looks);
}
