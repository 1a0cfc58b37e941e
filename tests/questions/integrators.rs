//! Acceptance questions of a real day, asked of the shipped binary over the fixture.

use crate::support::{Scratch, Server, questions::asks, text};
use serde_json::{Value, json};

const AT: [&str; 4] = ["--at", "2026-03-10T23:00:00Z", "--known-at", "82"];
const ASKING: &str = r#"asking: {at: "2026-03-10T23:00:00Z", knownAtPosition: 82}"#;

/// Lines without the rule ids in brackets and without alignment: what must be word for word.
fn words(tree: &str) -> Vec<String> {
    tree.lines()
        .map(|line| {
            let mut line = line.to_owned();
            while let (Some(open), Some(close)) = (line.rfind('['), line.rfind(']')) {
                if open > close {
                    break;
                }
                line.replace_range(open..=close, "");
            }
            line.split_whitespace().collect::<Vec<_>>().join(" ")
        })
        .filter(|line| !line.is_empty())
        .collect()
}

fn why(scratch: &Scratch, session: &str, app: &str) -> String {
    let mut args = AT.to_vec();
    args.extend(["--tenant", "acme", "why", session, "--app", app]);
    scratch.ok(&args)
}

#[test]
fn g4_why_s3_was_let_in_and_s4_was_not_in_the_words_of_the_paper() {
    let _question = asks(&["G4"]);
    let scratch = Scratch::fixture();
    let allowed = "\
S3 was let into payroll at 13:20:04Z. The rules then in force say the same: allow. #43 +0 s
├ Which rule? payroll-2 of payroll v2, in force since 12:00:00Z (admin-1, T-2). It asks for two factor types, one of them possession that is phishing-resistant. #29
├ ✓ Two factor types: knowledge (pwd) and possession (hwk, phr). #40
├ ✓ Possession, phishing-resistant: phr has it itself; hwk and phr of one assertion pool their characteristics.
├ On whose word? idp-x, in assertion as-S3, received 13:20:00Z. #40 +0 s
│ ├ Key X2 was valid: added 13:00:00Z (admin-1, T-6), not retired, not retracted as known at #82. #34
│ └ idp-x was trusted: tx1 since 09:00:00Z (admin-2, T-1); third-party claims sharing was on. #11 #8
├ Until when? pwd, hwk and phr counted from 13:20:00Z until 18:00:00Z, when the session was revoked. #75
└ How sure? Certain. Joined: acme-sp didn't say it accepted the claim; an allow followed after 4 s and no local factor came before it.
Not the reason: the retraction of X1 (#67). This assertion was signed with X2.";
    let refused = "\
S4 was refused payroll at 13:55:00Z. The rules then in force say the same: deny. First unmet: phishing-resistant. #56 +0 s
├ Which rule? payroll-2 of payroll v2 (12:00:00Z, admin-1, T-2): two factor types, one of them possession that is phishing-resistant. #29
├ ✓ Two factor types: knowledge (pwd) and possession (sms). #51
├ ✗ Possession, phishing-resistant: nothing in the session has it.
│ ├ sms was seen and falls short: possession with user presence; not device-bound, not phishing-resistant. #51
│ └ pwd is knowledge and can't meet it.
├ Why not a challenge? The local authenticators, password and otp, are active and open to enrolment; together they have no phishing-resistant one. #1 #2
├ On whose word? idp-y, in as-S4, key Y1 (valid since 2026-03-09), trusted as ty1 since 09:00:00Z (admin-1, T-4). Nothing was ignored. #51 #6 #12
├ Until when? pwd and sms counted from 13:50:00Z until 16:00:00Z, logout. They met wiki-1 at 13:50:03Z (#54). #68
└ How sure? Certain. Joined, by that allow; here nothing turns on it: the claim counted in full \
would still fall short.";
    assert_eq!(words(&why(&scratch, "S3", "payroll")), words(allowed));
    assert_eq!(words(&why(&scratch, "S4", "payroll")), words(refused));
}

#[test]
fn g4_every_evidence_fact_is_named_and_each_opens_with_its_leaf_hash_and_position() {
    let _question = asks(&["G4"]);
    let scratch = Scratch::fixture();
    let token = scratch.token("acme", "read");
    let server = scratch.serve();
    let query = format!(
        "{{ why(session: \"S3\", app: \"payroll\", {ASKING}) {{ session answered {{ position rules rehearsal provisional }}
            completeness {{ source heardUntil }} because {{ ...r because {{ ...r because {{ ...r because {{ ...r }} }} }} }} }} }}
         fragment r on Reason \
         {{ conclusion code rule source facts {{ id sourceId position type }} }}"
    );
    let answer = server.graphql(&token, &query, json!({}));
    let mut facts = Vec::new();
    collect(&answer["why"]["because"], &mut facts);
    let ids: Vec<&str> = facts.iter().filter_map(|fact| fact["sourceId"].as_str()).collect();
    for id in ["S3-payroll-1", "S3-claims", "key-X2-added", "idp-tx1", "policy-payroll-v2"] {
        assert!(ids.contains(&id), "{id} is missing from the evidence {ids:?}");
    }
    assert_eq!(answer["why"]["answered"]["position"], 82);
    assert_eq!(answer["why"]["answered"]["rehearsal"], true);
    assert_eq!(answer["why"]["completeness"].as_array().map(Vec::len), Some(4));

    for fact in &facts {
        let by_position = format!(
            "{{ record(position: {}) {{ id leafHash position sourceId }} }}",
            fact["position"]
        );
        let record = &server.graphql(&token, &by_position, json!({}))["record"];
        assert_eq!(record["id"], fact["id"]);
        assert_eq!(record["sourceId"], fact["sourceId"]);
        assert_eq!(record["leafHash"].as_str().map(str::len), Some(64), "{record}");
    }

    let s4 = server.graphql(&token, &query.replace("S3", "S4"), json!({}));
    let tree = s4["why"]["because"].to_string();
    assert!(
        tree.contains("phishing_resistant") && tree.contains("sms was seen and falls short"),
        "{tree}"
    );
}

