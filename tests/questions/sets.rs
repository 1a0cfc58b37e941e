//! Questions about all sessions at once, asked of the shipped binary over the fixture;
//! GraphQL and the command line give the same answers.

use crate::support::{Scratch, Server, questions::asks};
use serde_json::{Value, json};

const AT: [&str; 6] = ["--at", "2026-03-10T23:00:00Z", "--known-at", "82", "--tenant", "acme"];
const ASKING: &str = r#"asking: {at: "2026-03-10T23:00:00Z", knownAtPosition: 82}"#;

/// The items of a command's answer, and of the same question over GraphQL: what both show.
fn by_both_doors(
    scratch: &Scratch,
    field: &str,
    query: &str,
    command: &[&str],
    row: impl Fn(&Value) -> String,
) -> Vec<String> {
    let token = scratch.token("acme", "read");
    let server: Server = scratch.serve();
    let answer = server.graphql(&token, &format!("{{ {query} }}"), json!({}))[field].clone();
    drop(server);
    let mut args = AT.to_vec();
    args.extend(command);
    let told = scratch.json(&args);
    let rows = |answer: &Value| {
        answer["items"]
            .as_array()
            .unwrap_or_else(|| panic!("no items: {answer}"))
            .iter()
            .map(&row)
            .collect::<Vec<_>>()
    };
    let by_graphql = rows(&answer);
    assert_eq!(by_graphql, rows(&told), "{field} by both doors");
    assert_eq!(told["answered"]["position"], 82);
    assert_eq!(told["completeness"].as_array().map(Vec::len), Some(4));
    by_graphql
}

/// `13:00`, of an RFC 3339 time.
fn minute(value: &Value) -> &str {
    value.as_str().map_or("-", |time| &time[11..16])
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("-")
}

const FIRST: &str = "items { issuer key amr at session honored reasons certainty } comparedWith \
                     { from to since values }";

