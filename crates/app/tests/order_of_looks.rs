//! Looks at an org's configuration, ingested in any order: what was in force at any time is what
//! the order of time gives, or it is undetermined where that order leaves it so or more so.

use claimledger_domain::{
    history::{History, HistoryCut, InForce},
    model::{Known, RecordRef},
};
use claimledger_facts::{
    draft::Draft,
    fact::Fact,
    ids::{IdpId, KeyId, LogPosition, PolicyId, RecordId, SourceId},
    time::{Occurred, Time},
};
use claimledger_sources::{Dialect, Look, SourceSettings, translate};
use proptest::{prelude::*, sample::Index, test_runner::TestCaseError};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The hours that a day of configuration has, in minutes.
const MINUTES: u16 = 600;
const LISTS: usize = 7;

/// An object over a day: what it is from each minute on; none: it is deleted.
type Life<T> = BTreeMap<u16, Option<T>>;

#[derive(Clone, Debug)]
struct Day {
    idp: Life<(bool, bool)>,
    features: [Life<bool>; 2],
    password: Life<bool>,
    policy: Life<bool>,
    rules: [Life<bool>; 2],
    /// Whether the policy has 40 more rules: their list states only the last of them one by one.
    long: bool,
    /// Whether an application has the policy, or another one.
    app: Life<bool>,
    /// Which lists each look asks for.
    looks: BTreeMap<u16, [bool; LISTS]>,
}

/// What was in force, in words; none: nothing was.
type Content = Option<String>;

fn life<T: Clone + std::fmt::Debug + 'static>(
    of: impl Strategy<Value = T> + Clone + 'static,
    may_go: bool,
) -> impl Strategy<Value = Life<T>> {
    let states = prop::collection::btree_map(0..MINUTES, of, 1..5);
    let gone = prop::option::weighted(0.3, 0..MINUTES);
    (states, gone).prop_map(move |(states, gone)| {
        let mut life: Life<T> = states.into_iter().map(|(at, of)| (at, Some(of))).collect();
        if let Some(at) = gone.filter(|at| may_go && life.keys().next() < Some(at)) {
            life.retain(|minute, _| *minute < at);
            life.insert(at, None);
        }
        life
    })
}

fn day() -> impl Strategy<Value = Day> {
    let any = any::<bool>;
    let features = [life(any(), false), life(any(), false)];
    // Every policy of Okta keeps its catch-all rule.
    let rules = [life(any(), false), life(any(), true)];
    let asked = prop::array::uniform(prop::bool::weighted(0.7));
    let looks = prop::collection::btree_map(0..MINUTES, asked, 2..7);
    let idp = life((any(), any()), true);
    let others = (life(any(), false), life(any(), false), life(any(), true));
    let rules = (rules, prop::bool::weighted(0.2));
    (idp, features, others, rules, looks).prop_map(
        |(idp, features, (password, policy, app), (rules, long), looks)| Day {
            idp,
            features,
            password,
            policy,
            rules,
            long,
            app,
            looks,
        },
    )
}

fn at(minute: u16) -> Time {
    Time::parse(&stamp(minute)).unwrap()
}

fn stamp(minute: u16) -> String {
    format!("2026-03-10T{:02}:{:02}:00.000Z", minute / 60, minute % 60)
}

/// The state of a life at a minute, and since when it is like this.
fn now<T>(life: &Life<T>, minute: u16) -> Option<(u16, &T)> {
    let (since, state) = life.range(..=minute).next_back()?;
    Some((*since, state.as_ref()?))
}

