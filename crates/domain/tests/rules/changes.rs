//! Who changed what is trusted and asked for: cuts, half-open intervals, before and after (1, 3, 6,
//! 17).

use crate::given::*;
use claimledger_domain::{
    changes::{ConfigChange, PolicyChanges, TrustChanges, policy_changes, trust_changes},
    history::History,
    model::{Certainty, Cut},
};
use claimledger_facts::ids::LogPosition;
use serde_json::json;

fn trust(facts: impl IntoIterator<Item = Said>, at: &str, known_at: u64) -> TrustChanges {
    let history: History = given(facts).0.into_iter().collect();
    trust_changes(
        &history,
        Cut { at: time(at), known_at: LogPosition(known_at) },
        Some(&"x".into()),
    )
}

fn policies(facts: impl IntoIterator<Item = Said>, at: &str) -> PolicyChanges {
    let history: History = given(facts).0.into_iter().collect();
    policy_changes(&history, Cut { at: time(at), known_at: LogPosition(99) }, Some(&"p".into()))
}

fn idp(at: &str, version: &str, trusted: bool) -> Said {
    let data = json!({"idp": "x", "version": version, "kind": "third_party", "status": "active",
        "trust_claims": trusted, "protocol": "oidc", "actor": "a-1", "ticket": "T-1"});
    fact(at, "idp.configured", data)
}

fn fields(change: &ConfigChange) -> Vec<String> {
    let word = |text: &Option<String>| text.clone().unwrap_or_else(|| "–".to_owned());
    change
        .diff
        .changes
        .iter()
        .map(|c| format!("{} {} → {}", c.field, word(&c.before), word(&c.after)))
        .collect()
}

#[test]
fn a_version_names_the_fields_it_changed_and_holds_until_the_next() {
    let facts = || [idp("09:00:00", "t1", true), idp("08:00:00", "t0", false)];
    let found = trust(facts(), "12:00:00", 9);
    let words: Vec<&str> = found.changes.iter().map(|c| c.words.as_str()).collect();
    assert_eq!(words, ["x t0: not trusted", "x t0 → t1: not trusted → trusted"]);
    assert_eq!(fields(&found.changes[1]), ["trust_claims false → true"]);
    assert_eq!(found.changes[1].diff.unchanged, 3, "kind, protocol and status");
    assert_eq!(found.changes[1].actor.as_ref().map(|a| a.as_str()), Some("a-1"));
    assert_eq!(found.changes[1].ticket.as_ref().map(|t| t.as_str()), Some("T-1"));
    let [first, second] = found.versions.as_slice() else { panic!("two versions") };
    assert_eq!((first.span.until, second.span.until), (Some(second.span.from), None));
    assert_eq!((first.in_force, second.in_force), (None, Some(Certainty::Certain)));
}

#[test]
fn a_cut_leaves_out_what_occurred_later_or_was_not_known() {
    let facts = || [idp("08:00:00", "t0", false), idp("09:00:00", "t1", true)];
    let labels = |at: &str, known_at| {
        trust(facts(), at, known_at)
            .versions
            .iter()
            .map(|v| format!("{} {:?}", v.data.version, v.in_force))
            .collect::<Vec<_>>()
    };
    assert_eq!(labels("08:59:59", 9), ["t0 Some(Certain)"]);
    assert_eq!(
        labels("09:00:00", 9),
        ["t0 None", "t1 Some(Certain)"],
        "a change counts from its own instant"
    );
    assert_eq!(labels("12:00:00", 1), ["t0 Some(Certain)"]);
    assert!(labels("07:59:59", 9).is_empty() && labels("12:00:00", 0).is_empty());
}

#[test]
fn between_two_polls_both_versions_are_possible() {
    let facts = || [idp("08:00:00", "t0", false), idp("12:00:00", "t1", true).until("12:05:00")];
    let at =
        |at: &str| trust(facts(), at, 9).versions.iter().map(|v| v.in_force).collect::<Vec<_>>();
    assert_eq!(at("11:59:59"), [Some(Certainty::Certain)]);
    assert_eq!(at("12:00:00"), [Some(Certainty::Possible), Some(Certainty::Possible)]);
    assert_eq!(at("12:04:59"), [Some(Certainty::Possible), Some(Certainty::Possible)]);
    assert_eq!(at("12:05:00"), [None, Some(Certainty::Certain)]);
}

