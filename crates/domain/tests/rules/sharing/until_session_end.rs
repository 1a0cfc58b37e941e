//! Claimed factors hold until the session ends, without reauthentication, also into the admin
//! console.

use super::*;

fn console(at: &str) -> Said {
    let data = json!({"app": "okta_admin_console", "policy": "p", "outcome": "allow", "rule": "r"});
    fact(at, "policy.decided", data)
}

#[test]
fn a_claimed_factor_is_not_asked_for_again_while_the_session_lives() {
    let rule = |secs: u64| policy(json!({"reauthenticate_in_secs": secs}));
    let end = || fact("13:00:00", "session.ended", json!({"reason": "logout"}));
    let off = || idp_at("12:30:00", "okta_identity_engine", "active", false);
    let few = "allow Deny not_enough_factors differs not_enough_factors";
    let cases: [(&str, u64, Vec<Said>, &str); 5] = [
        ("hours later", 7200, vec![console("19:00:00")], "allow Allow"),
        ("every time", 0, vec![console("19:00:00")], "allow Allow"),
        ("trust was switched off since", 7200, vec![off(), console("19:00:00")], "allow Allow"),
        ("just before its end", 60, vec![end(), console("12:59:59")], "allow Allow"),
        ("at its end", 60, vec![end(), console("13:00:00")], few),
    ];
    for (case, secs, more, expected) in cases {
        let base = [org(), okta(), rule(secs), by_methods(NOON, &["password", "webauthn"])];
        row(case, base.into_iter().chain(more), expected);
    }
    // A local factor is.
    let local = [
        org(),
        rule(7200),
        verified(NOON, "password"),
        verified(NOON, "webauthn"),
        console("19:00:00"),
    ];
    row("local factors", local, few);
}