impl Day {
    /// The values of a look.
    fn values(&self, minute: u16) -> Vec<Value> {
        let status = |on: &bool| if *on { "ACTIVE" } else { "INACTIVE" };
        let idp = now(&self.idp, minute).map(|(since, (trust, active))| {
            json!({"id": "0oa1", "type": "SAML2", "name": format!("IdP {trust}"),
                "status": status(active), "created": stamp(0), "lastUpdated": stamp(since),
                "protocol": {"type": "SAML2", "credentials":
                    {"trust": {"issuer": "urn:partner", "kid": format!("key-{trust}")}}},
                "policy": {"trustClaims": trust}})
        });
        let names = ["Okta-to-Okta Claims Sharing", "Third-party IdP claims sharing"];
        let features = self.features.iter().zip(names).filter_map(|(life, name)| {
            let (_, on) = now(life, minute)?;
            Some(json!({"id": name, "type": "self-service", "name": name,
                "status": if *on { "ENABLED" } else { "DISABLED" }, "stage": {"value": "EA"}}))
        });
        let password = now(&self.password, minute).map(|(_, active)| {
            json!({"id": "aut1", "key": "okta_password", "type": "password",
                "name": "Password", "status": status(active)})
        });
        let policy = now(&self.policy, minute).map(|(since, active)| {
            json!({"id": "p1", "type": "ACCESS_POLICY", "name": "Policy", "priority": 1,
                "status": status(active), "lastUpdated": stamp(since)})
        });
        let rule = |n: usize, since: u16, two: bool| {
            let address = format!("https://acme.example/api/v1/policies/p1/rules/r{n}");
            let mode = if two { "2FA" } else { "1FA" };
            json!({"id": format!("r{n}"), "type": "ACCESS_POLICY", "name": "Rule",
                "priority": n, "status": "ACTIVE", "lastUpdated": stamp(since),
                "actions": {"appSignOn": {"access": "ALLOW",
                    "verificationMethod": {"type": "ASSURANCE", "factorMode": mode}}},
                "_links": {"self": {"href": address}}})
        };
        let changing = self.rules.iter().enumerate().filter_map(|(n, life)| {
            let (since, two) = now(life, minute)?;
            Some(rule(n, since, *two))
        });
        let others = (0..if self.long { 40 } else { 0 }).map(|n| (n, n * 14 + 3));
        let others = others.filter(|(_, since)| *since <= minute);
        let others = others.map(|(n, since)| rule(2 + usize::from(n), since, n % 2 == 0));
        let rules = changing.chain(others);
        let app = now(&self.app, minute).map(|(since, in_it)| {
            let policy = if *in_it { "p1" } else { "p2" };
            let address = format!("https://acme.example/api/v1/policies/{policy}");
            json!({"id": "0oaA", "label": "App", "status": "ACTIVE", "signOnMode": "SAML_2_0",
                "lastUpdated": stamp(since), "_links": {"accessPolicy": {"href": address}}})
        });
        let list = |objects: Vec<Value>| Value::from(objects);
        let lists: [(&str, Value); LISTS] = [
            ("/api/v1/idps", list(idp.into_iter().collect())),
            ("/.well-known/okta-organization", json!({"id": "00o1", "pipeline": "idx"})),
            ("/api/v1/features", list(features.collect())),
            ("/api/v1/authenticators", list(password.into_iter().collect())),
            ("/api/v1/policies?type=ACCESS_POLICY", list(policy.into_iter().collect())),
            ("/api/v1/policies/p1/rules", list(rules.collect())),
            ("/api/v1/apps?limit=200", list(app.into_iter().collect())),
        ];
        let asked = lists.into_iter().zip(self.looks[&minute]).filter(|(_, asked)| *asked);
        asked
            .map(
                |((path, body), _)| json!({"looked_at": stamp(minute), "path": path, "body": body}),
            )
            .collect()
    }

    /// What the configuration states after the looks at these minutes, in this order.
    fn history(&self, order: &[u16]) -> Result<History, TestCaseError> {
        let settings = SourceSettings::of(Dialect::OktaConfig);
        let (mut look, mut drafts): (Option<Look>, Vec<Draft>) = (None, Vec::new());
        for value in order.iter().flat_map(|minute| self.values(*minute)) {
            let read = translate(&settings, look.as_ref(), value.to_string().as_bytes()).unwrap();
            look = read.look;
            drafts.extend(read.drafts);
        }
        let ids: BTreeSet<_> = drafts.iter().map(|draft| draft.source_id.clone()).collect();
        prop_assert_eq!(ids.len(), drafts.len(), "each record has an id of its own");
        Ok((0..).zip(&drafts).flat_map(|(position, draft)| known(position, draft)).collect())
    }

    /// What the IdP was at a look that asked for it and found it.
    fn idp_seen(&self, minute: u16) -> Content {
        let (_, (trust, active)) = now(&self.idp, minute).filter(|_| self.looks[&minute][0])?;
        Some(format!("{trust} {}", if *active { "active" } else { "inactive" }))
    }
}

