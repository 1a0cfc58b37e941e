//! Reauthentication of claimed factors, and intervals that differ by class (9, 36, 44).

use super::*;

fn sourcing(redirect: &str, include: Option<&[&str]>) -> Said {
    let mut data = json!({"redirect": redirect});
    if let Some(include) = include {
        data["include"] = json!(include);
    }
    fact("08:00:00", "claim_sourcing.configured", data)
}

fn third(protocol: &str) -> Said {
    fact(
        "08:00:00",
        "idp.configured",
        json!({"idp": "x", "version": "t1", "kind": "third_party", "status": "active",
            "trust_claims": true, "protocol": protocol}),
    )
}

/// Claimed at noon, decided two hours later under a rule that asks for reauthentication after one.
fn late(idp: Said, more: impl IntoIterator<Item = Said>) -> Vec<Said> {
    let rule = policy(json!({"reauthenticate_in_secs": 3600}));
    let base = [org(), idp, rule, claims(NOON, &["pwd", "otp"])];
    base.into_iter().chain(more).chain([decided("14:00:00", "allow")]).collect()
}

const STALE: &str = "allow Deny not_enough_factors differs not_enough_factors";

#[test]
fn a_claimed_factor_is_bounded_only_where_sourcing_is_fixed_9_44() {
    let off = || {
        fact(
            "13:00:00",
            "idp.configured",
            json!({"idp": "x", "version": "t2",
        "kind": "okta_identity_engine", "status": "inactive", "trust_claims": true}),
        )
    };
    let okta_case = |more: Vec<Said>| late(okta(), more);
    let cases: [(&str, Vec<Said>, &str); 8] = [
        ("nothing stated", okta_case(vec![]), "allow Allow"),
        ("none", okta_case(vec![sourcing("none", None)]), "allow Allow"),
        ("fixed, every IdP", okta_case(vec![sourcing("fixed", None)]), STALE),
        ("fixed, this IdP", okta_case(vec![sourcing("fixed", Some(&["x"]))]), STALE),
        ("fixed, another IdP", okta_case(vec![sourcing("fixed", Some(&["y"]))]), "allow Allow"),
        ("fixed, no IdP", okta_case(vec![sourcing("fixed", Some(&[]))]), "allow Allow"),
        (
            "fixed, and inactive by then",
            okta_case(vec![sourcing("fixed", None), off()]),
            "allow Allow",
        ),
        ("fixed, OIDC of a third party", late(third("oidc"), [sourcing("fixed", None)]), STALE),
    ];
    for (case, facts, expected) in cases {
        row(case, facts, expected);
    }
    row(
        "SAML of a third party is not described",
        late(third("saml2"), [sourcing("fixed", None)]),
        "allow Undetermined missing claim_sourcing",
    );
    let between = fact("13:30:00", "claim_sourcing.configured", json!({"redirect": "fixed"}));
    row(
        "a change between two looks",
        late(okta(), [between.until("14:30:00")]),
        "allow Undetermined missing exact_time",
    );
    row(
        "claimed again in time",
        late(okta(), [sourcing("fixed", None), claims("13:30:00", &["pwd", "otp"])]),
        "allow Allow",
    );
}

#[test]
fn a_class_of_an_alternative_has_an_interval_of_its_own_36() {
    let rule = |alternatives: Value| {
        policy(json!({"reauthenticate_in_secs": 7200, "alternatives": alternatives}))
    };
    // A password at 12:00 and a code at 13:30, decided at 14:00.
    let local = |alternatives: Value| {
        [
            org(),
            rule(alternatives),
            verified(NOON, "password"),
            verified("13:30:00", "otp"),
            decided("13:59:59", "allow"),
        ]
    };
    let class = |knowledge: u64, possession: u64| {
        json!([{"knowledge": true, "knowledge_reauthenticate_in_secs": knowledge,
            "possession": {"reauthenticate_in_secs": possession}}])
    };
    let cases: [(&str, Value, &str); 5] = [
        ("the rule's own", json!([{"knowledge": true, "possession": {}}]), "allow Allow"),
        ("knowledge too old", class(3600, 7200), STALE),
        ("possession too old", class(7200, 600), STALE),
        ("both fresh", class(7200, 3600), "allow Allow"),
        ("longer than the rule's", class(86_400, 86_400), "allow Allow"),
    ];
    for (case, alternatives, expected) in cases {
        row(case, local(alternatives), expected);
    }
    // Stale for one alternative and fresh for another.
    let either = json!([
        {"knowledge": true, "knowledge_reauthenticate_in_secs": 60, "possession": {}},
        {"possession": {"device_bound": true}, "knowledge": true}
    ]);
    row("fresh for the second alternative", local(either), "allow Allow");
    let strict = json!([
        {"knowledge": true, "knowledge_reauthenticate_in_secs": 60, "possession": {}},
        {"knowledge": true, "possession": {"phishing_resistant": true}}
    ]);
    row(
        "the second lacks least",
        local(strict),
        "allow Deny phishing_resistant differs phishing_resistant",
    );
}
