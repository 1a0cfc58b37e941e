//! Trees: the form, and that the words follow the facts.

use crate::given::*;
use claimledger_domain::{
    RULE_SOURCES,
    explain::{line, margin, text},
    model::{Grade, Reason},
};
use serde_json::{Value, json};

/// Another day's names and counts, refused: the short form.
#[test]
fn a_refusal_on_few_lines() {
    let g = given([
        org(),
        fact(
            "09:30:00",
            "idp.configured",
            json!({"idp": "x", "version": "seven", "kind": "third_party", "status": "active",
                "trust_claims": true, "actor": "ops"}),
        ),
        key_added("08:15:00", "kid-1"),
        local("webauthn"),
        policy_at(
            "10:00:00",
            json!({"alternatives": [{"possession": {"hardware_protected": true,
                "user_presence": true}}]}),
        ),
        claim("12:00:00", json!({"amr": ["pwd", "otp"], "key": "kid-1"})),
        decided("12:30:00", "deny"),
    ]);
    let tree = include_str!("../expected/explained_1.txt");
    assert_eq!(g.tree(), tree);
}

/// Another day's names and counts, let in: the full form, with a key that names a ticket only and
/// an end that is only bounded.
#[test]
fn an_entry_in_full() {
    let g = given([
        org(),
        fact(
            "09:30:00",
            "idp.configured",
            json!({"idp": "x", "version": "seven", "kind": "third_party", "status": "active",
                "trust_claims": true, "ticket": "CHG-9"}),
        ),
        fact("08:15:00", "idp.key_added", json!({"idp": "x", "key": "kid-1", "ticket": "CHG-8"})),
        fact("08:15:00", "idp.key_added", json!({"idp": "x", "key": "kid-0"})),
        policy_at(
            "10:00:00",
            json!({"factor_mode": "2fa", "alternatives": [{"knowledge": true,
                "possession": {"device_bound": true}}]}),
        ),
        fact(
            "12:00:00",
            "session.started",
            json!({"idp": "x", "lifetime_ends_at": "2026-03-10T20:00:00Z"}),
        ),
        claim("12:00:00", json!({"amr": ["kba", "swk", "pop"], "key": "kid-1"})),
        decided("12:01:30", "allow"),
        fact(
            "13:00:00",
            "trust.retracted",
            json!({"idp": "x", "from": "2026-03-10T08:00:00Z", "reason": "leaked", "key": "kid-0"}),
        ),
    ]);
    let tree = include_str!("../expected/explained_2.txt");
    assert_eq!(g.tree(), tree);
}

#[test]
fn mixed_origins_are_told_apart() {
    let g = given([
        org(),
        idp_at("08:00:00", "third_party", "active", false),
        policy(json!({})),
        claims("12:00:00", &["pwd", "mfa"]),
        verified("12:00:30", "otp"),
        decided("12:00:40", "allow"),
    ]);
    let tree = g.tree();
    for part in [
        "S was let into a at 12:00:40Z. The rules then in force differ: deny, not enough factors. \
         First unmet: two factor types.",
        "✗ Two factor types: only possession (otp).",
        "pwd and mfa were asserted and ignored: trust in the IdP's claims off.",
        "✗ x was not trusted: t1 since 08:00:00Z; third-party claims sharing was on.",
        "On whose word?  sp's own: it verified otp at 12:00:30Z.",
    ] {
        assert!(tree.contains(part), "{part}\n{tree}");
    }
}

#[test]
fn what_was_asserted_in_vain_is_not_denied_to_be_there() {
    let g = given([
        org(),
        third_party(),
        key_added("08:00:00", "K"),
        key_retired("09:00:00", "K"),
        policy(json!({"alternatives": [{"possession": {"phishing_resistant": true}}]})),
        claim("12:00:00", json!({"amr": ["pwd", "phr"], "key": "K"})),
        decided("12:00:02", "allow"),
    ]);
    for part in [
        "✗ Possession, phishing-resistant: nothing that counts has it.",
        "pwd and phr were asserted in a, which is void: retired key.",
        "✗ Key K was retired 09:00:00Z, before this assertion was received.",
        "By record only: pwd and phr count from 12:00:00Z",
    ] {
        assert!(g.tree().contains(part), "{part}\n{}", g.tree());
    }
}