fn known(position: u64, draft: &Draft) -> Vec<Known> {
    let record = RecordRef {
        id: RecordId(uuid::Uuid::from_u128(u128::from(position))),
        source: SourceId::from("okta-config"),
        source_id: draft.source_id.clone(),
        kind: draft.kind.as_str().into(),
        position: LogPosition(position),
        occurred: draft.occurred,
        recorded_at: at(MINUTES),
    };
    let known = |fact: &claimledger_facts::draft::DraftFact| Known {
        record: record.clone(),
        variant: false,
        notes: Vec::new(),
        root_session: None,
        fact: Fact {
            session: None,
            subject: None,
            occurred: fact.occurred.unwrap_or(draft.occurred),
            data: fact.data.clone(),
        },
    };
    draft.facts.iter().map(known).collect()
}

/// Everything that can be in force and that answers rest on, by what it is of. The applications of
/// a policy are shown only: they are those that were known when it was stated.
fn answers(cut: HistoryCut<'_>, minute: u16) -> BTreeMap<String, BTreeSet<Content>> {
    let when = Occurred::at(at(minute));
    let trust = cut.trust().idp(&IdpId::from("0oa1"), when);
    let key = |name: &str| cut.trust().key(&IdpId::from("0oa1"), &KeyId::from(name), when);
    let policy = cut.policies().at(&PolicyId::from("p1"), when);
    let mut all = BTreeMap::from([
        (
            "idp".to_owned(),
            words(&trust, |idp| match idp.status.as_str() {
                "deleted" => "deleted".to_owned(),
                status => format!("{} {status}", idp.trust_claims),
            }),
        ),
        ("key-true".to_owned(), words(&key("key-true"), |change| change.added.to_string())),
        ("key-false".to_owned(), words(&key("key-false"), |change| change.added.to_string())),
        ("org".to_owned(), words(&cut.settings().org(when), |org| format!("{org:?}"))),
        (
            "policy".to_owned(),
            words(&policy, |policy| {
                let rules =
                    policy.rules.iter().map(|rule| format!("{} {:?}", rule.rule, rule.factor_mode));
                format!("{:?} {}", policy.status, rules.collect::<Vec<_>>().join(", "))
            }),
        ),
    ]);
    for stated in cut.settings().authenticators(when) {
        let status = Some(stated.data.status.to_string());
        all.insert(format!("method {}", stated.data.method), BTreeSet::from([status]));
    }
    all
}

fn words<T>(in_force: &InForce<'_, T>, of: impl Fn(&T) -> String) -> BTreeSet<Content> {
    in_force.options.iter().map(|option| option.map(|stated| of(&stated.data))).collect()
}

fn check(day: &Day, order: &[u16]) -> Result<(), TestCaseError> {
    let in_time: Vec<u16> = day.looks.keys().copied().collect();
    let (in_time, in_order) = (day.history(&in_time)?, day.history(order)?);
    for minute in 0..MINUTES {
        let expected = answers(in_time.at(LogPosition(u64::MAX)), minute);
        let found = answers(in_order.at(LogPosition(u64::MAX)), minute);
        for (of, expected) in &expected {
            let none = BTreeSet::new();
            let found = found.get(of).unwrap_or(&none);
            // What is certain in the order of time is possible in any order, and what is not
            // certain is not certain in any.
            let weaker = expected.len() > 1 && found.len() > 1;
            prop_assert!(
                weaker || expected.is_subset(found),
                "{of} at {}: {expected:?} in the order of time, {found:?} in the order {order:?}",
                stamp(minute)
            );
        }
    }
    for minute in day.looks.keys() {
        let found = answers(in_order.at(LogPosition(u64::MAX)), *minute);
        if let Some(seen) = day.idp_seen(*minute) {
            prop_assert!(found["idp"].contains(&Some(seen)), "at {}", stamp(*minute));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(crate::permutation::cases(96))]

    #[test]
    fn looks_in_any_order_say_what_they_say_in_the_order_of_time(
        day in day(),
        shuffle in prop::collection::vec(any::<Index>(), 8),
    ) {
        let mut left: Vec<u16> = day.looks.keys().copied().collect();
        let mut order = Vec::new();
        for index in &shuffle {
            if !left.is_empty() {
                order.push(left.remove(index.index(left.len())));
            }
        }
        check(&day, &order)?;
    }
}
