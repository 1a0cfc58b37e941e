//! How sessions end by each route, and limits by the global session rule that held (22, 23, 44).

use super::*;
use claimledger_domain::model::{Certainty, Phase, SessionState};

fn started(data: Value) -> Said {
    fact("09:00:00", "session.started", data).limits_not_logged()
}

fn accessed(at: &str) -> Said {
    fact(at, "app.accessed", json!({"app": "a"}))
}

fn ended(at: &str, reason: &str) -> Said {
    fact(at, "session.ended", json!({"reason": reason}))
}

fn governed(at: &str, rule: &str, policy: Option<&str>) -> Said {
    let mut data = json!({"rule": rule});
    if let Some(policy) = policy {
        data["policy"] = json!(policy);
    }
    fact(at, "session.governed", data)
}

/// A rule of a global session policy: name, status, access, hours of lifetime, minutes of idle
/// time.
type Limited = (&'static str, &'static str, &'static str, u64, u64);

fn global(at: &str, policy: &str, rules: &[Limited]) -> Said {
    let rules: Vec<Value> = rules
        .iter()
        .map(|(rule, status, access, hours, minutes)| {
            json!({"rule": rule, "priority": 1, "access": access, "factor_mode": "1fa",
                "status": status, "max_lifetime_secs": hours * 3600,
                "max_idle_secs": minutes * 60})
        })
        .collect();
    fact(
        at,
        "policy.configured",
        json!({"policy": policy, "version": "g1", "kind": "global_session", "rules": rules}),
    )
}

/// `active certain`, `active possible lifetime_limit`, `ended expired_by_limit`.
fn stands(state: &SessionState) -> String {
    let certainty = match state.life.certainty {
        Certainty::Certain => "certain",
        Certainty::Possible => "possible",
    };
    let mut words = match state.life.phase {
        Phase::NotStarted => vec!["not_started"],
        Phase::Active => vec!["active", certainty],
        Phase::Ended => vec!["ended", state.life.end.reason.unwrap_or("?")],
    };
    words.extend(&state.life.missing);
    words.join(" ")
}

#[track_caller]
fn check(case: &str, facts: Vec<Said>, expected: &[(&str, &str)]) {
    let g = given(facts);
    for (at, stands_so) in expected {
        assert_eq!(stands(&g.at(at)), *stands_so, "{case}, at {at}");
    }
}

/// A row.
type Case<'c> = (&'c str, Vec<Said>, &'c [(&'c str, &'c str)]);

#[test]
fn a_session_ends_by_each_route() {
    let cleared = fact(
        "11:00:00",
        "subject.sessions_ended",
        json!({"reason": "revoked", "actor": "admin-1"}),
    );
    let rule = || global("01:00:00", "g", &[("g1", "active", "allow", 6, 60)]);
    let with = |fact: Said| vec![rule(), started(json!({})), accessed("10:00:00"), fact];
    let cases: [Case<'_>; 7] = [
        ("signed out", with(ended("11:00:00", "logout")), &[("11:00:00", "ended logout")]),
        ("all sessions of the user were cleared", with(cleared), &[("11:00:00", "ended revoked")]),
        (
            "re-evaluated and terminated",
            with(ended("11:00:00", "revoked")),
            &[("10:59:59", "active certain"), ("11:00:00", "ended revoked")],
        ),
        (
            "revoked at the IdP",
            with(ended("11:00:00", "upstream_revoked")),
            &[("11:00:00", "ended upstream_revoked")],
        ),
        // Idle: most activity that keeps a session is not logged, so its end is a lower bound.
        (
            "idle",
            with(accessed("10:30:00")),
            &[
                ("11:29:59", "active certain"),
                ("11:30:00", "active possible"),
                ("14:59:59", "active possible"),
            ],
        ),
        (
            "its lifetime",
            with(accessed("14:59:00")),
            &[("14:59:59", "active certain"), ("15:00:00", "ended expired_by_limit")],
        ),
        (
            "an end after the limit",
            with(ended("16:00:00", "expired")),
            &[("15:30:00", "ended expired_by_limit")],
        ),
    ];
    for (case, facts, expected) in cases {
        check(case, facts, expected);
    }
}

/// With a sign of life at 10:00: what stands at 10:30 and at 18:00.
#[test]
fn limits_are_those_of_the_rule_that_held_at_the_start() {
    const UNKNOWN: &str = "active possible lifetime_limit idle_limit";
    let short: Limited = ("short", "active", "allow", 2, 15);
    let long: Limited = ("long", "active", "allow", 12, 120);
    let two = || global("01:00:00", "g", &[short, long]);
    let held = |rule| governed("09:00:00", rule, Some("g"));
    let life = |more: Vec<Said>| {
        [started(json!({})), accessed("10:00:00")].into_iter().chain(more).collect::<Vec<_>>()
    };
    let short_stands = ["active possible", "ended expired_by_limit"];
    let long_stands = ["active certain", "active possible"];
    let unknown = [UNKNOWN, UNKNOWN];
    let other = global("01:00:00", "h", &[("h1", "active", "allow", 2, 15)]);
    let later = global("09:30:00", "g", &[("short", "active", "allow", 12, 120), long]);
    let vague = || {
        let now = global("08:00:00", "g", &[("short", "active", "allow", 12, 120), long]);
        now.until("10:00:00")
    };
    let level = fact(
        "01:00:00",
        "policy.configured",
        json!({"policy": "g", "version": "g1", "kind": "global_session", "max_idle_secs": 900,
            "rules": [{"rule": "short", "priority": 1, "access": "allow", "factor_mode": "1fa",
                "max_lifetime_secs": 7200}]}),
    );
    let cases: Vec<(&str, Vec<Said>, [&str; 2])> = vec![
        ("the short one held", life(vec![two(), held("short")]), short_stands),
        ("the long one held", life(vec![two(), held("long")]), long_stands),
        (
            "its policy is not named",
            life(vec![two(), governed("09:00:00", "short", None)]),
            short_stands,
        ),
        (
            "of several the first",
            life(vec![two(), held("short"), governed("09:40:00", "long", Some("g"))]),
            short_stands,
        ),
        ("in the version of the start", life(vec![two(), later, held("short")]), short_stands),
        (
            "the version is open, and they differ",
            life(vec![two(), vague(), held("short")]),
            unknown,
        ),
        (
            "the version is open, and they agree",
            life(vec![two(), vague(), held("long")]),
            long_stands,
        ),
        ("nothing is known of the rule", life(vec![two(), held("none")]), unknown),
        ("beside another policy", life(vec![two(), other.clone(), held("long")]), long_stands),
        ("what the rule does not state", life(vec![level.clone(), held("short")]), short_stands),
        // No rule is stated to have held.
        ("one rule", life(vec![global("01:00:00", "g", &[short])]), short_stands),
        ("two that differ", life(vec![two()]), unknown),
        (
            "two that agree",
            life(vec![global("01:00:00", "g", &[short, ("s", "active", "allow", 2, 15)])]),
            short_stands,
        ),
        (
            "the other is inactive",
            life(vec![global("01:00:00", "g", &[short, ("long", "inactive", "allow", 12, 120)])]),
            short_stands,
        ),
        (
            "the other denies",
            life(vec![global("01:00:00", "g", &[short, ("no", "active", "deny", 12, 120)])]),
            short_stands,
        ),
        ("two policies", life(vec![global("01:00:00", "g", &[short]), other]), unknown),
        ("the policy's own", life(vec![level]), short_stands),
    ];
    for (case, facts, [soon, late]) in cases {
        check(case, facts, &[("10:30:00", soon), ("18:00:00", late)]);
    }
}

/// A rule of which a part is not read gives no limits, as the one that held and as the only one.
#[test]
fn limits_of_a_rule_that_is_not_read_are_unknown() {
    let rule = |other: Value| {
        fact(
            "01:00:00",
            "policy.configured",
            json!({"policy": "g", "version": "g1", "kind": "global_session", "rules": [
                {"rule": "g1", "priority": 1, "access": "allow", "factor_mode": "1fa",
                    "max_lifetime_secs": 3600, "max_idle_secs": 0, "other_verification": other}]}),
        )
    };
    let unknown = "active possible lifetime_limit idle_limit";
    for (other, expected) in
        [(json!(null), "ended expired_by_limit"), (json!("unread_member"), unknown)]
    {
        for held in [vec![], vec![governed("09:00:00", "g1", Some("g"))]] {
            let facts = [vec![rule(other.clone()), started(json!({}))], held].concat();
            check("not read", facts, &[("11:00:00", expected)]);
        }
    }
}

#[test]
fn what_the_session_states_beats_the_rule_and_the_tree_names_it() {
    let rule = || global("01:00:00", "g", &[("short", "active", "allow", 2, 15)]);
    let held = || governed("09:00:00", "short", Some("g"));
    let own = json!({"idle_secs": 0, "lifetime_ends_at": "2026-03-10T20:00:00Z"});
    check(
        "its own limits",
        vec![rule(), started(own), accessed("10:00:00"), held()],
        &[("19:00:00", "active certain"), ("20:00:00", "ended expired_by_limit")],
    );
    let tree = |facts: Vec<Said>| {
        claimledger_domain::explain::text(&given(facts).explained("10:30:00").reasons.session)
    };
    let says = tree(vec![rule(), started(json!({})), accessed("10:00:00"), held()]);
    assert!(says.contains("what global session rule short gave, which held (#4)"), "{says}");
    let says = tree(vec![started(json!({})), accessed("10:00:00"), held()]);
    assert!(says.contains("nothing was stated about global session rule short"), "{says}");
}

/// A limit that all versions give alike is known, though an interval leaves open which holds.
#[test]
fn a_limit_that_did_not_change_is_known_within_an_interval_22() {
    let rule = |at: &str, minutes| global(at, "g", &[("g1", "active", "allow", 6, minutes)]);
    let changed = || rule("08:00:00", 30).until("10:00:00");
    for held in [vec![], vec![governed("09:00:00", "g1", Some("g"))]] {
        let facts = [rule("01:00:00", 60), changed(), started(json!({})), accessed("14:00:00")];
        // Under the shorter one it is active as well.
        check(
            "the idle time alone changed",
            facts.into_iter().chain(held).collect(),
            &[
                ("14:29:59", "active certain"),
                ("14:30:00", "active possible idle_limit"),
                ("15:00:00", "ended expired_by_limit"),
            ],
        );
    }
    let longer = global("08:00:00", "g", &[("g1", "active", "allow", 12, 60)]).until("10:00:00");
    check(
        "the lifetime alone changed",
        vec![rule("01:00:00", 60), longer, started(json!({})), accessed("14:59:00")],
        &[("15:00:00", "active possible lifetime_limit")],
    );
}
