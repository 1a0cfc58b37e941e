//! The read models are a fold that can be thrown away: rebuilt from the log they are the same rows and give the same answers.

mod support;

use serde_json::{Value, json};
use std::{
    process::{Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};
use support::{Scratch, Server};

/// The read models of this build, as a status names them.
fn name_of_rows() -> String {
    format!("sessions {}", claimledger_ledger::generations::VIEWS_VERSION)
}

#[test]
fn rebuild_gives_the_same_rows_and_answers() {
    let Some(scratch) = Scratch::fixture() else { return };
    let ask = || -> Vec<String> {
        ["acme", "globex"]
            .iter()
            .flat_map(|tenant| {
                let mut all = vec![
                    scratch.ok(&["--tenant", tenant, "--format", "json", "sessions", "--first", "500"]),
                    scratch.ok(&["--tenant", tenant, "status", "--rows"]),
                ];
                for session in ["S1", "S2", "S5", "S7", "GX1"] {
                    all.push(support::text(&scratch.run(&["--tenant", tenant, "--format", "json", "session", session]).stdout));
                    all.push(support::text(&scratch.run(&["--tenant", tenant, "why", session]).stdout));
                }
                all
            })
            .collect()
    };
    let before = ask();
    assert!(before.iter().any(|text| text.contains("S7")) && before[1].lines().count() > 100, "there are rows to compare");
    for tenant in ["acme", "globex"] {
        let report = scratch.ok(&["--tenant", tenant, "rebuild"]);
        assert!(report.contains("rebuilt") && report.contains("equal"), "{report}");
    }
    assert!(scratch.ok(&["--tenant", "acme", "status"]).contains(&name_of_rows()));
    assert_eq!(ask(), before);

    // Thrown away whole, they come back by themselves.
    for name in ["views", "views-wal", "views-shm"] {
        let _ = std::fs::remove_file(scratch.data().join(name));
    }
    assert_eq!(ask(), before);
}

/// More lines than one batch of the fold, about sessions of their own.
fn many(lines: usize) -> String {
    let line = |n: usize| {
        json!({"id": format!("m{n}"), "type": "app.accessed", "occurred_at": "2026-03-10T08:00:00Z", "session": format!("M{}", n % 400),
               "subject": {"id": format!("u-m{}", n % 50)}, "data": {"app": "wiki", "app_session": format!("a{n}")}})
        .to_string()
    };
    (0..lines).map(|n| line(n) + "\n").collect()
}

const CARRIED: &str =
    "answered { at position recordedAt rules provisional rehearsal } completeness { source heardUntil gaps { from until backfilled } }";

/// Every question at one (T, K, R), page by page, as the server's bytes.
fn answers(server: &Server, token: &str, position: u64) -> String {
    let asking = json!({"at": "2026-03-10T23:00:00Z", "knownAtPosition": position});
    let ask = |query: String, mut variables: Value| {
        variables["asking"] = asking.clone();
        let (status, body) = server.graphql_raw(token, &query, variables);
        assert!(status == 200 && !body.contains("\"errors\""), "{status} {body}");
        body
    };
    let mut all = String::new();
    let mut names: Vec<String> = Vec::new();
    let factors = "factors { method from until grade byRules byRecord evidence { id position } because { conclusion } }";
    let list = format!(
        "query($asking: Asking, $after: String) {{ sessions(asking: $asking, first: 3, after: $after, filter: {{idp: \"idp-x\"}}) {{
            edges {{ cursor certainty because {{ conclusion }} node {{ id aliases subject state startedAt endedAt endReason {factors} }} }}
            pageInfo {{ hasNextPage endCursor }} {CARRIED} }} }}"
    );
    let mut after = Value::Null;
    loop {
        let body = ask(list.clone(), json!({"after": after}));
        let page: Value = serde_json::from_str(&body).expect("JSON");
        let page = &page["data"]["sessions"];
        names.extend(page["edges"].as_array().expect("edges").iter().filter_map(|edge| edge["node"]["id"].as_str().map(str::to_owned)));
        all += &body;
        if page["pageInfo"]["hasNextPage"] != true {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    assert!(names.len() > 3, "several pages: {names:?}");
    let decisions = format!(
        "query($asking: Asking) {{ decisions(asking: $asking, first: 100) {{ edges {{ cursor node {{ session app at outcome implied firstUnmet }} }} {CARRIED} }} }}"
    );
    all += &ask(decisions, json!({}));
    for name in names {
        let variables = json!({"id": name});
        all += &ask(
            format!("query($asking: Asking, $id: ID!) {{ session(id: $id, asking: $asking) {{ session {{ id state {factors} }} {CARRIED} }} }}"),
            variables.clone(),
        );
        all += &ask(format!("query($asking: Asking, $id: ID!) {{ why(session: $id, asking: $asking) {{ session text {CARRIED} }} }}"), variables);
    }
    all
}

fn get(server: &Server, token: &str) -> Value {
    let (status, _, body) = server.get("/v1/rebuild", &[("authorization", &format!("Bearer {token}"))]);
    assert_eq!(status, 200, "{body}");
    serde_json::from_str(&body).expect("JSON")
}

#[test]
fn the_same_bytes_before_during_and_after_a_rebuild_while_others_write() {
    let Some(scratch) = Scratch::fixture() else { return };
    scratch.ok(&["--tenant", "acme", "ingest", &scratch.file("many.jsonl", many(3000))]);
    let position = scratch.json(&["--tenant", "acme", "status"])["head"].as_u64().expect("a size") - 1;
    let (reader, operator) = (scratch.token("acme", "read"), scratch.token("acme", "operate"));
    let writer = scratch.token("acme", "ingest");
    let server = scratch.serve();
    let before = answers(&server, &reader, position);
    let stop = AtomicBool::new(false);
    let (mut during, mut done) = (0, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0.. {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let line = many(1).replace("\"m0\"", &format!("\"w{n}\""));
                let (status, body) = server.post("/v1/facts", Some(&writer), "application/json", line.as_bytes());
                assert!(status == 200 || status == 429, "{status} {body}");
            }
        });
        while during < 5 || done < 2 {
            let (status, body) = server.post("/v1/rebuild", Some(&operator), "application/json", b"");
            assert_eq!(status, 202, "{body}");
            loop {
                let asked = answers(&server, &reader, position);
                let state = get(&server, &operator)["rebuild"].clone();
                assert_eq!(asked, before, "{state}");
                match state["state"].as_str() {
                    Some("running") => during += 1,
                    Some("done") => {
                        assert!(state["report"]["equal"] == true && state["report"]["switched"] == true, "{state}");
                        done += 1;
                        break;
                    }
                    other => panic!("{other:?} {state}"),
                }
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert_eq!(answers(&server, &reader, position), before);
    let (status, body) = server.post("/v1/rebuild", Some(&reader), "application/json", b"");
    assert!(status == 403 && body.contains("operate"), "{status} {body}");
    assert_eq!(server.get("/v1/rebuild", &[("authorization", &format!("Bearer {reader}"))]).0, 403);

    // The same from a terminal.
    let file = scratch.file("operator.token", &operator);
    let out = support::claimledger().args(["--url", &server.url, "--token-file", &file, "rebuild"]).output().expect("the binary runs");
    assert!(out.status.success() && support::text(&out.stdout).contains("equal"), "{}{}", support::text(&out.stdout), support::text(&out.stderr));
}

#[test]
fn a_rebuild_that_is_killed_leaves_the_rows_that_were_asked() {
    let Some(scratch) = Scratch::fixture() else { return };
    scratch.ok(&["--tenant", "acme", "ingest", &scratch.file("many.jsonl", many(3000))]);
    let rows = || scratch.ok(&["--tenant", "acme", "status", "--rows"]);
    let before = rows();
    let mut cut_off = 0;
    for kill in 1..=12 {
        let mut child =
            scratch.command(&["--tenant", "acme", "rebuild"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary runs");
        // A moment, not a wait for anything: wherever it is then, it must be good.
        std::thread::sleep(Duration::from_millis(60 * kill));
        let _ = Command::new("kill").args(["-9", &child.id().to_string()]).status();
        cut_off += usize::from(!child.wait().expect("it ends").success());
        assert_eq!(rows(), before, "after kill {kill}");
    }
    assert!(cut_off > 0, "no rebuild was cut off: the test is too tame");
    let report = scratch.json(&["--tenant", "acme", "rebuild"]);
    assert_eq!(report["report"]["equal"], true, "{report}");
    assert_eq!(rows(), before);
}

/// Runs SQL on the file of the read models.
fn tamper(scratch: &Scratch, sql: &'static str) -> u64 {
    let file = scratch.data().join("views");
    tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
        use sqlx::Connection as _;
        let mut connection = sqlx::SqliteConnection::connect(file.to_str().expect("UTF-8")).await.expect("the file opens");
        let done = sqlx::query(sql).execute(&mut connection).await.expect("the statement runs");
        connection.close().await.expect("it closes");
        done.rows_affected()
    })
}

#[test]
fn rows_that_were_tampered_with_refuse_the_switch_and_are_named() {
    let tampers = [
        ("UPDATE head_1 SET state = CAST('{}' AS BLOB) WHERE name = (SELECT min(name) FROM head_1)", "head"),
        ("DELETE FROM posting_1 WHERE (term, position) = (SELECT term, position FROM posting_1 ORDER BY position DESC LIMIT 1)", "posting"),
        ("UPDATE record_1 SET position = position + 1 WHERE position = 9 AND generation = (SELECT min(generation) FROM record_1)", "record"),
        ("DELETE FROM term_session_1 WHERE term = (SELECT min(term) FROM term_session_1)", "session"),
    ];
    for (sql, kind) in tampers {
        let Some(scratch) = Scratch::fixture() else { return };
        let rows = || -> Vec<String> { ["acme", "globex"].iter().map(|tenant| scratch.ok(&["--tenant", tenant, "status", "--rows"])).collect() };
        let good = rows();
        assert!(tamper(&scratch, sql) > 0, "{sql}");
        let bad = rows();
        assert_ne!(bad, good);
        let refused: Vec<_> = ["acme", "globex"].iter().map(|tenant| (*tenant, scratch.run(&["--tenant", tenant, "rebuild"]))).collect();
        let (tenant, refused) = refused.into_iter().find(|(_, out)| !out.status.success()).expect("one of them is refused");
        assert_eq!(refused.status.code(), Some(5), "{}", support::text(&refused.stderr));
        let said = support::text(&refused.stdout);
        assert!(said.contains("differ") && said.contains("was thrown away") && said.contains(&format!("  {kind}: ")), "{said}");
        assert!(said.contains("only in the new one: ") || said.contains("only in the old one: "), "{said}");
        assert_eq!(rows(), bad, "the old rows stay");
        let replaced = scratch.json(&["--tenant", tenant, "rebuild", "--replace"]);
        assert!(replaced["report"]["equal"] == false && replaced["report"]["switched"] == true, "{replaced}");
        assert_eq!(rows(), good);
        assert!(scratch.ok(&["--tenant", tenant, "status"]).contains("they differ; it is asked now"));
    }
}

#[test]
fn rows_of_other_rules_are_made_anew_beside_and_the_report_stays() {
    let Some(scratch) = Scratch::fixture() else { return };
    let rows = || scratch.ok(&["--tenant", "acme", "status", "--rows"]);
    let good = rows();
    let sessions = || scratch.ok(&["--tenant", "acme", "--format", "json", "sessions", "--first", "500"]);
    let before = sessions().replace(&name_of_rows(), "");
    tamper(&scratch, "UPDATE head_1 SET state = CAST('{\"last\":0,\"not_understood\":1}' AS BLOB)");
    tamper(&scratch, "UPDATE generation SET rules = 'r0'");
    // Each command goes on with it for as long as it takes itself.
    let report = (0..200).find_map(|_| {
        let asked = sessions();
        let views = serde_json::from_str::<Value>(&asked).expect("JSON").to_string();
        assert!(views.contains(&name_of_rows()), "{views}");
        let status = scratch.json(&["--tenant", "acme", "status"]);
        (!status["rebuilt"].is_null()).then(|| status["rebuilt"].clone())
    });
    let report = report.expect("it comes to an end");
    assert!(report["old"]["rules"].as_str().is_some_and(|rules| rules.starts_with("r0+")) && report["switched"] == true, "{report}");
    assert!(report["equal"] == false && report["first"].as_array().is_some_and(|first| !first.is_empty()), "{report}");
    assert_eq!(rows(), good);
    assert_eq!(sessions().replace(&name_of_rows(), ""), before);
}
