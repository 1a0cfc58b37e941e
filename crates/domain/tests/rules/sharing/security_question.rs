//! Where the organisation asks for the security question, a third-party IdP meets knowledge only.

use super::*;

fn question(status: &str) -> Said {
    fact(
        "08:00:00",
        "authenticator.configured",
        json!({"method": "security_question", "status": status, "enrollment": "disabled"}),
    )
}

/// A row.
type Case<'c> = (&'c str, Said, Said, Value, &'c [&'c str], &'c str);

#[test]
fn values_of_a_third_party_idp_meet_knowledge_only() {
    let few = "allow Deny not_enough_factors differs not_enough_factors";
    let knowledge = || json!({"factor_mode": "1fa", "alternatives": [{"knowledge": true}]});
    let cases: [Case<'_>; 6] = [
        ("asked for", question("active"), third_party(), json!({}), &["pwd", "otp"], few),
        ("mfa too", question("active"), third_party(), json!({}), &["mfa"], few),
        ("knowledge", question("active"), third_party(), knowledge(), &["pwd"], "allow Allow"),
        (
            "not asked for",
            question("inactive"),
            third_party(),
            json!({}),
            &["pwd", "otp"],
            "allow Allow",
        ),
        ("an Okta IdP", question("active"), okta(), json!({}), &["pwd", "otp"], "allow Allow"),
        (
            "the sign-in itself",
            question("active"),
            third_party(),
            json!({"factor_mode": "1fa"}),
            &["otp"],
            "allow Allow",
        ),
    ];
    for (case, question, idp, rule, amr, expected) in cases {
        let facts = [org(), question, idp, policy(rule), claims(NOON, amr), decided(THEN, "allow")];
        row(case, facts, expected);
    }
}
