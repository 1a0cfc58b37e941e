//! Identity Engine and Classic Engine: what a claim can satisfy in each mix.

use super::*;

const IDENTITY: &str = "identity_engine";
const CLASSIC: &str = "classic";
const OKTA: &str = "okta_identity_engine";
const OKTA_CLASSIC: &str = "okta_classic";
const THIRD: &str = "third_party";

fn case(sp: &str, idp: &str, rule: Value, claimed: Said, more: Vec<Said>) -> Vec<Said> {
    let base = [engine(sp), idp_at("08:00:00", idp, "active", true), policy(rule), claimed];
    base.into_iter().chain(more).chain([decided("12:00:05", "allow")]).collect()
}

fn possession() -> Value {
    json!({"alternatives": [{"possession": {"phishing_resistant": true}}]})
}

const TOO_FEW: &str = "allow Deny not_enough_factors differs not_enough_factors";

/// A row.
type Case<'c> = (&'c str, &'c str, Value, Said, Vec<Said>, &'c str);

#[test]
fn what_a_claim_can_satisfy_where_engines_mix() {
    let two = || by_methods(NOON, &["password", "signed_nonce"]);
    let one = || by_methods(NOON, &["password"]);
    let any = || json!({});
    let single = || json!({"factor_mode": "1fa"});
    let listed = || json!({"alternatives": [{"exclude_methods": ["sms"]}]});
    let chain = || json!({"chains": [[["password"], ["signed_nonce"]]]});
    let local = || vec![verified("12:00:02", "push")];
    let mix = "allow Undetermined missing engine_mix";
    let cases: [Case<'_>; 17] = [
        (IDENTITY, OKTA, any(), two(), vec![], "allow Allow"),
        (IDENTITY, OKTA, possession(), two(), vec![], "allow Allow"),
        (IDENTITY, OKTA_CLASSIC, single(), one(), vec![], "allow Allow"),
        (IDENTITY, OKTA_CLASSIC, any(), two(), vec![], "allow Allow"),
        (IDENTITY, OKTA_CLASSIC, any(), one(), vec![], TOO_FEW),
        (IDENTITY, OKTA_CLASSIC, possession(), two(), vec![], TOO_FEW),
        (IDENTITY, OKTA_CLASSIC, listed(), two(), vec![], TOO_FEW),
        (
            IDENTITY,
            OKTA_CLASSIC,
            chain(),
            two(),
            vec![],
            "allow Deny method_chain differs method_chain",
        ),
        (CLASSIC, OKTA, single(), one(), vec![], "allow Allow"),
        (CLASSIC, OKTA, any(), two(), vec![], "allow Allow"),
        // Two verifications of one type are more than one verification.
        (
            CLASSIC,
            OKTA,
            any(),
            by_methods(NOON, &["password", "security_question"]),
            vec![],
            "allow Allow",
        ),
        (CLASSIC, OKTA, any(), one(), vec![], TOO_FEW),
        (CLASSIC, OKTA, any(), by_methods(NOON, &["push"]), vec![], TOO_FEW),
        // The sign-in is the first factor, and its own prompt the second.
        (CLASSIC, OKTA, any(), by_methods(NOON, &["push"]), local(), "allow Allow"),
        (CLASSIC, OKTA, possession(), two(), vec![], TOO_FEW),
        (CLASSIC, OKTA_CLASSIC, any(), two(), vec![], mix),
        (CLASSIC, OKTA_CLASSIC, possession(), two(), vec![], mix),
    ];
    for (sp, idp, rule, claimed, more, expected) in cases {
        let what = format!("{idp} to {sp}, {rule}");
        row(&what, case(sp, idp, rule, claimed, more), expected);
    }
}

#[test]
fn a_classic_service_provider_and_a_third_party_idp() {
    let two = || json!({});
    let one = || json!({"factor_mode": "1fa"});
    let local = || vec![verified("12:00:02", "push")];
    let cases: [(Value, &[&str], Vec<Said>, &str); 9] = [
        (one(), &["pwd"], vec![], "allow Allow"),
        (one(), &["mfa"], vec![], "allow Allow"),
        // Without pwd or mfa it prompts locally.
        (one(), &["otp"], vec![], TOO_FEW),
        (one(), &["otp"], local(), "allow Allow"),
        (two(), &["pwd", "sms"], vec![], "allow Allow"),
        (two(), &["mfa"], vec![], "allow Allow"),
        (two(), &["pwd"], vec![], TOO_FEW),
        (two(), &["kba", "sms"], vec![], TOO_FEW),
        (two(), &["pwd"], local(), "allow Allow"),
    ];
    for (rule, amr, more, expected) in cases {
        let what = format!("{amr:?}, {rule}");
        row(&what, case(CLASSIC, THIRD, rule, claims(NOON, amr), more), expected);
    }
}

#[test]
fn the_tree_says_what_the_mix_leaves() {
    let tree = |sp, idp, rule| {
        let claimed = by_methods(NOON, &["password", "signed_nonce"]);
        given(case(sp, idp, rule, claimed, vec![])).tree()
    };
    let says = tree(IDENTITY, OKTA_CLASSIC, possession());
    assert!(says.contains("claims of a Classic org can't meet its constraints"), "{says}");
    let says = tree(CLASSIC, OKTA, json!({}));
    assert!(says.contains("Two factor types: MFA was completed at the IdP"), "{says}");
}