/// Lists leave trees out where nobody asks for them; whoever does gets those of the session itself,
/// however the question spells it.
#[test]
fn a_list_tells_the_trees_of_its_sessions_where_it_is_asked_for_them() {
    let scratch = Scratch::fixture();
    let token = scratch.token("acme", "read");
    let server = scratch.serve();
    let trees = "because { conclusion } decisions { app because { conclusion } } factors \
                 { amr because { conclusion } }";
    let one = server.graphql(
        &token,
        &format!("{{ session(id: \"S3\", {ASKING}) {{ session {{ {trees} }} }} }}"),
        json!({}),
    );
    let expected = &one["session"]["session"];
    assert!(
        expected["decisions"][0]["because"]["conclusion"]
            .as_str()
            .is_some_and(|text| text.starts_with("S3 was let into payroll")),
        "{one}"
    );
    let fragment = format!("fragment trees on Session {{ {trees} }}");
    for (node, fragment) in [
        (trees, String::new()),
        ("...trees", fragment.clone()),
        ("... on Session { ...trees }", fragment),
    ] {
        let list = format!(
            "{{ sessions({ASKING}) {{ edges {{ node {{ id {node} }} because {{ conclusion }} }} }} }} {fragment}"
        );
        let answer = server.graphql(&token, &list, json!({}));
        let edges = answer["sessions"]["edges"].as_array().cloned().unwrap_or_default();
        let mut node = edges
            .iter()
            .find(|edge| edge["node"]["id"] == "S3")
            .expect("S3 is in the list")["node"]
            .clone();
        node.as_object_mut().expect("an object").remove("id");
        assert_eq!(node, *expected, "{list}");
    }
}

fn collect(reasons: &Value, facts: &mut Vec<Value>) {
    for reason in reasons.as_array().into_iter().flatten() {
        facts.extend(reason["facts"].as_array().into_iter().flatten().cloned());
        collect(&reason["because"], facts);
    }
}

fn fact(id: &str, app: &str) -> String {
    json!({"id": id, "type": "app.accessed", "occurred_at": "2026-03-10T23:30:00Z", "session": "S1",
           "subject": {"id": "u-alice"}, "data": {"app": app}})
    .to_string()
}

