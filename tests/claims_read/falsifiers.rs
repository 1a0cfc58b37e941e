//! Which sessions a retraction or a loss hits, and which decisions differ.

use super::{END, about, config, configured, fact, ledger, rows, text, time, with};
use serde_json::{Value, json};

#[test]
fn a_retraction_lists_every_session_that_it_hits_and_a_loss_only_what_it_ended() {
    let mut facts = configured();
    let of = |session: &str, fact: Value| with(fact, "session", json!(session));
    let claim = |id: &str, key: Value| {
        fact(
            id,
            "claims.received",
            "10:00:00",
            json!({"idp": "x", "assertion": id, "amr": ["pwd", "hwk"], "key": key}),
        )
    };
    facts.push(of("counted", claim("c-1", json!("K"))));
    facts.push(of("ignored", claim("c-2", json!("K"))));
    facts.push(of(
        "ignored",
        fact("c-2-ignored", "claim.ignored", "10:00:01", json!({"assertion": "c-2"})),
    ));
    facts.push(of("unseen", fact("start", "session.started", "10:00:00", json!({"idp": "x"}))));
    facts.push(of("ended", claim("c-3", json!("K"))));
    facts.push(of("ended", fact("end", "session.ended", "10:30:00", json!({"reason": "logout"}))));
    let retracted = |id: &str, actor: &str, more: Value| {
        let mut data =
            json!({"idp": "x", "from": time("09:00:00"), "reason": "leaked", "actor": actor});
        data.as_object_mut()
            .expect("an object")
            .extend(more.as_object().expect("an object").clone());
        config(id, "trust.retracted", "14:00:00", data)
    };
    facts.push(retracted("whole", "ops", json!({})));
    let lost = |id: &str, actor: &str, from: &str| {
        about(
            id,
            "authenticator.lost",
            "15:00:00",
            json!({"id": "u-alice"}),
            json!({"methods": ["hwk"], "from": time(from), "actor": actor}),
        )
    };
    facts.push(lost("lost-1", "help-1", "11:00:00"));
    facts.push(lost("lost-2", "help-2", "12:00:00"));
    let scratch = ledger(facts);
    let hit = |actor: &str| {
        let found =
            scratch.json(&["--tenant", "acme", "--at", END, "dependants", "--actor", actor]);
        rows(&found["items"][0]["sessions"], &["/session", "/certainty"])
    };
    assert_eq!(
        hit("ops"),
        ["counted CERTAIN", "ended CERTAIN", "ignored CERTAIN", "unseen CERTAIN"]
    );
    assert_eq!(
        hit("help-1"),
        ["counted CERTAIN"],
        "not what ended before, and not what never counted"
    );
    assert_eq!(hit("help-2"), Vec::<String>::new(), "it had ended by the first loss");
}

#[test]
fn a_refusal_where_the_rules_imply_allow_differs_and_a_loss_after_t_ends_nothing_yet() {
    let mut facts = configured();
    facts.push(fact(
        "claim",
        "claims.received",
        "10:00:00",
        json!({"idp": "x", "assertion": "a", "amr": ["pwd", "otp"], "key": "K"}),
    ));
    let refused = json!({"app": "wiki", "policy": "two", "outcome": "deny", "rule": "r"});
    facts.push(fact("refused", "policy.decided", "10:00:01", refused));
    let lost = json!({"methods": ["otp"], "from": time("12:00:00")});
    facts.push(about("lost", "authenticator.lost", "13:00:00", json!({"id": "u-alice"}), lost));
    let scratch = ledger(facts);
    let found = scratch.json(&["--tenant", "acme", "--at", END, "decisions", "--differs"]);
    assert_eq!(
        rows(&found["edges"], &["/node/record/sourceId", "/node/differs/code"]),
        ["refused refused_though_met"]
    );
    let otp = |at: &str| {
        scratch.json(&["--tenant", "acme", "--at", &time(at), "session", "S"])["session"]["factors"]
            [1]
        .clone()
    };
    assert_eq!(
        (text(&otp("11:59:59")["until"]), text(&otp("11:59:59")["endReason"])),
        ("null".to_owned(), "null".to_owned())
    );
    assert_eq!(text(&otp("12:00:00")["until"]), time("12:00:00"));
}