#[test]
fn undetermined_names_what_is_missing() {
    let g =
        given([org(), third_party(), claims("12:00:00", &["pwd"]), decided("12:00:01", "allow")]);
    let tree = g.tree();
    assert!(
        tree.starts_with(
            "S was let into a at 12:00:01Z. What the rules then in force say is \
                          undetermined. Missing: the policy in force."
        ),
        "{tree}"
    );
    assert!(tree.contains("? Which rule?  Nothing is stated about policy p by then."), "{tree}");
    assert!(tree.contains("How sure?  Undetermined."), "{tree}");
}

#[test]
fn other_days_carry_their_date() {
    let g = given([
        org(),
        third_party(),
        policy(json!({"factor_mode": "1fa"})),
        claims("12:00:00", &["pwd"]),
        decided("12:00:01", "allow"),
    ]);
    let mut facts = g.0;
    for known in facts.iter_mut().take(3) {
        let yesterday = claimledger_facts::time::Time::parse("2026-03-09T08:00:00Z").unwrap();
        known.fact.occurred = claimledger_facts::time::Occurred::at(yesterday);
    }
    let tree = Given(facts).tree();
    assert!(
        tree.contains("in force since 2026-03-09. It asks for any one factor or IdP."),
        "{tree}"
    );
}

/// A change between two looks is in force since some time of an interval, not since its beginning.
#[test]
fn a_version_of_an_interval_is_in_force_since_some_time_of_it() {
    let mut facts = given([
        org(),
        third_party(),
        policy(json!({"factor_mode": "1fa"})),
        claims("12:00:00", &["pwd"]),
        decided("12:00:01", "allow"),
    ])
    .0;
    let time = |text: &str| claimledger_facts::time::Time::parse(text).unwrap();
    facts[2].fact.occurred = claimledger_facts::time::Occurred {
        from: time("2026-03-09T23:00:00Z"),
        to: Some(time("2026-03-10T11:55:00Z")),
    };
    let tree = Given(facts).tree();
    let since = "in force since some time between 2026-03-09 23:00:00Z and 11:55:00Z. It asks";
    assert!(tree.contains(since), "{tree}");
}

/// Whether trust was on by then is open, and so is whether the factor counts.
#[test]
fn a_factor_that_counts_possibly_is_not_said_to_count() {
    let mut facts = given([
        org(),
        third_party(),
        policy(json!({"factor_mode": "1fa"})),
        claims("12:00:00", &["pwd"]),
        decided("12:00:01", "allow"),
    ])
    .0;
    facts[1].fact.occurred.to =
        Some(claimledger_facts::time::Time::parse("2026-03-10T12:30:00Z").unwrap());
    let tree = Given(facts).tree();
    assert!(tree.contains("By record, and possibly by the rules: pwd counts"), "{tree}");
}

#[test]
fn late_records_say_when_they_were_recorded() {
    let mut facts = given([fact(
        "12:00:00",
        "policy.decided",
        json!({"app": "a", "policy": "p", "outcome": "deny"}),
    )])
    .0;
    facts[0].record.recorded_at = time("14:30:00");
    let because = Given(facts).why().decisions.remove(0);
    assert_eq!(margin(&because), "#1 recorded 14:30:00Z (+2 h 30 min)");
}

#[test]
fn a_record_that_the_sentence_names_is_not_repeated_beside_it() {
    let g = given([
        org(),
        third_party(),
        policy(json!({})),
        claims("12:00:00", &["pwd"]),
        decided("12:00:01", "deny"),
    ]);
    let mut reason = g.why().decisions.remove(0);
    reason.conclusion.push_str(" (#5)");
    reason.show_delay = false;
    assert_eq!(margin(&reason), "");
    // A longer number that starts alike is another record.
    reason.conclusion = reason.conclusion.replace("(#5)", "(#51)");
    assert_eq!(margin(&reason), "#5");
}