fn post(server: &Server, token: &str, path: &str, body: &str) -> (u16, Value) {
    let (status, body) = server.post(path, Some(token), "application/json", body.as_bytes());
    (status, serde_json::from_str(&body).unwrap_or_else(|_| panic!("status {status}: {body}")))
}

#[test]
fn g7_one_event_thrice_is_one_record_and_another_body_is_a_recorded_conflict() {
    let _question = asks(&["G7"]);
    let scratch = Scratch::fixture();
    let token = scratch.token("acme", "ingest,read");
    let server = scratch.serve();
    let answers: Vec<(u16, Value)> =
        (0..3).map(|_| post(&server, &token, "/v1/facts", &fact("again-1", "wiki"))).collect();
    let outcomes: Vec<&str> =
        answers.iter().filter_map(|(_, body)| body["results"][0]["outcome"].as_str()).collect();
    assert_eq!(outcomes, ["stored", "repeated", "repeated"]);
    for (status, body) in &answers {
        assert_eq!(*status, 200);
        assert_eq!(body["results"][0]["position"], answers[0].1["results"][0]["position"]);
        assert_eq!(body["results"][0]["recordedAt"], answers[0].1["results"][0]["recordedAt"]);
    }
    let position = answers[0].1["results"][0]["position"].as_u64().expect("a position");

    let (status, refusal) = post(&server, &token, "/v1/facts", &fact("again-1", "payroll"));
    assert_eq!(status, 409, "{refusal}");
    let error = &refusal["error"];
    assert_eq!(error["code"], "conflict");
    assert_eq!(error["position"], position);
    assert_ne!(error["digest"], error["storedDigest"]);

    let record = server.graphql(
        &token,
        &format!("{{ record(position: {}) {{ kind facts }} }}", position + 1),
        json!({}),
    )["record"]
        .clone();
    assert_eq!(record["kind"], "fact.conflicted", "{record}");
    let facts = record["facts"].to_string();
    for digest in [&error["digest"], &error["storedDigest"]] {
        assert!(facts.contains(digest.as_str().expect("a digest")), "{facts}");
    }
}

#[test]
fn g8_a_stale_revision_writes_nothing_and_of_two_racing_writers_one_wins() {
    let _question = asks(&["G8"]);
    let scratch = Scratch::fixture();
    let token = scratch.token("acme", "ingest,read");
    let server = scratch.serve();
    let (status, refusal) =
        post(&server, &token, "/v1/facts?session=S1&expectedRevision=2", &fact("stale-1", "wiki"));
    assert_eq!(status, 409, "{refusal}");
    assert_eq!(refusal["error"]["code"], "stale_revision");
    let current = refusal["error"]["current"].as_u64().expect("the current revision");
    assert_eq!(current, 5, "claims, start, decision, access and end name S1");

    let head = |server: &Server| {
        server.graphql(&token, "{ session(id: \"S1\") { status { head } } }", json!({}))["session"]
            ["status"]["head"]
            .clone()
    };
    let before = head(&server);
    let path = format!("/v1/facts?session=S1&expectedRevision={current}");
    let answers: Vec<(u16, Value)> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..2)
            .map(|n| {
                let (server, token, path) = (&server, &token, &path);
                scope.spawn(move || post(server, token, path, &fact(&format!("race-{n}"), "wiki")))
            })
            .collect();
        writers.into_iter().map(|writer| writer.join().expect("a writer")).collect()
    });
    let mut statuses: Vec<u16> = answers.iter().map(|(status, _)| *status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{answers:?}");
    assert_eq!(head(&server).as_u64(), before.as_u64().map(|size| size + 1));
}

