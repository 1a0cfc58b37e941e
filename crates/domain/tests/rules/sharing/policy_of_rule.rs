//! A decision that names a rule and not its policy is judged by the policy that has this rule.

use super::*;
use claimledger_domain::{
    history::{History, is_config},
    scope::Scope,
};
use claimledger_facts::ids::{LogPosition, PolicyId, RuleId};

fn by_rule(rule: &str) -> Said {
    let policy = PolicyId::of_rule(&RuleId::from(rule));
    fact(
        THEN,
        "policy.decided",
        json!({"app": "a", "policy": policy.as_str(), "outcome": "allow", "rule": rule}),
    )
}

fn policy_with(policy: &str, rule: &str) -> Said {
    fact(
        "08:00:00",
        "policy.configured",
        json!({"policy": policy, "version": "v1", "kind": "app_sign_in", "rules": [
            {"rule": rule, "priority": 1, "access": "allow", "factor_mode": "2fa"}]}),
    )
}

#[test]
fn the_policy_that_has_the_rule_is_meant() {
    let facts = |policies: Vec<Said>| {
        let base = [org(), third_party(), claims(NOON, &["pwd", "otp"]), by_rule("r")];
        base.into_iter().chain(policies)
    };
    let policy = |facts: Vec<Said>| given(facts).end().decisions[0].under.policy.to_string();
    let cases: [(&str, Vec<Said>, &str, &str); 4] = [
        ("none known", vec![], "allow Undetermined missing policy", "rule:r"),
        ("one has it", vec![policy_with("p", "r")], "allow Allow", "p"),
        (
            "another rule",
            vec![policy_with("p", "q")],
            "allow Undetermined missing policy",
            "rule:r",
        ),
        (
            "two have it",
            vec![policy_with("p", "r"), policy_with("o", "r")],
            "allow Undetermined missing policy",
            "rule:r",
        ),
    ];
    for (case, policies, expected, meant) in cases {
        row(case, facts(policies.clone()), expected);
        assert_eq!(policy(facts(policies).collect()), meant, "{case}");
    }
    // As known at K: the policy is the fifth record.
    let g = given(facts(vec![policy_with("p", "r")]));
    let at = |position| decisions(&g.known_at("23:59:59", position).unwrap());
    assert_eq!(at(4), ["allow Undetermined missing policy"]);
    assert_eq!(at(5), ["allow Allow"]);
}

#[test]
fn the_policy_concerns_sessions_that_name_its_rule_and_goes_by_each_name() {
    let facts = given([by_rule("r"), policy_with("p", "r")]).0;
    let concerned = Scope::all_of(&facts[..1]);
    assert!(Scope::of(&facts[1].fact).iter().any(|(scope, _)| concerned.contains(scope)));
    let history: History = facts.iter().filter(|k| is_config(&k.fact.data)).cloned().collect();
    let names = history.at(LogPosition(9)).policies().names(&PolicyId::from("p"));
    assert_eq!(names, [PolicyId::from("p"), PolicyId::from("rule:r")]);
}

/// Each version has every rule of the one before. Names are asked for with every configuration that
/// comes late, so they must not take (versions x rules) squared.
#[test]
fn the_names_of_a_policy_of_many_versions_are_each_rule_once() {
    const RULES: usize = 300;
    let versions = (1..=RULES).map(|n| {
        let rules: Vec<_> = (0..n)
            .map(|rule| {
                json!({"rule": format!("r{rule}"), "priority": 1, "access": "allow",
                    "factor_mode": "2fa"})
            })
            .collect();
        fact(
            &format!("08:{:02}:{:02}", n / 60, n % 60),
            "policy.configured",
            json!({"policy": "p", "version": format!("v{n}"), "kind": "app_sign_in",
                "rules": rules}),
        )
    });
    let history: History =
        given(versions).0.into_iter().filter(|known| is_config(&known.fact.data)).collect();
    let names = history.at(LogPosition(u64::MAX)).policies().names(&PolicyId::from("p"));
    assert_eq!(names.len(), RULES + 1);
}
