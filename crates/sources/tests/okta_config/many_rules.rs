//! Policies of many rules: what is stored of a list grows with its length, and not with its square.

use super::{Org, facts, policy, rule, two_factors, with};
use claimledger_facts::{
    draft::Draft,
    fact::FactData,
    time::{self, Occurred, Time},
};
use claimledger_sources::{Dialect, SourceSettings};
use serde_json::{Value, json};

const RULES: &str = "/api/v1/policies/p1/rules";

/// The time of the nth update, minutes apart.
fn updated(n: usize) -> String {
    format!("2026-03-09T{:02}:{:02}:00.000Z", n / 60, n % 60)
}

fn at(n: usize) -> Time {
    Time::parse(&updated(n)).unwrap()
}

/// A policy of as many rules, each updated a minute after the one before.
fn list(rules: usize) -> Vec<Value> {
    let numbered = |n: usize| {
        let rule = rule("p1", &format!("r{n:04}"), "08:00", two_factors());
        with(
            rule,
            json!({"lastUpdated": updated(n), "priority": n, "description": "d".repeat(900)}),
        )
    };
    (0..rules).map(numbered).collect()
}

/// The times of statements about the policy, each with the number of its rules.
fn stated(drafts: &[Draft]) -> Vec<(Occurred, usize)> {
    facts(drafts, |data| match data {
        FactData::PolicyConfigured(data) => Some(data.rules.len()),
        _ => None,
    })
}

/// The bytes of what is stored.
fn stored(drafts: &[Draft]) -> usize {
    drafts.iter().map(|draft| draft.original.len()).sum()
}

#[test]
fn what_a_list_states_grows_with_its_length() {
    let whole = |drafts: &[Draft], rules| {
        let expected = Occurred { from: at(0), to: Some(at(rules - 1)) };
        assert_eq!(stated(drafts), [(expected, rules)]);
    };
    let mut org = Org::new();
    let first = org.look("10:00", RULES, json!(list(1_000)));
    assert_eq!(first.len(), 1_001, "a record for each rule, and one for the policy");
    whole(&first, 1_000);
    let received = json!(list(1_000)).to_string().len();
    assert!(stored(&first) < 2 * received, "{} bytes of {received}", stored(&first));

    // The second look states what changed, once.
    let mut changed = list(1_000);
    let off = json!({"status": "INACTIVE", "lastUpdated": super::on_the_tenth("10:30")});
    changed[500] = with(changed[500].clone(), off);
    let second = org.look("11:00", RULES, json!(changed));
    assert_eq!(stated(&second), [(super::between("10:00", "10:30"), 1_000)]);
    assert_eq!(second.len(), 2);

    // One by one, without saying when they were looked at.
    let settings = SourceSettings::of(Dialect::OktaConfig);
    let mut reader = settings.translator().reader(&settings, None);
    let mut bare: Vec<Draft> = Vec::new();
    for rule in list(200) {
        bare.extend(reader.read(rule.to_string().as_bytes()).unwrap());
    }
    let rest = reader.finish();
    bare.extend(rest.drafts);
    let of_rules: Vec<usize> = stated(&bare).into_iter().map(|(_, rules)| rules).collect();
    assert_eq!(of_rules, (1..=32).chain([200]).collect::<Vec<_>>());
    assert_eq!(stated(&bare).last().unwrap().0, Occurred { from: at(32), to: Some(at(199)) });
    let mut org = Org { settings: SourceSettings::of(Dialect::OktaConfig), look: rest.look };
    assert_eq!(org.look("10:00", RULES, json!(list(200))), [], "the same is known");
}

/// The last changes are known exactly, those before them as an interval.
#[test]
fn the_last_rules_of_a_long_list_are_stated_one_by_one() {
    let mut org = Org::new();
    let short = stated(&org.look("10:00", RULES, json!(list(32))));
    let each: Vec<_> = (0..32).map(|n| (Occurred::at(at(n)), n + 1)).collect();
    assert_eq!(short, each, "32 rules are few");
    let long = stated(&Org::new().look("10:00", RULES, json!(list(100))));
    let together = (Occurred { from: at(0), to: Some(at(90)) }, 91);
    let alone = (91..100).map(|n| (Occurred::at(at(n)), n + 1));
    assert_eq!(long, [together].into_iter().chain(alone).collect::<Vec<_>>());
}