#[test]
fn g10_what_goes_too_far_is_refused_before_execution_with_its_cost() {
    let _question = asks(&["G10"]);
    let scratch = Scratch::fixture();
    let token = scratch.token("acme", "read");
    let server = scratch.serve();
    let error = |query: &str| -> Value {
        let (_, body) = server.graphql_raw(&token, query, json!({}));
        let body: Value = serde_json::from_str(&body).unwrap_or_else(|_| panic!("{body}"));
        assert!(body["data"].is_null(), "{body}");
        body["errors"][0].clone()
    };
    let deep = format!(
        "{{ why(session: \"S3\") {{ because {{ {} conclusion {} }} }} }}",
        "because { ".repeat(20),
        "}".repeat(20)
    );
    assert_eq!(error(&deep)["extensions"]["code"], "TOO_DEEP");

    let costly = "{ sessions(first: 500) { edges { node { id aliases factors { method evidence { id } because { conclusion } } decisions { app reliedOn { method } } } } } }";
    let refusal = error(costly);
    assert_eq!(refusal["extensions"]["code"], "TOO_COSTLY", "{refusal}");
    assert!(
        refusal["extensions"]["cost"].as_u64() > refusal["extensions"]["limit"].as_u64(),
        "{refusal}"
    );

    let page = error("{ sessions(first: 501) { edges { node { id } } } }");
    assert_eq!(page["extensions"]["code"], "PAGE_TOO_LARGE", "{page}");
    assert_eq!(page["extensions"]["limit"], 500);

    let aliases: String =
        (0..51).map(|n| format!("a{n}: session(id: \"S1\") {{ status {{ head }} }} ")).collect();
    assert_eq!(error(&format!("{{ {aliases} }}"))["extensions"]["code"], "TOO_MANY_ALIASES");
}

#[test]
fn c11_each_payroll_access_against_the_control_in_force_at_that_time() {
    let _question = asks(&["C11"]);
    let scratch = Scratch::fixture();
    let token = scratch.token("acme", "read");
    let server = scratch.serve();
    let query = format!(
        "{{ decisions(filter: {{app: \"payroll\"}}, first: 20, {ASKING}) {{ edges {{ node {{ session at outcome version rule implied firstUnmet
            factorTypes characteristics differs {{ code recorded implied }} atK {{ implied }} \
            falsifiedLater {{ code }} later {{ words }} reliedOn {{ amr type byRules byRecord }} \
            }} }} }} }}"
    );
    let answer = server.graphql(&token, &query, json!({}));
    let rows: Vec<&Value> = answer["decisions"]["edges"]
        .as_array()
        .expect("edges")
        .iter()
        .map(|edge| &edge["node"])
        .collect();
    let brief: Vec<String> = rows
        .iter()
        .map(|row| {
            format!(
                "{} {} {} {} {}",
                row["session"].as_str().unwrap_or("?"),
                &row["at"].as_str().unwrap_or("?")[11..16],
                row["outcome"].as_str().unwrap_or("?"),
                row["implied"].as_str().unwrap_or("?"),
                row["differs"]["code"].as_str().unwrap_or("-")
            )
        })
        .collect();
    let mut sorted = brief.clone();
    sorted.sort();
    assert_eq!(
        sorted,
        [
            "S1 10:00 ALLOW ALLOW -",
            "S2 11:30 ALLOW ALLOW -",
            "S2 12:30 ALLOW ALLOW -",
            "S3 13:20 ALLOW ALLOW -",
            "S4 13:55 DENY DENY -",
            "S5 13:45 ALLOW DENY key_retired",
            "S8 14:00 ALLOW DENY not_enough_factors",
        ]
    );
    let at_1230 = rows
        .iter()
        .find(|row| row["session"] == "S2" && row["version"] == "v2")
        .expect("the second decision of S2");
    assert_eq!(at_1230["factorTypes"], json!(["KNOWLEDGE", "POSSESSION"]));
    assert!(at_1230["characteristics"].to_string().contains("phishing_resistant"), "{at_1230}");
    let s8 = rows.iter().find(|row| row["session"] == "S8").expect("S8");
    assert_eq!(s8["factorTypes"], json!(["KNOWLEDGE"]));

    // As known later: S2 was met as then known, and is marked; S5 failed anyway, and its key was
    // retracted later.
    let marks = |session: &str, version: &str| {
        let row = rows
            .iter()
            .find(|row| row["session"] == session && row["version"] == version)
            .expect(session);
        let words: Vec<String> = row["later"]
            .as_array()
            .expect("falsifiers")
            .iter()
            .map(|f| f["words"].as_str().unwrap_or("?").to_owned())
            .collect();
        (
            row["atK"]["implied"].as_str().unwrap_or("?").to_owned(),
            row["falsifiedLater"]["code"].as_str().unwrap_or("-").to_owned(),
            words.join("; "),
        )
    };
    let mark = |implied: &str, code: &str, words: &str| {
        (implied.to_owned(), code.to_owned(), words.to_owned())
    };
    assert_eq!(
        marks("S2", "v2"),
        mark("DENY", "authenticator_lost", "authenticator lost 12:10:00Z, recorded 14:40:00Z")
    );
    assert_eq!(
        marks("S5", "v2"),
        mark("DENY", "-", "key X1 retracted from 13:40:00Z, recorded 15:10:00Z")
    );
    assert_eq!(marks("S2", "v1"), mark("ALLOW", "-", ""));
    drop(server);
    let tree = why(&scratch, "S5", "payroll");
    assert!(
        tree.contains("retired key accepted")
            && tree.contains("What came later: key X1 of idp-x was retracted from 13:40:00Z"),
        "{tree}"
    );
}