#[test]
fn r7_keys_and_amr_sets_that_appeared_for_the_first_time() {
    let _question = asks(&["R7"]);
    let scratch = Scratch::fixture();
    let key = |item: &Value| {
        let honored = if item["honored"] == true { "honored" } else { "not honored" };
        format!(
            "{} {} {} {} {honored} {}",
            text(&item["issuer"]),
            text(&item["key"]),
            minute(&item["at"]),
            text(&item["session"]),
            text(&item["certainty"])
        )
    };
    let query = format!("firstSeen(kind: KEY, {ASKING}) {{ {FIRST} }}");
    let keys = by_both_doors(&scratch, "firstSeen", &query, &["first-seen", "key"], key);
    assert_eq!(
        keys,
        [
            "idp-x X1 09:30 S7 honored CERTAIN",
            "idp-z Z1 13:00 S6 not honored CERTAIN",
            "idp-x X2 13:20 S3 honored CERTAIN",
            "idp-y Y1 13:50 S4 honored CERTAIN"
        ]
    );

    let set = |item: &Value| {
        let mut amr: Vec<&str> =
            item["amr"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        amr.sort_unstable();
        format!("{} {} {}", amr.join("+"), minute(&item["at"]), text(&item["session"]))
    };
    let query = format!("firstSeen(kind: AMR_SET, {ASKING}) {{ {FIRST} }}");
    let sets = by_both_doors(&scratch, "firstSeen", &query, &["first-seen", "amr-set"], set);
    assert_eq!(
        sets,
        [
            "otp+pwd 09:30 S7",
            "hwk+phr+pwd 11:30 S2",
            "mfa+pwd 13:00 S6",
            "pwd+sms 13:50 S4",
            "pwd 14:00 S8"
        ]
    );

    let issuer = |item: &Value| format!("{} {}", text(&item["issuer"]), text(&item["session"]));
    let query = format!("firstSeen(kind: ISSUER, {ASKING}) {{ {FIRST} }}");
    assert_eq!(
        by_both_doors(&scratch, "firstSeen", &query, &["first-seen", "issuer"], issuer),
        ["idp-x S7", "idp-z S6", "idp-y S4"]
    );

    let mut args = AT.to_vec();
    args.extend([
        "first-seen",
        "key",
        "--from",
        "2026-03-10T13:00:00Z",
        "--to",
        "2026-03-10T13:50:00Z",
    ]);
    let shown = scratch.ok(&args);
    assert!(
        shown.contains("Z1") && shown.contains("not honored: trust_off") && shown.contains("X2"),
        "{shown}"
    );
    assert!(
        !shown.contains("X1") && !shown.contains("Y1"),
        "the window is half-open, and X1 was there before: {shown}"
    );
    assert!(
        shown.contains("the whole log from #0 to #82")
            && shown.contains("first claim of 2026-03-10T09:30:00Z"),
        "{shown}"
    );
}

#[test]
fn r9_nothing_was_used_twice_as_far_as_the_sources_are_complete() {
    let _question = asks(&["R9"]);
    let scratch = Scratch::fixture();
    let query = format!("reused({ASKING}) {{ items {{ kind }} }}");
    let none: [&str; 0] = [];
    assert_eq!(
        by_both_doors(&scratch, "reused", &query, &["reused"], |item| item.to_string()),
        none
    );
    let at = |known: &str| {
        scratch.ok(&["--tenant", "acme", "--at", known, "--known-at", known, "reused"])
    };
    let gap = "None seen, because not everything was heard: idp-x silent 14:10:00Z to 14:25:00Z";
    let (open, filled) = (at("2026-03-10T16:00:00Z"), at("2026-03-10T23:00:00Z"));
    assert!(open.contains(gap), "{open}");
    assert!(filled.contains("None: complete"), "{filled}");
}

#[test]
fn r4_one_session_outlived_its_idp_session() {
    let _question = asks(&["R4"]);
    let scratch = Scratch::fixture();
    let query = format!(
        "outlived({ASKING}) {{ items {{ session idpSession idpSessionEndedAt activeAt endedAt \
         endBounds {{ from to }} certainty
            idpSessionEnd {{ sourceId recordedAt }} signOfLife {{ sourceId }} }} }}"
    );
    let row = |item: &Value| {
        let (bounds, end) = (&item["endBounds"], &item["idpSessionEnd"]);
        let times = [
            &item["idpSessionEndedAt"],
            &end["recordedAt"],
            &item["activeAt"],
            &bounds["from"],
            &bounds["to"],
        ]
        .map(minute);
        format!(
            "{} {} {} {}",
            text(&item["session"]),
            text(&item["certainty"]),
            times.join(" "),
            text(&item["signOfLife"]["sourceId"])
        )
    };
    let outlived = by_both_doors(&scratch, "outlived", &query, &["outlived"], row);
    assert_eq!(
        outlived,
        ["S7 CERTAIN 13:10 13:12 14:20 14:20 21:30 S7-wiki-late-app"],
        "S5 is not among them: no end of its IdP session is known"
    );

    let at =
        |time: &str| scratch.json(&["--tenant", "acme", "--at", time, "outlived"])["items"].clone();
    assert_eq!(at("2026-03-10T13:09:59Z"), json!([]));
    assert_eq!(
        at("2026-03-10T14:05:00Z")[0]["certainty"],
        "CERTAIN",
        "the activity at 14:20 proves that it lived at 14:05"
    );
    let before = scratch.json(&[
        "--tenant",
        "acme",
        "--at",
        "2026-03-10T14:05:00Z",
        "--known-at",
        "2026-03-10T14:19:59Z",
        "outlived",
    ]);
    assert_eq!(
        before["items"][0]["certainty"], "POSSIBLE",
        "no sign of life was known yet, and no end either"
    );
    let unknown = scratch.json(&[
        "--tenant",
        "acme",
        "--at",
        "2026-03-10T13:11:00Z",
        "--known-at",
        "2026-03-10T13:11:59Z",
        "outlived",
    ]);
    assert_eq!(unknown["items"], json!([]), "the end was recorded at 13:12");
}