#[test]
fn a_key_is_valid_from_when_it_was_added_until_it_was_retired() {
    let facts =
        || [key_added("09:00:00", "K"), key_retired("13:30:00", "K"), key_retired("10:00:00", "L")];
    let valid = |at: &str| {
        trust(facts(), at, 9).keys.iter().map(|k| (k.key.to_string(), k.valid)).collect::<Vec<_>>()
    };
    assert_eq!(valid("13:29:59")[0], ("K".to_owned(), Some(Certainty::Certain)));
    assert_eq!(valid("13:30:00")[0], ("K".to_owned(), None));
    assert_eq!(valid("08:59:59"), []);
    let found = trust(facts(), "14:00:00", 9);
    assert_eq!(fields(&found.changes[0]), ["validity never added → valid"]);
    assert_eq!(fields(&found.changes[2]), ["validity valid → retired"]);
    assert!(
        found.keys[1].added.is_none() && found.keys[1].span.is_none(),
        "retired without having been added"
    );
    let again = trust(
        [key_added("09:00:00", "K"), key_retired("10:00:00", "K"), key_added("11:00:00", "K")],
        "12:00:00",
        9,
    );
    assert_eq!(
        again.keys.iter().map(|k| k.valid).collect::<Vec<_>>(),
        [None, Some(Certainty::Certain)]
    );
    assert_eq!(fields(&again.changes[2]), ["validity retired → valid"]);
}

#[test]
fn a_retraction_counts_for_every_t_once_it_is_known() {
    let data = json!({"idp": "x", "from": "2026-03-10T13:40:00Z", "reason": "leaked", "key": "K",
        "actor": "a-1", "ticket": "T-3"});
    let facts = || {
        [
            key_added("09:00:00", "K"),
            key_retired("13:30:00", "K"),
            fact("15:10:00", "trust.retracted", data.clone()),
        ]
    };
    for at in ["10:00:00", "14:00:00", "16:00:00"] {
        assert_eq!(trust(facts(), at, 3).retractions.len(), 1, "{at}");
        assert_eq!(trust(facts(), at, 2).retractions.len(), 0, "{at}");
    }
    let found = trust(facts(), "16:00:00", 3);
    let row = found.changes.last().unwrap();
    assert_eq!(fields(row), ["validity retired 13:30:00Z → void from 13:40:00Z"]);
    assert_eq!(row.effective_from, Some(time("13:40:00")));
    assert!(row.late, "said 90 min after it has effect");
    assert!(!found.changes[0].late);
}

#[test]
fn a_policy_says_which_rule_came_which_went_and_what_changed_in_one_that_stayed() {
    let rules = |at: &str, rules: serde_json::Value| {
        fact(
            at,
            "policy.configured",
            json!({"policy": "p", "version": at, "kind": "app_sign_in", "apps": ["a"],
                "rules": rules}),
        )
    };
    let rule = |name: &str, priority: u32, mode: &str| {
        json!({"rule": name, "priority": priority,
        "access": "allow", "factor_mode": mode})
    };
    let found = policies(
        [
            rules("08:00:00", json!([rule("r-1", 1, "2fa"), rule("r-2", 2, "1fa")])),
            rules("12:00:00", json!([rule("r-2", 1, "1fa"), rule("r-3", 2, "1fa")])),
        ],
        "13:00:00",
    );
    assert_eq!(
        fields(&found.changes[1]),
        [
            "rules.r-1 any two factor types → –",
            "rules.r-2.priority 2 → 1",
            "rules.r-3 – → any one factor or IdP"
        ]
    );
    assert_eq!(found.versions[0].in_force, None);
    assert_eq!(found.versions[1].replaces.as_ref().map(|label| label.as_str()), Some("08:00:00"));
    assert_eq!(
        policies([rules("08:00:00", json!([rule("r-1", 1, "2fa")]))], "07:00:00"),
        PolicyChanges::default()
    );
}

#[test]
fn a_routing_rule_that_left_an_idp_shows_with_it_too() {
    let routed = |at: &str, to: &str| {
        fact(
            at,
            "routing_rule.configured",
            json!({"rule": "route", "idp": to, "status": "active", "actor": "a-1"}),
        )
    };
    let found = trust(
        [routed("08:00:00", "x"), routed("09:00:00", "y"), routed("10:00:00", "z")],
        "12:00:00",
        9,
    );
    let words: Vec<&str> = found.changes.iter().map(|c| c.words.as_str()).collect();
    assert_eq!(
        words,
        ["routing rule route: to x, active", "routing rule route: to x, active → to y, active"]
    );
}