#[test]
fn g11_two_tenants_with_the_same_names_never_see_each_other() {
    let _question = asks(&["G11"]);
    let scratch = Scratch::fixture();
    let (acme, globex) =
        (scratch.token("acme", "read,investigate"), scratch.token("globex", "read,investigate"));
    let server = scratch.serve();
    let ask = |token: &str, id: &str| {
        let query = format!(
            "{{ session(id: \"{id}\", asking: {{knownAtPosition: 5}}) {{ session {{ id subject }} answered {{ position }} completeness {{ source }} }} }}"
        );
        server.graphql_raw(token, &query, json!({}))
    };
    assert_eq!(ask(&globex, "S1"), ask(&globex, "no-such-session"));
    assert_eq!(ask(&acme, "GX1"), ask(&acme, "no-such-session"));

    let list = "{ sessions(first: 50) { edges { node { id idp subject } } } }";
    let (of_acme, of_globex) = (
        server.graphql(&acme, list, json!({})).to_string(),
        server.graphql(&globex, list, json!({})).to_string(),
    );
    assert!(of_acme.contains("\"S1\"") && !of_acme.contains("GX1"), "{of_acme}");
    assert!(of_globex.contains("GX1") && !of_globex.contains("\"S1\""), "{of_globex}");

    // One login in both tenants, and a cursor of the other tenant.
    let found = |token: &str| {
        server.graphql(token,
            "{ sessions(filter: {subject: \"u-alice\"}, first: 1) { edges { node { id } cursor } } }",
            json!({}))["sessions"]["edges"].clone()
    };
    assert_eq!(found(&acme)[0]["node"]["id"], "S1");
    assert_eq!(found(&globex)[0]["node"]["id"], "GX1");
    let foreign = found(&acme)[0]["cursor"].as_str().expect("a cursor").to_owned();
    let (_, body) = server.graphql_raw(
        &globex,
        "query($c: String) \
         { sessions(filter: {subject: \"u-alice\"}, first: 1, after: $c) { edges { node { id } } } }",
        json!({"c": foreign}),
    );
    assert!(body.contains("BAD_CURSOR"), "{body}");
}

#[test]
fn a_record_without_a_token_is_nobodys() {
    let scratch = Scratch::fixture();
    let server = scratch.serve();
    for token in [None, Some("clt_wrong")] {
        let (status, body) = server.post(
            "/graphql",
            token,
            "application/json",
            br#"{"query":"{ session(id: \"S1\") { session { id } } }"}"#,
        );
        assert_eq!(status, 401, "{body}");
    }
    assert!(!text(&scratch.run(&["--tenant", "initech", "session", "S1"]).stderr).contains("acme"));
}

#[test]
fn a_list_says_between_which_instants_an_end_lies_that_nobody_stated() {
    let scratch = Scratch::fixture();
    let mut args = AT.to_vec();
    args.extend(["--tenant", "acme", "sessions"]);
    let list = scratch.ok(&args);
    let s7 = list.lines().find(|line| line.contains("S7 ")).expect("S7 in the list");
    assert!(
        s7.contains("expired_by_limit")
            && s7.contains("2026-03-10T14:20:00Z")
            && s7.contains("2026-03-10T21:30:00Z"),
        "{s7}"
    );
}