/// Every rule that an explanation cites is in the list, with its document.
#[test]
fn every_cited_rule_has_a_document() {
    fn walk(reason: &Reason, seen: &mut Vec<&'static str>) {
        if let Some(rule) = reason.rule {
            assert!(
                RULE_SOURCES
                    .iter()
                    .any(|(id, source)| *id == rule && Some(*source) == reason.source),
                "{rule}"
            );
            seen.push(rule);
        }
        reason.because.iter().for_each(|r| walk(r, seen));
    }
    let g = given([
        org(),
        third_party(),
        key_added("08:00:00", "K"),
        policy(json!({"alternatives": [{"possession": {"device_bound": true}}]})),
        claim("12:00:00", json!({"amr": ["pwd", "hwk", "zzz"], "key": "K"})),
        verified("12:00:01", "otp"),
        decided("12:00:02", "allow"),
    ]);
    let why = g.why();
    let mut seen = Vec::new();
    let all = why.factors.iter().chain(&why.ignored).chain([&why.session]).chain(&why.decisions);
    all.for_each(|r| walk(r, &mut seen));
    for rule in
        ["keys", "third_party_amr", "trust_at_receipt", "until_session_end", "local_factors"]
    {
        assert!(seen.contains(&rule), "{rule}");
    }
}

#[test]
fn the_whole_is_made_of_its_lines() {
    let g = given([
        org(),
        third_party(),
        policy(json!({})),
        claims("12:00:00", &["pwd"]),
        decided("12:00:01", "deny"),
    ]);
    let because = g.why().decisions.remove(0);
    let whole = text(&because);
    assert!(whole.starts_with(&line(&because)));
    assert!(because.because.iter().all(|r| whole.contains(&line(r))));
}

#[test]
fn one_factor_takes_a_singular_verb() {
    let rule = policy(json!({"factor_mode": "1fa"}));
    let g = |amr: &[&str]| {
        given([
            org(),
            third_party(),
            rule.clone(),
            claims("12:00:00", amr),
            decided("12:00:01", "allow"),
        ])
        .tree()
    };
    assert!(
        g(&["otp"]).contains("Until when?  otp counts from 12:00:00Z; no end"),
        "{}",
        g(&["otp"])
    );
    assert!(
        g(&["pwd", "otp"]).contains("Until when?  pwd and otp count from 12:00:00Z; no end"),
        "{}",
        g(&["pwd", "otp"])
    );
    let other = fact(
        "12:00:02",
        "policy.decided",
        json!({"app": "b", "policy": "q", "outcome": "deny", "rule": "r2"}),
    );
    let strict = fact(
        "08:00:00",
        "policy.configured",
        json!({"policy": "q", "version": "v1", "kind": "app_sign_in",
            "rules": [{"rule": "r2", "priority": 1, "access": "allow", "factor_mode": "2fa"}]}),
    );
    let met = given([
        org(),
        third_party(),
        rule.clone(),
        strict,
        claims("12:00:00", &["otp"]),
        decided("12:00:01", "allow"),
        other,
    ])
    .tree();
    assert!(met.contains("It met r at 12:00:01Z"), "{met}");
}

#[test]
fn a_refusal_tells_of_claims_that_could_not_be_read_or_carried_nothing() {
    let off = fact(
        "09:00:00",
        "org.configured",
        json!({"engine": "identity_engine", "claims_sharing": true,
            "third_party_claims_sharing": false}),
    );
    let g = |org: Said, trust: bool, more: Value| {
        given([
            org,
            idp_at("08:00:00", "third_party", "active", trust),
            policy(json!({})),
            claim("12:00:00", more),
            decided("12:00:01", "deny"),
        ])
        .tree()
    };
    for tree in [
        g(off.clone(), true, json!({"readable": false})),
        g(org(), false, json!({"amr": []})),
        g(off, true, json!({})),
    ] {
        assert!(
            !tree.contains("Nothing was ignored") && !tree.contains("nothing was kept out"),
            "{tree}"
        );
        assert!(tree.contains("✗ x was"), "{tree}");
    }
}

#[test]
fn what_no_longer_counts_or_is_barred_is_not_denied_to_be_there() {
    let rule = |more: Value| {
        policy(json!({"factor_mode": "1fa", "alternatives": [more], "reauthenticate_in_secs": 300}))
    };
    let stale = given([
        org(),
        rule(json!({"knowledge": true, "possession": {}})),
        verified("12:00:00", "password"),
        verified("12:00:00", "otp"),
        decided("13:00:00", "deny"),
    ])
    .tree();
    assert!(
        stale.contains("Knowledge: nothing that counts is.")
            && stale.contains("Possession: nothing that counts is."),
        "{stale}"
    );
    let barred = rule(json!({"possession": {"device_bound": true}, "allow_methods": ["webauthn"]}));
    let barred = given([
        org(),
        third_party(),
        barred,
        claims("12:00:00", &["hwk"]),
        decided("12:00:01", "deny"),
    ])
    .tree();
    assert!(barred.contains("Possession, device-bound: nothing that counts has it."), "{barred}");
    let unsure = given([
        org(),
        rule(json!({"knowledge": true})),
        claims("12:00:00", &["pwd"]),
        decided("12:00:01", "allow"),
    ])
    .tree();
    assert!(unsure.contains("~ Knowledge: nothing that surely counts is."), "{unsure}");
}

