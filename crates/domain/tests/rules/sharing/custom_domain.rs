//! Where the claim never arrives: the feature is off at the IdP's org, or its custom domain does
//! not resolve to Okta. It looks like an ordinary sign-in with a local prompt.

use super::*;

#[test]
fn a_claim_that_never_arrives_honors_nothing_and_the_sign_in_stands() {
    let start = || fact("11:59:59", "session.started", json!({"idp": "x"}));
    let facts = |rule: Value, more: Vec<Said>| {
        let base = [org(), okta(), policy(rule), start()];
        base.into_iter().chain(more).chain([decided("12:00:05", "allow")])
    };
    let prompt = || vec![verified("12:00:01", "password"), verified("12:00:02", "push")];
    let cases: [(&str, Value, Vec<Said>, &str); 4] = [
        ("any one factor or IdP", json!({"factor_mode": "1fa"}), vec![], "allow Allow"),
        (
            "two factor types",
            json!({}),
            vec![],
            "allow Deny not_enough_factors differs not_enough_factors",
        ),
        ("after a local prompt", json!({}), prompt(), "allow Allow"),
        (
            "a constraint",
            json!({"alternatives": [{"possession": {"phishing_resistant": true}}]}),
            vec![],
            "allow Deny not_enough_factors differs not_enough_factors",
        ),
    ];
    for (case, rule, more, expected) in cases {
        row(case, facts(rule, more), expected);
    }
    // The ledger does not say that a claim was ignored: none was seen.
    let g = given(facts(json!({"factor_mode": "1fa"}), vec![]));
    assert!(g.end().ignored.is_empty() && g.end().factors.is_empty());
    assert!(
        g.tree().contains("x, which the session names; no assertion was seen."),
        "{}",
        g.tree()
    );
}
