//! Chains of methods: one has to be covered whole, in any order, and not by a third-party IdP.

use super::*;

fn chained(chains: Value) -> Said {
    policy(json!({"chains": chains}))
}

/// An Okta claim by these methods, then an allow.
fn okta_case(rule: Said, methods: &[&str]) -> [Said; 5] {
    [org(), okta(), rule, by_methods(NOON, methods), decided(THEN, "allow")]
}

const UNMET: &str = "allow Deny method_chain differs method_chain";

#[test]
fn a_chain_is_covered_whole_and_in_any_order_40() {
    let two = || chained(json!([[["password"], ["otp", "webauthn"]]]));
    let cases: [(&str, Said, &[&str], &str); 9] = [
        ("each step by its method", two(), &["password", "webauthn"], "allow Allow"),
        ("the other method of a step", two(), &["password", "otp"], "allow Allow"),
        ("in another order", two(), &["otp", "password"], "allow Allow"),
        ("more than the chain asks", two(), &["sms", "password", "otp"], "allow Allow"),
        ("a step is missing", two(), &["password"], UNMET),
        ("a step by another method", two(), &["password", "sms"], UNMET),
        (
            "one verification covers one step",
            chained(json!([[["otp"], ["otp", "sms"]]])),
            &["otp"],
            UNMET,
        ),
        (
            "any one chain suffices",
            chained(json!([[["sms"]], [["password"], ["push"]]])),
            &["push", "password"],
            "allow Allow",
        ),
        (
            "the short spelling of one chain",
            policy(json!({"chain": ["password", "push"]})),
            &["push", "password"],
            "allow Allow",
        ),
    ];
    for (case, rule, methods, expected) in cases {
        row(case, okta_case(rule, methods), expected);
    }
}

#[test]
fn a_factor_is_given_to_the_step_that_needs_it() {
    let chain = chained(json!([[["otp", "sms"], ["otp"]]]));
    row("otp is moved to the second step", okta_case(chain, &["otp", "sms"]), "allow Allow");
}

#[test]
fn amr_values_of_a_third_party_idp_cannot_be_used_for_a_chain() {
    let facts = |more: Vec<Said>| {
        let base = [org(), third_party(), chained(json!([[["password"], ["sms"]]]))];
        let tail = [claims(NOON, &["pwd", "sms"]), decided("12:00:05", "allow")];
        base.into_iter().chain(more).chain(tail)
    };
    row("they are barred", facts(vec![]), UNMET);
    let g = given(facts(vec![]));
    assert!(g.tree().contains("a third-party IdP can't meet a chain of methods"), "{}", g.tree());
    row(
        "local authenticators could cover it",
        facts(vec![local("password"), local("sms")]),
        "allow Challenge method_chain differs method_chain",
    );
    row(
        "local verifications do",
        facts(vec![verified("12:00:01", "password"), verified("12:00:02", "sms")]),
        "allow Allow",
    );
}

#[test]
fn a_value_that_does_not_say_its_method_leaves_a_chain_open() {
    let facts = [
        org(),
        okta(),
        chained(json!([[["password"], ["webauthn"]]])),
        claims(NOON, &["pwd", "pop"]),
        decided(THEN, "allow"),
    ];
    row("pop stands for several methods", facts, "allow Undetermined missing method");
}

#[test]
fn the_tree_says_which_step_is_covered_by_what() {
    let g = given(okta_case(chained(json!([[["password"], ["otp", "sms"]]])), &["password"]));
    assert!(
        g.tree().contains("A chain of methods: password by password and otp or sms by nothing"),
        "{}",
        g.tree()
    );
}

#[test]
fn another_form_of_verification_is_named_and_undetermined() {
    let rule = policy(json!({"factor_mode": "1fa", "other_verification": "auto_login"}));
    let facts = okta_case(rule, &["password"]);
    row("auto_login", facts.clone(), "allow Undetermined missing verification_form");
    let tree = given(facts).tree();
    assert!(tree.contains("auto_login, a form of verification that these rules do not"), "{tree}");
}
