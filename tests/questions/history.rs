//! Acceptance questions about what was trusted, what was heard, and what belongs together, asked of
//! the shipped binary over the fixture: over GraphQL and on the command line, which must
//! give the same answer.

use crate::support::{self, Scratch, Server, fixture, questions::asks};
use serde_json::{Value, json};

/// The fixture, served, and a way to ask by both doors.
struct Asked {
    scratch: Scratch,
    server: Server,
    token: String,
    /// May read, and not investigate.
    reader: String,
    /// May append.
    writer: String,
}

impl Asked {
    fn new() -> Self {
        let scratch = Scratch::fixture();
        let [token, reader, writer] =
            ["read,investigate", "read", "ingest"].map(|roles| scratch.token("acme", roles));
        let server = scratch.serve();
        Self { scratch, server, token, reader, writer }
    }

    /// Asks a running server.
    fn graphql(&self, query: &str) -> Value {
        self.server.graphql(&self.token, query, json!({}))
    }

    /// Asks on the command line, of the same server.
    fn cli(&self, args: &[&str]) -> Value {
        let token = self.scratch.file("token", &self.token);
        let mut command = support::claimledger();
        command
            .args(["--url", &self.server.url, "--token-file", &token, "--format", "json"])
            .args(args);
        let out = command.output().expect("the binary runs");
        assert!(out.status.success(), "{args:?}: {}", support::text(&out.stderr));
        serde_json::from_slice(&out.stdout).expect("JSON")
    }

    /// The same on the command line, for people; whatever comes of it.
    fn run(&self, args: &[&str]) -> std::process::Output {
        let token = self.scratch.file("token", &self.token);
        support::claimledger()
            .args(["--url", &self.server.url, "--token-file", &token])
            .args(args)
            .output()
            .expect("the binary runs")
    }

    /// The same where there is an answer.
    fn text(&self, args: &[&str]) -> String {
        let out = self.run(args);
        assert!(out.status.success(), "{args:?}: {}", support::text(&out.stderr));
        support::text(&out.stdout)
    }
}

/// The position of the last record of the fixture that was recorded by a time, and of the one with
/// an id: read from the file, not from the answer.
fn position(id: &str) -> u64 {
    let facts = fixture::facts("acme");
    let at = facts
        .lines()
        .position(|line| serde_json::from_str::<Value>(line).is_ok_and(|line| line["id"] == id));
    at.unwrap_or_else(|| panic!("{id} is in the fixture")) as u64 + 1
}

fn rows<'a>(answer: &'a Value, list: &str) -> &'a [Value] {
    answer[list].as_array().map_or(&[], Vec::as_slice)
}

const ITEMS: &str = "kind of name words changes { field before after } actor ticket occurredAt \
                     recordedAt effectiveFrom late certainty record { position sourceId }";

