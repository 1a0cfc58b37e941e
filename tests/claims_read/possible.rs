//! Claims that are only possible: without a key, or known as an interval.

use super::{END, add, config, configured, decided, fact, graphql, ledger, rows, time, with};
use crate::support::Scratch;
use serde_json::{Value, json};

#[test]
fn a_claim_that_names_no_key_is_possible_in_decisions_and_in_what_falls() {
    let mut facts = configured();
    facts.push(fact(
        "claim",
        "claims.received",
        "10:00:00",
        json!({"idp": "x", "assertion": "a", "amr": ["pwd", "otp"]}),
    ));
    facts.push(decided("decided", "10:00:01", "two"));
    let scratch = ledger(facts);
    let key = ["--tenant", "acme", "--at", END, "decisions", "--key", "K"];
    let found = scratch.json(&key);
    assert_eq!(
        rows(&found["edges"], &["/node/record/sourceId", "/certainty"]),
        ["decided POSSIBLE"]
    );
    assert!(scratch.ok(&key).contains("possible"), "the table says so");
    let other = scratch.run(&["--tenant", "acme", "--at", END, "decisions", "--key", "other"]);
    assert_eq!(other.status.code(), Some(1), "no such key is stated");
    let window = ["--from", "2026-03-10T09:00:00Z", "--to", "2026-03-10T11:00:00Z"];
    let rehearse = |scratch: &Scratch| {
        let mut args = vec![
            "--tenant",
            "acme",
            "--at",
            END,
            "rehearse",
            "retraction",
            "--idp",
            "x",
            "--key",
            "K",
        ];
        args.extend(window);
        scratch.json(&args)
    };
    let rehearsed = rehearse(&scratch);
    assert_eq!(
        rows(&rehearsed["falls"], &["/certainty", "/before", "/after"]),
        ["POSSIBLE ALLOW ALLOW"],
        "{rehearsed:#}"
    );
    assert_eq!(rehearsed["flips"], json!([]));
    assert_eq!(rehearsed["unchanged"], json!([]), "what may fall does not stay what it was");
    // Stated, it leaves what the claim implies as it is, and is possible.
    add(
        &scratch,
        "more.jsonl",
        vec![config(
            "retracted",
            "trust.retracted",
            "12:00:00",
            json!({"idp": "x", "key": "K", "from": time("09:00:00"), "reason": "leaked"}),
        )],
    );
    let session =
        scratch.json(&["--tenant", "acme", "--at", END, "session", "S"])["session"].clone();
    assert_eq!(
        rows(&session["factors"], &["/amr", "/byRules", "/certainty", "/void"]),
        ["pwd true CERTAIN []", "otp true CERTAIN []"]
    );
    assert_eq!(rows(&session["falsifiers"], &["/code", "/certainty"]), ["key_retracted POSSIBLE"]);
    assert_eq!(rows(&session["decisions"], &["/implied", "/atK/implied"]), ["ALLOW ALLOW"]);
}

#[test]
fn a_claim_known_as_an_interval_is_possible_inside_it_in_every_list() {
    let mut facts = configured();
    let vague = |fact: Value| {
        with(fact, "occurred_at", json!({"from": time("10:00:00"), "to": time("11:00:00")}))
    };
    let claim = |id: &str| {
        fact(
            id,
            "claims.received",
            "11:00:00",
            json!({"idp": "x", "assertion": "a", "amr": ["pwd"], "key": "K"}),
        )
    };
    facts.push(vague(claim("claim")));
    facts.push(decided("inside", "10:30:00", "any"));
    facts.push(decided("after", "11:00:00", "any"));
    facts.push(with(vague(claim("claim-2")), "session", json!("S2")));
    facts.push(config(
        "retracted",
        "trust.retracted",
        "12:00:00",
        json!({"idp": "x", "from": time("10:30:00"), "reason": "leaked", "actor": "ops"}),
    ));
    let scratch = ledger(facts);
    let query = |at: &str| {
        format!(
            "{{ session(id: \"S\", asking: {{at: \"{at}\"}}) {{ session {{ factors {{ amr \
             certainty missing void }}
                falsifiers {{ certainty words }} decisions {{ record {{ sourceId }} reliedOn \
                {{ certainty }} }} }} }}
              sessions(filter: {{key: \"K\"}}, asking: {{at: \"{at}\"}}) {{ edges {{ node \
              {{ id }} certainty }} }}
              decisions(filter: {{key: \"K\"}}, asking: {{at: \"{at}\"}}) {{ edges {{ node \
              {{ record {{ sourceId }} }} certainty }} }}
              firstSeen(kind: KEY, asking: {{at: \"{at}\"}}) {{ items {{ key certainty }} }}
              reused(asking: {{at: \"{at}\"}}) {{ items {{ certainty }} }}
              dependants(actor: \"ops\", asking: {{at: \"{at}\"}}) \
              {{ items {{ sessions {{ session certainty }} }} }} }}"
        )
    };
    let answers = |at: &str| graphql(&scratch, &query(&time(at)));
    let (inside, after) = (answers("10:40:00"), answers("11:00:00"));
    let session = |answer: &Value| answer["session"]["session"].clone();
    assert_eq!(
        rows(&session(&inside)["factors"], &["/amr", "/certainty", "/missing", "/void"]),
        ["pwd POSSIBLE [\"exact_time\"] []"]
    );
    assert_eq!(
        rows(&session(&after)["decisions"], &["/record/sourceId", "/reliedOn/0/certainty"]),
        ["inside POSSIBLE", "after POSSIBLE"]
    );
    assert_eq!(
        rows(&inside["sessions"]["edges"], &["/node/id", "/certainty"]),
        ["S POSSIBLE", "S2 POSSIBLE"]
    );
    assert_eq!(
        rows(&after["sessions"]["edges"], &["/node/id", "/certainty"]),
        ["S CERTAIN", "S2 CERTAIN"]
    );
    assert_eq!(
        rows(&after["decisions"]["edges"], &["/node/record/sourceId", "/certainty"]),
        ["inside POSSIBLE", "after CERTAIN"]
    );
    assert_eq!(rows(&inside["firstSeen"]["items"], &["/key", "/certainty"]), ["K POSSIBLE"]);
    assert_eq!(rows(&after["firstSeen"]["items"], &["/key", "/certainty"]), ["K CERTAIN"]);
    assert_eq!(
        (&inside["reused"]["items"][0]["certainty"], &after["reused"]["items"][0]["certainty"]),
        (&json!("POSSIBLE"), &json!("CERTAIN"))
    );
    // The retraction may reach it or not, also when the interval is over: no plain void, and its
    // reason says so.
    let falsifiers = rows(&session(&after)["falsifiers"], &["/certainty", "/words"]);
    let words = "trust in x retracted from 10:30:00Z, recorded 12:00:00Z; whether the claim came \
                 before that is not known";
    assert_eq!(falsifiers, [format!("POSSIBLE {words}")]);
    assert_eq!(
        rows(&session(&after)["factors"], &["/certainty", "/missing", "/void"]),
        ["POSSIBLE [\"exact_time\"] []"]
    );
    assert_eq!(
        rows(&after["dependants"]["items"][0]["sessions"], &["/session", "/certainty"]),
        ["S POSSIBLE", "S2 POSSIBLE"]
    );
}