/// By the minute: of what can be in force, the number of rules and how many of them are inactive;
/// none: nothing is.
fn in_force(mut drafts: Vec<Draft>) -> Vec<Vec<Option<(usize, usize)>>> {
    drafts.sort_by_key(|draft| (draft.occurred.from, draft.source_id.clone()));
    let stated = facts(&drafts, |data| match data {
        FactData::PolicyConfigured(data) => {
            let off = data.rules.iter().filter(|rule| rule.status.is_some());
            Some((data.rules.len(), off.count()))
        }
        _ => None,
    });
    assert!(stated.len() < 120, "{} statements", stated.len());
    let at = |n: usize| {
        let latest_first = stated.iter().rev().copied();
        let mut options = time::in_force(latest_first, Occurred::at(at(n)));
        options.sort();
        options.dedup();
        options
    };
    (0..800).map(at).collect()
}

fn off(rule: &Value, n: usize) -> Value {
    with(rule.clone(), json!({"status": "INACTIVE", "lastUpdated": updated(n)}))
}

fn look(n: usize, rules: Vec<Value>) -> Value {
    json!({"looked_at": updated(n), "path": RULES, "body": rules})
}

/// A late look says what it had said in its place.
#[test]
fn looks_at_a_long_list_say_the_same_in_any_order() {
    let in_order = |looks: &[Value], order: &[usize]| {
        let mut org = Org::new();
        in_force(order.iter().flat_map(|n| org.see(&looks[*n])).collect())
    };
    let mut later = list(100);
    later[3] = off(&later[3], 700);
    later[70] = off(&later[70], 710);
    let policy = with(policy("p1", "ACCESS_POLICY", "07:00"), json!({"lastUpdated": updated(0)}));
    let policies = json!({"looked_at": updated(610), "path": "/api/v1/policies?type=ACCESS_POLICY",
        "body": [policy]});
    let looks = [look(600, list(100)), policies, look(720, later)];
    let expected = in_order(&looks, &[0, 1, 2]);
    assert_eq!(expected[50], [None, Some((91, 0))]);
    assert_eq!(expected[95], [Some((96, 0))]);
    assert_eq!(expected[599], [Some((100, 0))]);
    assert_eq!(expected[799], [Some((100, 2))]);
    for order in [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let found = in_order(&looks, &order);
        for (minute, (found, expected)) in found.iter().zip(&expected).enumerate() {
            assert_eq!(found, expected, "at {} in the order {order:?}", updated(minute));
        }
    }
    // Which rules are stated together is for the earlier look to say: the later one has another
    // rule, so it would state one rule more with those before.
    let looks = [look(600, list(100)), look(720, list(101))];
    let (expected, found) = (in_order(&looks, &[0, 1]), in_order(&looks, &[1, 0]));
    assert_eq!(expected[90], [Some((91, 0))]);
    assert_eq!(found[90], expected[90]);
}

/// What was stated together at the end of a row of objects is found again by a late look.
#[test]
fn a_row_of_rules_ends_where_it_ended_for_a_late_look_too() {
    let settings = SourceSettings::of(Dialect::OktaConfig);
    let mut reader = settings.translator().reader(&settings, None);
    let mut all: Vec<Draft> = Vec::new();
    for rule in list(40) {
        all.extend(reader.read(rule.to_string().as_bytes()).unwrap());
    }
    let rest = reader.finish();
    all.extend(rest.drafts);
    let mut org = Org { settings: SourceSettings::of(Dialect::OktaConfig), look: rest.look };
    let mut later = list(40);
    later[3] = off(&later[3], 700);
    all.extend(org.see(&look(720, later)));
    // Each was last seen when it was updated, so from then on the third can have been off.
    let known = |all: &[Draft]| in_force(all.to_vec())[50..639].to_vec();
    assert_eq!(known(&all), vec![vec![Some((40, 0)), Some((40, 1))]; 589]);
    let mut between = list(40);
    between[7] = off(&between[7], 640);
    all.extend(org.see(&look(650, between)));
    for options in known(&all) {
        assert!(!options.contains(&None) && options.contains(&Some((40, 0))), "{options:?}");
    }
}
