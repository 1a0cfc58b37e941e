//! Who kept access under a version that had been replaced (1, 17, 18, 22).

use crate::given::*;
use claimledger_domain::{
    held_under::{HeldEnd, held_under, replaced},
    history::{History, is_config},
    model::{Certainty, Cut, Known},
};
use claimledger_facts::ids::LogPosition;
use serde_json::{Value, json};

/// `a 12:00:00 to 15:00:00 logout deny phishing_resistant`, as known at the end of the day; of
/// session `S` and version `v1`.
fn held(facts: impl IntoIterator<Item = Said>) -> Vec<String> {
    held_at(facts, "23:59:59")
}

fn held_at(facts: impl IntoIterator<Item = Said>, at: &str) -> Vec<String> {
    let g = given(facts);
    let history: History = g.0.iter().filter(|k| is_config(&k.fact.data)).cloned().collect();
    let facts: Vec<Known> = g.0.iter().filter(|k| !is_config(&k.fact.data)).cloned().collect();
    let cut = Cut { at: time(at), known_at: LogPosition(u64::MAX) };
    let clock = |time: claimledger_facts::time::Time| time.to_string()[11..19].to_owned();
    let told =
        held_under(&facts, &history, cut, &"p".into(), &"v1".into()).into_iter().map(|held| {
            let until = match (held.until, held.until_bounds) {
                (Some(until), _) => clock(until),
                (None, Some(bounds)) => {
                    format!("{}..{}", clock(bounds.from), bounds.to.map_or("?".to_owned(), clock))
                }
                (None, None) => "?".to_owned(),
            };
            let by = match held.ended_by {
                HeldEnd::Decided { outcome, version, .. } => format!(
                    "decided {outcome} {}",
                    version.map_or("-".to_owned(), |v| v.to_string())
                ),
                HeldEnd::SessionEnded(reason) => reason.unwrap_or("-").to_owned(),
                HeldEnd::Open => "open".to_owned(),
            };
            let possible = if held.certainty == Certainty::Possible { " possible" } else { "" };
            let would = format!("{:?}", held.implied).to_lowercase();
            let unmet = held.first_unmet.map_or(String::new(), |code| format!(" {code}"));
            format!(
                "{} {} to {until} {by} {would}{unmet}{possible}",
                held.app,
                clock(held.replaced.at.from)
            )
        });
    told.collect()
}

fn version(at: &str, label: &str, rules: Value) -> Said {
    fact(
        at,
        "policy.configured",
        json!({"policy": "p", "version": label, "kind": "app_sign_in", "rules": rules}),
    )
}

fn rule(name: &str, mode: &str, alternatives: Value) -> Value {
    json!({"rule": name, "priority": 1, "access": "allow", "factor_mode": mode,
        "alternatives": alternatives})
}

/// Until 12:00:00 any factor; from then on two, one of them phishing-resistant possession. Rules
/// have other names in each.
fn replaced_at_noon() -> Vec<Said> {
    let strict = rule("r2", "2fa", json!([{"possession": {"phishing_resistant": true}}]));
    vec![
        org(),
        third_party(),
        version("08:00:00", "v1", json!([rule("r", "1fa", json!([]))])),
        version("12:00:00", "v2", json!([strict])),
    ]
}

fn ended(at: &str) -> Said {
    fact(at, "session.ended", json!({"reason": "logout"}))
}

fn with(more: impl IntoIterator<Item = Said>) -> Vec<Said> {
    replaced_at_noon().into_iter().chain(more).collect()
}

fn decided_under(at: &str, outcome: &str, rule: &str) -> Said {
    fact(at, "policy.decided", json!({"app": "a", "policy": "p", "outcome": outcome, "rule": rule}))
}

#[test]
fn whoever_was_let_in_keeps_it_until_the_session_ends() {
    let facts = with([
        claims("10:00:00", &["pwd", "otp"]),
        decided("10:00:01", "allow"),
        ended("15:00:00"),
    ]);
    assert_eq!(held(facts), ["a 12:00:00 to 15:00:00 logout deny phishing_resistant"]);
    let facts = with([
        claims("10:00:00", &["pwd", "hwk", "phr"]),
        decided("10:00:01", "allow"),
        ended("15:00:00"),
    ]);
    assert_eq!(held(facts), ["a 12:00:00 to 15:00:00 logout allow"]);
}

#[test]
fn at_the_instant_of_its_end_or_of_the_next_version_nothing_is_kept() {
    let until = |at| {
        held(with([claims("10:00:00", &["pwd"]), decided("10:00:01", "allow"), ended(at)])).len()
    };
    assert_eq!((until("12:00:00"), until("12:00:01")), (0, 1));
    let let_in = |at| {
        held(with([claims("10:00:00", &["pwd"]), decided(at, "allow"), ended("15:00:00")])).len()
    };
    assert_eq!(
        (let_in("11:59:59"), let_in("12:00:00")),
        (1, 0),
        "a decision at that instant falls under the next version"
    );
    let at = |at| held_at(with([claims("10:00:00", &["pwd"]), decided("10:00:01", "allow")]), at);
    assert_eq!(at("11:59:59"), [""; 0], "nothing has been replaced yet");
    assert_eq!(
        at("12:00:00"),
        ["a 12:00:00 to 12:00:00..? open deny not_enough_factors possible"],
        "no limit is known (22)"
    );
}