#[test]
fn c3_who_changed_what_is_trusted_and_when() {
    let _question = asks(&["C3"]);
    let asked = Asked::new();
    let trust = asked
        .graphql(&format!("{{ trust {{ items {{ {ITEMS} }} keys {{ key idp valid span {{ from until }} }} answered {{ position }} }} }}"))["trust"]
        .clone();
    let items = rows(&trust, "items");
    let row = |source_id: &str| {
        items
            .iter()
            .find(|row| row["record"]["sourceId"] == source_id)
            .unwrap_or_else(|| panic!("{source_id}: {items:#?}"))
    };
    let check = |row: &Value, by: [&str; 2], at: [&str; 2], change: [Option<&str>; 3]| {
        assert_eq!([&row["actor"], &row["ticket"]], by.map(|word| json!(word)).each_ref(), "{row}");
        assert_eq!(
            [&row["occurredAt"], &row["recordedAt"]],
            at.map(|time| json!(format!("2026-03-10T{time}Z"))).each_ref(),
            "{row}"
        );
        let of = |change: &Value| {
            [change["field"].clone(), change["before"].clone(), change["after"].clone()]
        };
        assert_eq!(
            rows(row, "changes").iter().map(of).collect::<Vec<_>>(),
            [change.map(|word| json!(word))],
            "{row}"
        );
    };
    let on = [Some("trust_claims"), Some("false"), Some("true")];
    check(row("idp-tx1"), ["admin-2", "T-1"], ["09:00:00", "09:00:00"], on);
    check(row("idp-ty1"), ["admin-1", "T-4"], ["09:00:00", "09:00:00"], on);
    let validity = |before, after| [Some("validity"), Some(before), Some(after)];
    check(
        row("key-X1-added"),
        ["admin-1", "T-5"],
        ["09:00:00", "09:00:00"],
        validity("never added", "valid"),
    );
    check(
        row("key-X2-added"),
        ["admin-1", "T-6"],
        ["13:00:00", "13:00:00"],
        validity("never added", "valid"),
    );
    check(
        row("key-X1-retired"),
        ["admin-1", "T-6"],
        ["13:30:00", "13:30:00"],
        validity("valid", "retired"),
    );
    check(
        row("retract-X1"),
        ["admin-1", "T-3"],
        ["15:10:00", "15:10:00"],
        validity("retired 13:30:00Z", "void from 13:40:00Z"),
    );
    assert_eq!(row("retract-X1")["effectiveFrom"], "2026-03-10T13:40:00Z");
    assert_eq!(row("retract-X1")["late"], true);
    assert_eq!(items.iter().filter(|row| row["late"] == true).count(), 1);

    let policies = asked.graphql(&format!(
        "{{ policies(policy: \"payroll\") {{ items {{ {ITEMS} }} versions {{ label inForce replaces rules {{ rule asks }} }} }} }}"
    ))["policies"]
        .clone();
    let row = rows(&policies, "items")
        .iter()
        .find(|row| row["record"]["sourceId"] == "policy-payroll-v2")
        .expect("v2")
        .clone();
    assert_eq!([&row["actor"], &row["ticket"]], [&json!("admin-1"), &json!("T-2")]);
    assert_eq!([&row["occurredAt"], &row["recordedAt"]], [&json!("2026-03-10T12:00:00Z"); 2]);
    let asks = "two factor types, one of them possession that is phishing-resistant";
    assert_eq!(
        row["changes"],
        json!([{"field": "rules.payroll-1", "before": "any two factor types", "after": null},
            {"field": "rules.payroll-2", "before": null, "after": asks}])
    );
    assert_eq!(
        policies["versions"],
        json!([
            {"label": "v1", "inForce": null, "replaces": null,
                "rules": [{"rule": "payroll-1", "asks": "any two factor types"}]},
            {"label": "v2", "inForce": "CERTAIN", "replaces": "v1",
                "rules": [{"rule": "payroll-2", "asks": asks}]},
        ])
    );

    // The command line gives the same answer, and says it in words.
    let cli = asked.cli(&["trust"]);
    let words = |items: &[Value]| {
        items
            .iter()
            .map(|row| {
                [row["words"].clone(), row["changes"].clone(), row["record"]["position"].clone()]
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(words(rows(&cli, "items")), words(items));
    assert_eq!(
        words(rows(&asked.cli(&["policies", "--policy", "payroll"]), "items")),
        words(rows(&policies, "items"))
    );
    let text = asked.text(&["trust", "--idp", "idp-x"]);
    for part in [
        "idp-x tx0 → tx1: not trusted → trusted",
        "trust_claims false → true",
        "admin-2",
        "T-1",
        "X1 of idp-x retracted",
        "2026-03-10T15:10:00Z late",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(!text.contains("idp-y ty0"), "{text}");
    // As known before it was said, nothing was retracted.
    let before = (position("retract-X1") - 1).to_string();
    assert!(!asked.text(&["trust", "--idp", "idp-x", "--known-at", &before]).contains("retracted"));
    let nobody = asked.run(&["trust", "--idp", "nobody"]);
    let said = (
        nobody.status.code(),
        support::text(&nobody.stderr).contains("No identity provider nobody is known."),
    );
    assert_eq!(said, (Some(1), true));
}

#[test]
fn r9_a_gap_is_open_until_it_is_known_to_be_filled() {
    let _question = asks(&["R9"]);
    let asked = Asked::new();
    let at = |known_at: &str| {
        let query = format!(
            "{{ completeness(asking: {{knownAt: \"2026-03-10T{known_at}Z\"}}) {{ items {{ source heardUntil gaps {{ from until backfilled }} }}
                answered {{ complete completenessSummary completeTo }} completeness {{ source }} \
                }} }}"
        );
        asked.graphql(&query)["completeness"].clone()
    };
    let gap = |backfilled: bool| {
        json!([{"from": "2026-03-10T14:10:00Z",
        "until": "2026-03-10T14:25:00Z", "backfilled": backfilled}])
    };
    let gaps = |answer: &Value| {
        rows(answer, "items")
            .iter()
            .find(|source| source["source"] == "idp-x")
            .map(|source| source["gaps"].clone())
    };
    let open = at("16:00:00");
    assert_eq!(
        open["answered"]["completenessSummary"],
        "incomplete, idp-x silent 14:10:00Z to 14:25:00Z"
    );
    assert_eq!(
        [&open["answered"]["complete"], &open["answered"]["completeTo"]],
        [&json!(false), &json!("2026-03-10T14:10:00Z")]
    );
    assert_eq!(gaps(&open), Some(gap(false)));
    let filled = at("23:00:00");
    assert_eq!(filled["answered"]["completenessSummary"], "complete");
    assert_eq!(
        [&filled["answered"]["complete"], &filled["answered"]["completeTo"]],
        [&json!(true), &json!("2026-03-10T23:00:00Z")]
    );
    assert_eq!(gaps(&filled), Some(gap(true)));

    // Every source of which anything is known is named, whether or not it has said how complete it
    // is; and in every answer.
    let early = at("13:00:00");
    let named = |answer: &Value, list: &str| {
        rows(answer, list).iter().map(|source| source["source"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(named(&early, "items"), ["acme-sp", "idp-x", "idp-z"]);
    assert_eq!(named(&at("12:59:59"), "items"), ["acme-sp", "idp-x"]);
    assert_eq!(named(&early, "completeness"), named(&early, "items"));
    assert!(rows(&early, "items").iter().all(|source| source["heardUntil"].is_null()), "{early}");
    assert_eq!(early["answered"]["complete"], false);

    let words = |known_at: &str| asked.text(&["completeness", "--known-at", known_at]);
    assert!(
        words("2026-03-10T16:00:00Z")
            .starts_with("incomplete, idp-x silent 14:10:00Z to 14:25:00Z\n")
    );
    assert!(words("2026-03-10T23:00:00Z").starts_with("complete\n"));
    let cli = asked.cli(&["completeness", "--known-at", "2026-03-10T16:00:00Z"]);
    assert_eq!(cli["answered"]["completenessSummary"], open["answered"]["completenessSummary"]);
    assert_eq!(named(&cli, "items"), named(&open, "items"));
}

#[test]
fn sources_are_known_after_a_restart_and_after_a_rebuild() {
    let scratch = Scratch::fixture();
    let sources = || {
        rows(&scratch.json(&["--tenant", "acme", "completeness", "--known-at", "5"]), "items")
            .to_vec()
    };
    let before = sources();
    assert_eq!(
        before.iter().map(|source| source["source"].clone()).collect::<Vec<_>>(),
        ["acme-sp"]
    );
    scratch.ok(&["--tenant", "acme", "rebuild"]);
    assert_eq!(sources(), before);
}

/// The source ids of a timeline's rows.
fn timeline(asked: &Asked, session: &str, more: &str) -> Vec<Value> {
    let query = format!(
        "{{ timeline(session: \"{session}\", first: 100{more}) {{ session edges {{ node {{ category words late occurredAt recordedAt
            record {{ sourceId position }} }} }} pageInfo {{ hasNextPage }} }} }}"
    );
    rows(&asked.graphql(&query)["timeline"], "edges")
        .iter()
        .map(|edge| edge["node"].clone())
        .collect()
}

