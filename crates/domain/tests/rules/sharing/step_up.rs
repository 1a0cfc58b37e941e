//! What an application asks for beyond its policy (`acr_values`).

use super::*;

fn asked(acr: &str, amr: &[&str], more: Vec<Said>) -> Vec<Said> {
    let decision = fact(
        "12:00:05",
        "policy.decided",
        json!({"app": "a", "policy": "p", "outcome": "allow", "rule": "r", "requested_acr": acr}),
    );
    let base = [org(), third_party(), policy(json!({"factor_mode": "1fa"})), claims(NOON, amr)];
    base.into_iter().chain(more).chain([decision]).collect()
}

const UNMET: &str = "allow Deny requested_acr differs requested_acr";
const ASKED: &str = "allow Challenge requested_acr differs requested_acr";

#[test]
fn the_class_is_asked_for_beyond_the_rule() {
    let one = "urn:okta:loa:1fa:any";
    let password = "urn:okta:loa:1fa:pwd";
    let two = "urn:okta:loa:2fa:any";
    let possible = "urn:okta:loa:2fa:any:ifpossible";
    let cases: [(&str, &[&str], Vec<Said>, &str); 15] = [
        (one, &["otp"], vec![], "allow Allow"),
        (password, &["otp"], vec![verified("12:00:02", "password")], "allow Allow"),
        (password, &["otp"], vec![], UNMET),
        (two, &["pwd", "otp"], vec![], "allow Allow"),
        (two, &["pwd"], vec![], UNMET),
        (two, &["pwd"], vec![local("otp")], ASKED),
        // If possible: only where a local authenticator could add it.
        (possible, &["pwd"], vec![], "allow Allow"),
        (possible, &["pwd"], vec![local("otp")], ASKED),
        ("phr", &["phr"], vec![], "allow Allow"),
        ("phr", &["otp"], vec![], UNMET),
        ("phr", &["otp"], vec![verified("12:00:02", "webauthn")], "allow Allow"),
        // Only Okta Verify meets it.
        ("phrh", &["phr", "hwk"], vec![], UNMET),
        ("phrh", &["otp"], vec![verified("12:00:02", "webauthn")], UNMET),
        (
            "phrh",
            &["otp"],
            vec![verified("12:00:02", "signed_nonce")],
            "allow Undetermined missing properties",
        ),
        // What is not in the table is ignored.
        ("urn:example:loa:9", &["otp"], vec![], "allow Allow"),
    ];
    for (acr, amr, more, expected) in cases {
        row(&format!("{acr} with {amr:?}"), asked(acr, amr, more), expected);
    }
}

#[test]
fn the_rule_comes_first() {
    let mut facts = asked("phr", &["pwd"], vec![]);
    facts[2] = policy(json!({}));
    row("too few factors", facts, "allow Deny not_enough_factors differs not_enough_factors");
}

#[test]
fn the_tree_names_the_class_and_what_it_asks_for() {
    let tree = given(asked("phr", &["otp"], vec![])).tree();
    assert!(
        tree.contains("✗ The application asked for phr: a phishing-resistant factor."),
        "{tree}"
    );
    assert!(tree.contains("requested acr not met"), "{tree}");
}