#[test]
fn the_next_decision_for_the_application_ends_it() {
    let again = |at, outcome, rule| {
        held(with([
            claims("10:00:00", &["pwd", "hwk", "phr"]),
            decided("10:00:01", "allow"),
            decided_under(at, outcome, rule),
            ended("15:00:00"),
        ]))
    };
    assert_eq!(again("12:30:00", "allow", "r2"), ["a 12:00:00 to 12:30:00 decided allow v2 allow"]);
    assert_eq!(again("12:30:00", "deny", "r2"), ["a 12:00:00 to 12:30:00 decided deny v2 allow"]);
    assert_eq!(again("12:00:00", "allow", "r2"), [""; 0]);
    assert_eq!(again("11:00:00", "deny", "r"), [""; 0], "it was refused again before");
    assert_eq!(
        again("11:00:00", "allow", "r"),
        ["a 12:00:00 to 15:00:00 logout allow"],
        "once, by the last of its decisions"
    );
    let other = fact(
        "12:30:00",
        "policy.decided",
        json!({"app": "b", "policy": "p", "outcome": "deny", "rule": "r2"}),
    );
    let facts = with([
        claims("10:00:00", &["pwd"]),
        decided("10:00:01", "allow"),
        other,
        ended("15:00:00"),
    ]);
    assert_eq!(
        held(facts),
        ["a 12:00:00 to 15:00:00 logout deny not_enough_factors"],
        "a decision for another application leaves it"
    );
}

#[test]
fn what_counted_when_it_was_let_in_is_what_would_pass() {
    let later = with([
        claims("10:00:00", &["pwd"]),
        decided("10:00:01", "allow"),
        claims("12:10:00", &["hwk", "phr"]),
        ended("15:00:00"),
    ]);
    assert_eq!(held(later), ["a 12:00:00 to 15:00:00 logout deny not_enough_factors"]);
    let lost = fact(
        "13:00:00",
        "authenticator.lost",
        json!({"methods": ["hwk", "phr"], "from": time("11:00:00").to_string()}),
    );
    let falsified = with([
        claims("10:00:00", &["pwd", "hwk", "phr"]),
        decided("10:00:01", "allow"),
        ended("15:00:00"),
        lost,
    ]);
    assert_eq!(
        held(falsified),
        ["a 12:00:00 to 15:00:00 logout allow"],
        "as known when it was let in"
    );
}

#[test]
fn the_rule_of_the_same_name_is_read_else_the_only_one_else_none() {
    let two = |names: [&str; 2]| {
        let next = version(
            "12:00:00",
            "v2",
            json!([rule(names[0], "1fa", json!([])), rule(names[1], "2fa", json!([]))]),
        );
        let first = version("08:00:00", "v1", json!([rule("r", "1fa", json!([]))]));
        held([
            org(),
            third_party(),
            first,
            next,
            claims("10:00:00", &["pwd"]),
            decided("10:00:01", "allow"),
            ended("15:00:00"),
        ])
    };
    assert_eq!(two(["r", "s"]), ["a 12:00:00 to 15:00:00 logout allow"]);
    assert_eq!(two(["s", "r"]), ["a 12:00:00 to 15:00:00 logout deny not_enough_factors"]);
    assert_eq!(two(["s", "t"]), ["a 12:00:00 to 15:00:00 logout undetermined"]);
}

#[test]
fn one_label_may_be_of_several_versions() {
    let any = || json!([rule("r", "1fa", json!([]))]);
    let versions = [
        version("08:00:00", "v1", any()),
        version("10:00:00", "v2", any()),
        version("12:00:00", "v1", any()),
        version("14:00:00", "v1", any()),
    ];
    let g = given(versions.iter().cloned());
    let history: History = g.0.into_iter().collect();
    let at = |at: &str| {
        replaced(history.at(LogPosition(u64::MAX)), &"p".into(), &"v1".into(), time(at)).len()
    };
    assert_eq!((at("09:59:59"), at("10:00:00"), at("23:00:00")), (0, 1, 2));
    let let_in = [
        claims("09:00:00", &["pwd"]),
        decided("09:00:00", "allow"),
        decided("13:00:00", "allow"),
        ended("15:00:00"),
    ];
    let facts = [org(), third_party()].into_iter().chain(versions).chain(let_in);
    assert_eq!(
        held(facts),
        ["a 10:00:00 to 13:00:00 decided allow v1 allow", "a 14:00:00 to 15:00:00 logout allow"]
    );
}

#[test]
fn past_its_idle_limit_it_is_only_possible_that_it_was_kept() {
    let started = || fact("10:00:00", "session.started", json!({"idle_secs": 3600}));
    let facts = |more: Vec<Said>| {
        with(
            [started(), claims("10:00:00", &["pwd"]), decided("10:00:01", "allow")]
                .into_iter()
                .chain(more),
        )
    };
    assert_eq!(
        held(facts(vec![])),
        ["a 12:00:00 to 12:00:00..? open deny not_enough_factors possible"]
    );
    let seen = fact("12:00:00", "app.accessed", json!({"app": "a"}));
    assert_eq!(
        held(facts(vec![seen])),
        ["a 12:00:00 to 12:00:00..? open deny not_enough_factors"],
        "a sign of life shows that it was"
    );
    let until_11 = fact(
        "10:00:00",
        "session.started",
        json!({"lifetime_ends_at": time("11:00:00").to_string()}),
    );
    assert_eq!(
        held(with([until_11, claims("10:00:00", &["pwd"]), decided("10:00:01", "allow")])),
        [""; 0],
        "its lifetime was over"
    );
    let open = with([
        claims("10:00:00", &["pwd"]),
        decided("10:00:01", "allow"),
        ended("11:00:00").until("13:00:00"),
    ]);
    assert_eq!(
        held(open),
        ["a 12:00:00 to 12:00:00..13:00:00 logout deny not_enough_factors possible"]
    );
}