fn source_ids(rows: &[Value]) -> Vec<&str> {
    rows.iter().filter_map(|row| row["record"]["sourceId"].as_str()).collect()
}

#[test]
fn r8_one_timeline_in_either_order_with_what_came_late_marked() {
    let _question = asks(&["R8"]);
    let asked = Asked::new();
    let occurred = timeline(&asked, "S1", "");
    let ids = source_ids(&occurred);
    for (id, category) in [
        ("S1-idp-start", "IDP_SESSION"),
        ("S1-start", "SESSION"),
        ("S1-claims", "CLAIM"),
        ("S1-payroll-1", "DECISION"),
        ("S1-payroll-1-app", "ACCESS"),
        ("S1-end", "SESSION"),
        ("idp-tx1", "TRUST"),
        ("key-X1-added", "KEY"),
        ("key-X1-retired", "KEY"),
        ("policy-payroll-v1", "POLICY"),
        ("policy-payroll-v2", "POLICY"),
        ("retract-X1", "FALSIFIER"),
        ("hold-H-7", "ADMIN"),
        ("org", "ORGANISATION"),
        ("idp-x-silent", "SOURCE"),
        ("idp-x-backfilled", "SOURCE"),
    ] {
        let row = occurred
            .iter()
            .find(|row| row["record"]["sourceId"] == id)
            .unwrap_or_else(|| panic!("{id} is missing from {ids:?}"));
        assert_eq!(row["category"], category, "{row}");
    }
    for id in ["S2-claims", "idp-ty1", "idp-tx0", "key-X2-added", "policy-wiki-v1", "lost-bob-key"]
    {
        assert!(!ids.contains(&id), "{id} does not concern S1: {ids:?}");
    }
    let times: Vec<&str> = occurred.iter().filter_map(|row| row["occurredAt"].as_str()).collect();
    assert!(times.is_sorted(), "{times:?}");
    // The same rows by the other clock, in the order of the log.
    let recorded = timeline(&asked, "S1", ", order: RECORDED");
    let positions: Vec<u64> =
        recorded.iter().filter_map(|row| row["record"]["position"].as_u64()).collect();
    assert!(positions.is_sorted() && positions.len() == occurred.len(), "{positions:?}");
    let (mut one, mut other) = (source_ids(&recorded), ids.clone());
    one.sort_unstable();
    other.sort_unstable();
    assert_eq!(one, other);

    // Late facts are marked, and stand where they occurred or where they were recorded.
    let late = |rows: &[Value]| {
        rows.iter()
            .filter(|row| row["late"] == true)
            .map(|row| row["record"]["sourceId"].clone())
            .collect::<Vec<_>>()
    };
    let (s5, s2) = (timeline(&asked, "S5", ""), timeline(&asked, "S2", ""));
    assert_eq!(late(&s5), ["S5-end", "retract-X1"]);
    assert!(late(&s2).contains(&json!("lost-bob-key")), "{s2:#?}");
    let at = |rows: &[Value], id: &str| source_ids(rows).iter().position(|row| *row == id);
    assert!(
        at(&s2, "lost-bob-key") < at(&s2, "S2-payroll-2"),
        "the loss occurred before the decision"
    );
    let by_recorded = timeline(&asked, "S2", ", order: RECORDED");
    assert!(
        at(&by_recorded, "lost-bob-key") > at(&by_recorded, "S2-payroll-2"),
        "and was recorded after it"
    );

    // Every row opens its record.
    for row in &occurred {
        let record = asked.graphql(&format!(
            "{{ record(position: {}) {{ sourceId leafHash }} }}",
            row["record"]["position"]
        ));
        assert_eq!(record["record"]["sourceId"], row["record"]["sourceId"]);
    }

    // The command line gives the same rows, page by page too.
    let nodes = |answer: &Value| {
        rows(answer, "edges")
            .iter()
            .map(|edge| edge["node"]["record"]["sourceId"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(nodes(&asked.cli(&["timeline", "S1", "--first", "100"])), ids);
    let (mut paged, mut after) = (Vec::new(), None::<String>);
    loop {
        let mut args = vec!["timeline", "S1", "--first", "7"];
        args.extend(after.iter().flat_map(|cursor| ["--after", cursor.as_str()]));
        let page = asked.cli(&args);
        paged.extend(nodes(&page));
        after = page["pageInfo"]["endCursor"].as_str().map(str::to_owned);
        if page["pageInfo"]["hasNextPage"] != true {
            break;
        }
    }
    assert_eq!(paged, ids);
    let text = asked.text(&["timeline", "S5", "--recorded"]);
    assert!(
        text.contains("X1 of idp-x retracted")
            && text.contains("late")
            && text.contains("session ended: upstream revoked"),
        "{text}"
    );
}

#[test]
fn find_says_where_a_text_appears_and_nothing_of_another_tenant() {
    let asked = Asked::new();
    let find = |text: &str| {
        let query = format!(
            "{{ find(text: \"{text}\") {{ items {{ kind name matched count sessions records {{ sourceId }} }} searched notSearched }} }}"
        );
        asked.graphql(&query)["find"].clone()
    };
    let hit = |text: &str, kind: &str| {
        let found = find(text);
        rows(&found, "items")
            .iter()
            .find(|hit| hit["kind"] == kind)
            .cloned()
            .unwrap_or_else(|| panic!("{text} as {kind}: {found}"))
    };
    for (text, kind, name, sessions) in [
        ("as-S2", "ASSERTION", "idp-x/as-S2", vec!["S2"]),
        ("is-S5", "IDP_SESSION", "idp-x/is-S5", vec!["S5"]),
        ("X1", "KEY", "idp-x/X1", vec!["S7", "S1", "S2", "S5"]),
        ("S3", "SESSION", "S3", vec!["S3"]),
        ("app-S5-payroll-1", "APP_SESSION", "app-S5-payroll-1", vec!["S5"]),
        ("S5-claims", "RECORD", "#46", vec!["S5"]),
        ("#46", "RECORD", "#46", vec!["S5"]),
        ("policy-payroll-v2", "RECORD", "#29", vec![]),
        ("idp-y", "IDP", "idp-y", vec!["S4"]),
        ("wiki", "APP", "wiki", vec!["S7", "S6", "S4"]),
    ] {
        let hit = hit(text, kind);
        let name = if name.starts_with('#') {
            format!("#{}", position(if text.starts_with('#') { "S5-claims" } else { text }))
        } else {
            name.to_owned()
        };
        assert_eq!(hit["name"], name);
        assert_eq!(hit["sessions"], json!(sessions), "{hit}");
    }
    let root
        =
        asked.graphql("{ session(id: \"S3\") { session { rootSession subject } } }")["session"]["session"].clone();
    assert_eq!(
        hit(root["rootSession"].as_str().expect("a root"), "ROOT_SESSION")["sessions"],
        json!(["S3"])
    );
    assert_eq!(
        hit(root["subject"].as_str().expect("a pseudonym"), "PERSON")["sessions"],
        json!(["S3"])
    );
    let record = asked.graphql("{ record(position: 46) { id sourceId } }")["record"].clone();
    assert_eq!(
        hit(record["id"].as_str().expect("an id"), "RECORD")["records"],
        json!([{"sourceId": record["sourceId"]}])
    );

    // People by what they are called, for who may investigate; a reader is told that this was not
    // searched, whether or not there is such a person.
    let carol = hit("carol@acme.example", "PERSON");
    assert_eq!([&carol["name"], &carol["sessions"]], [&root["subject"], &json!(["S3"])]);
    let ask = |text: &str| {
        asked.server.graphql(
            &asked.reader,
            &format!("{{ find(text: \"{text}\") {{ items {{ name }} searched notSearched }} }}"),
            json!({}),
        )["find"]
            .clone()
    };
    let of_carol = ask("carol@acme.example");
    assert_eq!(of_carol, ask("nobody@acme.example"));
    assert!(
        of_carol["notSearched"].to_string().contains("needs the role investigate"),
        "{of_carol}"
    );

    // Nothing of another tenant, in the same words as for what does not exist; and nothing that was
    // not known yet.
    let nothing = find("no-such-thing");
    for text in ["GX1", ""] {
        assert_eq!(rows(&find(text), "items").len(), 0, "{text}");
    }
    assert_eq!(find("GX1"), nothing);
    let before = (position("S5-claims") - 1).to_string();
    let args = ["find", "as-S5", "--known-at", &before];
    let token = asked.scratch.file("token", &asked.token);
    let out = support::claimledger()
        .args(["--url", &asked.server.url, "--token-file", &token])
        .args(args)
        .output()
        .expect("the binary runs");
    assert_eq!(out.status.code(), Some(1), "nothing is found: {}", support::text(&out.stdout));
    let cli = asked.cli(&["find", "X1"]);
    assert_eq!(
        rows(&cli, "items").iter().map(|hit| hit["name"].clone()).collect::<Vec<_>>(),
        ["idp-x/X1"]
    );
    assert!(asked.text(&["find", "carol@acme.example"]).contains("login, name or id"));
}

const HOP: &str = "{ id reason records { sourceId } }";

fn chain(asked: &Asked, id: &str) -> Value {
    let query = format!(
        "{{ chain(id: \"{id}\") {{ id kinds apps items {{ appSessions {{ app id reason records {{ sourceId }} }} session {HOP} aliases
            idp {HOP} idpSession {HOP} rootSession {HOP} siblings rootSiblings }} }} }}"
    );
    asked.graphql(&query)["chain"].clone()
}