#[test]
fn c5_who_kept_access_under_the_rules_that_had_been_replaced() {
    let _question = asks(&["C5"]);
    let scratch = Scratch::fixture();
    let query = format!(
        "heldUnder(policy: \"payroll\", version: \"v1\", {ASKING}) {{ items {{ session app \
         version nextVersion from until endedBy endReason decidedUnder
            nextOutcome wouldPass implied firstUnmet certainty decision {{ sourceId }} \
            nextDecision {{ sourceId }} }} replaced {{ at }} }}"
    );
    let row = |item: &Value| {
        let passes = if item["wouldPass"] == true { "passes" } else { "fails" };
        format!(
            "{} {} to {} {} {passes} {} {}",
            text(&item["session"]),
            minute(&item["from"]),
            minute(&item["until"]),
            text(&item["endedBy"]),
            text(&item["firstUnmet"]),
            text(&item["decidedUnder"])
        )
    };
    let held = by_both_doors(&scratch, "heldUnder", &query, &["held-under", "payroll", "v1"], row);
    assert_eq!(
        held,
        [
            "S1 12:00 to 15:00 SESSION_ENDED fails phishing_resistant -",
            "S2 12:00 to 12:30 DECIDED passes - v2"
        ]
    );
    let mut args = AT.to_vec();
    args.extend(["held-under", "payroll", "v1"]);
    let shown = scratch.ok(&args);
    assert!(
        shown.contains("would have failed v2: phishing_resistant")
            && shown.contains("decided again under v2: allow"),
        "{shown}"
    );
    let before = scratch.json(&[
        "--tenant",
        "acme",
        "--at",
        "2026-03-10T11:59:59Z",
        "held-under",
        "payroll",
        "v1",
    ]);
    assert_eq!(
        (&before["items"], &before["replaced"]),
        (&json!([]), &json!([])),
        "nothing had been replaced"
    );
    let current = scratch.ok(&["--tenant", "acme", "held-under", "payroll", "v2"]);
    assert!(
        current.contains("no version of this policy with this label was replaced"),
        "{current}"
    );
}

#[test]
fn r11_what_rested_on_what_admin_2_set() {
    let _question = asks(&["R11"]);
    let scratch = Scratch::fixture();
    let query = format!(
        "dependants(actor: \"admin-2\", {ASKING}) {{ items {{ kind idp version actor ticket at \
         recordedAt record {{ sourceId }}
            sessions {{ session certainty }} decisions {{ session }} }} }}"
    );
    let row = |item: &Value| {
        let sessions: Vec<&str> = item["sessions"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|of| text(&of["session"]))
            .collect();
        format!(
            "{} {} {} {} {}: {}",
            text(&item["kind"]),
            text(&item["idp"]),
            text(&item["version"]),
            text(&item["ticket"]),
            minute(&item["at"]),
            sessions.join(" ")
        )
    };
    let changes =
        by_both_doors(&scratch, "dependants", &query, &["dependants", "--actor", "admin-2"], row);
    assert_eq!(changes, ["TRUST idp-x tx1 T-1 09:00: S7 S1 S2 S3 S5 S8"]);

    let of = |args: &[&str]| {
        let mut all = AT.to_vec();
        all.push("dependants");
        all.extend(args);
        scratch.json(&all)["items"].clone()
    };
    let names = |list: &Value| {
        list.as_array()
            .into_iter()
            .flatten()
            .map(|of| text(&of["session"]).to_owned())
            .collect::<Vec<_>>()
            .join(" ")
    };
    let by_record = |record: &str, list: &str| {
        let items = of(&["--record", record]);
        assert_eq!(items.as_array().map(Vec::len), Some(1), "{record}: {items}");
        names(&items[0][list])
    };
    assert_eq!(by_record("key-X1-added", "sessions"), "S7 S1 S2 S5");
    assert_eq!(by_record("key-X1-retired", "sessions"), "S5");
    assert_eq!(by_record("retract-X1", "sessions"), "S5");
    assert_eq!(by_record("lost-bob-key", "sessions"), "S2");
    assert_eq!(
        by_record("policy-payroll-v1", "decisions"),
        "S1 S2",
        "a replaced version still lists its own"
    );
    assert_eq!(by_record("policy-payroll-v2", "decisions"), "S2 S3 S5 S4 S8");
    assert_eq!(by_record("idp-tz1", "sessions"), "", "its claims were ignored");
    // That nothing rests on a claim as a change says nothing of it.
    let claim = scratch.run(&["--tenant", "acme", "dependants", "--record", "S1-claims"]);
    let words = crate::support::text(&claim.stderr);
    assert!(claim.status.code() == Some(1) && words.contains("is no change"), "{words}");
    let kinds: Vec<String> = of(&["--actor", "admin-1"])
        .as_array()
        .into_iter()
        .flatten()
        .map(|item| text(&item["kind"]).to_owned())
        .collect();
    let expected =
        ["TRUST", "KEY_ADDED", "POLICY", "LOSS", "KEY_ADDED", "KEY_RETIRED", "RETRACTION"];
    assert_eq!(kinds, expected, "in the total order");
    let refused = scratch.run(&["--tenant", "acme", "dependants"]);
    assert_eq!(refused.status.code(), Some(3), "neither an actor nor a record is named");
}