#[test]
fn verified_before_the_previous_decision_is_not_called_long_ago() {
    let rule = policy(json!({"factor_mode": "1fa", "alternatives": [{"possession": {}}],
            "reauthenticate_in_secs": 0}));
    let g = given([
        org(),
        rule,
        verified("12:00:00", "otp"),
        decided("12:00:10", "allow"),
        decided("12:00:20", "allow"),
    ]);
    assert!(
        g.tree().contains("otp was verified at 12:00:00Z, before the session's previous decision."),
        "{}",
        g.tree()
    );
}

#[test]
fn one_rule_is_not_called_rules() {
    let decision = fact(
        "12:00:01",
        "policy.decided",
        json!({"app": "a", "policy": "p", "outcome": "allow", "rule": "old"}),
    );
    let tree =
        given([org(), third_party(), policy(json!({})), claims("12:00:00", &["pwd"]), decision])
            .tree();
    assert!(tree.contains("The decision names old, and p v1 has the rule r."), "{tree}");
}

#[test]
fn an_interval_that_leaves_trust_open_says_may() {
    let later = Said {
        id: Some("t2"),
        ..idp_at("11:50:00", "third_party", "active", false).until("12:10:00")
    };
    let g = given([
        org(),
        third_party(),
        later,
        policy(json!({})),
        claims("12:00:00", &["pwd", "otp"]),
        decided("12:00:01", "allow"),
    ]);
    assert!(
        g.tree().contains("~ pwd and otp may have been ignored: trust in the IdP's claims off"),
        "{}",
        g.tree()
    );
}

#[test]
fn every_factor_of_a_grade_is_named() {
    let rule = policy(json!({"alternatives": [{"possession": {"phishing_resistant": true}}]}));
    let g = |outcome: &str| {
        given([
            org(),
            rule.clone(),
            verified("12:00:00", "password"),
            verified("12:00:00", "otp"),
            decided("12:00:01", outcome),
        ])
        .tree()
    };
    for outcome in ["allow", "deny"] {
        assert!(
            g(outcome).contains("Stated: sp's own record says it verified password and otp"),
            "{}",
            g(outcome)
        );
    }
}

#[test]
fn what_was_said_to_be_ignored_is_not_joined() {
    let said = fact("12:00:05", "claim.ignored", json!({"assertion": "a", "amr": "otp"}));
    let g = given([
        org(),
        third_party(),
        policy(json!({"factor_mode": "1fa"})),
        claims("12:00:00", &["pwd", "otp"]),
        decided("12:00:01", "allow"),
        said,
    ]);
    let grades: Vec<_> = g
        .end()
        .factors
        .iter()
        .map(|f| (f.name.clone(), f.grade, f.by_record, f.by_rules))
        .collect();
    assert_eq!(
        grades,
        [
            ("pwd".to_owned(), Grade::Joined, true, true),
            ("otp".to_owned(), Grade::Replayed, false, true)
        ]
    );
    assert!(
        g.tree()
            .contains("otp: replayed: the rules honor it; sp's own record says it ignored otp."),
        "{}",
        g.tree()
    );
}

#[test]
fn a_clause_is_closed_before_the_sentence_goes_on() {
    let within = decided("11:59:00", "allow").until("12:01:00");
    let tree = given([
        org(),
        third_party(),
        policy(json!({})),
        claims("12:00:00", &["pwd", "otp"]),
        within,
    ])
    .tree();
    assert!(
        tree.contains("An exact time, where only an interval is known, would settle it."),
        "{tree}"
    );
    let tree =
        given([org(), third_party(), claims("12:00:00", &["pwd"]), decided("12:00:01", "allow")])
            .tree();
    assert!(tree.contains("The policy in force would settle it."), "{tree}");
}