#[test]
fn g9_r10_the_whole_chain_both_ways_and_an_unknown_hop_says_why() {
    let _question = asks(&["G9", "R10"]);
    let asked = Asked::new();
    let down = chain(&asked, "is-S5");
    assert_eq!(down["kinds"], json!(["IDP_SESSION"]));
    assert_eq!(
        [&down["apps"], &down["items"][0]["siblings"]],
        [&json!(["payroll"]), &json!([])],
        "payroll only, and no sibling: {down}"
    );
    let link = &down["items"][0];
    assert_eq!(
        [&link["session"]["id"], &link["idp"]["id"], &link["idpSession"]["id"]],
        [&json!("S5"), &json!("idp-x"), &json!("is-S5")]
    );
    assert_eq!(
        link["appSessions"],
        json!([{"app": "payroll", "id": "app-S5-payroll-1", "reason": null,
            "records": [{"sourceId": "S5-payroll-1-app"}]}])
    );
    // From each end the same chain.
    let root = link["rootSession"]["id"].as_str().expect("a root").to_owned();
    for (id, kind) in
        [("app-S5-payroll-1", "APP_SESSION"), ("S5", "SESSION"), (root.as_str(), "ROOT_SESSION")]
    {
        let other = chain(&asked, id);
        assert_eq!(other["items"], down["items"], "from {id}");
        assert!(other["kinds"].to_string().contains(kind), "{other}");
    }
    // S4 was let into the wiki and refused payroll.
    assert_eq!(chain(&asked, "is-S4")["apps"], json!(["wiki"]));
    // The command line says the same.
    let cli = asked.cli(&["chain", "is-S5"]);
    assert_eq!(
        [&cli["apps"], &cli["items"][0]["session"]["id"], &cli["items"][0]["siblings"]],
        [&json!(["payroll"]), &json!("S5"), &json!([])]
    );
    let text = asked.text(&["chain", "is-S5"]);
    let lines: Vec<Vec<&str>> =
        text.lines().map(|line| line.split_whitespace().collect()).collect();
    for line in
        [&["reached:", "payroll"][..], &["session", "S5", "#46"], &["other", "sessions", "none"]]
    {
        assert!(lines.iter().any(|other| other == line), "{line:?}\n{text}");
    }

    // Hops that nothing states are there, with the reason.
    let line = |id: &str, kind: &str, session: Option<&str>, data: Value| {
        let mut fact = json!({"id": id, "type": kind, "occurred_at": "2026-03-11T08:00:00Z",
            "subject": {"id": "u-new"}, "data": data});
        if let Some(session) = session {
            fact["session"] = json!(session);
        }
        fact.to_string()
    };
    let lines = [
        line("n-1", "session.started", Some("N1"), json!({"idp": "idp-x", "idp_session": "is-N"})),
        line("n-2", "session.started", Some("N2"), json!({"idp": "idp-x", "idp_session": "is-N"})),
        line("n-3", "app.accessed", Some("N2"), json!({"app": "wiki"})),
        line("n-4", "session.started", Some("N3"), json!({})),
        line(
            "n-5",
            "idp_session.started",
            None,
            json!({"idp": "idp-x", "idp_session": "is-alone"}),
        ),
        line("n-6", "session.started", Some("N4"), json!({"idp": "idp-y", "idp_session": "is-N"})),
    ];
    let (status, body) = asked.server.post(
        "/v1/facts",
        Some(&asked.writer),
        "application/json",
        lines.join("\n").as_bytes(),
    );
    assert_eq!(status, 200, "{body}");
    let unknown =
        |hop: &Value| hop["reason"].as_str().filter(|_| hop["id"].is_null()).map(str::to_owned);
    let n2 = chain(&asked, "N2")["items"][0].clone();
    assert_eq!(n2["siblings"], json!(["N1"]), "N4 is of another identity provider");
    assert_eq!(unknown(&n2["appSessions"][0]).as_deref(), Some("app_session_not_stated"));
    assert_eq!(unknown(&n2["rootSession"]).as_deref(), Some("root_session_not_stated"));
    let n3 = chain(&asked, "N3")["items"][0].clone();
    let reasons = [unknown(&n3["appSessions"][0]), unknown(&n3["idp"]), unknown(&n3["idpSession"])];
    assert_eq!(
        reasons.map(Option::unwrap_or_default),
        ["no_app_access_stated", "idp_not_stated", "idp_session_not_stated"]
    );
    let alone = chain(&asked, "is-alone")["items"][0].clone();
    assert_eq!(unknown(&alone["session"]).as_deref(), Some("no_session_names_it"));
    assert_eq!(alone["idpSession"]["records"], json!([{"sourceId": "n-5"}]));
    assert_eq!(rows(&chain(&asked, "is-N"), "items").len(), 3);
    for id in ["GX1", "no-such-thing"] {
        let nothing = chain(&asked, id);
        assert_eq!(
            [&nothing["kinds"], &nothing["items"], &nothing["apps"]],
            [&json!([]); 3],
            "{id}"
        );
    }
}
